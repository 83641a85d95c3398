//! A device and the sessions that it holds with servers, whoever opened them.
//!
//! Deliberately absent: locks, and what is written where. Equal devices, times and messages give equal answers.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use csp_model::Device;
use csp_model::agent::site::Site;
use csp_model::agent::{Event, NoClient, NotAPause, Throttled};
use csp_model::device::ProfileError;
use csp_model::tree::Effect;
use syncml::codec::{self, Encoding};
use syncml::message::Header;
use syncml::session::device::{ClientAlert, Ending, Misbehaviour, Opening};
use syncml::session::{DeviceSession, Incoming, Responder, Turn};

use crate::clock::{NotAhead, Pace, Running};
use crate::transcript::{Call, ScanBy};

/// A device and its open sessions. A copy costs a few reference counts.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) device: Device,
    clock: Running,
    /// The one that was used last is last.
    sessions: Arc<Vec<Session>>,
    /// The provider id of the server that has taken the device out of its management. The device tells that in its next
    /// session, and has left when that is over.
    leaves: Option<Arc<str>>,
    /// A server has had the device restarted: when it does.
    restarts: Option<After>,
}

/// What a restart waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum After {
    /// The end of a package of a server that has opened its session itself.
    Package,
    /// The end of the session that the device has opened, by its SessionID.
    Session(Arc<str>),
}

/// A conversation with one server.
#[derive(Debug, Clone)]
enum Session {
    /// The server has opened it.
    Theirs(Arc<Key>, Arc<Responder>),
    /// The device has opened it: it is known by its SessionID alone, for servers name themselves as they like.
    Ours(Arc<Ours>),
}

/// What a session is known by that a server has opened: the server's LocURI and the SessionID.
type Key = (String, String);

/// A session that the device has opened.
#[derive(Debug, Clone)]
struct Ours {
    session: DeviceSession,
    /// The device's last message, for a server that asks again.
    last: Bytes,
    /// What that is encoded in.
    encoding: Encoding,
}

/// What the device says to a message.
#[derive(Debug)]
pub(crate) struct Said {
    /// What has come of the message; `None` for package 1.
    pub(crate) turn: Option<Turn>,
    /// The device's message.
    pub(crate) answer: Bytes,
    /// What that is encoded in.
    pub(crate) encoding: Encoding,
    /// The session that the device has opened, if it is one.
    pub(crate) session: Option<Opened>,
    /// What the device has done meanwhile: up to that time, and because of the message.
    pub(crate) events: Vec<Event>,
}

