//! The sessions that pass: whose each message is, what is wrong with it, and its line in the transcript.
//!
//! Deliberately absent: bytes on their way. What is told here has happened.

mod dialled;
mod opening;
mod pen;
mod posted;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use syncml::codec::{self, DecodeError, Input};
use syncml::judge::{Finding, Side};
use syncml::message::{Header, Message, Text};
use syncml::session::side_of;
use url::Url;

use self::dialled::Dialled;
use self::pen::Pen;
use self::posted::Posted;
use super::head::Claim;
use super::told::{Counts, Told};
use crate::clock;
use crate::transcript::{FileError, Redactor, Secrets, TranscriptFile};
use crate::transport::shown;
use crate::violation::Violation;

/// The sessions that are remembered. Of more, the one that was quiet for longest is over.
const MOST: usize = 1_024;

/// Everything that is known of the sessions.
pub(crate) struct Book(Mutex<Sessions>);

/// A request that has passed, with what came of it.
#[derive(Debug)]
pub(super) struct Exchange {
    /// Where it went.
    pub(super) to: Url,
    /// Its media type as it was given, if it was.
    pub(super) media_type: Option<Arc<str>>,
    /// What is said of its body.
    pub(super) claim: Claim,
    /// Its body.
    pub(super) request: Bytes,
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
        body: Bytes,
    },
    /// None, or one that was too large for a message.
    Lost,
}

/// A message, and what its spans are about.
#[derive(Debug)]
struct Parsed {
    message: Message,
    input: Input,
}

/// Which way the messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// The device dials its server.
    Dials,
    /// A server posts to the device.
    Posts,
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
        let said = decoded(&exchange.request);
        let heard = match &exchange.answer {
            Answer::Came { status, body, .. } if is_success(*status) && !body.is_empty() => {
                Some(decoded(body))
            }
            Answer::Came { .. } | Answer::Lost => None,
        };
        let opens = exchange.request.is_empty() && matches!(heard, Some(Ok(_)));
        let is_said = exchange.claim == Claim::Message && !exchange.request.is_empty();
        if said.is_ok() || opens || is_said || is_meant(&exchange.request) {
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
        (sessions.counts, sessions.pen.close())
    }
}

impl Sessions {
    fn record(
        &mut self,
        exchange: &Exchange,
        said: Result<Parsed, DecodeError>,
        heard: Option<Result<Parsed, DecodeError>>,
    ) {
        self.turn += 1;
        let heard_message = heard.as_ref().and_then(|heard| heard.as_ref().ok());
        let direction = self.direction(said.as_ref().ok(), heard_message);
        match (direction, said) {
            (Direction::Posts, said) => self.posts(exchange, said, heard),
            (Direction::Dials, Ok(said)) => self.dials(exchange, &said, heard),
            // Nobody knows in which session, and the server has seen no more in it.
            (Direction::Dials, Err(error)) => {
                let session = format!("{} session ?", shown(&exchange.to));
                self.malformed(&session, Side::Device, &exchange.request, &error);
            }
        }
        if self.dialled.len() > MOST
            && let Some(key) = oldest(&self.dialled, |session| session.turn)
            && let Some(session) = self.dialled.remove(&key)
        {
            self.end(session);
        }
        if self.posted.len() > MOST
            && let Some(key) = oldest(&self.posted, |session| session.turn)
        {
            self.posted.remove(&key);
        }
    }

    /// By what only one side says, by the session, or else as a server that posts would have it.
    fn direction(&self, said: Option<&Parsed>, heard: Option<&Parsed>) -> Direction {
        match (said.map(|said| side_of(&said.message)), heard.map(|heard| side_of(&heard.message))) {
            (Some(Some(Side::Device)), _) => Direction::Dials,
            (Some(Some(Side::Server)), _) => Direction::Posts,
            (_, Some(Some(Side::Server))) => Direction::Dials,
            (_, Some(Some(Side::Device))) => Direction::Posts,
            (_, Some(None) | None) => {
                let key = said.map(|said| dialled::key(&said.message));
                if key.is_some_and(|key| self.dialled.contains_key(&key)) {
                    Direction::Dials
                } else {
                    Direction::Posts
                }
            }
        }
    }

    fn tell(&mut self, told: &Told) {
        (self.tell)(told);
    }

    /// A side has done something wrong in a message.
    fn wrong(&mut self, session: &str, by: Side, message: Option<&Message>, violations: Vec<Violation>) {
        let header = message.and_then(|message| message.header.as_ref());
        let number = text(header.and_then(|header| header.msg_id.as_ref()));
        let number = if number.is_empty() { "?" } else { number };
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

    /// A side has sent what is no message. The error can quote a secret of it.
    fn malformed(&mut self, session: &str, by: Side, body: &Bytes, error: &DecodeError) {
        let mut violation = Violation::malformed(error);
        if self.secrets == Secrets::Hidden {
            let text = Redactor::reason(&body.clone().into(), violation.text.as_str().into());
            violation.text = text.as_ref().to_owned();
        }
        self.wrong(session, by, None, vec![violation]);
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

/// Whether a body is a message, or was to be one.
pub(super) fn is_message(body: &[u8]) -> bool {
    is_meant(body) || decoded(body).is_ok()
}

/// Whether a body begins as a message does, whatever becomes of it.
fn is_meant(body: &[u8]) -> bool {
    let begin = body.get(..1_024).unwrap_or(body);
    let holds = |name: &[u8]| begin.windows(name.len()).any(|window| window == name);
    holds(b"<SyncML") || holds(b"<SyncBody")
}

fn decoded(bytes: &[u8]) -> Result<Parsed, DecodeError> {
    codec::decode_with_text(bytes, &codec::Limits::default())
        .map(|(message, input)| Parsed { message, input })
}

/// Text without the blanks around it; empty where there is none.
fn text(text: Option<&Text>) -> &str {
    text.map_or("", |text| text.trim())
}

fn session_id(message: &Message) -> &str {
    text(message.header.as_ref().and_then(|header| header.session_id.as_ref()))
}

/// Who has sent a message, as it says.
fn source(header: Option<&Header>) -> &str {
    let source = header.and_then(|header| header.source.as_ref());
    text(source.and_then(|source| source.loc_uri.as_ref()))
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
