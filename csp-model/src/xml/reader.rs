//! The reader itself: finds the tags, and keeps account of what is open.

use std::borrow::Cow;
use std::mem;
use std::ops::Range;

use memchr::memchr2;

use super::attributes::{self, qualified_name};
use super::chars::{self, Holds};
use super::event::local;
use super::namespace::Scopes;
use super::prolog::{self, unclosed};
use super::reference::{normalise_lines, reference};
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
    text: &'a str,
    /// Where the last event starts.
    start: usize,
    /// Where it ends: the offset of the next byte to read.
    at: usize,
    /// The name in the last tag.
    name: &'a str,
    /// The length of its prefix; 0 when there is none.
    colon: usize,
    /// The last text.
    value: Cow<'a, str>,
    attributes: Vec<Attribute<'a>>,
    /// The names of the open elements.
    open: Vec<&'a str>,
    scopes: Scopes<'a>,
    stage: Stage,
    holds: Holds,
    doctype: Doctype,
    depth: usize,
    failed: Option<XmlError>,
}

/// Where in the document the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    BeforeDoctype,
    AfterDoctype,
    Root,
    /// In an element without content, whose end comes next.
    Empty,
    AfterRoot,
    Failed,
}

impl<'a> Reader<'a> {
    /// A reader of `text`, for elements nested at most `depth` deep. A byte order mark is passed over.
    #[must_use]
    pub fn new(text: &'a str, doctype: Doctype, depth: usize) -> Self {
        let (holds, failed) = match chars::scan(text) {
            Ok(holds) => (holds, None),
            Err(error) => (Holds::default(), Some(error)),
        };
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self {
            text,
            start: at,
            at,
            name: "",
            colon: 0,
            value: Cow::Borrowed(""),
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
        mem::take(&mut self.value)
    }

    /// Whether the last text is white space alone.
    #[must_use]
    #[inline]
    pub fn is_blank(&self) -> bool {
        chars::is_blank(&self.value)
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
        self.start = self.at;
        loop {
            if self.stage != Stage::Root
                && let Some(step) = self.outside_content()?
            {
                return Ok(step);
            }
            match self.text.as_bytes().get(self.at..) {
                None | Some([]) => return self.eof(),
                Some([b'<', b'/', ..]) => return self.end(),
                Some([b'<']) => return self.open_element(),
                Some([b'<', next, ..]) if !matches!(next, b'!' | b'?') => return self.open_element(),
                // Comments alone leave nothing.
                Some([_, ..]) => {
                    if self.characters()? {
                        return Ok(Step::Text);
                    }
                    self.start = self.at;
                }
            }
        }
    }

    /// What comes next where no element with content is open; `None` when that is a tag.
    #[cold]
    fn outside_content(&mut self) -> Result<Option<Step>, XmlError> {
        match self.stage {
            Stage::Empty => {
                self.stage = Stage::Root;
                Ok(Some(self.close(self.at)))
            }
            Stage::Failed => {
                Err(self.failed.clone().unwrap_or_else(|| self.unexpected(self.at, self.outside())))
            }
            Stage::Root => Ok(None),
            Stage::Start | Stage::BeforeDoctype | Stage::AfterDoctype | Stage::AfterRoot => {
                self.misc()?;
                self.start = self.at;
                Ok(None)
            }
        }
    }

    #[inline]
    fn open_element(&mut self) -> Result<Step, XmlError> {
        let start = self.at;
        let (length, colon) = qualified_name(self.text, start + 1, "the name of an element")?;
        let mut at = start + 1 + length;
        let name = self.text.get(start + 1..at).unwrap_or_default();
        if self.open.len() >= self.depth {
            return Err(XmlError::new(start..at, XmlErrorKind::Depth(self.depth)));
        }
        if self.stage != Stage::Root {
            self.root(name)?;
        }
        (self.name, self.colon) = (name, colon);
        self.open.push(name);
        self.attributes.clear();
        if self.text.as_bytes().get(at) != Some(&b'>') {
            at = attributes::read(self.text, at, self.open.len(), &mut self.attributes, &mut self.scopes)?;
            if self.text.as_bytes().get(at) == Some(&b'/') {
                self.stage = Stage::Empty;
                at += 1;
            }
        }
        if colon > 0 && self.scopes.of_prefix(self.prefix()).is_none() {
            let kind = XmlErrorKind::UndeclaredPrefix(self.prefix().to_owned());
            return Err(XmlError::new(start + 1..start + 1 + colon, kind));
        }
        self.at = at + 1;
        Ok(Step::Start)
    }

    #[inline]
    fn end(&mut self) -> Result<Step, XmlError> {
        let name = self.at + "</".len();
        let Some(expected) = self.open.last().copied() else { return self.unusual_end() };
        let rest = self.text.as_bytes().get(name..).unwrap_or_default();
        if rest.get(expected.len()) != Some(&b'>') || !rest.starts_with(expected.as_bytes()) {
            return self.unusual_end();
        }
        Ok(self.close(name + expected.len() + 1))
    }

    /// Closes the innermost element, whose end tag reaches to `end`.
    #[inline]
    fn close(&mut self, end: usize) -> Step {
        self.at = end;
        self.scopes.leave(self.open.len());
        self.name = self.open.pop().unwrap_or_default();
        if self.open.is_empty() {
            self.stage = Stage::AfterRoot;
        }
        Step::End
    }

    /// Reads text in the root element, up to the next tag; `false` when there is none after all.
    #[inline]
    fn characters(&mut self) -> Result<bool, XmlError> {
        let value = self.piece()?;
        if !value.is_empty() && !self.goes_on() {
            self.value = value;
            return Ok(true);
        }
        self.value = self.gather(value)?;
        Ok(!self.value.is_empty())
    }

    /// The characters up to the next markup or reference.
    #[inline]
    fn piece(&mut self) -> Result<Cow<'a, str>, XmlError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = memchr2(b'<', b'&', rest.as_bytes()).unwrap_or(rest.len());
        let piece = rest.get(..length).unwrap_or_default();
        if self.holds.bracket
            && let Some(found) = piece.find("]]>")
        {
            let (start, found_text) = (self.at + found, "`]]>` in text".to_owned());
            let kind = XmlErrorKind::Syntax { found: found_text, expected: "`]]&gt;`" };
            return Err(XmlError::new(start..start + "]]>".len(), kind));
        }
        self.at += length;
        Ok(if self.holds.carriage_return { normalise_lines(piece) } else { Cow::Borrowed(piece) })
    }

