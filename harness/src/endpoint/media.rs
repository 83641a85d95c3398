//! What a body is said to be, and what it is: media types are for refusing early, the bytes decide.

use std::sync::{Arc, LazyLock};

use axum::http::{HeaderMap, header};
use syncml::codec::Encoding;

use super::problem::{Kind, Problem};
use crate::listening::media::{MESSAGES, coding, essence};
use crate::place::Syntax;

/// The media type of a message in XML.
const SYNCML_XML: &str = Encoding::Xml.media_type();

/// The media type of a message as it was given, if it was.
///
/// # Errors
/// 415 for what no device could read, with what is taken.
pub(super) fn of_message(headers: &HeaderMap) -> Result<Option<Arc<str>>, Problem> {
    static USUAL: LazyLock<Arc<str>> = LazyLock::new(|| SYNCML_XML.into());
    check_coding(headers)?;
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(None) };
    if value.as_bytes() == SYNCML_XML.as_bytes() {
        return Ok(Some(Arc::clone(&USUAL)));
    }
    let essence = essence(value.as_bytes());
    if essence.is_empty() || MESSAGES.iter().any(|known| essence.eq_ignore_ascii_case(known.as_bytes())) {
        return Ok(Some(show(value.as_bytes()).into()));
    }
    Err(Problem::new(
        Kind::Media,
        format!(
            "`{}` is no media type of a message: expected {}, or none",
            show(essence),
            MESSAGES.join(", ")
        ),
    ))
}

/// How a device file is written: as its media type says, or, when that says nothing, as its first character does.
///
/// # Errors
/// 415, with what is taken.
pub(super) fn syntax(headers: &HeaderMap, body: &str) -> Result<Syntax, Problem> {
    check_coding(headers)?;
    let sniffed = if body.trim_start().starts_with('{') { Syntax::Json } else { Syntax::Toml };
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(sniffed) };
    let essence = essence(value.as_bytes()).to_ascii_lowercase();
    match &*essence {
        b"application/toml" | b"text/toml" | b"text/x-toml" => Ok(Syntax::Toml),
        b"application/json" | b"text/json" => Ok(Syntax::Json),
        b"" | b"text/plain" | b"application/octet-stream" | b"application/x-www-form-urlencoded" => {
            Ok(sniffed)
        }
        other => Err(Problem::new(
            Kind::Media,
            format!(
                "`{}` is no media type of a device: expected application/toml or application/json",
                show(other)
            ),
        )),
    }
}

/// Refuses a JSON document that says it is something else.
///
/// # Errors
/// 415, with what is taken.
pub(super) fn check_json(headers: &HeaderMap) -> Result<(), Problem> {
    match syntax(headers, "{")? {
        Syntax::Json => Ok(()),
        Syntax::Toml => Err(Problem::new(Kind::Media, "expected application/json")),
    }
}

fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(coding) = coding(headers) else { return Ok(()) };
    Err(Problem::new(
        Kind::Media,
        format!("Content-Encoding `{}` is not read: expected the body as it is", show(coding.as_bytes())),
    ))
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn messages() {
        let taken = [
            "application/vnd.syncml.dm+xml",
            "Application/Vnd.SyncML.DM+XML; charset=utf-8",
            "application/vnd.syncml.dm+wbxml",
            "text/xml;charset=UTF-16",
            "application/xml",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "",
        ];
        for value in taken {
            assert_eq!(of_message(&headers(header::CONTENT_TYPE, value)), Ok(Some(value.into())), "{value}");
        }
        assert_eq!(of_message(&HeaderMap::new()), Ok(None));
        for value in
            ["image/png", "text/plain", "application/json", "xml", "text/xml2", "application/xml2; x"]
        {
            let problem = of_message(&headers(header::CONTENT_TYPE, value)).expect_err(value);
            assert_eq!(problem.status(), 415, "{value}");
        }
    }

    #[test]
    fn codings() {
        for (value, taken) in
            [("identity", true), ("Identity", true), ("gzip", false), ("identity, gzip", false)]
        {
            assert_eq!(of_message(&headers(header::CONTENT_ENCODING, value)).is_ok(), taken, "{value}");
        }
    }

    #[test]
    fn documents() {
        let json = |value| syntax(&headers(header::CONTENT_TYPE, value), "{}").ok();
        let toml = |value| syntax(&headers(header::CONTENT_TYPE, value), "seed = 1").ok();
        assert_eq!(json("application/json; charset=utf-8"), Some(Syntax::Json));
        assert_eq!(toml("application/json"), Some(Syntax::Json));
        assert_eq!(json("application/toml"), Some(Syntax::Toml));
        assert_eq!(json("application/x-www-form-urlencoded"), Some(Syntax::Json));
        assert_eq!(toml("application/x-www-form-urlencoded"), Some(Syntax::Toml));
        assert_eq!(json("image/png"), None);
        assert!(check_json(&headers(header::CONTENT_TYPE, "application/toml")).is_err());
        assert!(check_json(&HeaderMap::new()).is_ok());
    }
}
