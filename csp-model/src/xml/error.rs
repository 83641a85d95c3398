//! What is wrong with a text that is not XML.

use std::ops::Range;

/// A text is not well-formed XML, or nests too deeply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct XmlError {
    /// The bytes that are at fault; empty at the end of the text.
    pub span: Range<usize>,
    /// What is wrong with them.
    pub kind: Box<XmlErrorKind>,
}

/// What was found, and what was expected instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmlErrorKind {
    /// A character that XML 1.0 does not have (production 2).
    #[error("found the character U+{0:04X}, which XML cannot hold")]
    Character(u32),
    /// Something else than the grammar asks for.
    #[error("found {found}, expected {expected}")]
    Syntax {
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// A construct without its end.
    #[error("found {what} without an end, expected `{end}`")]
    Unclosed {
        /// The construct.
        what: &'static str,
        /// What ends it.
        end: &'static str,
    },
    /// An end tag for another element than the innermost one.
    #[error("found `</{found}>`, expected `</{expected}>`")]
    MismatchedEnd {
        /// The end tag's name.
        found: String,
        /// The name of the innermost open element.
        expected: String,
    },
    /// The text ends inside an element.
    #[error("found the end of the text, expected `</{0}>`")]
    UnclosedElement(String),
    /// More nested elements than the caller allows.
    #[error("found elements nested more than {0} deep, expected fewer")]
    Depth(usize),
    /// An element of more attributes than [`MOST_ATTRIBUTES`](super::MOST_ATTRIBUTES).
    #[error("found more than {0} attributes of an element, expected fewer")]
    Attributes(usize),
    /// Two attributes of one name, or of one name in one namespace.
    #[error("found the attribute `{0}` again, expected each attribute once")]
    DuplicateAttribute(String),
    /// A prefix that no `xmlns:` attribute declares.
    #[error("found the prefix `{0}`, expected one that is declared")]
    UndeclaredPrefix(String),
    /// A declaration that Namespaces in XML 1.0 (section 3) reserves or forbids.
    #[error("found {found}, expected {expected}")]
    Namespace {
        /// The declaration.
        found: String,
        /// What the rule says.
        expected: &'static str,
    },
    /// A reference to an entity other than the five of XML.
    #[error("found the entity `&{0};`, expected one of lt, gt, amp, apos, quot")]
    Entity(String),
    /// A DOCTYPE with declarations, where none may be.
    #[error("found a DOCTYPE with an internal subset, expected one without")]
    Subset,
}

impl XmlError {
    pub(super) fn new(span: Range<usize>, kind: XmlErrorKind) -> Self {
        Self { span, kind: Box::new(kind) }
    }

    /// What stands at `offset` of `text` is not what is `expected`.
    pub(super) fn syntax(text: &str, offset: usize, expected: &'static str) -> Self {
        let rest = text.get(offset..).unwrap_or_default();
        let (length, found) = match rest.chars().next() {
            None => (0, "the end of the text".to_owned()),
            Some(' ') => (1, "a blank".to_owned()),
            Some('\t') => (1, "a tab".to_owned()),
            Some('\r' | '\n') => (1, "the end of the line".to_owned()),
            Some(character) => (character.len_utf8(), format!("`{character}`")),
        };
        Self::new(offset..offset.saturating_add(length), XmlErrorKind::Syntax { found, expected })
    }

    /// The offset of the first byte at fault.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.span.start
    }

    /// Line and column in `text`, the text that was read.
    #[must_use]
    pub fn line_and_column(&self, text: &str) -> (usize, usize) {
        line_and_column(text, self.span.start)
    }
}

/// Line and column of a byte of `text`, both counted from 1, columns in characters. A line ends with LF, CR LF or
/// CR. An offset beyond the text is its end.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut end = offset.saturating_sub(text.len() - body.len()).min(body.len());
    while !body.is_char_boundary(end) {
        end -= 1;
    }
    let (before, after) = body.split_at(end);
    let bytes = before.as_bytes();
    let (mut line, mut start) = (1, 0);
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n'
            || (*byte == b'\r' && bytes.get(at + 1).or(after.as_bytes().first()) != Some(&b'\n'))
        {
            line += 1;
            start = at + 1;
        }
    }
    (line, before.get(start..).unwrap_or_default().chars().count() + 1)
}
