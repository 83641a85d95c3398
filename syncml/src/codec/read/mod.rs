//! What stands where in a message, whatever it is encoded in.
//!
//! What the vocabulary does not have is kept as it is written; of an element that can stand once the first counts,
//! and a later one is kept like an unknown one.

mod command;
mod parts;

use std::ops::Range;

use super::tag::Tag;
use super::{DecodeError, DecodeErrorKind, Limits};
use crate::message::{Data, Element, Header, Message, Namespace, Span, Text};

/// What a part is read to. The error is boxed, so that the result of each step fits into registers.
pub(super) type Read<T> = Result<T, Box<DecodeError>>;

/// A document in one of the encodings, gone through once from its root on.
pub(super) trait Source {
    /// What is kept of an element while its content is read.
    type Open: Copy;

    /// The element that was opened last.
    fn opened(&self) -> Self::Open;

    /// Where the element starts.
    fn start(open: Self::Open) -> usize;

    /// The element's name as it is written, for who reads an error.
    fn name(&self, open: Self::Open) -> String;

    /// Where the last token starts: a tag, or text.
    fn last(&self) -> usize;

    /// One past the last byte that was read.
    fn end(&self) -> usize;

    /// The bytes from `offset` on.
    fn rest(&self, offset: usize) -> usize;

    /// The name and the namespace of the root element, which was opened last. The name is one that is known, or none;
    /// the namespace is an error if it is another one's.
    ///
    /// # Errors
    /// When the namespace is none of SyncML's.
    fn root(&self) -> Read<(Tag, Namespace)>;

    /// The next element in `parent`, which holds elements alone; [`Tag::END`] at its end.
    ///
    /// # Errors
    /// When the document is broken, or there is text.
    fn child(&mut self, parent: Self::Open) -> Read<Tag>;

    /// The text of the element that was opened last, up to its end, into `place` if that is empty.
    ///
    /// # Errors
    /// When the document is broken, or there is an element in it.
    fn text(&mut self, place: &mut Option<Text>) -> Read<()>;

    /// Reads the element that was opened last, and says all by being there, to its end.
    ///
    /// # Errors
    /// When the document is broken, or there is something in it.
    fn flag(&mut self, place: &mut bool) -> Read<()>;

    /// `Data`: text, or markup if an element is in it.
    ///
    /// # Errors
    /// When the document is broken, or holds too many elements.
    fn data(&mut self, place: &mut Option<Data>) -> Read<()>;

    /// The element that was opened last, as it is written. A prefix that is declared further out is declared on it, so
    /// that it means the same wherever it is written.
    ///
    /// # Errors
    /// When the document is broken, or holds too many elements.
    fn element(&mut self) -> Read<Element>;

    /// Whether the element that was opened last, and is one of meta-information, is in the namespace of those.
    fn is_meta(&self) -> bool;

    /// `msft:originalerror` of the element that was opened last.
    fn original_error(&self) -> Option<Text>;

    /// Counts an element that is kept, of which a parent may hold any number.
    ///
    /// # Errors
    /// When there are too many.
    fn count(&mut self) -> Read<()>;

    /// An error about the bytes `span`.
    fn wrong(&self, span: Range<usize>, kind: DecodeErrorKind) -> Box<DecodeError>;
}

/// A message being read.
///
/// Each part has a function that is called right after its start tag and reads it to its end, into a place that
/// its owner made: parts are large, and moving them about would be the greater part of the work.
pub(super) struct Decoder<'a, S> {
    source: S,
    limits: &'a Limits,
    commands: usize,
    items: usize,
    /// The first element of a `Meta` that was in another namespace.
    odd_meta: Span,
}

impl<'a, S: Source> Decoder<'a, S> {
    pub(super) const fn new(source: S, limits: &'a Limits) -> Self {
        Self { source, limits, commands: 0, items: 0, odd_meta: Span { start: 0, end: 0 } }
    }

    pub(super) const fn source(&mut self) -> &mut S {
        &mut self.source
    }

    /// Reads the message whose root element was just opened.
    pub(super) fn message(&mut self, message: &mut Message) -> Read<()> {
        let read = self.envelope(message);
        message.odd_meta = self.odd_meta;
        read
    }

    fn envelope(&mut self, message: &mut Message) -> Read<()> {
        let parent = self.source.opened();
        let (root, namespace) = self.source.root()?;
        message.namespace = namespace;
        match root {
            Tag::SYNC_ML => {}
            Tag::SYNC_BODY => {
                message.bare_body = true;
                return self.body(&mut message.body);
            }
            _ => return Err(self.wrong_here(DecodeErrorKind::Root)),
        }
        let mut has_body = false;
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::SYNC_HDR if message.header.is_none() => {
                    self.header(message.header.insert(Header::default()))?;
                }
                Tag::SYNC_BODY if !has_body => {
                    has_body = true;
                    self.body(&mut message.body)?;
                }
                _ => return Err(self.wrong_here(DecodeErrorKind::Part)),
            }
        }
        if has_body {
            return Ok(());
        }
        let end = self.source.end();
        Err(self.source.wrong(self.source.last()..end, DecodeErrorKind::NoBody))
    }

    /// Like [`Source::text`], for an element that can stand more than once.
    fn texts(&mut self, places: &mut Vec<Text>) -> Read<()> {
        self.source.count()?;
        let mut place = None;
        self.source.text(&mut place)?;
        places.extend(place);
        Ok(())
    }

    /// From the start of `open` to its end, which was just read.
    #[inline]
    fn span(&self, open: S::Open) -> Span {
        Span::new(S::start(open)..self.source.end())
    }

    /// The element that was just opened cannot stand there.
    #[cold]
    fn wrong_here(&self, kind: impl FnOnce(String) -> DecodeErrorKind) -> Box<DecodeError> {
        let open = self.source.opened();
        self.source.wrong(S::start(open)..self.source.end(), kind(self.source.name(open)))
    }
}
