//! What a peer did wrong, by rules that each rest on a text.
//!
//! A [`Ledger`] is told what one side sends and takes what the other sends back: it knows the rules of the session,
//! and either side can keep one. A [`Judge`] is for servers: to the session it adds what a message shows by itself,
//! and what its transport shows. What only a device can see, because it has the node or refuses the value, is found
//! where commands are applied ([`Turn::findings`](crate::session::Turn::findings) has all of it). Nothing is stopped by a
//! [`Finding`]: who judges is not who answers.
//!
//! Deliberately absent: what becomes of a command, which is a status; and whether a finding matters to whoever asks.

pub(crate) mod device;
mod id;
mod ledger;
mod message;
mod owed;
pub mod rules;
mod sent;
mod transport;

pub use ledger::Ledger;
pub use rules::{Needs, Rule, Severity};
pub use transport::{Arrival, Channel};

use crate::codec::DecodeError;
use crate::message::{Message, Span};

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

impl Finding {
    /// Bytes that are no message.
    #[must_use]
    pub fn malformed(error: &DecodeError) -> Self {
        let span = Span::new(error.span.clone());
        Self { rule: &rules::MALFORMED, text: error.kind.to_string(), span }
    }

    /// No bytes at all, where a message was due.
    #[must_use]
    pub fn no_answer() -> Self {
        let text = "found an empty answer, expected a message".to_owned();
        Self { rule: &rules::NO_ANSWER, text, span: Span::default() }
    }
}

/// Who judges a server, within one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    ledger: Ledger,
    /// The device's MaxMsgSize, in bytes.
    limit: Option<usize>,
}

impl Judge {
    /// One who sees the session from its beginning.
    #[must_use]
    pub fn new() -> Self {
        Self { ledger: Ledger::new(Side::Server), limit: None }
    }

    /// One who has not seen what the session began with: what may be about that is right.
    #[must_use]
    pub fn joining() -> Self {
        Self { ledger: Ledger::joining(Side::Server), limit: None }
    }

    /// Remembers a message of the device's.
    pub fn sent(&mut self, message: &Message) {
        self.limit = message.header.as_ref().and_then(|header| header.max_msg_size()).or(self.limit);
        self.ledger.sent(message);
    }

    /// Takes a message of the server's, and gives what is wrong with it: with the message as it came, with what it says,
    /// and with its place in the session.
    pub fn received(&mut self, message: &Message, arrival: Arrival) -> Vec<Finding> {
        let mut findings = Findings(Vec::new());
        transport::judge(message, arrival, self.limit, &mut findings);
        self::message::judge(message, &mut findings);
        self.ledger.judge(message, &mut findings);
        findings.0
    }
}

impl Default for Judge {
    fn default() -> Self {
        Self::new()
    }
}

/// What has been found so far.
#[derive(Debug)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, rule: &'static Rule, text: String, span: Span) {
        self.0.push(Finding { rule, text, span });
    }
}

/// Text of the other side, short enough to be shown.
fn shown(text: &str) -> String {
    const MOST: usize = 160;
    match text.char_indices().nth(MOST) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
    }
}
