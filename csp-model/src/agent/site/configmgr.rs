//! The Configuration Manager site whose client a device is.
//!
//! Sources: Microsoft, "About client settings in Configuration Manager", "How to use maintenance windows", "Configure
//! boundary groups"; the founding articles on deployments that are not shown, or never applied.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Address, Answer, BoundaryGroup, Collection, Deployment, MaintenanceWindow, wrong};
use crate::device::ProfileError;
use crate::units::{Duration, Size};

/// The Configuration Manager site, its client settings, and where the device is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigMgr {
    /// The site code.
    pub site: String,
    /// The management point that the client asks for policy.
    pub management_point: ManagementPoint,
    /// How often the client asks for policy.
    pub policy_polling: Duration,
    /// How often the client scans.
    pub scan_cycle: Duration,
    /// How often the client evaluates deployments anew, for which it scans.
    pub reevaluation: Duration,
    /// Client setting "Enable software updates on clients".
    pub software_updates: bool,
    /// The device's address, with the length of its mask; in no boundary group when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// The WSUS server that a Group Policy of the domain sets; none does when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_policy: Option<String>,
    /// What the file of local Group Policy is like, where the client writes the software update point.
    pub registry_pol: RegistryPol,
    /// The maximum run time of updates that have none of their own.
    pub max_run_time: Duration,
    /// Whether required updates start up to two hours after their deadline: the opposite of client setting "Disable
    /// deadline randomization".
    pub deadline_randomization: bool,
    /// How long a user is warned of a restart.
    pub restart_countdown: Duration,
    /// Client setting: install software updates in windows for all deployments though there are some for updates alone.
    pub updates_in_all_windows: bool,
    /// The client's cache.
    pub cache: Cache,
    /// How large a log grows before it is put aside.
    pub log_max_size: Size,
    /// How many logs that were put aside are kept.
    pub log_max_history: u32,
    /// The boundary groups of the site.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boundary_group: Vec<BoundaryGroup>,
    /// The device collections of the site.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collection: Vec<Collection>,
    /// The deployments of software updates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deployment: Vec<Deployment>,
}

/// A management point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ManagementPoint {
    /// Its name.
    pub host: String,
    /// Whether it is asked by HTTPS.
    pub https: bool,
    /// What it does when the client asks: 200 when absent.
    pub answers: Answer,
}

/// What `registry.pol`, the file of local Group Policy, is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RegistryPol {
    /// As it should be.
    #[default]
    Sound,
    /// Damaged: reading it fails with 0x800703EE.
    Corrupt,
    /// Not to be read: 0x80004005.
    Unreadable,
}

/// The client's cache, and the disk that it is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cache {
    /// Client setting "Maximum cache size (MB)".
    pub size: Size,
    /// Client setting "Maximum cache size (percentage of disk)"; the smaller of the two holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub percent: Option<u8>,
    /// How large the disk is.
    pub disk: Size,
    /// How much of it is free.
    pub free: Size,
    /// What the content of a software update needs.
    pub rule: CacheRule,
}

/// What the content of a software update needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheRule {
    /// Room on the disk: the size of the cache is not asked for (Japanese ConfigMgr support blog, 2022-05-11).
    #[default]
    Disk,
    /// Room in the cache too, as the founding article has it.
    CacheSize,
}

impl Default for ConfigMgr {
    fn default() -> Self {
        const HOUR: u64 = 3_600;
        let week = Duration::from_secs(7 * 24 * HOUR);
        Self {
            site: "PS1".to_owned(),
            management_point: ManagementPoint::default(),
            policy_polling: Duration::from_secs(HOUR),
            scan_cycle: week,
            reevaluation: week,
            software_updates: true,
            address: None,
            domain_policy: None,
            registry_pol: RegistryPol::Sound,
            max_run_time: Duration::from_secs(HOUR),
            deadline_randomization: true,
            restart_countdown: Duration::from_secs(90 * 60),
            updates_in_all_windows: false,
            cache: Cache::default(),
            log_max_size: Size::from_bytes(250_000),
            log_max_history: 1,
            boundary_group: Vec::new(),
            collection: Vec::new(),
            deployment: Vec::new(),
        }
    }
}

impl Default for ManagementPoint {
    fn default() -> Self {
        Self { host: "mp.contoso.com".to_owned(), https: false, answers: Answer::OK }
    }
}

impl Default for Cache {
    fn default() -> Self {
        const GIB: u64 = 1 << 30;
        Self {
            size: Size::from_bytes(5 * GIB),
            percent: None,
            disk: Size::from_bytes(256 * GIB),
            free: Size::from_bytes(128 * GIB),
            rule: CacheRule::Disk,
        }
    }
}

impl ManagementPoint {
    /// The port that the client asks.
    #[must_use]
    pub const fn port(&self) -> u16 {
        if self.https { 443 } else { 80 }
    }
}

impl Cache {
    /// How much the cache may hold: the smaller of its two settings.
    #[must_use]
    pub fn limit(&self) -> Size {
        let share = self.percent.map(|percent| self.disk.bytes() / 100 * u64::from(percent));
        Size::from_bytes(share.map_or(self.size.bytes(), |share| share.min(self.size.bytes())))
    }
}

impl ConfigMgr {
    /// The boundary groups that the device is in.
    pub fn own_groups(&self) -> impl Iterator<Item = &BoundaryGroup> {
        let holds = |group: &&BoundaryGroup| self.address.is_some_and(|address| group.holds(address));
        self.boundary_group.iter().filter(holds)
    }

