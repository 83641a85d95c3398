//! Bytes to messages and back.
//!
//! Decoding is strict about what is XML and forgiving about what is SyncML: only what no one could give a meaning
//! to is an error, and an error says where it stands.
//!
//! Deliberately absent: what a command means, and whether it may be given.

mod encoding;
mod error;
mod limits;
pub mod xml;

use std::sync::Arc;

pub use encoding::text;
pub use error::{DecodeError, DecodeErrorKind};
pub use limits::Limits;

use crate::message::Message;

/// The message that `bytes` hold.
///
/// Who wants to show errors in their line keeps the [`text`] and calls [`xml::read`]: a [`DecodeError`] is about
/// that text.
///
/// # Errors
/// When the bytes are no text, the text is no XML, the document is no SyncML message, or more than `limits` allow.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Message, DecodeError> {
    decode_with_text(bytes, limits).map(|(message, _)| message)
}

/// The same, with the text that the message's spans are about.
///
/// # Errors
/// As [`decode`].
pub fn decode_with_text(bytes: &[u8], limits: &Limits) -> Result<(Message, Arc<String>), DecodeError> {
    let text = text(bytes, limits)?;
    Ok((xml::read(&text, limits)?, text))
}

/// The bytes of `message`, as Windows writes it. See [`xml::write`].
#[must_use]
pub fn encode(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_into(message, &mut bytes);
    bytes
}

/// Appends the bytes of `message` to `bytes`.
pub fn encode_into(message: &Message, bytes: &mut Vec<u8>) {
    xml::write(message, bytes);
}

/// A body as shared text.
pub(crate) type Body = Arc<String>;
