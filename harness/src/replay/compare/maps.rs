//! What is another in every run, and yet the same throughout one: SessionIDs, MsgIDs, names of devices, GUIDs.
//!
//! A value maps to one other and no other maps to it. What
//! was said to the side whose messages are compared is known to it, and stands for itself; and so do updates, which
//! have the same names everywhere.

use std::collections::{BTreeMap, BTreeSet};

/// Which value of a capture is which value now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Maps {
    sessions: Map,
    numbers: Map,
    identities: Map,
    secrets: Map,
    /// Those that stand for themselves.
    said: BTreeSet<Box<str>>,
    /// Whether everything stands for itself: where all is as it was, nothing is another.
    is_strict: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Map {
    forth: BTreeMap<Box<str>, Box<str>>,
    back: BTreeMap<Box<str>, Box<str>>,
}

impl Map {
    /// Whether `one` may be `other`: from now on it is.
    fn agree(&mut self, one: &str, other: &str) -> bool {
        match (self.forth.get(one), self.back.get(other)) {
            (None, None) => {
                self.forth.insert(one.into(), other.into());
                self.back.insert(other.into(), one.into());
                true
            }
            (Some(known), Some(_)) => **known == *other,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl Maps {
    /// Maps of one who is as he was, in every respect: nothing may be another but what was redacted.
    pub(crate) fn strict() -> Self {
        Self { is_strict: true, ..Self::default() }
    }

    /// Whether nothing may be another.
    pub(crate) const fn are_strict(&self) -> bool {
        self.is_strict
    }

    /// Another session of the same device begins: what counts sessions and messages begins anew.
    pub(crate) fn next_session(&mut self) {
        self.sessions = Map::default();
        self.numbers = Map::default();
    }

    /// Whether one SessionID may be the other.
    pub(super) fn session(&mut self, one: &str, other: &str) -> bool {
        self.sessions.agree(one.trim(), other.trim()) && (!self.is_strict || one.trim() == other.trim())
    }

    /// Whether one MsgID may be the other.
    pub(super) fn number(&mut self, one: &str, other: &str) -> bool {
        self.numbers.agree(one.trim(), other.trim()) && (!self.is_strict || one.trim() == other.trim())
    }

    /// Whether one identity may be the other.
    pub(super) fn identity(&mut self, one: &str, other: &str) -> bool {
        let (one, other) = (plain(one), plain(other));
        if self.is_strict || self.said.contains(&*one) || self.said.contains(&*other) {
            return one == other;
        }
        self.identities.agree(&one, &other)
    }

    /// Identities in a value or an address are said to the side whose messages are compared: they stand for themselves
    /// from now on, unless they are known to be others.
    pub(super) fn say(&mut self, text: &str) {
        for name in text.split('/').filter(|name| Self::is_identity(name)) {
            let name = plain(name);
            if !self.identities.forth.contains_key(&*name) && !self.identities.back.contains_key(&*name) {
                self.said.insert(name.into());
            }
        }
    }

    /// Whether what was redacted in the capture may be that value: the same throughout, and no other was the same.
    pub(super) fn secret(&mut self, placeholder: &str, value: &str) -> bool {
        self.secrets.agree(placeholder, value)
    }

    /// Whether one identity is known to be the other.
    pub(super) fn knows(&self, one: &str, other: &str) -> bool {
        self.identities.forth.get(&*plain(one)).is_some_and(|known| **known == *plain(other))
    }

    /// The identities that are others now, in order.
    pub fn changed(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.identities.forth.iter().map(|(one, other)| (&**one, &**other));
        all.filter(|(one, other)| one != other)
    }

    /// Whether a value names something that is another in every run: a GUID, or a long hexadecimal number.
    pub(super) fn is_identity(text: &str) -> bool {
        let plain = plain(text);
        let digits = plain.bytes().filter(|byte| *byte != b'-').count();
        let is_hexadecimal = plain.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        is_hexadecimal && digits >= 32
    }

    /// An address with the identities in it blanked, but for updates.
    pub(super) fn blanked(uri: &str) -> String {
        if names_updates(uri) {
            return uri.to_owned();
        }
        let segments = uri.split('/').map(|segment| if Self::is_identity(segment) { "{}" } else { segment });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Whether the identities in two addresses may be each other.
    pub(super) fn address(&mut self, one: &str, other: &str) -> bool {
        one.split('/').zip(other.split('/')).all(|(one, other)| {
            !Self::is_identity(one) || !Self::is_identity(other) || self.identity(one, other)
        })
    }
}

/// Whether the names below an address are those of updates: `./Vendor/MSFT/Update` and what is below it.
pub(super) fn names_updates(uri: &str) -> bool {
    let path = uri.split_once('?').map_or(uri, |(path, _)| path);
    let mut names = path.trim().split('/').filter(|name| !name.is_empty() && *name != ".").peekable();
    names.next_if(|name| name.eq_ignore_ascii_case("Device"));
    ["Vendor", "MSFT", "Update"]
        .iter()
        .all(|one| names.next().is_some_and(|name| name.eq_ignore_ascii_case(one)))
}

/// An identity without its braces and the name of its kind, in small letters.
fn plain(text: &str) -> String {
    let text = text.trim().trim_start_matches("urn:uuid:").trim_start_matches('{').trim_end_matches('}');
    if text.contains("://") { text.to_owned() } else { text.to_ascii_lowercase() }
}
