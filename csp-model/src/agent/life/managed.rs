//! What Configuration Manager has in mind for updates: which are deployed to a device, and when they may be installed.
//!
//! Sources: Microsoft, "Manually deploy software updates", "How to use maintenance windows", "Settings to manage software
//! updates", "About client settings"; the founding articles. Where they leave something open: the conformance register.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::random::{Draw, Purpose as Chance};
use super::super::site::{Cache, CacheRule, ConfigMgr, Deployment, Purpose, Span, Windows};
use super::super::{HResult, Installs, Record, UpdateId};
use super::pause::later;
use crate::Device;
use crate::device::UpdateEntry;
use crate::units::Duration;

/// The longest that a required deployment starts after its deadline.
///
/// Source: Microsoft, "About client settings", "Disable deadline randomization": up to two hours.
const RANDOMIZATION: TimeDelta = TimeDelta::hours(2);

/// Software updates of a device under Configuration Manager.
#[derive(Debug, Clone)]
pub(super) struct Management {
    /// What is deployed, by update and classification.
    terms: BTreeMap<UpdateId, Vec<Terms>>,
    windows: Windows,
    max_run_time: Duration,
    restart_countdown: TimeDelta,
    cache: Cache,
    installs: Option<Installs>,
}

/// What a deployment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms {
    purpose: Purpose,
    available: Option<DateTime<Utc>>,
    deadline: Option<DateTime<Utc>>,
    install_outside_windows: bool,
    restart_outside_windows: bool,
    location: Location,
}

/// Where the content of a deployment is to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Location {
    /// On a distribution point near the device.
    Near,
    /// At Microsoft Update.
    MicrosoftUpdate,
    /// Nowhere.
    Nowhere,
}

/// When an update may begin to be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// From then on, and until then if that ends.
    At(DateTime<Utc>, Option<DateTime<Utc>>),
    /// Never: no maintenance window is long enough.
    Never,
}

impl Management {
    /// What holds on a device; `None` where Configuration Manager does not manage its updates.
    pub(super) fn of(device: &Device) -> Option<Self> {
        let (site, client) = (device.site(), &device.agent().client);
        let here = site.configmgr.as_ref()?;
        // Before a client has policy it is a client all the same: nothing is deployed to it.
        let policy = client.policy(site);
        if !policy.unwrap_or(here).software_updates {
            return None;
        }
        let zone = device.profile().file().time_zone.offset();
        let holds = policy.unwrap_or(here);
        let mut terms = BTreeMap::<UpdateId, Vec<Terms>>::new();
        for deployment in policy.into_iter().flat_map(ConfigMgr::own_deployments) {
            let of_it = Terms::of(device, holds, here, deployment);
            for id in &deployment.updates {
                terms.entry(*id).or_default().push(of_it);
            }
        }
        let windows: Vec<_> = holds.own_windows().collect();
        Some(Self {
            terms,
            windows: Windows::of(windows.iter().copied(), holds.updates_in_all_windows, zone),
            max_run_time: holds.max_run_time,
            restart_countdown: holds.restart_countdown.delta(),
            cache: here.cache.clone(),
            installs: client.installs,
        })
    }

    /// What holds for an update now, of the deployments that have begun: one that requires it goes before one that makes it
    /// available, and an earlier deadline before a later one.
    pub(super) fn terms(&self, update: &UpdateEntry, now: DateTime<Utc>) -> Option<&Terms> {
        let classification = update.classification.id();
        let of = |id: &UpdateId| self.terms.get(id).into_iter().flatten();
        let all = of(&update.id).chain(of(&classification));
        let begun = all.filter(|terms| terms.available.is_none_or(|available| available <= now));
        begun.max_by_key(|terms| terms.rank())
    }

    /// Whether Software Center shows an update, and its user has not had it installed.
    pub(super) fn waits_for_user(&self, terms: &Terms, record: &Record) -> bool {
        terms.purpose == Purpose::Available && !self.has_user_asked(terms, record)
    }

    /// Whether its user had it installed.
    fn has_user_asked(&self, terms: &Terms, record: &Record) -> bool {
        self.installs.is_some_and(|Installs { at, found }| {
            record.discovered <= found && terms.available.is_none_or(|available| available <= at)
        })
    }

    /// How long the installation of an update may take.
    pub(super) fn max_run_time(&self, update: &UpdateEntry) -> TimeDelta {
        update.max_run_time.unwrap_or(self.max_run_time).delta()
    }

