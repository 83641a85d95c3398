//! Bytes to characters, as the document's charset says.

use std::borrow::Cow;
use std::ops::Range;

use csp_model::xml::{XmlErrorKind, is_char};
use encoding_rs::{Encoding, UTF_8};

use crate::codec::read::Read;
use crate::codec::{Body, DecodeError, DecodeErrorKind};

/// The bytes as a text of the same length, and where it stops to differ from them: what is not UTF-8 is overwritten.
pub(super) fn overwritten(bytes: &[u8]) -> (String, usize) {
    let mut text = String::with_capacity(bytes.len());
    let (mut rest, mut sound) = (bytes, 0);
    loop {
        match std::str::from_utf8(rest) {
            Ok(good) => {
                text.push_str(good);
                return (text, sound);
            }
            Err(error) => {
                let (good, after) = rest.split_at(error.valid_up_to());
                text.push_str(std::str::from_utf8(good).unwrap_or_default());
                let bad = error.error_len().unwrap_or(after.len());
                text.extend(std::iter::repeat_n('?', bad));
                rest = after.get(bad..).unwrap_or_default();
                sound = text.len();
            }
        }
    }
}

/// What the strings of a document are encoded in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Charset(&'static Encoding);

impl Charset {
    /// The charset with that number (IANA Character Sets, `MIBenum`), or why it cannot be read. Labels mean what the WHATWG
    /// Encoding Standard says, as in XML.
    pub(super) fn of(number: u32) -> Result<Self, String> {
        let label = match number {
            // Unknown: UTF-8 is what SyncML asks for.
            0 | 106 => return Ok(Self(UTF_8)),
            3 => "us-ascii",
            4 => "iso-8859-1",
            5 => "iso-8859-2",
            6 => "iso-8859-3",
            7 => "iso-8859-4",
            8 => "iso-8859-5",
            9 => "iso-8859-6",
            10 => "iso-8859-7",
            11 => "iso-8859-8",
            12 => "iso-8859-9",
            13 => "iso-8859-10",
            17 => "shift_jis",
            18 => "euc-jp",
            38 => "euc-kr",
            39 => "iso-2022-jp",
            109 => "iso-8859-13",
            110 => "iso-8859-14",
            111 => "iso-8859-15",
            112 => "iso-8859-16",
            113 => "gbk",
            114 => "gb18030",
            2025 => "gb2312",
            2026 => "big5",
            2084 => "koi8-r",
            2088 => "koi8-u",
            2109 => "windows-874",
            2250 => "windows-1250",
            2251 => "windows-1251",
            2252 => "windows-1252",
            2253 => "windows-1253",
            2254 => "windows-1254",
            2255 => "windows-1255",
            2256 => "windows-1256",
            2257 => "windows-1257",
            2258 => "windows-1258",
            2259 => "tis-620",
            1000 => return Err("UCS-2".to_owned()),
            1001 => return Err("UCS-4".to_owned()),
            1013 => return Err("UTF-16BE".to_owned()),
            1014 => return Err("UTF-16LE".to_owned()),
            1015 => return Err("UTF-16".to_owned()),
            1017 => return Err("UTF-32".to_owned()),
            other => return Err(format!("number {other}")),
        };
        Encoding::for_label_no_replacement(label.as_bytes()).map(Self).ok_or_else(|| label.to_owned())
    }

    pub(super) fn name(self) -> &'static str {
        self.0.name()
    }

    /// The characters that stand at `range` of the bytes. `text` is what [`overwritten`] gave, equal from `sound` on.
    ///
    /// # Errors
    /// When the bytes are not in the charset, or XML has no such character.
    #[inline]
    pub(super) fn characters<'a>(
        self,
        bytes: &[u8],
        range: Range<usize>,
        text: &'a Body,
        sound: usize,
    ) -> Read<Cow<'a, str>> {
        match self.text(bytes, range.clone(), text, sound) {
            Some(characters) => Ok(characters),
            None => Err(self.wrong(bytes.get(range.clone()).unwrap_or_default(), range)),
        }
    }

    /// The same; `None` for an error.
    #[inline]
    pub(super) fn text<'a>(
        self,
        bytes: &[u8],
        range: Range<usize>,
        text: &'a Body,
        sound: usize,
    ) -> Option<Cow<'a, str>> {
        if self.0 == UTF_8 {
            let characters = text.get(range.clone())?;
            let is_whole = range.start >= sound || bytes.get(range) == Some(characters.as_bytes());
            return (is_whole && is_xml(characters)).then_some(Cow::Borrowed(characters));
        }
        let decoded = self.0.decode_without_bom_handling_and_without_replacement(bytes.get(range)?)?;
        is_xml(&decoded).then(|| Cow::Owned(decoded.into_owned()))
    }

    /// What is wrong with bytes at `range` that are no text.
    #[cold]
    fn wrong(self, bytes: &[u8], range: Range<usize>) -> Box<DecodeError> {
        let mut start = range.start;
        let decoded = if self.0 == UTF_8 {
            start += Encoding::utf8_valid_up_to(bytes);
            std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
        } else {
            self.0.decode_without_bom_handling_and_without_replacement(bytes)
        };
        let kind = match decoded {
            None => DecodeErrorKind::Bytes(self.name()),
            Some(text) => {
                let wrong = text.char_indices().find(|(_, character)| !is_char(*character));
                let (at, character) = wrong.unwrap_or_default();
                // In another charset the offset is not known.
                start = if self.0 == UTF_8 { range.start + at } else { range.start };
                DecodeErrorKind::Xml(XmlErrorKind::Character(u32::from(character)))
            }
        };
        Box::new(DecodeError::binary(start..range.end, kind))
    }
}

#[inline]
fn is_xml(text: &str) -> bool {
    is_plain(text) || text.chars().all(is_char)
}

/// Whether XML surely has all the characters. A byte of U+FFFE and U+FFFF is taken for them.
#[inline]
pub(super) fn is_plain(text: &str) -> bool {
    // Blocks without branches, which the compiler turns into a few instructions each.
    let is_special = |special, byte: &u8| special | (*byte < b' ') | (*byte == 0xef);
    let (blocks, rest) = text.as_bytes().as_chunks::<16>();
    !blocks.iter().any(|block| block.iter().fold(false, is_special)) && !rest.iter().fold(false, is_special)
}
