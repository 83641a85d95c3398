//! What stands around a device: the update server it asks, the proxy in between, and the Configuration Manager site that
//! manages its updates.
//!
//! These are facts of the world, as the device file tells them; what a device knows of them is its own
//! ([`ConfigMgrClient`](super::ConfigMgrClient)).
//!
//! Deliberately absent: the servers themselves. They are what they answer.

mod address;
mod answer;
mod boundary;
mod configmgr;
mod deployment;
mod proxy;
mod window;
mod wsus;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::device::ProfileError;

pub use address::{Address, NotAnAddress};
pub use answer::{Answer, NotAnAnswer};
pub use boundary::{Boundary, BoundaryGroup, NotABoundary};
pub(crate) use configmgr::check_run_time;
pub use configmgr::{Cache, CacheRule, ConfigMgr, ManagementPoint, RegistryPol};
pub use deployment::{Collection, Deployment, Purpose};
pub use proxy::{Proxy, Url};
pub use window::{AppliesTo, LocalTime, MaintenanceWindow, NotALocalTime};
pub(super) use window::{Span, Windows};
pub use wsus::{ClientState, Wsus, WsusApproval};

/// What stands around a device.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Site {
    /// The Configuration Manager site whose client the device is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configmgr: Option<ConfigMgr>,
    /// The WSUS server: the organisation's, or the software update point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wsus: Option<Wsus>,
    /// The proxy of `WinHTTP`, which services use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
}

impl Site {
    /// # Errors
    /// The first value that makes no sense by itself or beside another.
    pub fn check(&self) -> Result<(), ProfileError> {
        if let Some(wsus) = &self.wsus {
            wsus.check()?;
        }
        if let Some(proxy) = &self.proxy {
            proxy.check()?;
        }
        self.configmgr.as_ref().map_or(Ok(()), ConfigMgr::check)
    }

    /// What the WSUS server at `url` does when the device asks it, be it that a proxy is in between.
    #[must_use]
    pub fn answer_of_wsus(&self, url: &str) -> Answer {
        let url = Url::of(url);
        let own = || self.wsus.as_ref().map_or(Answer::OK, |wsus| wsus.answer(&url));
        self.proxy_answer(&url).unwrap_or_else(own)
    }

    /// What a device meets that asks Windows Update, which is always there.
    #[must_use]
    pub fn answer_of_windows_update(&self) -> Answer {
        self.proxy_answer(&Url::of("https://fe2.update.microsoft.com")).unwrap_or(Answer::OK)
    }

    /// What the management point does when the device asks it.
    #[must_use]
    pub fn answer_of_management_point(&self, point: &ManagementPoint) -> Answer {
        let url = Url { host: &point.host, port: point.port() };
        self.proxy_answer(&url).unwrap_or(point.answers)
    }

    /// What the proxy says instead of the server; `None` where it is not asked, or lets the request through.
    fn proxy_answer(&self, url: &Url<'_>) -> Option<Answer> {
        let asked = self.proxy.as_ref().filter(|proxy| !proxy.bypasses(url))?;
        Some(asked.answers).filter(|answer| *answer != Answer::OK)
    }
}

/// An error in a table of the device file.
fn wrong(path: impl Into<String>, what: impl Into<String>) -> ProfileError {
    ProfileError { path: path.into(), what: what.into() }
}
