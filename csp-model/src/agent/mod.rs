//! The Windows Update agent: what it knows of updates, and what it was told to do with them.
//!
//! The tree of `./Vendor/MSFT/Update` is a view of this state; nothing is kept in both. What an update *is*
//! stands in the [`catalog`], which devices of one profile share; a [`Record`] holds only how far this device
//! has come with it.
//!
//! Deliberately absent: time that passes. Moving updates from one [`UpdateState`] to the next belongs to the
//! life cycle, which is driven from outside.

pub mod catalog;
mod fault;
mod hresult;
mod id;
mod rollback;
mod source;
mod state;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use fault::{Fault, FaultKind};
pub use hresult::{HResult, NotAnHResult};
pub use id::{NotAGuid, UpdateId};
pub(crate) use rollback::rollback_candidate;
pub use rollback::{Refusal, Rollback, RollbackKind, Rollbacks};
pub(crate) use source::resolve as resolve_scan_sources;
pub use source::{ScanSources, Source, UpdateClass};
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
    /// What has become of `Rollback/QualityUpdate` and `Rollback/FeatureUpdate`.
    pub rollbacks: Rollbacks,
}

/// How far a device has come with one update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The revision that the device knows.
    pub revision: u32,
    /// Where the update stands now: exactly one flag.
    pub state: UpdateState,
    /// When it came there. For an update that waits for a restart this is its `InstalledTime`.
    pub since: DateTime<Utc>,
    /// The last failure, kept until the update is installed.
    pub failure: Option<Failure>,
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
    pub fn updates_in(&self, set: UpdateSet) -> impl Iterator<Item = (UpdateId, &Record)> {
        self.records.iter().filter(move |(_, record)| record.is_in(set)).map(|(id, record)| (*id, record))
    }

    /// The record of an update, if the update is in `set`.
    #[must_use]
    pub fn update_in(&self, set: UpdateSet, id: UpdateId) -> Option<&Record> {
        self.records.get(&id).filter(|record| record.is_in(set))
    }
}
