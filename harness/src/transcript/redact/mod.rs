//! Credentials out of bodies and snapshots: what is secret becomes a number, everything else stays byte for byte.
//!
//! A secret becomes `REDACTED` and four digits, the number of that secret in the transcript. That is text of every
//! format and Base64 of right length, so a redacted message is as well-formed as it was, and its values have the
//! formats that they had. The number says which secrets are equal, and nothing else about them.
//!
//! Deliberately absent: HTTP headers, which are not recorded.

mod address;
mod content;
mod encoding;
mod markup;
mod scan;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use csp_model::Value;
use csp_model::device::Snapshot;
use sha2::{Digest as _, Sha256};
use syncml::codec::{self, Encoding, Limits};

use super::line::Body;
use encoding::{Text, text_of};

/// Redacts what belongs to one transcript.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    numbers: Numbers,
}

impl Redactor {
    /// The body without its secrets; withheld when it is no text, in which nothing can be looked for.
    ///
    /// A message in WBXML is looked through as the XML that it stands for, and encoded again if that held a secret: then
    /// it says the same, in the bytes that `syncml` writes.
    pub(crate) fn body(&mut self, body: Bytes) -> Body {
        if Encoding::of(&body) == Encoding::Wbxml {
            return self.wbxml(&body).unwrap_or(Body::Withheld(body.len() as u64));
        }
        match text_of(&body) {
            Text::AsciiCompatible => {
                let edits = self.edits(&body);
                if edits.is_empty() {
                    Body::Bytes(body)
                } else {
                    Body::Bytes(splice(&body, &edits, |text| text.into()).into())
                }
            }
            Text::Utf16(units) => {
                let edits = self.edits(units.text().as_bytes());
                let edits: Vec<_> =
                    edits.into_iter().map(|(range, text)| (units.place(range), text)).collect();
                let encode = |text: &str| units.encode(text);
                if edits.is_empty() {
                    Body::Bytes(body)
                } else {
                    Body::Bytes(splice(&body, &edits, encode).into())
                }
            }
            Text::None => Body::Withheld(body.len() as u64),
        }
    }

    /// A message in WBXML without its secrets; `None` when it is none.
    fn wbxml(&mut self, body: &Bytes) -> Option<Body> {
        // What its string table adds is no more than what any message may have.
        let bytes = body.len().max(Limits::default().bytes);
        let limits = Limits { bytes, ..Limits::default() };
        let text = codec::encode(&codec::decode(body, &limits).ok()?);
        let edits = self.edits(&text);
        if edits.is_empty() {
            return Some(Body::Bytes(body.clone()));
        }
        let message = codec::decode(&splice(&text, &edits, |text| text.into()), &limits).ok()?;
        Some(Body::Bytes(codec::encode_as(&message, Encoding::Wbxml).into()))
    }

    /// What stands for a secret.
    pub(crate) fn secret(&mut self, secret: &[u8]) -> String {
        self.numbers.placeholder(secret)
    }

    /// Why a request was refused, without what that quotes of its secrets: a password with a `&` in it is no XML.
    pub(crate) fn reason(request: &Body, reason: Arc<str>) -> Arc<str> {
        let Body::Bytes(body) = request else { return reason };
        let text = match text_of(body) {
            Text::AsciiCompatible => Cow::Borrowed(&**body),
            Text::Utf16(units) => units.text().as_bytes().to_vec().into(),
            Text::None => return reason,
        };
        let mut secrets = Vec::new();
        for secret in scan::secrets(&text) {
            content::values(&text, &secret, |place, _| secrets.extend(text.get(place)));
        }
        if secrets.is_empty() {
            return reason;
        }
        let is_quoted = |part: &str| {
            let name = part.trim_matches(|character: char| "<>/&; ".contains(character)).as_bytes();
            let holds = |secret: &&[u8]| secret.windows(name.len()).any(|window| window == name);
            !name.is_empty() && secrets.iter().any(holds)
        };
        let parts = reason.split('`').map(|part| if is_quoted(part) { PLACEHOLDER } else { part });
        parts.collect::<Vec<_>>().join("`").into()
    }

