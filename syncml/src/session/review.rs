//! Judging messages that were written or recorded: no session is held, and nobody waits for an answer.
//!
//! Deliberately absent: what the device would answer. It only serves to find out what it would refuse.

use csp_model::Device;

use super::Responder;
use crate::judge::{Arrival, Finding, Judge, Needs, Side};
use crate::message::{Alert, Kind, Location, Message, Request, Verb};

/// The messages of one session, in the order in which they were sent. The device's may be missing, all of them or some:
/// then the rules that need them say nothing.
#[derive(Debug, Clone)]
pub struct Review {
    judge: Judge,
    responder: Responder,
    device: Device,
    /// Whether a message of the server's has been seen.
    has_begun: bool,
}

impl Review {
    /// A session with `device`.
    #[must_use]
    pub fn new(device: Device) -> Self {
        Self { judge: Judge::joining(), responder: Responder::new(&device), device, has_begun: false }
    }

    /// Takes a message of the device's.
    pub fn device_said(&mut self, message: &Message) {
        if !self.has_begun {
            self.judge = Judge::new();
            self.has_begun = true;
        }
        self.judge.sent(message);
    }

    /// Takes a message of the server's, and gives what is wrong with it.
    pub fn server_said(&mut self, message: &Message, arrival: Arrival) -> Vec<Finding> {
        self.has_begun = true;
        let mut findings = self.judge.received(message, arrival);
        // The responder's own view of the session is about answers that nobody has given.
        let turn = self.responder.receive(message, &mut self.device);
        findings.extend(turn.findings.into_iter().filter(|finding| finding.rule.needs == Needs::Device));
        findings
    }
}

/// Which side a message is of, by what only one of them sends and by whom it is for; `None` where nothing tells.
#[must_use]
pub fn side_of(message: &Message) -> Option<Side> {
    let told = message.body.commands.iter().find_map(|command| match &command.kind {
        Kind::Results(_) => Some(Side::Device),
        Kind::Container(_) => Some(Side::Server),
        Kind::Alert(Alert { code, .. }) => match code.as_deref().map(str::trim) {
            Some("1200" | "1201" | "1224" | "1225" | "1226") => Some(Side::Device),
            _ => None,
        },
        Kind::Request(Request { verb: Verb::Replace, items, .. }) => {
            let item = items.first()?;
            let is_devices = item.target.is_none() && item.source.is_some();
            Some(if is_devices { Side::Device } else { Side::Server })
        }
        Kind::Request(_) => Some(Side::Server),
        Kind::Status(_) | Kind::Unknown(_) => None,
    });
    told.or_else(|| {
        let header = message.header.as_ref()?;
        let is_web = |text: &str| text.trim().to_ascii_lowercase().starts_with("http");
        let web = |location: Option<&Location>| location?.loc_uri.as_deref().map(is_web);
        match (web(header.source.as_ref()), web(header.target.as_ref())) {
            (Some(true), Some(false)) => Some(Side::Server),
            (Some(false), Some(true)) => Some(Side::Device),
            _ => None,
        }
    })
}
