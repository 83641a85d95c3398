//! A text of any kind: JSON, bytes in Base64, a form, or anything that messages, headers and addresses stand in.
//!
//! What is in one text can hold another; each is looked through as if it were a file of its own.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use memchr::memmem;
use syncml::codec::Encoding;

use super::encoded::Encoded;
use super::{http, json};
use crate::transcript::{Body, Redactor};

/// Base64, whether it is padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How many texts may stand in one another. What stands deeper is hidden.
const DEEPEST: usize = 8;

/// The fewest characters of Base64 that are looked into.
const SHORTEST: usize = 24;

/// Looks through texts.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) redactor: &'a mut Redactor,
    depth: usize,
    seen: Seen,
}

/// Whether something was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing.
    Nothing,
    /// A message, or something like one.
    Message,
}

/// Bytes that nothing can be looked for in.
#[derive(Debug)]
pub(super) struct Opaque;

impl<'a> Search<'a> {
    pub(super) const fn new(redactor: &'a mut Redactor) -> Self {
        Self { redactor, depth: 0, seen: Seen::Nothing }
    }

    pub(super) const fn seen(&self) -> Seen {
        self.seen
    }

    /// A file, or a body that stands in one, in whatever encoding.
    ///
    /// # Errors
    /// When it is neither text nor a message in WBXML.
    pub(super) fn body(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Opaque> {
        if Encoding::of(bytes) == Encoding::Wbxml {
            return match self.redactor.body(Bytes::copy_from_slice(bytes)) {
                Body::Bytes(bytes) => {
                    self.seen = Seen::Message;
                    Ok(bytes.to_vec())
                }
                Body::Withheld(_) => Err(Opaque),
            };
        }
        let encoded = Encoded::of(bytes);
        let text = encoded.decode(bytes).map_err(|_| Opaque)?;
        if json::begins(&text) {
            let parsed = std::str::from_utf8(&text).map(|text| json::redacted(self, text));
            return Ok(match parsed {
                Ok(Ok((text, json::End::Whole))) => encoded.encode(text.into_bytes()),
                // It breaks off, or is something else: nobody knows what in it is secret.
                Ok(Ok((_, json::End::Cut(_))) | Err(_)) | Err(_) => {
                    encoded.encode(self.redactor.secret(text.trim_ascii()).into_bytes())
                }
            });
        }
        Ok(encoded.encode(self.plain(&text)?))
    }

    /// A text that stands in another.
    pub(super) fn inner(&mut self, text: &str) -> String {
        match self.deeper(text.as_bytes()) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            // Text with control characters in it.
            Err(Opaque) => self.redactor.secret(text.as_bytes()),
        }
    }

    /// A body in Base64. What cannot be looked through is left out.
    pub(super) fn base64(&mut self, encoded: &str) -> String {
        let bare: Vec<u8> = encoded.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let Ok(bytes) = BASE64.decode(&bare) else {
            return if bare.is_empty() {
                encoded.to_owned()
            } else {
                self.redactor.secret(encoded.trim().as_bytes())
            };
        };
        match self.deeper(&bytes) {
            Ok(redacted) if redacted == bytes => encoded.to_owned(),
            Ok(redacted) => BASE64.encode(redacted),
            Err(Opaque) => String::new(),
        }
    }

    /// Text that is no JSON.
    pub(super) fn plain(&mut self, text: &[u8]) -> Result<Vec<u8>, Opaque> {
        let Body::Bytes(shown) = self.redactor.body(Bytes::copy_from_slice(text)) else { return Err(Opaque) };
        let shown = self.documents(&shown);
        let shown = http::redacted(self.redactor, &shown);
        let shown = self.runs(&shown);
        const MARKS: [&str; 4] = ["SyncML", "SyncBody", "Envelope", "wap-provisioningdoc"];
        if shown != text || MARKS.iter().any(|mark| memmem::find(text, mark.as_bytes()).is_some()) {
            self.seen = Seen::Message;
        }
        Ok(shown)
    }

