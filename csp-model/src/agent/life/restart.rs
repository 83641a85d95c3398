//! Restarts: when they come by themselves, and what they bring to an end.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::super::{EventKind, FaultKind, HResult, Record, RollbackKind, UpdateId, UpdateState};
use super::calendar::{Recurrence, utc};
use super::pause::later;
use super::rules::Rules;
use super::run::Run;
use crate::Device;
use crate::csp::stored;
use crate::device::Profile;

/// When a device restarts next by itself.
pub(super) fn next(device: &Device, rules: &Rules) -> Option<DateTime<Utc>> {
    let now = device.clock();
    let profile = device.profile();
    let pending =
        device.agent().records.iter().filter(|(_, record)| record.state == UpdateState::REBOOT_REQUIRED);
    let updates = pending.filter_map(|(id, record)| due(profile, rules, *id, Some(record), now));
    let rollbacks = [RollbackKind::Quality, RollbackKind::Feature].into_iter().filter_map(|kind| {
        let pending = device.agent().rollbacks.of(kind).pending?;
        let length =
            profile.update(pending.update).map_or(TimeDelta::zero(), |update| update.install.delta());
        Some(later(pending.since?, length))
    });
    updates.chain(rollbacks).chain(schedules(device)).min().map(|at| at.max(now))
}

/// When the device restarts for one update; `None` when it does not. A pause calls restarts off.
pub(super) fn due(
    profile: &Profile,
    rules: &Rules,
    id: UpdateId,
    record: Option<&Record>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let entry = profile.update(id)?;
    if rules.pauses.hold(entry, rules.sources.of_update(entry), now) {
        return None;
    }
    rules.restart_at(entry, record?, now)
}

/// When the schedules of the Reboot CSP come next.
///
/// Source: Microsoft, "Reboot CSP".
fn schedules(device: &Device) -> impl Iterator<Item = DateTime<Utc>> {
    let first = |name| {
        let value = stored::value(device, &["Vendor", "MSFT", "Reboot", "Schedule", name])?;
        time_of(device, &value.text())
    };
    let now = device.clock();
    let single = first("Single").filter(|at| *at > now);
    let recurrent = |name, days| Recurrence { first: first(name)?, every: TimeDelta::days(days) }.after(now);
    [single, recurrent("DailyRecurrent", 1), recurrent("WeeklyRecurrent", 7)].into_iter().flatten()
}

/// A time of a schedule: with an offset, or by the device's own clock; a time alone is one of the day on which the clock
/// started.
fn time_of(device: &Device, text: &str) -> Option<DateTime<Utc>> {
    let (text, file) = (text.trim(), device.profile().file());
    let zone = file.time_zone.offset();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let local = |format| NaiveDateTime::parse_from_str(text, format).ok();
    if let Some(at) = local("%Y%m%dT%H%M%SZ") {
        return Some(at.and_utc());
    }
    if let Some(at) = local("%Y-%m-%dT%H:%M:%S").or_else(|| local("%Y%m%dT%H%M%S")) {
        return utc(at, zone);
    }
    let time = ["%H:%M:%S", "%H:%M", "T%H:%M:%S"]
        .into_iter()
        .find_map(|format| NaiveTime::parse_from_str(text, format).ok());
    utc(super::calendar::local(file.clock.0, zone).date().and_time(time?), zone)
}

impl Run<'_> {
    /// Restarts now: what waited for it is committed, or fails to be; what is rolled back is gone.
    pub(super) fn restart(&mut self) {
        self.tell(EventKind::Restarted, None, None);
        let pending =
            self.agent().records.iter().filter(|(_, record)| record.state == UpdateState::REBOOT_REQUIRED);
        let pending: Vec<_> = pending.map(|(id, _)| *id).collect();
        for id in pending {
            self.commit(id);
        }
        for kind in [RollbackKind::Quality, RollbackKind::Feature] {
            self.finish_rollback(kind);
        }
        // The version of Windows may be another one.
        self.read_rules();
    }

    fn commit(&mut self, id: UpdateId) {
        self.enter(id, UpdateState::POST_REBOOT, EventKind::CommitStarted, None);
        match self.strike(&[FaultKind::CommitFailed], Some(id)) {
            Some(strike) => {
                self.fail(id, UpdateState::COMMIT_FAILED, EventKind::CommitFailed, strike.hresult)
            }
            None => self.enter(id, UpdateState::UPDATE_COMPLETED, EventKind::CommitSucceeded, None),
        }
    }

    fn finish_rollback(&mut self, kind: RollbackKind) {
        let Some(pending) = self.agent().rollbacks.of(kind).pending else { return };
        let agent = self.device.agent_mut();
        let rollback = agent.rollbacks.of_mut(kind);
        (rollback.pending, rollback.status) = (None, Some(HResult::OK));
        if let Some(record) = agent.records.remove(&pending.update) {
            self.moved(pending.update, record.state, None);
        }
        self.tell(EventKind::RollbackSucceeded, Some(pending.update), None);
    }
}
