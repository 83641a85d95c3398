//! Where hostile input ends.

/// How much a message may hold. The defaults are far above anything that Windows or its servers send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nested elements. More than [`Limits::DEEPEST`] is taken as that.
    pub depth: usize,
    /// Commands, those in containers among them.
    pub commands: usize,
    /// Items of all commands.
    pub items: usize,
    /// Bytes before decoding.
    pub bytes: usize,
}

impl Limits {
    /// The depth that no limit exceeds: markup is read by recursion.
    pub const DEEPEST: usize = 256;
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 32, commands: 5_000, items: 20_000, bytes: 4 * 1024 * 1024 }
    }
}
