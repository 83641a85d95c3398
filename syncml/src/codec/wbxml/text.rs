//! What stands between tags: strings, characters, opaque data, instructions.

use std::borrow::Cow;
use std::ops::Range;

use csp_model::xml::{XmlErrorKind, is_blank, is_char};

use super::attributes::append;
use super::lexer::Token;
use super::read::{Document, Open};
use crate::codec::DecodeErrorKind;
use crate::codec::read::{Read, Source as _};
use crate::message::Text;

impl<'a> Document<'a> {
    /// Between elements there is nothing but blanks; what is between them says nothing about them.
    #[cold]
    pub(super) fn expect_blank(
        &mut self,
        token: Token,
        kind: impl FnOnce() -> fn(String) -> DecodeErrorKind,
        parent: Open,
    ) -> Read<()> {
        let span = self.start..self.lexer.at;
        match token {
            Token::SwitchPage(page) => self.page = page,
            Token::Instruction => self.skip_instruction()?,
            text => {
                let is_text = !matches!(text, Token::Opaque(_));
                let text = self.characters_of(text, &span)?.unwrap_or_default();
                if !(is_text && is_blank(&text)) {
                    return Err(self.wrong(span, kind()(self.name(parent))));
                }
            }
        }
        Ok(())
    }

    /// Puts a token that is no tag behind the text of an element.
    #[cold]
    pub(super) fn append_rare(&mut self, text: &mut Cow<'a, str>, token: Token) -> Read<()> {
        match token {
            Token::SwitchPage(page) => self.page = page,
            Token::Instruction => self.skip_instruction()?,
            token => {
                let span = self.start..self.lexer.at;
                append(text, self.characters_of(token, &span)?.unwrap_or_default());
            }
        }
        Ok(())
    }

    /// The characters that a token at `span` stands for; `None` if it stands for none.
    pub(super) fn characters_of(&mut self, token: Token, span: &Range<usize>) -> Read<Option<Cow<'a, str>>> {
        Ok(Some(match token {
            Token::Inline(range) => self.characters(range)?,
            Token::Table(offset) => self.table(offset, span)?,
            Token::Opaque(range) => self.opaque(range),
            Token::Entity(number) => match char::from_u32(number).filter(|it| is_char(*it)) {
                Some(character) => Cow::Owned(character.into()),
                None => {
                    let kind = DecodeErrorKind::Xml(XmlErrorKind::Character(number));
                    return Err(self.wrong(span.clone(), kind));
                }
            },
            Token::End
            | Token::SwitchPage(_)
            | Token::Known(..)
            | Token::Literal(..)
            | Token::Instruction => {
                return Ok(None);
            }
        }))
    }

    #[inline]
    pub(super) fn characters(&self, range: Range<usize>) -> Read<Cow<'a, str>> {
        self.charset.characters(self.lexer.bytes, range, self.text, self.sound)
    }

    /// A string of the table. A few bytes can refer to a long one, so that all of them are counted.
    pub(super) fn table(&mut self, offset: u32, span: &Range<usize>) -> Read<Cow<'a, str>> {
        let range = self.header.string(self.lexer.bytes, offset, span)?;
        match self.budget.bytes.checked_sub(range.len()) {
            Some(left) => self.budget.bytes = left,
            None => {
                let kind =
                    DecodeErrorKind::Limit { what: "bytes of the string table", limit: self.limits.bytes };
                return Err(self.wrong(span.clone(), kind));
            }
        }
        self.characters(range)
    }

    /// Characters that stand in the body, if they are borrowed, as a slice of it.
    #[inline]
    pub(super) fn share(&self, value: Cow<'a, str>) -> Text {
        match value {
            Cow::Borrowed("") => Text::EMPTY,
            Cow::Borrowed(text) => Text::known(text).unwrap_or_else(|| {
                let start = text.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
                Text::slice(self.text, start..start + text.len())
            }),
            Cow::Owned(text) => Text::from(text),
        }
    }

    /// Passes over an instruction: a name and a value, as of an attribute, and an end.
    pub(super) fn skip_instruction(&mut self) -> Read<()> {
        loop {
            let start = self.lexer.at;
            match self.lexer.attribute()? {
                Token::End => return Ok(()),
                Token::SwitchPage(page) => self.attribute_page = page,
                Token::Literal(offset, _) | Token::Table(offset) => {
                    let span = start..self.lexer.at;
                    self.header.string(self.lexer.bytes, offset, &span)?;
                }
                Token::Known(..)
                | Token::Inline(_)
                | Token::Entity(_)
                | Token::Opaque(_)
                | Token::Instruction => {}
            }
        }
    }
}
