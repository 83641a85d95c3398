//! Tags and what stands between them, in any bytes.
//!
//! In well-formed XML these are the tags of the document. In anything else they are what looks like tags: a tag that
//! breaks off is text, as is a comment or a CDATA section that does not end. It takes time in proportion to the bytes,
//! whatever they are.

use std::borrow::Cow;
use std::ops::Range;

/// A tag, or what stands between two of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A start tag.
    Start {
        /// Where its name stands.
        name: Range<usize>,
        /// Whether it is the element's end as well.
        is_empty: bool,
    },
    /// An end tag.
    End {
        /// Where its name stands.
        name: Range<usize>,
    },
    /// All between two tags: text, CDATA sections, comments, instructions.
    Text,
}

/// Goes through the tokens of a text, each with its place.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
    /// Which kinds of section do not end any more: they are not looked for again.
    endless: [bool; SECTIONS.len()],
}

/// What is no tag although it begins with `<`: how it begins, and how it ends.
pub(super) const SECTIONS: [(&[u8], &[u8]); 3] = [(b"<!--", b"-->"), (CDATA, CDATA_END), (b"<?", b"?>")];
const CDATA: &[u8] = b"<![CDATA[";
const CDATA_END: &[u8] = b"]]>";

impl<'a> Tokens<'a> {
    /// The tokens of `text`.
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, endless: [false; SECTIONS.len()] }
    }

    /// The end of the section that begins at `at`, if one does.
    fn section(&mut self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..)?;
        let kind = SECTIONS.iter().position(|(begin, _)| rest.starts_with(begin))?;
        let (begin, end) = SECTIONS.get(kind)?;
        let endless = self.endless.get_mut(kind).filter(|endless| !**endless)?;
        let after = find(rest.get(begin.len()..)?, end);
        *endless = after.is_none();
        Some(at + begin.len() + after? + end.len())
    }
}

impl Iterator for Tokens<'_> {
    type Item = (Range<usize>, Token);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(markup) = rest.iter().position(|byte| *byte == b'<') else {
                self.at = self.text.len();
                break;
            };
            self.at += markup;
            match tag(self.text, self.at) {
                Some((end, token)) if self.at == start => {
                    self.at = end;
                    return Some((start..end, token));
                }
                Some(_) => break,
                None => self.at = self.section(self.at).unwrap_or(self.at + 1),
            }
        }
        (self.at > start).then_some((start..self.at, Token::Text))
    }
}

/// The tag that begins at `start`, and where it ends.
fn tag(text: &[u8], start: usize) -> Option<(usize, Token)> {
    let is_end = text.get(start + 1) == Some(&b'/');
    let from = start + if is_end { 2 } else { 1 };
    let rest = text.get(from..)?;
    let ends_name = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'<');
    let length = rest.iter().position(ends_name)?;
    let name = from..from + length;
    if matches!(rest.first()?, b'!' | b'?' | b'=') || name.is_empty() {
        return None;
    }
    let mut at = name.end;
    loop {
        match text.get(at)? {
            b'<' => return None,
            b'>' => break,
            quote @ (b'"' | b'\'') => at = closed(text, at, *quote).unwrap_or(at) + 1,
            _ => at += 1,
        }
    }
    let is_empty = text.get(at - 1) == Some(&b'/');
    let token = if is_end { Token::End { name } } else { Token::Start { name, is_empty } };
    Some((at + 1, token))
}

/// Where the quotation that opens at `open` closes, if it does in its tag.
fn closed(text: &[u8], open: usize, quote: u8) -> Option<usize> {
    let length = text.get(open + 1..)?.iter().position(|byte| *byte == quote || *byte == b'<')?;
    let close = open + 1 + length;
    (text.get(close) == Some(&quote)).then_some(close)
}

/// The attributes of the start tag at `place`: where the name stands, and the value within its quotation marks.
pub(super) fn attributes(
    text: &[u8],
    place: Range<usize>,
    name_end: usize,
) -> Vec<(Range<usize>, Range<usize>)> {
    let mut attributes = Vec::new();
    let mut at = name_end;
    let mut name_start = at;
    while at < place.end {
        match text.get(at) {
            Some(quote @ (b'"' | b'\'')) => {
                let Some(close) = closed(text, at, *quote) else { break };
                attributes.push((name_start..at, at + 1..close));
                at = close + 1;
                name_start = at;
            }
            _ => at += 1,
        }
    }
    attributes
}

/// The name of an element without its prefix.
pub(super) fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b':').next().unwrap_or(name)
}

/// The characters that stand for themselves in `raw`: references resolved, CDATA sections unwrapped, comments and
/// instructions left out, tags too, and no white space around.
pub(super) fn resolved(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'&') && !raw.contains(&b'<') {
        return raw.trim_ascii().into();
    }
    let mut value = Vec::with_capacity(raw.len());
    let mut tokens = Tokens::new(raw);
    while let Some((place, token)) = tokens.next() {
        if token == Token::Text {
            let mut at = place.start;
            while at < place.end {
                at = resolve_one(raw, at, place.end, &mut tokens, &mut value);
            }
        }
    }
    value.trim_ascii().to_vec().into()
}

/// Takes one character, reference or section at `at`, and says where it ends.
fn resolve_one(raw: &[u8], at: usize, end: usize, tokens: &mut Tokens<'_>, value: &mut Vec<u8>) -> usize {
    let rest = raw.get(at..end).unwrap_or_default();
    match rest.first() {
        Some(b'<') => match tokens.section(at).filter(|after| *after <= end) {
            Some(after) => {
                let inner = raw.get(at..after).and_then(|section| section.strip_prefix(CDATA));
                value.extend_from_slice(
                    inner.and_then(|inner| inner.strip_suffix(CDATA_END)).unwrap_or_default(),
                );
                after
            }
            None => {
                value.push(b'<');
                at + 1
            }
        },
        Some(b'&') => match reference(rest) {
            Some((character, length)) => {
                value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                at + length
            }
            None => {
                value.push(b'&');
                at + 1
            }
        },
        Some(byte) => {
            value.push(*byte);
            at + 1
        }
        None => end,
    }
}

/// The character that the reference at the start of `text` means, and the length of the reference.
pub(super) fn reference(text: &[u8]) -> Option<(char, usize)> {
    /// `&#x10FFFF;`, with some zeros more than anybody needs.
    const LONGEST: usize = 16;
    let length = text.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(text.get(1..length)?).ok()?;
    let character = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let code = name.strip_prefix('#')?;
            let code = match code.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => code.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((character, length + 1))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
