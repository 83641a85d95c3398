//! What the reader finds.

use std::borrow::Cow;
use std::ops::Range;

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A start tag.
    Start,
    /// An end tag, or the end of an empty element.
    End,
    /// Text.
    Text,
    /// The end of a whole, well-formed document.
    Eof,
}

/// One event of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// A start tag. An empty element gives a start and then an end.
    Start(Start<'a>),
    /// An end tag.
    End(End<'a>),
    /// Text, never empty: whatever stands between two tags, with references resolved, CDATA sections unwrapped,
    /// comments and processing instructions left out.
    Text(TextEvent<'a>),
    /// The end of a whole, well-formed document.
    Eof,
}

/// A start tag. Its namespace and attributes are asked of the [`Reader`](super::Reader).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start<'a> {
    /// The name as written, with its prefix.
    pub name: &'a str,
    /// The length of the prefix; 0 when there is none.
    pub(super) colon: usize,
    /// Where the tag stands.
    pub span: Range<usize>,
}

/// An end tag; for an empty element, the empty place after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End<'a> {
    /// The name as written, with its prefix.
    pub name: &'a str,
    /// Where the tag stands.
    pub span: Range<usize>,
}

/// Text between two tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEvent<'a> {
    /// The characters: borrowed from the document when they stand in it in one piece.
    pub value: Cow<'a, str>,
    /// Where the text stands, markup of CDATA sections and comments included.
    pub span: Range<usize>,
}

/// An attribute of the last start tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The name as written, with its prefix.
    pub name: &'a str,
    /// The normalised value.
    pub value: Cow<'a, str>,
    /// Where name and value stand.
    pub span: Range<usize>,
}

impl<'a> Start<'a> {
    /// The prefix; empty when there is none.
    #[must_use]
    #[inline]
    pub fn prefix(&self) -> &'a str {
        self.name.get(..self.colon).unwrap_or_default()
    }

    /// The name without its prefix.
    #[must_use]
    #[inline]
    pub fn local(&self) -> &'a str {
        local(self.name, self.colon)
    }
}

impl<'a> Attribute<'a> {
    /// The prefix; empty when there is none.
    #[must_use]
    pub fn prefix(&self) -> &'a str {
        split(self.name).0
    }

    /// The name without its prefix.
    #[must_use]
    pub fn local(&self) -> &'a str {
        split(self.name).1
    }

    /// Whether the attribute declares a namespace.
    #[must_use]
    pub fn is_declaration(&self) -> bool {
        self.name == "xmlns" || self.prefix() == "xmlns"
    }
}

/// The name without a prefix of that length.
#[inline]
pub(super) fn local(name: &str, colon: usize) -> &str {
    if colon == 0 { name } else { name.get(colon + 1..).unwrap_or_default() }
}

/// Prefix and local part of a qualified name.
fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}
