//! What a message has brought about.

use csp_model::TreeError;
use csp_model::tree::Effect;

use crate::codec::Encoding;
use crate::conformance::Rule;
use crate::judge::{Arrival, Finding};
use crate::message::{Kind, Message, Span, Status};

/// What a message has brought about.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The answer.
    pub answer: Message,
    /// Whether the answer is due. One that would only say that the SyncHdr was understood is not; whoever must
    /// answer all the same sends it.
    pub is_due: bool,
    /// Why each Status is what it is, in the order of the answer.
    pub reasons: Vec<Reason>,
    /// What the commands have set in motion outside the tree.
    pub effects: Vec<Effect>,
    /// Whether the message came before: nothing was done, and the device's last message is due once more.
    pub repeats: bool,
    /// What the server did wrong: with the message as it stands, with its place in the session, and with the device's
    /// nodes, in this order.
    pub findings: Vec<Finding>,
}

/// A message as it came: what it says, and what its transport says of it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'m> {
    /// The message.
    pub message: &'m Message,
    /// The value of `x-syncml-hmac`, with the bytes that it is about.
    pub mac: Option<(&'m str, &'m [u8])>,
    /// How it came.
    pub arrival: Arrival,
    /// What the answer will be encoded in, whose size MaxMsgSize limits; when absent as the session has it.
    pub encoding: Option<Encoding>,
}

impl<'m> From<&'m Message> for Incoming<'m> {
    fn from(message: &'m Message) -> Self {
        Self { message, mac: None, arrival: Arrival::default(), encoding: None }
    }
}

/// Why a Status is what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The rule.
    pub rule: &'static Rule,
    /// The fact about the tree that it rests on, if it rests on one.
    pub error: Option<TreeError>,
    /// Where the command stood in the message.
    pub span: Span,
}

impl Turn {
    /// The Statuses of the answer, each with its reason.
    pub fn statuses(&self) -> impl Iterator<Item = (&Status, &Reason)> {
        let statuses = self.answer.body.commands.iter().filter_map(|command| match &command.kind {
            Kind::Status(status) => Some(status),
            Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Results(_) | Kind::Unknown(_) => {
                None
            }
        });
        statuses.zip(&self.reasons)
    }
}
