//! The two engines and what lies between them.

use csp_model::Device;
use proptest::prelude::*;
use syncml::codec::{self, Limits};
use syncml::judge::{Finding, Needs};
use syncml::message::{Kind, Message, Status};
use syncml::session::device::{self, DeviceSession, Opening};
use syncml::session::server::{Answer, Ending, Handle, Outcome, ServerSession, Settings};
use syncml::session::{Incoming, Turn};

use super::case::{Case, Fate};
use super::reference;

/// What a case has come to.
#[derive(Debug)]
pub(crate) struct Played {
    /// By command; `None` while its session was broken off.
    pub(crate) outcomes: Vec<Option<Outcome>>,
    /// How the last session ended, on either side.
    pub(crate) ending: Option<device::Ending>,
    pub(crate) server_ending: Option<Ending>,
    /// What either side found wrong.
    pub(crate) findings: Vec<String>,
    pub(crate) device: Device,
}

/// A message on its way, with its header of HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wire {
    bytes: Vec<u8>,
    mac: Option<String>,
}

impl Wire {
    fn read(&self) -> Message {
        codec::decode(&self.bytes, &Limits::default()).expect("a message of ours")
    }

    fn mac(&self) -> Option<(&str, &[u8])> {
        self.mac.as_deref().map(|mac| (mac, self.bytes.as_slice()))
    }
}

/// A session that takes more messages than either side allows never ends.
const MOST_EXCHANGES: usize = 100;

/// Plays sessions until one is not broken off.
pub(crate) fn play(case: &Case, device: Device) -> Result<Played, TestCaseError> {
    let outcomes = vec![None; case.commands.len()];
    let mut played = Played { outcomes, ending: None, server_ending: None, findings: Vec::new(), device };
    let mut settings = case.settings();
    let mut fates = case.fates.iter().copied();
    for session in 1.. {
        let mut link = Link::open(case, &settings, &mut played);
        let is_over = link.run(case, &mut fates, &mut played)?;
        played.ending = link.client.ending().cloned();
        played.server_ending = link.server.ending();
        link.collect(&mut played);
        link.agrees(case)?;
        if is_over {
            return Ok(played);
        }
        // The server keeps its nonces from one session to the next.
        let nonce = link.server.verifier().next_nonce().map(<[u8]>::to_vec);
        settings.verifier = case.verifier(nonce, session);
        settings.prover = case.prover(link.server.prover().next_nonce().map(<[u8]>::to_vec));
    }
    Err(TestCaseError::fail("there is always another session"))
}

struct Link {
    client: DeviceSession,
    server: ServerSession,
    /// Which command of the case each handle is.
    handles: Vec<(usize, Handle)>,
    /// The Statuses that the device gave for commands.
    given: Vec<Status>,
    up: Wire,
    /// The answer to the message before `up`.
    before: Option<Wire>,
}

