//! Which services a device scans, and what is odd about that: `fixtures/scan-source`.
//!
//! `UPDATE=1 cargo test -p csp-model --test scan_source` writes the findings' texts; read what it changed.

#![expect(clippy::disallowed_methods, reason = "a test reads and writes its cases")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use csp_model::agent::{PolicyState, ScanSource, ScanSources};
use csp_model::device::{Profile, Scalar};
use csp_model::{Device, DeviceFile, strategies};
use fixtures::Case;
use proptest::prelude::*;
use serde::Deserialize;

/// `expected.toml`
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    dual_scan: bool,
    /// Whether Windows Update may offer other Microsoft products.
    #[serde(default)]
    other_products: bool,
    /// The ids of what is odd.
    #[serde(default)]
    findings: Vec<String>,
    sources: Sources,
    /// What a user's check online scans; looked at only where a case is about it.
    online: Option<Sources>,
    /// The values of the registry key, as tools read them.
    policy_state: BTreeMap<String, i64>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sources {
    feature: ScanSource,
    quality: ScanSource,
    driver: ScanSource,
    other: ScanSource,
    definitions: ScanSource,
}

impl From<ScanSources> for Sources {
    fn from(sources: ScanSources) -> Self {
        let ScanSources { feature, quality, driver, other, definitions, uses_wsus: _ } = sources;
        Self { feature, quality, driver, other, definitions }
    }
}

