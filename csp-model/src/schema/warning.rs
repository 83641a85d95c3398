//! What is odd about a device description and does not stop its use.

/// Something in a device description that was passed over or understood otherwise than it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The line of the description, from 1.
    pub line: u32,
    /// The node in question, as a path below its root; empty outside of all nodes.
    pub path: Box<str>,
    /// What is odd, and what was made of it.
    pub what: Box<str>,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)
    }
}
