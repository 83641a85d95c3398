//! The characters of XML 1.0: which a text may hold, and which make a name.

use super::{XmlError, XmlErrorKind};

/// What a text holds that costs time: most messages hold none of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Holds {
    /// A carriage return: line ends must be normalised.
    pub(super) carriage_return: bool,
    /// A closing bracket: `]]>` may stand in text.
    pub(super) bracket: bool,
}

/// Whether `text` is white space alone (production 3).
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// Looks through all of `text` once, for characters that XML does not have (production 2).
pub(super) fn scan(text: &str) -> Result<Holds, XmlError> {
    // Without branches, so that the compiler can take sixteen bytes at a time. Few texts need a second look.
    let mut special = false;
    for byte in text.bytes() {
        special |= !(b' '..0xef).contains(&byte) | (byte == b']');
    }
    if special { look_closely(text) } else { Ok(Holds::default()) }
}

fn look_closely(text: &str) -> Result<Holds, XmlError> {
    let (mut control, mut above, mut carriage_return, mut bracket) = (false, false, false, false);
    for byte in text.bytes() {
        control |= (byte < b' ') & (byte != b'\t') & (byte != b'\n') & (byte != b'\r');
        // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
        above |= byte == 0xef;
        carriage_return |= byte == b'\r';
        bracket |= byte == b']';
    }
    if control | above {
        let wrong = text.char_indices().find(|(_, character)| !is_char(*character));
        if let Some((at, character)) = wrong {
            let kind = XmlErrorKind::Character(u32::from(character));
            return Err(XmlError::new(at..at + character.len_utf8(), kind));
        }
    }
    Ok(Holds { carriage_return, bracket })
}

/// Whether XML 1.0 has the character (production 2). Surrogates are no `char`.
#[must_use]
pub const fn is_char(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Production 3, `S`.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The length of the name without a colon (`NCName`) at `at`; 0 when there is none.
#[inline]
pub(super) fn name_length(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes().get(at..).unwrap_or_default();
    if let Some(first) = bytes.first_chunk() {
        let length = letters(*first);
        if length > 0 && bytes.get(length).map(class) == Some(OTHER) {
            return length;
        }
    }
    any_name_length(text, bytes, at)
}

/// Whether `name` is a name with a prefix or without (Namespaces in XML 1.0, production 7).
#[must_use]
pub fn is_qualified_name(name: &str) -> bool {
    let (first, second) = name.split_once(':').map_or((name, None), |(prefix, local)| (prefix, Some(local)));
    let is_whole = |name: &str| !name.is_empty() && name_length(name, 0) == name.len();
    is_whole(first) && second.is_none_or(is_whole)
}

/// How many ASCII letters the bytes start with. All at once: the end of a name is hard to predict for a loop.
#[inline]
const fn letters(bytes: [u8; 8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(bytes);
    let lower = word | (0x20 * EACH);
    // The sums have the highest bit from `a` on, and from beyond `z`. What a byte outside ASCII carries over
    // spoils later ones alone.
    let from_a = lower.wrapping_add((0x80 - b'a' as u64) * EACH);
    let beyond_z = lower.wrapping_add((0x7f - b'z' as u64) * EACH);
    let letters = from_a & !beyond_z & !word;
    ((!letters & (0x80 * EACH)).trailing_zeros() / 8) as usize
}

fn any_name_length(text: &str, bytes: &[u8], at: usize) -> usize {
    let length = bytes.iter().position(|byte| class(byte) < CONTINUE).unwrap_or(bytes.len());
    if bytes.get(length).map(class) == Some(WIDE) {
        return wide_name_length(text.get(at..).unwrap_or_default());
    }
    if bytes.first().map(class) == Some(START) { length } else { 0 }
}

/// Whether two names are the same. Most have four to eight bytes, for which a call would cost more than it does.
#[inline]
pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() == other.len() && (4..=8).contains(&one.len()) {
        return one.first_chunk::<4>() == other.first_chunk() && one.last_chunk::<4>() == other.last_chunk();
    }
    one == other
}

#[inline]
fn class(byte: &u8) -> u8 {
    CLASSES[usize::from(*byte)]
}

/// White space at the start of `text`, in bytes.
pub(super) fn space_length(text: &str) -> usize {
    text.bytes().position(|byte| !is_space(byte)).unwrap_or(text.len())
}

#[cold]
fn wide_name_length(text: &str) -> usize {
    let mut characters = text.char_indices();
    if !characters.next().is_some_and(|(_, character)| is_name_start(character)) {
        return 0;
    }
    characters.find(|(_, character)| !is_name(*character)).map_or(text.len(), |(at, _)| at)
}

/// Production 4 without the colon.
const fn is_name_start(character: char) -> bool {
    matches!(character, 'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// Production 4a without the colon.
const fn is_name(character: char) -> bool {
    is_name_start(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// The byte ends a name.
const OTHER: u8 = 0;
/// The byte is part of a character outside ASCII.
const WIDE: u8 = 1;
/// The byte may stand in a name, but not start it.
const CONTINUE: u8 = 2;
/// The byte may start a name, or stand in it.
const START: u8 = 3;

/// What each byte may do in a name.
static CLASSES: [u8; 256] = {
    let mut classes = [WIDE; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        classes[byte as usize] = if is_name_start(byte as char) {
            START
        } else if is_name(byte as char) {
            CONTINUE
        } else {
            OTHER
        };
        byte += 1;
    }
    classes
};
