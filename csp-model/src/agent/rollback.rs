//! Rolling back the latest quality or feature update.
//!
//! Source: Microsoft, Update CSP, `Rollback` (conditions); the status texts are decided
//! (`rollback-refused` in the conformance register), because no document gives them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::catalog::Classification;
use super::{HResult, Record, ScanSource, UpdateClass, UpdateId, UpdateSet};
use crate::Device;

/// Both rollbacks of a device.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollbacks {
    /// `Rollback/QualityUpdate`
    pub quality: Rollback,
    /// `Rollback/FeatureUpdate`
    pub feature: Rollback,
}

/// What has become of one kind of rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The result of the last one; `None` before the first.
    pub status: Option<HResult>,
    /// The update that leaves with the next restart.
    pub pending: Option<Reverting>,
    /// Why the last one was refused, until the device's event log has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

/// An update that is being taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reverting {
    /// Which.
    pub update: UpdateId,
    /// Since when; `None` while it has only been asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
}

/// What can be rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RollbackKind {
    /// The latest quality update.
    Quality,
    /// The latest feature update.
    Feature,
}

impl RollbackKind {
    const fn class(self) -> UpdateClass {
        match self {
            Self::Quality => UpdateClass::Quality,
            Self::Feature => UpdateClass::Feature,
        }
    }
}

impl Rollbacks {
    /// One of the two.
    #[must_use]
    pub const fn of(&self, kind: RollbackKind) -> &Rollback {
        match kind {
            RollbackKind::Quality => &self.quality,
            RollbackKind::Feature => &self.feature,
        }
    }

    pub(crate) const fn of_mut(&mut self, kind: RollbackKind) -> &mut Rollback {
        match kind {
            RollbackKind::Quality => &mut self.quality,
            RollbackKind::Feature => &mut self.feature,
        }
    }
}

/// Why a device does not roll back.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error,
)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// The class does not come from Windows Update, or no Windows Update client policy is set.
    #[error("the device is not Windows Update for Business connected")]
    NotConnected,
    /// No pause of that class is in force.
    #[error("updates of that class are not paused")]
    NotPaused,
    /// There is nothing to roll back.
    #[error("no update of that class is installed")]
    NotInstalled,
    /// The feature update came as an enablement package.
    #[error("the feature update came as an enablement package")]
    EnablementPackage,
    /// The feature update was installed too long ago.
    #[error("the uninstall period of the feature update is over")]
    PeriodOver,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::NotConnected, Self::NotPaused, Self::NotInstalled, Self::EnablementPackage, Self::PeriodOver];

    /// Its name, in small letters with hyphens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotConnected => "not-connected",
            Self::NotPaused => "not-paused",
            Self::NotInstalled => "not-installed",
            Self::EnablementPackage => "enablement-package",
            Self::PeriodOver => "period-over",
        }
    }
}

/// A text that is no reason to refuse a rollback.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no reason to refuse a rollback")]
pub struct NotARefusal(String);

impl std::str::FromStr for Refusal {
    type Err = NotARefusal;

    fn from_str(text: &str) -> Result<Self, NotARefusal> {
        Self::ALL
            .into_iter()
            .find(|refusal| refusal.name() == text)
            .ok_or_else(|| NotARefusal(text.to_owned()))
    }
}

/// The update that a rollback of that kind takes away from `device`.
pub(crate) fn rollback_candidate(device: &Device, kind: RollbackKind) -> Result<UpdateId, Refusal> {
    let policy = device.effective_policy();
    let connected =
        device.scan_sources().of(kind.class()) == ScanSource::WindowsUpdate && policy.has_client_policy();
    if !connected {
        return Err(Refusal::NotConnected);
    }
    if !device.is_paused(kind) {
        return Err(Refusal::NotPaused);
    }
    let (id, record) = latest(device, kind.class()).ok_or(Refusal::NotInstalled)?;
    let is_package = || device.profile().update(id).is_some_and(|update| update.enablement_package);
    if kind == RollbackKind::Feature && is_package() {
        return Err(Refusal::EnablementPackage);
    }
    let period =
        TimeDelta::days(policy.int("ConfigureFeatureUpdateUninstallPeriod").unwrap_or(10).clamp(0, 3_650));
    match kind {
        RollbackKind::Feature
            if record.since.checked_add_signed(period).is_some_and(|last| last < device.clock()) =>
        {
            Err(Refusal::PeriodOver)
        }
        RollbackKind::Feature | RollbackKind::Quality => Ok(id),
    }
}

/// The update of `class` that was installed last; definitions do not count.
fn latest(device: &Device, class: UpdateClass) -> Option<(UpdateId, &Record)> {
    let counts = |id: &UpdateId| {
        let update = device.profile().update(*id);
        update.is_some_and(|update| {
            update.class() == class && update.classification != Classification::DEFINITION_UPDATES
        })
    };
    device
        .agent()
        .updates_in(UpdateSet::Installed)
        .filter(|(id, _)| counts(id))
        .max_by_key(|(id, record)| (record.since, *id))
}
