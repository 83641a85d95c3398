//! What may be done where, by hand: from the decisions on the Update CSP, the pages of the CSPs, and `lab.xml`.

use csp_model::device::RevokeApproval;
use csp_model::schema::builtin::Edition;
use csp_model::{DeviceFile, Format};

/// One kind of node. In `pattern` a `*` is a name that is free.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) pattern: &'static str,
    /// Letters: Add, Delete, Get, Replace, eXec.
    pub(crate) access: &'static str,
    pub(crate) format: Format,
    /// Whether it is there whenever the node above is.
    pub(crate) stays: bool,
    pub(crate) takes: Takes,
    /// What it says before anybody has written to it.
    pub(crate) default: &'static str,
}

/// The values that a node takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Takes {
    Any,
    Range(i64, i64),
    Words(&'static [&'static str]),
    /// A digit, or two with a point between them; not back from 2.0 or later.
    Version,
    /// A date with a time, or nothing.
    DateTime,
    /// The same, or a time alone; not beside the other recurrent schedule.
    Time,
}

impl Rule {
    pub(crate) fn segments(&self) -> impl DoubleEndedIterator<Item = &'static str> {
        self.pattern.split('/')
    }

    pub(crate) fn allows(&self, letter: char) -> bool {
        self.access.contains(letter)
    }

    /// U15: the nodes that the DDF marks as insensitive to case.
    pub(crate) fn ignores_case(&self, name: &str) -> bool {
        let first_sync = [
            "BlockInStatusPage",
            "AllowCollectLogsButton",
            "CustomErrorText",
            "SkipDeviceStatusPage",
            "SkipUserStatusPage",
        ];
        let update = ["State", "Status", "LastSuccessfulScanTime", "DeferUpgrade"];
        let names = if self.pattern.starts_with("Update/") { &update[..] } else { &first_sync };
        names.contains(&name)
    }
}

/// How a policy's value is given: its name, its format, what it takes.
pub(crate) const POLICIES: [(&str, Format, Takes); 16] = [
    ("ActiveHoursStart", Format::Int, Takes::Range(0, 23)),
    ("BranchReadinessLevel", Format::Int, Takes::Words(&["2", "4", "8", "16", "32", "64", "128"])),
    ("ConfigureFeatureUpdateUninstallPeriod", Format::Int, Takes::Range(2, 60)),
    ("DeferFeatureUpdatesPeriodInDays", Format::Int, Takes::Range(0, 365)),
    ("PauseFeatureUpdates", Format::Int, Takes::Range(0, 1)),
    ("PauseFeatureUpdatesStartTime", Format::Chr, Takes::Any),
    ("PauseQualityUpdates", Format::Int, Takes::Range(0, 1)),
    ("PauseQualityUpdatesStartTime", Format::Chr, Takes::Any),
    ("RequireDeferUpgrade", Format::Int, Takes::Range(0, 1)),
    ("RequireUpdateApproval", Format::Int, Takes::Range(0, 1)),
    ("SetPolicyDrivenUpdateSourceForDriverUpdates", Format::Int, Takes::Range(0, 1)),
    ("SetPolicyDrivenUpdateSourceForFeatureUpdates", Format::Int, Takes::Range(0, 1)),
    ("SetPolicyDrivenUpdateSourceForOtherUpdates", Format::Int, Takes::Range(0, 1)),
    ("SetPolicyDrivenUpdateSourceForQualityUpdates", Format::Int, Takes::Range(0, 1)),
    ("TargetReleaseVersion", Format::Chr, Takes::Any),
    ("UpdateServiceUrl", Format::Chr, Takes::Any),
];

