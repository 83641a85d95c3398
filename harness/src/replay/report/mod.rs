//! What people and machines are told of replays: for the terminal, as JSON, and as a CI server reads it.

mod human;
mod json;
mod junit;
mod sides;

use bytes::Bytes;
use syncml::codec::{self, Limits};

use super::compare::Difference;
use super::outcome::{Different, Of, Played};
use crate::pretty::pretty;
use crate::transcript::{Body, Redactor, Secrets, is_secret};

pub(crate) use human::{Human, Sum};
pub(crate) use json::json;
pub(crate) use junit::junit;
pub(crate) use sides::Layout;

/// A capture that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The file or folder.
    pub(crate) capture: String,
    /// Why.
    pub(crate) what: String,
}

/// A message as people read it: each element on a line, credentials hidden.
fn readable(body: &Bytes, secrets: Secrets) -> String {
    let body = match secrets {
        Secrets::Shown => body.clone(),
        Secrets::Hidden => match Redactor::default().body(body.clone()) {
            Body::Bytes(body) => body,
            Body::Withheld(length) => return format!("({length} bytes that may hold secrets)\n"),
        },
    };
    match codec::decode(&body, &Limits::default()) {
        Ok(message) => pretty(&String::from_utf8_lossy(&codec::encode(&message))),
        Err(_) => String::from_utf8_lossy(&body).into_owned() + "\n",
    }
}

/// `message 4, the device's`
fn title(different: &Different) -> String {
    let whose = match different.from {
        super::Side::Device => "the device's",
        super::Side::Server => "the server's",
    };
    format!("message {}, {whose}", different.number)
}

/// `session 7`; where it has no name, nothing.
fn session(played: &Played) -> String {
    match (played.of, &*played.session) {
        (_, "") => String::new(),
        (Of::Device, name) => format!("device {name}"),
        (Of::Session, id) => format!("session {id}"),
    }
}

/// The differences of a message, as they may be shown.
fn differences(different: &Different, secrets: Secrets) -> impl Iterator<Item = Difference> {
    different.differences.iter().cloned().map(move |difference| match secrets {
        Secrets::Hidden if is_of_secret(&difference) => {
            let hidden = |value: Option<String>| value.map(|_| "(hidden)".to_owned());
            let (expected, got) = (hidden(difference.expected), hidden(difference.got));
            Difference { expected, got, ..difference }
        }
        Secrets::Hidden | Secrets::Shown => difference,
    })
}

fn is_of_secret(difference: &Difference) -> bool {
    // What has become of a command is no secret.
    let is_code = difference.command.starts_with("Status") && difference.field != "Item/Data";
    let is_of_node = difference.loc_uri.as_deref().is_some_and(is_secret);
    is_of_node && !is_code || difference.command.contains(AAD_USER_TOKEN)
}

/// The Alert that has a token in it.
const AAD_USER_TOKEN: &str = "AADUserToken";
