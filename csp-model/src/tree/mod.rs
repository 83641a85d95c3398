//! The gate: every command on the tree passes here, once, whichever CSP it is for.
//!
//! It knows the rules that all CSPs share: existence, access, format, allowed values, occurrence, implicit
//! parents. What it finds comes back as facts ([`TreeError`], [`Effect`]); how a protocol words them is not its
//! business.

mod error;
mod read;
mod resolve;
mod write;

pub use error::TreeError;
pub use read::{Leaves, Listed, Reading};
pub use resolve::Described;
pub use write::{Setting, Transaction};

use crate::agent::UpdateId;

/// What an Exec has set in motion. The device does not perform it: whoever drives the device does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The node was run, and nothing outside the tree follows.
    Executed,
    /// The update leaves with the next restart.
    RollbackStarted(UpdateId),
    /// The device restarts once the session is over.
    Restart,
    /// The enrolment with a server ends: [`Device::unenroll`](crate::Device::unenroll) takes it away.
    Unenroll {
        /// The server's provider id.
        provider: Box<str>,
    },
}
