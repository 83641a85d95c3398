//! `docs/causes.md`: why updates do not arrive, each cause as a device file, what the device shows, and what its logs say.
//!
//! `fixtures/scenarios/causes` has a folder for each: `device.toml` the device, `scenario.toml` how it goes wrong and is
//! mended (run with the other scenarios), `cause.toml` what it is and the lines of its logs that show it.
//! `UPDATE=1 cargo test -p cspsim --test causes` writes the page; read what it changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use csp_model::agent::UpdateSet;
use csp_model::device::Profile;
use csp_model::units::Duration;
use csp_model::{Device, DeviceFile};
use cspsim::logs;
use fixtures::Case;
use serde::Deserialize;

/// Every cause that the founding articles name, and two that follow an installation.
const CAUSES: [&str; 29] = [
    "dual-scan",
    "partial-scan-source",
    "scan-source-gate-misplaced",
    "management-point-unreachable",
    "not-in-collection",
    "sup-unreachable",
    "sup-timeout",
    "sup-overloaded",
    "winhttp-proxy",
    "domain-policy-wins",
    "registry-pol-corrupt",
    "sup-not-configured",
    "no-distribution-point",
    "content-not-distributed",
    "cache-too-small",
    "max-run-time-exceeded",
    "no-maintenance-window",
    "wsus-not-configured",
    "wsus-wrong-server",
    "name-not-resolved",
    "proxy-authentication",
    "wsus-server-error",
    "wsus-pool-stopped",
    "client-state-stale",
    "detection-throttled",
    "update-not-approved",
    "update-superseded",
    "update-install-failed",
    "restart-pending",
];

/// `cause.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cause {
    cause: String,
    article: String,
    what: String,
    remedy: String,
    #[serde(rename = "for")]
    length: Duration,
    #[serde(default)]
    line: Vec<Line>,
}

/// A line that a log has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    log: String,
    text: String,
    /// Whether a device that nothing is wrong with has it too.
    #[serde(default)]
    when_well: bool,
}

fn cases() -> Vec<(Case, Cause)> {
    let cases = fixtures::cases("scenarios/causes");
    cases.into_iter().map(|case| (cause(&case), case)).map(|(cause, case)| (case, cause)).collect()
}