    /// The rest of a text that does not stand in one piece.
    fn gather(&mut self, mut value: Cow<'a, str>) -> Result<Cow<'a, str>, XmlError> {
        while self.goes_on() {
            let here = self.at;
            let rest = self.text.get(here..).unwrap_or_default();
            let piece = if rest.starts_with('&') {
                let (character, end) = reference(self.text, here)?;
                self.at = end;
                Cow::Owned(character.to_string())
            } else if let Some(inner) = rest.strip_prefix("<![CDATA[") {
                let length = inner.find("]]>").ok_or_else(|| unclosed("a CDATA section", "]]>", here))?;
                self.at += "<![CDATA[]]>".len() + length;
                normalise_lines(inner.get(..length).unwrap_or_default())
            } else if rest.starts_with("<!--") {
                self.at = prolog::comment(self.text, here)?;
                continue;
            } else if rest.starts_with("<?") {
                self.at = prolog::instruction(self.text, here)?;
                continue;
            } else if rest.starts_with("<!DOCTYPE") {
                return Err(self.misplaced("a DOCTYPE inside the root element", "it before"));
            } else if rest.starts_with("<!") {
                return Err(self.unexpected(here + 2, "a comment or a CDATA section after `<!`"));
            } else {
                self.piece()?
            };
            if value.is_empty() {
                value = piece;
            } else {
                value.to_mut().push_str(&piece);
            }
        }
        Ok(value)
    }

    /// Whether text, or something that does not end it, comes next.
    #[inline]
    fn goes_on(&self) -> bool {
        match self.text.as_bytes().get(self.at..) {
            None | Some([] | [b'<']) => false,
            Some([b'<', next, ..]) => matches!(next, b'!' | b'?'),
            Some(_) => true,
        }
    }

    /// What stands outside the root element, up to the next tag (production 27).
    fn misc(&mut self) -> Result<(), XmlError> {
        loop {
            let here = self.at;
            let rest = self.text.get(here..).unwrap_or_default();
            let space = chars::space_length(rest);
            if space > 0 {
                self.at += space;
            } else if self.stage == Stage::Start && prolog::is_declaration(rest) {
                self.at = prolog::declaration(self.text, here)?;
            } else if rest.starts_with("<?") {
                self.at = prolog::instruction(self.text, here)?;
            } else if rest.starts_with("<!--") {
                self.at = prolog::comment(self.text, here)?;
            } else if rest.starts_with("<!DOCTYPE") {
                self.at = self.doctype()?;
            } else if rest.starts_with("<!") {
                return Err(self.unexpected(here + 2, "a comment or a DOCTYPE after `<!`"));
            } else if rest.is_empty() || rest.starts_with('<') {
                return Ok(());
            } else {
                return Err(self.unexpected(here, self.outside()));
            }
            if self.stage == Stage::Start {
                self.stage = Stage::BeforeDoctype;
            }
        }
    }

    fn doctype(&mut self) -> Result<usize, XmlError> {
        match self.stage {
            Stage::Start | Stage::BeforeDoctype => {
                self.stage = Stage::AfterDoctype;
                prolog::doctype(self.text, self.at, self.doctype)
            }
            Stage::AfterDoctype => Err(self.misplaced("a second DOCTYPE", "the root element")),
            Stage::Root | Stage::Empty => {
                Err(self.misplaced("a DOCTYPE inside the root element", "it before"))
            }
            Stage::AfterRoot | Stage::Failed => {
                Err(self.misplaced("a DOCTYPE after the root element", "it before"))
            }
        }
    }

    /// The start tag `name` outside a root element.
    fn root(&mut self, name: &str) -> Result<(), XmlError> {
        if self.stage == Stage::AfterRoot {
            let found = format!("a second root element `<{name}>`");
            let kind = XmlErrorKind::Syntax { found, expected: self.outside() };
            return Err(XmlError::new(self.at..self.at + 1 + name.len(), kind));
        }
        self.stage = Stage::Root;
        Ok(())
    }

    fn eof(&self) -> Result<Step, XmlError> {
        let end = self.text.len();
        match (self.stage, self.open.last()) {
            (Stage::AfterRoot, None) => Ok(Step::Eof),
            (_, Some(name)) => {
                Err(XmlError::new(end..end, XmlErrorKind::UnclosedElement((*name).to_owned())))
            }
            (_, None) => Err(self.unexpected(end, "the root element")),
        }
    }

    /// An end tag that is not just the name: one with white space, or a wrong one.
    #[cold]
    fn unusual_end(&mut self) -> Result<Step, XmlError> {
        let name = self.at + "</".len();
        let (length, _) = qualified_name(self.text, name, "the name of an element")?;
        let found = self.text.get(name..name + length).unwrap_or_default();
        let Some(expected) = self.open.last().copied() else {
            let kind = XmlErrorKind::Syntax { found: format!("`</{found}>`"), expected: self.outside() };
            return Err(XmlError::new(self.at..name + length, kind));
        };
        if name + length == self.text.len() {
            let end = self.text.len();
            return Err(XmlError::new(end..end, XmlErrorKind::UnclosedElement(expected.to_owned())));
        }
        if found != expected {
            let (found, expected) = (found.to_owned(), expected.to_owned());
            return Err(XmlError::new(
                self.at..name + length,
                XmlErrorKind::MismatchedEnd { found, expected },
            ));
        }
        let after = name + length;
        let close = after + chars::space_length(self.text.get(after..).unwrap_or_default());
        if self.text.as_bytes().get(close) != Some(&b'>') {
            return Err(self.unexpected(close, "`>` after the name in an end tag"));
        }
        Ok(self.close(close + 1))
    }

    /// What may stand outside the root element.
    const fn outside(&self) -> &'static str {
        match self.stage {
            Stage::AfterRoot => "the end of the text",
            Stage::Start | Stage::BeforeDoctype | Stage::AfterDoctype => "the root element",
            Stage::Root | Stage::Empty | Stage::Failed => "the root element",
        }
    }

    /// Remembers the error.
    #[cold]
    fn fail(&mut self, error: XmlError) -> XmlError {
        self.stage = Stage::Failed;
        self.failed = Some(error.clone());
        error
    }

    fn unexpected(&self, at: usize, expected: &'static str) -> XmlError {
        XmlError::syntax(self.text, at, expected)
    }

    fn misplaced(&self, found: &str, expected: &'static str) -> XmlError {
        let span = self.at..self.at + "<!DOCTYPE".len();
        XmlError::new(span, XmlErrorKind::Syntax { found: found.to_owned(), expected })
    }
}
