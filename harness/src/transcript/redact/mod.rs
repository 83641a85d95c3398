//! Credentials out of bodies and snapshots: what is secret becomes a number, everything else stays byte for byte.
//!
//! A secret becomes `REDACTED` and four digits, the number of that secret in the transcript. That is text of every
//! format and Base64 of right length, so a redacted message is as well-formed as it was, and its values have the
//! formats that they had. The number says which secrets are equal, and nothing else about them.
//!
//! `scan.rs` says where secrets stand, in the text itself and in what `layers.rs` finds below its escapes; `content.rs`
//! what of them is hidden; `numbers.rs` what is put there.
//!
//! Deliberately absent: HTTP headers, which are not recorded.

mod address;
mod content;
mod encoding;
mod layers;
mod markup;
mod numbers;
mod scan;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use csp_model::Value;
use csp_model::device::Snapshot;
use syncml::codec::{self, Encoding, Limits};

use super::line::Body;
use crate::opening::{Opening, Told};
use encoding::{Text, text_of};
use numbers::{Numbers, PLACEHOLDER};

/// Redacts what belongs to one transcript.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    numbers: Numbers,
}

impl Redactor {
    /// A redactor that only looks for what stands for secrets already. What it gives is of no use.
    pub(crate) fn seeker() -> Self {
        Self { numbers: Numbers::sought() }
    }

    /// A redactor of what `seeker` has seen all of: what stands for secrets there stays, and is nothing else's.
    pub(crate) fn after(seeker: &Self) -> Self {
        Self { numbers: Numbers::above(&seeker.numbers) }
    }

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

    /// How a session was opened, without the token of its user, whichever Alert carries it.
    pub(crate) fn opening(&mut self, opening: Arc<Opening>) -> Arc<Opening> {
        let is_token = |told: &Told| {
            told.to_string()
                .split_once('=')
                .is_some_and(|(kind, token)| scan::is_token(kind) && !token.is_empty())
        };
        if opening.aad_user_token.is_none() && !opening.alerts.iter().any(is_token) {
            return opening;
        }
        let mut opening = Opening::clone(&opening);
        if let Some(token) = &mut opening.aad_user_token {
            *token = self.secret(token.trim().as_bytes());
        }
        for told in opening.alerts.iter_mut().filter(|told| is_token(told)) {
            let text = told.to_string();
            let (kind, token) = text.split_once('=').unwrap_or_default();
            let hidden = format!("{kind}={}", self.secret(token.trim().as_bytes()));
            hidden.parse().into_iter().for_each(|hidden| *told = hidden);
        }
        Arc::new(opening)
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
        self.numbers.seek(text);
        let mut found: BTreeMap<usize, (usize, Vec<u8>)> = BTreeMap::new();
        layers::each(text, |layer, origin| {
            for secret in scan::secrets(layer) {
                content::values(layer, &secret, |place, value| {
                    let place = origin(place);
                    // What is found in the text itself is known best.
                    let before = found.range(..place.end).next_back();
                    if place.start < place.end && before.is_none_or(|(_, (end, _))| *end <= place.start) {
                        found.insert(place.start, (place.end, value.to_vec()));
                    }
                });
            }
        });
        let hidden = found.into_iter();
        hidden.map(|(start, (end, value))| (start..end, self.numbers.placeholder(&value))).collect()
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

/// Whether the node at this address holds a secret.
pub(crate) fn is_secret(uri: &str) -> bool {
    address::is_secret(uri)
}

/// Whether a text stands for a secret that was redacted.
pub(crate) fn is_redacted(text: &str) -> bool {
    numbers::number_of(text.as_bytes()).is_some()
}
