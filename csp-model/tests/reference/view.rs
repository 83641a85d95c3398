//! What reading shows: a flat map of every node, made anew from the model's lists and sets.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use csp_model::Format;
use csp_model::device::{InitialState, Scalar, UpdateEntry};

use super::model::{Model, Shown, matches};
use super::rules::{POLICIES, Rule};

impl Model {
    /// Every node below `./Vendor/MSFT`, by its address from there.
    pub(crate) fn tree(&self) -> BTreeMap<String, Shown> {
        let mut tree = BTreeMap::new();
        let mut values = self.values();
        values.extend(self.kept.iter().filter_map(|(at, text)| Some((at.clone(), text.clone()?))));
        for rule in self.rules.iter().filter(|rule| !rule.pattern.contains('*') && rule.stays) {
            tree.insert(rule.pattern.to_owned(), self.shown(rule, values.get(rule.pattern)));
        }
        let instances = self.members().into_iter().chain(self.kept.keys().cloned());
        let policies = values.keys().filter(|address| address.starts_with("Policy/")).cloned();
        for address in instances.chain(policies) {
            let Some(rule) = self.rules.iter().find(|rule| matches(rule, &address)) else { continue };
            tree.insert(address.clone(), self.shown(rule, values.get(&address)));
            self.what_stays_below(rule.pattern, &address, &values, &mut tree);
        }
        // There is one account, and its server need not be enrolled.
        let server = format!("DMClient/Provider/{}", self.file.account.provider);
        if tree.contains_key(&server) {
            let shown = Shown::Leaf(Format::Chr, Some(self.address.clone()));
            tree.insert(format!("{server}/ManagementServiceAddress"), shown);
        }
        tree
    }

    fn what_stays_below(
        &self,
        pattern: &str,
        address: &str,
        values: &BTreeMap<String, String>,
        tree: &mut BTreeMap<String, Shown>,
    ) {
        for rule in self.staying.get(pattern).into_iter().flatten() {
            let name = rule.segments().next_back().unwrap_or_default();
            let child = format!("{address}/{name}");
            tree.insert(child.clone(), self.shown(rule, values.get(&child)));
            self.what_stays_below(rule.pattern, &child, values, tree);
        }
    }

    /// `{set}/{guid}` of every update and approval (U13).
    fn members(&self) -> Vec<String> {
        let mut all: Vec<_> =
            self.approvals.keys().map(|id| format!("Update/ApprovedUpdates/{id}")).collect();
        for update in &self.file.update {
            all.extend(sets(update.state).iter().map(|set| format!("Update/{set}/{}", update.id)));
        }
        all
    }

    /// The text of every leaf whose value does not come from a description or a server's write to it.
    fn values(&self) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        let mut put = |address: String, text: String| drop(values.insert(address, text));
        for (id, at) in &self.approvals {
            put(format!("Update/ApprovedUpdates/{id}/ApprovedTime"), instant(*at));
        }
        for update in &self.file.update {
            for set in sets(update.state) {
                let at = |leaf: &str| format!("Update/{set}/{}/{leaf}", update.id);
                put(at("RevisionNumber"), update.revision.to_string());
                match *set {
                    "FailedUpdates" => {
                        put(at("HResult"), update.hresult.unwrap_or_default().0.to_string());
                        put(at("State"), flag(update).to_string());
                        put(at("Status"), flag(update).to_string());
                    }
                    "InstallableUpdates" => put(at("Type"), kind(update).to_owned()),
                    "PendingRebootUpdates" => {
                        put(at("InstalledTime"), instant(update.at.unwrap_or_default().0));
                    }
                    _ => {}
                }
            }
        }
        put(
            "Update/LastSuccessfulScanTime".into(),
            self.file.last_scan.map_or("0".into(), |at| instant(at.0)),
        );
        put("Update/DeferUpgrade".into(), self.defers_upgrades().to_string());
        for kind in ["QualityUpdate", "FeatureUpdate"] {
            let text = if self.refused.contains(kind) { "0x80070490" } else { "" };
            put(format!("Update/Rollback/{kind}Status"), text.to_owned());
        }
        for (name, ..) in POLICIES {
            if let Some(text) = self.policies.get(name) {
                put(format!("Policy/Config/Update/{name}"), text.clone());
            }
            if let Some(text) = self.result(name) {
                put(format!("Policy/Result/Update/{name}"), text);
            }
        }
        values
    }

    fn shown(&self, rule: &Rule, text: Option<&String>) -> Shown {
        match rule.format {
            Format::Node => Shown::Interior,
            format if !rule.allows('G') => Shown::Leaf(format, None),
            format => Shown::Leaf(format, Some(text.map_or(rule.default, String::as_str).to_owned())),
        }
    }
}

const fn sets(state: InitialState) -> &'static [&'static str] {
    match state {
        InitialState::NotOffered => &[],
        InitialState::Installable => &["InstallableUpdates"],
        InitialState::Failed => &["FailedUpdates", "InstallableUpdates"],
        InitialState::PendingRestart => &["PendingRebootUpdates"],
        InitialState::Installed => &["InstalledUpdates"],
    }
}

/// Microsoft, Update CSP: 1 security, 2 critical, 0 everything else.
fn kind(update: &UpdateEntry) -> &'static str {
    match update.classification.to_string().as_str() {
        "Security Updates" => "1",
        "Critical Updates" => "2",
        _ => "0",
    }
}

/// Microsoft, Update CSP: the states double from 1 on, in this order.
fn flag(update: &UpdateEntry) -> u32 {
    const ORDER: [&str; 13] = [
        "NewUpdate",
        "ReadyToDownload",
        "Downloading",
        "DownloadBlocked",
        "DownloadFailed",
        "ReadyToInstall",
        "Installing",
        "InstallBlocked",
        "InstallFailed",
        "RebootRequired",
        "UpdateCompleted",
        "CommitFailed",
        "PostReboot",
    ];
    match &update.status {
        Some(Scalar::Text(name)) => {
            let name = name.trim_start_matches("UpdateStatus");
            ORDER.iter().position(|own| *own == name).map_or(0, |place| 1 << place)
        }
        Some(Scalar::Int(_) | Scalar::Bool(_)) | None => 0,
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
