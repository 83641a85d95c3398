//! What a reader of descriptions carries along: where it is, and what it found odd.

use super::DdfError;
use crate::schema::Warning;
use crate::schema::element::Element;
use crate::xml::line_and_column;

/// The place of the reader in a description.
#[derive(Debug)]
pub(super) struct Context<'a> {
    text: &'a str,
    /// The offsets at which lines begin, but for the first.
    lines: Vec<usize>,
    /// The names of the nodes that the reader is in.
    path: Vec<String>,
    warnings: Vec<Warning>,
}

/// A file that is odd in more places than this is odd as a whole.
const MOST_WARNINGS: usize = 200;

impl<'a> Context<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let lines =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect();
        Self { text, lines, path: Vec::new(), warnings: Vec::new() }
    }

    /// Steps into a node.
    pub(super) fn enter(&mut self, name: String) {
        self.path.push(name);
    }

    /// Steps out of the innermost node.
    pub(super) fn leave(&mut self) {
        self.path.pop();
    }

    pub(super) fn depth(&self) -> usize {
        self.path.len()
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, element: &Element<'_>) -> usize {
        self.lines.partition_point(|start| *start <= element.offset) + 1
    }

    /// Something odd at an element.
    pub(super) fn warn(&mut self, element: &Element<'_>, what: impl Into<Box<str>>) {
        let line = u32::try_from(self.line(element)).unwrap_or(u32::MAX);
        if self.warnings.len() < MOST_WARNINGS {
            self.warnings.push(Warning { line, path: self.path_text(), what: what.into() });
        } else if self.warnings.len() == MOST_WARNINGS {
            self.warnings.push(Warning {
                line,
                path: "".into(),
                what: "more that is odd is not named".into(),
            });
        }
    }

    /// An element that is not known here and is passed over.
    pub(super) fn unknown(&mut self, element: &Element<'_>) {
        self.warn(element, format!("{} is not known here and is passed over", element.tag()));
    }

    /// Something wrong at an element.
    pub(super) fn error(&self, element: &Element<'_>, what: impl Into<Box<str>>, expected: &str) -> DdfError {
        self.error_at(element.offset, what, Some(expected))
    }

    /// Something wrong at a place.
    pub(super) fn error_at(
        &self,
        offset: usize,
        what: impl Into<Box<str>>,
        expected: Option<&str>,
    ) -> DdfError {
        let (line, column) = line_and_column(self.text, offset);
        let expected = expected.filter(|expected| !expected.is_empty()).map(Into::into);
        DdfError { offset, line, column, path: self.path_text(), what: what.into(), expected }
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        self.warnings
    }

    fn path_text(&self) -> Box<str> {
        self.path.join("/").into()
    }
}