fn cause(case: &Case) -> Cause {
    toml::from_str(&case.text("cause.toml").unwrap()).unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

/// The device after its life, and its logs by name.
fn lived(device: &str, length: Duration) -> (Device, BTreeMap<String, String>) {
    let file = DeviceFile::from_toml(device).unwrap();
    let mut device = Device::new(Arc::new(Profile::new(file).unwrap()));
    let end = device.clock() + chrono::TimeDelta::seconds(length.as_secs().cast_signed());
    let (_, files) = logs::live(&mut device, end);
    (device, files.into_iter().map(|file| (file.name, text(&file.bytes))).collect())
}

/// The text of a file, which may be UTF-16 with a byte order mark.
fn text(bytes: &[u8]) -> String {
    match bytes.strip_prefix(&[0xff, 0xfe]) {
        Some(bytes) => {
            let units: Vec<_> =
                bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).unwrap()
        }
        None => String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

#[test]
fn every_cause_has_a_case() {
    let known: BTreeSet<_> = CAUSES.iter().map(|cause| (*cause).to_owned()).collect();
    let shown: BTreeSet<_> = cases().into_iter().map(|(_, cause)| cause.cause).collect();
    assert_eq!(shown, known);
}

#[test]
fn logs_hold_the_lines_of_their_cause() {
    let mut missing = Vec::new();
    for (case, cause) in cases() {
        let (_, logs) = lived(&case.text("device.toml").unwrap(), cause.length);
        for line in &cause.line {
            let has_it =
                logs.get(&line.log).is_some_and(|log| log.lines().any(|known| known.contains(&line.text)));
            if !has_it {
                missing.push(format!("{}: {}: {}", case.name, line.log, line.text));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// What shows a cause is not in the logs of a device that is like the others, but for the cause.
#[test]
fn a_device_that_is_well_has_no_such_lines() {
    let well = fs::read_to_string(fixtures::root().join("scenarios/causes/well.toml")).unwrap();
    let wsus = fs::read_to_string(fixtures::root().join("scenarios/causes/well-wsus.toml")).unwrap();
    for device in [&well, &wsus] {
        let (device, logs) = lived(device, "P2D".parse().unwrap());
        assert_eq!(device.agent().updates_in(UpdateSet::Installed).count(), 1);
        for (case, cause) in cases() {
            for line in cause.line.iter().filter(|line| !line.when_well) {
                let has_it = logs.get(&line.log).is_some_and(|log| log.contains(&line.text));
                assert!(!has_it, "{}: {}: {}", case.name, line.log, line.text);
            }
        }
    }
}

#[test]
fn the_page_is_what_the_devices_show() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/causes.md");
    let page = page();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, page).unwrap();
        return;
    }
    assert_eq!(fs::read_to_string(path).unwrap_or_default(), page, "UPDATE=1 writes it");
}

fn page() -> String {
    let mut page = "# Why updates do not arrive: each cause as a device\n\n\
        Each row is a device that something is wrong with, in a folder of its own in `fixtures/scenarios/causes`: `device.toml` is \
        the device,\n`scenario.toml` how it goes wrong and is mended. Try one:\n\n\
        ```sh\n\
        cspsim run --device fixtures/scenarios/causes/sup-timeout/device.toml --for P2D\n\
        cspsim logs --device fixtures/scenarios/causes/sup-timeout/device.toml --for P2D --out logs\n\
        cspsim test fixtures/scenarios/causes\n\
        ```\n\n\
        *The CSP shows* is where the updates that are waited for stand after that time: the set below `./Vendor/MSFT/Update`, and \
        State and\nHResult of FailedUpdates. *Logs* are lines, or parts of them, that show the cause.\n"
        .to_owned();
    let mut articles: Vec<String> = Vec::new();
    let cases = cases();
    for (_, cause) in &cases {
        if !articles.contains(&cause.article) {
            articles.push(cause.article.clone());
        }
    }
    articles.sort();
    for article in articles {
        let _ = write!(
            page,
            "\n## {}\n\n| cause | folder | what is wrong | the CSP shows | logs | remedy |\n|---|---|---|---|---|---|\n",
            capital(&article)
        );
        let mut rows: Vec<_> = cases.iter().filter(|(_, cause)| cause.article == article).collect();
        rows.sort_by_key(|(case, cause)| {
            (CAUSES.iter().position(|known| *known == cause.cause), case.name.clone())
        });
        for (case, cause) in rows {
            let (device, _) = lived(&case.text("device.toml").unwrap(), cause.length);
            let lines: Vec<_> = cause.line.iter().map(shown_line).collect();
            let lines = if lines.is_empty() { "none".to_owned() } else { lines.join("<br>") };
            let _ = writeln!(
                page,
                "| `{}` | [{name}](../fixtures/scenarios/causes/{name}) | {} | {} | {lines} | {} |",
                cause.cause,
                cell(&cause.what),
                sets(&device),
                cell(&cause.remedy),
                name = case.name,
            );
        }
    }
    page
}

fn shown_line(line: &Line) -> String {
    let log = line.log.rsplit('/').next().unwrap_or_default();
    format!("{log}: `{}`", cell(&line.text.replace('\t', " ")))
}

/// The sets that the device's updates are in.
fn sets(device: &Device) -> String {
    const SETS: [(UpdateSet, &str); 4] = [
        (UpdateSet::Installable, "InstallableUpdates"),
        (UpdateSet::Failed, "FailedUpdates"),
        (UpdateSet::PendingReboot, "PendingRebootUpdates"),
        (UpdateSet::Installed, "InstalledUpdates"),
    ];
    let mut shown = Vec::new();
    for update in device.profile().catalog() {
        let kb = update.kb.as_deref().unwrap_or_default();
        let in_sets = SETS.iter().filter_map(|(set, name)| {
            let record = device.agent().update_in(*set, update.id)?;
            let failure = record.failure().filter(|_| *set == UpdateSet::Failed);
            Some(match failure {
                Some(failure) => {
                    format!(
                        "{name}, State {}, HResult {} ({})",
                        failure.state.bits(),
                        failure.hresult.0,
                        failure.hresult
                    )
                }
                None => (*name).to_owned(),
            })
        });
        let in_sets: Vec<_> = in_sets.collect();
        let sets = if in_sets.is_empty() { "in no set".to_owned() } else { in_sets.join("; ") };
        shown.push(format!("{kb}: {sets}"));
    }
    shown.join("<br>")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
