//! A device that dials its server: each of its messages answers the server's before, and so a line of the transcript is
//! whole when the next message comes.

use std::sync::Arc;

use bytes::Bytes;
use syncml::codec::DecodeError;
use syncml::judge::{Arrival, Judge, Ledger, Side};
use syncml::message::{Kind, Message, Status};

use super::{Answer, Exchange, Key, Parsed, Sessions, is_success, now, opening, session_id, source, text};
use crate::record::snapshot;
use crate::record::told::Told;
use crate::transcript::Dialled as Server;
use crate::transcript::{Call, Event, Exchange as Line, Origin, Outcome};
use crate::violation::Violation;

/// A session of a device's.
#[derive(Debug)]
pub(super) struct Dialled {
    key: Key,
    /// The device and the SessionID, for people.
    label: String,
    judge: Judge,
    /// What judges the device.
    ledger: Ledger,
    /// The device's last message.
    last: Bytes,
    /// Whether that completes its package.
    is_final: bool,
    state: State,
    /// When it was heard of last.
    pub(super) turn: u64,
}

/// What a device says that has nothing left to say.
const SILENCE: Bytes = Bytes::new();

/// How far a session has come.
#[derive(Debug)]
enum State {
    /// The device has spoken, and nothing that it could understand has come back.
    Spoken,
    /// The server has answered.
    Answered(Pending),
    /// Nothing is left to be said.
    Over,
}

/// What the server has said, until it is known what the device says to it.
#[derive(Debug)]
struct Pending {
    server: Server,
    body: Bytes,
}

/// What a message of the device's is to its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The first one that was seen.
    First,
    /// The next one.
    Next,
    /// The last one again.
    Again,
}

/// The session of a message of the device's.
pub(super) fn key(message: &Message) -> Key {
    (source(message.header.as_ref()).into(), session_id(message).into())
}

impl Sessions {
    /// A device has sent a message to its server.
    pub(super) fn dials(
        &mut self,
        exchange: &Exchange,
        said: &Parsed,
        heard: Option<Result<Parsed, DecodeError>>,
    ) {
        let key = key(&said.message);
        let at = now();
        let name = self.pen.name(&key.0, None, || snapshot::of(Some(&said.message), &key.0, at), at);
        let (mut session, place) = self.place(exchange, said, &key, &name);
        let (device, _) = &key;
        let was_answered = matches!(session.state, State::Answered(_));
        match place {
            Place::First => {
                let opening = Arc::new(opening::of(said, &self.address(&exchange.to)));
                let line = line(Origin::Opened(opening), Bytes::new(), &exchange.request);
                self.pen.line(device, at, line);
            }
            Place::Next | Place::Again => {
                if let State::Answered(pending) = std::mem::replace(&mut session.state, State::Spoken) {
                    self.pen.line(device, at, pending.line(&exchange.request));
                }
            }
        }
        if place != Place::Again {
            self.counted(Side::Device);
            let findings = session.ledger.received(&said.message);
            self.found(&session.label, Side::Device, said, &findings);
            session.judge.sent(&said.message);
        }
        session.last = exchange.request.clone();
        session.is_final = said.message.body.is_final;
        session.turn = self.turn;
        let is_judged = place != Place::Again || !was_answered;
        self.answered(exchange, heard, &mut session, is_judged);
        self.dialled.insert(key, session);
    }

    /// A session is over: nothing more comes in it.
    pub(super) fn end(&mut self, session: Dialled) {
        let Dialled { key, label, state, .. } = session;
        let (event, how) = match state {
            State::Over => return,
            State::Answered(pending) => (pending.line(&SILENCE), "over: the device says no more"),
            State::Spoken => {
                let call = Call::GivenUp { session: Arc::clone(&key.1) };
                (Event::Control(call), "over: its last message was not answered")
            }
        };
        self.pen.line(&key.0, now(), event);
        self.tell(&Told::Over { session: label, how });
    }

