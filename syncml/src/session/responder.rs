//! The device's side of a conversation that somebody else opened: every message is new, and gets its answer.
//!
//! Deliberately absent: package 1, credentials, and the end of a session, which belong to a session that the device
//! opens.

use std::sync::Arc;

use csp_model::Device;

use super::answering::{Answering, Pull, Welcome};
use super::status::{Outcome, StatusCode};
use super::turn::Turn;
use crate::conformance as rules;
use crate::message::{Header, Location, Message, Text};

/// The device as the one who answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Responder {
    /// The MsgID of the device's last message. Package 1 counts, whoever sent it.
    last_msg_id: u64,
    answering: Answering,
}

impl Responder {
    /// A new session with `device`.
    #[must_use]
    pub fn new(device: &Device) -> Self {
        Self { last_msg_id: 1, answering: Answering::new(device) }
    }

    /// Applies a message to the device and gives the answer.
    pub fn receive(&mut self, message: &Message, device: &mut Device) -> Turn {
        let given = message.header.as_ref().and_then(|header| header.msg_id.as_ref());
        let own_number = given.and_then(|number| number.parse::<u64>().ok()?.checked_add(1));
        self.last_msg_id = own_number.unwrap_or(self.last_msg_id.saturating_add(1));
        let header = self.header(message.header.as_ref(), device);
        let outcome = Outcome::new(StatusCode::OK, &rules::SYNC_HDR);
        let welcome = Welcome { outcome, chal: None, pull: Pull::Objects };
        self.answering.turn(message, header, welcome, device)
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
