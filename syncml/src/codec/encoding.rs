//! The two encodings of a message, and where in one of them something stands.

use std::sync::Arc;

use csp_model::xml::line_and_column;

use super::Body;

/// What a message is encoded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// XML, which is what Windows sends unless its account says otherwise.
    #[default]
    Xml,
    /// WAP Binary XML: DEFAULTENCODING of the w7 APPLICATION.
    Wbxml,
}

impl Encoding {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Xml, Self::Wbxml];

    /// The encoding of `bytes`: WBXML begins with its version, 1.1, 1.2 or 1.3, which no text does.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        if matches!(bytes.first(), Some(1..=3)) { Self::Wbxml } else { Self::Xml }
    }

    /// The encoding of that media type.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.media_type().eq_ignore_ascii_case(media_type.trim()))
    }

    /// The media type of a message (\[MS-MDM\] 2.1).
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "application/vnd.syncml.dm+xml",
            Self::Wbxml => "application/vnd.syncml.dm+wbxml",
        }
    }
}

/// Where something stands in a message. It is shown as `1:9` or as `byte 17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In XML.
    Text {
        /// The line, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
    },
    /// In WBXML: the offset of the byte, counted from 0.
    Byte(usize),
}

impl Place {
    /// The first character of a text.
    pub const START: Self = Self::Text { line: 1, column: 1 };
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text { line, column } => write!(f, "{line}:{column}"),
            Self::Byte(offset) => write!(f, "byte {offset}"),
        }
    }
}

/// The text that the spans of a message are about.
///
/// Of WBXML it has the length of the bytes, and differs from them where they are not UTF-8.
#[derive(Debug, Clone)]
pub struct Input {
    pub(super) text: Body,
    pub(super) encoding: Encoding,
}

impl Input {
    /// The text.
    #[must_use]
    pub const fn text(&self) -> &Arc<String> {
        &self.text
    }

    /// What it was encoded in.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Where the byte `offset` of the text stands.
    #[must_use]
    pub fn place(&self, offset: usize) -> Place {
        match self.encoding {
            Encoding::Xml => {
                let (line, column) = line_and_column(&self.text, offset);
                Place::Text { line, column }
            }
            Encoding::Wbxml => Place::Byte(offset),
        }
    }
}
