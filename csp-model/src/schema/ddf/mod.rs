//! Device descriptions as text: OMA DM Device Description Framework 1.2 with Microsoft's extensions (DDF v2).
//!
//! [`read()`] makes [`Node`] trees of a description, [`write()`] makes a description of such trees, and
//! `read(write(roots))` gives the same trees. Deliberately absent: `RTProperties` and `Value`, which are about the
//! nodes of one device and not about their description, and the descriptions (`MSFT:ValueDescription`) of patterns,
//! ranges and schemas, which no rule rests on.

mod allowed;
mod context;
mod error;
mod extension;
mod read;
mod write;
mod xml_writer;

pub use error::DdfError;
pub use read::read;
pub use write::write;

use super::{Node, Warning};

/// What a device description says.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The nodes at the top; more than one where a file describes `./User` and `./Device`.
    pub roots: Vec<Node>,
    /// What was passed over or understood otherwise than it is written, in document order.
    pub warnings: Vec<Warning>,
    /// `Man`: who makes the device.
    pub manufacturer: Option<Box<str>>,
    /// `Mod`: which device it is.
    pub model: Option<Box<str>>,
    /// `MSFT:Diagnostics`
    pub diagnostics: Option<Box<str>>,
}