#[test]
fn each_device_scans_what_is_expected() {
    let mut wrong = Vec::new();
    for case in fixtures::cases("scan-source") {
        let device = device(&case);
        let text = case.text("expected.toml").unwrap_or_else(|| panic!("{}: no expected.toml", case.name));
        let expected: Expected =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let got = Expected {
            dual_scan: device.scan_sources().is_dual_scan(),
            other_products: device.effective_policy().offers_other_products(),
            findings: device.findings().iter().map(|finding| finding.id.to_owned()).collect(),
            sources: device.scan_sources().into(),
            online: expected.online.is_some().then(|| device.online_scan_sources().into()),
            policy_state: policy_state(&device),
        };
        if got != expected {
            wrong.push(format!("{}\nexpected {expected:?}\ngot      {got:?}", case.name));
        }
        let texts: String =
            device.findings().iter().map(|one| format!("{}: {}\n", one.id, one.text)).collect();
        if std::env::var_os("UPDATE").is_some() && !texts.is_empty() {
            std::fs::write(case.path.join("findings.txt"), &texts).unwrap();
        }
        let known = case.text("findings.txt").unwrap_or_default();
        if known != texts {
            wrong.push(format!("{}\nexpected\n{known}got\n{texts}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_of_the_table_has_a_case() {
    let row = |case: Case| case.name.get(..2)?.parse::<u8>().ok();
    let rows: BTreeSet<_> = fixtures::cases("scan-source").into_iter().filter_map(row).collect();
    assert_eq!(rows, (1..=19).collect());
}

#[test]
fn every_finding_has_a_case() {
    let found = |case| device(&case).findings().into_iter().map(|finding| finding.id);
    let ids: BTreeSet<_> = fixtures::cases("scan-source").into_iter().flat_map(found).collect();
    let expected = [
        "approval-on-desktop",
        "deferral-of-zero",
        "disable-dual-scan-ignored",
        "disable-dual-scan-severs",
        "dual-scan",
        "partial-scan-source",
        "policy-conflict",
        "scan-source-gate-misplaced",
        "scan-source-gate-missing",
        "stale-policy-cache",
        "user-pause-left",
        "windows-update-blocked",
        "wsus-without-automatic-updates",
    ];
    assert_eq!(ids, BTreeSet::from(expected));
}

/// Each alone, whatever its value, and in either copy of Group Policy.
#[test]
fn each_client_policy_turns_dual_scan_on() {
    const POLICIES: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate";
    const CACHE: &str = r"HKLM\SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\GPCache\CacheSet00";
    let both = [
        "BranchReadinessLevel",
        "DeferFeatureUpdatesPeriodInDays",
        "DeferQualityUpdatesPeriodInDays",
        "ExcludeWUDriversInQualityUpdate",
        "PauseFeatureUpdates",
        "PauseFeatureUpdatesStartTime",
        "PauseQualityUpdates",
        "PauseQualityUpdatesStartTime",
    ];
    let group = ["DeferFeatureUpdates", "DeferQualityUpdates", "DeferUpgrade", "TargetReleaseVersionInfo"];
    let user = ["PauseUpdatesExpiryTime", "PauseFeatureUpdatesEndTime", "PauseQualityUpdatesEndTime"];
    let mut places: Vec<(String, &str)> = Vec::new();
    for name in both.into_iter().chain(group) {
        places.push((POLICIES.to_owned(), name));
        places.extend((1..=2).map(|set| (format!(r"{CACHE}{set}\WindowsUpdate"), name)));
    }
    let settings = r"HKLM\SOFTWARE\Microsoft\WindowsUpdate\UX\Settings".to_owned();
    places.extend(user.map(|name| (settings.clone(), name)));
    for (key, name) in places {
        let mut file = with_wsus();
        file.registry.entry(key.clone()).or_default().insert(name.to_owned(), Scalar::Int(0));
        assert!(is_dual_scan(file), r"{key}\{name}");
    }
    for name in both.into_iter().chain(["TargetReleaseVersion"]) {
        let mut file = with_wsus();
        let value = Scalar::Int(if name == "BranchReadinessLevel" { 16 } else { 0 });
        file.policy.entry("Update".to_owned()).or_default().insert(name.to_owned(), value);
        assert!(is_dual_scan(file), "{name}");
    }
    assert!(!is_dual_scan(with_wsus()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sources_make_sense(device in strategies::used_device()) {
        let (sources, state, policy) = (device.scan_sources(), device.policy_state(), device.effective_policy());
        let classes = [sources.feature, sources.quality, sources.driver, sources.other, sources.definitions];
        let is_client = device.site().configmgr.is_some();
        prop_assert!(sources.uses_wsus == policy.uses_wsus() || (is_client && sources.uses_wsus));
        prop_assert!(!sources.is_dual_scan() || state.is_dual_scan_active);
        prop_assert!(sources.uses_wsus || !(classes.contains(&ScanSource::Wsus) || state.uses_scan_sources));
        let may_lack = (sources.uses_wsus && policy.forbids_windows_update()) || matches!(device.os().build, 20_348 | 25_398);
        prop_assert!(may_lack || !classes.contains(&ScanSource::None), "{:?}", sources);
        prop_assert!(!policy.has_client_policy() || state.is_deferral_active);
        let findings = device.findings();
        prop_assert!(findings.is_sorted(), "{:?}", findings);
        prop_assert_eq!(findings, device.findings());
    }
}

fn with_wsus() -> DeviceFile {
    const WSUS: &str = r"
        [registry.'HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate']
        WUServer = 'http://wsus.contoso.com:8530'
        [registry.'HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU']
        UseWUServer = 1
    ";
    DeviceFile::from_toml(WSUS).expect("a device file")
}

fn is_dual_scan(file: DeviceFile) -> bool {
    let device = Device::new(Arc::new(Profile::new(file).expect("a file that makes sense")));
    device.scan_sources().is_dual_scan() && device.policy_state().is_deferral_active
}

fn device(case: &Case) -> Device {
    let text = case.text("device.toml").unwrap_or_else(|| panic!("{}: no device.toml", case.name));
    let file = DeviceFile::from_toml(&text).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let profile = Profile::new(file).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    Device::new(Arc::new(profile))
}

/// The values of the key, each looked up as a tool would.
fn policy_state(device: &Device) -> BTreeMap<String, i64> {
    let values = device.policy_state().values();
    values
        .map(|(name, value)| {
            let key = PolicyState::KEY.replace("HKLM", "HKEY_LOCAL_MACHINE").to_lowercase();
            let read = device.registry_value(&key, &name.to_uppercase()).expect("a value of the verdict");
            assert_eq!(*read, value, "{name}");
            (name.to_owned(), read.int().expect("a number"))
        })
        .collect()
}

#[test]
fn other_registry_values_are_read_as_they_are() {
    let mut file = DeviceFile::default();
    let values = BTreeMap::from([
        ("IsDeferralIsActive".to_owned(), Scalar::Int(7)),
        ("Own".to_owned(), Scalar::Int(8)),
    ]);
    file.registry.insert(PolicyState::KEY.to_owned(), values);
    let device = Device::new(Arc::new(Profile::new(file).unwrap()));
    let read = |name| device.registry_value(PolicyState::KEY, name).and_then(|value| value.int());
    assert_eq!((read("Own"), read("IsDeferralIsActive"), read("None")), (Some(8), Some(0), None));
    assert_eq!(device.registry_value(r"HKLM\SOFTWARE\None", "Own"), None);
}
