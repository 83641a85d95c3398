//! What a device's policies mean for its updates: read once, and good until they change.
//!
//! Sources: Microsoft, "Policy CSP - Update"; "Configure Windows Update client policies"; "Enforce compliance deadlines";
//! `WindowsUpdate.admx`.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use super::super::catalog::Classification;
use super::super::{Record, ScanSource, ScanSources, UpdateClass};
use super::calendar::{ActiveHours, InstallSchedule};
use super::managed::{Management, Terms};
use super::pause::{Pauses, later, sooner};
use crate::Device;
use crate::csp::policy::EffectivePolicy;
use crate::device::{Registry, Scalar, UpdateEntry};
use crate::schema::OsVersion;
use crate::schema::registry::GpKey;

/// How long a user is warned before a restart that comes by itself.
const WARNING: TimeDelta = TimeDelta::minutes(15);

/// By how much a scheduled installation is early or late.
///
/// Source: the Windows support team's blog: 30 minutes either way, from version 2004 on.
pub(super) const SPREAD: TimeDelta = TimeDelta::minutes(30);
/// How long after its beginning a scheduled time is missed (decided).
const SCHEDULE: TimeDelta = TimeDelta::hours(4);

/// What holds on a device.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) sources: ScanSources,
    pub(super) pauses: Pauses,
    pub(super) mode: Mode,
    pub(super) approval_required: bool,
    pub(super) other_products: bool,
    pub(super) drivers_excluded: bool,
    pub(super) safeguards_ignored: bool,
    pub(super) metered_allowed: bool,
    pub(super) detection: TimeDelta,
    pub(super) target: Option<Target>,
    pub(super) os: OsVersion,
    pub(super) zone: FixedOffset,
    deferral: Deferral,
    deadlines: Deadlines,
    active_hours: ActiveHours,
    schedule: InstallSchedule,
    restart_deadline: TimeDelta,
    always_restart: Option<TimeDelta>,
    keeps_users: bool,
    pub(super) management: Option<Box<Management>>,
}

/// `AllowAutoUpdate`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// 0: the user is asked before a download.
    Notify,
    /// 1: installed by itself; the user chooses when to restart.
    AskToRestart,
    /// 2: installed and restarted by itself.
    Automatic,
    /// 3: installed and restarted at a time of the policy.
    Scheduled,
    /// 4: the same, and the user has no say.
    ScheduledWithoutUser,
    /// 5: nothing happens by itself.
    Off,
}

/// The version of Windows that the device is to stay on, or to go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The builds that are that version.
    Build(u32),
    /// There is no such version: the device stays where it is.
    Unknown,
}

#[derive(Debug, Clone, Copy)]
struct Deferral {
    quality: TimeDelta,
    feature: TimeDelta,
}

/// `ConfigureDeadlineFor`…
#[derive(Debug, Clone, Copy)]
struct Deadlines {
    quality: Option<Deadline>,
    feature: Option<Deadline>,
}

#[derive(Debug, Clone, Copy)]
struct Deadline {
    length: TimeDelta,
    grace: TimeDelta,
    counts_from: CountsFrom,
    restarts_before: bool,
}

/// Where a deadline counts from.
#[derive(Debug, Clone, Copy)]
enum CountsFrom {
    /// When a scan found the update.
    Discovery,
    /// When it began to wait for a restart.
    Pending,
}

