//! A device: a shared profile, a clock, and the parts that make it differ from its profile.
//!
//! Every part is shared until it is written to ([`Arc`]): a copy of a device costs a few reference counts, a
//! command that fails is undone by dropping the copy it was tried on, and `Arc::ptr_eq` tells which parts a
//! message has changed. The parts hold only what later behaviour needs; events are handed out, never kept.

mod account;
mod catalog;
mod connection_fault;
mod file;
mod load;
mod parts;
mod profile;
pub(crate) mod registry;
mod scalar;
mod snapshot;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use account::{AccountEntry, AuthEntry, DefaultEncoding, Nonce, NotBase64, PollEntry, Secret};
pub use connection_fault::{
    ConnectionFault, ConnectionFaultKind, Delay, Milliseconds, NotAConnectionFault, NotMilliseconds,
    ProtocolFault,
};
pub use file::{
    Approval, AtomicFailure, Bandwidth, DeviceFile, Identity, InitialState, Instance, MaxMsgSize,
    OriginalError, Prerequisite, Revision, RevokeApproval, Series, UpdateEntry, Win11Before202307,
};
pub use load::FileError;
pub use parts::{NodeChange, Parts};
pub(crate) use profile::check_faults;
#[cfg(feature = "proptest")]
pub(crate) use profile::running;
pub use profile::{Mount, Profile, ProfileError};
pub use registry::Registry;
pub use scalar::{NotATimeZone, Scalar, TimeZone, WindowsEdition};
pub use snapshot::{DeviceState, Snapshot, SnapshotError};

use crate::agent::site::Site;
use crate::agent::{self, Agent, Finding, ScanSources};
use crate::csp::dmclient;
use crate::csp::policy::{EffectivePolicy, Policy};
use crate::csp::stored::{MountId, Stored};
use crate::schema::OsVersion;

/// A Windows device as its management sees it.
#[derive(Debug, Clone)]
pub struct Device {
    profile: Arc<Profile>,
    instance: Arc<Instance>,
    clock: DateTime<Utc>,
    agent: Arc<Agent>,
    policy: Arc<Policy>,
    registry: Arc<Registry>,
    /// DevDetail/Ext/Microsoft/DeviceName, which a server may replace.
    name: Arc<str>,
    stored: BTreeMap<MountId, Arc<Stored>>,
    /// How many sessions with a management server it has opened.
    sessions: u32,
    /// Until when nothing happens by itself, as long as nothing is written to; `None` when that is not known.
    quiet: Option<DateTime<Utc>>,
}

impl Device {
    /// The device that a profile's file describes, at the start of its clock. Nothing runs yet.
    #[must_use]
    pub fn new(profile: Arc<Profile>) -> Self {
        let instance = profile.file().instance();
        Self::of_profile(profile, instance)
    }

    /// Another device of the profile, at the start of its clock.
    #[must_use]
    pub fn of_profile(profile: Arc<Profile>, instance: Instance) -> Self {
        let start = profile.start();
        Self {
            clock: profile.file().clock.0,
            agent: Arc::clone(&start.agent),
            policy: Arc::clone(&start.policy),
            registry: Arc::clone(&start.registry),
            name: Arc::clone(&instance.name),
            stored: start.stored.clone(),
            sessions: 0,
            quiet: None,
            instance: Arc::new(instance),
            profile,
        }
    }

    /// The built-in device: Windows 11 with updates in every set. [`DeviceFile::BUILTIN`] is its file.
    ///
    /// # Panics
    /// Never: a test reads the file.
    #[must_use]
    pub fn builtin() -> Self {
        static PROFILE: std::sync::LazyLock<Arc<Profile>> = std::sync::LazyLock::new(|| {
            let file =
                DeviceFile::from_toml(DeviceFile::BUILTIN).expect("the built-in device file is well-formed");
            Arc::new(Profile::new(file).expect("the built-in device file makes sense"))
        });
        Self::new(Arc::clone(&PROFILE))
    }

    /// The device as its file describes it, at the start of its clock again.
    #[must_use]
    pub fn reset(&self) -> Self {
        Self::of_profile(self.profile_arc(), Instance::clone(&self.instance))
    }

    /// What the device shares with every device of its file.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The shared profile itself.
    #[must_use]
    pub fn profile_arc(&self) -> Arc<Profile> {
        Arc::clone(&self.profile)
    }

    /// What tells the device from others of its profile.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// The device's clock.
    #[must_use]
    pub const fn clock(&self) -> DateTime<Utc> {
        self.clock
    }

