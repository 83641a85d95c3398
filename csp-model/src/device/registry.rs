//! The part of the registry that a device's management looks at.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Scalar;

/// Keys with their values. Keys and names are compared without case, and keep the spelling they came with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Registry(BTreeMap<Name, BTreeMap<Name, Scalar>>);

impl Registry {
    /// The value `name` under `key`.
    #[must_use]
    pub fn get(&self, key: &str, name: &str) -> Option<&Scalar> {
        self.0.get(&Name(key.into()))?.get(&Name(name.into()))
    }

    /// Every value: key, name, value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &Scalar)> {
        self.0.iter().flat_map(|(key, values)| values.iter().map(|(name, value)| (&*key.0, &*name.0, value)))
    }
}

impl FromIterator<(String, BTreeMap<String, Scalar>)> for Registry {
    /// Keys that differ only in case, or in the long name of their root, are one.
    fn from_iter<I: IntoIterator<Item = (String, BTreeMap<String, Scalar>)>>(keys: I) -> Self {
        let mut registry = Self::default();
        for (key, values) in keys {
            let into = registry.0.entry(Name(short_root(&key))).or_default();
            into.extend(values.into_iter().map(|(name, value)| (Name(name.into()), value)));
        }
        registry
    }
}

fn short_root(key: &str) -> Box<str> {
    const LONG: &str = "HKEY_LOCAL_MACHINE\\";
    match key.get(..LONG.len()) {
        Some(root) if root.eq_ignore_ascii_case(LONG) => format!("HKLM\\{}", &key[LONG.len()..]).into(),
        _ => key.into(),
    }
}

/// A name that is compared without case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct Name(Box<str>);

impl Name {
    fn folded(&self) -> impl Iterator<Item = char> {
        self.0.chars().flat_map(char::to_lowercase)
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Name {}
