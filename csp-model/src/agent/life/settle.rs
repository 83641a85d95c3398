//! Where one update goes from where it stands: the transitions between the states of the Update CSP.
//!
//! Source: the states of Microsoft, "Update CSP"; the transitions between them are decided (`transitions` in the
//! conformance register), after the event table of \[MS-WUSP\].

use chrono::{DateTime, TimeDelta, Utc};

use super::super::random::{Draw, Purpose};
use super::super::{
    Content, EventKind, Failure, FaultKind, HResult, Record, ScanSource, UpdateId, UpdateState,
};
use super::managed::Opening;
use super::offer::Hold;
use super::pause::later;
use super::rules::{Mode, SPREAD};
use super::run::{Entry, Occasion, Run};

/// No maintenance window is long enough.
const NO_WINDOW: HResult = HResult::from_bits(0x87d0_0667);

/// How long downloaded content is kept.
const CONTENT_LIFE: TimeDelta = TimeDelta::days(30);

/// What an update does next.
enum Next {
    /// It has moved: look again.
    Moved,
    /// It stays until something around it changes, or until that time.
    Rests(Option<DateTime<Utc>>),
}

impl Run<'_> {
    /// Lets an update move until it rests.
    pub(super) fn settle(&mut self, id: UpdateId, occasion: Occasion) {
        loop {
            match self.step(id, occasion) {
                Next::Moved => {}
                Next::Rests(until) => {
                    self.wakes.extend(until.map(|until| (until, id)));
                    return;
                }
            }
        }
    }

    /// Starts what can be started: one download and one installation at a time.
    pub(super) fn fill(&mut self) {
        loop {
            let before = (self.downloads.len(), self.installs.len(), self.blocked.len());
            while self.downloading.is_none()
                && let Some(first) = self.downloads.pop_first()
            {
                self.start_download(first);
            }
            while self.installing.is_none()
                && let Some((_, since, id)) = self.installs.pop_first()
            {
                self.start_install((since, id));
            }
            // What was in the way may be so no longer.
            if std::mem::take(&mut self.has_made_way) {
                for id in self.blocked.iter().copied().collect::<Vec<_>>() {
                    self.settle(id, Occasion::Wake);
                }
            }
            if before == (self.downloads.len(), self.installs.len(), self.blocked.len()) {
                return;
            }
        }
    }

    /// Whether an update has not gone elsewhere while it waited.
    fn still_waits(&self, id: UpdateId, state: UpdateState, since: DateTime<Utc>) -> bool {
        self.record(id).is_some_and(|record| record.state == state && record.since == since)
    }

    fn step(&mut self, id: UpdateId, occasion: Occasion) -> Next {
        let Some(record) = self.record(id).copied() else { return Next::Rests(None) };
        // An update that the file has no more cannot be: snapshots bring their file along.
        let Some(entry) = self.entry(id) else { return Next::Rests(None) };
        match record.state {
            UpdateState::NEW_UPDATE => self.new_update(&entry, &record),
            UpdateState::READY_TO_DOWNLOAD => self.ready_to_download(&entry, &record),
            UpdateState::DOWNLOADING => self.downloading(&entry, &record, occasion),
            UpdateState::DOWNLOAD_BLOCKED => self.download_blocked(&entry, &record),
            UpdateState::READY_TO_INSTALL => self.ready_to_install(&entry, &record),
            UpdateState::INSTALLING => self.installing(&entry, &record),
            UpdateState::INSTALL_BLOCKED => self.install_blocked(&entry),
            // Failures wait for a scan, and what is installed for a restart. No other flags are ever set.
            _ => Next::Rests(None),
        }
    }

    fn new_update(&mut self, entry: &Entry, record: &Record) -> Next {
        match self.hold(entry) {
            Some(Hold::Deferred(until)) => Next::Rests(Some(until)),
            Some(Hold::Withheld | Hold::Paused) => Next::Rests(None),
            None if self.is_off(entry, record) => Next::Rests(None),
            None => self.go(entry.id, UpdateState::READY_TO_DOWNLOAD, EventKind::ReadyToDownload),
        }
    }

    fn ready_to_download(&mut self, entry: &Entry, record: &Record) -> Next {
        match self.hold(entry) {
            Some(Hold::Withheld | Hold::Deferred(_)) => {
                self.go(entry.id, UpdateState::NEW_UPDATE, EventKind::Held)
            }
            Some(Hold::Paused) => {
                self.go(entry.id, UpdateState::DOWNLOAD_BLOCKED, EventKind::DownloadBlocked)
            }
            None if self.is_off(entry, record) => self.go(entry.id, UpdateState::NEW_UPDATE, EventKind::Held),
            None if self.asks_user(entry, record) => {
                self.go(entry.id, UpdateState::DOWNLOAD_BLOCKED, EventKind::DownloadBlocked)
            }
            None if matches!(record.content, Content::Complete(_)) => {
                self.go(entry.id, UpdateState::READY_TO_INSTALL, EventKind::ReadyToInstall)
            }
            None => {
                self.downloads.insert((record.since, entry.id));
                Next::Rests(None)
            }
        }
    }

    fn start_download(&mut self, (since, id): (DateTime<Utc>, UpdateId)) {
        if !self.still_waits(id, UpdateState::READY_TO_DOWNLOAD, since) {
            return;
        }
        match self.strike(self.download_gate(), Some(id)) {
            Some(strike) => self.block_download(id, strike.hresult),
            None if self.lacks_content(id) => self.block_download(id, None),
            None => self.enter(id, UpdateState::DOWNLOADING, EventKind::DownloadStarted, None),
        }
        self.settle(id, Occasion::Wake);
    }

    fn downloading(&mut self, entry: &Entry, record: &Record, occasion: Occasion) -> Next {
        let id = entry.id;
        let hold = self.hold(entry);
        if let Some(hresult) = self.has_no_room(entry) {
            self.fail(id, UpdateState::DOWNLOAD_FAILED, EventKind::DownloadFailed, Some(hresult));
            return Next::Moved;
        }
        let finished = later(record.since, self.seconds_left(entry, record));
        if finished > self.now() {
            let strike = self.strike_under_way(self.download_gate(), id, occasion);
            if hold.is_some() || strike.is_some() {
                self.keep_partial(entry, record);
            }
            return match (hold, strike) {
                (Some(Hold::Paused), _) => {
                    self.go(id, UpdateState::DOWNLOAD_BLOCKED, EventKind::DownloadBlocked)
                }
                (Some(Hold::Withheld | Hold::Deferred(_)), _) => {
                    self.go(id, UpdateState::NEW_UPDATE, EventKind::Held)
                }
                (None, Some(strike)) => {
                    self.block_download(id, strike.hresult);
                    Next::Moved
                }
                (None, None) => Next::Rests(Some(finished)),
            };
        }
        if let Some(hresult) = self.download_failure(entry) {
            self.change(id, |record| record.content = Content::None);
            self.fail(id, UpdateState::DOWNLOAD_FAILED, EventKind::DownloadFailed, Some(hresult));
            return Next::Moved;
        }
        if let Some(strike) = self.strike(&FaultKind::DOWNLOAD, Some(id)) {
            self.change(id, |record| record.content = Content::None);
            self.fail(id, UpdateState::DOWNLOAD_FAILED, EventKind::DownloadFailed, strike.hresult);
            return Next::Moved;
        }
        let now = self.now();
        self.change(id, |record| record.content = Content::Complete(now));
        self.go(id, UpdateState::READY_TO_INSTALL, EventKind::DownloadSucceeded)
    }

    fn block_download(&mut self, id: UpdateId, hresult: Option<HResult>) {
        if let Some(hresult) = hresult {
            let failure = Failure { state: UpdateState::DOWNLOAD_BLOCKED, hresult };
            self.change(id, |record| record.failure = Some(failure));
        }
        self.enter(id, UpdateState::DOWNLOAD_BLOCKED, EventKind::DownloadBlocked, hresult);
    }

    fn download_blocked(&mut self, entry: &Entry, record: &Record) -> Next {
        let hold = self.hold(entry);
        match hold {
            Some(Hold::Withheld | Hold::Deferred(_)) => {
                self.go(entry.id, UpdateState::NEW_UPDATE, EventKind::Held)
            }
            Some(Hold::Paused) => Next::Rests(None),
            None if self.is_off(entry, record) => self.go(entry.id, UpdateState::NEW_UPDATE, EventKind::Held),
            None if self.asks_user(entry, record) || self.is_download_barred(entry.id) => Next::Rests(None),
            None => self.go(entry.id, UpdateState::READY_TO_DOWNLOAD, EventKind::DownloadUnblocked),
        }
    }

    fn ready_to_install(&mut self, entry: &Entry, record: &Record) -> Next {
        let id = entry.id;
        match self.hold(entry) {
            Some(Hold::Paused) => return self.go(id, UpdateState::NEW_UPDATE, EventKind::InstallCancelled),
            Some(Hold::Withheld | Hold::Deferred(_)) => {
                return self.go(id, UpdateState::NEW_UPDATE, EventKind::Held);
            }
            None if self.is_off(entry, record) => {
                return self.go(id, UpdateState::NEW_UPDATE, EventKind::Held);
            }
            None => {}
        }
        let Content::Complete(complete) = record.content else {
            return self.go(id, UpdateState::READY_TO_DOWNLOAD, EventKind::ReadyToDownload);
        };
        let expires = later(complete, CONTENT_LIFE);
        if expires <= self.now() {
            return self.expire(id);
        }
        let place = (self.run_time(entry), record.since, id);
        self.installs.remove(&place);
        let Opening::At(starts, ends) = self.opening(entry, record) else {
            self.block_install(id, Some(NO_WINDOW));
            return Next::Moved;
        };
        if starts > self.now() {
            return Next::Rests(Some(starts.min(expires)));
        }
        self.installs.insert(place);
        Next::Rests(Some(ends.map_or(expires, |ends| ends.min(expires))))
    }

    /// Source: the Windows support team's blog: content that was not installed in 30 days is gone, 0x80246013.
    fn expire(&mut self, id: UpdateId) -> Next {
        const EXPIRED: HResult = HResult::from_bits(0x8024_6013);
        self.change(id, |record| record.content = Content::None);
        self.enter(id, UpdateState::READY_TO_DOWNLOAD, EventKind::ContentExpired, Some(EXPIRED));
        Next::Moved
    }

    fn start_install(&mut self, (since, id): (DateTime<Utc>, UpdateId)) {
        /// `WU_E_INSTALL_NOT_ALLOWED`
        const ANOTHER_INSTALL: HResult = HResult::from_bits(0x8024_0016);
        if !self.still_waits(id, UpdateState::READY_TO_INSTALL, since) {
            return;
        }
        if self.is_in_the_way(id) {
            self.block_install(id, Some(ANOTHER_INSTALL));
        } else if let Some(strike) = self.strike(self.install_gate(id), Some(id)) {
            self.block_install(id, strike.hresult);
        } else {
            self.enter(id, UpdateState::INSTALLING, EventKind::InstallStarted, None);
        }
        self.settle(id, Occasion::Wake);
    }

    fn block_install(&mut self, id: UpdateId, hresult: Option<HResult>) {
        if let Some(hresult) = hresult {
            let failure = Failure { state: UpdateState::INSTALL_BLOCKED, hresult };
            self.change(id, |record| record.failure = Some(failure));
        }
        self.enter(id, UpdateState::INSTALL_BLOCKED, EventKind::InstallBlocked, hresult);
    }

    fn install_blocked(&mut self, entry: &Entry) -> Next {
        match self.hold(entry) {
            Some(Hold::Paused) => {
                return self.go(entry.id, UpdateState::NEW_UPDATE, EventKind::InstallCancelled);
            }
            Some(Hold::Withheld | Hold::Deferred(_)) => {
                return self.go(entry.id, UpdateState::NEW_UPDATE, EventKind::Held);
            }
            None => {}
        }
        let has_no_window =
            self.record(entry.id).is_some_and(|record| self.opening(entry, record) == Opening::Never);
        if self.is_in_the_way(entry.id) || self.is_install_barred(entry.id) || has_no_window {
            return Next::Rests(None);
        }
        self.go(entry.id, UpdateState::READY_TO_INSTALL, EventKind::InstallUnblocked)
    }

    fn installing(&mut self, entry: &Entry, record: &Record) -> Next {
        let id = entry.id;
        let length = entry.install.delta();
        let most = self.rules.terms(entry, self.now()).map(|(management, _)| management.max_run_time(entry));
        let is_too_long = most.is_some_and(|most| most < length);
        // It is cancelled when the time is over, not with its last second.
        let lasts = most.filter(|_| is_too_long).map_or(length, |most| most + TimeDelta::seconds(1));
        let finished = later(record.since, lasts);
        if finished > self.now() {
            // What runs is taken back by a pause alone.
            return match self.hold(entry) {
                Some(Hold::Paused) => self.go(id, UpdateState::NEW_UPDATE, EventKind::InstallCancelled),
                Some(Hold::Withheld | Hold::Deferred(_)) | None => Next::Rests(Some(finished)),
            };
        }
        if is_too_long {
            let cancelled = FaultKind::MaxRunTimeExceeded.hresult();
            self.fail(id, UpdateState::INSTALL_FAILED, EventKind::InstallFailed, cancelled);
        } else if let Some(strike) = self.strike(&FaultKind::INSTALL, Some(id)) {
            self.fail(id, UpdateState::INSTALL_FAILED, EventKind::InstallFailed, strike.hresult);
        } else if entry.restart {
            /// `WU_S_REBOOT_REQUIRED`
            const RESTART: HResult = HResult::from_bits(0x0024_0005);
            self.change(id, |record| (record.failure, record.content) = (None, Content::None));
            self.enter(id, UpdateState::REBOOT_REQUIRED, EventKind::RestartRequired, Some(RESTART));
        } else {
            self.change(id, |record| (record.failure, record.content) = (None, Content::None));
            self.enter(id, UpdateState::UPDATE_COMPLETED, EventKind::InstallSucceeded, None);
        }
        Next::Moved
    }

    /// An update comes to a state in which it has failed.
    pub(super) fn fail(
        &mut self,
        id: UpdateId,
        state: UpdateState,
        kind: EventKind,
        hresult: Option<HResult>,
    ) {
        let failure = Failure { state, hresult: hresult.unwrap_or_default() };
        self.change(id, |record| record.failure = Some(failure));
        self.enter(id, state, kind, hresult);
    }

    fn go(&mut self, id: UpdateId, state: UpdateState, kind: EventKind) -> Next {
        self.enter(id, state, kind, None);
        Next::Moved
    }

    /// Whether what keeps a download from beginning is still there, however likely it was.
    pub(super) fn is_download_barred(&self, id: UpdateId) -> bool {
        self.in_force.is_planned(self.download_gate(), id) || self.lacks_content(id)
    }

    /// Whether what keeps an installation from beginning is still there, however likely it was.
    pub(super) fn is_install_barred(&self, id: UpdateId) -> bool {
        self.in_force.is_planned(self.install_gate(id), id)
    }

    /// What can keep a download from beginning: a metered network only where policy does not allow it.
    pub(super) const fn download_gate(&self) -> &'static [FaultKind] {
        if self.rules.metered_allowed { &FaultKind::UNMETERED_GATE } else { &FaultKind::DOWNLOAD_GATE }
    }

    /// What can keep an installation from beginning: terms only where there are some that nobody has accepted.
    pub(super) fn install_gate(&self, id: UpdateId) -> &'static [FaultKind] {
        let eula = self.profile.update(id).and_then(|update| update.eula);
        let is_refused =
            eula.zip(self.accepted.as_ref()).is_some_and(|(eula, accepted)| !accepted.contains(&eula));
        if is_refused { &FaultKind::INSTALL_GATE } else { &FaultKind::ACCEPTED_GATE }
    }

    /// Whether automatic updates are off, and no user has asked for this one.
    fn is_off(&self, entry: &Entry, record: &Record) -> bool {
        self.rules.mode == Mode::Off && self.asks_user(entry, record)
    }

    /// Whether a user has to agree to the download, and has not.
    pub(super) fn asks_user(&self, entry: &Entry, record: &Record) -> bool {
        !self.rules.is_managed(entry) && !self.rules.is_automatic(entry) && !self.has_agreed(record)
    }

    /// When an update that is ready may begin to be installed.
    fn opening(&self, entry: &Entry, record: &Record) -> Opening {
        let now = self.now();
        if let Some((management, terms)) = self.rules.terms(entry, now) {
            return management.opening(terms, entry, record, now);
        }
        let (starts, ends) = self.install_window(entry, record);
        Opening::At(starts, ends)
    }

    /// How long an update's installation may take, where that is limited.
    fn run_time(&self, entry: &Entry) -> TimeDelta {
        let terms = self.rules.terms(entry, self.now());
        terms.map_or(TimeDelta::zero(), |(management, _)| management.max_run_time(entry))
    }

    /// Whether an update that Configuration Manager manages has no content near the device.
    pub(super) fn lacks_content(&self, id: UpdateId) -> bool {
        let entry = self.profile.update(id);
        let terms = entry.and_then(|entry| self.rules.terms(entry, self.now()));
        terms.is_some_and(|(_, terms)| terms.lacks_content())
    }

    /// What the content of an update that Configuration Manager manages does not fit into.
    fn has_no_room(&self, entry: &Entry) -> Option<HResult> {
        self.rules.terms(entry, self.now()).and_then(|(management, _)| management.has_no_room(entry))
    }

    /// What a download ends with when its server does not answer. ConfigMgr has distribution points.
    fn download_failure(&self, entry: &Entry) -> Option<HResult> {
        match self.rules.sources.of_update(entry) {
            ScanSource::Wsus if self.rules.is_managed(entry) => None,
            ScanSource::Wsus => self.wsus_failure(),
            ScanSource::WindowsUpdate => self.windows_update_failure(),
            ScanSource::None => None,
        }
    }

    /// From when until when an update that is ready may begin to be installed. Who has asked for it does not wait for a
    /// schedule, unless policy leaves users no say.
    fn install_window(&self, entry: &Entry, record: &Record) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
        const WINDOWS_10_2004: u32 = 19_041;
        let has_say = self.rules.mode != Mode::ScheduledWithoutUser;
        if has_say && self.has_agreed(record) {
            return (record.since, None);
        }
        self.rules.install_window(entry, record.since, self.now(), |scheduled| {
            if self.rules.os.build < WINDOWS_10_2004 {
                return scheduled;
            }
            let draw = Draw::new(self.device.instance().seed, Purpose::Schedule).at(scheduled);
            later(scheduled, draw.between(-SPREAD, SPREAD))
        })
    }

    fn seconds_left(&self, entry: &Entry, record: &Record) -> TimeDelta {
        let done = match record.content {
            Content::Partial(seconds) => seconds.into(),
            Content::None | Content::Complete(_) => 0,
        };
        let all = entry.size.bytes().div_ceil(self.profile.file().bandwidth.0.bytes().max(1));
        let left = i64::try_from(all.saturating_sub(done)).ok().and_then(TimeDelta::try_seconds);
        left.unwrap_or(TimeDelta::MAX)
    }

    /// What a download that stops has brought is not lost.
    fn keep_partial(&mut self, entry: &Entry, record: &Record) {
        let before = match record.content {
            Content::Partial(seconds) => seconds,
            Content::None | Content::Complete(_) => 0,
        };
        let passed = u32::try_from((self.now() - record.since).num_seconds()).unwrap_or(u32::MAX);
        self.change(entry.id, |record| record.content = Content::Partial(before.saturating_add(passed)));
    }
}
