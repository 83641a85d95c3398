//! The reader: quick-xml's events, checked.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::events::Event as Raw;

use super::attributes::{self, qualified_name};
use super::chars::{self, Holds};
use super::namespace::Scopes;
use super::prolog::{self, unclosed};
use super::reference::{normalise_lines, resolve};
use super::{Attribute, End, Event, Start, TextEvent, XmlError, XmlErrorKind, is_blank};

/// What a DOCTYPE may hold. Declarations, and so entities, are never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doctype {
    /// A name and an external identifier: enough for messages.
    NoSubset,
    /// Also an internal subset of comments and processing instructions: device descriptions state their version
    /// in one (OMA DM Device Description Framework 1.2).
    SubsetOfInstructions,
}

/// A strict, forward-only reader of one document.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    events: quick_xml::Reader<&'a [u8]>,
    /// The offset of the next event.
    at: usize,
    /// What quick-xml's offsets lack: the byte order mark.
    base: usize,
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
    Fresh,
    BeforeDoctype,
    AfterDoctype,
    Root,
    AfterRoot,
}

impl<'a> Reader<'a> {
    /// A reader of `text`, for elements nested at most `depth` deep. A byte order mark is passed over.
    #[must_use]
    pub fn new(text: &'a str, doctype: Doctype, depth: usize) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let base = text.len() - body.len();
        let mut events = quick_xml::Reader::from_str(body);
        events.config_mut().check_end_names = false;
        events.config_mut().allow_unmatched_ends = true;
        let (holds, mut failed) = match chars::scan(text) {
            Ok(holds) => (holds, None),
            Err(error) => (Holds::default(), Some(error)),
        };
        // quick-xml would pass over this one too.
        if body.starts_with('\u{feff}') {
            failed = Some(XmlError::syntax(text, base, "the root element"));
        }
        Self {
            text,
            events,
            at: base,
            base,
            holds,
            doctype,
            depth,
            open: Vec::with_capacity(16),
            scopes: Scopes::default(),
            attributes: Vec::new(),
            empty: false,
            stage: Stage::Fresh,
            failed,
        }
    }

