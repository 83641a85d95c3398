//! The reader itself: goes from one event of quick-xml to the next, checks what quick-xml does not, and keeps account
//! of what is open.
//!
//! quick-xml says what comes next and where it ends; names and values are then slices of the text.
//!
//! Deliberately absent: text that stands in several pieces (`content.rs`), and what stands outside the root element
//! or is broken (`outside.rs`).

use std::borrow::Cow;
use std::mem;
use std::ops::Range;

use quick_xml::events::Event as Found;

use super::attributes::{self, qualified_name};
use super::chars::{self, Holds};
use super::event::local;
use super::namespace::Scopes;
use super::reference::normalise_lines;
use super::{Attribute, End, Event, Start, Step, TextEvent, XmlError, XmlErrorKind};

/// What a DOCTYPE may hold. Declarations, and so entities, are never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doctype {
    /// A name and an external identifier: enough for messages.
    NoSubset,
    /// Also an internal subset of comments and processing instructions: device descriptions state their version
    /// in one (OMA Device Management Tree and Description 1.2).
    SubsetOfInstructions,
}

/// A strict, forward-only reader of one document.
///
/// [`next`](Self::next) gives each event as a value. [`step`](Self::step) only says what kind it is; the other
/// methods then tell about it, which is the quickest way through a document.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    pub(super) text: &'a str,
    events: quick_xml::Reader<&'a [u8]>,
    /// What quick-xml's offsets lack: the byte order mark.
    base: usize,
    /// Where the last event starts.
    pub(super) start: usize,
    /// Where it ends: the offset of the next byte to read.
    pub(super) at: usize,
    /// The name in the last tag.
    name: &'a str,
    /// The length of its prefix; 0 when there is none.
    colon: usize,
    /// The last text, when it stands in one piece.
    pub(super) value: &'a str,
    /// The last text, when it does not; else empty.
    pub(super) gathered: String,
    attributes: Vec<Attribute<'a>>,
    /// The names of the open elements.
    pub(super) open: Vec<&'a str>,
    scopes: Scopes<'a>,
    pub(super) stage: Stage,
    pub(super) holds: Holds,
    pub(super) doctype: Doctype,
    depth: usize,
    pub(super) failed: Option<XmlError>,
}

/// Where in the document the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Start,
    BeforeDoctype,
    AfterDoctype,
    Root,
    /// In an element without content, whose end comes next.
    Empty,
    AfterRoot,
    Failed,
}

/// What an event of quick-xml is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw {
    Start,
    End,
    Empty,
    Text,
    CData,
    Comment,
    Declaration,
    Instruction,
    Doctype,
    Reference,
    Eof,
    /// None: quick-xml cannot go on, and stays where it was.
    Broken,
}

impl<'a> Reader<'a> {
    /// A reader of `text`, for elements nested at most `depth` deep. A byte order mark is passed over.
    #[must_use]
    pub fn new(text: &'a str, doctype: Doctype, depth: usize) -> Self {
        let (holds, failed) = match chars::scan(text) {
            Ok(holds) => (holds, None),
            Err(error) => (Holds::default(), Some(error)),
        };
        let base = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self {
            text,
            events: events(text),
            base,
            start: base,
            at: base,
            name: "",
            colon: 0,
            value: "",
            gathered: String::new(),
            attributes: Vec::new(),
            open: Vec::with_capacity(16),
            scopes: Scopes::default(),
            stage: if failed.is_some() { Stage::Failed } else { Stage::Start },
            holds,
            doctype,
            depth,
            failed,
        }
    }