impl Rules {
    pub(super) fn of(device: &Device) -> Self {
        let policy = device.effective_policy();
        let registry = device.effective_registry();
        let os = device.os();
        let number = |name: &str| policy.int(name);
        let is_on = |name: &str| number(name) == Some(1);
        let hour = |name: &str, usual: u32| {
            number(name).and_then(|hour| u32::try_from(hour).ok()).filter(|hour| *hour < 24).unwrap_or(usual)
        };
        let most = number("ActiveHoursMaxRange").and_then(|most| u32::try_from(most).ok()).unwrap_or(18);
        let active_hours =
            ActiveHours::new(hour("ActiveHoursStart", 8), hour("ActiveHoursEnd", 17), most.clamp(8, 18));
        let schedule = InstallSchedule {
            hour: hour("ScheduledInstallTime", 3),
            day: number("ScheduledInstallDay")
                .and_then(|day| u32::try_from(day).ok())
                .filter(|day| *day <= 7)
                .unwrap_or(0),
            weeks: [
                is_on("ScheduledInstallFirstWeek"),
                is_on("ScheduledInstallSecondWeek"),
                is_on("ScheduledInstallThirdWeek"),
                is_on("ScheduledInstallFourthWeek"),
            ],
        };
        let always = number("AlwaysAutoRebootAtScheduledTimeMinutes").map(|minutes| minutes.clamp(15, 180));
        Self {
            sources: device.scan_sources(),
            pauses: Pauses::of(device),
            mode: Mode::of(number("AllowAutoUpdate")),
            approval_required: is_on("RequireUpdateApproval"),
            other_products: policy.offers_other_products(),
            drivers_excluded: is_on("ExcludeWUDriversInQualityUpdate"),
            safeguards_ignored: is_on("DisableWUfBSafeguards"),
            metered_allowed: is_on("AllowAutoWindowsUpdateDownloadOverMeteredNetwork"),
            detection: TimeDelta::hours(number("DetectionFrequency").map_or(22, |hours| hours.clamp(1, 22))),
            target: Target::of(&policy),
            zone: device.profile().file().time_zone.offset(),
            deferral: Deferral::of(&policy),
            deadlines: Deadlines::of(&policy, os),
            active_hours,
            schedule,
            restart_deadline: days(&policy, "AutoRestartDeadlinePeriodInDays", 0, 30)
                .unwrap_or(TimeDelta::days(7)),
            always_restart: always.map(TimeDelta::minutes),
            management: Management::of(device).map(Box::new),
            keeps_users: group_policy(registry, "NoAutoRebootWithLoggedOnUsers") == Some(1),
            os,
        }
    }

    /// Until when an update is deferred. What WSUS offers and definitions are never deferred, and a target version takes
    /// the place of the deferral of feature updates.
    ///
    /// Source: Microsoft, "Configure Windows Update client policies": a deferral counts from the release.
    pub(super) fn deferred_until(&self, update: &UpdateEntry, source: ScanSource) -> Option<DateTime<Utc>> {
        if source != ScanSource::WindowsUpdate || update.classification == Classification::DEFINITION_UPDATES
        {
            return None;
        }
        let length = match update.class() {
            UpdateClass::Feature if self.target.is_some() => TimeDelta::zero(),
            UpdateClass::Feature => self.deferral.feature,
            UpdateClass::Quality | UpdateClass::Driver | UpdateClass::Other => self.deferral.quality,
        };
        let released = update.released?.0;
        (length > TimeDelta::zero()).then(|| later(released, length))
    }

