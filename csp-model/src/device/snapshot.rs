//! A device as data, out and in again.
//!
//! Nodes that a mounted CSP keeps are written by address: numbers of nodes mean nothing outside the program
//! that gave them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Datelike as _, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Device, DeviceFile, FileError, Instance, Profile, ProfileError, Registry};
use crate::agent::Agent;
use crate::csp::policy::Policy;
use crate::csp::stored::{Key, MountId};
use crate::{LocUri, Value};

/// Everything that makes a device, the secrets of its accounts included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The version of this format: [`Self::VERSION`].
    #[serde(rename = "cspsim_snapshot")]
    pub version: u32,
    /// The file that its profile comes from, with what is the device's own.
    pub file: DeviceFile,
    /// What has become of it since its clock started.
    pub state: DeviceState,
}

/// In what a device differs from what its file describes. It keeps secrets as they are, and `{:?}` does not print them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceState {
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
    /// How many sessions with a management server it has opened.
    #[serde(default)]
    pub sessions: u32,
}

/// A snapshot that is none of a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It is of another version of the format.
    #[error("a snapshot of version {0}: this program reads version {expected}", expected = Snapshot::VERSION)]
    Version(u32),
    /// Its file makes no sense.
    #[error("file.{0}")]
    File(#[from] ProfileError),
    /// What stands around the device makes no sense.
    #[error("state.agent.site.{0}")]
    Site(ProfileError),
    /// It has a time that no clock of a device reaches.
    #[error("state: {0} is no time of a device: expected one of the years 1 to 9999")]
    Time(DateTime<Utc>),
    /// It keeps a node that no description of its file has.
    #[error("state.stored: no mounted description has the node `{0}`")]
    NoSuchNode(String),
}

impl fmt::Debug for DeviceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SECRET: [&str; 2] = ["/AAuthSecret", "/AAuthData"];
        let Self { clock, agent, policy, registry, name, stored, sessions } = self;
        let shown = stored.iter().map(|(uri, value)| {
            let is_secret = SECRET.iter().any(|end| uri.ends_with(end));
            (uri, if is_secret { "…".to_owned() } else { format!("{value:?}") })
        });
        f.debug_struct("DeviceState")
            .field("clock", clock)
            .field("agent", agent)
            .field("policy", policy)
            .field("registry", registry)
            .field("name", name)
            .field("stored", &shown.collect::<BTreeMap<_, _>>())
            .field("sessions", sessions)
            .finish()
    }
}

impl Snapshot {
    /// The version of the format that is written and read.
    pub const VERSION: u32 = 1;

    /// Reads JSON.
    ///
    /// # Errors
    /// When it is not JSON, of another version, or not of a snapshot's shape.
    pub fn from_json(text: &str) -> Result<Self, FileError> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Any {
            cspsim_snapshot: Option<u32>,
        }
        if let Ok(Any { cspsim_snapshot: Some(version) }) = serde_json::from_str(text)
            && version != Self::VERSION
        {
            let what = SnapshotError::Version(version).to_string();
            return Err(FileError { path: Some("cspsim_snapshot".to_owned()), what, span: None });
        }
        super::load::from_json(text)
    }
}

impl Device {
    /// The device as data.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            version: Snapshot::VERSION,
            file: self.profile.file().clone().of(&self.instance),
            state: self.state(),
        }
    }

    /// In what the device differs from what its file describes.
    #[must_use]
    pub fn state(&self) -> DeviceState {
        let kept = self.stored.values().flat_map(|stored| stored.iter());
        DeviceState {
            clock: self.clock,
            agent: Agent::clone(&self.agent),
            policy: Policy::clone(&self.policy),
            registry: Registry::clone(&self.registry),
            name: self.name.to_string(),
            stored: kept.map(|(key, value)| (self.address_of(key), value.cloned())).collect(),
            sessions: self.sessions,
        }
    }

    /// The device that a snapshot was taken of.
    ///
    /// # Errors
    /// When the snapshot is of another version, its file makes no sense, or it keeps a node that the file's
    /// descriptions do not have.
    pub fn from_snapshot(snapshot: Snapshot) -> Result<Self, SnapshotError> {
        if snapshot.version != Snapshot::VERSION {
            return Err(SnapshotError::Version(snapshot.version));
        }
        let instance = snapshot.file.instance();
        Self::from_state(Arc::new(Profile::new(snapshot.file)?), instance, snapshot.state)
    }

    /// The device of a profile that has come to `state`. What is as the profile has it stays shared with it.
    ///
    /// # Errors
    /// When it keeps a node that the profile's descriptions do not have, or has a time that no clock reaches.
    pub fn from_state(
        profile: Arc<Profile>,
        instance: Instance,
        state: DeviceState,
    ) -> Result<Self, SnapshotError> {
        let mut times = state.agent.times().chain([state.clock]);
        if let Some(time) = times.find(|time| !(1..=9999).contains(&time.year())) {
            return Err(SnapshotError::Time(time));
        }
        drop(times);
        state.agent.check_site().map_err(SnapshotError::Site)?;
        let start = profile.start();
        let mut device = Self {
            clock: state.clock,
            agent: shared(&start.agent, state.agent),
            policy: shared(&start.policy, state.policy),
            registry: shared(&start.registry, state.registry),
            name: if state.name == *instance.name { Arc::clone(&instance.name) } else { state.name.into() },
            stored: start.stored.keys().map(|mount| (*mount, Arc::default())).collect(),
            sessions: state.sessions,
            quiet: None,
            instance: Arc::new(instance),
            profile,
        };
        for (text, value) in state.stored {
            let key = LocUri::parse(&text).ok().and_then(|uri| device.key_of(&uri));
            let (mount, key) = key.ok_or(SnapshotError::NoSuchNode(text))?;
            device.stored_mut(mount).insert(key, value);
        }
        let Self { profile, stored, .. } = &mut device;
        for (kept, start) in stored.values_mut().zip(profile.start().stored.values()) {
            if kept == start {
                *kept = Arc::clone(start);
            }
        }
        Ok(device)
    }

    pub(super) fn address_of(&self, key: &Key) -> String {
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

    fn key_of(&self, uri: &LocUri) -> Option<(MountId, Key)> {
        let key = Key::at(self.profile.schema(), uri.scope(), uri.segments())?;
        Some((self.profile.csp(key.node).mount()?, key))
    }
}

/// A part of a device: that of its profile, where it is the same.
fn shared<T: PartialEq>(start: &Arc<T>, part: T) -> Arc<T> {
    if part == **start { Arc::clone(start) } else { Arc::new(part) }
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
