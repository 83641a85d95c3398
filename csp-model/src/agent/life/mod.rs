//! Time that passes: the life of updates on a device.
//!
//! A device at rest says when something happens to it next; a run brings it there, lets it happen, and goes on. Whatever
//! depends on time has its instant, so one step to an hour and many to the same hour end alike. Nothing is polled.
//!
//! Deliberately absent: other states than those of the Update CSP, and conversations with update services.

mod calendar;
mod client;
mod managed;
mod offer;
mod pause;
mod restart;
mod rules;
mod run;
mod scan;
mod settle;
mod strike;

use chrono::{DateTime, TimeDelta, Utc};

use super::random::{Draw, Purpose};
use super::site::{ClientState, Site};
use super::{
    Caller, Event, EventKind, Fault, FaultKind, Faults, Installs, KnownPolicy, Unread, UpdateId, UpdateSet,
};
use crate::Device;
use crate::csp::policy::USER_SETTINGS;
use crate::device::{ProfileError, Registry, Scalar, check_faults};
use run::Run;

pub use pause::Noticed;

/// The last instant that a clock reaches: 9999-12-31T23:59:59Z.
const LAST: DateTime<Utc> = DateTime::from_timestamp(253_402_300_799, 0).expect("a time of the calendar");

/// A detection that is refused, because the last one was not long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the last detection was less than the detection frequency ago: none before {until}")]
pub struct Throttled {
    /// From when on one is allowed.
    pub until: DateTime<Utc>,
}

/// A device without a ConfigMgr client that could do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the device is no client of Configuration Manager, or has no policy from it yet")]
pub struct NoClient;

/// A pause that a user cannot make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPause {
    /// It is too short or too long.
    #[error("expected 1 to 35 days")]
    Length,
    /// `SetDisablePauseUXAccess` takes the button away.
    #[error("policy does not let users pause updates (SetDisablePauseUXAccess)")]
    NotAllowed,
}

impl Device {
    /// Moves the clock on, and gives what happened until then, in order. The clock never goes back: an earlier time
    /// is as good as the present one. It stops with the year 9999.
    ///
    /// ```
    /// use chrono::TimeDelta;
    /// use csp_model::Device;
    ///
    /// let mut device = Device::builtin();
    /// let mut twin = device.clone();
    /// let tomorrow = device.clock() + TimeDelta::days(1);
    /// let events = device.advance_to(tomorrow);
    /// assert!(events.is_sorted_by_key(|event| event.at));
    ///
    /// // Whether in one step or in two is no matter.
    /// let mut in_two = twin.advance_to(tomorrow - TimeDelta::hours(7));
    /// in_two.extend(twin.advance_to(tomorrow));
    /// assert_eq!((twin, in_two), (device, events));
    /// ```
    pub fn advance_to(&mut self, time: DateTime<Utc>) -> Vec<Event> {
        let time = time.min(LAST);
        if self.is_quiet_until(time) {
            self.set_clock(time);
            return Vec::new();
        }
        let mut run = Run::new(self);
        run.until(time);
        run.end()
    }

    /// Scans now, as the button in Settings does: it is never refused. The user who presses it agrees to download and
    /// install what is found, where policy asks users.
    pub fn scan(&mut self) -> Vec<Event> {
        let mut run = Run::new(self);
        run.until_now();
        run.agree();
        run.scan_for(Caller::User);
        run.end()
    }

    /// Scans now, as `DetectNow` of the COM interface does.
    ///
    /// Source: the WSUS checklist article: blocked inside the detection frequency since the last check, from Windows 10
    /// 1709 on.
    ///
    /// # Errors
    /// When the last scan was less than the detection frequency ago.
    pub fn detect_now(&mut self) -> Result<Vec<Event>, Throttled> {
        const WINDOWS_10_1709: u32 = 16_299;
        let rules = rules::Rules::of(self);
        match scan::throttled_until(self, &rules) {
            Some(until) if rules.os.build >= WINDOWS_10_1709 => Err(Throttled { until }),
            Some(_) | None => {
                let mut run = Run::new(self);
                run.until_now();
                // A scan that was due at this very moment is the one that is asked for.
                if run.agent().last_check.is_none_or(|check| check.at < run.now()) {
                    run.scan_for(Caller::UpdateOrchestrator);
                }
                Ok(run.end())
            }
        }
    }

