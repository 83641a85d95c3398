//! Own transcripts, read line by line: a file of any length in bounded memory.
//!
//! [`TranscriptLines`] gives what happened, in order, which a device can live through again; [`TranscriptSessions`] gives
//! what was said, session by session, each when it is over. Deliberately absent: the form of a line, which is the
//! transcript's own.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use csp_model::device::Snapshot;
use syncml::codec::{self, Limits};

use super::{CaptureError, Completeness, Message, Missing, Place, Session, Side};
use crate::transcript::{Body, Call, Devices, Event, Exchange, Line, Origin, Outcome, Reader, Record};

/// Sessions that are open at a time. Of more, the one that was silent longest is taken for over.
const MOST_OPEN: usize = 1_024;

/// The lines of a transcript, each with its place.
#[derive(Debug)]
pub(crate) struct TranscriptLines {
    reader: Reader<BufReader<File>>,
    start: Place,
}

impl TranscriptLines {
    /// Opens the file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, CaptureError> {
        let file = File::open(path).map_err(|error| CaptureError::io(path, &error))?;
        Ok(Self { reader: Reader::new(BufReader::with_capacity(1 << 18, file)), start: Place::start(path) })
    }
}

impl TranscriptLines {
    /// What the devices of the transcript are, as its first line says.
    ///
    /// # Errors
    /// When that is no header.
    pub(super) fn devices(mut self) -> Result<Devices, CaptureError> {
        match self.next() {
            Some(Ok((_, Record::Header(header)))) => Ok(header.devices),
            Some(Ok((_, Record::Line(_) | Record::Cut(_)))) | None => Ok(Devices::Known),
            Some(Err(error)) => Err(error),
        }
    }
}

impl Iterator for TranscriptLines {
    type Item = Result<(Place, Record), CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.reader.next()?;
        let (offset, line) = self.reader.place();
        let mut place = self.start.clone();
        (place.offset, place.line) = (offset, Some(line));
        Some(match read {
            Ok(record) => Ok((place, record)),
            Err(error) => Err(CaptureError::new(place.line(error.line), error.what.to_string())),
        })
    }
}

/// What a session of a transcript is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The device has opened it: the device, and the SessionID.
    Ours(Arc<str>, Arc<str>),
    /// A server has posted it: the device, who posted, and the SessionID.
    Theirs(Arc<str>, Box<str>, Box<str>),
}

/// The sessions of a transcript, each when it is over.
#[derive(Debug)]
pub struct TranscriptSessions {
    lines: TranscriptLines,
    /// With the number of the line that it was last heard in.
    open: BTreeMap<Key, (u64, Session)>,
    over: VecDeque<Session>,
    /// By name: the devices as they were before their sessions.
    devices: BTreeMap<Arc<str>, Arc<Snapshot>>,
    line: u64,
    is_done: bool,
}

