//! What came of replays, as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Value, json};
use syncml::judge::Side;

use super::super::capture::Place;
use super::super::compare::{Difference, Weight};
use super::super::outcome::{Different, Played, Verdict};
use super::{Sum, Unreadable, differences};
use crate::transcript::{Body, Redactor, Secrets};

/// The report: every session in order, with every difference.
pub(crate) fn json(played: &[Played], unreadable: &[Unreadable], sum: &Sum, secrets: Secrets) -> Vec<u8> {
    let weights = Weight::ALL.iter().zip(sum.differences);
    let report = json!({
        "sessions": sum.sessions,
        "compared": sum.compared,
        "different": sum.different,
        "not_compared": sum.not_compared,
        "differences": weights.map(|(weight, count)| (id(*weight), count)).collect::<std::collections::BTreeMap<_, _>>(),
        "played": played.iter().map(|played| session(played, secrets)).collect::<Vec<_>>(),
        "unreadable": unreadable.iter().map(|one| json!({ "capture": one.capture, "error": one.what })).collect::<Vec<_>>(),
    });
    format!("{report:#}\n").into_bytes()
}

fn session(played: &Played, secrets: Secrets) -> Value {
    let Played { capture, format, of: _, session, compared, different, notes, mapped } = played;
    json!({
        "capture": &**capture,
        "format": format.name(),
        "session": &**session,
        "result": match played.verdict() {
            Verdict::Same => "same",
            Verdict::Different => "different",
            Verdict::NotCompared => "not-compared",
        },
        "compared": compared,
        "notes": notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "mapped": mapped.iter().map(|(one, other)| json!({ "expected": one, "got": other })).collect::<Vec<_>>(),
        "messages": different.iter().map(|different| message(different, secrets)).collect::<Vec<_>>(),
    })
}

fn message(different: &Different, secrets: Secrets) -> Value {
    json!({
        "message": different.number,
        "from": match different.from {
            Side::Device => "device",
            Side::Server => "server",
        },
        "place": place(&different.place),
        "expected": different.expected.as_ref().map(|body| self::body(body, secrets)),
        "got": different.got.as_ref().map(|body| self::body(body, secrets)),
        "differences": differences(different, secrets).map(difference).collect::<Vec<_>>(),
    })
}

fn difference(difference: Difference) -> Value {
    let Difference { weight, command, loc_uri, field, expected, got } = difference;
    json!({
        "weight": id(weight),
        "order_only": weight == Weight::OrderOnly,
        "command": command,
        "loc_uri": loc_uri,
        "field": field,
        "expected": expected,
        "got": got,
    })
}

fn place(place: &Place) -> Value {
    json!({ "file": &*place.file, "part": place.part.as_deref(), "offset": place.offset, "line": place.line })
}

/// A body as transcripts have it.
fn body(body: &Bytes, secrets: Secrets) -> Value {
    let body = match secrets {
        Secrets::Shown => Body::Bytes(body.clone()),
        Secrets::Hidden => Redactor::default().body(body.clone()),
    };
    match body {
        Body::Withheld(length) => json!({ "withheld": length }),
        Body::Bytes(bytes) => match std::str::from_utf8(&bytes) {
            Ok(text) => json!({ "text": text }),
            Err(_) => json!({ "base64": BASE64.encode(&bytes) }),
        },
    }
}

const fn id(weight: Weight) -> &'static str {
    match weight {
        Weight::OrderOnly => "order-only",
        Weight::DifferentShape => "different-shape",
        Weight::DifferentMeaning => "different-meaning",
        Weight::BreaksProtocol => "breaks-protocol",
    }
}
