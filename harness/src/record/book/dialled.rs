//! A device that dials its server: each of its messages answers the server's before, and so a line of the transcript is
//! whole when the next message comes.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use syncml::codec::DecodeError;
use syncml::judge::{Arrival, Judge, Ledger, Side};
use syncml::message::{Kind, Message, Status};

use super::content::{Content, Parsed, Passed};
use super::{Answer, Exchange, Key, Sessions, is_success, label, now, number, session_id, source, target};
use crate::opening::Opening;
use crate::record::snapshot;
use crate::record::told::Told;
use crate::transcript::Dialled as Server;
use crate::transcript::{Body, Call, Event, Exchange as Line, Origin, Outcome};
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
    /// The device's last message; empty when it was not seen.
    last: Bytes,
    /// The MsgID of it, where it is a number.
    number: Option<u64>,
    /// Whether that completes its package.
    is_final: bool,
    state: State,
    sight: Sight,
    /// Who has sent the device's last message.
    client: IpAddr,
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

/// Whether all of a session was seen since its last message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// All.
    Clear,
    /// Something of the same client has passed unseen. Whether it was of this session, the next MsgID tells.
    Doubtful,
}

/// What the server has said, until it is known what the device says to it.
#[derive(Debug)]
struct Pending {
    server: Server,
    body: Passed,
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

/// The session of a message of the server's.
fn key_of_answer(message: &Message) -> Key {
    (target(message.header.as_ref()).into(), session_id(message).into())
}

impl Sessions {
    /// A device has sent a message to its server.
    pub(super) fn dials(&mut self, exchange: &Exchange, said: &Parsed, request: &Bytes, heard: Content) {
        let key = key(&said.message);
        let at = now();
        let name = self.pen.name(&key.0, None, || snapshot::of(Some(&said.message), &key.0, at), at);
        let (mut session, place) = self.place(exchange, said, request, &key, &name);
        let (device, _) = &key;
        let was_answered = matches!(session.state, State::Answered(_));
        match place {
            Place::First => {
                let opening = Arc::new(Opening::heard(
                    &said.message,
                    said.input.encoding(),
                    Some(&self.address(&exchange.to)),
                ));
                let line = line(Origin::Opened(opening), Bytes::new().into(), request.clone().into());
                self.pen.line(device, at, line);
            }
            Place::Next | Place::Again => {
                if let State::Answered(pending) = std::mem::replace(&mut session.state, State::Spoken) {
                    self.pen.line(device, at, pending.line(request.clone().into()));
                }
            }
        }
        if place != Place::Again {
            self.counted(Side::Device);
            let findings = session.ledger.received(&said.message);
            self.found(&session.label, Side::Device, said, &findings);
            session.judge.sent(&said.message);
        }
        session.last = request.clone();
        session.number = number(&said.message).parse().ok();
        session.sight = Sight::Clear;
        session.client = exchange.client;
        session.is_final = said.message.body.is_final;
        session.turn = self.turn;
        let is_judged = place != Place::Again || !was_answered;
        self.answered(exchange, heard, &mut session, is_judged);
        self.dialled.insert(key, session);
    }

    /// A device has sent a message that nobody has looked into; the server's answer to it tells in which session. Whether
    /// there is such a session.
    pub(super) fn dials_unseen(&mut self, exchange: &Exchange, heard: &mut Content) -> bool {
        let Some(key) = heard.message().map(key_of_answer) else { return false };
        let Some(mut session) = self.dialled.remove(&key) else { return false };
        if !matches!(session.state, State::Over) {
            if let State::Answered(pending) = std::mem::replace(&mut session.state, State::Spoken) {
                self.pen.line(&key.0, now(), pending.line(exchange.request.body()));
            }
            self.rejoin(&mut session);
            // Whether the package was complete is not known; a server that has nothing to ask takes it for that.
            (session.last, session.number, session.is_final) = (Bytes::new(), None, true);
            (session.sight, session.client, session.turn) = (Sight::Clear, exchange.client, self.turn);
            let heard = std::mem::replace(heard, Content::Unseen);
            self.answered(exchange, heard, &mut session, true);
        }
        self.dialled.insert(key, session);
        true
    }

    /// Something of a client has passed, of which nothing is known: it can be of any of its sessions.
    pub(super) fn doubt(&mut self, client: IpAddr) {
        for session in self.dialled.values_mut().filter(|session| session.client == client) {
            session.sight = Sight::Doubtful;
        }
    }

    /// A session is over: nothing more comes in it.
    pub(super) fn end(&mut self, session: Dialled) {
        let Dialled { key, label, state, .. } = session;
        let (event, how) = match state {
            State::Over => return,
            State::Answered(pending) => (pending.line(SILENCE.into()), "over: the device says no more"),
            State::Spoken => {
                let call = Call::GivenUp { session: Arc::clone(&key.1) };
                (Event::Control(call), "over: its last message was not answered")
            }
        };
        self.pen.line(&key.0, now(), event);
        self.tell(&Told::Over { session: label, how });
    }

    /// The session goes on as one whose beginning was not seen: what is said in it may answer what nobody knows.
    fn rejoin(&mut self, session: &mut Dialled) {
        (session.judge, session.ledger) = (Judge::joining(), Ledger::joining(Side::Device));
        self.tell(&Told::Unseen { session: session.label.clone() });
    }