    /// Scans now, as the ConfigMgr client does when somebody starts its "Software Updates Scan Cycle".
    ///
    /// # Errors
    /// When the device is no client of Configuration Manager, or has no policy from it yet.
    pub fn client_scan(&mut self) -> Result<Vec<Event>, NoClient> {
        if self.client_policy().is_none() {
            return Err(NoClient);
        }
        let mut events = self.advance_to(self.clock());
        self.agent_mut().client.is_to_scan = true;
        events.extend(self.advance_to(self.clock()));
        Ok(events)
    }

    /// Restarts, as a user would have it.
    pub fn restart(&mut self) -> Vec<Event> {
        let mut run = Run::new(self);
        run.until_now();
        run.restart();
        run.end()
    }

    /// Pauses updates for so many days, as a user does in Settings.
    ///
    /// # Errors
    /// When it is none of 1 to 35 days, or policy does not let users pause.
    pub fn user_pauses(&mut self, days: u32) -> Result<Vec<Event>, NotAPause> {
        if !(1..=35).contains(&days) {
            return Err(NotAPause::Length);
        }
        if self.effective_policy().int("SetDisablePauseUXAccess") == Some(1) {
            return Err(NotAPause::NotAllowed);
        }
        let mut events = self.advance_to(self.clock());
        let (start, end) = (self.clock(), pause::later(self.clock(), TimeDelta::days(days.into())));
        let starts = PAUSE_STARTS.map(|name| (name, start));
        for (name, time) in starts.into_iter().chain(PAUSE_ENDS.map(|name| (name, end))) {
            let text = time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
            self.registry_mut().set(USER_SETTINGS, name, Some(Scalar::Text(text)));
        }
        events.extend(self.advance_to(self.clock()));
        Ok(events)
    }

    /// Ends the pause that a user has made, as a user does in Settings. When a pause is over the device scans.
    pub fn user_resumes(&mut self) -> Vec<Event> {
        let mut events = self.advance_to(self.clock());
        for name in PAUSE_STARTS.into_iter().chain(PAUSE_ENDS) {
            self.registry_mut().set(USER_SETTINGS, name, None);
        }
        events.extend(self.advance_to(self.clock()));
        events
    }

    /// Reads Group Policy again, as `gpupdate` does.
    pub fn policy_refresh(&mut self) -> Vec<Event> {
        let mut events = self.advance_to(self.clock());
        self.read_policy();
        events.push(Event {
            at: self.clock(),
            kind: EventKind::PolicyRefreshed,
            update: None,
            hresult: None,
            caller: Caller::default(),
        });
        events.extend(self.advance_to(self.clock()));
        events
    }

    /// Sets a registry value, or takes it away. What is Group Policy counts from the next refresh of it on, everything
    /// else at once.
    ///
    /// Source: Microsoft, "Group Policy refresh interval for computers": 90 minutes, and up to 30 by chance.
    pub fn set_registry(&mut self, key: &str, name: &str, value: Option<Scalar>) {
        let is_read = self.agent().unread.is_none();
        if Registry::is_group_policy(key) && is_read {
            let draw = Draw::new(self.instance().seed, Purpose::PolicyRefresh).at(self.clock());
            let until =
                pause::later(self.clock(), draw.between(TimeDelta::minutes(90), TimeDelta::minutes(120)));
            let registry = self.registry().clone();
            self.agent_mut().unread = Some(Box::new(Unread { registry, until }));
        } else if let Some(unread) =
            self.agent_mut().unread.as_mut().filter(|_| !Registry::is_group_policy(key))
        {
            unread.registry.set(key, name, value.clone());
        }
        self.registry_mut().set(key, name, value);
    }