    /// From when until when an update that became ready at `ready` may begin to be installed: the present time of the
    /// schedule, or the next one; `None` where it never ends. `spread` says when a scheduled one really begins.
    pub(super) fn install_window(
        &self,
        update: &UpdateEntry,
        ready: DateTime<Utc>,
        now: DateTime<Utc>,
        spread: impl Fn(DateTime<Utc>) -> DateTime<Utc>,
    ) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
        match self.mode {
            // With a deadline updates are installed as soon as they are there.
            _ if self.deadline(update).is_some() => (ready, None),
            Mode::Notify | Mode::AskToRestart | Mode::Automatic | Mode::Off => (ready, None),
            Mode::Scheduled | Mode::ScheduledWithoutUser => {
                // One that began before the update was there is missed, and so is one that was over before now.
                let mut scheduled = self.schedule.next(ready.max(sooner(now, SCHEDULE + SPREAD)), self.zone);
                while later(spread(scheduled), SCHEDULE) <= now {
                    let next = self.schedule.next(later(scheduled, TimeDelta::seconds(1)), self.zone);
                    if next <= scheduled {
                        break;
                    }
                    scheduled = next;
                }
                // A draw may lie before the scheduled time, but not before the update is there.
                let begins = spread(scheduled);
                (begins.max(ready), Some(later(begins, SCHEDULE)))
            }
        }
    }

    /// When the device restarts by itself for an update that waits for it; `None` when it does not.
    pub(super) fn restart_at(
        &self,
        update: &UpdateEntry,
        record: &Record,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        if let Some((management, terms)) = self.terms(update, now) {
            return management.restart_at(terms, record, now);
        }
        let warned = later(record.since, WARNING);
        let outside = |time: DateTime<Utc>| self.active_hours.outside(time.max(now), self.zone);
        if let Some(deadline) = self.deadline(update) {
            let last = deadline.of(record).max(warned);
            return Some(if deadline.restarts_before { outside(warned).min(last) } else { last });
        }
        match self.mode {
            Mode::Off | Mode::Notify => None,
            Mode::AskToRestart => Some(outside(later(record.since, self.restart_deadline))),
            Mode::Automatic => Some(outside(warned)),
            Mode::Scheduled | Mode::ScheduledWithoutUser => match self.always_restart {
                Some(minutes) => Some(later(record.since, minutes)),
                None if self.keeps_users => None,
                None => Some(warned),
            },
        }
    }

    /// Whether an update is downloaded and installed without anybody being asked.
    pub(super) fn is_automatic(&self, update: &UpdateEntry) -> bool {
        self.deadline(update).is_some()
            || match self.mode {
                Mode::Notify | Mode::Off => false,
                Mode::AskToRestart | Mode::Automatic | Mode::Scheduled | Mode::ScheduledWithoutUser => true,
            }
    }

    /// Whether Configuration Manager manages an update.
    pub(super) fn is_managed(&self, update: &UpdateEntry) -> bool {
        self.management.is_some() && self.sources.of_update(update) == ScanSource::Wsus
    }

    /// What Configuration Manager has in mind for an update that it manages and that is deployed.
    pub(super) fn terms(&self, update: &UpdateEntry, now: DateTime<Utc>) -> Option<(&Management, &Terms)> {
        let management = self.management.as_deref().filter(|_| self.is_managed(update))?;
        Some((management, management.terms(update, now)?))
    }

    /// Whether updates of some class have a deadline.
    pub(super) const fn has_deadline(&self) -> bool {
        self.deadlines.quality.is_some() || self.deadlines.feature.is_some()
    }

    fn deadline(&self, update: &UpdateEntry) -> Option<Deadline> {
        match update.class() {
            UpdateClass::Feature => self.deadlines.feature,
            UpdateClass::Quality | UpdateClass::Driver | UpdateClass::Other => self.deadlines.quality,
        }
    }
}

impl Mode {
    const fn of(policy: Option<i64>) -> Self {
        match policy {
            Some(0) => Self::Notify,
            Some(1) => Self::AskToRestart,
            Some(3) => Self::Scheduled,
            Some(4) => Self::ScheduledWithoutUser,
            Some(5) => Self::Off,
            Some(_) | None => Self::Automatic,
        }
    }
}

impl Target {
    /// The builds of the versions that `TargetReleaseVersion` names.
    ///
    /// Source: Microsoft, "Windows 10 release information" and "Windows 11 release information".
    const BUILDS: [(&'static str, &'static str, u32); 13] = [
        ("Windows 10", "1809", 17_763),
        ("Windows 10", "1903", 18_362),
        ("Windows 10", "1909", 18_363),
        ("Windows 10", "2004", 19_041),
        ("Windows 10", "20H2", 19_042),
        ("Windows 10", "21H1", 19_043),
        ("Windows 10", "21H2", 19_044),
        ("Windows 10", "22H2", 19_045),
        ("Windows 11", "21H2", 22_000),
        ("Windows 11", "22H2", 22_621),
        ("Windows 11", "23H2", 22_631),
        ("Windows 11", "24H2", 26_100),
        ("Windows 11", "25H2", 26_200),
    ];

