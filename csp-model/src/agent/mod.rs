//! The Windows Update agent: what it knows of updates, and what it was told to do with them.
//!
//! The tree of `./Vendor/MSFT/Update` is a view of this state; nothing is kept in both. What an update *is*
//! stands in the [`catalog`], which devices of one profile share; a [`Record`] holds only how far this device
//! has come with it.
//!
//! Time passes in `life`: it moves updates from one [`UpdateState`] to the next, and gives back what happened.
//!
//! Deliberately absent: [`Event`]s that have been. They are handed out and never kept.

pub mod catalog;
mod client;
mod event;
mod fault;
mod finding;
pub mod hresult;
mod id;
mod life;
mod random;
mod rollback;
pub mod site;
mod source;
mod state;
mod written;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::device::{Profile, ProfileError, Registry};

pub use client::{ConfigMgrClient, Installs, KnownPolicy};
pub use event::{Caller, Event, EventKind};
pub use fault::{Fault, FaultKind, Faults};
pub use finding::Finding;
pub(crate) use finding::find;
pub use hresult::{HResult, NotAnHResult};
pub use id::{NotAGuid, UpdateId};
pub use life::{NoClient, NotAPause, Noticed, Throttled};
pub use random::Draw;
pub(crate) use rollback::rollback_candidate;
pub use rollback::{NotARefusal, Refusal, Reverting, Rollback, RollbackKind, Rollbacks};
pub(crate) use source::resolve;
pub use source::{PolicyState, ScanSource, ScanSources, Source, UpdateClass};
pub use state::UpdateState;

/// The state of the agent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The updates that this device knows; one that no scan has found has no record.
    pub records: BTreeMap<UpdateId, Record>,
    /// `ApprovedUpdates`: updates and classifications, each with the time of its approval.
    pub approvals: BTreeMap<UpdateId, DateTime<Utc>>,
    /// `LastSuccessfulScanTime`; `None` before the first.
    pub last_scan: Option<DateTime<Utc>>,
    /// The last scan, whatever came of it; `None` before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_check: Option<Check>,
    /// When a user last pressed the button in Settings, and so agreed to what is known then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<DateTime<Utc>>,
    /// Since when a pause without a date has been seen.
    #[serde(default, skip_serializing_if = "Noticed::is_default")]
    pub noticed: Noticed,
    /// What goes wrong, where it is not what the device file plans, and how often it has.
    #[serde(default, skip_serializing_if = "Faults::is_default")]
    pub faults: Faults,
    /// The registry that the agent still goes by, though it has been changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Box<Unread>>,
    /// What stands around the device, where it is not what its file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Box<site::Site>>,
    /// What the device knows as a client of Configuration Manager.
    #[serde(default, skip_serializing_if = "ConfigMgrClient::is_default")]
    pub client: ConfigMgrClient,
    /// When the agent's own store, `SoftwareDistribution`, was last made anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<DateTime<Utc>>,
    /// When that store was last made stale from outside, while the device lived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staled: Option<DateTime<Utc>>,
    /// What has become of `Rollback/QualityUpdate` and `Rollback/FeatureUpdate`.
    pub rollbacks: Rollbacks,
}

/// A scan that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the services answered.
    pub succeeded: bool,
}

/// Group Policy that has been changed and not been read again.
///
/// Source: Microsoft, "Integrate Windows Update client policies with Configuration Manager": the agent goes by what it
/// read last, until its policy is refreshed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unread {
    /// The registry as it was when the agent read it.
    pub registry: Registry,
    /// When the policy is refreshed.
    pub until: DateTime<Utc>,
}

/// How far a device has come with one update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "written::Record")]
pub struct Record {
    /// The revision that the device knows.
    pub revision: u32,
    /// Where the update stands now: exactly one flag.
    pub state: UpdateState,
    /// When it came there. For an update that waits for a restart this is its `InstalledTime`.
    pub since: DateTime<Utc>,
    /// When a scan found it first: where its deadline counts from.
    pub discovered: DateTime<Utc>,
    /// How much of its content is there.
    #[serde(default, skip_serializing_if = "Content::is_none")]
    pub content: Content,
    /// The last failure, kept until the update is installed.
    pub failure: Option<Failure>,
}

