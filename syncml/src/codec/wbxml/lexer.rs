//! Bytes to tokens (WAP-192-WBXML, section 5).

use std::ops::Range;

use memchr::memchr;

use super::tokens::{
    ATTRIBUTES, CONTENT, END, ENTITY, LITERAL, OPAQUE, PI, STR_I, STR_T, SWITCH_PAGE, extension,
};
use crate::codec::read::Read;
use crate::codec::{DecodeError, DecodeErrorKind};

/// The bytes of a document, and how far they were read.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    pub(super) bytes: &'a [u8],
    /// The next byte.
    pub(super) at: usize,
}

/// A token with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// The end of the innermost element, or of attributes.
    End,
    SwitchPage(u8),
    /// A start tag, or among attributes the start of one.
    Known(u8, Flags),
    /// The same with a name from the string table, at that offset.
    Literal(u32, Flags),
    /// Text, up to its NUL.
    Inline(Range<usize>),
    /// Text in the string table, at that offset.
    Table(u32),
    /// A character.
    Entity(u32),
    Opaque(Range<usize>),
    Instruction,
}

/// What a start tag says of its element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    #[inline]
    pub(super) const fn has_content(self) -> bool {
        self.0 & CONTENT != 0
    }

    #[inline]
    pub(super) const fn has_attributes(self) -> bool {
        self.0 & ATTRIBUTES != 0
    }
}

impl Lexer<'_> {
    /// The next token of an element's content.
    #[inline]
    pub(super) fn content(&mut self) -> Read<Token> {
        let start = self.at;
        let byte = self.byte("a token")?;
        Ok(match byte {
            END => Token::End,
            STR_I => Token::Inline(self.inline()?),
            _ if byte & 0x3f > LITERAL => Token::Known(byte & 0x3f, Flags(byte)),
            _ => return self.rare(start, byte),
        })
    }

    /// The next token among attributes.
    pub(super) fn attribute(&mut self) -> Read<Token> {
        let start = self.at;
        let byte = self.byte("an attribute, or the end of the attributes")?;
        match byte {
            END => Ok(Token::End),
            STR_I => Ok(Token::Inline(self.inline()?)),
            _ if byte & 0x3f > LITERAL && byte & ATTRIBUTES == 0 => Ok(Token::Known(byte, Flags(0))),
            _ if byte & 0x3f > LITERAL => {
                let found = format!("the attribute value {byte:#04x}");
                Err(wrong(start..self.at, found, "a string: SyncML has no attributes"))
            }
            PI => Err(wrong(start..self.at, "a processing instruction".to_owned(), "an attribute")),
            _ => self.rare(start, byte),
        }
    }

    #[cold]
    fn rare(&mut self, start: usize, byte: u8) -> Read<Token> {
        Ok(match byte {
            SWITCH_PAGE => Token::SwitchPage(self.byte("the number of a code page")?),
            ENTITY => Token::Entity(self.number("the number of a character")?),
            STR_T => Token::Table(self.number("an offset in the string table")?),
            OPAQUE => {
                let length = self.number("the length of opaque data")?;
                Token::Opaque(self.take(length, "opaque data")?)
            }
            PI => Token::Instruction,
            _ => match extension(byte) {
                None => Token::Literal(self.number("an offset in the string table")?, Flags(byte)),
                Some(name) => {
                    return Err(wrong(
                        start..self.at,
                        format!("the extension token {name}"),
                        "a token that SyncML defines",
                    ));
                }
            },
        })
    }

    /// A string up to its NUL, which is read too.
    #[inline]
    fn inline(&mut self) -> Read<Range<usize>> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let Some(length) = memchr(0, rest) else {
            return Err(self.cut("the NUL that ends a string"));
        };
        self.at = start + length + 1;
        Ok(start..start + length)
    }

    #[inline]
    pub(super) fn byte(&mut self, expected: &'static str) -> Read<u8> {
        let Some(byte) = self.bytes.get(self.at) else { return Err(self.cut(expected)) };
        self.at += 1;
        Ok(*byte)
    }

    /// A multi-byte integer of 32 bits: seven bits a byte, the highest first.
    pub(super) fn number(&mut self, expected: &'static str) -> Read<u32> {
        let start = self.at;
        let mut number = 0_u32;
        for _ in 0..5 {
            let byte = self.byte(expected)?;
            if number >> 25 != 0 {
                break;
            }
            number = (number << 7) | u32::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(wrong(start..self.at, "a number of more than 32 bits".to_owned(), expected))
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: u32, what: &'static str) -> Read<Range<usize>> {
        let start = self.at;
        let left = self.bytes.len() - start;
        match usize::try_from(length) {
            Ok(length) if length <= left => {
                self.at = start + length;
                Ok(start..self.at)
            }
            Ok(_) | Err(_) => {
                Err(wrong(start..self.bytes.len(), format!("{left} bytes, not {length}"), what))
            }
        }
    }

    /// The bytes end too early.
    #[cold]
    fn cut(&self, expected: &'static str) -> Box<DecodeError> {
        wrong(self.bytes.len()..self.bytes.len(), "the end of the bytes".to_owned(), expected)
    }
}

#[cold]
pub(super) fn wrong(span: Range<usize>, found: String, expected: &'static str) -> Box<DecodeError> {
    Box::new(DecodeError::binary(span, DecodeErrorKind::Wbxml { found, expected }))
}
