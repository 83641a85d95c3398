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
    /// Elements of which a parent may hold any number and which are kept one by one: those that the vocabulary does
    /// not have, markup in `Data`, and references and experimental meta-information among the others.
    pub elements: usize,
    /// Bytes before decoding; also those that a string table adds, which a few bytes can refer to again and again.
    pub bytes: usize,
}

impl Limits {
    /// The depth that no limit exceeds: markup is read by recursion.
    pub const DEEPEST: usize = 256;
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 32, commands: 5_000, items: 20_000, elements: 50_000, bytes: 4 * 1024 * 1024 }
    }
}
