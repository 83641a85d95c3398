//! Bytes to characters.

use std::sync::Arc;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::{Body, DecodeError, DecodeErrorKind, Limits, Place};

/// The text that `bytes` hold, without its byte order mark.
///
/// A byte order mark decides; then the encoding that the XML declaration names; then it is UTF-8. A declaration of
/// UTF-16 on bytes without its mark is not believed: the local management API declares it on UTF-8 (observed).
/// Labels mean what the WHATWG Encoding Standard says, so `ISO-8859-1` and `US-ASCII` are windows-1252.
///
/// # Errors
/// When there are too many bytes, the encoding is not known, or the bytes are not in it.
pub fn text(bytes: &[u8], limits: &Limits) -> Result<Body, DecodeError> {
    if bytes.len() > limits.bytes {
        let kind = DecodeErrorKind::Limit { what: "bytes", limit: limits.bytes };
        return Err(DecodeError {
            span: limits.bytes..bytes.len(),
            place: Place::START,
            kind: Box::new(kind),
        });
    }
    let (encoding, body) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, bytes.get(mark..).unwrap_or_default()),
        None => (declared(bytes)?, bytes),
    };
    if encoding != UTF_8 {
        return decode(encoding.new_decoder_without_bom_handling(), body, bytes.len() - body.len());
    }
    match std::str::from_utf8(body) {
        Ok(text) => Ok(Arc::new(text.to_owned())),
        Err(error) => {
            let good = error.valid_up_to();
            let bad = error.error_len().unwrap_or(body.len() - good);
            let before = body.get(..good).and_then(|good| std::str::from_utf8(good).ok()).unwrap_or_default();
            Err(malformed(before, bytes.len() - body.len() + good, bad, "UTF-8"))
        }
    }
}

/// The encoding that the XML declaration names.
fn declared(bytes: &[u8]) -> Result<&'static Encoding, DecodeError> {
    let Some((label, at)) = label(bytes) else { return Ok(UTF_8) };
    match Encoding::for_label_no_replacement(label.as_bytes()) {
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok(UTF_8),
        Some(encoding) => Ok(encoding),
        None => {
            let head = bytes.get(..at).and_then(|head| std::str::from_utf8(head).ok()).unwrap_or_default();
            let mut error = DecodeError::new(head, at..at, DecodeErrorKind::Encoding(label.to_owned()));
            error.span.end += label.len();
            Err(error)
        }
    }
}

/// The label in the XML declaration, and its offset. Whether the declaration is right is for the XML reader to say.
fn label(bytes: &[u8]) -> Option<(&str, usize)> {
    const NAME: &str = "encoding";
    let head =
        bytes.strip_prefix(b"<?xml").filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace))?;
    // One ASCII line; a declaration with anything else in it is not well-formed.
    let close = head.iter().position(|byte| *byte == b'?' || !byte.is_ascii())?;
    let head = std::str::from_utf8(head.get(..close)?).ok()?;
    let value = head.get(head.find(NAME)? + NAME.len()..)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let inner = value.get(1..)?;
    let label = inner.get(..inner.find(quote)?)?;
    Some((label, "<?xml".len() + head.len() - inner.len()))
}

/// Decodes `bytes`, which start `base` bytes into the input.
fn decode(mut decoder: Decoder, bytes: &[u8], base: usize) -> Result<Body, DecodeError> {
    let name = decoder.encoding().name();
    let mut text = String::new();
    text.reserve(decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len()));
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(Arc::new(text)),
        (DecoderResult::Malformed(length, after), read) => {
            let length = usize::from(length);
            let start = read.saturating_sub(length + usize::from(after));
            Err(malformed(&text, base + start, length, name))
        }
        // There is room for all of it.
        (DecoderResult::OutputFull, read) => Err(malformed(&text, base + read, 0, name)),
    }
}

fn malformed(before: &str, start: usize, length: usize, encoding: &'static str) -> DecodeError {
    let mut error = DecodeError::new(before, before.len()..before.len(), DecodeErrorKind::Bytes(encoding));
    error.span = start..start + length;
    error
}
