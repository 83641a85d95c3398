//! What stands before the body: version, public identifier, charset, string table.

use std::ops::Range;

use memchr::memchr;

use super::charset::Charset;
use super::lexer::{Lexer, wrong};
use super::tokens::Vocabulary;
use crate::codec::read::Read;
use crate::codec::{DecodeError, DecodeErrorKind};

/// The header as it is written, and where each part stands.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) version: u8,
    pub(super) public: (Public, Range<usize>),
    pub(super) charset: (u32, Range<usize>),
    /// Where the length of the string table stands, and the table.
    pub(super) table: (Range<usize>, Range<usize>),
}

/// A public identifier: a number, or a text in the string table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Public {
    Number(u32),
    Table(u32),
}

impl Header {
    /// Reads the header.
    ///
    /// # Errors
    /// When the bytes end in it.
    pub(super) fn read(lexer: &mut Lexer<'_>) -> Read<Self> {
        let version = lexer.byte("the version of WBXML")?;
        let start = lexer.at;
        let public = match lexer.number("a public identifier")? {
            0 => Public::Table(lexer.number("the offset of a public identifier in the string table")?),
            number => Public::Number(number),
        };
        let public = (public, start..lexer.at);
        let start = lexer.at;
        let charset = (lexer.number("a charset")?, start..lexer.at);
        let start = lexer.at;
        let length = lexer.number("the length of the string table")?;
        let table = (start..lexer.at, lexer.take(length, "the string table")?);
        Ok(Self { version, public, charset, table })
    }

    /// What the strings are encoded in.
    ///
    /// # Errors
    /// When it is not known.
    pub(super) fn charset(&self) -> Read<Charset> {
        Charset::of(self.charset.0).map_err(|name| {
            Box::new(DecodeError::binary(self.charset.1.clone(), DecodeErrorKind::Encoding(name)))
        })
    }

    /// What the code pages are.
    ///
    /// # Errors
    /// When the public identifier is not known.
    pub(super) fn vocabulary(&self, bytes: &[u8]) -> Read<Vocabulary> {
        let (found, vocabulary) = match self.public.0 {
            Public::Number(number) => {
                (format!("the public identifier {number:#06x}"), Vocabulary::of_number(number))
            }
            Public::Table(offset) => {
                let range = self.string(bytes, offset, &self.public.1)?;
                let text = String::from_utf8_lossy(bytes.get(range).unwrap_or_default());
                (format!("the public identifier `{text}`"), Vocabulary::of_text(&text))
            }
        };
        vocabulary.ok_or_else(|| {
            wrong(
                self.public.1.clone(),
                found,
                "that of SyncML, such as 0x1201, `-//SYNCML//DTD SyncML 1.2//EN`",
            )
        })
    }

    /// The string at `offset` of the table, up to its NUL or the end of the table. `span` is who refers to it.
    ///
    /// # Errors
    /// When there is no such offset.
    pub(super) fn string(&self, bytes: &[u8], offset: u32, span: &Range<usize>) -> Read<Range<usize>> {
        let table = &self.table.1;
        let start = usize::try_from(offset).ok().and_then(|offset| table.start.checked_add(offset));
        let Some(start) = start.filter(|start| *start < table.end) else {
            let found = format!("the offset {offset} in a string table of {} bytes", table.len());
            return Err(wrong(span.clone(), found, "one within it"));
        };
        let rest = bytes.get(start..table.end).unwrap_or_default();
        Ok(start..start + memchr(0, rest).unwrap_or(rest.len()))
    }
}
