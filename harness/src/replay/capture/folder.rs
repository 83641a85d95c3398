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
        // A link to a folder may lead back to where it stands.
        if entry.is_dir() && !entry.is_symlink() {
            found.extend(captures(entry)?);
        } else if is_file(entry)
            && !is_message(entry)
            && (has_ending(entry, &CAPTURES) || has_ending(entry, &TEXTS) && recognise::has_message(entry))
        {
            found.push(entry.clone());
        }
    }
    Ok(found)
}

/// Whether a file stands for a message of its folder.
fn is_message(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_numbered = || name.chars().any(|c| c.is_ascii_digit());
    // The raw exchanges of Fiddler and numbered texts are messages when that is all they are.
    let is_whole = || {
        let bytes = read_file(path, Limits::default().bytes as u64);
        bytes.is_ok_and(|bytes| codec::decode(&bytes, &Limits::default()).is_ok())
    };
    match path.extension() {
        _ if !is_file(path) => false,
        None => is_numbered() && is_whole(),
        Some(_) if has_ending(path, &MESSAGES) => true,
        Some(_) => has_ending(path, &["txt"]) && is_numbered() && is_whole(),
    }
}

/// Whether it is a file, and neither a folder nor what blocks who reads it.
fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file())
}

/// Reads the messages of a folder.
pub(super) fn read(path: &Path) -> Result<Capture, CaptureError> {
    let mut files: Vec<_> =
        entries(path)?.into_iter().filter(|entry| is_message(entry)).map(Named::of).collect();
    files.sort_by(|one, other| one.rank().cmp(&other.rank()));
    let (mut notes, mut unreadable) = (Vec::new(), Vec::new());
    let mut messages: Vec<Message> = Vec::new();
    for file in files {
        match file.message() {
            Ok((mut found, more)) => {
                notes.extend(more);
                // Who asks and who answers is told by the message before.
                let before = messages.last().and_then(|message| message.from);
                if let Some(message) = found.last_mut() {
                    message.from = message.from.or_else(|| file.word.side(before));
                }
                messages.extend(found);
            }
            // Other documents may stand beside messages, but they have no number.
            Err(error) if !file.numbers.is_empty() => unreadable.push(error),
            Err(CaptureError { place, what }) => {
                notes.push(Note { place: Some(place), text: format!("passed over: {what}") });
            }
        }
    }
    if messages.is_empty() {
        let first = unreadable.first().map(ToString::to_string);
        let what = match first.or_else(|| notes.first().map(ToString::to_string)) {
            Some(why) => format!("no message in the folder; {why}"),
            None => {
                let endings = MESSAGES.map(|ending| format!(".{ending}")).join(", ");
                format!("found no message in the folder, expected files that end in {endings}")
            }
        };
        return Err(CaptureError::new(Place::start(path), what));
    }
    let device = path.join(DEVICE);
    let capture = sessions::capture(Format::Folder, messages, notes);
    Ok(Capture { device_file: device.is_file().then_some(device), unreadable, ..capture })
}

/// A file with what its name says.
struct Named {
    path: PathBuf,
    /// The numbers in its name, from left to right.
    numbers: Vec<u64>,
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
        Self { numbers: numbers(&name), word: Word::of(&name), name, path }
    }

    fn rank(&self) -> (bool, &[u64], u8, &str) {
        (self.numbers.is_empty(), &self.numbers, self.word.rank(), &self.name)
    }

    /// The message of the file: one, whole or cut; and what is to be said of it.
    fn message(&self) -> Result<(Vec<Message>, Vec<Note>), CaptureError> {
        let start = Place::start(&self.path);
        let limits = Limits::default();
        let bytes = read_file(&self.path, limits.bytes as u64)?;
        let error = match codec::decode(&bytes, &limits) {
            Ok(decoded) => {
                let (from, completeness) = (side_of(&decoded), Completeness::Whole);
                let place = start.at(0, bytes.len());
                let message = Message { from, body: bytes.into(), at: None, place, completeness };
                return Ok((vec![message], Vec::new()));
            }
            Err(error) => error,
        };
        let document::Documents { found, notes, .. } = document::read(&start, &bytes)?;
        if found.is_empty() {
            let what = format!("the file is no SyncML message: {error}");
            return Err(CaptureError::new(start.at(error.span.start, error.span.len()), what));
        }
        Ok((found.into_iter().map(|found| found.message).collect(), notes))
    }
}

fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, CaptureError> {
    let io = |error: std::io::Error| CaptureError::io(path, &error);
    let length = fs::metadata(path).map_err(io)?.len();
    if length > most {
        let what = format!("found {length} bytes, expected a message of at most {most}");
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

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    endings.contains(&ending.to_ascii_lowercase().as_str())
}

/// The numbers in a name, from left to right: a date and a time of day before the number count first.
fn numbers(name: &str) -> Vec<u64> {
    let digits = name.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    digits.map(|digits| digits.parse().unwrap_or(u64::MAX)).collect()
}
