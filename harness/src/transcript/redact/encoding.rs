//! Whether a body is text that can be searched, and how its places are found in its bytes.
//!
//! Every encoding that a message is read in, but UTF-16, has ASCII characters as themselves, so its markup is found
//! without decoding it.

use std::ops::Range;

/// How a body is text.
#[derive(Debug)]
pub(super) enum Text {
    /// Markup stands in it as ASCII.
    AsciiCompatible,
    /// It is UTF-16.
    Utf16(Units),
    /// It is no text.
    None,
}

/// What kind of text a body is.
pub(super) fn text_of(body: &[u8]) -> Text {
    match body {
        [0xff, 0xfe, rest @ ..] => Text::Utf16(Units::new(rest, 2, u16::from_le_bytes, u16::to_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Text::Utf16(Units::new(rest, 2, u16::from_be_bytes, u16::to_be_bytes)),
        // A message without its mark, which is refused.
        [b'<', 0, _, 0, ..] => Text::Utf16(Units::new(body, 0, u16::from_le_bytes, u16::to_le_bytes)),
        [0, b'<', 0, _, ..] => Text::Utf16(Units::new(body, 0, u16::from_be_bytes, u16::to_be_bytes)),
        _ if is_ascii_compatible(body) => Text::AsciiCompatible,
        _ => Text::None,
    }
}

/// Whether there are no bytes that only binary data has: WBXML, compressed data, encodings with escapes.
fn is_ascii_compatible(body: &[u8]) -> bool {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    const ESCAPE: u8 = 0x1b;
    let begins_as_document =
        body.strip_prefix(MARK).unwrap_or(body).trim_ascii_start().first() == Some(&b'<');
    let is_odd = |byte: &u8| match byte {
        0 | &ESCAPE => true,
        b'\t' | b'\n' | b'\r' | 0x0c => false,
        control => control.is_ascii_control() && !begins_as_document,
    };
    !body.iter().any(is_odd)
}

/// A body of UTF-16, as text whose places can be found again.
#[derive(Debug)]
pub(super) struct Units {
    text: String,
    /// For every byte of the text, and for its end, the byte of the body where its character begins.
    places: Vec<usize>,
    to_bytes: fn(u16) -> [u8; 2],
}

impl Units {
    fn new(body: &[u8], base: usize, from: fn([u8; 2]) -> u16, to_bytes: fn(u16) -> [u8; 2]) -> Self {
        let (pairs, _) = body.as_chunks::<2>();
        let (mut text, mut places, mut at) = (String::new(), Vec::new(), base);
        for unit in char::decode_utf16(pairs.iter().map(|pair| from(*pair))) {
            let character = unit.unwrap_or(char::REPLACEMENT_CHARACTER);
            text.push(character);
            places.resize(text.len(), at);
            at += if unit_is_pair(character) { 4 } else { 2 };
        }
        places.push(at);
        Self { text, places, to_bytes }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the body that hold this part of the text.
    pub(super) fn place(&self, range: Range<usize>) -> Range<usize> {
        let place = |at: usize| self.places.get(at).or(self.places.last()).copied().unwrap_or_default();
        place(range.start)..place(range.end)
    }

    pub(super) fn encode(&self, text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(self.to_bytes).collect()
    }
}

const fn unit_is_pair(character: char) -> bool {
    character.len_utf16() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A zero before a message does not make it UTF-16, in which nothing secret would be found.
    #[test]
    fn what_begins_with_a_zero_is_no_text() {
        for body in [&b"\0<SyncML><Cred><Data>secret</Data></Cred></SyncML>"[..], b"<\0SyncML><Cred>", b"\0<"]
        {
            assert!(matches!(text_of(body), Text::None), "{body:?}");
        }
        assert!(matches!(text_of(b"<\0S\0"), Text::Utf16(_)));
        assert!(matches!(text_of(b"\0<\0S"), Text::Utf16(_)));
    }
}