    /// The next event; [`Event::Eof`] again and again at the end.
    ///
    /// # Errors
    /// When the text is not well-formed XML 1.0 with namespaces, or nests too deeply. The error stays.
    #[expect(clippy::should_implement_trait, reason = "a document that breaks off is no iterator that ends")]
    #[inline]
    pub fn next(&mut self) -> Result<Event<'a>, XmlError> {
        self.read().inspect_err(|error| self.failed = Some(error.clone()))
    }

    /// The attributes of the last start tag, in document order, namespace declarations among them.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The namespace of the last start tag's element; empty when it is in none.
    #[must_use]
    #[inline]
    pub fn namespace(&self) -> &str {
        self.open.last().and_then(|name| self.scopes.of_element(name)).unwrap_or_default()
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

    /// How many elements are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    fn read(&mut self) -> Result<Event<'a>, XmlError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if self.empty {
            self.empty = false;
            return Ok(self.close(self.at..self.at));
        }
        let mut gathered: Option<TextEvent<'a>> = None;
        loop {
            let start = self.at;
            let raw = self.events.read_event().map_err(|error| self.broken(&error, start))?;
            self.at = self
                .base
                .saturating_add(usize::try_from(self.events.buffer_position()).unwrap_or(usize::MAX));
            match raw {
                Raw::Start(_) => return self.start(start, ">"),
                Raw::Empty(_) => return self.start(start, "/>"),
                Raw::End(_) => return self.end(start),
                Raw::Text(_) => {
                    let piece = self.piece(start)?;
                    if !self.goes_on() && gathered.is_none() {
                        return Ok(Event::Text(TextEvent { value: piece, span: start..self.at }));
                    }
                    gather(&mut gathered, piece, start..self.at);
                }
                Raw::CData(_) => gather(&mut gathered, self.cdata(start)?, start..self.at),
                Raw::GeneralRef(_) => {
                    self.only_in_root(start)?;
                    let name = self.text.get(start + 1..self.at - 1).unwrap_or_default();
                    let character = resolve(name, start)?;
                    gather(&mut gathered, Cow::Owned(character.to_string()), start..self.at);
                }
                Raw::Comment(_) => {
                    prolog::comment(self.text, start, self.at)?;
                    self.begin();
                }
                Raw::PI(_) => {
                    prolog::instruction(self.text, start, self.at)?;
                    self.begin();
                }
                Raw::Decl(_) if self.stage == Stage::Fresh => {
                    prolog::declaration(self.text, start, self.at)?;
                    self.begin();
                }
                Raw::Decl(_) => prolog::instruction(self.text, start, self.at)?,
                Raw::DocType(_) => self.doctype(start)?,
                Raw::Eof => return self.eof(),
            }
            if gathered.is_some() && !self.goes_on() {
                match gathered.take() {
                    Some(text) if !text.value.is_empty() => return Ok(Event::Text(text)),
                    Some(_) | None => {}
                }
            }
        }
    }

    #[inline]
    fn start(&mut self, start: usize, close: &'static str) -> Result<Event<'a>, XmlError> {
        let at = start + 1;
        let end = self.at - close.len();
        let length = qualified_name(self.text, at, "the name of an element")?;
        let name = self.text.get(at..at + length).unwrap_or_default();
        if self.stage != Stage::Root {
            if self.stage == Stage::AfterRoot {
                let found = format!("a second root element `<{name}>`");
                let kind = XmlErrorKind::Syntax { found, expected: "the end of the text" };
                return Err(XmlError::new(start..self.at, kind));
            }
            self.stage = Stage::Root;
        }
        self.open.push(name);
        if self.open.len() > self.depth {
            return Err(XmlError::new(start..self.at, XmlErrorKind::Depth(self.depth)));
        }
        self.attributes.clear();
        if at + length != end {
            let depth = self.open.len();
            attributes::read(self.text, at + length, end, depth, &mut self.attributes, &mut self.scopes)?;
        }
        if let Some((prefix, _)) = name.split_once(':')
            && self.scopes.of_prefix(prefix).is_none()
        {
            let kind = XmlErrorKind::UndeclaredPrefix(prefix.to_owned());
            return Err(XmlError::new(at..at + prefix.len(), kind));
        }
        self.empty = close == "/>";
        Ok(Event::Start(Start { name, span: start..self.at }))
    }

    #[inline]
    fn end(&mut self, start: usize) -> Result<Event<'a>, XmlError> {
        let inner = self.text.get(start + "</".len()..self.at - 1).unwrap_or_default();
        let expected = self.open.last().copied();
        if Some(inner) == expected || Some(inner.trim_end_matches([' ', '\t', '\r', '\n'])) == expected {
            return Ok(self.close(start..self.at));
        }
        let length = qualified_name(self.text, start + "</".len(), "the name of an element")?;
        let after = start + "</".len() + length;
        let space = chars::space_length(self.text.get(after..self.at).unwrap_or_default());
        if after + space + 1 != self.at {
            return Err(XmlError::syntax(self.text, after + space, "`>` after the name in an end tag"));
        }
        let found = inner.get(..length).unwrap_or_default().to_owned();
        let kind = match expected {
            Some(expected) => XmlErrorKind::MismatchedEnd { found, expected: expected.to_owned() },
            None => XmlErrorKind::Syntax { found: format!("`</{found}>`"), expected: self.outside() },
        };
        Err(XmlError::new(start..self.at, kind))
    }

    #[inline]
    fn close(&mut self, span: Range<usize>) -> Event<'a> {
        self.scopes.leave(self.open.len());
        let name = self.open.pop().unwrap_or_default();
        if self.open.is_empty() {
            self.stage = Stage::AfterRoot;
        }
        Event::End(End { name, span })
    }

    /// The characters between two pieces of markup.
    #[inline]
    fn piece(&mut self, start: usize) -> Result<Cow<'a, str>, XmlError> {
        let piece = self.text.get(start..self.at).unwrap_or_default();
        if self.stage != Stage::Root {
            if !is_blank(piece) {
                let at = start + chars::space_length(piece);
                return Err(XmlError::syntax(self.text, at, self.outside()));
            }
            self.begin();
            return Ok(Cow::Borrowed(""));
        }
        if self.holds.bracket
            && let Some(found) = piece.find("]]>")
        {
            let kind = XmlErrorKind::Syntax { found: "`]]>` in text".to_owned(), expected: "`]]&gt;`" };
            return Err(XmlError::new(start + found..start + found + 3, kind));
        }
        Ok(if self.holds.carriage_return { normalise_lines(piece) } else { Cow::Borrowed(piece) })
    }

    fn cdata(&self, start: usize) -> Result<Cow<'a, str>, XmlError> {
        self.only_in_root(start)?;
        let whole = self.text.get(start..self.at).unwrap_or_default();
        let inner = whole.strip_prefix("<![CDATA[").and_then(|rest| rest.strip_suffix("]]>"));
        inner.map(normalise_lines).ok_or_else(|| unclosed("a CDATA section", "]]>", start))
    }

    fn doctype(&mut self, start: usize) -> Result<(), XmlError> {
        match self.stage {
            Stage::Fresh | Stage::BeforeDoctype => {
                self.stage = Stage::AfterDoctype;
                prolog::doctype(self.text, start, self.at, self.doctype)
            }
            Stage::AfterDoctype => Err(self.misplaced(start, "a second DOCTYPE", "the root element")),
            Stage::Root => Err(self.misplaced(start, "a DOCTYPE inside the root element", "it before")),
            Stage::AfterRoot => Err(self.misplaced(start, "a DOCTYPE after the root element", "it before")),
        }
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

    /// Whether text goes on at the next event.
    #[inline]
    fn goes_on(&self) -> bool {
        match self.text.as_bytes().get(self.at..) {
            None | Some([] | [b'<']) => false,
            Some([b'<', next, ..]) => matches!(next, b'!' | b'?'),
            Some(_) => true,
        }
    }

    /// Something stood before the root element: no XML declaration can follow.
    fn begin(&mut self) {
        if self.stage == Stage::Fresh {
            self.stage = Stage::BeforeDoctype;
        }
    }

    fn only_in_root(&self, start: usize) -> Result<(), XmlError> {
        if self.stage == Stage::Root {
            Ok(())
        } else {
            Err(XmlError::syntax(self.text, start, self.outside()))
        }
    }

    /// What may stand outside the root element.
    const fn outside(&self) -> &'static str {
        match self.stage {
            Stage::AfterRoot => "the end of the text",
            Stage::Fresh | Stage::BeforeDoctype | Stage::AfterDoctype | Stage::Root => "the root element",
        }
    }

    fn misplaced(&self, start: usize, found: &str, expected: &'static str) -> XmlError {
        XmlError::new(start..self.at, XmlErrorKind::Syntax { found: found.to_owned(), expected })
    }

    /// What quick-xml says, in our words.
    #[cold]
    fn broken(&self, error: &quick_xml::Error, start: usize) -> XmlError {
        use quick_xml::Error as E;
        let tag = || unclosed("a tag", ">", start);
        match error {
            E::Syntax(SyntaxError::UnclosedPI | SyntaxError::UnclosedXmlDecl) => {
                unclosed("a processing instruction", "?>", start)
            }
            E::Syntax(SyntaxError::UnclosedComment) => unclosed("a comment", "-->", start),
            E::Syntax(SyntaxError::UnclosedCData) => unclosed("a CDATA section", "]]>", start),
            E::Syntax(SyntaxError::UnclosedDoctype) => unclosed("a DOCTYPE", ">", start),
            E::Syntax(SyntaxError::InvalidBangMarkup) => {
                XmlError::syntax(self.text, start + 2, "a comment, a CDATA section or a DOCTYPE after `<!`")
            }
            E::Syntax(SyntaxError::UnclosedTag) => tag(),
            E::Syntax(
                SyntaxError::UnclosedSingleQuotedAttributeValue
                | SyntaxError::UnclosedDoubleQuotedAttributeValue,
            ) => tag(),
            E::IllFormed(IllFormedError::UnclosedReference) => {
                XmlError::syntax(self.text, start, "`&amp;` or a reference that ends with `;`")
            }
            E::IllFormed(IllFormedError::MissingDoctypeName) => {
                XmlError::syntax(self.text, start + "<!DOCTYPE".len(), "the name of the root element")
            }
            // The other errors belong to checks that are turned off, to input and output, and to decoding.
            _ => XmlError::new(
                start..self.text.len(),
                XmlErrorKind::Syntax { found: error.to_string(), expected: "well-formed XML" },
            ),
        }
    }
}

fn gather<'a>(gathered: &mut Option<TextEvent<'a>>, piece: Cow<'a, str>, span: Range<usize>) {
    match gathered {
        None => *gathered = Some(TextEvent { value: piece, span }),
        Some(text) => {
            text.span.end = span.end;
            if text.value.is_empty() {
                text.value = piece;
            } else if !piece.is_empty() {
                text.value.to_mut().push_str(&piece);
            }
        }
    }
}
