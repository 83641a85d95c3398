//! A folder of numbered bodies, in the styles that people use: `1-device.xml`, `02-server.xml`, `syncml_client_10.xml`.
//!
//! Whose a message is, is told by what it says; its name counts where that leaves it open. A `device.toml` beside them is
//! the device that they were recorded with.

use std::fs;
use std::path::{Path, PathBuf};

use syncml::codec::{self, Limits};
use syncml::session::side_of;

use super::{
    Capture, CaptureError, Completeness, Format, Message, Note, Place, Side, document, recognise, sessions,
};

/// The endings of messages.
const MESSAGES: [&str; 4] = ["xml", "wbxml", "syncml", "bin"];

/// The endings of captures that stand for themselves.
const CAPTURES: [&str; 3] = ["har", "saz", "jsonl"];

/// The endings of texts, which may have messages in them.
const TEXTS: [&str; 3] = ["log", "txt", "md"];

/// The device that the messages were recorded with.
const DEVICE: &str = "device.toml";

/// The captures of a folder: itself when it holds messages, and those in it.
pub(super) fn captures(path: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    let mut found = Vec::new();
    let entries = entries(path)?;
    if entries.iter().any(|entry| is_message(entry)) {
        found.push(path.to_owned());
    }
    for entry in &entries {
        if entry.is_dir() {
            found.extend(captures(entry)?);
        } else if has_ending(entry, &CAPTURES) || has_ending(entry, &TEXTS) && recognise::has_message(entry) {
            found.push(entry.clone());
        }
    }
    Ok(found)
}

/// Reads the messages of a folder.
pub(super) fn read(path: &Path) -> Result<Capture, CaptureError> {
    let mut files: Vec<_> =
        entries(path)?.into_iter().filter(|entry| is_message(entry)).map(Named::of).collect();
    files.sort_by(|one, other| one.rank().cmp(&other.rank()));
    let mut notes = Vec::new();
    let mut messages: Vec<Message> = Vec::new();
    for file in files {
        match file.message() {
            Ok(mut found) => {
                // Who asks and who answers is told by the message before.
                let before = messages.last().and_then(|message| message.from);
                if let Some(message) = found.last_mut() {
                    message.from = message.from.or_else(|| file.word.side(before));
                }
                messages.extend(found);
            }
            Err(CaptureError { place, what }) => notes.push(Note { place: Some(place), text: what }),
        }
    }
    if messages.is_empty() {
        let what = match notes.into_iter().next() {
            Some(note) => format!("no message in the folder; {note}"),
            None => {
                let endings = MESSAGES.map(|ending| format!(".{ending}")).join(", ");
                format!("found no message in the folder, expected files that end in {endings}")
            }
        };
        return Err(CaptureError::new(Place::start(path), what));
    }
    let device = path.join(DEVICE);
    let capture = sessions::capture(Format::Folder, messages, notes);
    Ok(Capture { device_file: device.is_file().then_some(device), ..capture })
}

/// A file with what its name says.
struct Named {
    path: PathBuf,
    number: Option<u64>,
    word: Word,
    name: String,
}

/// Whose a message is, by the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    Device,
    Server,
    Request,
    Response,
    None,
}

impl Word {
    const ALL: [(&'static str, Self); 10] = [
        ("client", Self::Device),
        ("device", Self::Device),
        ("server", Self::Server),
        ("mdm", Self::Server),
        ("request", Self::Request),
        ("response", Self::Response),
        ("reply", Self::Response),
        ("answer", Self::Response),
        ("_c", Self::Request),
        ("_s", Self::Response),
    ];

    fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let name = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
        let says = |(word, _): &&(&str, Self)| {
            if word.starts_with('_') { name.ends_with(word) } else { name.contains(word) }
        };
        Self::ALL.iter().find(says).map_or(Self::None, |(_, word)| *word)
    }

    /// Whose it is. A device asks, unless the server has.
    const fn side(self, before: Option<Side>) -> Option<Side> {
        match (self, before) {
            (Self::Device, _) => Some(Side::Device),
            (Self::Server, _) => Some(Side::Server),
            (Self::Response, Some(before)) => Some(sessions::other(before)),
            (Self::Request | Self::Response | Self::None, _) => None,
        }
    }

    /// Who comes first of two with one number.
    const fn rank(self) -> u8 {
        match self {
            Self::Device | Self::Request => 0,
            Self::None => 1,
            Self::Server | Self::Response => 2,
        }
    }
}

impl Named {
    fn of(path: PathBuf) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { number: number(&name), word: Word::of(&name), name, path }
    }

    fn rank(&self) -> (bool, Option<u64>, u8, &str) {
        (self.number.is_none(), self.number, self.word.rank(), &self.name)
    }

    /// The message of the file: one, whole or cut.
    fn message(&self) -> Result<Vec<Message>, CaptureError> {
        let start = Place::start(&self.path);
        let limits = Limits::default();
        let bytes = read_file(&self.path, limits.bytes as u64)?;
        let error = match codec::decode(&bytes, &limits) {
            Ok(decoded) => {
                let (from, completeness) = (side_of(&decoded), Completeness::Whole);
                let place = start.at(0, bytes.len());
                return Ok(vec![Message { from, body: bytes.into(), at: None, place, completeness }]);
            }
            Err(error) => error,
        };
        let found = document::read(&start, &bytes)?.found;
        if found.is_empty() {
            let what = format!("passed over what is no message: {error}");
            return Err(CaptureError::new(start.at(error.span.start, error.span.len()), what));
        }
        Ok(found.into_iter().map(|found| found.message).collect())
    }
}

fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, CaptureError> {
    let io = |error: std::io::Error| CaptureError::io(path, &error);
    let length = fs::metadata(path).map_err(io)?.len();
    if length > most {
        let what = format!("passed over {length} bytes, expected a message of at most {most}");
        return Err(CaptureError::new(Place::start(path), what));
    }
    fs::read(path).map_err(io)
}

fn entries(path: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    let io = |error: std::io::Error| CaptureError::io(path, &error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(io)? {
        let entry = entry.map_err(io)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

fn is_message(path: &Path) -> bool {
    path.is_file() && has_ending(path, &MESSAGES)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    endings.contains(&ending.to_ascii_lowercase().as_str())
}

/// The first number in a name.
fn number(name: &str) -> Option<u64> {
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let rest = name.get(digits..)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}
