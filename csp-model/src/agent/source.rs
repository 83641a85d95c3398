//! Which service is scanned for which class of updates.
//!
//! Sources: Microsoft, "Use Windows Update client policies and WSUS together" (per class, scan source policies);
//! the dual-scan articles of 2017 to 2026 for the older rules. The order of the branches is decided.
//!
//! Deliberately absent: stale policy caches and a pause by the user, which no device file can express; and classes that
//! get nothing because Windows Update is not to be contacted (`AllowUpdateService`), which is the scan's to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Device;
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

/// The source of every class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScanSources {
    /// Feature updates.
    pub feature: Source,
    /// Quality updates.
    pub quality: Source,
    /// Drivers.
    pub driver: Source,
    /// Other Microsoft products.
    pub other: Source,
}

impl ScanSources {
    /// The source of `class`.
    #[must_use]
    pub const fn of(&self, class: UpdateClass) -> Source {
        match class {
            UpdateClass::Feature => self.feature,
            UpdateClass::Quality => self.quality,
            UpdateClass::Driver => self.driver,
            UpdateClass::Other => self.other,
        }
    }

    const fn all(source: Source) -> Self {
        Self { feature: source, quality: source, driver: source, other: source }
    }

    fn each(source: impl Fn(UpdateClass) -> Source) -> Self {
        Self {
            feature: source(UpdateClass::Feature),
            quality: source(UpdateClass::Quality),
            driver: source(UpdateClass::Driver),
            other: source(UpdateClass::Other),
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
        return ScanSources::all(Source::WindowsUpdate);
    }
    let rule = Rule::of(device.os());
    let chosen = |class: UpdateClass| match policy.scan_source(class.policy()) {
        Some(0) => Some(Source::WindowsUpdate),
        Some(_) => Some(Source::Wsus),
        None => None,
    };
    let has_scan_sources = matches!(rule, Rule::ScanSourceOrDualScan | Rule::ScanSource);
    let set = if has_scan_sources { UpdateClass::ALL.into_iter().filter_map(chosen).count() } else { 0 };
    let dual_scan_disabled = rule != Rule::ScanSource && policy.int("DisableDualScan") == Some(1);
    match set {
        _ if rule == Rule::WsusOnly => ScanSources::all(Source::Wsus),
        4 => ScanSources::each(|class| match class {
            UpdateClass::Feature | UpdateClass::Quality if dual_scan_disabled => Source::Wsus,
            _ => chosen(class).unwrap_or(Source::Wsus),
        }),
        0 if policy.has_client_policy() && !dual_scan_disabled => ScanSources::each(|class| match class {
            UpdateClass::Feature | UpdateClass::Quality => Source::WindowsUpdate,
            UpdateClass::Driver | UpdateClass::Other => Source::Wsus,
        }),
        0 => ScanSources::all(Source::Wsus),
        // Windows does not support a partial configuration; what was seen is that every class follows one.
        _ => ScanSources::all(chosen(UpdateClass::Other).unwrap_or(Source::Wsus)),
    }
}
