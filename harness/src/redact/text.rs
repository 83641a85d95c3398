//! Headers of HTTP in text, as logs and proxies write them.

use crate::transcript::Redactor;

/// The headers whose value is a credential, or holds one.
const SECRET: [&str; 9] = [
    "authorization",
    "proxy-authorization",
    "www-authenticate",
    "cookie",
    "set-cookie",
    "x-syncml-hmac",
    "ms-signature",
    "x-ms-client-cert",
    "x-client-cert",
];

/// Whether the value of a header is secret.
pub(super) fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(name.trim()))
}

/// The text with the values of such headers hidden, wherever a line begins with one.
pub(super) fn headers(redactor: &mut Redactor, bytes: &[u8]) -> Vec<u8> {
    let mut redacted = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let end = line.trim_ascii_end();
        let value = std::str::from_utf8(end).ok().and_then(|line| {
            let (name, value) = line.split_once(':')?;
            let name = name.trim_start_matches(['<', '>', ' ', '\t', '*']);
            (is_secret(name) && !value.trim().is_empty()).then(|| value.trim())
        });
        match value {
            Some(value) => {
                redacted.extend_from_slice(line.get(..end.len() - value.len()).unwrap_or_default());
                redacted.extend_from_slice(redactor.secret(value.as_bytes()).as_bytes());
                redacted.extend_from_slice(line.get(end.len()..).unwrap_or_default());
            }
            None => redacted.extend_from_slice(line),
        }
    }
    redacted
}
