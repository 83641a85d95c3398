//! Which service is scanned for which class of updates.
//!
//! Sources: Microsoft, "Use Windows Update client policies and WSUS together" (per class, scan source policies);
//! the dual-scan articles of 2017 to 2026 for the older rules. The order of the branches is decided.
//!
//! Deliberately absent: stale policy caches and a pause by the user, which no device file can express; and classes that
//! get nothing because Windows Update is not to be contacted (`AllowUpdateService`), which is the scan's to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalog::Classification;
use crate::Device;
use crate::device::UpdateEntry;
use crate::schema::OsVersion;

/// The class of an update, as policies tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UpdateClass {
    /// Feature updates: a new version of Windows.
    Feature,
    /// Quality updates of Windows.
    Quality,
    /// Drivers and firmware.
    Driver,
    /// Updates of other Microsoft products.
    Other,
}

impl UpdateClass {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Feature, Self::Quality, Self::Driver, Self::Other];

    /// The policy that chooses its source.
    const fn policy(self) -> &'static str {
        match self {
            Self::Feature => "SetPolicyDrivenUpdateSourceForFeatureUpdates",
            Self::Quality => "SetPolicyDrivenUpdateSourceForQualityUpdates",
            Self::Driver => "SetPolicyDrivenUpdateSourceForDriverUpdates",
            Self::Other => "SetPolicyDrivenUpdateSourceForOtherUpdates",
        }
    }
}

/// A service that offers updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Source {
    /// Windows Update.
    WindowsUpdate,
    /// A WSUS server of the organisation.
    #[serde(rename = "WSUS")]
    Wsus,
}

/// The service that is scanned for a class of updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ScanSource {
    /// Windows Update.
    WindowsUpdate,
    /// A WSUS server of the organisation.
    #[serde(rename = "WSUS")]
    Wsus,
    /// None: the device may not ask the service that the class comes from.
    #[serde(rename = "none")]
    None,
}

impl ScanSource {
    /// Whether an update that these services offer comes from it.
    #[must_use]
    pub fn offers(self, sources: &[Source]) -> bool {
        match self {
            Self::WindowsUpdate => sources.contains(&Source::WindowsUpdate),
            Self::Wsus => sources.contains(&Source::Wsus),
            Self::None => false,
        }
    }
}

/// The source of every class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScanSources {
    /// Feature updates.
    pub feature: ScanSource,
    /// Quality updates.
    pub quality: ScanSource,
    /// Drivers.
    pub driver: ScanSource,
    /// Other Microsoft products.
    pub other: ScanSource,
    /// Definitions of Defender, which follow no class.
    pub definitions: ScanSource,
}

impl ScanSources {
    /// The source of `class`.
    #[must_use]
    pub const fn of(&self, class: UpdateClass) -> ScanSource {
        match class {
            UpdateClass::Feature => self.feature,
            UpdateClass::Quality => self.quality,
            UpdateClass::Driver => self.driver,
            UpdateClass::Other => self.other,
        }
    }

    /// The source of an update.
    #[must_use]
    pub fn of_update(&self, update: &UpdateEntry) -> ScanSource {
        if update.classification == Classification::DEFINITION_UPDATES {
            self.definitions
        } else {
            self.of(update.class())
        }
    }

    /// Whether a WSUS server is set, and Windows Update is scanned beside it for updates of Windows.
    #[must_use]
    pub fn is_dual_scan(&self) -> bool {
        let sources = [self.feature, self.quality, self.driver, self.other];
        let from_cloud = self.feature == ScanSource::WindowsUpdate || self.quality == ScanSource::WindowsUpdate;
        from_cloud && sources.contains(&ScanSource::Wsus)
    }

    const fn all(source: ScanSource) -> Self {
        Self { feature: source, quality: source, driver: source, other: source, definitions: source }
    }

    fn each(source: impl Fn(UpdateClass) -> ScanSource) -> Self {
        Self {
            feature: source(UpdateClass::Feature),
            quality: source(UpdateClass::Quality),
            driver: source(UpdateClass::Driver),
            other: source(UpdateClass::Other),
            definitions: source(UpdateClass::Quality),
        }
    }
}

/// How a version of Windows treats a WSUS server beside Windows Update client policies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Before Windows 10 1607: WSUS for everything.
    WsusOnly,
    /// Windows 10 1607 to 1909: dual scan, no scan source policy.
    DualScan,
    /// Windows 10 2004 and later: scan source policies, and DisableDualScan above them.
    ScanSourceOrDualScan,
    /// Windows 11: scan source policies, and DisableDualScan without effect.
    ScanSource,
}

impl Rule {
    fn of(os: OsVersion) -> Self {
        match (os.build, os.revision) {
            (..14_393, _) => Self::WsusOnly,
            (..19_041, _) | (19_041..=19_043, ..1_202) => Self::DualScan,
            (..22_000, _) => Self::ScanSourceOrDualScan,
            _ => Self::ScanSource,
        }
    }
}

/// The sources that `device` scans as it is configured now.
pub(crate) fn resolve(device: &Device) -> ScanSources {
    let policy = device.effective_policy();
    if !policy.uses_wsus() {
        return ScanSources::all(ScanSource::WindowsUpdate);
    }
    let rule = Rule::of(device.os());
    let chosen = |class: UpdateClass| match policy.scan_source(class.policy()) {
        Some(0) => Some(ScanSource::WindowsUpdate),
        Some(_) => Some(ScanSource::Wsus),
        None => None,
    };
    let has_scan_sources = matches!(rule, Rule::ScanSourceOrDualScan | Rule::ScanSource);
    let set = if has_scan_sources { UpdateClass::ALL.into_iter().filter_map(chosen).count() } else { 0 };
    let dual_scan_disabled = rule != Rule::ScanSource && policy.int("DisableDualScan") == Some(1);
    match set {
        _ if rule == Rule::WsusOnly => ScanSources::all(ScanSource::Wsus),
        4 => ScanSources::each(|class| match class {
            UpdateClass::Feature | UpdateClass::Quality if dual_scan_disabled => ScanSource::Wsus,
            _ => chosen(class).unwrap_or(ScanSource::Wsus),
        }),
        0 if policy.has_client_policy() && !dual_scan_disabled => ScanSources::each(|class| match class {
            UpdateClass::Feature | UpdateClass::Quality => ScanSource::WindowsUpdate,
            UpdateClass::Driver | UpdateClass::Other => ScanSource::Wsus,
        }),
        0 => ScanSources::all(ScanSource::Wsus),
        // Windows does not support a partial configuration; what was seen is that every class follows one.
        _ => ScanSources::all(chosen(UpdateClass::Other).unwrap_or(ScanSource::Wsus)),
    }
}
