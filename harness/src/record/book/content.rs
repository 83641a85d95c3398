//! What a body holds, as far as it was seen.

use bytes::Bytes;
use syncml::codec::{self, DecodeError, Input};
use syncml::message::Message;

use crate::transcript::Body;

/// A body that has passed.
#[derive(Debug, Clone)]
pub(in crate::record) enum Passed {
    /// All of it is known.
    Seen(Bytes),
    /// Nobody has looked into it: it is larger than a message can be, or encoded. How many bytes it has, where that is
    /// known.
    Unseen(Option<u64>),
}

/// What a body holds.
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing at all.
    Nothing,
    /// A message.
    Message(Box<Parsed>),
    /// What is no message.
    Malformed(Bytes, DecodeError),
    /// What nobody has looked into.
    Unseen,
}

/// A message, and what its spans are about.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) message: Message,
    pub(super) input: Input,
}

impl Passed {
    pub(super) fn content(&self) -> Content {
        match self {
            Self::Seen(bytes) if bytes.is_empty() => Content::Nothing,
            Self::Seen(bytes) => match decoded(bytes) {
                Ok(parsed) => Content::Message(Box::new(parsed)),
                Err(error) => Content::Malformed(bytes.clone(), error),
            },
            Self::Unseen(_) => Content::Unseen,
        }
    }

    /// As it stands in the transcript.
    pub(super) fn body(&self) -> Body {
        match self {
            Self::Seen(bytes) => bytes.clone().into(),
            Self::Unseen(length) => Body::Withheld(length.unwrap_or_default()),
        }
    }

    /// What is kept of it in memory.
    pub(super) fn held(&self) -> u64 {
        match self {
            Self::Seen(bytes) => bytes.len() as u64,
            Self::Unseen(_) => 0,
        }
    }
}

impl Content {
    /// The message, if it is one.
    pub(super) const fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(parsed) => Some(&parsed.message),
            Self::Nothing | Self::Malformed(..) | Self::Unseen => None,
        }
    }
}

/// Whether a body is a message, or was to be one.
pub(in crate::record) fn is_message(body: &[u8]) -> bool {
    is_meant(body) || decoded(body).is_ok()
}

/// Whether a body begins as a message does, whatever becomes of it.
pub(super) fn is_meant(body: &[u8]) -> bool {
    let begin = body.get(..1_024).unwrap_or(body);
    let holds = |name: &[u8]| begin.windows(name.len()).any(|window| window == name);
    holds(b"<SyncML") || holds(b"<SyncBody")
}

fn decoded(bytes: &[u8]) -> Result<Parsed, DecodeError> {
    codec::decode_with_text(bytes, &codec::Limits::default())
        .map(|(message, input)| Parsed { message, input })
}
