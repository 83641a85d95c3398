//! Scans: when they come, and what they find.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::random::{Draw, Purpose};
use super::super::site::ClientState;
use super::super::{
    Caller, Check, Content, EventKind, FaultKind, HResult, Record, ScanSource, UpdateId, UpdateSet,
    UpdateState,
};
use super::offer::is_in;
use super::pause::later;
use super::rules::{Mode, Rules};
use super::run::{Entry, Occasion, Run};
use crate::Device;

/// How long after the clock of a device that has never scanned its first scan is due (decided).
const FIRST: TimeDelta = TimeDelta::minutes(5);
/// How long after a scan that failed the next one is due.
pub(super) const RETRY: TimeDelta = TimeDelta::hours(5);

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

/// Which services a scan asks.
#[derive(Debug, Clone, Copy)]
struct Asked {
    wsus: bool,
    windows_update: bool,
    /// Whether the agent asks for itself.
    by_agent: bool,
}

impl Asked {
    /// Whether what comes from `source` is looked at. What may come from nowhere is the agent's own to know.
    const fn asks(self, source: ScanSource) -> bool {
        match source {
            ScanSource::Wsus => self.wsus,
            ScanSource::WindowsUpdate => self.windows_update,
            ScanSource::None => self.by_agent,
        }
    }
}

impl Run<'_> {
    /// Asks the services what there is, and gives whether they answered. Who asks for ConfigMgr asks WSUS alone.
    pub(super) fn scan_for(&mut self, caller: Caller) -> bool {
        let at = self.now();
        let asks = self.asked(caller);
        let strike = self.strike(&FaultKind::NETWORK, None);
        let failure = match strike {
            Some(strike) => strike.hresult,
            None => {
                let by_wsus = if asks.wsus { self.wsus_failure() } else { None };
                let by_cloud = || if asks.windows_update { self.windows_update_failure() } else { None };
                by_wsus.or_else(by_cloud)
            }
        };
        let succeeded = strike.is_none() && failure.is_none();
        self.device.agent_mut().last_check = Some(Check { at, succeeded });
        if succeeded {
            self.device.agent_mut().last_scan = Some(at);
            self.compare(asks);
            let updates = self.agent().updates_in(UpdateSet::Installable).count();
            let updates = updates.try_into().unwrap_or(u32::MAX);
            self.tell_as(caller, EventKind::ScanSucceeded { updates }, None);
            self.retry();
        } else {
            self.tell_as(caller, EventKind::ScanFailed, failure);
        }
        self.look_at_all(Occasion::Wake);
        succeeded
    }

    /// Which services a scan asks.
    fn asked(&self, caller: Caller) -> Asked {
        let sources = &self.rules.sources;
        let of = [sources.feature, sources.quality, sources.driver, sources.other, sources.definitions];
        match caller {
            Caller::CcmExec => Asked { wsus: true, windows_update: false, by_agent: false },
            Caller::UpdateOrchestrator | Caller::User => Asked {
                wsus: of.contains(&ScanSource::Wsus),
                windows_update: of.contains(&ScanSource::WindowsUpdate),
                by_agent: true,
            },
        }
    }

    /// What a request to the WSUS server fails with now, if it does.
    pub(super) fn wsus_failure(&self) -> Option<HResult> {
        /// `WU_E_DS_UNABLETOSTART`
        const STALE: HResult = HResult::from_bits(0x8024_8011);
        let site = self.device.site();
        let state = site.wsus.as_ref().map(|wsus| wsus.client_state).unwrap_or_default();
        match state {
            ClientState::Stale if self.is_store_stale() => return Some(STALE),
            ClientState::Stale | ClientState::Sound => {}
        }
        let server = self.device.effective_policy().text("UpdateServiceUrl");
        site.answer_of_wsus(&server.unwrap_or_default()).scan_error()
    }

    /// Whether the store was not made anew since it became stale.
    fn is_store_stale(&self) -> bool {
        let agent = self.agent();
        agent.reset.is_none_or(|reset| agent.staled.is_some_and(|staled| staled > reset))
    }

    /// What a request to Windows Update fails with now, if it does.
    pub(super) fn windows_update_failure(&self) -> Option<HResult> {
        self.device.site().answer_of_windows_update().scan_error()
    }

    /// Makes the agent's own store anew: what is not installed is forgotten.
    pub(super) fn reset_client(&mut self) {
        let now = self.now();
        self.tell(EventKind::ClientReset, None, None);
        self.device.agent_mut().reset = Some(now);
        let known = self.agent().records.iter().filter(|(_, record)| !is_in(record));
        for (id, record) in known.map(|(id, record)| (*id, *record)).collect::<Vec<_>>() {
            self.withdraw(id, &record);
        }
        self.look_at_all(Occasion::Wake);
    }

    /// Compares what is offered with what is known. What takes another's place is looked at before that one.
    fn compare(&mut self, asks: Asked) {
        let profile = std::sync::Arc::clone(&self.profile);
        let mut superseded = vec![false; profile.catalog().len()];
        for index in profile.newest_first().iter().copied() {
            let entry = &profile.catalog()[index];
            let offers = self.offers();
            superseded[index] = offers.is_superseded(index, &superseded);
            let known = self.record(entry.id).copied();
            let source = self.rules.sources.of_update(entry);
            if !asks.asks(source) || known.is_some_and(|record| is_in(&record)) {
                continue;
            }
            let is_offered = !superseded[index] && offers.is_offered(entry);
            let is_paused = || self.rules.pauses.hold(entry, source, offers.now);
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
        let is_barred = self.is_download_barred(id) && !self.lacks_content(id);
        if is_tried && is_barred && self.strike(self.download_gate(), Some(id)).is_none() {
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
