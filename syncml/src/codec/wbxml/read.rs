//! A document as a source of the message in it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::attributes::{Scopes, append, split};
use super::charset::{Charset, overwritten};
use super::header::Header;
use super::lexer::{Flags, Lexer, Token, wrong};
use super::tokens::{Vocabulary, nameless};
use crate::codec::read::{Decoder, Read, Source};
use crate::codec::tag::Tag;
use crate::codec::{Body, DecodeError, DecodeErrorKind, Limits, MSFT, is_vocabulary};
use crate::message::{Attribute, Data, Element, Message, Namespace, Text};

/// The message that `bytes` are, and the text that its spans are about: of the same length, with everything that is not
/// UTF-8 overwritten. Texts of the message share it.
///
/// # Errors
/// When the bytes are no WBXML or no SyncML message, or hold more than `limits` allow.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<(Message, Arc<String>), DecodeError> {
    document(bytes, limits).map_err(|error| *error)
}

fn document(bytes: &[u8], limits: &Limits) -> Read<(Message, Body)> {
    if bytes.len() > limits.bytes {
        let kind = DecodeErrorKind::Limit { what: "bytes", limit: limits.bytes };
        return Err(Box::new(DecodeError::binary(limits.bytes..bytes.len(), kind)));
    }
    let (text, sound) = overwritten(bytes);
    let text = Arc::new(text);
    let mut lexer = Lexer { bytes, at: 0 };
    let header = Header::read(&mut lexer)?;
    let vocabulary = header.vocabulary(bytes)?;
    let charset = header.charset()?;
    let mut decoder = Decoder::new(
        Document {
            lexer,
            header,
            vocabulary,
            charset,
            text: &text,
            sound,
            start: 0,
            page: 0,
            attribute_page: 0,
            name: Name::Token(0, 0),
            is_empty: false,
            depth: 0,
            attributes: Vec::new(),
            scopes: Scopes::default(),
            budget: Budget {
                elements: limits.elements,
                bytes: limits.bytes,
                depth: limits.depth.min(Limits::DEEPEST),
            },
            limits,
        },
        limits,
    );
    let mut message = Message::default();
    decoder.source().open_root()?;
    decoder.message(&mut message)?;
    decoder.source().finish()?;
    Ok((message, text))
}

/// A lexer, and all that tokens depend on.
pub(super) struct Document<'a> {
    pub(super) lexer: Lexer<'a>,
    pub(super) header: Header,
    pub(super) vocabulary: Vocabulary,
    pub(super) charset: Charset,
    /// The bytes as a text, and from where on it equals them.
    pub(super) text: &'a Body,
    pub(super) sound: usize,
    /// Where the last token starts.
    pub(super) start: usize,
    pub(super) page: u8,
    pub(super) attribute_page: u8,
    /// The name in the last start tag.
    pub(super) name: Name,
    /// Whether the element that was opened last has no content, so that its end comes next.
    pub(super) is_empty: bool,
    /// How many elements are open.
    pub(super) depth: usize,
    /// The attributes of the last start tag.
    pub(super) attributes: Vec<Attribute>,
    pub(super) scopes: Scopes,
    pub(super) budget: Budget,
    pub(super) limits: &'a Limits,
}

/// What is left of the limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    elements: usize,
    /// Of strings in the table, each time that one is referred to.
    pub(super) bytes: usize,
    /// How deep elements may nest.
    depth: usize,
}

/// The name of an element.
#[derive(Debug, Clone)]
pub(super) enum Name {
    /// A code page and a token.
    Token(u8, u8),
    Literal(Text),
}

/// An element that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    start: usize,
    /// The code page that its token is of.
    page: u8,
}

