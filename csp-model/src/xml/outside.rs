//! What stands outside the root element, and what quick-xml or a rule of XML takes for broken.

use super::attributes::qualified_name;
use super::prolog::{self, unclosed};
use super::reader::{Raw, Reader, Stage};
use super::reference::reference;
use super::{Step, XmlError, XmlErrorKind, chars};

impl Reader<'_> {
    /// Reads on where no element with content is open: up to the next tag (production 27).
    #[cold]
    pub(super) fn outside(&mut self) -> Result<Step, XmlError> {
        match self.stage {
            Stage::Root | Stage::Start | Stage::BeforeDoctype | Stage::AfterDoctype | Stage::AfterRoot => {}
            Stage::Empty => {
                self.stage = Stage::Root;
                self.start = self.at;
                return Ok(self.close());
            }
            Stage::Failed => {
                return Err(self.failed.clone().unwrap_or_else(|| self.unexpected(self.at, self.wanted())));
            }
        }
        loop {
            self.start = self.at;
            match self.event() {
                Raw::Start => return self.open_element(self.at - 1),
                Raw::Empty => return self.open_empty(),
                Raw::End => return self.unusual_end(),
                Raw::Eof => return self.eof(),
                event => self.misc(event)?,
            }
            if self.stage == Stage::Start {
                self.stage = Stage::BeforeDoctype;
            }
        }
    }

    fn misc(&mut self, event: Raw) -> Result<(), XmlError> {
        let here = self.start;
        let end = match event {
            Raw::Text => here + chars::space_length(self.text.get(here..self.at).unwrap_or_default()),
            Raw::Declaration if self.stage == Stage::Start => prolog::declaration(self.text, here)?,
            Raw::Declaration | Raw::Instruction => prolog::instruction(self.text, here)?,
            Raw::Comment => prolog::comment(self.text, here)?,
            Raw::Doctype => self.doctype()?,
            Raw::CData => return Err(self.unexpected(here + "<!".len(), self.declarations())),
            Raw::Broken => return Err(self.broken(here)),
            Raw::Reference | Raw::Start | Raw::Empty | Raw::End | Raw::Eof => here,
        };
        if end == self.at { Ok(()) } else { Err(self.unexpected(end, self.wanted())) }
    }

    fn doctype(&mut self) -> Result<usize, XmlError> {
        match self.stage {
            Stage::Start | Stage::BeforeDoctype if self.is_doctype(self.start) => {
                self.stage = Stage::AfterDoctype;
                prolog::doctype(self.text, self.start, self.doctype)
            }
            _ => Err(self.misplaced_doctype(self.start)),
        }
    }

    /// What takes itself for a DOCTYPE `here` is none, or in the wrong place.
    #[cold]
    pub(super) fn misplaced_doctype(&self, here: usize) -> XmlError {
        if !self.is_doctype(here) {
            return self.unexpected(here + "<!".len(), self.declarations());
        }
        let (found, expected) = match self.stage {
            Stage::AfterDoctype => ("a second DOCTYPE", "the root element"),
            Stage::AfterRoot => ("a DOCTYPE after the root element", "it before"),
            _ => ("a DOCTYPE inside the root element", "it before"),
        };
        let kind = XmlErrorKind::Syntax { found: found.to_owned(), expected };
        XmlError::new(here..here + "<!DOCTYPE".len(), kind)
    }

    fn is_doctype(&self, here: usize) -> bool {
        self.text.get(here..).is_some_and(|rest| rest.starts_with("<!DOCTYPE"))
    }

    /// The start tag `name` outside a root element.
    #[cold]
    pub(super) fn root(&mut self, name: &str) -> Result<(), XmlError> {
        if self.stage == Stage::AfterRoot {
            let found = format!("a second root element `<{name}>`");
            let kind = XmlErrorKind::Syntax { found, expected: self.wanted() };
            return Err(XmlError::new(self.start..self.start + 1 + name.len(), kind));
        }
        self.stage = Stage::Root;
        Ok(())
    }

    #[cold]
    pub(super) fn eof(&self) -> Result<Step, XmlError> {
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
    pub(super) fn unusual_end(&mut self) -> Result<Step, XmlError> {
        let start = self.start;
        let name = start + "</".len();
        let (length, _) = qualified_name(self.text, name, "the name of an element")?;
        let after = name + length;
        let found = self.text.get(name..after).unwrap_or_default();
        let Some(expected) = self.open.last().copied() else {
            let kind = XmlErrorKind::Syntax { found: format!("`</{found}>`"), expected: self.wanted() };
            return Err(XmlError::new(start..after, kind));
        };
        if after == self.text.len() {
            return self.eof();
        }
        if found != expected {
            let (found, expected) = (found.to_owned(), expected.to_owned());
            return Err(XmlError::new(start..after, XmlErrorKind::MismatchedEnd { found, expected }));
        }
        let close = after + chars::space_length(self.text.get(after..).unwrap_or_default());
        if self.text.as_bytes().get(close) != Some(&b'>') {
            return Err(self.unexpected(close, "`>` after the name in an end tag"));
        }
        Ok(self.close())
    }

    /// quick-xml found no event `here`: why is for the rules to say.
    #[cold]
    pub(super) fn broken(&mut self, here: usize) -> XmlError {
        let rest = self.text.get(here..).unwrap_or_default();
        let in_root = self.stage == Stage::Root;
        let checked = if rest.starts_with('&') {
            if in_root {
                reference(self.text, here).map(drop)
            } else {
                Err(self.unexpected(here, self.wanted()))
            }
        } else if rest.starts_with("<!--") {
            prolog::comment(self.text, here).map(drop)
        } else if rest.starts_with("<![CDATA[") && in_root {
            Err(unclosed("a CDATA section", "]]>", here))
        } else if rest.starts_with("<!DOCTYPE") {
            self.start = here;
            self.doctype().map(drop)
        } else if rest.starts_with("<!") {
            Err(self.unexpected(here + "<!".len(), self.declarations()))
        } else if self.stage == Stage::Start && prolog::is_declaration(rest) {
            prolog::declaration(self.text, here).map(drop)
        } else if rest.starts_with("<?") {
            prolog::instruction(self.text, here).map(drop)
        } else if rest.starts_with("</") {
            self.start = here;
            self.unusual_end().map(drop)
        } else {
            self.start = here;
            self.open_element(usize::MAX).map(drop)
        };
        debug_assert!(checked.is_err(), "quick-xml takes all that is well-formed");
        checked.err().unwrap_or_else(|| unclosed("markup", ">", here))
    }

    pub(super) fn unexpected(&self, at: usize, expected: &'static str) -> XmlError {
        XmlError::syntax(self.text, at, expected)
    }

    /// What may stand outside the root element.
    const fn wanted(&self) -> &'static str {
        match self.stage {
            Stage::AfterRoot => "the end of the text",
            Stage::Start | Stage::BeforeDoctype | Stage::AfterDoctype => "the root element",
            Stage::Root | Stage::Empty | Stage::Failed => "the root element",
        }
    }

    /// What may start with `<!`.
    const fn declarations(&self) -> &'static str {
        match self.stage {
            Stage::Root | Stage::Empty => "a comment or a CDATA section after `<!`",
            _ => "a comment or a DOCTYPE after `<!`",
        }
    }
}