/// How much of an update's content a device has downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Nothing.
    #[default]
    None,
    /// As much as so many seconds of download have brought.
    Partial(u32),
    /// All of it, since then.
    Complete(DateTime<Utc>),
}

impl Content {
    const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// What `FailedUpdates` says of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// `State`: the step that failed. Real devices have shown no flag at all, 0.
    pub state: UpdateState,
    /// `HResult`: the error.
    pub hresult: HResult,
}

/// The sets of the Update CSP that an update can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpdateSet {
    /// `FailedUpdates`
    Failed,
    /// `InstalledUpdates`
    Installed,
    /// `InstallableUpdates`
    Installable,
    /// `PendingRebootUpdates`
    PendingReboot,
}

impl Record {
    /// Whether the update is listed in `set`.
    ///
    /// An update that waits for a restart is in no other set; a failed one stays installable, and one that is
    /// blocked is listed among the failed (seen on real devices: windows-itpro-docs issue 6954).
    #[must_use]
    pub fn is_in(&self, set: UpdateSet) -> bool {
        let waits = UpdateState::REBOOT_REQUIRED | UpdateState::POST_REBOOT;
        let pending = self.state.intersects(waits);
        let installed = self.state.intersects(UpdateState::UPDATE_COMPLETED);
        match set {
            UpdateSet::Failed => !pending && !installed && self.failure().is_some(),
            UpdateSet::Installed => installed,
            UpdateSet::Installable => !pending && !installed,
            UpdateSet::PendingReboot => pending,
        }
    }

    /// What `FailedUpdates` shows: the last failure, or what blocks the update now.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let blocked = UpdateState::DOWNLOAD_BLOCKED | UpdateState::INSTALL_BLOCKED;
        let is_blocked = self.state.intersects(blocked);
        self.failure.or_else(|| is_blocked.then_some(Failure { state: self.state, hresult: HResult::OK }))
    }
}

impl Agent {
    /// The updates in `set`, by id.
    pub fn updates_in(&self, set: UpdateSet) -> impl Iterator<Item = (UpdateId, &Record)> + Clone {
        self.records.iter().filter(move |(_, record)| record.is_in(set)).map(|(id, record)| (*id, record))
    }

    /// Every time that it knows of.
    pub(crate) fn times(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let Self {
            records,
            approvals,
            last_scan,
            last_check,
            agreed,
            noticed,
            faults: _,
            unread,
            site: _,
            client,
            reset,
            staled,
            rollbacks,
        } = self;
        let of_records = records.values().flat_map(|record| {
            let content = match record.content {
                Content::Complete(at) => Some(at),
                Content::None | Content::Partial(_) => None,
            };
            [Some(record.since), Some(record.discovered), content]
        });
        let pending = [rollbacks.quality.pending, rollbacks.feature.pending];
        let own = [
            *last_scan,
            last_check.map(|check| check.at),
            *agreed,
            noticed.quality,
            noticed.feature,
            unread.as_ref().map(|unread| unread.until),
            client.polled.map(|polled| polled.at),
            client.scanned.map(|scanned| scanned.at),
            client.found,
            client.installs.map(|installs| installs.at),
            client.installs.map(|installs| installs.found),
            *reset,
            *staled,
        ];
        of_records
            .chain(approvals.values().copied().map(Some))
            .chain(pending.map(|pending| pending.and_then(|pending| pending.since)))
            .chain(own)
            .flatten()
    }

    /// # Errors
    /// The first value that makes no sense of what stands around the device, or once stood there.
    pub(crate) fn check_site(&self) -> Result<(), ProfileError> {
        if let Some(site) = &self.site {
            site.check()?;
        }
        match &self.client.policy {
            KnownPolicy::None | KnownPolicy::Current => Ok(()),
            KnownPolicy::Former(policy) => policy.check(),
        }
    }

    /// What stands around a device of that profile: what its file says, or what has been put in its place.
    pub(crate) fn site<'a>(&'a self, profile: &'a Profile) -> &'a site::Site {
        self.site.as_deref().unwrap_or_else(|| profile.site())
    }

    /// The record of an update, if the update is in `set`.
    #[must_use]
    pub fn update_in(&self, set: UpdateSet, id: UpdateId) -> Option<&Record> {
        self.records.get(&id).filter(|record| record.is_in(set))
    }
}
