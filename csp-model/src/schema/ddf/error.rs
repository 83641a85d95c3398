//! Why a text is not a device description that can be used.

use std::fmt;

/// A text is not a device description, or describes what cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DdfError {
    /// The byte at fault.
    pub offset: usize,
    /// Its line, from 1.
    pub line: usize,
    /// Its column, in characters from 1.
    pub column: usize,
    /// The node in question, as a path; empty outside of all nodes. A node without a name of its own is `{}`.
    pub path: Box<str>,
    /// What is wrong.
    pub what: Box<str>,
    /// What would be right; `None` where `what` says it.
    pub expected: Option<Box<str>>,
}

impl fmt::Display for DdfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)?;
        self.expected.as_ref().map_or(Ok(()), |expected| write!(f, ", expected {expected}"))
    }
}
