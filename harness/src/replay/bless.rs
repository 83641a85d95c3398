//! What a capture expects, written anew: what is said now takes the place of what was said then.
//!
//! Bodies take the place of bodies; everything else in a file stays byte for byte. Deliberately absent: formats in which
//! a body does not stand as it was sent.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::capture::Format;
use super::outcome::{Different, Played};
use crate::transcript::{Event, Line, Outcome, Redactor};
use crate::{Failure, output};

/// What is to be written, by file.
#[derive(Debug, Default)]
pub(crate) struct Blessing {
    files: BTreeMap<PathBuf, Edits>,
    /// Messages that cannot be written, and why.
    refused: Vec<String>,
}

#[derive(Debug)]
enum Edits {
    /// By offset: how many bytes go, and what comes.
    Bytes(BTreeMap<u64, (usize, Bytes)>),
    /// By line of a transcript: the answer.
    Lines(BTreeMap<u64, Bytes>),
}

impl Blessing {
    /// Takes what a session says now.
    pub(crate) fn add(&mut self, played: &Played) {
        for different in &played.different {
            match edit(played.format, different) {
                Ok((place, body)) => {
                    let path = PathBuf::from(&*different.place.file);
                    match place {
                        At::Bytes(offset, length) => {
                            let edits =
                                self.files.entry(path).or_insert_with(|| Edits::Bytes(BTreeMap::new()));
                            if let Edits::Bytes(edits) = edits {
                                edits.insert(offset, (length, body));
                            }
                        }
                        At::Line(line) => {
                            let edits =
                                self.files.entry(path).or_insert_with(|| Edits::Lines(BTreeMap::new()));
                            if let Edits::Lines(edits) = edits {
                                edits.insert(line, body);
                            }
                        }
                    }
                }
                Err(why) => {
                    self.refused.push(format!("{}: message {}: {why}", different.place, different.number))
                }
            }
        }
    }

    /// Writes the files, and gives how many messages were written.
    ///
    /// # Errors
    /// When one cannot be read or written, or holds what cannot be written anew.
    pub(crate) fn write(self) -> Result<usize, Failure> {
        let mut count = 0;
        for (path, edits) in &self.files {
            let (written, bytes) = match edits {
                Edits::Bytes(edits) => (edits.len(), spliced(path, edits)?),
                Edits::Lines(edits) => (edits.len(), relined(path, edits)?),
            };
            output::write(path, &bytes)?;
            count += written;
        }
        match self.refused.as_slice() {
            [] => Ok(count),
            refused => Err(Failure::Usage(format!("--update cannot write {}", refused.join("; ")))),
        }
    }
}

/// Where a body stands.
enum At {
    Bytes(u64, usize),
    Line(u64),
}

fn edit(format: Format, different: &Different) -> Result<(At, Bytes), &'static str> {
    let Some(got) = &different.got else { return Err("there is nothing that could take its place") };
    if different.expected.is_none() {
        return Err("the capture has no place for one more message");
    }
    let at = match (format, different.place.line, different.place.length) {
        (Format::Transcript, Some(line), _) => At::Line(line),
        (Format::Har | Format::Saz, ..) | (_, _, 0) => {
            return Err(
                "the body does not stand in the file as it was sent: expected a folder, a text or a transcript",
            );
        }
        (_, _, length) => At::Bytes(different.place.offset, length),
    };
    Ok((at, got.clone()))
}

fn spliced(path: &Path, edits: &BTreeMap<u64, (usize, Bytes)>) -> Result<Vec<u8>, Failure> {
    let before = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
    let mut after = Vec::with_capacity(before.len());
    let mut at = 0;
    for (offset, (length, body)) in edits {
        let offset = usize::try_from(*offset).unwrap_or(usize::MAX).min(before.len());
        after.extend_from_slice(before.get(at..offset).unwrap_or_default());
        after.extend_from_slice(body);
        // The line end of a file that is one message is no part of it.
        let gone = before.get(offset..offset + length).unwrap_or_default();
        if gone.ends_with(b"\n") && !body.ends_with(b"\n") && body.first() == Some(&b'<') {
            after.push(b'\n');
        }
        at = offset + length;
    }
    after.extend_from_slice(before.get(at..).unwrap_or_default());
    Ok(after)
}

fn relined(path: &Path, edits: &BTreeMap<u64, Bytes>) -> Result<Vec<u8>, Failure> {
    let before = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
    let mut after = Vec::with_capacity(before.len());
    for (line, number) in before.split_inclusive(|byte| *byte == b'\n').zip(1..) {
        match edits.get(&number).and_then(|body| answered(line, body)) {
            Some(line) => after.extend_from_slice(line.as_bytes()),
            None => after.extend_from_slice(line),
        }
    }
    Ok(after)
}

/// The line with another answer.
fn answered(line: &[u8], body: &Bytes) -> Option<String> {
    let text = std::str::from_utf8(line).ok()?;
    let mut line = Line::from_json(text).ok()?;
    match &mut line.entry.event {
        Event::Exchange(exchange) => {
            // A transcript is not to hold secrets that it did not hold.
            let body = Redactor::default().body(body.clone());
            exchange.outcome = Outcome::Answered { http: 200, body };
        }
        Event::Device(_) | Event::Control(_) => return None,
    }
    Some(serde_json::to_string(&line).ok()? + "\n")
}
