//! A device and the sessions that servers have open with it.
//!
//! Deliberately absent: locks, and what is written where. Equal devices, times and messages give equal answers.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use csp_model::Device;
use syncml::message::{Header, Message};
use syncml::session::{Responder, Turn};

use crate::clock::{Pace, Running};

/// A device and its open sessions. A copy costs a few reference counts.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) device: Device,
    clock: Running,
    /// The one that was used last is last.
    sessions: Arc<Vec<Session>>,
}

/// A conversation with one server.
#[derive(Debug, Clone)]
struct Session {
    /// The server's LocURI and SessionID.
    key: Arc<(String, String)>,
    responder: Responder,
}

impl Live {
    /// A device with no sessions, whose clock runs from where it stands.
    pub(crate) fn new(device: Device, pace: Pace) -> Self {
        Self { clock: Running::start(pace, device.clock()), device, sessions: Arc::default() }
    }

    /// What its clock shows.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// How many sessions are open.
    pub(crate) fn open_sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Applies a message that comes at `at`, and gives the answer. Of more than `most` sessions, the one that was silent
    /// longest ends.
    ///
    /// Sessions are told apart by SessionID and Source. A message that is numbered 1 opens a session, whatever was open
    /// under the same name; one that says no SessionID is a session of its own.
    pub(crate) fn receive(&mut self, message: &Message, at: DateTime<Utc>, most: usize) -> Turn {
        self.device.advance_to(at);
        let Some((server, id)) = message.header.as_ref().and_then(session_of) else {
            return Responder::new(&self.device).receive(message, &mut self.device);
        };
        let sessions = Arc::make_mut(&mut self.sessions);
        let known = sessions.iter().rposition(|session| session.key.0 == server && session.key.1 == id);
        let known = known.map(|index| sessions.remove(index));
        let opens = message.header.as_ref().and_then(|header| header.msg_id.as_deref()) == Some("1");
        let mut session = known.unwrap_or_else(|| Session {
            key: Arc::new((server.to_owned(), id.to_owned())),
            responder: Responder::new(&self.device),
        });
        if opens {
            session.responder = Responder::new(&self.device);
        }
        let turn = session.responder.receive(message, &mut self.device);
        sessions.push(session);
        let too_many = sessions.len().saturating_sub(most);
        sessions.drain(..too_many);
        turn
    }
}

fn session_of(header: &Header) -> Option<(&str, &str)> {
    let server = header.source.as_ref().and_then(|source| source.loc_uri.as_deref());
    Some((server.unwrap_or_default(), header.session_id.as_deref()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncml::codec::{self, Limits};

    fn message(server: &str, session: &str, number: u32, more: &str) -> Message {
        let text = format!(
            "<SyncML><SyncHdr><SessionID>{session}</SessionID><MsgID>{number}</MsgID>\
             <Source><LocURI>{server}</LocURI></Source>{more}</SyncHdr><SyncBody><Get><CmdID>2</CmdID><Item>\
             <Target><LocURI>./DevInfo</LocURI></Target></Item></Get><Final/></SyncBody></SyncML>"
        );
        codec::decode(text.as_bytes(), &Limits::default()).expect("a message")
    }

    fn aborts(live: &mut Live, message: &Message) -> bool {
        let turn = live.receive(message, live.device.clock(), 2);
        String::from_utf8(codec::encode(&turn.answer)).expect("text").contains("<Data>1223</Data>")
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
        live.receive(&bare, live.device.clock(), 2);
        assert_eq!(live.open_sessions(), 0);
    }
}