impl Source for Document<'_> {
    type Open = Open;

    #[inline]
    fn opened(&self) -> Open {
        Open { start: self.start, page: self.page }
    }

    #[inline]
    fn start(open: Open) -> usize {
        open.start
    }

    #[cold]
    fn name(&self, open: Open) -> String {
        let mut lexer = Lexer { bytes: self.lexer.bytes, at: open.start };
        match lexer.content() {
            Ok(Token::Known(token, _)) => self.name_of_token(open.page, token).into_owned(),
            Ok(Token::Literal(offset, _)) => {
                let range = self.header.string(self.lexer.bytes, offset, &(open.start..lexer.at));
                let bytes = range.ok().and_then(|range| self.lexer.bytes.get(range)).unwrap_or_default();
                String::from_utf8_lossy(bytes).into_owned()
            }
            // It was one when it was opened.
            Ok(_) | Err(_) => String::new(),
        }
    }

    #[inline]
    fn last(&self) -> usize {
        self.start
    }

    #[inline]
    fn end(&self) -> usize {
        self.lexer.at
    }

    #[inline]
    fn rest(&self, offset: usize) -> usize {
        self.lexer.bytes.len().saturating_sub(offset)
    }

    fn root(&self) -> Read<(Tag, Namespace)> {
        let Vocabulary::SyncMl(namespace) = self.vocabulary else {
            return Ok((Tag::UNKNOWN, Namespace::None));
        };
        let root = match &self.name {
            Name::Token(page, token) => Tag::of_token(*page, *token),
            Name::Literal(name) => Tag::of(split(name).1),
        };
        let declared = match &self.name {
            Name::Literal(name) if name.contains(':') => self.scopes.of_prefix(split(name).0),
            Name::Literal(_) | Name::Token(..) => self.scopes.of_no_prefix(),
        };
        match declared.map(Namespace::of) {
            None => Ok((root, namespace)),
            Some(Some(namespace)) => Ok((root, namespace)),
            Some(None) if !matches!(root, Tag::SYNC_ML | Tag::SYNC_BODY) => Ok((Tag::UNKNOWN, namespace)),
            Some(None) => {
                let kind = DecodeErrorKind::Namespace(declared.unwrap_or_default().to_owned());
                Err(self.wrong(self.start..self.lexer.at, kind))
            }
        }
    }

    #[inline]
    fn child(&mut self, parent: Open) -> Read<Tag> {
        loop {
            if self.is_empty {
                self.close();
                return Ok(Tag::END);
            }
            match self.token()? {
                Token::End => {
                    self.close();
                    return Ok(Tag::END);
                }
                Token::Known(token, flags) => {
                    self.open(Name::Token(self.page, token), flags)?;
                    return Ok(self.tag(token));
                }
                Token::Literal(offset, flags) => return self.literal_child(offset, flags),
                text => self.expect_blank(text, || DecodeErrorKind::Text, parent)?,
            }
        }
    }

    #[inline]
    fn text(&mut self, place: &mut Option<Text>) -> Read<()> {
        let parent = self.opened();
        let mut text = Cow::Borrowed("");
        if self.is_empty {
            self.close();
        } else {
            loop {
                match self.token()? {
                    Token::End => {
                        self.close();
                        break;
                    }
                    Token::Inline(range) => append(&mut text, self.characters(range)?),
                    Token::Known(..) | Token::Literal(..) => return Err(self.element_in(parent)),
                    other => self.append_rare(&mut text, other)?,
                }
            }
        }
        if place.is_none() {
            *place = Some(self.share(text));
        }
        Ok(())
    }

    fn flag(&mut self, place: &mut bool) -> Read<()> {
        *place = true;
        let parent = self.opened();
        loop {
            if self.is_empty {
                self.close();
                return Ok(());
            }
            match self.token()? {
                Token::End => {
                    self.close();
                    return Ok(());
                }
                Token::Known(..) | Token::Literal(..) => {
                    let kind = DecodeErrorKind::Content(self.name(parent));
                    return Err(self.wrong(self.start..self.lexer.at, kind));
                }
                text => self.expect_blank(text, || DecodeErrorKind::Content, parent)?,
            }
        }
    }

    #[inline]
    fn data(&mut self, place: &mut Option<Data>) -> Read<()> {
        let mut text = Cow::Borrowed("");
        let mut token = if self.is_empty { Token::End } else { self.token()? };
        // Nearly all of it is one string.
        if let Token::Inline(range) = &token {
            text = self.characters(range.clone())?;
            token = self.token()?;
        }
        *place = Some(if token == Token::End {
            self.close();
            Data::Text(self.share(text))
        } else {
            self.any_data(text, token)?
        });
        Ok(())
    }

    #[cold]
    fn element(&mut self) -> Read<Element> {
        self.kept(&self.default_namespace(), &mut Vec::new())
    }

    /// Its token says so: no other code page has it.
    fn is_meta(&self) -> bool {
        true
    }

    fn original_error(&self) -> Option<Text> {
        let attribute = self.attributes.iter().find(|Attribute { name, .. }| {
            let (prefix, local) = split(name);
            local == "originalerror" && !prefix.is_empty() && self.scopes.of_prefix(prefix) == Some(MSFT)
        })?;
        Some(attribute.value.clone())
    }

    #[inline]
    fn count(&mut self) -> Read<()> {
        match self.budget.elements.checked_sub(1) {
            Some(left) => self.budget.elements = left,
            None => return Err(self.limit("kept elements", self.limits.elements)),
        }
        Ok(())
    }

    #[cold]
    fn wrong(&self, span: Range<usize>, kind: DecodeErrorKind) -> Box<DecodeError> {
        Box::new(DecodeError::binary(span, kind))
    }
}

