//! The reader itself: finds the tags, and keeps account of what is open.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;

use super::attributes::{self, qualified_name};
use super::chars::{self, Holds};
use super::namespace::Scopes;
use super::prolog::{self, unclosed};
use super::reference::{normalise_lines, reference};
use super::{Attribute, End, Event, Start, TextEvent, XmlError, XmlErrorKind};

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
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    text: &'a str,
    /// The offset of the next byte to read.
    at: usize,
    holds: Holds,
    doctype: Doctype,
    depth: usize,
    /// The names of the open elements.
    open: Vec<&'a str>,
    scopes: Scopes<'a>,
    attributes: Vec<Attribute<'a>>,
    /// The last start tag was an empty element's: its end comes next.
    empty: bool,
    stage: Stage,
    failed: Option<XmlError>,
}

/// How far the document has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    BeforeDoctype,
    AfterDoctype,
    Root,
    AfterRoot,
}

impl<'a> Reader<'a> {
    /// A reader of `text`, for elements nested at most `depth` deep. A byte order mark is passed over.
    #[must_use]
    pub fn new(text: &'a str, doctype: Doctype, depth: usize) -> Self {
        let (holds, failed) = match chars::scan(text) {
            Ok(holds) => (holds, None),
            Err(error) => (Holds::default(), Some(error)),
        };
        Self {
            text,
            at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 },
            holds,
            doctype,
            depth,
            open: Vec::with_capacity(16),
            scopes: Scopes::default(),
            attributes: Vec::new(),
            empty: false,
            stage: Stage::Start,
            failed,
        }
    }

    /// The next event; [`Event::Eof`] again and again at the end.
    ///
    /// # Errors
    /// When the text is not well-formed XML 1.0 with namespaces, or nests too deeply. The error stays.
    #[expect(clippy::should_implement_trait, reason = "a document that breaks off is no iterator that ends")]
    pub fn next(&mut self) -> Result<Event<'a>, XmlError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.read().inspect_err(|error| self.failed = Some(error.clone()))
    }

    /// The attributes of the last start tag, in document order, namespace declarations among them.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The namespace of the element that `start`, the last start tag, opened; empty when it is in none.
    #[must_use]
    #[inline]
    pub fn namespace(&self, start: &Start<'_>) -> &str {
        match start.prefix() {
            "" => self.scopes.of_no_prefix(),
            prefix => self.scopes.of_prefix(prefix).unwrap_or_default(),
        }
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

    /// The offset of the next byte to be read, where the last event ended.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.at
    }

    #[inline]
    fn read(&mut self) -> Result<Event<'a>, XmlError> {
        if self.empty {
            self.empty = false;
            return Ok(self.close(self.at));
        }
        loop {
            if self.stage != Stage::Root {
                self.misc()?;
            }
            let bytes = self.text.as_bytes();
            match (bytes.get(self.at), bytes.get(self.at + 1)) {
                (None, _) => return self.eof(),
                (Some(b'<'), Some(b'/')) => return self.end(),
                (Some(b'<'), next) if !matches!(next, Some(b'!' | b'?')) => return self.start(),
                // Comments alone leave nothing.
                (Some(_), _) => {
                    if let Some(text) = self.characters()? {
                        return Ok(Event::Text(text));
                    }
                }
            }
        }
    }

    #[inline]
    fn start(&mut self) -> Result<Event<'a>, XmlError> {
        let start = self.at;
        let (length, prefix) = qualified_name(self.text, start + 1, "the name of an element")?;
        let mut at = start + 1 + length;
        let name = self.text.get(start + 1..at).unwrap_or_default();
        if self.open.len() >= self.depth {
            return Err(XmlError::new(start..at, XmlErrorKind::Depth(self.depth)));
        }
        if self.stage != Stage::Root {
            self.root(name)?;
        }
        self.open.push(name);
        self.attributes.clear();
        if self.text.as_bytes().get(at) != Some(&b'>') {
            at = attributes::read(self.text, at, self.open.len(), &mut self.attributes, &mut self.scopes)?;
            self.empty = self.text.as_bytes().get(at) == Some(&b'/');
            at += usize::from(self.empty);
        }
        if prefix > 0 {
            self.check_prefix(start + 1..start + 1 + prefix)?;
        }
        self.at = at + 1;
        Ok(Event::Start(Start { name, colon: prefix, span: start..self.at }))
    }

    #[inline]
    fn end(&mut self) -> Result<Event<'a>, XmlError> {
        let name = self.at + "</".len();
        let expected = self.open.last().copied().unwrap_or_default();
        let rest = self.text.as_bytes().get(name..).unwrap_or_default();
        if !rest.starts_with(expected.as_bytes()) || rest.get(expected.len()) != Some(&b'>') {
            return self.unusual_end();
        }
        Ok(self.close(name + expected.len() + 1))
    }

    /// Closes the innermost element, whose end tag reaches to `end`.
    #[inline]
    fn close(&mut self, end: usize) -> Event<'a> {
        let start = self.at;
        self.at = end;
        self.scopes.leave(self.open.len());
        let name = self.open.pop().unwrap_or_default();
        if self.open.is_empty() {
            self.stage = Stage::AfterRoot;
        }
        Event::End(End { name, span: start..end })
    }

    /// Text in the root element, up to the next tag.
    #[inline]
    fn characters(&mut self) -> Result<Option<TextEvent<'a>>, XmlError> {
        let start = self.at;
        let value = self.piece()?;
        if !value.is_empty() && !self.goes_on() {
            return Ok(Some(TextEvent { value, span: start..self.at }));
        }
        self.gather(value, start)
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
    fn gather(&mut self, mut value: Cow<'a, str>, start: usize) -> Result<Option<TextEvent<'a>>, XmlError> {
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
                return Err(XmlError::syntax(self.text, here + 2, "a comment or a CDATA section after `<!`"));
            } else {
                self.piece()?
            };
            if value.is_empty() {
                value = piece;
            } else {
                value.to_mut().push_str(&piece);
            }
        }
        Ok((!value.is_empty()).then_some(TextEvent { value, span: start..self.at }))
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
                return Err(XmlError::syntax(self.text, here + 2, "a comment or a DOCTYPE after `<!`"));
            } else if rest.is_empty() || rest.starts_with('<') {
                return Ok(());
            } else {
                return Err(XmlError::syntax(self.text, here, self.outside()));
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
            Stage::Root => Err(self.misplaced("a DOCTYPE inside the root element", "it before")),
            Stage::AfterRoot => Err(self.misplaced("a DOCTYPE after the root element", "it before")),
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

    fn eof(&self) -> Result<Event<'a>, XmlError> {
        let end = self.text.len();
        match (self.stage, self.open.last()) {
            (Stage::AfterRoot, None) => Ok(Event::Eof),
            (_, Some(name)) => {
                Err(XmlError::new(end..end, XmlErrorKind::UnclosedElement((*name).to_owned())))
            }
            (_, None) => Err(XmlError::syntax(self.text, end, "the root element")),
        }
    }

    /// An end tag that is not just the name: one with white space, or a wrong one.
    #[cold]
    fn unusual_end(&mut self) -> Result<Event<'a>, XmlError> {
        let name = self.at + "</".len();
        let (length, _) = qualified_name(self.text, name, "the name of an element")?;
        let found = self.text.get(name..name + length).unwrap_or_default();
        let Some(expected) = self.open.last().copied() else {
            let kind = XmlErrorKind::Syntax { found: format!("`</{found}>`"), expected: self.outside() };
            return Err(XmlError::new(self.at..name + length, kind));
        };
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
            return Err(XmlError::syntax(self.text, close, "`>` after the name in an end tag"));
        }
        Ok(self.close(close + 1))
    }

    fn check_prefix(&self, span: Range<usize>) -> Result<(), XmlError> {
        let prefix = self.text.get(span.clone()).unwrap_or_default();
        if self.scopes.of_prefix(prefix).is_some() {
            return Ok(());
        }
        Err(XmlError::new(span, XmlErrorKind::UndeclaredPrefix(prefix.to_owned())))
    }

    /// What may stand outside the root element.
    const fn outside(&self) -> &'static str {
        match self.stage {
            Stage::AfterRoot => "the end of the text",
            Stage::Start | Stage::BeforeDoctype | Stage::AfterDoctype | Stage::Root => "the root element",
        }
    }

    fn misplaced(&self, found: &str, expected: &'static str) -> XmlError {
        let span = self.at..self.at + "<!DOCTYPE".len();
        XmlError::new(span, XmlErrorKind::Syntax { found: found.to_owned(), expected })
    }
}
