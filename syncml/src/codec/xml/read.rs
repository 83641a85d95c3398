//! A document as a source of the message in it.

use std::borrow::Cow;
use std::ops::Range;

use csp_model::xml::{Doctype, Reader, Step};

use crate::codec::read::{Decoder, Read, Source};
use crate::codec::tag::Tag;
use crate::codec::{Body, DecodeError, DecodeErrorKind, Limits, META, MSFT, is_vocabulary};
use crate::message::{Data, Element, Message, Namespace, Text};

/// The message that `text` is. Its texts share `text`.
///
/// # Errors
/// When `text` is no XML or no SyncML message, or holds more than `limits` allow.
pub fn read(text: &Body, limits: &Limits) -> Result<Message, DecodeError> {
    document(text, limits).map_err(|error| *error)
}

fn document(text: &Body, limits: &Limits) -> Read<Message> {
    let depth = limits.depth.min(Limits::DEEPEST);
    let document = Document {
        xml: Reader::new(text, Doctype::NoSubset, depth),
        text,
        left: limits.elements,
        most: limits.elements,
    };
    let mut decoder = Decoder::new(document, limits);
    let mut message = Message::default();
    // The reader gives an error before it gives anything else than a start tag first, or than the end last.
    while decoder.source().step()? == Step::Start {
        decoder.message(&mut message)?;
    }
    Ok(message)
}

/// A reader, and the text that it reads.
pub(super) struct Document<'a> {
    pub(super) xml: Reader<'a>,
    text: &'a Body,
    /// How many more elements may be kept.
    left: usize,
    most: usize,
}

impl Source for Document<'_> {
    /// Where its start tag starts.
    type Open = usize;

    #[inline]
    fn opened(&self) -> usize {
        self.xml.span().start
    }

    #[inline]
    fn start(open: usize) -> usize {
        open
    }

    #[cold]
    fn name(&self, open: usize) -> String {
        let tag = self.text.get(open + 1..).unwrap_or_default();
        let end = tag.find([' ', '\t', '\r', '\n', '/', '>']).unwrap_or(tag.len());
        tag.get(..end).unwrap_or_default().to_owned()
    }

    #[inline]
    fn last(&self) -> usize {
        self.xml.span().start
    }

    #[inline]
    fn end(&self) -> usize {
        self.xml.span().end
    }

    #[inline]
    fn rest(&self, offset: usize) -> usize {
        self.text.len().saturating_sub(offset)
    }

    fn root(&self) -> Read<(Tag, Namespace)> {
        let root = Tag::of(self.xml.local());
        if !matches!(root, Tag::SYNC_ML | Tag::SYNC_BODY) {
            return Ok((Tag::UNKNOWN, Namespace::None));
        }
        match Namespace::of(self.xml.namespace()) {
            Some(namespace) => Ok((root, namespace)),
            None => {
                let kind = DecodeErrorKind::Namespace(self.xml.namespace().to_owned());
                Err(self.wrong(self.xml.span(), kind))
            }
        }
    }

    #[inline]
    fn child(&mut self, parent: usize) -> Read<Tag> {
        loop {
            match self.step()? {
                Step::Start if is_vocabulary(self.xml.namespace()) => return Ok(Tag::of(self.xml.local())),
                Step::Start => return Ok(Tag::UNKNOWN),
                Step::End | Step::Eof => return Ok(Tag::END),
                Step::Text if self.xml.is_blank() => {}
                Step::Text => {
                    let span = self.xml.span();
                    let written = self.text.get(span.clone()).unwrap_or_default();
                    let blanks = written.len() - written.trim_ascii_start().len();
                    let kind = DecodeErrorKind::Text(self.name(parent));
                    return Err(self.wrong(span.start + blanks..span.end, kind));
                }
            }
        }
    }

    #[inline]
    fn text(&mut self, place: &mut Option<Text>) -> Read<()> {
        let parent = self.opened();
        let mut step = self.step()?;
        let mut text = Cow::Borrowed("");
        if step == Step::Text {
            text = self.xml.take_value();
            step = self.step()?;
        }
        if step == Step::Start {
            let (found, parent) = (self.xml.name().to_owned(), self.name(parent));
            return Err(self.wrong(self.xml.span(), DecodeErrorKind::Element { found, parent }));
        }
        // The compiler then knows that there is nothing to drop, and builds the text in its place.
        if place.is_none() {
            *place = Some(self.share(text));
        }
        Ok(())
    }

    fn flag(&mut self, place: &mut bool) -> Read<()> {
        *place = true;
        let parent = self.opened();
        loop {
            match self.step()? {
                Step::End | Step::Eof => return Ok(()),
                Step::Text if self.xml.is_blank() => {}
                Step::Start | Step::Text => {
                    let kind = DecodeErrorKind::Content(self.name(parent));
                    return Err(self.wrong(self.xml.span(), kind));
                }
            }
        }
    }

    #[inline]
    fn data(&mut self, place: &mut Option<Data>) -> Read<()> {
        let mut text = Text::EMPTY;
        let mut step = self.step()?;
        if step == Step::Text {
            text = self.share_value();
            step = self.step()?;
        }
        *place = Some(if step == Step::Start { self.markup(text)? } else { Data::Text(text) });
        Ok(())
    }

    #[cold]
    fn element(&mut self) -> Read<Element> {
        self.kept(&mut Vec::new())
    }

    fn is_meta(&self) -> bool {
        self.xml.namespace() == META
    }

    fn original_error(&self) -> Option<Text> {
        let mut attributes = self.xml.attributes().iter();
        attributes
            .find(|attribute| {
                attribute.local() == "originalerror" && self.xml.attribute_namespace(attribute) == MSFT
            })
            .map(|attribute| self.share(attribute.value.clone()))
    }

    fn count(&mut self) -> Read<()> {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => {
                let kind = DecodeErrorKind::Limit { what: "kept elements", limit: self.most };
                return Err(self.wrong(self.xml.span(), kind));
            }
        }
        Ok(())
    }

    #[cold]
    fn wrong(&self, span: Range<usize>, kind: DecodeErrorKind) -> Box<DecodeError> {
        Box::new(DecodeError::new(self.text, span, kind))
    }
}

impl<'a> Document<'a> {
    #[inline]
    pub(super) fn step(&mut self) -> Read<Step> {
        match self.xml.step() {
            Ok(step) => Ok(step),
            Err(error) => Err(Box::new(DecodeError::xml(self.text, error))),
        }
    }

    /// The last text.
    #[inline]
    pub(super) fn share_value(&mut self) -> Text {
        let value = self.xml.take_value();
        self.share(value)
    }

    /// Characters that the reader gave: a slice of the body, if they stand in it.
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
}