    /// The software update point that the device is told: the first that a boundary group of its has.
    #[must_use]
    pub fn software_update_point(&self) -> Option<&str> {
        self.own_groups().find_map(|group| group.software_update_point.as_deref())
    }

    /// The collections that the device is in.
    pub fn own_collections(&self) -> impl Iterator<Item = &Collection> {
        self.collection.iter().filter(|collection| collection.member)
    }

    /// The deployments to collections that the device is in.
    pub fn own_deployments(&self) -> impl Iterator<Item = &Deployment> {
        self.deployment
            .iter()
            .filter(|deployment| self.own_collections().any(|own| own.name == deployment.collection))
    }

    /// The maintenance windows of the collections that the device is in.
    pub fn own_windows(&self) -> impl Iterator<Item = &MaintenanceWindow> {
        self.own_collections().flat_map(|collection| &collection.maintenance_window)
    }

    /// The distribution points near the device that have the content of a deployment.
    pub fn content_locations<'c>(&'c self, deployment: &'c Deployment) -> impl Iterator<Item = &'c str> {
        let near = self.own_groups().flat_map(|group| group.distribution_points.iter());
        near.map(String::as_str).filter(|point| deployment.has_content_on(point))
    }

    /// # Errors
    /// The first value that makes no sense by itself or beside another.
    pub(crate) fn check(&self) -> Result<(), ProfileError> {
        const MOST: usize = 1_000;
        const LEAST_PERIOD: u64 = 60;
        if self.management_point.host.trim().is_empty() {
            return Err(wrong("configmgr.management_point.host", "expected a name like `mp.contoso.com`"));
        }
        if matches!(self.management_point.answers, Answer::PoolStopped | Answer::TooManyRoundTrips) {
            let what = format!("`{}` is an answer of a WSUS server", self.management_point.answers);
            return Err(wrong("configmgr.management_point.answers", what));
        }
        let periods = [
            ("policy_polling", self.policy_polling),
            ("scan_cycle", self.scan_cycle),
            ("reevaluation", self.reevaluation),
        ];
        if let Some((key, _)) = periods.iter().find(|(_, period)| period.as_secs() < LEAST_PERIOD) {
            return Err(wrong(format!("configmgr.{key}"), "expected a minute at least"));
        }
        check_run_time(self.max_run_time).map_err(|what| wrong("configmgr.max_run_time", what))?;
        self.check_cache()?;
        let tables = [
            ("boundary_group", self.boundary_group.len()),
            ("collection", self.collection.len()),
            ("deployment", self.deployment.len()),
        ];
        if let Some((table, _)) = tables.into_iter().find(|(_, length)| *length > MOST) {
            return Err(wrong(format!("configmgr.{table}[{MOST}]"), format!("expected {MOST} at most")));
        }
        self.check_names()?;
        self.check_windows()?;
        for (index, collection) in self.collection.iter().enumerate() {
            collection.check(&format!("configmgr.collection[{index}]"))?;
        }
        for (index, deployment) in self.deployment.iter().enumerate() {
            deployment.check(&format!("configmgr.deployment[{index}]"), self)?;
        }
        Ok(())
    }

    fn check_cache(&self) -> Result<(), ProfileError> {
        /// Source: the founding article on deployments that are never applied.
        const LARGEST: u64 = 100_000_000_000;
        let Cache { size, percent, disk, free, rule: _ } = &self.cache;
        if size.bytes() >= LARGEST {
            return Err(wrong("configmgr.cache.size", "expected less than 100 GB: no more can be set"));
        }
        if percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
            return Err(wrong("configmgr.cache.percent", "expected a number from 1 to 100"));
        }
        if free > disk {
            return Err(wrong("configmgr.cache.free", "is more than `disk`, the whole of it"));
        }
        Ok(())
    }

    /// How many windows there are decides what it costs to find one.
    fn check_windows(&self) -> Result<(), ProfileError> {
        const MOST: usize = 100;
        let mut count = 0;
        for (index, collection) in self.collection.iter().enumerate() {
            count += collection.maintenance_window.len();
            if count > MOST {
                let path = format!("configmgr.collection[{index}].maintenance_window");
                return Err(wrong(path, format!("expected {MOST} windows in all collections at most")));
            }
        }
        Ok(())
    }

    /// Two of one name would be one.
    fn check_names(&self) -> Result<(), ProfileError> {
        let mut seen = BTreeSet::new();
        let mut check = |table: &'static str, index: usize, name: &str| {
            let path = format!("configmgr.{table}[{index}].name");
            if name.trim().is_empty() {
                return Err(wrong(path, "expected a name"));
            }
            match seen.insert((table, name.to_owned())) {
                true => Ok(()),
                false => Err(wrong(path, format!("there is another `{name}`"))),
            }
        };
        for (index, group) in self.boundary_group.iter().enumerate() {
            check("boundary_group", index, &group.name)?;
        }
        for (index, collection) in self.collection.iter().enumerate() {
            check("collection", index, &collection.name)?;
        }
        for (index, deployment) in self.deployment.iter().enumerate() {
            check("deployment", index, &deployment.name)?;
        }
        Ok(())
    }
}

/// Whether an installation may be given so much time.
///
/// Source: Microsoft, "Settings to manage software updates", maximum run time: 5 to 9,999 minutes.
pub(crate) fn check_run_time(length: Duration) -> Result<(), &'static str> {
    match length.as_secs() {
        300..=599_940 => Ok(()),
        _ => Err("expected 5 to 9999 minutes"),
    }
}