    /// When an update that is ready may begin to be installed. Who has asked for it in Software Center does not wait.
    pub(super) fn opening(
        &self,
        terms: &Terms,
        update: &UpdateEntry,
        record: &Record,
        now: DateTime<Utc>,
    ) -> Opening {
        if terms.purpose == Purpose::Available || self.has_user_asked(terms, record) {
            return Opening::At(record.since, None);
        }
        let from = terms.deadline.map_or(record.since, |deadline| deadline.max(record.since));
        if terms.install_outside_windows || self.windows.is_empty() {
            return Opening::At(from, None);
        }
        let run_time = self.max_run_time(update);
        match self.windows.fitting(from.max(now), run_time) {
            // The window is left when what remains of it has become too short.
            Some(Span { starts, ends }) => {
                Opening::At(starts, Some(later(ends - run_time, TimeDelta::seconds(1))))
            }
            None => Opening::Never,
        }
    }

    /// When the device restarts for an update; `None` when no maintenance window lets it.
    pub(super) fn restart_at(
        &self,
        terms: &Terms,
        record: &Record,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let warned = later(record.since, self.restart_countdown);
        let is_free = terms.purpose == Purpose::Available
            || terms.restart_outside_windows
            || self.has_user_asked(terms, record);
        if is_free || self.windows.is_empty() {
            return Some(warned);
        }
        let window = self.windows.fitting(warned.max(now), TimeDelta::minutes(1))?;
        Some(window.starts)
    }

    /// What the content of an update does not fit into; `None` when there is room.
    pub(super) fn has_no_room(&self, update: &UpdateEntry) -> Option<HResult> {
        /// The cache or its disk has no room left.
        const NO_ROOM: HResult = HResult::from_bits(0x87d0_1201);
        /// The cache is smaller than the content.
        const TOO_SMALL: HResult = HResult::from_bits(0x87d0_1202);
        if self.cache.rule == CacheRule::CacheSize && self.cache.limit() < update.size {
            return Some(TOO_SMALL);
        }
        (self.cache.free < update.size).then_some(NO_ROOM)
    }

    /// When the next deployment begins, or its deadline comes.
    pub(super) fn edge_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let times = self.terms.values().flatten().flat_map(|terms| [terms.available, terms.deadline]);
        times.flatten().filter(|time| *time > now).min()
    }

    /// Whether a deployment begins at this instant.
    pub(super) fn begins(&self, now: DateTime<Utc>) -> bool {
        self.terms.values().flatten().any(|terms| terms.available == Some(now))
    }
}

impl Device {
    /// The policy that the ConfigMgr client goes by; `None` where there is no client, or it has none yet.
    #[must_use]
    pub fn client_policy(&self) -> Option<&ConfigMgr> {
        self.agent().client.policy(self.site())
    }

    /// The deployment by which the ConfigMgr client has an update now.
    #[must_use]
    pub fn deployment_of(&self, update: &UpdateEntry) -> Option<&Deployment> {
        let (policy, here) = (self.client_policy()?, self.site().configmgr.as_ref()?);
        let begun = policy
            .own_deployments()
            .filter(|deployment| deployment.is_of(update) && deployment.has_begun(self.clock()));
        begun.max_by_key(|deployment| Terms::of(self, policy, here, deployment).rank())
    }
}

impl Terms {
    /// What a deployment says by `policy`, with the content that the site has now.
    fn of(device: &Device, policy: &ConfigMgr, here: &ConfigMgr, deployment: &Deployment) -> Self {
        let spread = || {
            let draw = Draw::new(device.instance().seed, Chance::Deadline).update(deployment.assignment_id());
            draw.between(TimeDelta::zero(), RANDOMIZATION)
        };
        let deadline = deployment.deadline.map(|deadline| {
            if policy.deadline_randomization { later(deadline.0, spread()) } else { deadline.0 }
        });
        let location = if here.content_locations(deployment).next().is_some() {
            Location::Near
        } else if deployment.from_microsoft_update {
            Location::MicrosoftUpdate
        } else {
            Location::Nowhere
        };
        Self {
            purpose: deployment.purpose,
            available: deployment.available.map(|available| available.0),
            deadline,
            install_outside_windows: deployment.install_outside_windows,
            restart_outside_windows: deployment.restart_outside_windows,
            location,
        }
    }

    /// What decides between two deployments of one update: the higher one holds.
    fn rank(&self) -> impl Ord + use<> {
        (self.purpose, Reverse(self.deadline), self.location == Location::Near)
    }

    /// Whether the content is nowhere to be had.
    pub(super) fn lacks_content(&self) -> bool {
        self.location == Location::Nowhere
    }
}
