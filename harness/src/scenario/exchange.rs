//! A message and what the device makes of it, as an endpoint would tell it.

use csp_model::Device;
use syncml::codec::{self, Limits};
use syncml::message::{Data, Kind, Results, Status};
use syncml::session::{Reason, Responder, Turn};

use crate::violation::Violation;

/// What came of a message.
#[derive(Debug)]
pub(super) struct Exchange {
    /// The HTTP status of an endpoint's answer.
    pub(super) http: u16,
    /// What the device made of it; `None` when it is no message.
    turn: Option<Turn>,
    /// What is wrong with the message.
    pub(super) violations: Vec<Violation>,
}

impl Exchange {
    /// Sends a message to the device, as the next one of a session.
    pub(super) fn of(message: &[u8], session: &mut Responder, device: &mut Device) -> Self {
        let limits = Limits::default();
        match codec::decode_with_text(message, &limits) {
            Ok((message, text)) => {
                let turn = session.receive(&message, device);
                Self { http: 200, violations: Violation::of_turn(&turn, &text), turn: Some(turn) }
            }
            Err(error) => Self {
                http: if message.len() > limits.bytes { 413 } else { 400 },
                turn: None,
                violations: vec![Violation::malformed(&error)],
            },
        }
    }

    /// The Statuses of the answer, the SyncHdr's left out, each with its reason.
    pub(super) fn statuses(&self) -> impl Iterator<Item = (&Status, &Reason)> {
        let statuses = self.turn.iter().flat_map(Turn::statuses);
        statuses.filter(|(status, _)| status.cmd.as_deref() != Some("SyncHdr"))
    }

    /// The address and the Data of every Item of the answer's Results.
    pub(super) fn results(&self) -> impl Iterator<Item = (&str, &str)> {
        let commands = self.turn.iter().flat_map(|turn| &turn.answer.body.commands);
        let results = commands.filter_map(|command| match &command.kind {
            Kind::Results(Results { items, .. }) => Some(items),
            Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Status(_) | Kind::Unknown(_) => {
                None
            }
        });
        results.flatten().filter_map(|item| {
            let address = item.source.as_ref()?.loc_uri.as_deref()?;
            let data = match &item.data {
                Some(Data::Text(text)) => text.as_str(),
                // A device writes its values as text, whatever they spell.
                Some(Data::Markup(_)) | None => "",
            };
            Some((address.trim(), data))
        })
    }
}
