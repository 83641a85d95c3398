//! Device information as libwbxml nests it: a document of its own in opaque data.

use std::ops::Range;

use super::attributes::Scopes;
use super::header::Header;
use super::lexer::Lexer;
use super::read::{Document, Name};
use super::tokens::Vocabulary;
use crate::codec::Encoding;
use crate::codec::read::Read;
use crate::message::{Element, Text};

impl Document<'_> {
    /// Whether opaque data are a document of device information.
    pub(super) fn is_nested(&self, range: &Range<usize>) -> bool {
        let bytes = self.lexer.bytes.get(range.clone()).unwrap_or_default();
        let mut lexer = Lexer { bytes, at: 0 };
        Encoding::of(bytes) == Encoding::Wbxml
            && Header::read(&mut lexer)
                .is_ok_and(|header| header.vocabulary(bytes).is_ok_and(Vocabulary::is_devinf))
    }

    /// The root element of the document at `range`.
    pub(super) fn nested(&mut self, range: Range<usize>, outer: &Text) -> Read<Element> {
        let bytes = self.lexer.bytes.get(..range.end).unwrap_or_default();
        let mut lexer = Lexer { bytes, at: range.start };
        let header = Header::read(&mut lexer)?;
        let mut document = Document {
            vocabulary: header.vocabulary(bytes)?,
            charset: header.charset()?,
            lexer,
            header,
            text: self.text,
            sound: self.sound,
            start: range.start,
            page: 0,
            attribute_page: 0,
            name: Name::Token(0, 0),
            is_empty: false,
            depth: self.depth,
            attributes: Vec::new(),
            scopes: Scopes::default(),
            budget: self.budget,
            limits: self.limits,
        };
        document.open_root()?;
        let element = document.kept(outer, &mut Vec::new())?;
        document.finish()?;
        self.budget = document.budget;
        Ok(element)
    }
}
