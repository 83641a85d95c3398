//! Bytes to messages and back.
//!
//! Decoding is strict about what is XML or WBXML and forgiving about what is SyncML: only what no one could give a
//! meaning to is an error, and an error says where it stands.
//!
//! What stands where in a message is the same in both encodings: `read` and `write` know it once, over a source and
//! a sink that [`xml`] and [`wbxml`] provide.
//!
//! Deliberately absent: what a command means, and whether it may be given.

mod characters;
mod encoding;
mod error;
mod limits;
mod read;
mod tag;
pub mod wbxml;
mod write;
pub mod xml;

use std::sync::Arc;

pub use characters::text;
pub use encoding::{Encoding, Input, Place};
pub use error::{DecodeError, DecodeErrorKind};
pub use limits::Limits;

use crate::message::Message;

/// The namespace of Windows' additions to SyncML (\[MS-MDM\] 2.2.1).
const MSFT: &str = "http://schemas.microsoft.com/MobileDevice/MDM";

/// The namespace of what stands in `Meta` (OMA SyncML Meta-Information 1.2).
const META: &str = "syncml:metinf";

/// Whether names of `namespace` are the protocol's.
///
/// Peers mix them: an element of meta-information in the message's namespace, or in none, means the same.
/// `syncml:metinfo` stands on a page of Microsoft's that people copy from.
#[inline]
fn is_vocabulary(namespace: &str) -> bool {
    namespace == "SYNCML:SYNCML1.2" || is_other_vocabulary(namespace)
}

fn is_other_vocabulary(namespace: &str) -> bool {
    matches!(namespace, "" | META | "SYNCML:SYNCML1.1" | "syncml:devinf" | "syncml:metinfo")
}

/// The message that `bytes` hold, in the encoding that they are in.
///
/// # Errors
/// When the bytes are no text, the text is no XML, or they are no WBXML; when what they hold is no SyncML message, or
/// more than `limits` allow.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Message, DecodeError> {
    decode_with_text(bytes, limits).map(|(message, _)| message)
}

/// The same, with the text that the message's spans are about.
///
/// # Errors
/// As [`decode`].
pub fn decode_with_text(bytes: &[u8], limits: &Limits) -> Result<(Message, Input), DecodeError> {
    let encoding = Encoding::of(bytes);
    let (message, text) = match encoding {
        Encoding::Xml => {
            let text = text(bytes, limits)?;
            (xml::read(&text, limits)?, text)
        }
        Encoding::Wbxml => wbxml::read(bytes, limits)?,
    };
    Ok((message, Input { text, encoding }))
}

/// The bytes of `message` in XML, as Windows writes it. See [`xml::write`].
#[must_use]
pub fn encode(message: &Message) -> Vec<u8> {
    encode_as(message, Encoding::Xml)
}

/// The bytes of `message`. See [`xml::write`] and [`wbxml::write`].
#[must_use]
pub fn encode_as(message: &Message, encoding: Encoding) -> Vec<u8> {
    let mut bytes = Vec::new();
    match encoding {
        Encoding::Xml => xml::write(message, &mut bytes),
        Encoding::Wbxml => wbxml::write(message, &mut bytes),
    }
    bytes
}

/// A body as shared text.
pub(crate) type Body = Arc<String>;
