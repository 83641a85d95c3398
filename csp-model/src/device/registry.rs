//! The part of the registry that a device's management looks at.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Scalar;
use crate::schema::registry::GpKey;

/// Keys with their values. Keys and names are compared without case and keep the spelling they came with; the long
/// name of a root is the same as the short one. A key without values is as good as none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, BTreeMap<String, Scalar>>")]
pub struct Registry(BTreeMap<String, BTreeMap<String, Scalar>>);

impl Registry {
    /// Whether there is no value at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value `name` under `key`.
    #[must_use]
    pub fn get(&self, key: &str, name: &str) -> Option<&Scalar> {
        // A handful of keys with a few values each: looking at all of them is as quick as folding what is asked for.
        let (_, values) = self.0.iter().find(|(known, _)| is_same_key(known, key))?;
        values.iter().find(|(known, _)| is_same(known, name)).map(|(_, value)| value)
    }

    /// Sets a value, or takes it away; a key without values goes with its last.
    pub(crate) fn set(&mut self, key: &str, name: &str, value: Option<Scalar>) {
        let known = self.0.keys().find(|known| is_same(short_root(known), short_root(key))).cloned();
        let key = known.unwrap_or_else(|| key.to_owned());
        let values = self.0.entry(key.clone()).or_default();
        let known = values.keys().find(|known| is_same(known, name)).cloned();
        match value {
            Some(value) => drop(values.insert(known.unwrap_or_else(|| name.to_owned()), value)),
            None => drop(known.and_then(|known| values.remove(&known))),
        }
        if values.is_empty() {
            self.0.remove(&key);
        }
    }

    /// Has Group Policy name a WSUS server, and where content is had from instead of it.
    pub(crate) fn name_wsus(&mut self, server: &str, alternate: Option<&str>) {
        let text = |text: &str| Some(Scalar::Text(text.to_owned()));
        let policies = GpKey::WindowsUpdate.path();
        self.set(policies, "WUServer", text(server));
        self.set(policies, "WUStatusServer", text(server));
        self.set(policies, "UpdateServiceUrlAlternate", alternate.and_then(text));
        self.set(GpKey::Au.path(), "UseWUServer", Some(Scalar::Int(1)));
    }

    /// Whether `key` holds Group Policy of Windows Update.
    pub(crate) fn is_group_policy(key: &str) -> bool {
        [GpKey::WindowsUpdate, GpKey::Au]
            .iter()
            .any(|known| is_same(short_root(known.path()), short_root(key)))
    }

    /// Every value: key, name, value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &Scalar)> {
        self.0
            .iter()
            .flat_map(|(key, values)| values.iter().map(|(name, value)| (key.as_str(), name.as_str(), value)))
    }
}

impl FromIterator<(String, BTreeMap<String, Scalar>)> for Registry {
    /// Keys that are the same are merged, and of values that are the same the last one counts.
    fn from_iter<I: IntoIterator<Item = (String, BTreeMap<String, Scalar>)>>(keys: I) -> Self {
        let mut registry = Self::default();
        for (key, values) in keys.into_iter().filter(|(_, values)| !values.is_empty()) {
            let known = registry.0.keys().find(|known| is_same_key(known, &key)).cloned();
            let into = registry.0.entry(known.unwrap_or(key)).or_default();
            for (name, value) in values {
                into.retain(|known, _| !is_same(known, &name));
                into.insert(name, value);
            }
        }
        registry
    }
}

impl From<BTreeMap<String, BTreeMap<String, Scalar>>> for Registry {
    fn from(keys: BTreeMap<String, BTreeMap<String, Scalar>>) -> Self {
        keys.into_iter().collect()
    }
}

/// Whether two spellings are of one key.
pub(crate) fn is_same_key(one: &str, other: &str) -> bool {
    is_same(short_root(one), short_root(other))
}

/// A key without the name of the root that Group Policy and MDM live under.
fn short_root(key: &str) -> &str {
    const NAMES: [&str; 2] = ["HKEY_LOCAL_MACHINE\\", "HKLM\\"];
    let rest = NAMES.iter().find_map(|root| {
        let start = key.get(..root.len())?;
        start.eq_ignore_ascii_case(root).then(|| &key[root.len()..])
    });
    rest.unwrap_or(key)
}

pub(crate) fn is_same(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_names_are_compared_without_case() {
        let values = |name: &str, number| BTreeMap::from([(name.to_owned(), Scalar::Int(number))]);
        let registry: Registry = [
            (r"HKLM\SOFTWARE\Policies".to_owned(), values("UseWUServer", 0)),
            (r"HKEY_LOCAL_MACHINE\software\policies".to_owned(), values("usewuserver", 1)),
        ]
        .into_iter()
        .collect();
        for key in [r"hklm\Software\POLICIES", r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies"] {
            assert_eq!(registry.get(key, "USEWUSERVER"), Some(&Scalar::Int(1)), "{key}");
        }
        assert_eq!(registry.iter().count(), 1);
        assert_eq!(registry.get(r"HKCU\SOFTWARE\Policies", "UseWUServer"), None);
    }

    #[test]
    fn a_registry_is_read_as_one_that_was_made() {
        let json = r#"{"HKLM\\A":{"x":1},"HKEY_LOCAL_MACHINE\\a":{"X":2},"HKLM\\B":{}}"#;
        let registry: Registry = serde_json::from_str(json).unwrap();
        assert_eq!(registry.iter().count(), 1);
        let written = serde_json::to_string(&registry).unwrap();
        assert_eq!(serde_json::from_str::<Registry>(&written).unwrap(), registry);
        assert_eq!(registry, registry.0.clone().into_iter().collect());
        assert!(!registry.0.keys().any(|key| key.ends_with('B')), "{registry:?}");
    }
}
