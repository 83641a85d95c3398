//! The sessions that pass: whose each message is, what is wrong with it, and its line in the transcript.
//!
//! Deliberately absent: bytes on their way. What is told here has happened.

mod content;
mod dialled;
mod direction;
mod pen;
mod posted;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use syncml::codec::DecodeError;
use syncml::judge::{Finding, Side};
use syncml::message::{Header, Location, Message, Text};
use url::Url;

use self::content::{Content, Parsed};
pub(super) use self::content::{Passed, is_message};
use self::dialled::Dialled;
use self::direction::Direction;
use self::pen::Pen;
use self::posted::Posted;
use super::head::Claim;
use super::told::{Counts, Told, plain};
use crate::clock;
use crate::transcript::{FileError, Redactor, Secrets, TranscriptFile};
use crate::transport::shown;
use crate::violation::Violation;

/// The sessions that are remembered. Of more, the one that was quiet for longest is over.
const MOST: usize = 1_024;

/// The bytes of messages that are kept for the sessions that go on, all together; the same is done about more.
const HELD: u64 = 256 << 20;

/// Everything that is known of the sessions.
pub(crate) struct Book(Mutex<Sessions>);

/// A request that has passed, with what came of it.
#[derive(Debug)]
pub(super) struct Exchange {
    /// Who has sent it.
    pub(super) client: IpAddr,
    /// Where it went.
    pub(super) to: Url,
    /// Its media type as it was given, if it was.
    pub(super) media_type: Option<Arc<str>>,
    /// What is said of its body.
    pub(super) claim: Claim,
    /// Its body.
    pub(super) request: Passed,
    /// What came of it.
    pub(super) answer: Answer,
}

/// What came of a request.
#[derive(Debug)]
pub(super) enum Answer {
    /// An answer.
    Came {
        /// The HTTP status.
        status: u16,
        /// Its media type as it was given, if it was.
        media_type: Option<Arc<str>>,
        /// Its body.
        body: Passed,
    },
    /// None that has come whole.
    Lost,
}

/// A session: the device by its id or its address, and the SessionID.
type Key = (Arc<str>, Arc<str>);

struct Sessions {
    pen: Pen,
    dialled: BTreeMap<Key, Dialled>,
    posted: BTreeMap<Key, Posted>,
    counts: Counts,
    tell: Box<dyn FnMut(&Told) + Send>,
    /// How many exchanges there were.
    turn: u64,
    secrets: Secrets,
}

impl Book {
    /// A book whose lines go to `file`; `tell` hears what happens at once.
    pub(crate) fn new(
        file: Option<TranscriptFile>,
        secrets: Secrets,
        tell: impl FnMut(&Told) + Send + 'static,
    ) -> Self {
        Self(Mutex::new(Sessions {
            pen: Pen::new(file),
            dialled: BTreeMap::new(),
            posted: BTreeMap::new(),
            counts: Counts::default(),
            tell: Box::new(tell),
            turn: 0,
            secrets,
        }))
    }

    /// Takes what has passed; nothing when it is no message.
    pub(super) fn record(&self, exchange: &Exchange) {
        let said = exchange.request.content();
        let heard = match &exchange.answer {
            Answer::Came { status, body, .. } if is_success(*status) => body.content(),
            Answer::Came { .. } | Answer::Lost => Content::Nothing,
        };
        let is_recorded = match &said {
            Content::Message(_) | Content::Unseen => true,
            Content::Nothing => matches!(heard, Content::Message(_) | Content::Unseen),
            Content::Malformed(body, _) => exchange.claim == Claim::Message || content::is_meant(body),
        };
        if is_recorded {
            self.0.lock().record(exchange, said, heard);
        }
    }

    /// Ends what goes on, writes what waits, and gives the sum.
    ///
    /// # Errors
    /// When the transcript could not be written.
    pub(crate) fn close(&self) -> (Counts, Result<(), FileError>) {
        let mut sessions = self.0.lock();
        let open = std::mem::take(&mut sessions.dialled);
        for session in open.into_values() {
            sessions.end(session);
        }
        let open = std::mem::take(&mut sessions.posted);
        for session in open.into_values() {
            sessions.silent(&session);
        }
        (sessions.counts, sessions.pen.close())
    }
}

impl Sessions {
    fn record(&mut self, exchange: &Exchange, said: Content, mut heard: Content) {
        self.turn += 1;
        let direction = self.direction(exchange, &said, &heard);
        match (said, direction) {
            (Content::Unseen, _) => {
                if !self.dials_unseen(exchange, &mut heard) {
                    self.doubt(exchange.client);
                    self.posts_unseen(exchange, heard);
                }
            }
            (Content::Message(said), Some(Direction::Dials)) => {
                if let Passed::Seen(request) = &exchange.request {
                    self.dials(exchange, &said, request, heard);
                }
            }
            // Nobody knows in which session, and the server has seen no more in it.
            (Content::Malformed(body, error), Some(Direction::Dials)) => {
                let session = label(&shown(&exchange.to), "");
                self.malformed(&session, Side::Device, &body, &error);
            }
            (Content::Malformed(body, error), None) => {
                let violation = self.broken(&body, &error);
                self.tell(&Told::NoMessage { to: shown(&exchange.to), violation });
            }
            (said @ (Content::Message(_) | Content::Malformed(..)), Some(Direction::Posts))
            | (said @ Content::Nothing, _)
            | (said @ Content::Message(_), None) => self.posts(exchange, said, heard),
        }
        self.forget();
    }

