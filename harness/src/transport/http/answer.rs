//! What a server has answered: read with limits of size and time, and judged by what it says of itself.
//!
//! Nothing is ever inflated: a compressed answer is refused.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::http::response::Parts;
use tokio::time::timeout;
use url::Url;

use super::super::error::{Refusal, RetryAfter, Step, TransportError};
use super::super::tls::Tls;
use super::super::{Response, SYNCML_WBXML, SYNCML_XML, shown};
use super::connection::failed;
use super::settings::Settings;

/// Where an authenticated message has its HMAC.
pub(super) const HMAC: HeaderName = HeaderName::from_static("x-syncml-hmac");

/// What a message may be said to be. Servers in use say all of these; the bytes decide.
const MESSAGES: [&str; 7] = [
    SYNCML_XML,
    SYNCML_WBXML,
    "application/vnd.syncml+xml",
    "application/vnd.syncml+wbxml",
    "application/xml",
    "text/xml",
    "application/octet-stream",
];

/// The most bytes that are read of a body which is only shown.
const SHOWN_BYTES: usize = 2_048;
/// The most characters that are shown of it.
const SHOWN_CHARACTERS: usize = 200;

/// Reads an answer that is no redirect.
///
/// # Errors
/// When it does not come whole, or is no message.
pub(super) async fn read(
    at: &Url,
    tls: &Tls,
    settings: &Settings,
    head: &Parts,
    mut body: Incoming,
) -> Result<Response, TransportError> {
    let to = || shown(at);
    let media_type = text(&head.headers, &header::CONTENT_TYPE);
    let status = head.status.as_u16();
    if !head.status.is_success() {
        return Err(TransportError::Status(Box::new(Refusal {
            to: to(),
            status,
            media_type,
            first_line: first_line(&beginning(&mut body, settings.timeouts.body).await),
            retry_after: retry_after(&head.headers),
        })));
    }
    if let Some(coding) = text(&head.headers, &header::CONTENT_ENCODING)
        && !coding.trim().eq_ignore_ascii_case("identity")
    {
        return Err(TransportError::Encoded { to: to(), coding: on_one_line(&coding) });
    }
    let is_message = media_type.as_deref().is_none_or(|media_type| {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        essence.is_empty() || MESSAGES.iter().any(|known| essence.eq_ignore_ascii_case(known))
    });
    let body = if is_message {
        whole(at, tls, body, settings.largest_answer, settings.timeouts.body).await?
    } else {
        // What is no message may still be nothing at all.
        let start = beginning(&mut body, settings.timeouts.body).await;
        if !start.is_empty() {
            return Err(TransportError::NotSyncMl {
                to: to(),
                status,
                media_type: on_one_line(&media_type.unwrap_or_default()),
                start: on_one_line(&String::from_utf8_lossy(&start)),
            });
        }
        Bytes::new()
    };
    let mac = text(&head.headers, &HMAC);
    Ok(Response { status, media_type, body, mac, redirects: Vec::new() })
}

/// A header as text, if it is there.
pub(super) fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

async fn whole(
    at: &Url,
    tls: &Tls,
    mut body: Incoming,
    limit: usize,
    patience: Duration,
) -> Result<Bytes, TransportError> {
    let too_large = || TransportError::TooLarge { to: shown(at), limit };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let mut bytes = BytesMut::new();
    loop {
        let Ok(frame) = timeout(patience, body.frame()).await else {
            return Err(TransportError::TimedOut { to: shown(at), step: Step::Body, after: patience });
        };
        match frame {
            None => return Ok(bytes.freeze()),
            Some(Err(error)) => return Err(failed(at, tls, &error, Some(bytes.len()))),
            Some(Ok(frame)) => {
                let Ok(more) = frame.into_data() else { continue };
                if bytes.len() + more.len() > limit {
                    return Err(too_large());
                }
                bytes.extend_from_slice(&more);
            }
        }
    }
}

/// The first bytes of a body, as far as they come.
async fn beginning(body: &mut Incoming, patience: Duration) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < SHOWN_BYTES {
        match timeout(patience, body.frame()).await {
            Ok(Some(Ok(frame))) => bytes.extend(frame.into_data().unwrap_or_default()),
            Ok(Some(Err(_)) | None) | Err(_) => break,
        }
    }
    bytes.truncate(SHOWN_BYTES);
    bytes
}

/// The first line that says something.
fn first_line(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(on_one_line).find(|line| !line.is_empty())
}

/// Text of a server, so that it cannot disturb a terminal.
fn on_one_line(text: &str) -> String {
    let words = text.split(|symbol: char| symbol.is_whitespace() || symbol.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// `Retry-After`: seconds, or a date in any of the forms of RFC 9110 5.6.7.
fn retry_after(headers: &HeaderMap) -> Option<RetryAfter> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(RetryAfter::After(Duration::from_secs(seconds)));
    }
    let at: SystemTime = httpdate::parse_http_date(text).ok()?;
    Some(RetryAfter::At(at))
}
