//! The device's side of a conversation that somebody else opened: every message is new, and gets its answer.
//!
//! Deliberately absent: package 1, credentials, and the end of a session, which belong to a session that the device
//! opens.

use std::sync::Arc;

use csp_model::Device;

use super::answering::{Answering, Judging, Pull, Welcome};
use super::status::{Outcome, StatusCode};
use super::turn::{Incoming, Turn};
use crate::conformance as rules;
use crate::judge::Judge;
use crate::message::{Header, Location, Text};

/// The device as the one who answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Responder {
    /// The MsgID of the device's last message. Package 1 counts, whoever sent it.
    last_msg_id: u64,
    answering: Answering,
    /// `None` in one that judges nothing.
    judge: Option<Judge>,
}

impl Responder {
    /// A new session with `device`.
    #[must_use]
    pub fn new(device: &Device) -> Self {
        Self { last_msg_id: 1, answering: Answering::new(device), judge: Some(Judge::joining()) }
    }

    /// The same, for whoever has no use for findings: there are none.
    #[must_use]
    pub fn unjudging(device: &Device) -> Self {
        let mut responder = Self { judge: None, ..Self::new(device) };
        responder.answering.judging = Judging::Off;
        responder
    }

    /// Applies a message to the device and gives the answer. A message that is numbered 1 begins a session, as the judge
    /// sees it; a body alone belongs to none.
    pub fn receive<'m>(&mut self, incoming: impl Into<Incoming<'m>>, device: &mut Device) -> Turn {
        let Incoming { message, encoding, arrival, mac: _ } = incoming.into();
        let given = message.header.as_ref().and_then(|header| header.msg_id.as_ref());
        let begins = message.bare_body || given.is_some_and(|number| number.trim() == "1");
        if begins && self.judge.is_some() {
            self.judge = Some(Judge::joining());
        }
        let mut findings =
            self.judge.as_mut().map_or_else(Vec::new, |judge| judge.received(message, arrival));
        let own_number = given.and_then(|number| number.parse::<u64>().ok()?.checked_add(1));
        self.last_msg_id = own_number.unwrap_or(self.last_msg_id.saturating_add(1));
        let header = self.header(message.header.as_ref(), device);
        let outcome = Outcome::new(StatusCode::OK, &rules::SYNC_HDR);
        let welcome =
            Welcome { outcome, chal: None, pull: Pull::Objects, encoding: encoding.unwrap_or_default() };
        let mut turn = self.answering.turn(message, header, welcome, device);
        if let Some(judge) = self.judge.as_mut().filter(|_| !message.bare_body) {
            judge.sent(&turn.answer);
        }
        findings.append(&mut turn.findings);
        Turn { findings, ..turn }
    }

    fn header(&self, request: Option<&Header>, device: &Device) -> Header {
        let sender = request.and_then(|header| header.source.as_ref()?.loc_uri.clone());
        let session_id = request.and_then(|header| header.session_id.clone());
        let target = sender.map(Location::new);
        let source = Location::new(Arc::clone(&device.instance().id));
        Header {
            target,
            ..Header::new(session_id.unwrap_or(Text::from_static("1")), self.last_msg_id, source)
        }
    }
}