    /// Ends the quietest sessions where there are too many, or too much is kept for them.
    fn forget(&mut self) {
        let mut held: u64 = self.dialled.values().map(Dialled::held).sum();
        while (self.dialled.len() > MOST || (held > HELD && self.dialled.len() > 1))
            && let Some(key) = oldest(&self.dialled, |session| session.turn)
            && let Some(session) = self.dialled.remove(&key)
        {
            held -= session.held();
            self.end(session);
        }
        if self.posted.len() > MOST
            && let Some(key) = oldest(&self.posted, |session| session.turn)
            && let Some(session) = self.posted.remove(&key)
        {
            self.silent(&session);
        }
    }

    /// By what only one side says, by the session, or else as a server that posts would have it. What is no message, and
    /// was sent nowhere where devices are, may be of either.
    fn direction(&self, exchange: &Exchange, said: &Content, heard: &Content) -> Option<Direction> {
        direction::of(said, heard).or_else(|| {
            let key = said.message().map(dialled::key);
            if key.is_some_and(|key| self.dialled.contains_key(&key)) {
                return Some(Direction::Dials);
            }
            let is_posted = match said {
                Content::Message(_) | Content::Nothing => true,
                Content::Malformed(..) | Content::Unseen => self.is_posted_to(&exchange.to),
            };
            is_posted.then_some(Direction::Posts)
        })
    }

    fn tell(&mut self, told: &Told) {
        (self.tell)(told);
    }

    /// A side has done something wrong in a message.
    fn wrong(&mut self, session: &str, by: Side, message: Option<&Message>, violations: Vec<Violation>) {
        let number = message.map(number).filter(|number| !number.is_empty()).unwrap_or("?");
        for violation in violations {
            if violation.counts() {
                match by {
                    Side::Device => self.counts.by_devices += 1,
                    Side::Server => self.counts.by_servers += 1,
                }
            }
            self.tell(&Told::Wrong {
                session: session.to_owned(),
                by,
                message: number.to_owned(),
                violation,
            });
        }
    }

    /// A side has sent what is no message.
    fn malformed(&mut self, session: &str, by: Side, body: &Bytes, error: &DecodeError) {
        let violation = self.broken(body, error);
        self.wrong(session, by, None, vec![violation]);
    }

    /// What is wrong with what is no message. The error can quote a secret of it.
    fn broken(&self, body: &Bytes, error: &DecodeError) -> Violation {
        let mut violation = Violation::malformed(error);
        if self.secrets == Secrets::Hidden {
            let text = Redactor::reason(&body.clone().into(), violation.text.as_str().into());
            violation.text = text.as_ref().to_owned();
        }
        violation
    }

    fn found(&mut self, session: &str, by: Side, parsed: &Parsed, findings: &[Finding]) {
        let violations = Violation::all(findings, &parsed.input);
        self.wrong(session, by, Some(&parsed.message), violations);
    }

    fn counted(&mut self, by: Side) {
        match by {
            Side::Device => self.counts.of_devices += 1,
            Side::Server => self.counts.of_servers += 1,
        }
    }

    /// An address as it stands in the transcript: people put secrets into queries.
    fn address(&self, url: &Url) -> String {
        match self.secrets {
            Secrets::Hidden => shown(url),
            Secrets::Shown => url.to_string(),
        }
    }
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").finish_non_exhaustive()
    }
}

/// Text without the blanks around it; empty where there is none.
fn text(text: Option<&Text>) -> &str {
    text.map_or("", |text| text.trim())
}

fn session_id(message: &Message) -> &str {
    text(message.header.as_ref().and_then(|header| header.session_id.as_ref()))
}

fn number(message: &Message) -> &str {
    text(message.header.as_ref().and_then(|header| header.msg_id.as_ref()))
}

/// Who has sent a message, as it says.
fn source(header: Option<&Header>) -> &str {
    address(header.and_then(|header| header.source.as_ref()))
}

/// To whom a message is, as it says.
fn target(header: Option<&Header>) -> &str {
    address(header.and_then(|header| header.target.as_ref()))
}

fn address(location: Option<&Location>) -> &str {
    text(location.and_then(|location| location.loc_uri.as_ref()))
}

/// A session as people are told of it.
fn label(device: &str, id: &str) -> String {
    format!("{} session {}", plain(device), if id.is_empty() { "?".into() } else { plain(id) })
}

const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

fn oldest<S>(sessions: &BTreeMap<Key, S>, turn: impl Fn(&S) -> u64) -> Option<Key> {
    sessions.iter().min_by_key(|(_, session)| turn(session)).map(|(key, _)| key.clone())
}

fn now() -> DateTime<Utc> {
    clock::now()
}
