//! What goes wrong on a device, and when: the plan that the life cycle follows.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HResult, UpdateId};
use crate::units::Duration;

/// A fault that the device file plans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// From when on, since the start of the device clock; from the start when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Duration>,
    /// Until when, since the start of the device clock; for ever when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Duration>,
    /// The one update that it hits; every update when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub update: Option<UpdateId>,
    /// How likely it is each time, from 0 to 1; certain when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub probability: Option<f64>,
    /// How often it strikes; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The error that it gives instead of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub hresult: Option<HResult>,
}

/// What goes wrong on one device: how far its plan has come.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// What goes wrong instead of what the device file plans; `None` when that holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Box<[Fault]>>,
    /// How often each fault that strikes only so often has struck, by its place in the plan.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub struck: BTreeMap<u32, u32>,
}

impl Faults {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The update service does not answer (0x80072EE2).
    ServiceTimeout,
    /// The update service answers HTTP 503 (0x80244022).
    ServiceUnavailable,
    /// A proxy wants credentials, HTTP 407 (0x8024401B).
    ProxyAuth,
    /// The service's name is not resolved (0x80072EE7).
    NameNotResolved,
    /// The secure channel fails (0x80072F8F).
    Tls,
    /// No room on the disk (0x80070070).
    DiskFull,
    /// The ConfigMgr cache is too small (0x87D01202).
    CacheTooSmall,
    /// No distribution point has the content.
    NoDistributionPoint,
    /// The management point is out of reach. On a device that is no ConfigMgr client: what WSUS has does not go on, as long
    /// as the fault lasts, however likely.
    NoPolicy,
    /// The device is not in the collection that the update is deployed to, as long as the fault lasts, however likely.
    NotInCollection,
    /// The installation takes longer than it may (0x800704C7).
    MaxRunTimeExceeded,
    /// No maintenance window is long enough (0x87D00667).
    MaintenanceWindowTooShort,
    /// Nobody has accepted the licence terms.
    EulaNotAccepted,
    /// The downloaded content is damaged (0x80246002).
    DownloadCorrupt,
    /// The installation fails, with any error.
    InstallFailed,
    /// What was installed cannot be committed after the restart (0x80242015).
    CommitFailed,
    /// The network is metered.
    MeteredNetwork,
    /// The battery is low.
    BatteryLow,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::ServiceTimeout,
        Self::ServiceUnavailable,
        Self::ProxyAuth,
        Self::NameNotResolved,
        Self::Tls,
        Self::DiskFull,
        Self::CacheTooSmall,
        Self::NoDistributionPoint,
        Self::NoPolicy,
        Self::NotInCollection,
        Self::MaxRunTimeExceeded,
        Self::MaintenanceWindowTooShort,
        Self::EulaNotAccepted,
        Self::DownloadCorrupt,
        Self::InstallFailed,
        Self::CommitFailed,
        Self::MeteredNetwork,
        Self::BatteryLow,
    ];
}
