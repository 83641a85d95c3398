//! Headers of HTTP, forms and addresses in text, as logs and proxies write them.

use std::ops::Range;

use super::address::{self, Parameters};
use super::names;
use crate::transcript::Redactor;

/// What a value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    /// Nothing: it ends with the line.
    None,
    /// These, which end it.
    By(&'static str),
}

/// The quotation marks that are known, longer ones first.
const QUOTES: [&str; 7] = ["\\\\\\\"", "\\\"", "\\u0022", "&quot;", "\"", "'", "`"];

/// The longest name that is looked for.
const LONGEST: usize = 64;

/// The text without what HTTP knows to be secret, line by line.
pub(super) fn redacted(redactor: &mut Redactor, text: &[u8]) -> Vec<u8> {
    let mut redacted = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let content = line.trim_ascii();
        let as_form = std::str::from_utf8(content).ok().filter(|content| address::is_form(content));
        if let Some(form) = as_form {
            let start = line.len() - line.trim_ascii_start().len();
            redacted.extend_from_slice(line.get(..start).unwrap_or_default());
            redacted.extend_from_slice(address::parameters(redactor, form, Parameters::Secret).as_bytes());
            redacted.extend_from_slice(line.get(start + content.len()..).unwrap_or_default());
            continue;
        }
        let hidden = hidden(redactor, line, headers(line), |redactor, value| redactor.secret(value));
        let places = address::places(&hidden).into_iter().chain(target(&hidden));
        redacted.extend(self::hidden(redactor, &hidden, places, |redactor, found| {
            // In what is not UTF-8, addresses are ASCII all the same.
            match std::str::from_utf8(found) {
                Ok(found) => address::redacted(redactor, found),
                Err(_) => redactor.secret(found),
            }
        }));
    }
    redacted
}

/// The line with its places replaced.
fn hidden(
    redactor: &mut Redactor,
    line: &[u8],
    places: impl IntoIterator<Item = Range<usize>>,
    mut hide: impl FnMut(&mut Redactor, &[u8]) -> String,
) -> Vec<u8> {
    let mut written = Vec::with_capacity(line.len());
    let mut at = 0;
    for place in places {
        if place.start >= at {
            written.extend_from_slice(line.get(at..place.start).unwrap_or_default());
            let found = line.get(place.clone()).unwrap_or_default();
            written.extend_from_slice(hide(redactor, found).as_bytes());
            at = place.end;
        }
    }
    written.extend_from_slice(line.get(at..).unwrap_or_default());
    written
}

/// The values of secret headers, and of secret fields of JSON, wherever they stand in a line.
fn headers(line: &[u8]) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    for at in memchr::memchr_iter(b':', line) {
        if places.last().is_some_and(|last| at < last.end) {
            continue;
        }
        let before = line.get(..at).unwrap_or_default().trim_ascii_end();
        let closing = QUOTES.into_iter().find(|quote| before.ends_with(quote.as_bytes()));
        let before = closing.map_or(before, |quote| before.strip_suffix(quote.as_bytes()).unwrap_or(before));
        let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let length = before.iter().rev().take(LONGEST).take_while(is_of_name).count();
        let (ahead, name) = before.split_at(before.len() - length);
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let value = match closing {
            Some(closing) if names::is_field(name) => quoted(line, at + 1, closing),
            None if names::is_header(name) => {
                let opening = QUOTES.into_iter().find(|quote| ahead.ends_with(quote.as_bytes()));
                rest(line, at + 1, opening.map_or(Quotes::None, Quotes::By))
            }
            Some(_) | None => continue,
        };
        if !value.is_empty() {
            places.push(value);
        }
    }
    places
}

/// The value after a quoted name: quoted likewise, or up to what ends it.
fn quoted(line: &[u8], from: usize, quote: &'static str) -> Range<usize> {
    let text = line.get(from..).unwrap_or_default();
    let skipped = text.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b'[').count();
    let start = from + skipped;
    let text = text.get(skipped..).unwrap_or_default();
    if text.starts_with(quote.as_bytes()) {
        return rest(line, start + quote.len(), Quotes::By(quote));
    }
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b",}]".contains(byte);
    let length = text.iter().position(ends).unwrap_or(text.len());
    match text.get(..length).unwrap_or_default() {
        // What holds more values has names of its own.
        b"null" | b"true" | b"false" => start..start,
        value if value.starts_with(b"{") => start..start,
        _ => start..start + length,
    }
}

/// The value up to the end of its quotation, or of the line.
fn rest(line: &[u8], from: usize, quotes: Quotes) -> Range<usize> {
    let text = line.get(from..).unwrap_or_default();
    let is_over = |at: &usize| {
        let rest = text.get(*at..).unwrap_or_default();
        let escapes =
            text.get(..*at).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count();
        match quotes {
            Quotes::By(quote) if rest.starts_with(quote.as_bytes()) => {
                // One that is escaped once more is part of the value.
                if quote.starts_with('\\') { escapes == 0 } else { escapes % 2 == 0 }
            }
            Quotes::By(_) | Quotes::None => {
                // The end of a line, escaped, and the end of an element around it.
                [&b"\\r\\n"[..], b"</", b"]]>", b"&#13;", b"&#xD;"].iter().any(|end| rest.starts_with(end))
            }
        }
    };
    let end = from + (0..text.len()).find(is_over).unwrap_or(text.len());
    let value = line.get(from..end).unwrap_or_default();
    let start = end - value.trim_ascii_start().len();
    start..start + value.trim_ascii().len()
}

/// The target of a request line, or the value of a header that is one without a scheme.
fn target(line: &[u8]) -> Option<Range<usize>> {
    let text = line.trim_ascii();
    let begin = line.len() - line.trim_ascii_start().len();
    let mut words = text.split(|byte| *byte == b' ');
    let (method, target, rest) = (words.next()?, words.next()?, words.next());
    let is_request =
        rest.is_some_and(|rest| rest.starts_with(b"HTTP/")) && method.iter().all(u8::is_ascii_uppercase);
    let is_header = [&b":path:"[..], b"location:", b"referer:", b"content-location:"]
        .iter()
        .any(|name| method.eq_ignore_ascii_case(name));
    let start = begin + method.len() + 1;
    let is_path = target.starts_with(b"/") && target.contains(&b'?');
    ((is_request || is_header) && is_path).then_some(start..start + target.len())
}
