//! The media types of messages, and what stands beside them in a header: the bytes decide what a body is.

use axum::http::{HeaderMap, HeaderValue, header};
use syncml::codec::Encoding;

/// What messages are said to be. Form data is what curl says of everything.
pub(crate) const MESSAGES: [&str; 6] = [
    Encoding::Xml.media_type(),
    Encoding::Wbxml.media_type(),
    "application/xml",
    "text/xml",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
];

/// The media type without its parameters.
pub(crate) fn essence(value: &[u8]) -> &[u8] {
    value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// How a body is encoded, when it is not as it is.
pub(crate) fn coding(headers: &HeaderMap) -> Option<&HeaderValue> {
    let coding = headers.get(header::CONTENT_ENCODING)?;
    (!coding.as_bytes().eq_ignore_ascii_case(b"identity")).then_some(coding)
}