/// Every kind of node below `./Vendor/MSFT` that the model knows.
pub(crate) fn rules(file: &DeviceFile) -> Vec<Rule> {
    let rule = |pattern, access, format, stays| Rule {
        pattern,
        access,
        format,
        stays,
        takes: Takes::Any,
        default: "",
    };
    let node = |pattern| rule(pattern, "G", Format::Node, true);
    let member = |pattern| rule(pattern, "G", Format::Node, false);
    let leaf = |pattern, format| rule(pattern, "G", format, true);
    let deletes = match (file.revoke_approval, file.schema) {
        (Some(RevokeApproval::Allowed), _) | (None, Edition::V1803) => true,
        (Some(RevokeApproval::Refused), _) | (None, Edition::V2023) => false,
    };
    let (state, time) = match file.schema {
        Edition::V1803 => ("Update/FailedUpdates/*/Status", "G"),
        Edition::V2023 => ("Update/FailedUpdates/*/State", "AG"),
    };
    let mut rules = vec![
        node("Update"),
        // Its Add and Delete are those of the nodes below (U9).
        node("Update/ApprovedUpdates"),
        rule("Update/ApprovedUpdates/*", if deletes { "ADG" } else { "AG" }, Format::Node, false),
        rule("Update/ApprovedUpdates/*/ApprovedTime", time, Format::Time, true),
        node("Update/FailedUpdates"),
        member("Update/FailedUpdates/*"),
        leaf("Update/FailedUpdates/*/HResult", Format::Int),
        leaf(state, Format::Int),
        leaf("Update/FailedUpdates/*/RevisionNumber", Format::Int),
        node("Update/InstalledUpdates"),
        member("Update/InstalledUpdates/*"),
        leaf("Update/InstalledUpdates/*/RevisionNumber", Format::Int),
        node("Update/InstallableUpdates"),
        member("Update/InstallableUpdates/*"),
        leaf("Update/InstallableUpdates/*/Type", Format::Int),
        leaf("Update/InstallableUpdates/*/RevisionNumber", Format::Int),
        node("Update/PendingRebootUpdates"),
        member("Update/PendingRebootUpdates/*"),
        leaf("Update/PendingRebootUpdates/*/InstalledTime", Format::Time),
        leaf("Update/PendingRebootUpdates/*/RevisionNumber", Format::Int),
        leaf("Update/LastSuccessfulScanTime", Format::Time),
        leaf("Update/DeferUpgrade", Format::Bool),
        node("Update/Rollback"),
        rule("Update/Rollback/QualityUpdate", "X", Format::Null, true),
        rule("Update/Rollback/FeatureUpdate", "X", Format::Null, true),
        leaf("Update/Rollback/QualityUpdateStatus", Format::Chr),
        leaf("Update/Rollback/FeatureUpdateStatus", Format::Chr),
        node("Policy"),
        node("Policy/Config"),
        node("Policy/Config/Update"),
        node("Policy/Result"),
        node("Policy/Result/Update"),
        node("Lab"),
        Rule { default: "true", ..rule("Lab/Power", "GR", Format::Bool, true) },
        Rule { takes: Takes::Range(0, 10), ..rule("Lab/Level", "ADGR", Format::Int, false) },
        Rule { takes: Takes::Words(&["on", "off"]), ..rule("Lab/Mode", "ADGR", Format::Chr, false) },
        node("Lab/Rooms"),
        rule("Lab/Rooms/*", "ADG", Format::Node, false),
        Rule { default: "none", ..rule("Lab/Rooms/*/Label", "GR", Format::Chr, true) },
        rule("Lab/Rooms/*/Seats", "ADGR", Format::Int, false),
        rule("Lab/Rooms/*/Open", "X", Format::Null, true),
        rule("Lab/Rooms/*/Doors", "ADG", Format::Node, false),
        rule("Lab/Rooms/*/Doors/*", "ADGR", Format::Chr, false),
    ];
    rules.extend(super::enrolment::rules());
    for (name, format, takes) in POLICIES {
        rules.push(Rule { takes, ..rule(policy("Config", name), "ADGR", format, false) });
        rules.push(rule(policy("Result", name), "G", format, false));
    }
    rules
}

/// One text for each, however many models are made.
fn policy(below: &'static str, name: &'static str) -> &'static str {
    use std::collections::BTreeMap;
    use std::sync::LazyLock;
    static TEXTS: LazyLock<BTreeMap<(&'static str, &'static str), String>> = LazyLock::new(|| {
        let both = ["Config", "Result"].into_iter();
        both.flat_map(|below| {
            POLICIES.map(|(name, ..)| ((below, name), format!("Policy/{below}/Update/{name}")))
        })
        .collect()
    });
    TEXTS.get(&(below, name)).map_or("", |text| text)
}