    /// What was in doubt is known when the device's next message has come: whether the one before it was seen.
    fn cleared(&mut self, exchange: &Exchange, said: &Parsed, session: &mut Dialled) {
        let found = number(&said.message).parse().ok();
        let next = session.number.map(|number: u64| number.saturating_add(1));
        if session.sight == Sight::Clear || next.is_none() || next == found {
            return;
        }
        let unseen = || Pending { server: self.server(exchange, session, None), body: Passed::Unseen(None) };
        let before = match &session.state {
            State::Over => return,
            State::Spoken | State::Answered(_) => unseen(),
        };
        if let State::Answered(pending) = std::mem::replace(&mut session.state, State::Answered(before)) {
            self.pen.line(&session.key.0, now(), pending.line(Body::Withheld(0)));
        }
        self.rejoin(session);
    }

    /// Which session a message belongs to, and as what.
    fn place(
        &mut self,
        exchange: &Exchange,
        said: &Parsed,
        request: &Bytes,
        key: &Key,
        name: &str,
    ) -> (Dialled, Place) {
        let opens = opens(&said.message);
        if let Some(mut session) = self.dialled.remove(key) {
            let is_again = session.last == *request;
            if !is_again && !opens {
                self.cleared(exchange, said, &mut session);
            }
            match session.state {
                State::Over if is_again && !opens => return (session, Place::Again),
                State::Spoken | State::Answered(_) if is_again => return (session, Place::Again),
                State::Answered(_) if !opens => return (session, Place::Next),
                State::Spoken | State::Answered(_) | State::Over => self.end(session),
            }
        }
        self.counts.sessions += 1;
        let label = label(name, &key.1);
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
            number: None,
            is_final: false,
            state: State::Spoken,
            sight: Sight::Clear,
            client: exchange.client,
            turn: self.turn,
        };
        (session, Place::First)
    }

    /// The server has answered, or not.
    fn answered(&mut self, exchange: &Exchange, heard: Content, session: &mut Dialled, is_judged: bool) {
        let label = session.label.clone();
        let (status, media_type, body) = match &exchange.answer {
            Answer::Came { status, media_type, body } => (*status, media_type, body),
            Answer::Lost => return,
        };
        if !is_success(status) {
            self.tell(&Told::Unanswered { session: label, status });
            return;
        }
        let server = self.server(exchange, session, media_type.clone());
        let pending = Pending { server, body: body.clone() };
        match heard {
            // Servers answer a device's last word with nothing.
            Content::Nothing if matches!(session.state, State::Over) => {}
            Content::Nothing => self.wrong(&label, Side::Server, None, vec![Violation::no_answer()]),
            Content::Unseen => {
                if !matches!(session.state, State::Over) {
                    self.rejoin(session);
                    session.state = State::Answered(pending);
                }
            }
            Content::Malformed(body, error) => {
                self.malformed(&label, Side::Server, &body, &error);
                self.pen.line(&session.key.0, now(), pending.refused(&error));
            }
            Content::Message(heard) => {
                if is_judged {
                    self.counted(Side::Server);
                    let channel = Origin::Dialled(Arc::new(Server {
                        address: exchange.to.as_str().into(),
                        ..pending.server.clone()
                    }))
                    .channel();
                    let bytes = usize::try_from(body.held()).ok();
                    let findings = session.judge.received(&heard.message, Arrival { bytes, channel });
                    self.found(&label, Side::Server, &heard, &findings);
                    session.ledger.sent(&heard.message);
                }
                if session.is_final && is_last_word(&heard.message) {
                    self.pen.line(&session.key.0, now(), pending.line(SILENCE.into()));
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

    /// Who has answered in a session.
    fn server(&self, exchange: &Exchange, session: &Dialled, media_type: Option<Arc<str>>) -> Server {
        Server {
            session: Arc::clone(&session.key.1),
            address: self.address(&exchange.to).into(),
            media_type,
            mac: None,
        }
    }
}

impl Dialled {
    /// The bytes that are kept of it.
    pub(super) fn held(&self) -> u64 {
        let pending = match &self.state {
            State::Answered(pending) => pending.body.held(),
            State::Spoken | State::Over => 0,
        };
        self.last.len() as u64 + pending
    }
}

impl Pending {
    /// The line of the server's message and the device's next one.
    fn line(self, next: Body) -> Event {
        line(Origin::Dialled(Arc::new(self.server)), self.body.body(), next)
    }

    /// The line of what no device could understand.
    fn refused(self, error: &DecodeError) -> Event {
        Event::Exchange(Line {
            origin: Origin::Dialled(Arc::new(self.server)),
            request: self.body.body(),
            outcome: Outcome::Refused { http: 400, reason: error.to_string().into() },
        })
    }
}

fn line(origin: Origin, request: Body, answer: Body) -> Event {
    Event::Exchange(Line { origin, request, outcome: Outcome::Answered { http: 200, body: answer } })
}

/// Whether a message of the device's is package 1. One that is sent again with credentials has Statuses.
fn opens(message: &Message) -> bool {
    let number = number(message);
    let has_status = message.body.commands.iter().any(|command| matches!(command.kind, Kind::Status(_)));
    let initiates = message.has_alert("1200") || message.has_alert("1201");
    initiates && !has_status && matches!(number, "" | "1")
}

/// Whether a device has nothing to answer: Statuses alone, of which none asks for credentials or pulls.
pub(super) fn is_last_word(message: &Message) -> bool {
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