    fn deeper(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Opaque> {
        if self.depth == DEEPEST {
            return Ok(self.redactor.secret(bytes.trim_ascii()).into_bytes());
        }
        self.depth += 1;
        let redacted = self.body(bytes);
        self.depth -= 1;
        redacted
    }

    /// The text with the JSON that stands within its lines looked through.
    fn documents(&mut self, text: &[u8]) -> Vec<u8> {
        let mut redacted = Vec::with_capacity(text.len());
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let mut rest = line;
            while let Some(at) = memchr::memchr2_iter(b'{', b'[', rest).find(|at| json::begins(&rest[*at..]))
                && let Some(document) = std::str::from_utf8(&rest[at..]).ok().and_then(json::first)
            {
                redacted.extend_from_slice(&rest[..at]);
                redacted.extend_from_slice(self.inner(document).as_bytes());
                rest = &rest[at + document.len()..];
            }
            redacted.extend_from_slice(rest);
        }
        redacted
    }

    /// The text with what stands in it as Base64 looked through.
    fn runs(&mut self, text: &[u8]) -> Vec<u8> {
        let mut redacted = Vec::with_capacity(text.len());
        let mut at = 0;
        for run in runs(text) {
            let encoded = text.get(run.clone()).unwrap_or_default();
            if let Some(hidden) = self.run(encoded) {
                redacted.extend_from_slice(text.get(at..run.start).unwrap_or_default());
                redacted.extend_from_slice(hidden.as_bytes());
                at = run.end;
            }
        }
        redacted.extend_from_slice(text.get(at..).unwrap_or_default());
        redacted
    }

    /// What is left of Base64 that holds a secret.
    fn run(&mut self, encoded: &[u8]) -> Option<String> {
        let bare: Vec<u8> = encoded.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let bytes = BASE64.decode(&bare).ok()?;
        // Of what is no text, most was never Base64.
        let is_text = |bytes: &[u8]| {
            std::str::from_utf8(bytes).is_ok_and(|text| {
                text.chars()
                    .all(|character| !character.is_control() || matches!(character, '\t' | '\n' | '\r'))
            })
        };
        let is_message = Encoding::of(&bytes) == Encoding::Wbxml;
        let is_readable = is_message || Encoded::of(&bytes).decode(&bytes).is_ok_and(|text| is_text(&text));
        let redacted = is_readable.then(|| self.deeper(&bytes)).and_then(Result::ok)?;
        (redacted != bytes).then(|| BASE64.encode(redacted))
    }
}

/// Where Base64 can stand: long runs of its characters, over lines that are as long as those of Base64.
fn runs(text: &[u8]) -> Vec<Range<usize>> {
    /// The shortest lines that Base64 is broken into.
    const LINE: usize = 60;
    let is_of_it = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut runs: Vec<Range<usize>> = Vec::new();
    let (mut at, mut last) = (0, 0);
    while at < text.len() {
        let start = at + escape(text, at);
        let rest = text.get(start..).unwrap_or_default();
        let letters = rest.iter().take_while(is_of_it).count();
        if letters == 0 {
            at = start.max(at + 1);
            continue;
        }
        let padding = rest.iter().skip(letters).take(2).take_while(|byte| **byte == b'=').count();
        let end = start + letters + padding;
        let between = runs.last().map(|run| text.get(run.end..start).unwrap_or_default());
        match (between, runs.last_mut()) {
            (Some(b"\n" | b"\r\n"), Some(run)) if last >= LINE => run.end = end,
            _ => runs.push(start..end),
        }
        (at, last) = (end, letters);
    }
    runs.retain(|run| run.len() >= SHORTEST);
    runs
}

/// The length of an escape of JSON at this place, whose letters are none of Base64.
fn escape(text: &[u8], at: usize) -> usize {
    match text.get(at..).unwrap_or_default() {
        [b'\\', b'u', digits @ ..] if digits.iter().take(4).all(u8::is_ascii_hexdigit) => {
            2 + digits.len().min(4)
        }
        [b'\\', _, ..] => 2,
        _ => 0,
    }
}
