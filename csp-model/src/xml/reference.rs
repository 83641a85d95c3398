//! References, line ends and attribute values: what the characters of a document stand for.

use std::borrow::Cow;

use super::chars::is_char;
use super::{XmlError, XmlErrorKind};

/// The character that the reference `&name;` stands for (productions 66 and 68, section 4.6). `at` is the offset
/// of its ampersand.
pub(super) fn resolve(name: &str, at: usize) -> Result<char, XmlError> {
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

/// `text` with each CR LF and CR turned into LF (section 2.11).
pub(super) fn normalise_lines(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The value of an attribute (section 3.3.3): references resolved, each line end and tab a blank. `at` is the
/// offset of `text`, in `document`.
pub(super) fn attribute_value<'a>(
    document: &str,
    text: &'a str,
    at: usize,
) -> Result<Cow<'a, str>, XmlError> {
    if !text.bytes().any(|byte| matches!(byte, b'&' | b'<' | b'\t' | b'\n' | b'\r')) {
        return Ok(Cow::Borrowed(text));
    }
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find(['&', '<', '\t', '\n', '\r']) {
        let (before, tail) = rest.split_at(found);
        value.push_str(before);
        let here = at + text.len() - tail.len();
        if tail.starts_with('<') {
            return Err(XmlError::syntax(document, here, "`&lt;` in an attribute value"));
        }
        rest = if let Some(reference) = tail.strip_prefix('&') {
            let Some((name, after)) = reference.split_once(';') else {
                return Err(XmlError::syntax(document, here, "`&amp;` or a reference that ends with `;`"));
            };
            value.push(resolve(name, here)?);
            after
        } else {
            value.push(' ');
            tail.strip_prefix("\r\n").or_else(|| tail.get(1..)).unwrap_or_default()
        };
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}