    /// Which session a message belongs to, and as what.
    fn place(&mut self, exchange: &Exchange, said: &Parsed, key: &Key, name: &str) -> (Dialled, Place) {
        let opens = opens(&said.message);
        if let Some(session) = self.dialled.remove(key) {
            let is_again = session.last == exchange.request;
            match session.state {
                State::Over if is_again && !opens => return (session, Place::Again),
                State::Spoken | State::Answered(_) if is_again => return (session, Place::Again),
                State::Answered(_) if !opens => return (session, Place::Next),
                State::Spoken | State::Answered(_) | State::Over => self.end(session),
            }
        }
        self.counts.sessions += 1;
        let label = format!("{name} session {}", key.1);
        let (judge, ledger, how) = if opens {
            (Judge::new(), Ledger::new(Side::Device), "the device dials")
        } else {
            (Judge::joining(), Ledger::joining(Side::Device), "the device dials; its beginning was not seen")
        };
        self.tell(&Told::Begins { session: label.clone(), how });
        let session = Dialled {
            key: key.clone(),
            label,
            judge,
            ledger,
            last: Bytes::new(),
            is_final: false,
            state: State::Spoken,
            turn: self.turn,
        };
        (session, Place::First)
    }

    /// The server has answered, or not.
    fn answered(
        &mut self,
        exchange: &Exchange,
        heard: Option<Result<Parsed, DecodeError>>,
        session: &mut Dialled,
        is_judged: bool,
    ) {
        let label = session.label.clone();
        let (status, media_type, body) = match &exchange.answer {
            Answer::Came { status, media_type, body } => (*status, media_type, body),
            Answer::Lost => return,
        };
        if !is_success(status) {
            self.tell(&Told::Unanswered { session: label, status });
            return;
        }
        let server = Server {
            session: Arc::clone(&session.key.1),
            address: self.address(&exchange.to).into(),
            media_type: media_type.clone(),
            mac: None,
        };
        let pending = Pending { server, body: body.clone() };
        match heard {
            // Servers answer a device's last word with nothing.
            None if matches!(session.state, State::Over) => {}
            None => self.wrong(&label, Side::Server, None, vec![Violation::no_answer()]),
            Some(Err(error)) => {
                self.malformed(&label, Side::Server, body, &error);
                self.pen.line(&session.key.0, now(), pending.refused(&error));
            }
            Some(Ok(heard)) => {
                if is_judged {
                    self.counted(Side::Server);
                    let channel = Origin::Dialled(Arc::new(Server {
                        address: exchange.to.as_str().into(),
                        ..pending.server.clone()
                    }))
                    .channel();
                    let arrival = Arrival { bytes: Some(body.len()), channel };
                    let findings = session.judge.received(&heard.message, arrival);
                    self.found(&label, Side::Server, &heard, &findings);
                    session.ledger.sent(&heard.message);
                }
                if session.is_final && is_last_word(&heard.message) {
                    self.pen.line(&session.key.0, now(), pending.line(&SILENCE));
                    if !matches!(session.state, State::Over) {
                        session.state = State::Over;
                        let how = "over: both sides have said everything";
                        self.tell(&Told::Over { session: label, how });
                    }
                } else {
                    session.state = State::Answered(pending);
                }
            }
        }
    }
}

impl Pending {
    /// The line of the server's message and the device's next one.
    fn line(self, next: &Bytes) -> Event {
        line(Origin::Dialled(Arc::new(self.server)), self.body, next)
    }

    /// The line of what no device could understand.
    fn refused(self, error: &DecodeError) -> Event {
        Event::Exchange(Line {
            origin: Origin::Dialled(Arc::new(self.server)),
            request: self.body.into(),
            outcome: Outcome::Refused { http: 400, reason: error.to_string().into() },
        })
    }
}

fn line(origin: Origin, request: Bytes, answer: &Bytes) -> Event {
    let outcome = Outcome::Answered { http: 200, body: answer.clone().into() };
    Event::Exchange(Line { origin, request: request.into(), outcome })
}

/// Whether a message of the device's is package 1. One that is sent again with credentials has Statuses.
fn opens(message: &Message) -> bool {
    let header = message.header.as_ref();
    let number = text(header.and_then(|header| header.msg_id.as_ref()));
    let has_status = message.body.commands.iter().any(|command| matches!(command.kind, Kind::Status(_)));
    let initiates = message.has_alert("1200") || message.has_alert("1201");
    initiates && !has_status && matches!(number, "" | "1")
}

/// Whether a device has nothing to answer: Statuses alone, of which none asks for credentials or pulls.
fn is_last_word(message: &Message) -> bool {
    message.body.is_final
        && message.body.commands.iter().all(|command| match &command.kind {
            Kind::Status(status) => !is_refusal(status),
            Kind::Results(_) => true,
            Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Unknown(_) => false,
        })
}

fn is_refusal(status: &Status) -> bool {
    status.is_of_sync_hdr() && status.number().is_some_and(|code| code >= 400)
}
