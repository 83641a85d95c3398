//! What the services offer to a device: which updates apply, and which are withheld.
//!
//! Sources: \[MS-WUSP\] 3.1.1 (prerequisites); Microsoft, "Configure Windows Update client policies" (deferral, pause,
//! drivers, target version, safeguard holds); what takes another update's place is delivered instead of it.

use chrono::{DateTime, Utc};

use super::super::catalog::Classification;
use super::super::site::WsusApproval;
use super::super::{Agent, Record, ScanSource, UpdateClass, UpdateId, UpdateState};
use super::rules::Rules;
use crate::device::{Profile, UpdateEntry};

/// Everything that decides over an update at one instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offers<'d> {
    pub(super) profile: &'d Profile,
    pub(super) agent: &'d Agent,
    pub(super) rules: &'d Rules,
    pub(super) now: DateTime<Utc>,
}

/// Why an update that the device knows does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// It is not approved, its successor is delivered, or the services do not offer it to this device.
    Withheld,
    /// It is deferred until then.
    Deferred(DateTime<Utc>),
    /// A pause is in force.
    Paused,
}

impl Offers<'_> {
    /// Whether the device may have the update, pauses and successors apart.
    pub(super) fn is_offered(self, update: &UpdateEntry) -> bool {
        let source = self.rules.sources.of_update(update);
        let is_released = update.released.is_none_or(|released| released.0 <= self.now);
        is_released
            && self.is_served(update, source)
            && self.applies(update)
            && !self.is_excluded(update, source)
            && self.rules.deferred_until(update, source).is_none_or(|until| until <= self.now)
    }

    /// Why an update that the device knows does not go on now, if it does not.
    pub(super) fn hold(self, update: &UpdateEntry, is_superseded: bool) -> Option<Hold> {
        let source = self.rules.sources.of_update(update);
        let is_withheld = !self.is_approved(update)
            || !self.is_served(update, source)
            || self.is_excluded(update, source)
            || is_superseded
            || !self.applies(update);
        if is_withheld || !self.is_deployed(update) {
            return Some(Hold::Withheld);
        }
        if self.rules.pauses.hold(update, source, self.now) {
            return Some(Hold::Paused);
        }
        let until = self.rules.deferred_until(update, source).filter(|until| *until > self.now);
        until.map(Hold::Deferred)
    }

    /// Whether the device may install the update: it need not be approved, or it or its classification is.
    ///
    /// Source: Microsoft, Policy CSP - Update, `RequireUpdateApproval`.
    pub(super) fn is_approved(self, update: &UpdateEntry) -> bool {
        !self.rules.approval_required || is_approved(self.agent, update)
    }

    /// Whether the service that is scanned for an update has it for this device, and no user has hidden it.
    fn is_served(self, update: &UpdateEntry, source: ScanSource) -> bool {
        let is_hidden = update.hidden && self.agent.reset.is_none();
        let is_approved = || match source {
            ScanSource::Wsus => {
                let wsus = self.agent.site(self.profile).wsus.as_ref();
                wsus.is_none_or(|wsus| wsus.approval_of(update) == WsusApproval::Approved)
            }
            ScanSource::WindowsUpdate | ScanSource::None => true,
        };
        !is_hidden && source.offers(&update.sources) && is_approved()
    }

    /// Whether the update is deployed to the device, where Configuration Manager manages it, its client has found it missing,
    /// and its user has asked for it if it is only available.
    fn is_deployed(self, update: &UpdateEntry) -> bool {
        let Some(management) = self.rules.management.as_deref().filter(|_| self.rules.is_managed(update))
        else {
            return true;
        };
        let (record, found) = (self.agent.records.get(&update.id), self.agent.client.found);
        // What another scan has found is nothing that the client knows of.
        let is_missing = record.is_some_and(|record| found.is_some_and(|found| record.discovered <= found));
        let is_deployed = |terms| record.is_some_and(|record| !management.waits_for_user(terms, record));
        is_missing && management.terms(update, self.now).is_some_and(is_deployed)
    }

    /// By place in the catalog, whether an update that takes its place is delivered or installed.
    pub(super) fn superseded(self) -> Vec<bool> {
        let profile = self.profile;
        let mut superseded = Vec::new();
        if profile.supersedes_any() {
            superseded.resize(profile.catalog().len(), false);
            for index in profile.newest_first() {
                superseded[*index] = self.is_superseded(*index, &superseded);
            }
        }
        superseded
    }

    /// Whether an update that takes the place of the one at `index` is delivered or installed, where it is known of those
    /// updates whether they are superseded themselves.
    pub(super) fn is_superseded(self, index: usize, superseded: &[bool]) -> bool {
        let mut successors = self.profile.successors(index).iter();
        successors
            .any(|successor| superseded[*successor] || self.takes_place(&self.profile.catalog()[*successor]))
    }

    /// Whether the update is what its predecessors make way for: it is in, or known and approved.
    fn takes_place(self, update: &UpdateEntry) -> bool {
        let Some(record) = self.agent.records.get(&update.id) else { return false };
        is_in(record) || self.is_approved(update)
    }

    /// Whether the update is for a device as this one is now: for its build of Windows, with what it needs in place.
    fn applies(self, update: &UpdateEntry) -> bool {
        let fits = update.os.is_none_or(|brings| match update.class() {
            UpdateClass::Feature => brings > self.rules.os && brings.build != self.rules.os.build,
            UpdateClass::Quality => brings.build == self.rules.os.build,
            UpdateClass::Driver | UpdateClass::Other => true,
        });
        let is_installed = |id: &UpdateId| {
            self.agent.records.get(id).is_some_and(|record| record.state == UpdateState::UPDATE_COMPLETED)
        };
        fits && update.prerequisites.iter().all(|needed| needed.any_of().iter().any(is_installed))
    }

    /// Whether policy keeps the update from the device.
    fn is_excluded(self, update: &UpdateEntry, source: ScanSource) -> bool {
        let from_cloud = source == ScanSource::WindowsUpdate;
        match update.class() {
            UpdateClass::Feature => {
                let unwanted = match (&self.rules.target, update.os) {
                    (Some(target), Some(brings)) => !target.wants(brings),
                    (Some(_), None) => true,
                    (None, _) => false,
                };
                from_cloud && (unwanted || (update.safeguard.is_some() && !self.rules.safeguards_ignored))
            }
            UpdateClass::Driver => from_cloud && self.rules.drivers_excluded,
            UpdateClass::Other => {
                let is_definition = update.classification == Classification::DEFINITION_UPDATES;
                from_cloud && !is_definition && !self.rules.other_products
            }
            UpdateClass::Quality => false,
        }
    }
}

impl UpdateEntry {
    /// The revision that the services have at `time`.
    #[must_use]
    pub fn revision_at(&self, time: DateTime<Utc>) -> u32 {
        let released = self.revisions.iter().filter(|revision| revision.released.0 <= time);
        released.map(|revision| revision.revision).fold(self.revision, Ord::max)
    }
}

/// Whether the update or its classification is on the list of approvals.
pub(super) fn is_approved(agent: &Agent, update: &UpdateEntry) -> bool {
    agent.approvals.contains_key(&update.id) || agent.approvals.contains_key(&update.classification.id())
}

/// Whether an update is installed, be it that a restart is still to come.
pub(super) fn is_in(record: &Record) -> bool {
    let installed = UpdateState::UPDATE_COMPLETED | UpdateState::REBOOT_REQUIRED | UpdateState::POST_REBOOT;
    record.state.intersects(installed)
}