    /// The snapshot without the secrets among the nodes that it keeps, and those of its file's account.
    pub(crate) fn snapshot(&mut self, mut snapshot: Arc<Snapshot>) -> Arc<Snapshot> {
        let account = &snapshot.file.account;
        if account.appsrv.is_some() || account.client.is_some() {
            let account = &mut Arc::make_mut(&mut snapshot).file.account;
            for auth in [&mut account.appsrv, &mut account.client].into_iter().flatten() {
                for secret in auth.secret.iter_mut().filter(|secret| !secret.as_str().trim().is_empty()) {
                    *secret = self.numbers.placeholder(secret.as_str().trim().as_bytes()).into();
                }
                for nonce in auth.nonce.iter_mut().filter(|nonce| !nonce.bytes().is_empty()) {
                    // What stands for it is Base64 of right length.
                    let hidden = self.numbers.placeholder(String::from(nonce.clone()).as_bytes());
                    hidden.try_into().into_iter().for_each(|hidden| *nonce = hidden);
                }
            }
        }
        if snapshot.state.stored.keys().any(|uri| address::is_secret(uri)) {
            let stored = &mut Arc::make_mut(&mut snapshot).state.stored;
            for (_, value) in stored.iter_mut().filter(|(uri, _)| address::is_secret(uri)) {
                match value {
                    Some(
                        Value::B64(text)
                        | Value::Bin(text)
                        | Value::Chr(text)
                        | Value::Date(text)
                        | Value::Float(text)
                        | Value::Time(text)
                        | Value::Xml(text),
                    ) if !text.trim().is_empty() => {
                        *text = self.numbers.placeholder(text.trim().as_bytes()).into()
                    }
                    Some(
                        Value::B64(_)
                        | Value::Bin(_)
                        | Value::Chr(_)
                        | Value::Date(_)
                        | Value::Float(_)
                        | Value::Time(_)
                        | Value::Xml(_)
                        | Value::Bool(_)
                        | Value::Int(_)
                        | Value::Null,
                    )
                    | None => {}
                }
            }
        }
        snapshot
    }

    /// What is to be put in which place, in order and apart from each other.
    fn edits(&mut self, text: &[u8]) -> Vec<(Range<usize>, String)> {
        let mut edits = Vec::new();
        for secret in scan::secrets(text) {
            content::values(text, &secret, |place, value| {
                edits.push((place, self.numbers.placeholder(value)));
            });
        }
        edits
    }
}

fn splice(bytes: &[u8], edits: &[(Range<usize>, String)], encode: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    let mut spliced = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for (place, text) in edits {
        spliced.extend_from_slice(bytes.get(at..place.start).unwrap_or_default());
        spliced.extend_from_slice(&encode(text));
        at = place.end;
    }
    spliced.extend_from_slice(bytes.get(at..).unwrap_or_default());
    spliced
}

/// Which secret has which number.
///
/// Memory is bounded: a secret that was not met among the last [`Numbers::REMEMBERED`] different ones is forgotten,
/// and has another number when it comes again.
#[derive(Debug, Default)]
struct Numbers {
    last: u64,
    recent: BTreeMap<[u8; 32], u64>,
    older: BTreeMap<[u8; 32], u64>,
}

impl Numbers {
    const REMEMBERED: usize = 32_768;

    /// What stands for a secret. What stands for one already stays.
    fn placeholder(&mut self, secret: &[u8]) -> String {
        if let Some(number) = number_of(secret) {
            self.last = self.last.max(number);
            return String::from_utf8_lossy(secret).into_owned();
        }
        let digest = Sha256::digest(secret).into();
        let number = match self.recent.get(&digest).or_else(|| self.older.get(&digest)) {
            Some(number) => *number,
            None => {
                self.last += 1;
                self.last
            }
        };
        self.recent.insert(digest, number);
        if self.recent.len() >= Self::REMEMBERED {
            self.older = mem::take(&mut self.recent);
        }
        format_of(number)
    }
}

const PLACEHOLDER: &str = "REDACTED";

/// As many digits as Base64 wants: a multiple of four.
fn format_of(number: u64) -> String {
    let digits = number.to_string();
    let width = digits.len().next_multiple_of(4);
    format!("{PLACEHOLDER}{digits:0>width$}")
}

/// Whether the node at this address holds a secret.
pub(crate) fn is_secret(uri: &str) -> bool {
    address::is_secret(uri)
}

/// Whether a text stands for a secret that was redacted.
pub(crate) fn is_redacted(text: &str) -> bool {
    number_of(text.as_bytes()).is_some()
}

/// The number that a placeholder has.
fn number_of(text: &[u8]) -> Option<u64> {
    let number = std::str::from_utf8(text).ok()?.strip_prefix(PLACEHOLDER)?.parse().ok()?;
    (format_of(number).as_bytes() == text).then_some(number)
}