impl Link {
    fn open(case: &Case, settings: &Settings, played: &mut Played) -> Self {
        let opening = Opening { max_msg_size: case.device.max_msg_size, ..Opening::default() };
        let (client, first) = DeviceSession::open(opening, &mut played.device);
        let up = wire_up(&client, &first);
        let mut server = ServerSession::accept(&up.read(), settings.clone());
        let waiting = played.outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_none());
        let handles = waiting.map(|(index, _)| (index, server.queue(case.commands[index].clone()))).collect();
        Self { client, server, handles, given: Vec::new(), up, before: None }
    }

    /// Whether the session came to its own end.
    fn run(
        &mut self,
        case: &Case,
        fates: &mut impl Iterator<Item = Fate>,
        played: &mut Played,
    ) -> Result<bool, TestCaseError> {
        for _ in 0..MOST_EXCHANGES {
            let sent = self.up.read();
            let turn = self.server.receive(&sent, self.up.mac());
            note(played, "server", &turn.findings, &self.up);
            let bytes = codec::encode(&turn.message);
            let down = Wire { mac: self.server.mac(&bytes).map(|mac| mac.to_string()), bytes };
            if let Some(most) = case.device.max_msg_size.filter(|_| case.is_sensible) {
                prop_assert!(down.bytes.len() <= most, "{} bytes, at most {most}", down.bytes.len());
            }
            if self.client.ending().is_some() {
                return Ok(true);
            }
            match fates.next().unwrap_or(Fate::Straight) {
                Fate::Straight => {}
                Fate::AnswerLost => self.send_again(&down)?,
                Fate::OldAnswer => {
                    if let Some(before) = self.before.clone() {
                        self.hears_again(&before, played)?;
                        self.send_again(&down)?;
                    }
                }
                // An answer of which a part is under way is left to come.
                Fate::Broken if sent.body.is_final => return Ok(false),
                Fate::Broken => {}
            }
            let message = down.read();
            let incoming = Incoming { mac: down.mac(), ..Incoming::from(&message) };
            let turn = self.client.receive(incoming, &mut played.device);
            prop_assert!(!turn.repeats);
            note(played, "device", &turn.findings, &down);
            self.before = Some(down);
            if !turn.is_due {
                prop_assert!(self.client.ending().is_some(), "nothing to say, and not over");
                return Ok(true);
            }
            self.given.extend(statuses(&turn.answer));
            self.up = wire_up(&self.client, &turn.answer);
            if let Some(most) = case.answers_within() {
                prop_assert!(self.up.bytes.len() <= most, "{} bytes, at most {most}", self.up.bytes.len());
            }
        }
        Err(TestCaseError::fail("the session does not end"))
    }

    /// The device sends its message again, and gets the same answer.
    fn send_again(&mut self, down: &Wire) -> Result<(), TestCaseError> {
        let turn = self.server.receive(&self.up.read(), self.up.mac());
        prop_assert!(turn.finished.is_empty() && turn.findings.is_empty(), "{:?}", turn);
        let bytes = codec::encode(&turn.message);
        let again = Wire { mac: self.server.mac(&bytes).map(|mac| mac.to_string()), bytes };
        prop_assert_eq!(&again, down);
        Ok(())
    }

    /// The device gets an answer once more that it has acted upon.
    fn hears_again(&mut self, before: &Wire, played: &mut Played) -> Result<(), TestCaseError> {
        let message = before.read();
        let was = reference::shown(&played.device);
        let incoming = Incoming { mac: before.mac(), ..Incoming::from(&message) };
        let turn: Turn = self.client.receive(incoming, &mut played.device);
        prop_assert!(turn.repeats && turn.findings.is_empty() && turn.effects.is_empty(), "{:?}", turn);
        prop_assert_eq!(reference::shown(&played.device), was);
        prop_assert_eq!(self.client.mac(&self.up.bytes), self.up.mac.clone());
        Ok(())
    }

    /// What the server was told is what the device said; what the device said is known to the server, but for what was
    /// about parts, about Alerts of the session itself, and refusals of the server.
    fn agrees(&self, case: &Case) -> Result<(), TestCaseError> {
        let mut given: Vec<_> = self.given.iter().map(described).collect();
        for (_, handle) in &self.handles {
            let Some(answer) = self.server.outcome(*handle).and_then(Outcome::answer) else { continue };
            for told in all_statuses(answer) {
                let place = given.iter().position(|one| *one == described(told));
                prop_assert!(place.is_some(), "the device never said {:?}", told);
                place.map(|place| given.swap_remove(place));
            }
        }
        let is_over = self.server.ending() == Some(Ending::Done);
        if case.is_sensible && is_over {
            let is_known = |[_, _, cmd, code]: &[String; 4]| {
                ["213", "401", "407"].contains(&code.as_str()) || cmd == "Alert" && code == "200"
            };
            prop_assert!(given.iter().all(is_known), "the server was not told {:?}", given);
        }
        Ok(())
    }

    /// What became of the commands.
    fn collect(&self, played: &mut Played) {
        for (index, handle) in &self.handles {
            played.outcomes[*index] = self.server.outcome(*handle).cloned();
        }
    }
}

fn wire_up(client: &DeviceSession, message: &Message) -> Wire {
    let bytes = codec::encode(message);
    Wire { mac: client.mac(&bytes), bytes }
}

/// Notes what one side has found the session to be. Its commands may be as wrong as they like.
fn note(played: &mut Played, side: &str, findings: &[Finding], wire: &Wire) {
    let text = String::from_utf8_lossy(&wire.bytes);
    let findings = findings.iter().filter(|one| matches!(one.rule.needs, Needs::Session | Needs::OtherSide));
    played.findings.extend(findings.map(|one| format!("{side}: {}: {}\n{text}", one.rule.id, one.text)));
}

fn all_statuses(answer: &Answer) -> Vec<&Status> {
    let members = answer.members.iter().flat_map(all_statuses);
    answer.statuses.iter().chain(members).collect()
}

/// MsgRef, CmdRef, Cmd and code.
fn described(status: &Status) -> [String; 4] {
    let texts = [&status.msg_ref, &status.cmd_ref, &status.cmd, &status.code];
    texts.map(|text| text.as_ref().map(ToString::to_string).unwrap_or_default())
}

fn statuses(message: &Message) -> Vec<Status> {
    let statuses = message.body.commands.iter().filter_map(|command| match &command.kind {
        Kind::Status(status) => Some(status),
        Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Results(_) | Kind::Unknown(_) => None,
    });
    let of_commands = |status: &&Status| status.cmd_ref.as_deref() != Some("0");
    statuses.filter(of_commands).cloned().collect()
}