impl TranscriptSessions {
    /// Opens the file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let lines = TranscriptLines::open(path)?;
        Ok(Self {
            lines,
            open: BTreeMap::new(),
            over: VecDeque::new(),
            devices: BTreeMap::new(),
            line: 0,
            is_done: false,
        })
    }

    /// How many bytes of the file were read, but for the last line.
    pub(crate) const fn offset(&self) -> u64 {
        self.lines.reader.place().0
    }

    fn take(&mut self, place: Place, record: Record) {
        self.line += 1;
        match record {
            Record::Header(header) => {
                self.end(|_| true);
                self.devices = BTreeMap::from([(header.name, header.device)]);
            }
            Record::Cut(_) => {}
            Record::Line(Line { name, entry }) => match entry.event {
                Event::Device(device) => {
                    self.end(|key| key.device() == &name);
                    self.devices.insert(name, device);
                }
                Event::Exchange(exchange) => self.exchange(&name, exchange, entry.at, &place),
                Event::Control(call) => match call {
                    Call::Reset | Call::Snapshot { .. } | Call::Deleted | Call::Created => {
                        self.end(|key| key.device() == &name);
                    }
                    Call::GivenUp { session } => {
                        self.end(|key| *key == Key::Ours(name.clone(), session.clone()))
                    }
                    Call::Advance { .. }
                    | Call::Scan { .. }
                    | Call::Restart
                    | Call::Pause { .. }
                    | Call::Resume
                    | Call::Faults { .. }
                    | Call::Registry { .. }
                    | Call::PolicyRefresh
                    | Call::Site { .. }
                    | Call::Install
                    | Call::ClientReset => {}
                },
            },
        }
    }

    fn exchange(&mut self, name: &Arc<str>, exchange: Exchange, at: DateTime<Utc>, place: &Place) {
        let Exchange { origin, request, outcome } = exchange;
        let Outcome::Answered { body: answer, .. } = outcome else { return };
        let message = |from, body: &Body| match body {
            Body::Bytes(body) => Some(Message {
                from: Some(from),
                body: body.clone(),
                at: Some(at),
                place: place.clone(),
                completeness: Completeness::Whole,
            }),
            Body::Withheld(_) => None,
        };
        let (key, begins, id) = match &origin {
            Origin::Opened(_) => {
                let id = session_id(&answer).map(|(_, id, _)| Arc::from(id)).unwrap_or_default();
                (Key::Ours(name.clone(), Arc::clone(&id)), true, id)
            }
            Origin::Dialled(dialled) => {
                (Key::Ours(name.clone(), dialled.session.clone()), false, dialled.session.clone())
            }
            Origin::Posted { .. } => {
                let (source, id, begins) = session_id(&request).unwrap_or_default();
                let begins = begins || id.is_empty();
                let shown = Arc::from(&*id);
                (Key::Theirs(name.clone(), source, id), begins, shown)
            }
        };
        if begins {
            self.end(|other| *other == key);
        }
        let line = self.line;
        let device = self.devices.get(name).map(Arc::clone);
        let session = || Session { id, device, messages: Vec::new(), missing: Vec::new() };
        let (last, session) = self.open.entry(key).or_insert_with(|| (line, session()));
        *last = line;
        let request = match &origin {
            Origin::Opened(_) => None,
            Origin::Dialled(_) | Origin::Posted { .. } => Some((Side::Server, &request)),
        };
        for (from, body) in request.into_iter().chain([(Side::Device, &answer)]) {
            match message(from, body) {
                // A device that has nothing left to say.
                Some(message) if message.body.is_empty() => {}
                Some(message) => session.messages.push(message),
                None => session.missing.push(Missing { from, before: session.messages.len() }),
            }
        }
        if self.open.len() > MOST_OPEN {
            let oldest = self.open.iter().min_by_key(|(_, (last, _))| *last).map(|(key, _)| key.clone());
            self.end(|key| Some(key) == oldest.as_ref());
        }
    }

    fn end(&mut self, is_over: impl Fn(&Key) -> bool) {
        let over = self.open.extract_if(.., |key, _| is_over(key));
        let mut over: Vec<_> = over.map(|(_, session)| session).collect();
        over.sort_by_key(|(last, _)| *last);
        self.over.extend(over.into_iter().map(|(_, session)| session));
    }
}

impl Iterator for TranscriptSessions {
    type Item = Result<Session, CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.over.is_empty() && !self.is_done {
            match self.lines.next() {
                Some(Ok((place, record))) => self.take(place, record),
                Some(Err(error)) => return Some(Err(error)),
                None => {
                    self.is_done = true;
                    self.end(|_| true);
                }
            }
        }
        self.over.pop_front().map(Ok)
    }
}

impl Key {
    const fn device(&self) -> &Arc<str> {
        match self {
            Self::Ours(name, _) | Self::Theirs(name, ..) => name,
        }
    }
}

/// Who has sent a message, in which session, and whether it is the first.
fn session_id(body: &Body) -> Option<(Box<str>, Box<str>, bool)> {
    let bytes: &Bytes = match body {
        Body::Bytes(bytes) => bytes,
        Body::Withheld(_) => return None,
    };
    let header = codec::decode(bytes, &Limits::default()).ok()?.header?;
    let source = header.source.and_then(|source| source.loc_uri);
    let text = |text: Option<&str>| Box::from(text.unwrap_or_default());
    let begins = header.msg_id.as_deref() == Some("1");
    Some((text(source.as_deref()), text(header.session_id.as_deref()), begins))
}
