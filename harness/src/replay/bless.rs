//! What a capture expects, written anew: what is said now takes the place of what was said then.
//!
//! Bodies take the place of bodies; everything else in a file stays byte for byte. Deliberately absent: formats in which
//! a body does not stand as it was sent.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::capture::{Format, Side};
use super::outcome::{Different, Played};
use crate::event::DeviceEvent;
use crate::transcript::{Body, Event, Line, Outcome, Reader, Record, Redactor, Secrets};
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
    /// By line of a transcript.
    Lines(BTreeMap<u64, LineEdit>),
}

/// What changes in a line of a transcript.
#[derive(Debug, Default)]
struct LineEdit {
    answer: Option<Bytes>,
    events: Option<Vec<DeviceEvent>>,
}

impl Blessing {
    /// Takes what a session says now.
    pub(crate) fn add(&mut self, played: &Played) {
        for different in &played.different {
            let path = PathBuf::from(&*different.place.file);
            match edit(played.format, different) {
                Ok(Edit::Bytes { offset, length, body }) => {
                    let edits = self.files.entry(path).or_insert_with(|| Edits::Bytes(BTreeMap::new()));
                    if let Edits::Bytes(edits) = edits {
                        edits.insert(offset, (length, body));
                    }
                }
                Ok(Edit::Line(line, edit)) => {
                    let edits = self.files.entry(path).or_insert_with(|| Edits::Lines(BTreeMap::new()));
                    if let Edits::Lines(edits) = edits {
                        let known = edits.entry(line).or_default();
                        known.answer = edit.answer.or_else(|| known.answer.take());
                        known.events = edit.events.or_else(|| known.events.take());
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
    /// When one cannot be read or written, or holds what cannot be written anew: then nothing is written at all.
    pub(crate) fn write(self) -> Result<usize, Failure> {
        if !self.refused.is_empty() {
            let what = format!("nothing is updated: cannot write {}", self.refused.join("; "));
            return Err(Failure::Check(what));
        }
        let mut written = Vec::new();
        for (path, edits) in &self.files {
            written.push(match edits {
                Edits::Bytes(edits) => (path, edits.len(), spliced(path, edits)?),
                Edits::Lines(edits) => (path, edits.len(), relined(path, edits)?),
            });
        }
        let mut count = 0;
        for (path, messages, bytes) in written {
            output::write(path, &bytes)?;
            count += messages;
        }
        Ok(count)
    }
}

/// A change of a file.
enum Edit {
    /// A body in the place of another.
    Bytes { offset: u64, length: usize, body: Bytes },
    /// A line of a transcript.
    Line(u64, LineEdit),
}

fn edit(format: Format, different: &Different) -> Result<Edit, &'static str> {
    if different.is_cut {
        return Err("the captured message breaks off, or what it answers: nothing tells what comes after");
    }
    if let (Some(events), Some(line)) = (&different.events, different.place.line) {
        return Ok(Edit::Line(line, LineEdit { answer: None, events: Some(events.clone()) }));
    }
    let Some(body) = different.got.clone() else { return Err("there is nothing that could take its place") };
    if different.expected.is_none() {
        return Err("the capture has no place for one more message");
    }
    match (format, different.place.line, different.place.length, different.from) {
        (Format::Transcript, Some(line), _, Side::Device) => {
            Ok(Edit::Line(line, LineEdit { answer: Some(body), events: None }))
        }
        (Format::Transcript, ..) => {
            Err("a transcript is what a device has seen, and not what another server says")
        }
        (Format::Har | Format::Saz, ..) | (_, _, 0, _) => Err(
            "the body does not stand in the file as it was sent: expected a folder, a text or a transcript",
        ),
        (_, _, length, _) => Ok(Edit::Bytes { offset: different.place.offset, length, body }),
    }
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

fn relined(path: &Path, edits: &BTreeMap<u64, LineEdit>) -> Result<Vec<u8>, Failure> {
    let before = Bytes::from(fs::read(path).map_err(|error| Failure::unreadable(path, &error))?);
    // What stands for secrets keeps its numbers, and new secrets have others.
    let mut seeker = Redactor::seeker();
    seeker.body(before.clone());
    let mut redactor = Redactor::after(&seeker);
    let mut secrets = Secrets::Hidden;
    let mut after = Vec::with_capacity(before.len());
    for (line, number) in before.split_inclusive(|byte| *byte == b'\n').zip(1..) {
        if let Some(Ok(Record::Header(header))) = Reader::new(line).next() {
            secrets = header.secrets;
        }
        let edited = edits.get(&number).and_then(|edit| {
            edited(line, edit, |body| match secrets {
                Secrets::Hidden => redactor.body(body),
                Secrets::Shown => Body::Bytes(body),
            })
        });
        match edited {
            Some(line) => after.extend_from_slice(line.as_bytes()),
            None => after.extend_from_slice(line),
        }
    }
    Ok(after)
}

/// The line with what changes in it.
fn edited(line: &[u8], edit: &LineEdit, redacted: impl FnOnce(Bytes) -> Body) -> Option<String> {
    let text = std::str::from_utf8(line).ok()?;
    let mut line = Line::from_json(text).ok()?;
    if let Some(answer) = &edit.answer {
        let Event::Exchange(exchange) = &mut line.entry.event else { return None };
        exchange.outcome = Outcome::Answered { http: 200, body: redacted(answer.clone()) };
    }
    if let Some(events) = &edit.events {
        line.entry.events = events.as_slice().into();
    }
    Some(serde_json::to_string(&line).ok()? + "\n")
}
