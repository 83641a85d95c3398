//! HTTP archives, as browsers, mitmproxy, Fiddler, Charles and Burp export them.
//!
//! Exporters leave out what they do not know and add what they like, so no more is read than what a message needs.
//! The `har` crate reads an archive whole or not at all, and has no place for a request's body in Base64. Source: HTTP Archive 1.2. Deliberately absent: everything about HTTP but the bodies and their time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::http::{Exchange, messages};
use super::{Capture, CaptureError, Format, Place, sessions};

#[derive(Deserialize)]
struct Archive<'a> {
    #[serde(borrow)]
    log: Log<'a>,
}

#[derive(Deserialize)]
struct Log<'a> {
    #[serde(borrow)]
    entries: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: Option<String>,
    request: Request,
    response: Option<Response>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    post_data: Option<Content>,
}

#[derive(Deserialize)]
struct Response {
    content: Option<Content>,
}

/// A body: its text, or Base64 when `encoding` says so. The standard has `encoding` for answers alone.
#[derive(Deserialize)]
struct Content {
    text: Option<String>,
    encoding: Option<String>,
}

/// Reads the archive.
pub(super) fn read(place: &Place, bytes: &[u8]) -> Result<Capture, CaptureError> {
    let mark = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let text = std::str::from_utf8(bytes.get(mark..).unwrap_or_default()).map_err(|error| {
        let what = "found bytes that are not UTF-8, expected an HTTP archive";
        CaptureError::new(place.at(mark + error.valid_up_to(), 0), what)
    })?;
    let archive: Archive<'_> = serde_json::from_str(text).map_err(|error| {
        let at = mark + offset(text, error.line(), error.column());
        let line = error.line() as u64;
        CaptureError::new(place.at(at, 0).line(line), format!("the file is no HTTP archive: {error}"))
    })?;
    let (mut notes, mut unreadable) = (Vec::new(), Vec::new());
    let mut exchanges = Vec::new();
    for (entry, number) in archive.log.entries.iter().zip(1_usize..) {
        let at = mark + entry.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
        let place = place.at(at, 0).within(format!("entry {number}"));
        match serde_json::from_str::<Entry>(entry.get()) {
            Ok(entry) => exchanges.push(exchange(entry, place, &mut unreadable)),
            Err(error) => {
                unreadable.push(CaptureError::new(place, format!("found what is no entry: {error}")));
            }
        }
    }
    let messages = messages(exchanges, &mut notes, &mut unreadable);
    if messages.is_empty() {
        if let Some(first) = unreadable.into_iter().next() {
            return Err(first);
        }
        let what = format!("no SyncML message in {} entries of the archive", archive.log.entries.len());
        return Err(CaptureError::new(place.clone(), what));
    }
    Ok(Capture { unreadable, ..sessions::capture(Format::Har, messages, notes) })
}

fn exchange(entry: Entry, place: Place, unreadable: &mut Vec<CaptureError>) -> Exchange {
    let Entry { started_date_time, request, response } = entry;
    let at = started_date_time.and_then(|at| DateTime::parse_from_rfc3339(&at).ok());
    let mut body = |content: Option<Content>| match content.map(Content::bytes) {
        None => Bytes::new(),
        Some(Ok(bytes)) => bytes,
        Some(Err(what)) => {
            unreadable.push(CaptureError::new(place.clone(), what));
            Bytes::new()
        }
    };
    Exchange {
        request: body(request.post_data),
        answer: body(response.and_then(|response| response.content)),
        at: at.map(|at| at.with_timezone(&Utc)),
        place: place.clone(),
    }
}

impl Content {
    fn bytes(self) -> Result<Bytes, String> {
        let text = self.text.unwrap_or_default();
        if self.encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64")) {
            let bytes = BASE64.decode(text.trim());
            return bytes
                .map(Bytes::from)
                .map_err(|error| format!("found a body that is not Base64: {error}"));
        }
        Ok(text.into())
    }
}

/// The offset of a place that serde counts in lines and bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    (before + column.saturating_sub(1)).min(text.len())
}
