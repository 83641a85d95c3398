//! A device as data, out and in again.
//!
//! Nodes that a mounted CSP keeps are written by address: numbers of nodes mean nothing outside the program
//! that gave them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Device, DeviceFile, Profile, ProfileError, Registry};
use crate::agent::Agent;
use crate::csp::policy::Policy;
use crate::csp::stored::Key;
use crate::{LocUri, Value};

/// Everything that makes a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The file that its profile comes from.
    pub file: DeviceFile,
    /// Its clock.
    pub clock: DateTime<Utc>,
    /// The update agent.
    pub agent: Agent,
    /// The policies that the server has set.
    pub policy: Policy,
    /// The registry.
    pub registry: Registry,
    /// Its name.
    pub name: String,
    /// What mounted CSPs keep, by address; null for an interior node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stored: BTreeMap<String, Option<Value>>,
}

/// A snapshot that is none of a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Its file makes no sense.
    #[error(transparent)]
    File(#[from] ProfileError),
    /// It keeps a node that no description of its file has.
    #[error("stored: no mounted description has the node `{0}`")]
    NoSuchNode(String),
}

impl Device {
    /// The device as data.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let kept = self.stored.values().flat_map(|stored| stored.iter());
        Snapshot {
            file: self.profile.file().clone(),
            clock: self.clock,
            agent: Agent::clone(&self.agent),
            policy: Policy::clone(&self.policy),
            registry: Registry::clone(&self.registry),
            name: self.name.to_string(),
            stored: kept.map(|(key, value)| (self.address_of(key), value.cloned())).collect(),
        }
    }

    /// The device that a snapshot was taken of.
    ///
    /// # Errors
    /// When the snapshot's file makes no sense, or it keeps a node that the file's descriptions do not have.
    pub fn from_snapshot(snapshot: Snapshot) -> Result<Self, SnapshotError> {
        let profile = Arc::new(Profile::new(snapshot.file)?);
        let mut device = Self {
            clock: snapshot.clock,
            agent: Arc::new(snapshot.agent),
            policy: Arc::new(snapshot.policy),
            registry: Arc::new(snapshot.registry),
            name: snapshot.name.into(),
            stored: profile.start().stored.keys().map(|mount| (*mount, Arc::default())).collect(),
            profile,
        };
        for (text, value) in snapshot.stored {
            let key = LocUri::parse(&text).ok().and_then(|uri| device.key_of(&uri));
            let (mount, key) = key.ok_or(SnapshotError::NoSuchNode(text))?;
            device.stored_mut(mount).insert(key, value);
        }
        Ok(device)
    }

    fn address_of(&self, key: &Key) -> String {
        let schema = self.profile.schema();
        let path = schema.path(key.node);
        let mut names = key.names.iter();
        let mut uri = LocUri::root();
        for id in path.iter().skip(1) {
            let name = schema.def(*id).name.as_deref().or_else(|| names.next().map(AsRef::as_ref));
            uri = uri.child(name.unwrap_or_default());
        }
        if path.first() == Some(&schema.root(crate::uri::UriScope::User)) { uri.in_user_scope() } else { uri }
            .to_string()
    }

    fn key_of(&self, uri: &LocUri) -> Option<(crate::csp::stored::MountId, Key)> {
        let schema = self.profile.schema();
        let mut node = schema.root(uri.scope());
        let mut names = Vec::new();
        for name in uri.segments() {
            node = schema.child(node, name)?;
            if schema.def(node).name.is_none() {
                names.push(Box::from(name));
            }
        }
        match self.profile.csp(node) {
            crate::csp::Csp::Stored(mount) => Some((mount, Key { node, names: names.into() })),
            _ => None,
        }
    }
}

impl Serialize for Device {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.snapshot().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_snapshot(Snapshot::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