/// Why the control API cannot have what it asks for. The device is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unable {
    /// The clock cannot be moved there.
    #[error(transparent)]
    NotAhead(#[from] NotAhead),
    /// The last scan was not long ago.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The user cannot pause so.
    #[error(transparent)]
    NotAPause(#[from] NotAPause),
    /// It is no client of Configuration Manager, or has no policy yet.
    #[error(transparent)]
    NoClient(#[from] NoClient),
    /// A fault, or what stands around the device, makes no sense.
    #[error(transparent)]
    Senseless(#[from] ProfileError),
}

/// Where a session stands that the device has opened.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    /// Its SessionID.
    pub(crate) id: Arc<str>,
    /// The server's address, as the account has it.
    pub(crate) address: Arc<str>,
    /// Where the server wants the device's message, if it has said so.
    pub(crate) resp_uri: Option<Arc<str>>,
    /// What `x-syncml-hmac` says of the message.
    pub(crate) mac: Option<Arc<str>>,
    /// Whether the message is to be sent at all.
    pub(crate) is_due: bool,
    /// Why the session is over, if it is.
    pub(crate) ending: Option<Ending>,
}

impl Live {
    /// A device with no sessions, whose clock runs from where it stands.
    pub(crate) fn new(device: Device, pace: Pace) -> Self {
        let clock = Running::start(pace, device.clock());
        Self { clock, device, sessions: Arc::default(), leaves: None, restarts: None }
    }

    /// What its clock shows.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// How many sessions are open.
    pub(crate) fn open_sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Lives until `at`.
    #[must_use]
    pub(crate) fn live_until(&mut self, at: DateTime<Utc>) -> Vec<Event> {
        self.device.advance_to(at)
    }

    /// Does what a call of the control API asks for. Calls that put another device in its place, or end a session, are
    /// done by who makes them.
    ///
    /// # Errors
    /// When it cannot be done.
    pub(crate) fn perform(&mut self, call: &Call) -> Result<Vec<Event>, Unable> {
        let device = &mut self.device;
        Ok(match call {
            Call::Advance { to } => {
                let events = device.advance_to(*to);
                self.clock.set(device.clock());
                events
            }
            Call::Scan { by: ScanBy::User } => device.scan(),
            Call::Scan { by: ScanBy::DetectNow } => device.detect_now()?,
            Call::Scan { by: ScanBy::CcmExec } => device.client_scan()?,
            Call::Restart => device.restart(),
            Call::Pause { days } => device.user_pauses(*days)?,
            Call::Resume => device.user_resumes(),
            Call::PolicyRefresh => device.policy_refresh(),
            Call::Faults { faults } => device.set_faults(faults.to_vec())?,
            Call::Site { site } => device.set_site(Site::clone(site))?,
            Call::Install => device.user_installs(),
            Call::ClientReset => device.reset_client(),
            Call::Registry { values } => {
                for (key, values) in &**values {
                    for (name, value) in values {
                        device.set_registry(key, name, value.clone());
                    }
                }
                Vec::new()
            }
            Call::Created | Call::Reset | Call::Snapshot { .. } | Call::GivenUp { .. } | Call::Deleted => {
                Vec::new()
            }
        })
    }

    /// Opens a session at `at`, and gives package 1. Of more than `most` sessions, the one that was silent longest ends.
    pub(crate) fn open(&mut self, mut opening: Opening, at: DateTime<Utc>, most: usize) -> Said {
        let events = self.live_until(at);
        if self.leaves.is_some() && !opening.alerts.contains(&ClientAlert::Unenrollment) {
            opening.alerts.push(ClientAlert::Unenrollment);
        }
        let (session, message) = DeviceSession::open(opening, &mut self.device);
        let encoding = session.encoding();
        let last = Bytes::from(codec::encode_as(&message, encoding));
        let opened = opened(&session, &last, true);
        let mut said = Said { turn: None, answer: last.clone(), encoding, session: Some(opened), events };
        self.take_ours(session.session_id());
        match session.ending() {
            None => self.keep(Session::Ours(Arc::new(Ours { session, last, encoding })), most),
            Some(_) => self.leave(),
        }
        said.events.extend(self.restart_if_due());
        said
    }

    /// Takes a message that a server has posted at `at`, and gives the answer. Of more than `most` sessions, the one that
    /// was silent longest ends.
    ///
    /// Sessions are told apart by SessionID and Source; one that the device has opened by SessionID alone. A message that
    /// is numbered 1 opens a session, whatever was open under the same name; one that says no SessionID is a session of
    /// its own. The answer is encoded as it is asked for, else in XML.
    pub(crate) fn receive(&mut self, incoming: Incoming<'_>, at: DateTime<Utc>, most: usize) -> Said {
        let mut events = self.live_until(at);
        let header = incoming.message.header.as_ref();
        let Some((server, id)) = header.and_then(session_of) else {
            return self.answered_alone(events, incoming);
        };
        if self.ours(id).is_some() {
            let mut said = self.hear(id, incoming, at);
            said.events.splice(..0, events);
            return said;
        }
        let opens = header.and_then(|header| header.msg_id.as_deref()) == Some("1");
        let (key, mut responder) = match self.take_theirs(server, id) {
            Some((key, responder)) if !opens => (key, responder),
            Some((key, _)) => (key, Arc::new(Responder::new(&self.device))),
            None => (Arc::new((server.to_owned(), id.to_owned())), Arc::new(Responder::new(&self.device))),
        };
        let mut said = self.answered(Arc::make_mut(&mut responder), incoming);
        self.keep(Session::Theirs(key, responder), most);
        if incoming.message.body.is_final {
            events.extend(self.restart_after_package());
        }
        events.extend(self.restart_if_due());
        said.events = events;
        said
    }

    /// Takes what a server says at `at` in the session `id` that the device has opened. The device goes on in the encoding
    /// of its account, unless another is asked for.
    pub(crate) fn hear(&mut self, id: &str, incoming: Incoming<'_>, at: DateTime<Utc>) -> Said {
        let events = self.live_until(at);
        let Some(mut ours) = self.take_ours(id) else {
            // It was over, or has made room for others.
            return self.answered_alone(events, incoming);
        };
        let Ours { session, last, encoding: last_encoding } = Arc::make_mut(&mut ours);
        let turn = session.receive(incoming, &mut self.device);
        if !turn.repeats {
            *last_encoding = incoming.encoding.unwrap_or(session.encoding());
            *last = Bytes::from(codec::encode_as(&turn.answer, *last_encoding));
        }
        let encoding = *last_encoding;
        let opened = opened(session, last, turn.is_due || turn.repeats);
        if !turn.repeats && turn.effects.iter().any(is_restart) {
            self.restarts = Some(After::Session(id.into()));
        }
        let mut said =
            Said { turn: Some(turn), answer: last.clone(), encoding, session: Some(opened), events };
        match session.ending() {
            None => self.keep(Session::Ours(ours), usize::MAX),
            Some(Ending::Unenrolled { provider }) => self.leaves = Some(provider.as_str().into()),
            Some(_) => self.leave(),
        }
        said.events.extend(self.restart_if_due());
        said
    }

    /// The session `id` that the device has opened is over: its server cannot be reached, or says nothing that can be
    /// understood.
    #[must_use]
    pub(crate) fn give_up(&mut self, id: &str) -> Vec<Event> {
        if self.take_ours(id).is_some() {
            self.leave();
        }
        self.restart_if_due()
    }

    /// Makes the next message of the session `id` wrong on purpose.
    pub(crate) fn misbehave(&mut self, id: &str, how: Misbehaviour) {
        if let Some(mut ours) = self.take_ours(id) {
            Arc::make_mut(&mut ours).session.misbehave_next(how);
            self.keep(Session::Ours(ours), usize::MAX);
        }
    }

    fn ours(&self, id: &str) -> Option<usize> {
        self.sessions.iter().rposition(|session| match session {
            Session::Ours(ours) => *ours.session.session_id() == id,
            Session::Theirs(..) => false,
        })
    }

    fn take_ours(&mut self, id: &str) -> Option<Arc<Ours>> {
        let index = self.ours(id)?;
        match Arc::make_mut(&mut self.sessions).remove(index) {
            Session::Ours(ours) => Some(ours),
            Session::Theirs(..) => None,
        }
    }

    fn take_theirs(&mut self, server: &str, id: &str) -> Option<(Arc<Key>, Arc<Responder>)> {
        let index = self.sessions.iter().rposition(|session| match session {
            Session::Theirs(key, _) => key.0 == server && key.1 == id,
            Session::Ours(_) => false,
        })?;
        match Arc::make_mut(&mut self.sessions).remove(index) {
            Session::Theirs(key, responder) => Some((key, responder)),
            Session::Ours(_) => None,
        }
    }

    /// Puts a session last, and lets the oldest go while there are more than `most`.
    fn keep(&mut self, session: Session, most: usize) {
        let sessions = Arc::make_mut(&mut self.sessions);
        sessions.push(session);
        let too_many = sessions.len().saturating_sub(most);
        sessions.drain(..too_many);
    }

    /// The device has told that it leaves: what it had of the server goes.
    fn leave(&mut self) {
        if let Some(provider) = self.leaves.take() {
            self.device.unenroll(&provider);
        }
    }

    /// Restarts when the session that has asked for it is over, however it has ended.
    fn restart_if_due(&mut self) -> Vec<Event> {
        let is_due = match &self.restarts {
            Some(After::Session(id)) => self.ours(id).is_none(),
            Some(After::Package) | None => false,
        };
        if is_due { self.restart() } else { Vec::new() }
    }

    /// Restarts when a server has asked for it in the package that has ended, or in one before it.
    fn restart_after_package(&mut self) -> Vec<Event> {
        if self.restarts == Some(After::Package) { self.restart() } else { Vec::new() }
    }

    fn restart(&mut self) -> Vec<Event> {
        self.restarts = None;
        self.device.restart()
    }

    /// What is answered to a message that is a session of its own.
    fn answered_alone(&mut self, mut events: Vec<Event>, incoming: Incoming<'_>) -> Said {
        let mut said = self.answered(&mut Responder::new(&self.device), incoming);
        events.extend(self.restart_after_package());
        said.events = events;
        said
    }

    /// What a server is answered that has opened its session itself. Nobody is there to be told that the device leaves.
    fn answered(&mut self, responder: &mut Responder, incoming: Incoming<'_>) -> Said {
        let encoding = incoming.encoding.unwrap_or_default();
        let turn = responder.receive(incoming, &mut self.device);
        for effect in &turn.effects {
            match effect {
                Effect::Unenroll { provider } => self.device.unenroll(provider),
                Effect::Restart => self.restarts = Some(After::Package),
                // The agent goes on with a rollback by itself.
                Effect::Executed | Effect::RollbackStarted(_) => {}
            }
        }
        let answer = Bytes::from(codec::encode_as(&turn.answer, encoding));
        Said { answer, encoding, turn: Some(turn), session: None, events: Vec::new() }
    }
}

const fn is_restart(effect: &Effect) -> bool {
    match effect {
        Effect::Restart => true,
        Effect::Executed | Effect::RollbackStarted(_) | Effect::Unenroll { .. } => false,
    }
}

fn opened(session: &DeviceSession, message: &[u8], is_due: bool) -> Opened {
    Opened {
        id: session.session_id().as_str().into(),
        address: session.address().as_str().into(),
        resp_uri: session.resp_uri().map(|resp_uri| resp_uri.as_str().into()),
        mac: session.mac(message).map(Into::into),
        is_due,
        ending: session.ending().cloned(),
    }
}

fn session_of(header: &Header) -> Option<(&str, &str)> {
    let server = header.source.as_ref().and_then(|source| source.loc_uri.as_deref());
    Some((server.unwrap_or_default(), header.session_id.as_deref()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncml::codec::Limits;
    use syncml::message::Message;

    fn message(server: &str, session: &str, number: u32, more: &str) -> Message {
        let text = format!(
            "<SyncML><SyncHdr><SessionID>{session}</SessionID><MsgID>{number}</MsgID>\
             <Source><LocURI>{server}</LocURI></Source>{more}</SyncHdr><SyncBody><Get><CmdID>2</CmdID><Item>\
             <Target><LocURI>./DevInfo</LocURI></Target></Item></Get><Final/></SyncBody></SyncML>"
        );
        codec::decode(text.as_bytes(), &Limits::default()).expect("a message")
    }

    fn aborts(live: &mut Live, message: &Message) -> bool {
        let said = live.receive(message.into(), live.device.clock(), 2);
        String::from_utf8(said.answer.into()).expect("text").contains("<Data>1223</Data>")
    }

    /// An answer that was too large ends the session with the next message: so it shows which session that is.
    const SMALL: &str = "<Meta><MaxMsgSize xmlns='syncml:metinf'>400</MaxMsgSize></Meta>";

    #[test]
    fn sessions_are_told_apart_by_server_and_id() {
        let mut live = Live::new(Device::builtin(), Pace::Frozen);
        assert!(!aborts(&mut live, &message("a", "7", 1, SMALL)));
        assert!(!aborts(&mut live, &message("b", "7", 2, "")));
        assert!(!aborts(&mut live, &message("a", "8", 2, "")));
        assert_eq!(live.open_sessions(), 2, "the first one made room");
        assert!(!aborts(&mut live, &message("a", "7", 2, "")));
    }

    #[test]
    fn a_session_goes_on_until_its_first_message_comes_again() {
        let mut live = Live::new(Device::builtin(), Pace::Frozen);
        assert!(!aborts(&mut live, &message("a", "7", 1, SMALL)));
        assert!(aborts(&mut live, &message("a", "7", 2, "")));
        assert!(!aborts(&mut live, &message("a", "7", 1, SMALL)));
        assert!(!aborts(&mut live, &message("a", "7", 1, "")));
    }

    #[test]
    fn a_message_without_a_session_id_leaves_none_open() {
        let mut live = Live::new(Device::builtin(), Pace::Frozen);
        let bare = codec::decode(b"<SyncBody><Final/></SyncBody>", &Limits::default()).expect("a message");
        live.receive((&bare).into(), live.device.clock(), 2);
        assert_eq!(live.open_sessions(), 0);
    }
}
