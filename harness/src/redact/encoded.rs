//! Which encoding a file is in: what is written is in the same.

use std::borrow::Cow;

/// How text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoded {
    /// ASCII and whatever is compatible with it, without a mark.
    Plain,
    /// UTF-8 with a byte order mark.
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Le(Mark),
    /// UTF-16, the high byte first.
    Utf16Be(Mark),
}

/// Whether text of UTF-16 begins with its byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// It does.
    Present,
    /// It does not: its zeros tell.
    Absent,
}

impl Encoded {
    /// What the beginning of the bytes tells.
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xef, 0xbb, 0xbf, ..] => Self::Utf8,
            [0xff, 0xfe, ..] => Self::Utf16Le(Mark::Present),
            [0xfe, 0xff, ..] => Self::Utf16Be(Mark::Present),
            _ => {
                /// How many characters are looked at.
                const NEAR: usize = 64;
                let (pairs, _) = bytes.as_chunks::<2>();
                let near = pairs.get(..NEAR).unwrap_or(pairs);
                let is_text = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
                if near.is_empty() {
                    Self::Plain
                } else if near.iter().all(|[low, high]| is_text(*low) && *high == 0) {
                    Self::Utf16Le(Mark::Absent)
                } else if near.iter().all(|[high, low]| is_text(*low) && *high == 0) {
                    Self::Utf16Be(Mark::Absent)
                } else {
                    Self::Plain
                }
            }
        }
    }

    /// The text without its mark: UTF-8, but for what is plain.
    ///
    /// # Errors
    /// When it is not in its encoding, with what was found.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Cow<'_, [u8]>, &'static str> {
        match self {
            Self::Plain => Ok(bytes.into()),
            Self::Utf8 => Ok(bytes.get(3..).unwrap_or_default().into()),
            Self::Utf16Le(mark) => utf16(bytes, mark, u16::from_le_bytes),
            Self::Utf16Be(mark) => utf16(bytes, mark, u16::from_be_bytes),
        }
    }

    /// The bytes of a text that was decoded.
    pub(super) fn encode(self, text: Vec<u8>) -> Vec<u8> {
        let units = |mark: Mark, to: fn(u16) -> [u8; 2]| {
            let mark = match mark {
                Mark::Present => Some(0xfeff),
                Mark::Absent => None,
            };
            let text = String::from_utf8_lossy(&text);
            mark.into_iter().chain(text.encode_utf16()).flat_map(to).collect()
        };
        match self {
            Self::Plain => text,
            Self::Utf8 => [b"\xef\xbb\xbf", &*text].concat(),
            Self::Utf16Le(mark) => units(mark, u16::to_le_bytes),
            Self::Utf16Be(mark) => units(mark, u16::to_be_bytes),
        }
    }
}

fn utf16(bytes: &[u8], mark: Mark, from: fn([u8; 2]) -> u16) -> Result<Cow<'_, [u8]>, &'static str> {
    let begin = match mark {
        Mark::Present => 2,
        Mark::Absent => 0,
    };
    let (pairs, odd) = bytes.get(begin..).unwrap_or_default().as_chunks::<2>();
    if !odd.is_empty() {
        return Err("found UTF-16 that ends within a character");
    }
    let text: Result<String, _> = char::decode_utf16(pairs.iter().map(|pair| from(*pair))).collect();
    text.map(|text| text.into_bytes().into()).map_err(|_| "found UTF-16 with half a character in it")
}
