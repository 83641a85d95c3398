//! Pauses: which classes get nothing for how long.
//!
//! Sources: Microsoft, "Configure Windows Update client policies" (35 days from the start date); a pause of 1607, which
//! has no date, counts from when the agent has noticed it (decided).

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::super::RollbackKind;
use super::super::catalog::Classification;
use super::super::{ScanSource, UpdateClass};
use crate::Device;
use crate::csp::policy::{EffectivePolicy, USER_SETTINGS};
use crate::device::{Registry, UpdateEntry};

/// How long a pause lasts, and the most that a user can pause.
pub(super) const LONGEST: TimeDelta = TimeDelta::days(35);

/// What the agent has seen of pauses: since when one without a date is there, and which were in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Noticed {
    /// `PauseQualityUpdates`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<DateTime<Utc>>,
    /// `PauseFeatureUpdates`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<DateTime<Utc>>,
    /// Whether quality updates were paused, by whomever.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub quality_paused: bool,
    /// Whether feature updates were.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub feature_paused: bool,
}

impl Noticed {
    pub(in super::super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A length of time in which nothing is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
}

impl Window {
    fn holds(self, at: DateTime<Utc>) -> bool {
        self.start <= at && at < self.end
    }
}

/// The pauses of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pauses {
    quality: Option<Window>,
    feature: Option<Window>,
    user_quality: Option<Window>,
    user_feature: Option<Window>,
    /// Since when pauses without a date are there.
    undated: [Option<DateTime<Utc>>; 2],
}

impl Pauses {
    pub(super) fn of(device: &Device) -> Self {
        let policy = device.effective_policy();
        let known = device.agent().noticed;
        let (quality, noticed_quality) = by_policy(&policy, &QUALITY, known.quality, device.clock());
        let (feature, noticed_feature) = by_policy(&policy, &FEATURE, known.feature, device.clock());
        let registry = device.registry();
        Self {
            quality,
            feature,
            user_quality: by_user(registry, "PauseQualityUpdatesStartTime", "PauseQualityUpdatesEndTime"),
            user_feature: by_user(registry, "PauseFeatureUpdatesStartTime", "PauseFeatureUpdatesEndTime"),
            undated: [noticed_quality, noticed_feature],
        }
    }

    /// What the agent has seen of them at `at`.
    pub(super) fn noticed(&self, at: DateTime<Utc>) -> Noticed {
        let [quality, feature] = self.undated;
        Noticed {
            quality,
            feature,
            quality_paused: self.pause(RollbackKind::Quality, at),
            feature_paused: self.pause(RollbackKind::Feature, at),
        }
    }

    /// Whether an update that comes from `source` is held back at `at`. A policy holds back what Windows Update offers; a
    /// user everything but definitions.
    pub(super) fn hold(&self, update: &UpdateEntry, source: ScanSource, at: DateTime<Utc>) -> bool {
        if update.classification == Classification::DEFINITION_UPDATES {
            return false;
        }
        let (policy, user) = match update.class() {
            UpdateClass::Feature => (self.feature, self.user_feature),
            UpdateClass::Quality | UpdateClass::Driver | UpdateClass::Other => {
                (self.quality, self.user_quality)
            }
        };
        let from_cloud = source == ScanSource::WindowsUpdate;
        policy.is_some_and(|window| from_cloud && window.holds(at))
            || user.is_some_and(|window| window.holds(at))
    }

    /// Whether the class of a rollback is paused at `at`.
    pub(super) fn pause(&self, kind: RollbackKind, at: DateTime<Utc>) -> bool {
        let windows = match kind {
            RollbackKind::Quality => [self.quality, self.user_quality],
            RollbackKind::Feature => [self.feature, self.user_feature],
        };
        windows.into_iter().flatten().any(|window| window.holds(at))
    }

    /// When one begins after `now`.
    pub(super) fn begins(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.windows().map(|window| window.start).filter(|start| *start > now).min()
    }

    /// When one ends that is in force at `now`, or will be.
    pub(super) fn ends(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.windows()
            .filter(|window| window.start < window.end)
            .map(|window| window.end)
            .filter(|end| *end > now)
            .min()
    }

    fn windows(&self) -> impl Iterator<Item = Window> {
        [self.quality, self.feature, self.user_quality, self.user_feature].into_iter().flatten()
    }
}

impl Device {
    /// Whether updates of that kind are paused, by policy or by the user.
    #[must_use]
    pub fn is_paused(&self, kind: RollbackKind) -> bool {
        Pauses::of(self).pause(kind, self.clock())
    }
}

/// The names of a pause's policies.
struct Names {
    flag: &'static str,
    start: &'static str,
}

const QUALITY: Names = Names { flag: "PauseQualityUpdates", start: "PauseQualityUpdatesStartTime" };
const FEATURE: Names = Names { flag: "PauseFeatureUpdates", start: "PauseFeatureUpdatesStartTime" };

/// The pause that policies make, and since when it has been seen if they do not say since when it is.
fn by_policy(
    policy: &EffectivePolicy<'_>,
    names: &Names,
    noticed: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> (Option<Window>, Option<DateTime<Utc>>) {
    let flag = policy.int(names.flag);
    if flag == Some(0) {
        return (None, None);
    }
    if let Some(date) = policy.text(names.start).as_deref().and_then(date) {
        return (Some(Window { start: date, end: later(date, LONGEST) }), None);
    }
    // The policies of 1511 count where the newer ones are absent.
    let legacy = || policy.int("PauseDeferrals") == Some(1);
    if flag == Some(1) || (flag.is_none() && legacy()) {
        let since = noticed.unwrap_or(now);
        return (Some(Window { start: since, end: later(since, LONGEST) }), Some(since));
    }
    (None, None)
}

fn by_user(registry: &Registry, start: &str, end: &str) -> Option<Window> {
    let time = |name: &str| registry.get(USER_SETTINGS, name)?.text().trim().parse::<DateTime<Utc>>().ok();
    let end = time(end).or_else(|| time("PauseUpdatesExpiryTime"))?;
    let start = time(start).or_else(|| time("PauseUpdatesStartTime")).unwrap_or(DateTime::UNIX_EPOCH);
    Some(Window { start, end })
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    let day = text.trim().get(..10)?.parse::<NaiveDate>().ok()?;
    Some(day.and_time(NaiveTime::MIN).and_utc())
}

pub(super) fn sooner(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    time.checked_sub_signed(by).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

pub(super) fn later(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
