//! What a device knows as a client of Configuration Manager.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::site::{ConfigMgr, Site};
use super::{Check, HResult};

/// What a device knows as a client of Configuration Manager.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigMgrClient {
    /// When it last asked for policy, and whether the management point answered; `None` before the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polled: Option<Check>,
    /// What its last request for policy failed with; `None` when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<HResult>,
    /// The policy that it goes by.
    #[serde(skip_serializing_if = "KnownPolicy::is_none")]
    pub policy: KnownPolicy,
    /// When it last scanned, or tried to; `None` before the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanned: Option<Check>,
    /// When it last scanned with success: what was found by then, it knows to be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<DateTime<Utc>>,
    /// Whether it is to scan at once, because a deployment begins.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_to_scan: bool,
    /// When a user last had everything installed that Software Center showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installs: Option<Installs>,
}

/// A user has everything installed that Software Center shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installs {
    /// When: what is deployed later is not meant.
    pub at: DateTime<Utc>,
    /// When the client had last scanned with success: what it found later is not meant.
    pub found: DateTime<Utc>,
}

/// The policy that a client goes by.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownPolicy {
    /// None: it has never reached a management point.
    #[default]
    None,
    /// What the site says now.
    Current,
    /// What the site said when the client last asked.
    Former(Box<ConfigMgr>),
}

impl ConfigMgrClient {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The policy that it goes by in a site; `None` where it has none, or is no client any more.
    pub(super) fn policy<'c>(&'c self, site: &'c Site) -> Option<&'c ConfigMgr> {
        let here = site.configmgr.as_ref()?;
        match &self.policy {
            KnownPolicy::None => None,
            KnownPolicy::Current => Some(here),
            KnownPolicy::Former(policy) => Some(policy),
        }
    }
}

impl KnownPolicy {
    const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}
