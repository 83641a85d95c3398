//! What comes of a step: what the device makes of a message, as an endpoint would tell it, or of a session that it holds.

use std::sync::Arc;

use csp_model::Device;
use csp_model::agent::Event;
use csp_model::tree::Effect;
use syncml::codec::{self, Limits};
use syncml::message::{Data, Kind, Results, Status};
use syncml::session::{Incoming, Reason, Responder, Turn};
use tokio::runtime;

use super::deed::Deed;
use crate::clock::Pace;
use crate::dial::{Dialler, HttpOptions, TlsOptions};
use crate::drive::Moment;
use crate::event::DeviceEvent;
use crate::fleet::{DEFAULT, Fleet, Settings};
use crate::opening::Opening;
use crate::transport::Url;
use crate::violation::Violation;

/// What came of a step.
#[derive(Debug)]
pub(super) struct Exchange {
    /// The HTTP status of an endpoint's answer; 200 for a session.
    pub(super) http: u16,
    /// What the device made of every message that came.
    turns: Vec<Turn>,
    /// What is wrong with them.
    pub(super) violations: Vec<Violation>,
    /// Why a session was not held to its end, or something could not be done.
    pub(super) failed: Option<String>,
    /// What the device did.
    pub(super) events: Arc<[DeviceEvent]>,
}

/// The session that the server of a scenario has opened.
#[derive(Debug)]
pub(super) struct Session {
    responder: Responder,
    /// Whether the device restarts at the end of the server's package.
    restarts: bool,
}

impl Session {
    /// One in which nothing was said.
    pub(super) fn new(device: &Device) -> Self {
        Self { responder: Responder::new(device), restarts: false }
    }

    fn receive(&mut self, incoming: Incoming<'_>, device: &mut Device) -> (Turn, Vec<Event>) {
        let mut events = device.advance_to(device.clock());
        let turn = self.responder.receive(incoming, device);
        self.restarts |= turn.effects.contains(&Effect::Restart);
        let is_over = incoming.message.header.is_none() || incoming.message.body.is_final;
        if self.restarts && is_over {
            self.restarts = false;
            events.extend(device.restart());
        }
        (turn, events)
    }
}

impl Exchange {
    /// Sends a message to the device, as the next one of a session.
    pub(super) fn of(message: &[u8], session: &mut Session, device: &mut Device) -> Self {
        let limits = Limits::default();
        let mut events = Vec::new();
        let (http, turns, violations) = match codec::decode_with_text(message, &limits) {
            Ok((message, input)) => {
                let incoming = Incoming { encoding: Some(input.encoding()), ..Incoming::from(&message) };
                let (turn, happened) = session.receive(incoming, device);
                events = happened;
                let violations = Violation::all(&turn.findings, &input);
                (200, vec![turn], violations)
            }
            Err(error) => {
                let http = if message.len() > limits.bytes { 413 } else { 400 };
                (http, Vec::new(), vec![Violation::malformed(&error)])
            }
        };
        let events = DeviceEvent::all(&events, device.profile());
        Self { http, turns, violations, failed: None, events }
    }

    /// Does something to the device.
    pub(super) fn of_deed(deed: &Deed, device: &mut Device) -> Self {
        let (events, failed) = match deed.done(device) {
            Ok(events) => (events, None),
            Err(what) => (Vec::new(), Some(what)),
        };
        let events = DeviceEvent::all(&events, device.profile());
        Self { http: 200, turns: Vec::new(), violations: Vec::new(), failed, events }
    }

    /// Lets the device dial a server, for one session.
    pub(super) fn dialled(to: &Url, tls: &TlsOptions, device: &mut Device) -> Self {
        let mut exchange = Self {
            http: 200,
            turns: Vec::new(),
            violations: Vec::new(),
            failed: None,
            events: Arc::default(),
        };
        exchange.failed = exchange.dial(to, tls, device).err();
        exchange
    }

    fn dial(&mut self, to: &Url, tls: &TlsOptions, device: &mut Device) -> Result<(), String> {
        let dialler = Dialler::new(tls, HttpOptions::default()).map_err(|failure| failure.to_string())?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| error.to_string())?.block_on(async {
            let fleet = Fleet::in_memory(
                Settings { pace: Pace::Frozen, ..Settings::default() },
                None,
                Arc::default(),
            );
            let added = fleet.add(vec![(DEFAULT.into(), device.clone())]).await;
            added.map_err(|error| error.to_string())?;
            let host = fleet.host(DEFAULT).ok_or("the device is gone")?;
            let mut line = dialler.line(device, None).map_err(|failure| failure.to_string())?;
            let opening = Opening { address: Some(to.to_string()), ..Opening::default() };
            let held = line
                .hold(&host, Some(to), opening, |moment| match moment {
                    Moment::Has(turn, violations) => {
                        self.turns.push(turn.clone());
                        self.violations.extend_from_slice(violations);
                    }
                    Moment::Sends { .. } | Moment::Hears { .. } => {}
                })
                .await;
            *device = host.peek(Device::clone).ok_or("the device is gone")?;
            let events = host.events(0).await.map_err(|refused| refused.to_string())?;
            self.events = events.into_iter().map(|recorded| recorded.event).collect();
            match held {
                Ok(held) if held.ending.is_complete() => Ok(()),
                Ok(held) => Err(held.ending.to_string()),
                Err(error) => {
                    self.violations.extend(error.violation().cloned());
                    Err(error.to_string())
                }
            }
        })
    }

    /// The Statuses of the answer, the SyncHdr's left out, each with its reason.
    pub(super) fn statuses(&self) -> impl Iterator<Item = (&Status, &Reason)> {
        let statuses = self.turns.iter().flat_map(Turn::statuses);
        statuses.filter(|(status, _)| status.cmd.as_deref() != Some("SyncHdr"))
    }

    /// The address and the Data of every Item of the answer's Results.
    pub(super) fn results(&self) -> impl Iterator<Item = (&str, &str)> {
        let commands = self.turns.iter().flat_map(|turn| &turn.answer.body.commands);
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