impl<'a> Document<'a> {
    /// Opens the root element.
    pub(super) fn open_root(&mut self) -> Read<()> {
        loop {
            match self.token()? {
                Token::Known(token, flags) => return self.open(Name::Token(self.page, token), flags),
                Token::Literal(offset, flags) => {
                    let name = self.literal(offset, &(self.start..self.lexer.at))?;
                    return self.open(Name::Literal(name), flags);
                }
                Token::SwitchPage(page) => self.page = page,
                Token::Instruction => self.skip_instruction()?,
                Token::End | Token::Inline(_) | Token::Table(_) | Token::Entity(_) | Token::Opaque(_) => {
                    return Err(wrong(
                        self.start..self.lexer.at,
                        "no start tag".to_owned(),
                        "the root element",
                    ));
                }
            }
        }
    }

    /// Reads what stands behind the root element, which can only be instructions.
    pub(super) fn finish(&mut self) -> Read<()> {
        while self.lexer.at < self.lexer.bytes.len() {
            match self.token()? {
                Token::Instruction => self.skip_instruction()?,
                _ => {
                    let span = self.start..self.lexer.bytes.len();
                    return Err(wrong(span, "more bytes".to_owned(), "the end after the root element"));
                }
            }
        }
        Ok(())
    }

    #[inline]
    pub(super) fn token(&mut self) -> Read<Token> {
        self.start = self.lexer.at;
        self.lexer.content()
    }

    /// Opens the element whose start tag was just read.
    #[inline]
    pub(super) fn open(&mut self, name: Name, flags: Flags) -> Read<()> {
        self.depth += 1;
        if self.depth > self.budget.depth {
            return Err(self.limit("nested elements", self.budget.depth));
        }
        self.name = name;
        self.is_empty = !flags.has_content();
        if !self.attributes.is_empty() {
            self.attributes.clear();
        }
        if flags.has_attributes() {
            self.read_attributes()?;
        }
        Ok(())
    }

    /// Closes the innermost element.
    #[inline]
    pub(super) fn close(&mut self) {
        self.is_empty = false;
        self.scopes.leave(self.depth);
        self.depth = self.depth.saturating_sub(1);
    }

    /// What the grammar calls a token.
    #[inline]
    fn tag(&self, token: u8) -> Tag {
        match self.vocabulary {
            Vocabulary::SyncMl(_) => Tag::of_token(self.page, token),
            Vocabulary::DevInf11 | Vocabulary::DevInf12 => Tag::UNKNOWN,
        }
    }

    #[cold]
    fn literal_child(&mut self, offset: u32, flags: Flags) -> Read<Tag> {
        let span = self.start..self.lexer.at;
        let name = self.literal(offset, &span)?;
        self.open(Name::Literal(name.clone()), flags)?;
        let (prefix, local) = split(&name);
        let namespace = match prefix {
            "" => self.scopes.of_no_prefix().unwrap_or_default(),
            prefix => self.namespace_of(prefix, &span)?,
        };
        Ok(if is_vocabulary(namespace) { Tag::of(local) } else { Tag::UNKNOWN })
    }

    /// The name of a token, or what it is called without one.
    pub(super) fn name_of_token(&self, page: u8, token: u8) -> Cow<'static, str> {
        self.vocabulary.name(page, token).map_or_else(|| nameless(page, token).into(), Cow::Borrowed)
    }

    #[cold]
    fn element_in(&self, parent: Open) -> Box<DecodeError> {
        let found = self.name(Open { start: self.start, page: self.page });
        let parent = self.name(parent);
        self.wrong(self.start..self.lexer.at, DecodeErrorKind::Element { found, parent })
    }

    #[cold]
    fn limit(&self, what: &'static str, limit: usize) -> Box<DecodeError> {
        self.wrong(self.start..self.lexer.at, DecodeErrorKind::Limit { what, limit })
    }
}
