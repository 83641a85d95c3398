//! Which service is scanned for which class of updates.
//!
//! What can come is said here, what decides in [`resolve`](mod@resolve), what versions of Windows differ in in [`windows`],
//! and what tools can read of it in [`policy_state`].
//!
//! Deliberately absent: updates of third parties, which WSUS alone has, whatever a policy says.

mod policy_state;
mod resolve;
mod windows;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalog::Classification;
use crate::device::UpdateEntry;

pub use policy_state::PolicyState;
pub(crate) use resolve::resolve;
pub(super) use resolve::{Grounds, Verdict};

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
    pub(crate) const fn policy(self) -> &'static str {
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

impl From<Source> for ScanSource {
    fn from(source: Source) -> Self {
        match source {
            Source::WindowsUpdate => Self::WindowsUpdate,
            Source::Wsus => Self::Wsus,
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
    /// Whether a WSUS server is to be used.
    pub uses_wsus: bool,
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

    /// Whether Windows Update is scanned for updates of Windows in spite of a WSUS server.
    #[must_use]
    pub fn is_dual_scan(&self) -> bool {
        let is_cloud = |source| source == ScanSource::WindowsUpdate;
        self.uses_wsus && (is_cloud(self.feature) || is_cloud(self.quality))
    }

    const fn all(source: ScanSource) -> Self {
        Self {
            feature: source,
            quality: source,
            driver: source,
            other: source,
            definitions: source,
            uses_wsus: false,
        }
    }
}
