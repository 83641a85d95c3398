//! What the other side of a session did wrong, as far as the session itself shows.
//!
//! A [`Ledger`] is told what one side sends and takes what the other sends back; what breaks the protocol is a
//! [`Finding`], by a [`Rule`]. Either side can keep one. Nothing is stopped by a finding: who judges is not who
//! answers.
//!
//! Deliberately absent: what a command asks for, which is answered with a status, and what is wrong within a single
//! message.

mod id;
mod ledger;
mod owed;
mod rules;
mod sent;

pub use ledger::Ledger;
pub use rules::{RULES, Rule};

use crate::message::Span;

/// A side of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The device, which opens the session.
    Device,
    /// The server, which manages it.
    Server,
}

/// One thing that the other side did wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// What was found, and what was expected.
    pub text: String,
    /// Where it stood in the message that was received.
    pub span: Span,
}

/// Text of the other side, short enough to be shown.
fn shown(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
    }
}
