//! Addresses and forms: their parameters, and who is logged in.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;
use percent_encoding::percent_decode_str;

use super::names;
use crate::transcript::Redactor;

/// Which parameters are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameters {
    /// All but those that are known to be plain.
    All,
    /// Those whose name says that they are secret.
    Secret,
}

/// What parts two parameters, escaped or not.
const SEPARATORS: [&str; 3] = ["&amp;", "\\u0026", "&"];

/// The places of the addresses in a text.
pub(super) fn places(text: &[u8]) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    for at in memmem::find_iter(text, "://") {
        let before = text.get(..at).unwrap_or_default();
        let is_scheme = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-');
        let start = at - before.iter().rev().take_while(is_scheme).count();
        if start == at || places.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let is_over = |place: &usize| {
            let rest = rest.get(*place..).unwrap_or_default();
            let ends = [&b"\\\""[..], b"\\n", b"\\r", b"\\t", b"\\u003", b"&quot;", b"&lt;", b"&gt;"];
            matches!(rest.first(), Some(b'"' | b'\'' | b'<' | b'>' | b'`' | 0..=b' '))
                || ends.iter().any(|end| rest.starts_with(end))
        };
        let length = (0..rest.len()).find(is_over).unwrap_or(rest.len());
        places.push(start..at + length);
    }
    places
}

/// An address with the values of its query hidden, and whoever is logged in by it.
pub(super) fn redacted(redactor: &mut Redactor, address: &str) -> String {
    let address = without_user(redactor, address);
    let (rest, fragment) = address.split_once('#').map_or((&*address, None), |(rest, end)| (rest, Some(end)));
    let Some((before, query)) = rest.split_once('?') else {
        // An answer of a login can stand there.
        return match fragment {
            Some(fragment) if fragment.contains('=') => format!("{rest}#"),
            Some(_) | None => address.into_owned(),
        };
    };
    let fragment = fragment.map(|_| "#").unwrap_or_default();
    format!("{before}?{}{fragment}", parameters(redactor, query, Parameters::All))
}

/// A form, or the query of an address, without its secrets.
pub(super) fn parameters(redactor: &mut Redactor, form: &str, hidden: Parameters) -> String {
    let mut redacted = String::with_capacity(form.len());
    let mut rest = form;
    while !rest.is_empty() {
        let next = SEPARATORS.iter().filter_map(|separator| Some((rest.find(separator)?, separator.len())));
        let (end, separator) = next.min_by_key(|(at, _)| *at).unwrap_or((rest.len(), 0));
        let pair = rest.get(..end).unwrap_or_default();
        redacted.push_str(&match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_hidden(name, hidden) => {
                let plus = value.replace('+', " ");
                let value: Cow<'_, str> = percent_decode_str(&plus).decode_utf8_lossy();
                format!("{name}={}", redactor.secret(value.trim().as_bytes()))
            }
            Some(_) | None => pair.to_owned(),
        });
        redacted.push_str(rest.get(end..end + separator).unwrap_or_default());
        rest = rest.get(end + separator..).unwrap_or_default();
    }
    redacted
}

/// Whether a line is a form: pairs with `=` between `&`, and nothing that forms do not have.
pub(super) fn is_form(line: &str) -> bool {
    let is_name = |name: &str| {
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-[]%+".contains(&byte);
        !name.is_empty() && name.bytes().all(is_of_name)
    };
    line.contains('=')
        && !line.bytes().any(|byte| byte <= b' ' || b"<>\"{}".contains(&byte))
        && line.split('&').all(|pair| pair.split_once('=').is_some_and(|(name, _)| is_name(name)))
}

fn is_hidden(name: &str, hidden: Parameters) -> bool {
    match hidden {
        Parameters::All => !names::is_plain(name),
        Parameters::Secret => names::is_field(&percent_decode_str(name).decode_utf8_lossy()),
    }
}

/// `https://user:password@host` with the password hidden; a user without one is a token.
fn without_user<'a>(redactor: &mut Redactor, address: &'a str) -> Cow<'a, str> {
    let Some((scheme, rest)) = address.split_once("://") else { return address.into() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let Some((user, host)) = authority.rsplit_once('@').filter(|(user, _)| !user.is_empty()) else {
        return address.into();
    };
    let secret = |redactor: &mut Redactor, text: &str| {
        redactor.secret(percent_decode_str(text).decode_utf8_lossy().trim().as_bytes())
    };
    let user = match user.split_once(':') {
        Some((_, "")) => user.to_owned(),
        Some((name, password)) => format!("{name}:{}", secret(redactor, password)),
        None => secret(redactor, user),
    };
    format!("{scheme}://{user}@{host}{path}").into()
}
