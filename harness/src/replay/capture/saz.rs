//! Archives of Fiddler: a zip with `raw/N_c.txt`, what a client said, and `raw/N_s.txt`, what it was answered.
//!
//! Deliberately absent: archives with a password, which Fiddler must save without one.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use bytes::Bytes;
use zip::ZipArchive;

use super::http::{self, Exchange, messages};
use super::{Capture, CaptureError, Format, Note, Place, sessions};

/// The most bytes of one entry: a few of them can stand for any number.
const LARGEST: u64 = 64 << 20;

/// Reads the archive.
pub(super) fn read(place: &Place, bytes: &[u8]) -> Result<Capture, CaptureError> {
    let broken = |error: &dyn std::fmt::Display| {
        let what = format!("the file is no archive of Fiddler: {error}");
        CaptureError::new(place.at(bytes.len(), 0), what)
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let mut notes = Vec::new();
    let mut exchanges: BTreeMap<u64, Exchange> = BTreeMap::new();
    for index in 0..archive.len() {
        let file = match archive.by_index(index) {
            Ok(file) => file,
            Err(error) => {
                let text = format!("passed over an entry that cannot be read: {error}");
                notes.push(Note { place: Some(place.clone().within(format!("entry {}", index + 1))), text });
                continue;
            }
        };
        let Some(name) = file.name().ok().map(|name| name.into_owned()) else { continue };
        let Some((number, part)) = number(&name) else { continue };
        let at = usize::try_from(file.header_start()).unwrap_or_default();
        let place = place.at(at, 0).within(name);
        let mut raw = Vec::new();
        let read = file.take(LARGEST).read_to_end(&mut raw).map_err(|error| error.to_string());
        let body = read.and_then(|_| if raw.is_empty() { Ok(Bytes::new()) } else { http::body(&raw) });
        let body = body.unwrap_or_else(|what| {
            notes.push(Note { place: Some(place.clone()), text: format!("passed over: {what}") });
            Bytes::new()
        });
        let empty = Exchange { request: Bytes::new(), answer: Bytes::new(), at: None, place };
        let exchange = exchanges.entry(number).or_insert(empty);
        match part {
            Part::Request => exchange.request = body,
            Part::Answer => exchange.answer = body,
        }
    }
    let count = exchanges.len();
    let messages = messages(exchanges.into_values().collect(), &mut notes);
    if messages.is_empty() {
        let what = match count {
            0 => "found a zip without `raw/1_c.txt`, expected an archive of Fiddler".to_owned(),
            count => format!("no SyncML message in {count} exchanges of the archive"),
        };
        return Err(CaptureError::new(place.clone(), what));
    }
    Ok(sessions::capture(Format::Saz, messages, notes))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Request,
    Answer,
}

/// The number of an exchange, and which part of it an entry is.
fn number(name: &str) -> Option<(u64, Part)> {
    let name = name.replace('\\', "/");
    let (number, part) = name.strip_prefix("raw/")?.strip_suffix(".txt")?.split_once('_')?;
    let part = match part {
        "c" => Part::Request,
        "s" => Part::Answer,
        _ => return None,
    };
    Some((number.parse().ok()?, part))
}