    /// The next event; [`Event::Eof`] again and again at the end.
    ///
    /// # Errors
    /// When the text is not well-formed XML 1.0 with namespaces, or nests too deeply. The error stays.
    #[expect(clippy::should_implement_trait, reason = "a document that breaks off is no iterator that ends")]
    pub fn next(&mut self) -> Result<Event<'a>, XmlError> {
        Ok(match self.step()? {
            Step::Start => Event::Start(Start { name: self.name, colon: self.colon, span: self.span() }),
            Step::End => Event::End(End { name: self.name, span: self.span() }),
            Step::Text => Event::Text(TextEvent { value: self.take_value(), span: self.span() }),
            Step::Eof => Event::Eof,
        })
    }

    /// Goes to the next event, and says what it is.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    #[inline]
    pub fn step(&mut self) -> Result<Step, XmlError> {
        match self.read() {
            Ok(step) => Ok(step),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Where the last event stands.
    #[must_use]
    #[inline]
    pub const fn span(&self) -> Range<usize> {
        self.start..self.at
    }

    /// The name in the last tag as written, with its prefix.
    #[must_use]
    #[inline]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The name in the last start tag, without its prefix.
    #[must_use]
    #[inline]
    pub fn local(&self) -> &'a str {
        local(self.name, self.colon)
    }

    /// The prefix in the last start tag; empty when there is none.
    #[must_use]
    #[inline]
    pub fn prefix(&self) -> &'a str {
        self.name.get(..self.colon).unwrap_or_default()
    }

    /// The namespace of the element that the last start tag opened; empty when it is in none.
    #[must_use]
    #[inline]
    pub fn namespace(&self) -> &str {
        if self.colon == 0 {
            return self.scopes.of_no_prefix();
        }
        self.scopes.of_prefix(self.prefix()).unwrap_or_default()
    }

    /// The last text. It can be taken once.
    #[must_use]
    #[inline]
    pub fn take_value(&mut self) -> Cow<'a, str> {
        let value = mem::take(&mut self.value);
        if self.gathered.is_empty() {
            Cow::Borrowed(value)
        } else {
            Cow::Owned(mem::take(&mut self.gathered))
        }
    }

    /// Whether the last text is white space alone.
    #[must_use]
    #[inline]
    pub fn is_blank(&self) -> bool {
        chars::is_blank(if self.gathered.is_empty() { self.value } else { &self.gathered })
    }

    /// The attributes of the last start tag, in document order, namespace declarations among them.
    #[must_use]
    #[inline]
    pub fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The namespace of an attribute of the last start tag; empty when it is in none, as without a prefix.
    #[must_use]
    pub fn attribute_namespace(&self, attribute: &Attribute<'_>) -> &str {
        self.scopes.of_prefix(attribute.prefix()).unwrap_or_default()
    }

    /// The text that is read.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    #[inline]
    fn read(&mut self) -> Result<Step, XmlError> {
        if self.stage != Stage::Root {
            return self.outside();
        }
        loop {
            self.start = self.at;
            match self.event() {
                Raw::Start => return self.open_element(self.at - 1),
                Raw::End => return self.end(),
                Raw::Text => {
                    if self.characters()? {
                        return Ok(Step::Text);
                    }
                }
                Raw::Empty => return self.open_empty(),
                Raw::Eof => return self.eof(),
                event => {
                    let value = self.piece(event, self.start)?;
                    // Comments alone leave nothing.
                    if self.gather(value)? {
                        return Ok(Step::Text);
                    }
                }
            }
        }
    }

    /// What kind quick-xml's next event is. It stands from where the reader was to where the reader is now.
    ///
    /// The one place where quick-xml is called, so that the compiler makes one function of it all.
    #[inline(never)]
    pub(super) fn event(&mut self) -> Raw {
        let event = self.events.read_event();
        let kind = match &event {
            Ok(Found::Start(_)) => Raw::Start,
            Ok(Found::End(_)) => Raw::End,
            Ok(Found::Empty(_)) => Raw::Empty,
            Ok(Found::Text(_)) => Raw::Text,
            Ok(Found::CData(_)) => Raw::CData,
            Ok(Found::Comment(_)) => Raw::Comment,
            Ok(Found::Decl(_)) => Raw::Declaration,
            Ok(Found::PI(_)) => Raw::Instruction,
            Ok(Found::DocType(_)) => Raw::Doctype,
            Ok(Found::GeneralRef(_)) => Raw::Reference,
            Ok(Found::Eof) => Raw::Eof,
            Err(_) => return Raw::Broken,
        };
        // It borrows from the text and owns nothing: this spares the question whether it does.
        mem::forget(event);
        self.at = self.base + usize::try_from(self.events.buffer_position()).unwrap_or(usize::MAX);
        kind
    }

    /// The text from `start` on; `false` when there is none after all.
    #[inline]
    fn characters(&mut self) -> Result<bool, XmlError> {
        if self.holds.bracket || self.holds.carriage_return || self.goes_on() {
            let value = self.plain(self.start)?;
            return self.gather(value);
        }
        self.gathered.clear();
        self.value = self.text.get(self.start..self.at).unwrap_or_default();
        Ok(true)
    }

    /// The characters from `here`, which are neither markup nor references.
    pub(super) fn plain(&self, here: usize) -> Result<Cow<'a, str>, XmlError> {
        let piece = self.text.get(here..self.at).unwrap_or_default();
        if self.holds.bracket
            && let Some(found) = piece.find("]]>")
        {
            let (start, found) = (here + found, "`]]>` in text".to_owned());
            let kind = XmlErrorKind::Syntax { found, expected: "`]]&gt;`" };
            return Err(XmlError::new(start..start + "]]>".len(), kind));
        }
        Ok(if self.holds.carriage_return { normalise_lines(piece) } else { Cow::Borrowed(piece) })
    }

    /// Whether text, or something that does not end it, comes next.
    #[inline]
    pub(super) fn goes_on(&self) -> bool {
        match self.text.as_bytes().get(self.at..) {
            None | Some([] | [b'<']) => false,
            Some([b'<', next, ..]) => matches!(next, b'!' | b'?'),
            Some(_) => true,
        }
    }

    /// Reads the start tag at `start`, whose `>` or `/>` stands at `end`.
    #[inline]
    pub(super) fn open_element(&mut self, end: usize) -> Result<Step, XmlError> {
        let start = self.start;
        let (length, colon) = qualified_name(self.text, start + 1, "the name of an element")?;
        let after = start + 1 + length;
        let name = self.text.get(start + 1..after).unwrap_or_default();
        if self.open.len() >= self.depth {
            return Err(XmlError::new(start..after, XmlErrorKind::Depth(self.depth)));
        }
        if self.stage != Stage::Root {
            self.root(name)?;
        }
        (self.name, self.colon) = (name, colon);
        self.open.push(name);
        self.attributes.clear();
        if after != end {
            let depth = self.open.len();
            let closed = attributes::read(self.text, after, depth, &mut self.attributes, &mut self.scopes)?;
            debug_assert_eq!(closed, end, "a well-formed tag ends where quick-xml says");
        }
        if colon > 0 && self.scopes.of_prefix(self.prefix()).is_none() {
            let kind = XmlErrorKind::UndeclaredPrefix(self.prefix().to_owned());
            return Err(XmlError::new(start + 1..start + 1 + colon, kind));
        }
        Ok(Step::Start)
    }

    /// Reads the tag of an empty element.
    pub(super) fn open_empty(&mut self) -> Result<Step, XmlError> {
        let step = self.open_element(self.at - "/>".len())?;
        self.stage = Stage::Empty;
        Ok(step)
    }

    /// Reads the end tag at `start`.
    #[inline]
    fn end(&mut self) -> Result<Step, XmlError> {
        let name = self.text.as_bytes().get(self.start + "</".len()..self.at - 1);
        match (self.open.last(), name) {
            (Some(open), Some(name)) if chars::is_same(open.as_bytes(), name) => Ok(self.close()),
            _ => self.unusual_end(),
        }
    }

    /// Closes the innermost element.
    #[inline]
    pub(super) fn close(&mut self) -> Step {
        self.scopes.leave(self.open.len());
        self.name = self.open.pop().unwrap_or_default();
        if self.open.is_empty() {
            self.stage = Stage::AfterRoot;
        }
        Step::End
    }

    /// Remembers the error.
    #[cold]
    fn fail(&mut self, error: XmlError) -> XmlError {
        self.stage = Stage::Failed;
        self.failed = Some(error.clone());
        error
    }
}

/// quick-xml's events of `text`, without the checks that are made here in any case.
fn events(text: &str) -> quick_xml::Reader<&[u8]> {
    let mut events = quick_xml::Reader::from_str(text);
    let config = events.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.trim_markup_names_in_closing_tags = false;
    events
}
