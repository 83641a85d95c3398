//! A server that posts to a device, as to `cspsim serve`: each request with its answer is a line of the transcript.

use std::sync::Arc;

use syncml::judge::{Arrival, Judge, Ledger, Side, rules};
use url::Url;

use super::content::{Content, Passed};
use super::dialled::is_last_word;
use super::{Answer, Exchange, Key, Sessions, is_success, label, now, number, session_id, source};
use crate::record::snapshot;
use crate::record::told::Told;
use crate::transcript::{Event, Exchange as Line, Origin, Outcome};

/// A session of a server that posts.
#[derive(Debug)]
pub(super) struct Posted {
    label: String,
    judge: Judge,
    ledger: Ledger,
    beginning: Beginning,
    course: Course,
    /// When it was heard of last.
    pub(super) turn: u64,
}

/// Who has begun, and whether the device has spoken since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// The server, and the device has not spoken yet: its first number can be any.
    Server,
    /// The device, or both have spoken.
    Both,
}

/// Whether something is still to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// A package is not complete.
    Running,
    /// All packages are complete; another one can follow.
    Over,
}

impl Sessions {
    /// Something was posted to a device.
    pub(super) fn posts(&mut self, exchange: &Exchange, said: Content, heard: Content) {
        let at = now();
        let (device, wanted) = device(&exchange.to);
        let message = heard.message();
        let id = source(message.and_then(|message| message.header.as_ref()));
        let name = self.pen.name(&device, wanted, || snapshot::of(message, id, at), at);
        if let Some(line) = line(exchange) {
            self.pen.line(&device, at, line);
        }
        if let Content::Malformed(body, error) = &said {
            self.counted(Side::Server);
            self.malformed(&label(&name, ""), Side::Server, body, error);
            return;
        }
        let key: Key = (device, said.message().or(message).map_or("", session_id).into());
        let mut session = self.session(&key, &name, &said);
        if let Content::Message(said) = &said {
            self.counted(Side::Server);
            let bytes = usize::try_from(exchange.request.held()).ok();
            let arrival = Arrival { bytes, ..Arrival::default() };
            let findings = session.judge.received(&said.message, arrival);
            self.found(&session.label, Side::Server, said, &findings);
            session.ledger.sent(&said.message);
        }
        self.answered_by_device(exchange, &heard, &mut session);
        session.turn = self.turn;
        let is_complete = |content: &Content| content.message().is_some_and(|message| message.body.is_final);
        if session.course == Course::Running && is_complete(&said) && is_complete(&heard) {
            session.course = Course::Over;
            let how = "over: its package is complete";
            self.tell(&Told::Over { session: session.label.clone(), how });
        }
        if key.1.is_empty() {
            self.silent(&session);
        } else {
            self.posted.insert(key, session);
        }
    }

    /// Something was posted that nobody has looked into. Nothing where no device is known to be.
    pub(super) fn posts_unseen(&mut self, exchange: &Exchange, heard: Content) {
        if !self.is_posted_to(&exchange.to) {
            return;
        }
        let (device, _) = device(&exchange.to);
        if let Some(line) = line(exchange) {
            self.pen.line(&device, now(), line);
        }
        let id: Option<Arc<str>> = heard.message().map(|message| session_id(message).into());
        let is_meant = |key: &Key| key.0 == device && id.as_ref().is_none_or(|id| key.1 == *id);
        let mut unseen = Vec::new();
        for (_, session) in self.posted.iter_mut().filter(|(key, _)| is_meant(key)) {
            session.rejoin();
            unseen.push(session.label.clone());
        }
        for session in unseen {
            self.tell(&Told::Unseen { session });
        }
    }

    /// Whether something was posted there before.
    pub(super) fn is_posted_to(&self, to: &Url) -> bool {
        let (device, wanted) = device(to);
        self.pen.knows(&device) || (wanted.is_some() && to.path() != "/")
    }

    /// A session is over: nothing more was posted in it.
    pub(super) fn silent(&mut self, session: &Posted) {
        match session.course {
            Course::Running => {
                let how = "over: the server says no more";
                self.tell(&Told::Over { session: session.label.clone(), how });
            }
            Course::Over => {}
        }
    }

