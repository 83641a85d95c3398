//! A server that posts to a device, as to `cspsim serve`: each request with its answer is a line of the transcript.

use std::sync::Arc;

use syncml::codec::DecodeError;
use syncml::judge::{Arrival, Judge, Ledger, Side, rules};
use syncml::message::Message;
use url::Url;

use super::{Answer, Exchange, Key, Parsed, Sessions, is_success, now, session_id, source, text};
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

impl Sessions {
    /// Something was posted to a device.
    pub(super) fn posts(
        &mut self,
        exchange: &Exchange,
        said: Result<Parsed, DecodeError>,
        heard: Option<Result<Parsed, DecodeError>>,
    ) {
        let at = now();
        let wanted = name(&exchange.to);
        // `cspsim serve` has a device at two addresses.
        let device: Arc<str> = wanted.unwrap_or_else(|| exchange.to.path()).into();
        let answer = heard.as_ref().and_then(|heard| heard.as_ref().ok());
        let id = source(answer.and_then(|answer| answer.message.header.as_ref()));
        let message = answer.map(|answer| &answer.message);
        let name = self.pen.name(&device, wanted, || snapshot::of(message, id, at), at);
        if let Some(line) = self.line(exchange) {
            self.pen.line(&device, at, line);
        }
        let said = match said {
            Ok(said) => Some(said),
            Err(_) if exchange.request.is_empty() => None,
            Err(error) => {
                let label = format!("{name} session ?");
                self.counted(Side::Server);
                self.malformed(&label, Side::Server, &exchange.request, &error);
                return;
            }
        };
        let spoken = said.as_ref().map(|said| &said.message).or(message);
        let key: Key = (device, spoken.map_or("", session_id).into());
        let mut session = self.session(&key, &name, said.as_ref().map(|said| &said.message));
        if let Some(said) = &said {
            self.counted(Side::Server);
            let arrival = Arrival { bytes: Some(exchange.request.len()), ..Arrival::default() };
            let findings = session.judge.received(&said.message, arrival);
            self.found(&session.label, Side::Server, said, &findings);
            session.ledger.sent(&said.message);
        }
        match heard {
            Some(Ok(heard)) => {
                self.counted(Side::Device);
                let mut findings = session.ledger.received(&heard.message);
                if session.beginning == Beginning::Server {
                    findings.retain(|finding| finding.rule.id != rules::MSG_ID.id);
                }
                session.beginning = Beginning::Both;
                self.found(&session.label, Side::Device, &heard, &findings);
                session.judge.sent(&heard.message);
            }
            Some(Err(error)) => {
                if let Answer::Came { body, .. } = &exchange.answer {
                    self.malformed(&session.label, Side::Device, body, &error);
                }
            }
            None => match exchange.answer {
                Answer::Came { status, .. } if !is_success(status) => {
                    self.tell(&Told::Unanswered { session: session.label.clone(), status });
                }
                Answer::Came { .. } | Answer::Lost => {}
            },
        }
        session.turn = self.turn;
        if !key.1.is_empty() {
            self.posted.insert(key, session);
        }
    }

    /// The session of what was posted. A message that is numbered 1 begins one, and so does the device.
    fn session(&mut self, key: &Key, name: &str, said: Option<&Message>) -> Posted {
        let number = |message: &Message| {
            text(message.header.as_ref().and_then(|header| header.msg_id.as_ref())).to_owned()
        };
        let begins = said.is_none_or(|said| number(said) == "1");
        let known = self.posted.remove(key);
        if let Some(known) = known
            && !begins
        {
            return known;
        }
        self.counts.sessions += 1;
        let label = format!("{name} session {}", if key.1.is_empty() { "?" } else { &*key.1 });
        let (judge, beginning, how) = match said {
            Some(_) => (Judge::joining(), Beginning::Server, "a server posts"),
            None => (Judge::new(), Beginning::Both, "the device is asked to begin"),
        };
        self.tell(&Told::Begins { session: label.clone(), how });
        Posted { label, judge, ledger: Ledger::new(Side::Device), beginning, turn: self.turn }
    }

    /// The line of what was posted; none when the device has not seen it.
    fn line(&self, exchange: &Exchange) -> Option<Event> {
        let (status, body) = match &exchange.answer {
            Answer::Came { status, body, .. } => (*status, body),
            Answer::Lost => return None,
        };
        let outcome = if is_success(status) {
            Outcome::Answered { http: status, body: body.clone().into() }
        } else {
            Outcome::Refused { http: status, reason: reason(status, body).into() }
        };
        let origin = if exchange.request.is_empty() {
            Origin::Opened(crate::opening::usual())
        } else {
            Origin::Posted { media_type: exchange.media_type.clone(), mac: None }
        };
        Some(Event::Exchange(Line { origin, request: exchange.request.clone().into(), outcome }))
    }
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
fn reason(status: u16, body: &[u8]) -> String {
    let problem = serde_json::from_slice::<serde_json::Value>(body).ok();
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str());
    detail.map_or_else(|| format!("HTTP {status}"), str::to_owned)
}
