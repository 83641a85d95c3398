//! References, line ends and attribute values: what the characters of a document stand for.

use std::borrow::Cow;

use super::chars::is_char;
use super::{XmlError, XmlErrorKind};

/// The character that the reference at `at` stands for, and where the reference ends.
pub(super) fn reference(text: &str, at: usize) -> Result<(char, usize), XmlError> {
    let rest = text.get(at + 1..).unwrap_or_default();
    let length = rest.find([';', '&', '<', ' ', '\n']).unwrap_or(rest.len());
    let (name, after) = rest.split_at(length);
    if name.is_empty() || !after.starts_with(';') {
        return Err(XmlError::syntax(text, at, "`&amp;` or a reference that ends with `;`"));
    }
    Ok((resolve(name, at)?, at + length + 2))
}

/// `text` with each CR LF and CR turned into LF (section 2.11).
pub(super) fn normalise_lines(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The value of an attribute (section 3.3.3): references resolved, each line end and tab a blank. `at` is the
/// offset of `value` in `text`.
pub(super) fn attribute_value<'a>(
    text: &str,
    value: &'a str,
    mut at: usize,
) -> Result<Cow<'a, str>, XmlError> {
    if !value.bytes().any(|byte| matches!(byte, b'&' | b'<' | b'\t' | b'\n' | b'\r')) {
        return Ok(Cow::Borrowed(value));
    }
    let end = at + value.len();
    let mut normalised = String::with_capacity(value.len());
    while at < end {
        let rest = text.get(at..end).unwrap_or_default();
        let length = rest.find(['&', '<', '\t', '\n', '\r']).unwrap_or(rest.len());
        let (plain, special) = rest.split_at(length);
        normalised.push_str(plain);
        at += length;
        match special.as_bytes() {
            [] => {}
            [b'<', ..] => return Err(XmlError::syntax(text, at, "`&lt;` in an attribute value")),
            [b'&', ..] => {
                let (character, after) = reference(text.get(..end).unwrap_or_default(), at)?;
                normalised.push(character);
                at = after;
            }
            [b'\r', b'\n', ..] => {
                normalised.push(' ');
                at += 2;
            }
            [_, ..] => {
                normalised.push(' ');
                at += 1;
            }
        }
    }
    Ok(Cow::Owned(normalised))
}

/// The character that the reference `&name;` stands for (productions 66 and 68, section 4.6). `at` is the offset
/// of its ampersand.
fn resolve(name: &str, at: usize) -> Result<char, XmlError> {
    let wrong = |expected| {
        let kind = XmlErrorKind::Syntax { found: format!("`&{name};`"), expected };
        XmlError::new(at..at + name.len() + 2, kind)
    };
    if let Some(number) = name.strip_prefix('#') {
        let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
        // `from_str_radix` takes a sign.
        if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
            return Err(wrong("a character reference such as `&#65;` or `&#x41;`"));
        }
        return u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
            .filter(|character| is_char(*character))
            .ok_or_else(|| wrong("a reference to a character that XML can hold"));
    }
    Ok(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => {
            let kind = XmlErrorKind::Entity(name.to_owned());
            return Err(XmlError::new(at..at + name.len() + 2, kind));
        }
    })
}
