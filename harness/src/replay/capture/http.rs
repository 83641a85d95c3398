//! Exchanges over HTTP: requests and answers as somebody in between has seen them.

use std::io::Read as _;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use memchr::memmem;
use syncml::codec::{self, Encoding, Limits};
use syncml::session::side_of;

use super::sessions::other;
use super::{CaptureError, Completeness, Message, Note, Place, Side};

/// A request and its answer.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) request: Bytes,
    /// Empty where nothing was answered.
    pub(super) answer: Bytes,
    pub(super) at: Option<DateTime<Utc>>,
    pub(super) place: Place,
}

/// The messages of exchanges; what is no SyncML is passed over.
pub(super) fn messages(
    exchanges: Vec<Exchange>,
    notes: &mut Vec<Note>,
    unreadable: &mut Vec<CaptureError>,
) -> Vec<Message> {
    let mut messages = Vec::new();
    let (mut others, count) = (0, exchanges.len());
    for Exchange { request, answer, at, place } in exchanges {
        let before = messages.len();
        let asked = decoded(&request, &place, "request", unreadable);
        let answered = decoded(&answer, &place, "response", unreadable);
        // A device dials its server, unless what it says is what only a server says.
        let side = |message: &Option<syncml::message::Message>| message.as_ref().and_then(side_of);
        let asks = side(&asked).or_else(|| side(&answered).map(other)).unwrap_or(Side::Device);
        for (body, is_there, from, part) in [
            (request, asked.is_some(), asks, "request"),
            (answer, answered.is_some(), other(asks), "response"),
        ] {
            if is_there {
                let part =
                    place.part.as_ref().map_or_else(|| part.to_owned(), |entry| format!("{entry}, {part}"));
                let place = place.clone().within(part);
                let completeness = Completeness::Whole;
                messages.push(Message { from: Some(from), body, at, place, completeness });
            }
        }
        if messages.len() == before {
            others += 1;
        }
    }
    if others > 0 && !messages.is_empty() {
        let text = format!("passed over {others} of {count} entries, which are no SyncML");
        notes.push(Note { place: None, text });
    }
    messages
}

/// The message that a body is. One that looks like a message and is none is said.
fn decoded(
    body: &[u8],
    place: &Place,
    part: &str,
    unreadable: &mut Vec<CaptureError>,
) -> Option<syncml::message::Message> {
    match codec::decode(body, &Limits::default()) {
        Ok(message) => Some(message),
        Err(error) => {
            let looks_so = memmem::find(body, b"SyncHdr").is_some() || Encoding::of(body) == Encoding::Wbxml;
            if looks_so {
                let part =
                    place.part.as_ref().map_or_else(|| part.to_owned(), |entry| format!("{entry}, {part}"));
                let what = format!("found what is no SyncML message: {error}");
                unreadable.push(CaptureError::new(place.clone().within(part), what));
            }
            None
        }
    }
}

/// The body of a message of HTTP/1.1 as it went over the wire: at most so many bytes.
///
/// # Errors
/// What is wrong with it.
pub(super) fn body(bytes: &[u8], most: usize) -> Result<Bytes, String> {
    let (head, rest) = match memmem::find(bytes, b"\r\n\r\n") {
        Some(end) => (bytes.get(..end).unwrap_or_default(), bytes.get(end + 4..).unwrap_or_default()),
        None => return Err("found no end of the headers, expected an empty line".to_owned()),
    };
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let header = |name: &str| {
        let lines = head.lines().skip(1);
        let named = lines.filter_map(|line| line.split_once(':')).find(|(found, _)| found.trim() == name);
        named.map(|(_, value)| value.trim())
    };
    let chunked = header("transfer-encoding").is_some_and(|encoding| encoding.contains("chunked"));
    // Proxies that take the chunks away leave the header.
    let body = chunked.then(|| chunks(rest)).flatten().unwrap_or_else(|| Bytes::copy_from_slice(rest));
    let mut inflated = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = match header("content-encoding") {
        None | Some("identity" | "") => return Ok(body),
        Some("gzip" | "x-gzip") => MultiGzDecoder::new(&*body).take(limit).read_to_end(&mut inflated),
        // Some send it with the two bytes of its header, and some without.
        Some("deflate") if body.first().is_some_and(|first| first & 0x0f == 8) => {
            ZlibDecoder::new(&*body).take(limit).read_to_end(&mut inflated)
        }
        Some("deflate") => DeflateDecoder::new(&*body).take(limit).read_to_end(&mut inflated),
        // What is not SyncML is passed over anyway.
        Some(_) if !header("content-type").is_some_and(|kind| kind.contains("syncml")) => {
            return Ok(Bytes::new());
        }
        Some(encoding) => {
            return Err(format!("the body is compressed ({encoding}): expected gzip, deflate or nothing"));
        }
    };
    match read {
        Ok(length) if length > most => Err(format!("the body has more than {most} bytes, expected fewer")),
        Ok(_) => Ok(inflated.into()),
        // Proxies that take the compression away leave the header, too.
        Err(_) if codec::decode(&body, &Limits::default()).is_ok() => Ok(body),
        Err(error) => Err(format!("the body is not compressed as it says: {error}")),
    }
}

/// What the chunks of a body hold; `None` where it has none.
fn chunks(mut rest: &[u8]) -> Option<Bytes> {
    let mut whole = Vec::new();
    loop {
        let end = memmem::find(rest, b"\r\n")?;
        let size = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        rest = rest.get(end + 2..)?;
        if size == 0 {
            return Some(whole.into());
        }
        whole.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}
