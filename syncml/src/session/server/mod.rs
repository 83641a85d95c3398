//! The server's side of a session: what to ask of a device goes in, what became of it comes out.
//!
//! The device speaks first. [`ServerSession::accept`] takes its first message, [`queue`](ServerSession::queue) takes
//! commands, and every message of the device goes through [`receive`](ServerSession::receive), which gives the message
//! to send back. Credentials, CmdIDs, the device's MaxMsgSize, large objects and the end of the session are seen to.
//!
//! A whole session, with the [device's side](crate::session::DeviceSession) of it:
//!
//! ```
//! use csp_model::Device;
//! use syncml::codec::{Limits, decode, encode};
//! use syncml::session::DeviceSession;
//! use syncml::session::device::Opening;
//! use syncml::session::server::{Command, Ending, ServerSession, Settings};
//!
//! // The device opens the session.
//! let mut device = Device::builtin();
//! let (mut client, first) = DeviceSession::open(Opening::default(), &mut device);
//! let mut server = ServerSession::accept(&first, Settings::new("https://mdm.example.test/omadm"));
//!
//! // The server wants to know who made it, and to approve an update under a policy that asks for that.
//! let update = "./Vendor/MSFT/Update/ApprovedUpdates/ed1d17d7-eb94-4ea9-b8c1-6e4f3e6f7e4b";
//! let policy = "./Vendor/MSFT/Policy/Config/Update/RequireUpdateApproval";
//! let maker = server.queue(Command::get("./DevInfo/Man"));
//! let approval = server.queue(Command::atomic([
//!     Command::replace(policy, "1").format("int"),
//!     Command::add_node(update),
//! ]));
//!
//! // Messages go there and back, as bytes, until there is nothing left to say.
//! let mut body = encode(&first);
//! while client.ending().is_none() {
//!     let message = decode(&body, &Limits::default())?;
//!     let turn = server.receive(&message, None);
//!     assert!(turn.findings.is_empty());
//!     let answer = decode(&encode(&turn.message), &Limits::default())?;
//!     body = encode(&client.receive(&answer, &mut device).answer);
//! }
//! assert_eq!(server.ending(), Some(Ending::Done));
//!
//! // What became of the commands.
//! let answer = |handle| server.outcome(handle).and_then(|outcome| outcome.answer());
//! assert_eq!(answer(maker).and_then(|answer| answer.data()).as_deref(), Some("Contoso"));
//! assert!(answer(approval).is_some_and(|answer| answer.is_success()));
//! assert!(device.get(&update.parse()?).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Sources: OMA Device Management Protocol 1.2.1; \[MS-MDM\] 3.1.5. Deliberately absent: bytes, which are encoded and
//! decoded by whoever has the connection, and knowledge of any CSP.

mod command;
mod ending;
mod outcome;
mod package;
mod receive;
mod sending;

use std::collections::{BTreeMap, VecDeque};

pub use command::Command;
pub use ending::Ending;
pub use outcome::{Answer, Broken, Outcome};

use super::auth::{MacHeader, Prover, Refusal, Verifier};
use crate::judge::{Finding, Ledger, Side};
use crate::message::{Message, Text};

/// What a server is like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's LocURI.
    pub address: Text,
    /// Whether devices must prove who they are.
    pub verifier: Verifier,
    /// How the server proves who it is.
    pub prover: Prover,
    /// The largest message that the server takes, in bytes, as its SyncHdr says; nothing is said without it. Windows
    /// ends a session in which it cannot keep to it (observed).
    pub max_msg_size: Option<usize>,
    /// The largest object that the server puts together from parts, in bytes.
    pub max_obj_size: usize,
    /// After so many messages the session is ended: something goes round in circles. What the device says is kept until
    /// then, so this and the size of a message bound what a session takes.
    pub most_messages: u64,
}

impl Settings {
    /// A server at `address` that leaves proofs to the connection, as most do.
    #[must_use]
    pub fn new(address: impl Into<Text>) -> Self {
        Self {
            address: address.into(),
            verifier: Verifier::asks_nothing(),
            prover: Prover::without_credentials(),
            max_msg_size: None,
            max_obj_size: 16 * 1024 * 1024,
            most_messages: 1_000,
        }
    }
}

/// A command that was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(usize);

/// What a message of the device has brought about.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The message to send back.
    pub message: Message,
    /// Whether the device's message came before: nothing was done, and the answer is the same.
    pub repeats: bool,
    /// The commands that have got their outcome, in the order in which they were queued.
    pub finished: Vec<Handle>,
    /// What the device did wrong.
    pub findings: Vec<Finding>,
    /// Why its credentials were refused, if they were. Nothing else of the message was looked at then.
    pub refusal: Option<Refusal>,
}

