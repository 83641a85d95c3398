//! Captures without their secrets: whatever the file is, what is secret in it becomes a number, as in a transcript.
//!
//! A file is gone through first for the numbers that stand in it already, so that no secret gets one of them, and then until
//! nothing is found any more.
//!
//! Deliberately absent: what is secret in a message, which the transcript knows, and what a capture means.

mod address;
mod encoded;
mod http;
mod json;
mod names;
mod search;

use std::io::{self, BufRead, Write};
use std::mem;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::transcript::{LineWriter, Reader, Record, Redactor};
use encoded::Encoded;
use search::{Opaque, Search, Seen};

/// A capture without its secrets.
#[derive(Debug)]
pub(crate) struct Redacted {
    /// What is left.
    pub(crate) bytes: Vec<u8>,
    /// What whoever has it should know.
    pub(crate) notes: Vec<String>,
}

/// Takes the secrets out of a file.
///
/// # Errors
/// When nothing can be looked for in it, with why.
pub(crate) fn redact(bytes: Bytes) -> Result<Redacted, String> {
    let mut seeker = Redactor::seeker();
    once(&mut seeker, &bytes)?;
    let mut redactor = Redactor::after(&seeker);
    let mut redacted = once(&mut redactor, &bytes)?;
    // In a file that is no whole document, what is hidden can end what hid something else.
    for _ in 0..MOST_AGAIN {
        match once(&mut redactor, &redacted.bytes) {
            Ok(again) if again.bytes != redacted.bytes => redacted.bytes = again.bytes,
            Ok(_) | Err(_) => break,
        }
    }
    Ok(redacted)
}

/// How often a file is gone through again.
const MOST_AGAIN: usize = 8;

/// Whether a file that begins with this line is a transcript.
pub(crate) fn is_transcript(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Any {
        #[serde(rename = "cspsim_transcript")]
        _version: IgnoredAny,
    }
    serde_json::from_slice::<Any>(line).is_ok()
}

/// Looks through a transcript for the numbers that stand in it.
///
/// # Errors
/// When it is none, or cannot be read, with why.
pub(crate) fn seek(input: impl BufRead) -> Result<Redactor, String> {
    Ok(lines(input, LineWriter::again(io::sink(), Redactor::seeker()))?.0)
}

/// Takes the secrets out of a transcript that was sought through, line by line, and says what whoever has it should know.
///
/// # Errors
/// When it cannot be read or written, with why.
pub(crate) fn transcript(
    input: impl BufRead,
    out: impl Write,
    sought: &Redactor,
) -> Result<Vec<String>, String> {
    Ok(lines(input, LineWriter::again(out, Redactor::after(sought)))?.1)
}

/// A transcript, line by line; what breaks off is left out.
fn lines<W: Write>(input: impl BufRead, mut lines: LineWriter<W>) -> Result<(Redactor, Vec<String>), String> {
    let mut notes = Vec::new();
    for record in Reader::new(input) {
        let written = match record.map_err(|error| error.to_string())? {
            Record::Header(header) => lines.header_again(*header),
            Record::Line(line) => lines.entry(&line.name, line.entry),
            Record::Cut(line) => {
                notes.push(format!("line {line} breaks off: it is left out"));
                Ok(())
            }
        };
        written.map_err(|error| error.to_string())?;
    }
    lines.flush().map_err(|error| error.to_string())?;
    Ok((lines.into_redactor().unwrap_or_default(), notes))
}

/// Goes through a file once.
fn once(redactor: &mut Redactor, bytes: &[u8]) -> Result<Redacted, String> {
    let mut search = Search::new(redactor);
    let encoded = Encoded::of(bytes);
    let text = encoded.decode(bytes).map_err(str::to_owned)?;
    let mut notes = Vec::new();
    let redacted = if json::begins(&text) {
        let text = std::str::from_utf8(&text)
            .map_err(|error| format!("byte {} is not UTF-8, expected JSON", error.valid_up_to()))?;
        let first = text.lines().next().unwrap_or_default();
        if is_transcript(first.as_bytes()) {
            let mut written = Vec::new();
            let lines = lines(text.as_bytes(), LineWriter::again(&mut written, mem::take(redactor)));
            let (after, notes) = lines?;
            *redactor = after;
            return Ok(Redacted { bytes: encoded.encode(written), notes });
        }
        let (written, end) = json::redacted(&mut search, text)?;
        match end {
            json::End::Whole => {}
            json::End::Cut(line) => notes.push(format!("line {line} breaks off: it is left out")),
        }
        encoded.encode(written.into_bytes())
    } else {
        search.body(bytes).map_err(|Opaque| {
            "it is neither text nor a message in WBXML: nothing can be looked for in it".to_owned()
        })?
    };
    match search.seen() {
        Seen::Message => {}
        Seen::Nothing if redacted != bytes => {}
        Seen::Nothing => notes.push("no message was found in it".to_owned()),
    }
    Ok(Redacted { bytes: redacted, notes })
}

#[cfg(test)]
mod tests;
