//! What of a secret place is put out of sight.

use std::ops::Range;

use super::markup::{Token, Tokens, attributes, resolved};
use super::scan::{Extent, Secret};

/// Gives every value in a secret place: where it stands, and what it means.
pub(super) fn values(text: &[u8], secret: &Secret, mut give: impl FnMut(Range<usize>, &[u8])) {
    let Secret { place, extent } = secret;
    let content = text.get(place.clone()).unwrap_or_default();
    let mut value = |inner: Range<usize>| {
        let inner = trimmed(content, inner);
        let raw = content.get(inner.clone()).unwrap_or_default();
        // Comments alone mean nothing, tags may.
        let meaning = match resolved(raw) {
            meaning if meaning.is_empty() && Tokens::new(raw).any(|(_, token)| token != Token::Text) => {
                raw.into()
            }
            meaning => meaning,
        };
        if !meaning.is_empty() {
            give(place.start + inner.start..place.start + inner.end, &meaning);
        }
    };
    match extent {
        Extent::Values if has_markup(content) => {
            for (inner, token) in Tokens::new(content) {
                match token {
                    Token::Text => value(inner),
                    Token::Start { name, .. } => {
                        for (name, inner) in attributes(content, inner, name.end) {
                            if !is_declaration(content.get(name).unwrap_or_default()) {
                                value(inner);
                            }
                        }
                    }
                    Token::End { .. } => {}
                }
            }
        }
        Extent::Whole | Extent::Values => value(0..content.len()),
    }
}

/// Whether content has elements, each of them closed. Else what looks like tags can be part of the secret.
fn has_markup(content: &[u8]) -> bool {
    let (mut open, mut has_elements) = (Vec::new(), false);
    for (_, token) in Tokens::new(content) {
        match token {
            Token::Start { name, is_empty } => {
                has_elements = true;
                if !is_empty {
                    open.push(name);
                }
            }
            Token::End { name } => match open.pop() {
                Some(begun) if content.get(begun.clone()) == content.get(name) => {}
                Some(_) | None => return false,
            },
            Token::Text => {}
        }
    }
    has_elements && open.is_empty()
}

/// Whether an attribute declares a namespace.
fn is_declaration(name: &[u8]) -> bool {
    name.trim_ascii_start().starts_with(b"xmlns")
}

/// The range without the white space at its ends.
fn trimmed(content: &[u8], range: Range<usize>) -> Range<usize> {
    let inner = content.get(range.clone()).unwrap_or_default();
    let start = range.start + inner.len() - inner.trim_ascii_start().len();
    start..start + inner.trim_ascii().len()
}
