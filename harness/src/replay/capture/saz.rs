//! Archives of Fiddler: a zip with `raw/N_c.txt`, what a client said, and `raw/N_s.txt`, what it was answered.
//!
//! Deliberately absent: archives with a password, which Fiddler must save without one.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use bytes::Bytes;
use zip::ZipArchive;

use super::http::{self, Exchange, messages};
use super::{Capture, CaptureError, Format, Place, sessions};

/// The most bytes of all entries together: a few can stand for any number.
const LARGEST: usize = 256 << 20;

/// Reads the archive.
pub(super) fn read(place: &Place, bytes: &[u8]) -> Result<Capture, CaptureError> {
    let broken = |error: &dyn std::fmt::Display| {
        let what = format!("the file is no archive of Fiddler: {error}");
        CaptureError::new(place.at(bytes.len(), 0), what)
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let (mut notes, mut unreadable) = (Vec::new(), Vec::new());
    let mut left = LARGEST;
    let mut exchanges: BTreeMap<u64, Exchange> = BTreeMap::new();
    for index in 0..archive.len() {
        let file = match archive.by_index(index) {
            Ok(file) => file,
            Err(error) => {
                let place = place.clone().within(format!("entry {}", index + 1));
                unreadable.push(CaptureError::new(place, error.to_string()));
                continue;
            }
        };
        let Some(name) = file.name().ok().map(|name| name.into_owned()) else { continue };
        let Some((number, part)) = number(&name) else { continue };
        let at = usize::try_from(file.header_start()).unwrap_or_default();
        let place = place.at(at, 0).within(name);
        let body = raw(file, left).and_then(|raw| {
            let body = if raw.is_empty() { Bytes::new() } else { http::body(&raw, left)? };
            left = left.saturating_sub(raw.len().max(body.len()));
            Ok(body)
        });
        let body = body.unwrap_or_else(|what| {
            unreadable.push(CaptureError::new(place.clone(), what));
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
    let messages = messages(exchanges.into_values().collect(), &mut notes, &mut unreadable);
    if messages.is_empty() {
        if let Some(first) = unreadable.into_iter().next() {
            return Err(first);
        }
        let what = match count {
            0 => "found a zip without `raw/1_c.txt`, expected an archive of Fiddler".to_owned(),
            count => format!("no SyncML message in {count} exchanges of the archive"),
        };
        return Err(CaptureError::new(place.clone(), what));
    }
    Ok(Capture { unreadable, ..sessions::capture(Format::Saz, messages, notes) })
}

/// The bytes of an entry, when they are no more than that.
fn raw(entry: impl Read, most: usize) -> Result<Vec<u8>, String> {
    let mut raw = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    match entry.take(limit).read_to_end(&mut raw) {
        Ok(length) if length > most => {
            Err(format!("the entries of the archive have more than {LARGEST} bytes, expected fewer"))
        }
        Ok(_) => Ok(raw),
        Err(error) => Err(error.to_string()),
    }
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
