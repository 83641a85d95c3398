//! Where a message stands in a capture.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A place in a file: `session.har: entry 3: byte 1042, line 17`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// What of the file, where it has parts: an entry of an archive.
    pub part: Option<Arc<str>>,
    /// The offset of the first byte.
    pub offset: u64,
    /// How many bytes there are; 0 where they are not in the file as they were sent.
    pub length: usize,
    /// The line, from 1, in a text.
    pub line: Option<u64>,
}

impl Place {
    /// The beginning of a file.
    pub(crate) fn start(file: &Path) -> Self {
        Self { file: file.display().to_string().into(), part: None, offset: 0, length: 0, line: None }
    }

    /// The same file, at another place.
    #[must_use]
    pub(super) fn at(&self, offset: usize, length: usize) -> Self {
        Self { offset: offset as u64, length, line: None, ..self.clone() }
    }

    /// The same place, of which the line is known.
    #[must_use]
    pub(super) fn line(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }

    /// The same place, in a part of the file.
    #[must_use]
    pub(super) fn within(self, part: impl Into<Arc<str>>) -> Self {
        Self { part: Some(part.into()), ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(part) = &self.part {
            write!(f, ": {part}")?;
        }
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None if self.offset > 0 => write!(f, ": byte {}", self.offset),
            None => Ok(()),
        }
    }
}
