//! What format a file is in, by its content.
//!
//! Deliberately absent: the name of the file, which people choose as they like.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;

use memchr::memmem;
use syncml::codec::{self, Encoding, Limits};

use super::{Capture, CaptureError, Place, document, har, message, saz};

/// The most bytes of a capture that is read whole.
const LARGEST: u64 = 256 << 20;

/// How an own transcript begins, as it is written.
const TRANSCRIPT: &[u8] = br#"{"cspsim_transcript""#;

/// What the beginning of a file tells.
pub(super) enum Head {
    /// It is an own transcript, which is read line by line.
    Transcript,
    /// It is something else: all of it.
    Whole(Vec<u8>),
}

/// Looks at the beginning of a file, and reads the rest of it unless it is to be read line by line.
pub(super) fn head(path: &Path) -> Result<Head, CaptureError> {
    let io = |error: std::io::Error| CaptureError::io(path, &error);
    let mut file = File::open(path).map_err(io)?;
    let mut head = Vec::new();
    (&mut file).take(TRANSCRIPT.len() as u64).read_to_end(&mut head).map_err(io)?;
    if head == TRANSCRIPT {
        return Ok(Head::Transcript);
    }
    let length = file.metadata().map_err(io)?.len();
    if length > LARGEST {
        let what =
            format!("found {length} bytes, expected a transcript, or a capture of at most {LARGEST} bytes");
        return Err(CaptureError::new(Place::start(path), what));
    }
    // What cannot be rewound is read on from where it stands.
    let mut bytes = if file.rewind().is_ok() { Vec::new() } else { head };
    let most = LARGEST.saturating_add(1).saturating_sub(bytes.len() as u64);
    file.take(most).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LARGEST {
        let what = format!("found more than {LARGEST} bytes, expected fewer");
        return Err(CaptureError::new(Place::start(path), what));
    }
    Ok(Head::Whole(bytes))
}

/// Reads a capture that is no transcript.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Capture, CaptureError> {
    let place = Place::start(path);
    if bytes.is_empty() {
        return Err(CaptureError::new(place, "found an empty file, expected a capture"));
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return saz::read(&place, bytes);
    }
    if Encoding::of(bytes) == Encoding::Wbxml {
        return message::read(&place, bytes);
    }
    if is_har(bytes) {
        return har::read(&place, bytes);
    }
    if codec::decode(bytes, &Limits::default()).is_ok() {
        return message::read(&place, bytes);
    }
    let documents = document::read(&place, bytes)?;
    if documents.found.is_empty() {
        return Err(documents.into_first_error().unwrap_or_else(|| {
            CaptureError::new(
                place,
                "found no SyncML message, expected a transcript, a SyncMLViewer file, a HAR, a Fiddler archive, or SyncML \
                 in XML or WBXML",
            )
        }));
    }
    Ok(documents.capture())
}

/// Whether a text looks as if it had a message in it, near its beginning.
pub(super) fn has_message(path: &Path) -> bool {
    const NEAR: u64 = 1 << 20;
    const MARKS: [&[u8]; 5] = [b"<SyncML", b"<SyncBody", b"lt;SyncML", b"003cSync", b"<\0S\0y\0n\0c\0"];
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(NEAR).read_to_end(&mut bytes));
    read.is_ok() && MARKS.iter().any(|mark| memmem::find(&bytes, mark).is_some())
}

/// Whether the bytes look like an HTTP archive. Logs can be JSON too, and `log` a text in them.
fn is_har(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let log = || text.strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"log\"");
    let value = || log()?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().first();
    value() == Some(&b'{')
}
