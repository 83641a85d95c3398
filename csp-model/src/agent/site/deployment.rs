//! Deployments of software updates, and the collections that they go to.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigMgr, MaintenanceWindow, wrong};
use crate::agent::UpdateId;
use crate::device::{ProfileError, UpdateEntry};
use crate::units::Instant;

/// A device collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// Its name.
    pub name: String,
    /// Whether the device is in it.
    #[serde(default = "yes")]
    pub member: bool,
    /// Its maintenance windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maintenance_window: Vec<MaintenanceWindow>,
}

/// A deployment of software updates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// `AssignmentName`
    pub name: String,
    /// `AssignmentID`; follows from the name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub id: Option<UpdateId>,
    /// The collection that it goes to.
    pub collection: String,
    /// Updates, and classifications whose updates are all deployed.
    #[schemars(with = "Vec<String>")]
    pub updates: Vec<UpdateId>,
    /// What it is for.
    pub purpose: Purpose,
    /// From when on; from the start when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub available: Option<Instant>,
    /// required: the installation deadline; as soon as possible when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub deadline: Option<Instant>,
    /// required: install after the deadline, whatever the maintenance windows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub install_outside_windows: bool,
    /// required: restart after the deadline, whatever the maintenance windows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restart_outside_windows: bool,
    /// The distribution points that have the content; every one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Vec<String>>,
    /// Download from Microsoft Update what no distribution point has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_microsoft_update: bool,
}

/// What a deployment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Users find the updates in Software Center, and install them when they like.
    Available,
    /// The updates are installed at the deadline.
    Required,
}

impl Deployment {
    /// `AssignmentID`
    #[must_use]
    pub fn assignment_id(&self) -> UpdateId {
        self.id.unwrap_or_else(|| UpdateId::of_series(&self.name, 0))
    }

    /// Whether it is of the update, or of its classification.
    #[must_use]
    pub fn is_of(&self, update: &UpdateEntry) -> bool {
        self.updates.contains(&update.id) || self.updates.contains(&update.classification.id())
    }

    /// Whether a distribution point has its content.
    #[must_use]
    pub fn has_content_on(&self, point: &str) -> bool {
        let is_it = |known: &String| known.eq_ignore_ascii_case(point);
        self.content.as_ref().is_none_or(|points| points.iter().any(is_it))
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self, now: DateTime<Utc>) -> bool {
        self.available.is_none_or(|available| available.0 <= now)
    }

    pub(super) fn check(&self, path: &str, configmgr: &ConfigMgr) -> Result<(), ProfileError> {
        /// Source: Microsoft, "Plan for software updates": 1,000 updates in a deployment at most.
        const MOST: usize = 1_000;
        if !configmgr.collection.iter().any(|collection| collection.name == self.collection) {
            let known: Vec<_> =
                configmgr.collection.iter().map(|collection| format!("`{}`", collection.name)).collect();
            let what = match known.as_slice() {
                [] => format!("there is no collection `{}`: the site has none", self.collection),
                known => {
                    let known = known.join(", ");
                    format!("there is no collection `{}`: expected one of {known}", self.collection)
                }
            };
            return Err(wrong(format!("{path}.collection"), what));
        }
        if self.updates.is_empty() || self.updates.len() > MOST {
            return Err(wrong(format!("{path}.updates"), "expected 1 to 1000 updates or classifications"));
        }
        let points: Vec<_> =
            configmgr.boundary_group.iter().flat_map(|group| &group.distribution_points).collect();
        let is_known = |point: &&String| points.iter().any(|known| known.eq_ignore_ascii_case(point));
        if let Some(unknown) = self.content.iter().flatten().find(|point| !is_known(point)) {
            let what = format!("no boundary group has the distribution point `{unknown}`");
            return Err(wrong(format!("{path}.content"), what));
        }
        let only_required = [
            ("deadline", self.deadline.is_some()),
            ("install_outside_windows", self.install_outside_windows),
            ("restart_outside_windows", self.restart_outside_windows),
        ];
        let misplaced =
            only_required.iter().find(|(_, is_set)| *is_set && self.purpose == Purpose::Available);
        if let Some((key, _)) = misplaced {
            return Err(wrong(
                format!("{path}.{key}"),
                "only a deployment whose `purpose` is `required` has one",
            ));
        }
        if self.deadline.zip(self.available).is_some_and(|(deadline, available)| deadline < available) {
            return Err(wrong(format!("{path}.deadline"), "is earlier than `available`"));
        }
        Ok(())
    }
}

const fn yes() -> bool {
    true
}

impl Collection {
    pub(super) fn check(&self, path: &str) -> Result<(), ProfileError> {
        for (index, window) in self.maintenance_window.iter().enumerate() {
            window.check(&format!("{path}.maintenance_window[{index}]"))?;
        }
        Ok(())
    }
}
