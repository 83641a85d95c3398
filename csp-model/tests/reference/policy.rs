//! What policies, Group Policy and rollbacks mean on Windows 11.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use csp_model::device::{InitialState, UpdateEntry};

use super::model::Model;

impl Model {
    /// What holds: Group Policy, or else what the server has set (A12).
    pub(super) fn result(&self, name: &str) -> Option<String> {
        let group = match name {
            "DeferFeatureUpdatesPeriodInDays" => {
                self.group("", name).filter(|_| self.is_on("", "DeferFeatureUpdates"))
            }
            "TargetReleaseVersion" => {
                self.group("", "TargetReleaseVersionInfo").filter(|_| self.is_on("", name))
            }
            "RequireDeferUpgrade" => self.group("", "DeferUpgrade"),
            "UpdateServiceUrl" => self.group("", "WUServer").filter(|_| self.is_on("\\AU", "UseWUServer")),
            "PauseQualityUpdates" | "PauseQualityUpdatesStartTime" => self.group("", name),
            _ => None,
        };
        group.or_else(|| self.policies.get(name).cloned())
    }

    fn group(&self, below: &str, name: &str) -> Option<String> {
        let key = format!(r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate{below}");
        Some(self.file.registry.get(&key)?.get(name)?.text().into_owned())
    }

    fn is_on(&self, below: &str, name: &str) -> bool {
        self.group(below, name).as_deref() == Some("1")
    }

    fn int(&self, name: &str) -> Option<i64> {
        self.result(name)?.parse().ok()
    }

    pub(super) fn defers_upgrades(&self) -> bool {
        self.int("RequireDeferUpgrade") == Some(1)
            || self.int("DeferFeatureUpdatesPeriodInDays") > Some(0)
            || self.int("BranchReadinessLevel") == Some(32)
    }

    /// The updates that a rollback may take away: the latest installed of the class. None when it is refused (U12).
    pub(super) fn rolls_back(&self, kind: &str) -> Vec<String> {
        let is_feature = kind == "FeatureUpdate";
        let pause = if is_feature { "PauseFeatureUpdates" } else { "PauseQualityUpdates" };
        if !self.comes_from_windows_update(is_feature) || !self.has_client_policy() || !self.is_paused(pause)
        {
            return Vec::new();
        }
        let class = |update: &&UpdateEntry| {
            let name = update.classification.to_string();
            let is_upgrade = name == "Upgrades";
            let is_windows = update.product.eq_ignore_ascii_case("Windows");
            let is_quality = is_windows && !is_upgrade && name != "Drivers" && name != "Definition Updates";
            update.state == InitialState::Installed && if is_feature { is_upgrade } else { is_quality }
        };
        let latest = self.file.update.iter().filter(class).filter_map(|update| update.at).max();
        let days = self.int("ConfigureFeatureUpdateUninstallPeriod").unwrap_or(10);
        let is_over = |at: DateTime<Utc>| is_feature && at + TimeDelta::days(days) < self.file.clock.0;
        let ones = self.file.update.iter().filter(class).filter(|update| update.at == latest);
        // Of several that came at once, the one with the last id.
        let one = ones.max_by_key(|update| update.id);
        one.filter(|update| !update.at.is_some_and(|at| is_over(at.0)))
            .filter(|update| !(is_feature && update.enablement_package))
            .map(|update| update.id.to_string())
            .into_iter()
            .collect()
    }

    /// A3 and A4 for Windows 11.
    fn comes_from_windows_update(&self, is_feature: bool) -> bool {
        let by_group = self.is_on("\\AU", "UseWUServer")
            && self.group("", "WUServer").is_some_and(|server| !server.trim().is_empty());
        let by_mdm = self.policies.get("UpdateServiceUrl").is_some_and(|server| !server.trim().is_empty());
        if !by_group && !by_mdm {
            return true;
        }
        let chosen = |class: &str| {
            self.policies
                .get(&format!("SetPolicyDrivenUpdateSourceFor{class}Updates"))
                .map(|text| text == "0")
        };
        let all = ["Driver", "Feature", "Other", "Quality"].map(chosen);
        match all.iter().flatten().count() {
            0 => self.has_client_policy(),
            4 => chosen(if is_feature { "Feature" } else { "Quality" }) == Some(true),
            _ => chosen("Other") == Some(true),
        }
    }

    fn has_client_policy(&self) -> bool {
        let mdm = [
            "BranchReadinessLevel",
            "DeferFeatureUpdatesPeriodInDays",
            "PauseFeatureUpdates",
            "PauseFeatureUpdatesStartTime",
            "PauseQualityUpdates",
            "PauseQualityUpdatesStartTime",
            "TargetReleaseVersion",
        ];
        let group = ["DeferUpgrade", "TargetReleaseVersionInfo", "DeferFeatureUpdates"];
        // In the registry that name is only the switch of TargetReleaseVersionInfo.
        let is_same = |name: &&&str| **name != "TargetReleaseVersion";
        mdm.iter().any(|name| self.policies.contains_key(*name))
            || mdm.iter().filter(is_same).chain(&group).any(|name| self.group("", name).is_some())
    }

    /// A6.
    fn is_paused(&self, policy: &str) -> bool {
        let now = self.file.clock.0;
        let date = self.result(&format!("{policy}StartTime"));
        let day = date.and_then(|text| text.trim().get(..10)?.parse::<NaiveDate>().ok());
        let start = day.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|day| day.and_utc());
        match (start, self.int(policy)) {
            (_, Some(0)) => false,
            (Some(start), _) => start <= now && now < start + TimeDelta::days(35),
            (None, flag) => flag == Some(1),
        }
    }
}
