//! Captures without their secrets: whatever the file is, what is secret in it becomes a number, as in a transcript.
//!
//! Deliberately absent: what is secret in a message, which the transcript knows, and what a capture means.

mod har;
mod text;

use std::io::{BufReader, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use csp_model::device::Snapshot;
use serde_json::Value;

use crate::transcript::{Body, LineWriter, Reader, Record, Redactor, Secrets};

/// A capture without its secrets.
#[derive(Debug)]
pub(crate) struct Redacted {
    /// What is left.
    pub(crate) bytes: Vec<u8>,
    /// What whoever has it should know.
    pub(crate) notes: Vec<String>,
}

/// How a transcript begins.
const TRANSCRIPT: &[u8] = br#"{"cspsim_transcript""#;

/// Takes the secrets out of a file.
///
/// # Errors
/// When nothing can be looked for in it, with why.
pub(crate) fn redact(bytes: Bytes) -> Result<Redacted, String> {
    if bytes.starts_with(TRANSCRIPT) {
        return transcript(&bytes);
    }
    let mut redactor = Redactor::default();
    if let Ok(document) = serde_json::from_slice::<Value>(&bytes) {
        return json(&mut redactor, document, &bytes);
    }
    if let Some(lines) = json_lines(&mut redactor, &bytes) {
        return Ok(Redacted { bytes: lines, notes: Vec::new() });
    }
    match redactor.body(bytes) {
        Body::Bytes(bytes) => Ok(Redacted { bytes: text::headers(&mut redactor, &bytes), notes: Vec::new() }),
        Body::Withheld(_) => {
            Err("it is neither text nor a message in WBXML: nothing can be looked for in it".to_owned())
        }
    }
}

/// A transcript, line by line; what breaks off is left out.
fn transcript(bytes: &[u8]) -> Result<Redacted, String> {
    let mut lines = LineWriter::new(Vec::new(), Secrets::Hidden);
    let mut notes = Vec::new();
    for record in Reader::new(BufReader::new(bytes)) {
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
    Ok(Redacted { bytes: lines.take(), notes })
}

/// A snapshot, or a document of somebody else's: HAR, or any.
fn json(redactor: &mut Redactor, mut document: Value, bytes: &[u8]) -> Result<Redacted, String> {
    let mut redacted = Vec::new();
    let written = if document.get("cspsim_snapshot").is_some() {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let snapshot = Snapshot::from_json(text).map_err(|error| error.to_string())?;
        serde_json::to_writer(&mut redacted, &redactor.snapshot(Arc::new(snapshot)))
    } else {
        har::redact(redactor, &mut document);
        serde_json::to_writer_pretty(&mut redacted, &document)
    };
    written.map_err(|error| error.to_string())?;
    redacted.push(b'\n');
    Ok(Redacted { bytes: redacted, notes: Vec::new() })
}

/// Documents line by line, if the file is that.
fn json_lines(redactor: &mut Redactor, bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut redacted = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let mut document: Value = serde_json::from_str(line).ok()?;
        if !document.is_object() {
            return None;
        }
        har::redact(redactor, &mut document);
        writeln!(redacted, "{document}").ok()?;
    }
    (!redacted.is_empty()).then_some(redacted)
}

#[cfg(test)]
mod tests;
