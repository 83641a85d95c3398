//! A document to a message: the envelope, and the steps that all its parts take.
//!
//! What the vocabulary does not have is kept as it is written; of an element that can stand once the first counts,
//! and a later one is kept like an unknown one.

mod command;
mod markup;
mod parts;

use std::borrow::Cow;
use std::ops::Range;

use csp_model::xml::{Doctype, Event, Reader, Start, is_blank};

use super::is_vocabulary;
use crate::codec::{Body, DecodeError, DecodeErrorKind, Limits};
use crate::message::{Message, Namespace, Span, Text};

/// The message that `text` is. Its texts share `text`.
///
/// # Errors
/// When `text` is no XML or no SyncML message, or holds more than `limits` allow.
pub fn read(text: &Body, limits: &Limits) -> Result<Message, DecodeError> {
    let depth = limits.depth.min(Limits::DEEPEST);
    let mut decoder =
        Decoder { xml: Reader::new(text, Doctype::NoSubset, depth), text, limits, commands: 0, items: 0 };
    let message = match decoder.next()? {
        Event::Start(root) => decoder.message(&root)?,
        // The reader gives an error before it gives anything else.
        Event::End(_) | Event::Text(_) | Event::Eof => Message::default(),
    };
    decoder.next()?;
    Ok(message)
}

/// A reader with what is known about the message so far.
struct Decoder<'a> {
    xml: Reader<'a>,
    text: &'a Body,
    limits: &'a Limits,
    commands: usize,
    items: usize,
}

impl<'a> Decoder<'a> {
    fn message(&mut self, root: &Start<'a>) -> Result<Message, DecodeError> {
        let bare_body = match root.local() {
            "SyncML" => false,
            "SyncBody" => true,
            _ => return Err(self.wrong(root.span.clone(), DecodeErrorKind::Root(root.name.to_owned()))),
        };
        let namespace = match self.xml.namespace(root) {
            "" => Namespace::None,
            "SYNCML:SYNCML1.1" => Namespace::SyncMl11,
            "SYNCML:SYNCML1.2" => Namespace::SyncMl12,
            other => {
                let kind = DecodeErrorKind::Namespace(other.to_owned());
                return Err(self.wrong(root.span.clone(), kind));
            }
        };
        if bare_body {
            return Ok(Message { namespace, header: None, body: self.body(root)?, bare_body });
        }
        let (mut header, mut body) = (None, None);
        while let Some(part) = self.child(root)? {
            match self.name(&part) {
                "SyncHdr" if header.is_none() => header = Some(self.header(&part)?),
                "SyncBody" if body.is_none() => body = Some(self.body(&part)?),
                _ => return Err(self.wrong(part.span, DecodeErrorKind::Part(part.name.to_owned()))),
            }
        }
        let end = self.xml.offset();
        let body = body.ok_or_else(|| self.wrong(root.span.start..end, DecodeErrorKind::NoBody))?;
        Ok(Message { namespace, header, body, bare_body })
    }

    #[inline]
    fn next(&mut self) -> Result<Event<'a>, DecodeError> {
        match self.xml.next() {
            Ok(event) => Ok(event),
            Err(error) => Err(DecodeError::xml(self.text, error)),
        }
    }

    /// The next element in `parent`, which holds elements alone; `None` at its end.
    #[inline]
    fn child(&mut self, parent: &Start<'a>) -> Result<Option<Start<'a>>, DecodeError> {
        loop {
            match self.next()? {
                Event::Start(start) => return Ok(Some(start)),
                Event::End(_) | Event::Eof => return Ok(None),
                Event::Text(text) if is_blank(&text.value) => {}
                Event::Text(text) => {
                    let written = self.text.get(text.span.clone()).unwrap_or_default();
                    let blanks = written.len() - written.trim_ascii_start().len();
                    let span = text.span.start + blanks..text.span.end;
                    return Err(self.wrong(span, DecodeErrorKind::Text(parent.name.to_owned())));
                }
            }
        }
    }

    /// The element's name in the protocol's vocabulary; empty when it belongs to another.
    #[inline]
    fn name(&self, start: &Start<'a>) -> &'a str {
        if is_vocabulary(self.xml.namespace(start)) { start.local() } else { "" }
    }

    /// The text of an element that holds text alone.
    #[inline]
    fn text(&mut self, start: &Start<'a>) -> Result<Text, DecodeError> {
        let (text, mut event) = match self.next()? {
            Event::Text(text) => (self.share(text.value), self.next()?),
            other @ (Event::Start(_) | Event::End(_) | Event::Eof) => (Text::EMPTY, other),
        };
        loop {
            match event {
                Event::End(_) | Event::Eof => return Ok(text),
                Event::Text(_) => event = self.next()?,
                Event::Start(child) => {
                    let (found, parent) = (child.name.to_owned(), start.name.to_owned());
                    return Err(self.wrong(child.span, DecodeErrorKind::Element { found, parent }));
                }
            }
        }
    }

    /// `true`, at the end of an element that says all by being there.
    fn flag(&mut self, start: &Start<'a>) -> Result<bool, DecodeError> {
        match self.child(start)? {
            None => Ok(true),
            Some(child) => {
                let (found, parent) = (child.name.to_owned(), start.name.to_owned());
                Err(self.wrong(child.span, DecodeErrorKind::Element { found, parent }))
            }
        }
    }

    /// Characters that the reader gave: a slice of the body, if they stand in it.
    #[inline]
    fn share(&self, value: Cow<'a, str>) -> Text {
        match value {
            Cow::Borrowed(text) => {
                let start = text.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
                Text::slice(self.text, start..start + text.len())
            }
            Cow::Owned(text) => Text::from(text),
        }
    }

    /// From the start of `start` to where the reader is.
    #[inline]
    fn span(&self, start: &Start<'a>) -> Span {
        Span::new(start.span.start..self.xml.offset())
    }

    #[cold]
    fn wrong(&self, span: Range<usize>, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(self.text, span, kind)
    }
}
