//! Scans: when they come, and what they find.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::random::{Draw, Purpose};
use super::super::{Check, Content, EventKind, FaultKind, Record, UpdateId, UpdateSet, UpdateState};
use super::offer::is_in;
use super::pause::later;
use super::rules::{Mode, Rules};
use super::run::{Entry, Occasion, Run};
use crate::Device;

/// How long after the clock of a device that has never scanned its first scan is due (decided).
const FIRST: TimeDelta = TimeDelta::minutes(5);
/// How long after a scan that failed the next one is due.
const RETRY: TimeDelta = TimeDelta::hours(5);

/// When a device scans next by itself.
pub(super) fn next(device: &Device, rules: &Rules) -> Option<DateTime<Utc>> {
    if rules.mode == Mode::Off && !rules.has_deadline() {
        return None;
    }
    let due = match device.agent().last_check {
        None => later(device.profile().file().clock.0, FIRST),
        Some(Check { at, succeeded: false }) => later(at, RETRY),
        Some(Check { at, succeeded: true }) => {
            let draw = Draw::new(device.instance().seed, Purpose::Detection).at(at);
            later(at, draw.between(rules.detection * 4 / 5, rules.detection))
        }
    };
    Some(due.max(device.clock()))
}

/// Until when a detection is refused, if one is.
pub(super) fn throttled_until(device: &Device, rules: &Rules) -> Option<DateTime<Utc>> {
    let until = later(device.agent().last_check?.at, rules.detection);
    Some(until).filter(|until| *until > device.clock())
}

impl Run<'_> {
    /// Asks the services what there is.
    pub(super) fn scan(&mut self) {
        let at = self.now();
        let strike = self.strike(&FaultKind::NETWORK, None);
        self.device.agent_mut().last_check = Some(Check { at, succeeded: strike.is_none() });
        if let Some(strike) = strike {
            self.tell(EventKind::ScanFailed, None, strike.hresult);
            self.look_at_all(Occasion::Wake);
            return;
        }
        self.device.agent_mut().last_scan = Some(at);
        self.compare();
        let updates = self.agent().updates_in(UpdateSet::Installable).count();
        self.tell(EventKind::ScanSucceeded { updates: updates.try_into().unwrap_or(u32::MAX) }, None, None);
        self.retry();
        self.look_at_all(Occasion::Wake);
    }

    /// Compares what is offered with what is known. What takes another's place is looked at before that one.
    fn compare(&mut self) {
        let profile = std::sync::Arc::clone(&self.profile);
        let mut superseded = vec![false; profile.catalog().len()];
        for index in profile.newest_first().iter().copied() {
            let entry = &profile.catalog()[index];
            let offers = self.offers();
            superseded[index] = offers.is_superseded(index, &superseded);
            let known = self.record(entry.id).copied();
            if known.is_some_and(|record| is_in(&record)) {
                continue;
            }
            let is_offered = !superseded[index] && offers.is_offered(entry);
            let is_paused = || self.rules.pauses.hold(entry, self.rules.sources.of_update(entry), offers.now);
            match known {
                None if is_offered && !is_paused() => self.find(entry.id, entry.revision_at(self.now())),
                None => {}
                Some(record) if is_offered => self.revise(entry.id, &record, entry.revision_at(self.now())),
                Some(record) if record.state == UpdateState::INSTALLING => {}
                Some(record) => self.withdraw(entry.id, &record),
            }
        }
    }

    fn find(&mut self, id: UpdateId, revision: u32) {
        let now = self.now();
        let record = Record {
            revision,
            state: UpdateState::NEW_UPDATE,
            since: now,
            discovered: now,
            content: Content::None,
            failure: None,
        };
        self.device.agent_mut().records.insert(id, record);
        self.tell(EventKind::Offered, Some(id), None);
    }

    /// Approvals are of the UpdateID: they stand. Content is of the revision, and goes.
    fn revise(&mut self, id: UpdateId, record: &Record, revision: u32) {
        if revision == record.revision || record.state == UpdateState::INSTALLING {
            return;
        }
        self.change(id, |record| (record.revision, record.content) = (revision, Content::None));
        self.enter(id, UpdateState::NEW_UPDATE, EventKind::Revised { revision }, None);
    }

    fn withdraw(&mut self, id: UpdateId, record: &Record) {
        self.device.agent_mut().records.remove(&id);
        self.moved(id, record.state, None);
        self.tell(EventKind::Withdrawn, Some(id), None);
    }

    /// What has failed is tried again, and what was kept back by chance may go on.
    fn retry(&mut self) {
        let waits = UpdateState::DOWNLOAD_FAILED
            | UpdateState::INSTALL_FAILED
            | UpdateState::COMMIT_FAILED
            | UpdateState::DOWNLOAD_BLOCKED
            | UpdateState::INSTALL_BLOCKED;
        let records = self.agent().records.iter().filter(|(_, record)| record.state.intersects(waits));
        let all: Vec<_> = records.map(|(id, record)| (*id, *record)).collect();
        for (id, record) in all {
            // What may not go on is not tried.
            if self.entry(id).is_none_or(|entry| self.hold(&entry).is_some()) {
                continue;
            }
            let has_content = matches!(record.content, Content::Complete(_));
            match record.state {
                UpdateState::INSTALL_FAILED if has_content => {
                    self.enter(id, UpdateState::READY_TO_INSTALL, EventKind::ReadyToInstall, None);
                }
                UpdateState::DOWNLOAD_FAILED | UpdateState::INSTALL_FAILED => {
                    self.enter(id, UpdateState::READY_TO_DOWNLOAD, EventKind::ReadyToDownload, None);
                }
                UpdateState::COMMIT_FAILED => {
                    self.enter(id, UpdateState::NEW_UPDATE, EventKind::Offered, None);
                }
                UpdateState::DOWNLOAD_BLOCKED => self.retry_download(id),
                _ => self.retry_install(id),
            }
        }
    }

    fn retry_download(&mut self, id: UpdateId) {
        let asks = |(entry, record): (Entry, &Record)| self.asks_user(&entry, record);
        let is_tried = !self.entry(id).zip(self.record(id)).is_some_and(asks);
        if is_tried && self.is_download_barred(id) && self.strike(self.download_gate(), Some(id)).is_none() {
            self.enter(id, UpdateState::READY_TO_DOWNLOAD, EventKind::DownloadUnblocked, None);
        }
    }

    fn retry_install(&mut self, id: UpdateId) {
        let is_barred = self.is_install_barred(id) && !self.is_in_the_way(id);
        if is_barred && self.strike(self.install_gate(id), Some(id)).is_none() {
            self.enter(id, UpdateState::READY_TO_INSTALL, EventKind::InstallUnblocked, None);
        }
    }
}
