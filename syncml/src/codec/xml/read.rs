//! A document to a message: the envelope, and the steps that all its parts take.
//!
//! What the vocabulary does not have is kept as it is written; of an element that can stand once the first counts,
//! and a later one is kept like an unknown one.

mod command;
mod markup;
mod parts;

use std::borrow::Cow;
use std::ops::Range;

use csp_model::xml::{Doctype, Reader, Step};

use super::is_vocabulary;
use super::tag::Tag;
use crate::codec::{Body, DecodeError, DecodeErrorKind, Limits};
use crate::message::{Header, Message, Namespace, Span, Text};

/// The message that `text` is. Its texts share `text`.
///
/// # Errors
/// When `text` is no XML or no SyncML message, or holds more than `limits` allow.
pub fn read(text: &Body, limits: &Limits) -> Result<Message, DecodeError> {
    document(text, limits).map_err(|error| *error)
}

/// What a part is read to. The error is boxed, so that the result of each step fits into registers.
type Read<T> = Result<T, Box<DecodeError>>;

fn document(text: &Body, limits: &Limits) -> Read<Message> {
    let depth = limits.depth.min(Limits::DEEPEST);
    let mut decoder = Decoder {
        xml: Reader::new(text, Doctype::NoSubset, depth),
        text,
        limits,
        commands: 0,
        items: 0,
        odd_meta: Span::default(),
    };
    let mut message = Message::default();
    // The reader gives an error before it gives anything else than a start tag first, or than the end last.
    while decoder.step()? == Step::Start {
        decoder.message(&mut message)?;
    }
    message.odd_meta = decoder.odd_meta;
    Ok(message)
}

/// A reader with what is known about the message so far.
///
/// Each part has a function that is called right after its start tag and reads it to its end, into a place that
/// its owner made: parts are large, and moving them about would be the greater part of the work.
struct Decoder<'a> {
    xml: Reader<'a>,
    text: &'a Body,
    limits: &'a Limits,
    commands: usize,
    items: usize,
    odd_meta: Span,
}

impl<'a> Decoder<'a> {
    fn message(&mut self, message: &mut Message) -> Read<()> {
        message.bare_body = match self.xml.local() {
            "SyncML" => false,
            "SyncBody" => true,
            _ => return Err(self.wrong(self.xml.span(), DecodeErrorKind::Root(self.xml.name().to_owned()))),
        };
        message.namespace = match self.xml.namespace() {
            "" => Namespace::None,
            "SYNCML:SYNCML1.1" => Namespace::SyncMl11,
            "SYNCML:SYNCML1.2" => Namespace::SyncMl12,
            other => return Err(self.wrong(self.xml.span(), DecodeErrorKind::Namespace(other.to_owned()))),
        };
        if message.bare_body {
            return self.body(&mut message.body);
        }
        let parent = self.xml.span().start;
        let mut has_body = false;
        loop {
            match self.child(parent)? {
                Tag::END => break,
                Tag::SYNC_HDR if message.header.is_none() => {
                    self.header(message.header.insert(Header::default()))?;
                }
                Tag::SYNC_BODY if !has_body => {
                    has_body = true;
                    self.body(&mut message.body)?;
                }
                _ => {
                    let kind = DecodeErrorKind::Part(self.xml.name().to_owned());
                    return Err(self.wrong(self.xml.span(), kind));
                }
            }
        }
        if has_body { Ok(()) } else { Err(self.wrong(self.xml.span(), DecodeErrorKind::NoBody)) }
    }

    #[inline]
    fn step(&mut self) -> Read<Step> {
        match self.xml.step() {
            Ok(step) => Ok(step),
            Err(error) => Err(Box::new(DecodeError::xml(self.text, error))),
        }
    }

    /// The next element in the one that starts at `parent` and holds elements alone; [`Tag::END`] at its end.
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
                    let kind = DecodeErrorKind::Text(self.name_at(parent));
                    return Err(self.wrong(span.start + blanks..span.end, kind));
                }
            }
        }
    }

    /// The text of an element that holds text alone, into `place`, which is empty.
    #[inline]
    fn text(&mut self, place: &mut Option<Text>) -> Read<()> {
        let parent = self.xml.span().start;
        let mut step = self.step()?;
        let mut text = Cow::Borrowed("");
        if step == Step::Text {
            text = self.xml.take_value();
            step = self.step()?;
        }
        if step == Step::Start {
            return Err(self.element_in(parent));
        }
        // The compiler then knows that there is nothing to drop, and builds the text in its place.
        if place.is_none() {
            *place = Some(self.share(text));
        }
        Ok(())
    }

    /// Like [`text`](Self::text), for an element that can stand more than once.
    fn texts(&mut self, places: &mut Vec<Text>) -> Read<()> {
        let mut place = None;
        self.text(&mut place)?;
        places.extend(place);
        Ok(())
    }

    /// Reads an element that says all by being there.
    fn flag(&mut self, place: &mut bool) -> Read<()> {
        *place = true;
        let parent = self.xml.span().start;
        loop {
            match self.step()? {
                Step::End | Step::Eof => return Ok(()),
                Step::Text if self.xml.is_blank() => {}
                Step::Start | Step::Text => {
                    let kind = DecodeErrorKind::Content(self.name_at(parent));
                    return Err(self.wrong(self.xml.span(), kind));
                }
            }
        }
    }

    /// The last text.
    #[inline]
    fn share_value(&mut self) -> Text {
        let value = self.xml.take_value();
        self.share(value)
    }

    /// Characters that the reader gave: a slice of the body, if they stand in it.
    #[inline]
    fn share(&self, value: Cow<'a, str>) -> Text {
        match value {
            Cow::Borrowed("") => Text::EMPTY,
            Cow::Borrowed(text) => Text::known(text).unwrap_or_else(|| {
                let start = text.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
                Text::slice(self.text, start..start + text.len())
            }),
            Cow::Owned(text) => Text::from(text),
        }
    }

    /// From the start of the element at `start` to its end, which was just read.
    #[inline]
    fn span(&self, start: usize) -> Span {
        Span::new(start..self.xml.span().end)
    }

    /// The name in the tag at `start`.
    #[cold]
    fn name_at(&self, start: usize) -> String {
        let tag = self.text.get(start + 1..).unwrap_or_default();
        let end = tag.find([' ', '\t', '\r', '\n', '/', '>']).unwrap_or(tag.len());
        tag.get(..end).unwrap_or_default().to_owned()
    }

    /// The element that just started cannot be in the one at `parent`.
    #[cold]
    fn element_in(&self, parent: usize) -> Box<DecodeError> {
        let (found, parent) = (self.xml.name().to_owned(), self.name_at(parent));
        self.wrong(self.xml.span(), DecodeErrorKind::Element { found, parent })
    }

    #[cold]
    fn wrong(&self, span: Range<usize>, kind: DecodeErrorKind) -> Box<DecodeError> {
        Box::new(DecodeError::new(self.text, span, kind))
    }
}
