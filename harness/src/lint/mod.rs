//! Messages in files, judged: which they are, what is wrong with them, and how that is told.
//!
//! Deliberately absent: the rules, which are the judge's, and what the command line makes of them.

mod files;
mod human;
mod json;
mod sarif;

use std::path::Path;
use std::sync::Arc;

use csp_model::Device;
use csp_model::xml::line_and_column;
use syncml::codec::{self, DecodeError, Encoding, Limits};
use syncml::judge::{Arrival, Channel, Finding, Side};
use syncml::message::Message;
use syncml::session::{Review, side_of};

pub(crate) use files::{MessageFile, files};
pub(crate) use human::{counted, human};
pub(crate) use json::json;
pub(crate) use sarif::sarif;

/// What became of a file.
#[derive(Debug)]
pub(crate) struct Linted {
    /// Its path, as it was given.
    pub(crate) path: String,
    /// What it is encoded in.
    pub(crate) encoding: Encoding,
    /// What it holds, for who reads a finding.
    pub(crate) shown: Shown,
    /// Whose message it is; `None` when it is none.
    pub(crate) side: Option<Side>,
    /// What is wrong with it, in the order of its lines.
    pub(crate) findings: Vec<Finding>,
}

/// What the places of findings are about.
#[derive(Debug)]
pub(crate) enum Shown {
    /// The message in XML, whatever it is encoded in.
    Text(Arc<String>),
    /// The bytes, which are no WBXML.
    Bytes(Vec<u8>),
}

/// Where a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    /// Lines and columns, counted from 1, columns in characters.
    Lines { start: (usize, usize), end: (usize, usize) },
    /// The offset of a byte, counted from 0.
    Byte(usize),
}

impl Linted {
    /// Where a finding is.
    pub(crate) fn region(&self, finding: &Finding) -> Region {
        let range = finding.span.range();
        match &self.shown {
            Shown::Text(text) => Region::Lines {
                start: line_and_column(text, range.start),
                end: line_and_column(text, range.end.max(range.start)),
            },
            Shown::Bytes(_) => Region::Byte(range.start),
        }
    }
}

/// Judges the messages of one session.
pub(crate) fn session(files: &[MessageFile], device: &Device, channel: Channel) -> Vec<Linted> {
    let mut review = Review::new(device.clone());
    let mut waits = false;
    files.iter().map(|file| message(file, &mut review, channel, &mut waits)).collect()
}

/// Judges a message; `waits` says whether the device has spoken last.
fn message(file: &MessageFile, review: &mut Review, channel: Channel, waits: &mut bool) -> Linted {
    let path = shown(&file.path);
    let bytes = &file.bytes;
    let encoding = Encoding::of(bytes);
    let (message, text) = match readable(bytes) {
        Ok(decoded) => decoded,
        Err(error) => {
            let finding =
                if bytes.is_empty() && *waits { Finding::no_answer() } else { Finding::malformed(&error) };
            let shown = match encoding {
                Encoding::Xml => Shown::Text(
                    codec::text(bytes, &Limits::default())
                        .unwrap_or_else(|_| Arc::new(String::from_utf8_lossy(bytes).into_owned())),
                ),
                Encoding::Wbxml => Shown::Bytes(bytes.clone()),
            };
            return Linted { path, encoding, shown, side: None, findings: vec![finding] };
        }
    };
    let side = side_of(&message).unwrap_or(Side::Server);
    *waits = side == Side::Device;
    let mut findings = match side {
        Side::Device => {
            review.device_said(&message);
            Vec::new()
        }
        Side::Server => review.server_said(&message, Arrival { bytes: Some(bytes.len()), channel }),
    };
    findings.sort_by_key(|finding| finding.span.start);
    Linted { path, encoding, shown: Shown::Text(text), side: Some(side), findings }
}

/// The message, and the XML that its spans are about.
fn readable(bytes: &[u8]) -> Result<(Message, Arc<String>), DecodeError> {
    let (message, input) = codec::decode_with_text(bytes, &Limits::default())?;
    match input.encoding() {
        Encoding::Xml => Ok((message, Arc::clone(input.text()))),
        // Nobody reads tokens.
        Encoding::Wbxml => {
            let (message, input) = codec::decode_with_text(&codec::encode(&message), &Limits::default())?;
            Ok((message, Arc::clone(input.text())))
        }
    }
}

fn shown(path: &Path) -> String {
    if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() }
}