    /// Has other things go wrong from now on than the device file plans. Times count from the start of the device's clock.
    ///
    /// # Errors
    /// The first fault that makes no sense.
    pub fn set_faults(&mut self, faults: Vec<Fault>) -> Result<Vec<Event>, ProfileError> {
        check_faults(&faults)?;
        let mut events = self.advance_to(self.clock());
        self.agent_mut().faults = Faults { plan: Some(faults.into()), ..Faults::default() };
        let mut run = Run::new(self);
        run.reconsider();
        events.extend(run.end());
        Ok(events)
    }

    /// Has other things stand around the device from now on than its file says. The ConfigMgr client hears of it when it
    /// next asks for policy; servers answer otherwise at once.
    ///
    /// # Errors
    /// The first value that makes no sense.
    pub fn set_site(&mut self, site: Site) -> Result<Vec<Event>, ProfileError> {
        site.check()?;
        let mut events = self.advance_to(self.clock());
        if self.agent().client.policy == KnownPolicy::Current
            && let Some(former) = self.site().configmgr.clone()
        {
            self.agent_mut().client.policy = KnownPolicy::Former(Box::new(former));
        }
        let is_stale =
            |site: &Site| site.wsus.as_ref().is_some_and(|wsus| wsus.client_state == ClientState::Stale);
        if is_stale(&site) && !is_stale(self.site()) {
            self.agent_mut().staled = Some(self.clock());
        }
        self.agent_mut().site = Some(Box::new(site));
        events.extend(self.advance_to(self.clock()));
        Ok(events)
    }

    /// Has everything installed that Software Center shows, as a user does there.
    pub fn user_installs(&mut self) -> Vec<Event> {
        let mut events = self.advance_to(self.clock());
        let at = self.clock();
        // Before the client has scanned nothing is shown.
        let found = self.agent().client.found;
        self.agent_mut().client.installs = found.map(|found| Installs { at, found });
        events.extend(self.advance_to(self.clock()));
        events
    }

    /// Makes the update agent's own store anew, as who stops its services and renames `SoftwareDistribution` does. What is
    /// installed stays so; what was found, downloaded or hidden is forgotten, and the next scan finds it again.
    ///
    /// Source: the WSUS checklist article.
    pub fn reset_client(&mut self) -> Vec<Event> {
        let mut run = Run::new(self);
        run.until_now();
        run.reset_client();
        run.end()
    }

    /// Whether a fault of that kind is planned for an update now, however likely.
    #[must_use]
    pub fn has_fault(&self, kind: FaultKind, update: UpdateId) -> bool {
        strike::Plan::of(self).in_force(self.clock()).is_planned(&[kind], update)
    }

    /// When the device scans next by itself; `None` when it does not.
    ///
    /// Source: \[MS-WUSP\] product notes 60, 61 and 65: 80 to 100 % of the detection frequency after a success, five hours
    /// after a failure. The first scan is due five minutes after the clock starts (decided).
    #[must_use]
    pub fn next_scan(&self) -> Option<DateTime<Utc>> {
        scan::next(self, &rules::Rules::of(self))
    }

    /// Whether something waits for a restart.
    #[must_use]
    pub fn is_restart_required(&self) -> bool {
        let rollbacks = &self.agent().rollbacks;
        self.agent().updates_in(UpdateSet::PendingReboot).next().is_some()
            || rollbacks.quality.pending.is_some()
            || rollbacks.feature.pending.is_some()
    }

    /// When the device restarts next by itself, as far as is known now; `None` when it does not.
    #[must_use]
    pub fn next_restart(&self) -> Option<DateTime<Utc>> {
        restart::next(self, &rules::Rules::of(self))
    }

    fn read_policy(&mut self) {
        if self.agent().unread.is_some() {
            self.agent_mut().unread = None;
        }
    }
}

/// What Settings writes for a pause: when it begins.
const PAUSE_STARTS: [&str; 3] =
    ["PauseQualityUpdatesStartTime", "PauseFeatureUpdatesStartTime", "PauseUpdatesStartTime"];

/// The same: when it ends.
const PAUSE_ENDS: [&str; 3] =
    ["PauseQualityUpdatesEndTime", "PauseFeatureUpdatesEndTime", "PauseUpdatesExpiryTime"];
