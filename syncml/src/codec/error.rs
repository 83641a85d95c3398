//! Why bytes are no message.

use std::ops::Range;

use csp_model::xml::{XmlError, XmlErrorKind, line_and_column};

use super::Place;

/// Bytes that are no message: where, and why.
///
/// Its text is `line:column: what` or `byte offset: what`; [`kind`](Self::kind) alone has no place, for who shows the
/// line itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct DecodeError {
    /// The bytes at fault, as offsets in the decoded [`text`](super::text); in the input itself, when it could not
    /// be decoded, and of WBXML always. Empty at the end of the text.
    pub span: Range<usize>,
    /// Where the first of them stands.
    pub place: Place,
    /// What is wrong.
    pub kind: Box<DecodeErrorKind>,
}

/// What was found, and what was expected instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The text is not well-formed XML, or WBXML stands for one that is not.
    #[error(transparent)]
    Xml(XmlErrorKind),
    /// The bytes are not what WBXML 1.3 asks for.
    #[error("found {found}, expected {expected}")]
    Wbxml {
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// The XML declaration, or the charset of WBXML, names an encoding that is not known.
    #[error("found the encoding `{0}`, expected one such as `utf-8`")]
    Encoding(String),
    /// Bytes that are nothing in the encoding.
    #[error("found bytes that are not {0}, expected text in that encoding")]
    Bytes(&'static str),
    /// Another document.
    #[error("found `<{0}>`, expected SyncML or SyncBody")]
    Root(String),
    /// A root element of the right name in another namespace.
    #[error("found the root element in the namespace `{0}`, expected `SYNCML:SYNCML1.2`")]
    Namespace(String),
    /// An element under `SyncML` that is neither header nor body, or one of them again.
    #[error("found `<{0}>` in SyncML, expected one SyncHdr and one SyncBody")]
    Part(String),
    /// A `SyncML` element without `SyncBody`.
    #[error("found no SyncBody, expected one in SyncML")]
    NoBody,
    /// Text where only elements can be.
    #[error("found text in `<{0}>`, expected elements alone")]
    Text(String),
    /// An element where only text can be.
    #[error("found `<{found}>` in `<{parent}>`, expected text alone")]
    Element {
        /// The element's name.
        found: String,
        /// The name of the element around it.
        parent: String,
    },
    /// Something in an element that says all by being there.
    #[error("found something in `<{0}>`, expected it empty")]
    Content(String),
    /// More than the [`Limits`](super::Limits) allow.
    #[error("found more than {limit} {what}, expected fewer")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl DecodeError {
    /// Something is wrong at `span` of `text`.
    #[cold]
    pub(crate) fn new(text: &str, span: Range<usize>, kind: DecodeErrorKind) -> Self {
        let (line, column) = line_and_column(text, span.start);
        Self { span, place: Place::Text { line, column }, kind: Box::new(kind) }
    }

    /// Something is wrong with the bytes `span` of WBXML.
    #[cold]
    pub(crate) fn binary(span: Range<usize>, kind: DecodeErrorKind) -> Self {
        Self { place: Place::Byte(span.start), span, kind: Box::new(kind) }
    }

    /// `text` is not the XML that is needed.
    #[cold]
    pub(crate) fn xml(text: &str, error: XmlError) -> Self {
        let kind = match *error.kind {
            XmlErrorKind::Depth(limit) => DecodeErrorKind::Limit { what: "nested elements", limit },
            XmlErrorKind::Attributes(limit) => {
                DecodeErrorKind::Limit { what: "attributes of an element", limit }
            }
            kind => DecodeErrorKind::Xml(kind),
        };
        Self::new(text, error.span, kind)
    }
}