    /// Without a product, that of Windows 10 is meant (Microsoft, Policy CSP - Update, `ProductVersion`).
    fn of(policy: &EffectivePolicy<'_>) -> Option<Self> {
        let version = policy.text("TargetReleaseVersion")?;
        let product = policy.text("ProductVersion").unwrap_or_else(|| "Windows 10".to_owned());
        let is_it = |(known, name, _): &&(&str, &str, u32)| {
            known.eq_ignore_ascii_case(product.trim()) && name.eq_ignore_ascii_case(version.trim())
        };
        Some(Self::BUILDS.iter().find(is_it).map_or(Self::Unknown, |(_, _, build)| Self::Build(*build)))
    }

    /// Whether a feature update that brings `os` is wanted.
    pub(super) fn wants(&self, os: OsVersion) -> bool {
        match self {
            Self::Build(build) => os.build == *build,
            Self::Unknown => false,
        }
    }
}

impl Deferral {
    /// The policies of 1511, in weeks and months, count where the newer ones are absent.
    fn of(policy: &EffectivePolicy<'_>) -> Self {
        let weeks = || days(policy, "DeferUpdatePeriod", 0, 4).map(|weeks| weeks * 7);
        let months = || days(policy, "DeferUpgradePeriod", 0, 8).map(|months| months * 30);
        Self {
            quality: days(policy, "DeferQualityUpdatesPeriodInDays", 0, 30)
                .or_else(weeks)
                .unwrap_or_default(),
            feature: days(policy, "DeferFeatureUpdatesPeriodInDays", 0, 365)
                .or_else(months)
                .unwrap_or_default(),
        }
    }
}

impl Deadlines {
    /// Source: Microsoft, "Enforce compliance deadlines with policies": from Windows 11 22H2 on both deadlines count from
    /// discovery and feature updates have a grace period of their own; before, that of feature updates counts from the
    /// pending restart.
    fn of(policy: &EffectivePolicy<'_>, os: OsVersion) -> Self {
        const WINDOWS_11_22H2: u32 = 22_621;
        let is_new = os.build >= WINDOWS_11_22H2;
        let grace = days(policy, "ConfigureDeadlineGracePeriod", 0, 7);
        let own = days(policy, "ConfigureDeadlineGracePeriodForFeatureUpdates", 0, 7).filter(|_| is_new);
        let is_on = |name: &str| policy.int(name) == Some(1);
        let holds_back = is_on("ConfigureDeadlineNoAutoReboot");
        let deadline = |name, counts_from, grace, own_switch| {
            days(policy, name, 0, 30).map(|length| Deadline {
                length,
                grace,
                counts_from,
                restarts_before: !(holds_back || is_on(own_switch)),
            })
        };
        let usual = TimeDelta::days(2);
        Self {
            quality: deadline(
                "ConfigureDeadlineForQualityUpdates",
                CountsFrom::Discovery,
                grace.unwrap_or(usual),
                "ConfigureDeadlineNoAutoRebootForQualityUpdates",
            ),
            feature: deadline(
                "ConfigureDeadlineForFeatureUpdates",
                if is_new { CountsFrom::Discovery } else { CountsFrom::Pending },
                own.or(grace).unwrap_or(if is_new { TimeDelta::days(7) } else { usual }),
                "ConfigureDeadlineNoAutoRebootForFeatureUpdates",
            ),
        }
    }
}

impl Deadline {
    fn of(self, record: &Record) -> DateTime<Utc> {
        let from = match self.counts_from {
            CountsFrom::Discovery => record.discovered,
            CountsFrom::Pending => record.since,
        };
        later(from, self.length).max(later(record.since, self.grace))
    }
}

fn days(policy: &EffectivePolicy<'_>, name: &str, least: i64, most: i64) -> Option<TimeDelta> {
    policy.int(name).map(|days| TimeDelta::days(days.clamp(least, most)))
}

fn group_policy(registry: &Registry, name: &str) -> Option<i64> {
    registry.get(GpKey::Au.path(), name).and_then(Scalar::int)
}
