//! The attributes of an element, and the namespaces that they declare.

use std::borrow::Cow;
use std::ops::Range;

use csp_model::xml::{
    MOST_ATTRIBUTES, XML_NAMESPACE, XmlErrorKind, forbidden_declaration, is_qualified_name,
};

use super::lexer::{Token, wrong};
use super::read::Document;
use super::tokens::nameless;
use crate::codec::read::Read;
use crate::codec::{DecodeError, DecodeErrorKind, MSFT};
use crate::message::{Attribute, Text};

/// How many namespaces may be declared at a place: each is looked for among the others.
const MOST: usize = 1_000;

/// The declarations of namespaces in force, innermost last.
#[derive(Debug, Clone, Default)]
pub(super) struct Scopes(Vec<Binding>);

#[derive(Debug, Clone)]
struct Binding {
    /// Empty for the default namespace.
    prefix: Text,
    namespace: Text,
    depth: usize,
}

impl Scopes {
    /// The default namespace, if one is declared.
    pub(super) fn of_no_prefix(&self) -> Option<&str> {
        self.find("")
    }

    /// The namespace of a prefix. Microsoft's is known without a declaration.
    pub(super) fn of_prefix(&self, prefix: &str) -> Option<&str> {
        match prefix {
            "xml" => Some(XML_NAMESPACE),
            "xmlns" => None,
            _ => self.find(prefix).or(Some(MSFT).filter(|_| prefix == "msft")),
        }
    }

    fn find(&self, prefix: &str) -> Option<&str> {
        self.0.iter().rev().find(|binding| binding.prefix == prefix).map(|binding| &*binding.namespace)
    }

    /// Forgets what the element at `depth` declared.
    #[inline]
    pub(super) fn leave(&mut self, depth: usize) {
        while self.0.last().is_some_and(|binding| binding.depth == depth) {
            self.0.pop();
        }
    }
}

/// The prefix that an attribute declares, empty for the default namespace; `None` of an ordinary attribute.
pub(super) fn declares(name: &str) -> Option<&str> {
    match name.strip_prefix("xmlns") {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix(':'),
        None => None,
    }
}

/// The prefix of a name and the rest of it.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

impl<'a> Document<'a> {
    /// Reads the attributes of the element that is being opened.
    #[cold]
    pub(super) fn read_attributes(&mut self) -> Read<()> {
        let mut spans: Vec<Range<usize>> = Vec::new();
        let mut value = Cow::Borrowed("");
        loop {
            let start = self.lexer.at;
            let token = self.lexer.attribute()?;
            let span = start..self.lexer.at;
            let name = match token {
                Token::End => break,
                Token::SwitchPage(page) => {
                    self.attribute_page = page;
                    continue;
                }
                Token::Known(token, _) => nameless(self.attribute_page, token).into(),
                Token::Literal(offset, _) => self.literal(offset, &span)?,
                text => {
                    let piece = self.characters_of(text, &span)?;
                    let Some(piece) = piece.filter(|_| !spans.is_empty()) else {
                        return Err(wrong(span, "text".to_owned(), "the start of an attribute"));
                    };
                    append(&mut value, piece);
                    continue;
                }
            };
            self.finish_attribute(&mut value);
            if self.attributes.len() == MOST_ATTRIBUTES {
                let kind =
                    DecodeErrorKind::Limit { what: "attributes of an element", limit: MOST_ATTRIBUTES };
                return Err(Box::new(DecodeError::binary(span, kind)));
            }
            if self.attributes.iter().any(|other| other.name == name) {
                return Err(duplicate(&name, span));
            }
            self.attributes.push(Attribute { name, value: Text::EMPTY });
            spans.push(span);
        }
        self.finish_attribute(&mut value);
        self.declare(&spans)?;
        self.check_prefixes(&spans)
    }

    /// What was read is the value of the last attribute.
    fn finish_attribute(&mut self, value: &mut Cow<'a, str>) {
        let value = self.share(std::mem::take(value));
        if let Some(attribute) = self.attributes.last_mut() {
            attribute.value = value;
        }
    }

    fn declare(&mut self, spans: &[Range<usize>]) -> Read<()> {
        for (Attribute { name, value }, span) in self.attributes.iter().zip(spans) {
            let Some(prefix) = declares(name) else { continue };
            if let Some(expected) = forbidden_declaration(prefix, value) {
                let kind = XmlErrorKind::Namespace { found: format!("{name}=\"{value}\""), expected };
                return Err(Box::new(DecodeError::binary(span.clone(), DecodeErrorKind::Xml(kind))));
            }
            if self.scopes.0.len() == MOST {
                let kind = DecodeErrorKind::Limit { what: "declared namespaces", limit: MOST };
                return Err(Box::new(DecodeError::binary(span.clone(), kind)));
            }
            let (prefix, namespace) = (prefix.into(), value.clone());
            self.scopes.0.push(Binding { prefix, namespace, depth: self.depth });
        }
        Ok(())
    }

    /// Prefixes must be declared, and no two attributes have the same name in the same namespace.
    fn check_prefixes(&self, spans: &[Range<usize>]) -> Read<()> {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for (Attribute { name, .. }, span) in self.attributes.iter().zip(spans) {
            let (prefix, local) = split(name);
            if prefix.is_empty() || declares(name).is_some() {
                continue;
            }
            let expanded = (self.namespace_of(prefix, span)?, local);
            if seen.contains(&expanded) {
                return Err(duplicate(name, span.clone()));
            }
            seen.push(expanded);
        }
        Ok(())
    }

    /// The namespace of a prefix.
    pub(super) fn namespace_of(&self, prefix: &str, span: &Range<usize>) -> Read<&str> {
        self.scopes.of_prefix(prefix).ok_or_else(|| {
            let kind = DecodeErrorKind::Xml(XmlErrorKind::UndeclaredPrefix(prefix.to_owned()));
            Box::new(DecodeError::binary(span.clone(), kind))
        })
    }

    /// A name in the string table.
    pub(super) fn literal(&mut self, offset: u32, span: &Range<usize>) -> Read<Text> {
        let name = self.table(offset, span)?;
        if !is_qualified_name(&name) {
            return Err(wrong(span.clone(), format!("the literal `{}`", name.escape_debug()), "a name"));
        }
        Ok(self.share(name))
    }
}

/// Puts `piece` behind `text`.
#[inline]
pub(super) fn append<'a>(text: &mut Cow<'a, str>, piece: Cow<'a, str>) {
    if text.is_empty() {
        *text = piece;
    } else if !piece.is_empty() {
        text.to_mut().push_str(&piece);
    }
}

fn duplicate(name: &str, span: Range<usize>) -> Box<DecodeError> {
    let kind = DecodeErrorKind::Xml(XmlErrorKind::DuplicateAttribute(name.to_owned()));
    Box::new(DecodeError::binary(span, kind))
}
