//! HAR (HTTP Archive 1.2), and any other JSON that holds messages: every text is looked through as a message is, and
//! what HTTP knows to be secret is hidden.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::text;
use crate::transcript::{Body, Redactor};

/// Fields that hold a secret by their name, in whatever JSON.
const SECRET: [&str; 9] = [
    "password",
    "secret",
    "token",
    "bearer",
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "aad_user_token",
];

/// What stands in the query of a device's address (\[MS-MDM\] 2.1), and is not secret.
const PLAIN: [&str; 2] = ["mode", "platform"];

/// Hides what is secret in a value and in all that it holds.
pub(super) fn redact(redactor: &mut Redactor, value: &mut Value) {
    match value {
        Value::String(text) => *text = message(redactor, text),
        Value::Array(values) => values.iter_mut().for_each(|value| redact(redactor, value)),
        Value::Object(fields) => object(redactor, fields),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn object(redactor: &mut Redactor, fields: &mut Map<String, Value>) {
    // A header: `{"name": …, "value": …}`.
    if let Some(name) = fields.get("name").and_then(Value::as_str)
        && text::is_secret(name)
    {
        hide(redactor, fields.get_mut("value"));
    }
    let is_base64 = fields.get("encoding").and_then(Value::as_str) == Some("base64");
    for (key, value) in fields {
        match (&**key, value) {
            ("text", Value::String(encoded)) if is_base64 => *encoded = decoded(redactor, encoded),
            ("base64", Value::String(encoded)) => *encoded = decoded(redactor, encoded),
            ("url" | "redirectURL", Value::String(address)) => *address = query(redactor, address),
            ("cookies" | "params", Value::Array(pairs)) => {
                pairs.iter_mut().for_each(|pair| hide(redactor, pair.get_mut("value")));
            }
            ("queryString", Value::Array(pairs)) => {
                for pair in pairs {
                    let name = pair.get("name").and_then(Value::as_str).unwrap_or_default();
                    if !is_plain(name) {
                        hide(redactor, pair.get_mut("value"));
                    }
                }
            }
            (key, value @ Value::String(_)) if is_secret(key) => hide(redactor, Some(value)),
            (_, value) => redact(redactor, value),
        }
    }
}

fn is_secret(key: &str) -> bool {
    text::is_secret(key) || SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(key))
}

fn is_plain(name: &str) -> bool {
    PLAIN.iter().any(|plain| plain.eq_ignore_ascii_case(name))
}

fn hide(redactor: &mut Redactor, value: Option<&mut Value>) {
    if let Some(Value::String(text)) = value
        && !text.trim().is_empty()
    {
        *text = redactor.secret(text.trim().as_bytes());
    }
}

fn message(redactor: &mut Redactor, text: &str) -> String {
    match redactor.body(Bytes::copy_from_slice(text.as_bytes())) {
        Body::Bytes(bytes) => String::from_utf8_lossy(&text::headers(redactor, &bytes)).into_owned(),
        // Text with control characters in it.
        Body::Withheld(_) => redactor.secret(text.as_bytes()),
    }
}

/// Bytes in Base64. What cannot be looked through is left out.
fn decoded(redactor: &mut Redactor, encoded: &str) -> String {
    let Ok(bytes) = BASE64.decode(encoded.trim()) else { return redactor.secret(encoded.as_bytes()) };
    match redactor.body(bytes.into()) {
        Body::Bytes(bytes) => BASE64.encode(bytes),
        Body::Withheld(_) => String::new(),
    }
}

/// An address with the values of its query hidden.
fn query(redactor: &mut Redactor, address: &str) -> String {
    let Some((before, query)) = address.split_once('?') else { return address.to_owned() };
    let (query, fragment) = query.split_once('#').map_or((query, None), |(query, rest)| (query, Some(rest)));
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if !value.is_empty() && !is_plain(name) => {
            let plus = value.replace('+', " ");
            let value: Cow<'_, str> = percent_decode_str(&plus).decode_utf8_lossy();
            format!("{name}={}", redactor.secret(value.trim().as_bytes()))
        }
        Some(_) | None => pair.to_owned(),
    });
    let pairs = pairs.collect::<Vec<_>>().join("&");
    let fragment = fragment.map(|_| "#").unwrap_or_default();
    format!("{before}?{pairs}{fragment}")
}
