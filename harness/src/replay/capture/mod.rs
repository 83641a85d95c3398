//! What captures hold: sessions of messages, whoever recorded them, and one file a format that reads it.
//!
//! A format is told by the content of a file, never by its name. Own transcripts are read session by session, for they
//! can be large; everything else is read whole. Deliberately absent: what the messages are compared with.

mod document;
mod error;
mod escaped;
mod folder;
mod har;
mod http;
mod message;
mod place;
mod recognise;
mod salvage;
mod saz;
mod sessions;
mod transcript;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use csp_model::device::Snapshot;
pub use syncml::judge::Side;

use crate::transcript::Devices;

pub use error::CaptureError;
pub use place::Place;
pub(crate) use sessions::other;
pub(crate) use transcript::TranscriptLines;
pub use transcript::TranscriptSessions;

/// How a capture was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// The project's own transcript.
    Transcript,
    /// The stream of SyncMLViewer: documents one after the other, without direction.
    ViewerStream,
    /// The requests of SyncMLViewer, each a SyncBody, with their answers.
    ViewerRequests,
    /// An HTTP archive.
    Har,
    /// An archive of Fiddler.
    Saz,
    /// A folder of numbered bodies.
    Folder,
    /// One message, in XML or WBXML.
    Message,
    /// A text with messages in it.
    Text,
}

/// A message of a capture.
#[derive(Debug, Clone)]
pub struct Message {
    /// Who sent it; `None` when nothing tells.
    pub from: Option<Side>,
    /// The message: of one that was cut, what could be salvaged, made whole.
    pub body: Bytes,
    /// When it was sent, where the capture says so.
    pub at: Option<DateTime<Utc>>,
    /// Where it stands.
    pub place: Place,
    /// Whether all of it is there.
    pub completeness: Completeness,
}

/// Whether all of a message is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// It is.
    Whole,
    /// It breaks off.
    Cut {
        /// How many commands are there whole.
        salvaged: usize,
    },
}

/// Messages that belong together.
#[derive(Debug, Clone)]
pub struct Session {
    /// The SessionID; empty where the messages say none.
    pub id: Arc<str>,
    /// What whoever recorded it knew of the device.
    pub device: Option<Arc<Snapshot>>,
    /// The messages, in the order in which they were sent.
    pub messages: Vec<Message>,
    /// The messages that must have been sent and are not there.
    pub missing: Vec<Missing>,
}

/// A message that must have been sent and is not in the capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Whose it is.
    pub from: Side,
    /// How many messages of the session stand before it.
    pub before: usize,
}

/// What a file or folder holds.
#[derive(Debug)]
pub struct Capture {
    /// How it was written.
    pub format: Format,
    /// The sessions, in the order in which they began.
    pub sessions: Vec<Session>,
    /// The device file that stands in the same folder.
    pub device_file: Option<PathBuf>,
    /// What was passed over, or understood otherwise than it is written.
    pub notes: Vec<Note>,
    /// What should be a message and could not be read.
    pub unreadable: Vec<CaptureError>,
}

/// Something about a capture that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where, if it is about one place.
    pub place: Option<Place>,
    /// What.
    pub text: String,
}

/// A capture, or a file from which its sessions can be had one by one.
#[derive(Debug)]
pub enum Opened {
    /// Everything that it holds.
    Capture(Capture),
    /// An own transcript of devices whose state is known: it can be lived through again.
    Transcript(PathBuf),
    /// An own transcript of what others have said to each other.
    Recording(PathBuf),
}

impl Format {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transcript => "transcript",
            Self::ViewerStream => "SyncMLViewer stream",
            Self::ViewerRequests => "SyncMLViewer requests",
            Self::Har => "HAR",
            Self::Saz => "Fiddler archive",
            Self::Folder => "folder of messages",
            Self::Message => "message",
            Self::Text => "text with messages",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl Missing {
    /// What is missing, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let whose = match self.from {
            Side::Device => "the device's",
            Side::Server => "the server's",
        };
        match self.before {
            0 => format!("{whose} message before the first one is missing"),
            before => format!("{whose} message after message {before} is missing"),
        }
    }
}

/// Opens a file or folder, whatever its format.
///
/// # Errors
/// When it cannot be read, is of no known format, or holds no message.
pub fn open(path: &Path) -> Result<Opened, CaptureError> {
    if path.is_dir() {
        return folder::read(path).map(Opened::Capture);
    }
    let bytes = match recognise::head(path)? {
        recognise::Head::Transcript => {
            let devices = TranscriptLines::open(path)?.devices()?;
            return Ok(match devices {
                Devices::Known => Opened::Transcript(path.to_owned()),
                Devices::Guessed => Opened::Recording(path.to_owned()),
            });
        }
        recognise::Head::Whole(bytes) => bytes,
    };
    recognise::read(path, &bytes).map(Opened::Capture)
}

/// The captures that `path` stands for: itself, or those in a folder that holds no messages of its own.
///
/// # Errors
/// When a folder cannot be read.
pub fn find(path: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    if path.is_dir() { folder::captures(path) } else { Ok(vec![path.to_owned()]) }
}