/// The server as one side of a session.
#[derive(Debug, Clone)]
pub struct ServerSession {
    settings: Settings,
    session_id: Text,
    device: Option<Text>,
    /// The device's MaxMsgSize, in bytes.
    limit: Option<usize>,
    last_msg_id: u64,
    works: Vec<Work>,
    /// What has not been sent.
    queue: VecDeque<Handle>,
    /// What has been sent and waits for its answer.
    outstanding: Vec<Handle>,
    /// Which command a MsgRef and a CmdRef mean.
    references: BTreeMap<(u64, u64), Place>,
    package: Package,
    /// The large object that is being sent.
    sending: Option<sending::Sending>,
    /// The large object that is being received.
    receiving: Option<receive::Receiving>,
    finished: Vec<Handle>,
    ledger: Ledger,
    /// The device's last message and the answer to it.
    last: Option<Exchange>,
    ending: Option<Ending>,
}

/// A message of the device with the value of its `x-syncml-hmac`, and what was answered.
#[derive(Debug, Clone)]
struct Exchange {
    message: Message,
    mac: Option<String>,
    answer: Message,
}

/// A command with what has become of it so far.
#[derive(Debug, Clone)]
struct Work {
    command: Command,
    answer: Answer,
    outcome: Option<Outcome>,
}

/// A queued command, or a member of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    handle: Handle,
    path: Vec<usize>,
}

/// How far the server's own package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Package {
    /// It had its Final: new commands wait for that of the device.
    Complete,
    /// It goes on: a large object is under way, or there was no room.
    GoesOn(Room),
}

/// Whether a message was spent on making room for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Unasked,
    Asked,
}

impl ServerSession {
    /// A session that a device opens with its message `first`, which is to be [received](Self::receive) as well, once
    /// there is something queued.
    #[must_use]
    pub fn accept(first: &Message, settings: Settings) -> Self {
        let header = first.header.as_ref();
        let source = header.and_then(|header| header.source.as_ref());
        let session_id = header.and_then(|header| header.session_id.clone());
        Self {
            settings,
            session_id: session_id.unwrap_or(Text::from_static("1")),
            device: source.and_then(|source| source.loc_uri.clone()),
            limit: None,
            last_msg_id: 0,
            works: Vec::new(),
            queue: VecDeque::new(),
            outstanding: Vec::new(),
            references: BTreeMap::new(),
            package: Package::Complete,
            sending: None,
            receiving: None,
            finished: Vec::new(),
            ledger: Ledger::new(Side::Device),
            last: None,
            ending: None,
        }
    }

    /// The device's LocURI, as it wrote it.
    #[must_use]
    pub const fn device(&self) -> Option<&Text> {
        self.device.as_ref()
    }

    /// Puts a command behind those that wait. It is sent with the next message that has room for it.
    pub fn queue(&mut self, command: impl Into<Command>) -> Handle {
        let handle = Handle(self.works.len());
        let command = command.into();
        let answer = sending::blank(command.as_message());
        self.works.push(Work { command, answer, outcome: None });
        if self.goes_on() {
            self.queue.push_back(handle);
        } else {
            self.finish(handle, Outcome::Unsent);
        }
        handle
    }

    /// What became of a command; `None` while it waits, and for a handle of another session.
    #[must_use]
    pub fn outcome(&self, handle: Handle) -> Option<&Outcome> {
        self.works.get(handle.0)?.outcome.as_ref()
    }

    /// The header `x-syncml-hmac` for the message that was given last, whose bytes are `body`; `None` where the server
    /// does not prove itself by HMAC.
    #[must_use]
    pub fn mac(&self, body: &[u8]) -> Option<MacHeader> {
        self.settings.prover.mac(body)
    }

    /// The side that checks the device; it knows the nonce for the next session.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.settings.verifier
    }

    /// The side that proves the server; it knows the nonce for the next session.
    #[must_use]
    pub const fn prover(&self) -> &Prover {
        &self.settings.prover
    }

    fn finish(&mut self, handle: Handle, outcome: Outcome) {
        if let Some(work) = self.works.get_mut(handle.0) {
            work.outcome = Some(outcome);
            self.finished.push(handle);
        }
    }

    /// What has been sent gets its outcome: no more is said about it.
    fn settle(&mut self) {
        self.references.clear();
        self.sending = None;
        for handle in std::mem::take(&mut self.outstanding) {
            let Some(work) = self.works.get_mut(handle.0) else { continue };
            let answer = std::mem::take(&mut work.answer);
            let is_silent = answer.is_empty() && !work.command.as_message().no_resp;
            let outcome = if is_silent { Outcome::Unanswered } else { Outcome::Answered(answer) };
            self.finish(handle, outcome);
        }
    }
}