    /// The device has answered, or not.
    fn answered_by_device(&mut self, exchange: &Exchange, heard: &Content, session: &mut Posted) {
        match heard {
            Content::Message(heard) => {
                self.counted(Side::Device);
                let mut findings = session.ledger.received(&heard.message);
                if session.beginning == Beginning::Server {
                    findings.retain(|finding| finding.rule.id != rules::MSG_ID.id);
                }
                session.beginning = Beginning::Both;
                self.found(&session.label, Side::Device, heard, &findings);
                session.judge.sent(&heard.message);
            }
            Content::Malformed(body, error) => self.malformed(&session.label, Side::Device, body, error),
            Content::Unseen => {
                session.rejoin();
                self.tell(&Told::Unseen { session: session.label.clone() });
            }
            Content::Nothing => match exchange.answer {
                Answer::Came { status, .. } if !is_success(status) => {
                    self.tell(&Told::Unanswered { session: session.label.clone(), status });
                }
                Answer::Came { .. } | Answer::Lost => {}
            },
        }
    }

    /// The session of what was posted. A message that is numbered 1 begins one, and so does the device.
    fn session(&mut self, key: &Key, name: &str, said: &Content) -> Posted {
        let begins = said.message().is_none_or(|said| number(said) == "1");
        if let Some(mut known) = self.posted.remove(key) {
            if !begins {
                if known.course == Course::Over && !said.message().is_some_and(is_last_word) {
                    known.course = Course::Running;
                    self.tell(&Told::Begins { session: known.label.clone(), how: "goes on" });
                }
                return known;
            }
            self.silent(&known);
        }
        self.counts.sessions += 1;
        let label = label(name, &key.1);
        let (judge, beginning, how) = match said {
            Content::Message(_) | Content::Malformed(..) | Content::Unseen => {
                (Judge::joining(), Beginning::Server, "a server posts")
            }
            Content::Nothing => (Judge::new(), Beginning::Both, "the device is asked to begin"),
        };
        self.tell(&Told::Begins { session: label.clone(), how });
        let (ledger, course) = (Ledger::new(Side::Device), Course::Running);
        Posted { label, judge, ledger, beginning, course, turn: self.turn }
    }
}

impl Posted {
    /// It goes on as one whose beginning was not seen.
    fn rejoin(&mut self) {
        (self.judge, self.ledger) = (Judge::joining(), Ledger::joining(Side::Device));
        self.beginning = Beginning::Server;
    }
}

/// The line of what was posted; none when the device has not seen it.
fn line(exchange: &Exchange) -> Option<Event> {
    let (status, body) = match &exchange.answer {
        Answer::Came { status, body, .. } => (*status, body),
        Answer::Lost => return None,
    };
    let outcome = if is_success(status) {
        Outcome::Answered { http: status, body: body.body() }
    } else {
        Outcome::Refused { http: status, reason: reason(status, body).into() }
    };
    let origin = match &exchange.request {
        Passed::Seen(bytes) if bytes.is_empty() => Origin::Opened(crate::opening::usual()),
        Passed::Seen(_) | Passed::Unseen(_) => {
            Origin::Posted { media_type: exchange.media_type.clone(), mac: None }
        }
    };
    Some(Event::Exchange(Line { origin, request: exchange.request.body(), outcome }))
}

/// What a device is known by that is posted to, and the name that it has there. `cspsim serve` has a device at two
/// addresses.
fn device(to: &Url) -> (Arc<str>, Option<&str>) {
    let name = name(to);
    (name.unwrap_or_else(|| to.path()).into(), name)
}

/// The name of a device of `cspsim serve`, by the address that is posted to.
fn name(to: &Url) -> Option<&str> {
    match to.path() {
        "/" => Some("default"),
        path => path
            .rsplit_once("/devices/")
            .map(|(_, name)| name)
            .filter(|name| !name.is_empty() && !name.contains('/')),
    }
}

/// Why something was refused: what a problem document (RFC 9457) says, or the status alone. Other bodies may say
/// anything.
fn reason(status: u16, body: &Passed) -> String {
    let problem = match body {
        Passed::Seen(body) => serde_json::from_slice::<serde_json::Value>(body).ok(),
        Passed::Unseen(_) => None,
    };
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str());
    detail.map_or_else(|| format!("HTTP {status}"), str::to_owned)
}