    /// The update agent.
    #[must_use]
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// The policies that the server has set.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The registry.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Policies and registry merged: what holds.
    #[must_use]
    pub fn effective_policy(&self) -> EffectivePolicy<'_> {
        EffectivePolicy::new(&self.policy, self.effective_registry())
    }

    /// The service that is scanned for each class of updates.
    #[must_use]
    pub fn scan_sources(&self) -> ScanSources {
        agent::resolve(self).scanned
    }

    /// What is odd about the device's configuration, by id.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        agent::find(self)
    }

    /// What stands around the device: what its file says, or what has been put in its place.
    #[must_use]
    pub fn site(&self) -> &Site {
        self.agent.site(&self.profile)
    }

    /// The device's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of Windows that runs: the file's, or that of an installed update that brought a later one. An update for
    /// another build than the running one, which a rollback has left behind, brings nothing.
    #[must_use]
    pub fn os(&self) -> OsVersion {
        let installed = self.agent.updates_in(agent::UpdateSet::Installed);
        let installed =
            installed.filter_map(|(id, _)| self.profile.update(id).filter(|update| update.os.is_some()));
        profile::running(self.profile.file().device.os, installed)
    }

    /// How far the device has come with an update, in the words of its file. One that has failed is also still
    /// installable: what says more is said.
    #[must_use]
    pub fn update_state(&self, id: agent::UpdateId) -> InitialState {
        const STATES: [(agent::UpdateSet, InitialState); 4] = [
            (agent::UpdateSet::PendingReboot, InitialState::PendingRestart),
            (agent::UpdateSet::Installed, InitialState::Installed),
            (agent::UpdateSet::Failed, InitialState::Failed),
            (agent::UpdateSet::Installable, InitialState::Installable),
        ];
        let state = STATES.into_iter().find(|(set, _)| self.agent.update_in(*set, id).is_some());
        state.map_or(InitialState::NotOffered, |(_, state)| state)
    }

    /// What the CSP of a mounted description keeps; `None` for a description that the device's file does not mount.
    #[must_use]
    pub fn stored(&self, mount: MountId) -> Option<&Stored> {
        self.stored.get(&mount).map(Arc::as_ref)
    }

    /// How many sessions with a management server the device has opened.
    #[must_use]
    pub const fn sessions(&self) -> u32 {
        self.sessions
    }

    /// Counts a session that the device opens, and gives its number: 1, 2, …
    pub const fn begin_session(&mut self) -> u32 {
        self.sessions = self.sessions.saturating_add(1);
        self.sessions
    }

    /// The SyncApplicationVersion that a server has set, as `major.minor`; the highest, if several have.
    ///
    /// Source: \[MS-MDM\] 2.2.7.12 and product note 11: from 3.0 on the device explains its failures.
    #[must_use]
    pub fn sync_application_version(&self) -> Option<(u32, u32)> {
        let node = self.profile.sync_application_version()?;
        let stored = self.stored.values().flat_map(|stored| stored.iter());
        let versions = stored.filter(|(key, _)| key.node == node);
        let versions = versions.filter_map(|(_, value)| dmclient::version(&value?.text()));
        versions.max()
    }

    /// The registry as the update agent last read it.
    pub(crate) fn effective_registry(&self) -> &Registry {
        self.agent.unread.as_ref().map_or(&self.registry, |unread| &unread.registry)
    }

    /// Whether it is known that nothing happens by itself until `time`, that instant included.
    pub(crate) fn is_quiet_until(&self, time: DateTime<Utc>) -> bool {
        self.quiet.is_some_and(|quiet| time < quiet)
    }

    /// Nothing happens by itself before `time`, as long as nothing is written to.
    pub(crate) const fn is_at_rest_until(&mut self, time: DateTime<Utc>) {
        self.quiet = Some(time);
    }

    /// Sets the clock; it never goes back.
    pub(crate) fn set_clock(&mut self, time: DateTime<Utc>) {
        self.clock = self.clock.max(time);
    }

    pub(crate) fn registry_mut(&mut self) -> &mut Registry {
        self.quiet = None;
        Arc::make_mut(&mut self.registry)
    }

    pub(crate) fn agent_mut(&mut self) -> &mut Agent {
        self.quiet = None;
        Arc::make_mut(&mut self.agent)
    }

    pub(crate) fn policy_mut(&mut self) -> &mut Policy {
        self.quiet = None;
        Arc::make_mut(&mut self.policy)
    }

    pub(crate) fn set_name(&mut self, name: Arc<str>) {
        self.name = name;
    }

    pub(crate) fn stored_mut(&mut self, mount: MountId) -> &mut Stored {
        self.quiet = None;
        Arc::make_mut(self.stored.entry(mount).or_default())
    }
}

impl PartialEq for Device {
    /// Parts that are shared are equal without a look at them.
    fn eq(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(one: &Arc<T>, other: &Arc<T>) -> bool {
            Arc::ptr_eq(one, other) || one == other
        }
        same(&self.profile, &other.profile)
            && same(&self.instance, &other.instance)
            && self.clock == other.clock
            && same(&self.agent, &other.agent)
            && same(&self.policy, &other.policy)
            && same(&self.registry, &other.registry)
            && self.name == other.name
            && self.sessions == other.sessions
            && self.stored.len() == other.stored.len()
            && self
                .stored
                .iter()
                .zip(&other.stored)
                .all(|(one, other)| one.0 == other.0 && same(one.1, other.1))
    }
}
