//! The logs of devices that live: every file is read, and says what has happened.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use csp_model::agent::{Event, EventKind, HResult};
use csp_model::device::{Profile, TimeZone};
use csp_model::{Device, DeviceFile, strategies};
use proptest::prelude::*;

use super::reporting::Line;
use super::{cmtrace, device, export, reporting, trace};
use crate::logs::{self, LogFile};

fn bytes<'f>(files: &'f [LogFile], name: &str) -> &'f [u8] {
    &files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}")).bytes
}

fn reported(files: &[LogFile]) -> Vec<Line> {
    reporting::read(bytes(files, "SoftwareDistribution/ReportingEvents.log"))
}

/// The messages of WindowsUpdate.log.
fn traced(files: &[LogFile]) -> Vec<String> {
    trace::read(bytes(files, "WindowsUpdate.log")).into_iter().map(|line| line.message).collect()
}

/// Lives for so many days.
fn life(device: &Device, days: i64) -> (Device, Vec<Event>, Vec<LogFile>) {
    let mut device = device.clone();
    let until = device.clock() + TimeDelta::days(days);
    let (events, files) = logs::live(&mut device, until);
    (device, events, files)
}

/// What ReportingEvents.log must say of these events: when, number, error.
fn expected(events: &[Event]) -> Vec<(i64, u16, u32)> {
    let numbers = |event: &Event| {
        let installed = (event.kind == EventKind::CommitSucceeded).then_some(183);
        event.kind.event_id().into_iter().chain(installed)
    };
    let line =
        |event: &Event, number| (event.at.timestamp(), number, event.hresult.unwrap_or(HResult::OK).bits());
    events
        .iter()
        .flat_map(|event| numbers(event).map(|number| line(event, number)).collect::<Vec<_>>())
        .collect()
}

#[test]
fn the_built_in_device_reports_what_happens() {
    let file = DeviceFile::BUILTIN.replace("RequireUpdateApproval = 1", "RequireUpdateApproval = 0");
    let (_, events, files) = life(&device(&file), 60);
    let lines = reported(&files);
    let said: Vec<_> = lines.iter().map(|line| (line.second(), line.number, line.hresult)).collect();
    assert_eq!(said, expected(&events));
    assert!(lines.iter().all(|line| line.vector.as_ref().is_some_and(|vector| vector.len() > 16)));
    let ids: BTreeSet<_> = lines.iter().map(|line| &line.id).collect();
    assert_eq!(ids.len(), lines.len());
    assert!(lines.iter().is_sorted_by_key(|line| line.local));
    let first = |number| lines.iter().find(|line| line.number == number).expect("such an event");
    let detected = first(147);
    assert_eq!(detected.name, "AGENT_DETECTION_FINISHED");
    assert!(detected.message.starts_with("Windows Update Client successfully detected "), "{detected:?}");
    assert_eq!((detected.update, detected.revision, detected.succeeded), (None, 0, true));
    let pending = first(201);
    assert_eq!((pending.name.as_str(), pending.hresult), ("AGENT_INSTALLING_PENDING", 0x0024_0005));
    assert!(pending.succeeded && pending.update.is_some() && pending.revision > 0);
    let started = first(181).message.clone();
    assert!(
        started.starts_with("Installation Started: Windows has started installing the following update: 20")
    );
}

#[test]
fn a_device_of_1607_reports_in_twelve_fields() {
    let file = "[device]\nos = \"10.0.14393.0\"\n";
    let (_, _, files) = life(&device(file), 3);
    let lines = reported(&files);
    assert!(!lines.is_empty() && lines.iter().all(|line| line.vector.is_none()));
}

#[test]
fn a_failure_is_told_as_the_articles_have_it() {
    let file = "\
time_zone = \"+09:00\"
[[fault]]
kind = \"service-timeout\"
hresult = \"0x8024402c\"
";
    let (_, _, files) = life(&device(file), 1);
    let lines = reported(&files);
    assert_eq!(lines[0].message, "Windows Update Client failed to detect with error 0x8024402c.");
    assert_eq!((lines[0].number, lines[0].hresult, lines[0].ahead), (148, 0x8024_402c, 540));
    assert!(!lines[0].succeeded);
    assert_eq!(
        (lines[0].caller.as_str(), lines[0].phase.as_str()),
        ("UpdateOrchestrator", "Software Synchronization")
    );
    let traced = traced(&files);
    assert!(
        traced.iter().any(|line| line.starts_with("* END * ") && line.ends_with("Exit code = 0x8024402C"))
    );
}

#[test]
fn a_damaged_component_store_is_told_by_servicing() {
    let file = "\
[[update]]
id = \"99751b16-0794-4995-925d-9840365e1133\"
kb = \"KB5034123\"
classification = \"Security Updates\"
[[fault]]
kind = \"install-failed\"
hresult = \"0x800F0831\"
";
    let (_, _, files) = life(&device(file), 1);
    let text = str::from_utf8(bytes(&files, "CBS/CBS.log")).expect("UTF-8");
    assert!(text.contains(
        ", Error                 CBS    Failed to resolve package 'Package_for_KB5034123~31bf3856ad364e35~amd64~~10.0.1.0' \
         [HRESULT = 0x800f0831 - CBS_E_STORE_CORRUPTION]\r\n"
    ), "{text}");
}

#[test]
fn a_client_that_is_reset_begins_its_report_anew() {
    let mut device = Device::builtin();
    let mut logs = logs::Logs::new(&device);
    for happened in [device.scan(), device.reset_client(), device.scan()] {
        logs.tell(&device, &happened);
    }
    let mut files = Vec::new();
    logs.files(&device, |name, bytes| files.push(LogFile { name: name.to_owned(), bytes: bytes.to_owned() }));
    let old = reporting::read(bytes(&files, "SoftwareDistribution.old/ReportingEvents.log"));
    let new = reported(&files);
    assert_eq!((old[0].number, new[0].number, new[0].caller.as_str()), (147, 147, "Update;Scan"));
}

const WSUS: &str = r#"
[registry.'HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate']
WUServer = "http://wsus.contoso.com:8530"
WUStatusServer = "http://wsus.contoso.com:8530"
[registry.'HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU']
UseWUServer = 1
"#;

#[test]
fn the_service_that_is_scanned_is_named() {
    let scanned = |file: &str| {
        let (_, _, files) = life(&device(file), 1);
        traced(&files)
    };
    let has = |lines: &[String], part: &str| lines.iter().any(|line| line.contains(part));
    let filtered = "Update filtered by policy: 6964AAB4-C5B5-43BD-A17D-FFB4346A8E1D.100";
    let sls = "[SLS] Making request with URL HTTPS://sls.update.microsoft.com/";

    let public = scanned("");
    assert!(has(&public, "ServiceID = {9482F4B4-E343-43B6-B170-9A65BC822C77}") && has(&public, sls));
    assert!(has(&public, "WSUS server: NULL") && !has(&public, filtered));

    let other = scanned("[policy.Update]\nAllowMUUpdateService = 1\n");
    assert!(has(&other, "ServiceID = {7971F918-A847-4430-9279-4A52D1EFE18D}"));

    let managed = scanned(WSUS);
    assert!(has(&managed, "ServiceID = {3DA21691-E39D-4DA6-8A4B-B43877BCB1B7} Managed"));
    assert!(has(&managed, "WSUS server: http://wsus.contoso.com:8530"));
    assert!(has(&managed, "Server URL = http://wsus.contoso.com:8530/ClientWebService/client.asmx"));
    assert!(!has(&managed, sls) && !has(&managed, filtered));

    let dual = scanned(&WSUS.replacen("WUServer", "DeferQualityUpdatesPeriodInDays = 5\nWUServer", 1));
    assert!(
        has(&dual, filtered) && has(&dual, sls) && has(&dual, "WSUS server: http://wsus.contoso.com:8530")
    );
}

#[test]
fn the_same_life_is_written_the_same() {
    let (one, _, files) = life(&Device::builtin(), 30);
    let (other, _, again) = life(&Device::builtin(), 30);
    assert_eq!((one, &files), (other, &again));
    let (device, events, _) = life(&Device::builtin(), 30);
    let all = logs::of(&Device::builtin(), &events, &device);
    assert_eq!(bytes(&all, "registry.reg"), bytes(&files, "registry.reg"));
}

fn file() -> impl Strategy<Value = DeviceFile> {
    (strategies::device_file(), -14_i32..=14, prop::sample::select(vec![0, 15, 30, 45])).prop_map(
        |(mut file, hours, minutes)| {
            let sign = if hours < 0 { '-' } else { '+' };
            let zone = format!("{sign}{:02}:{minutes:02}", hours.abs());
            file.time_zone = TimeZone::try_from(zone).expect("an offset");
            file
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_happens_can_be_read(file in file(), days in 1_i64..9) {
        let device = Device::new(Arc::new(Profile::new(file).expect("the file makes sense")));
        let (after, events, files) = life(&device, days);
        let mut plain = device.clone();
        prop_assert_eq!(&plain.advance_to(after.clock()), &events);
        prop_assert_eq!(&plain, &after);
        let said: Vec<_> =
            reported(&files).iter().map(|line| (line.second(), line.number, line.hresult)).collect();
        prop_assert_eq!(said, expected(&events));
        let times: Vec<_> =
            trace::read(bytes(&files, "WindowsUpdate.log")).into_iter().map(|line| line.time).collect();
        prop_assert!(times.is_sorted());
        export::read(bytes(&files, "registry.reg"));
        for file in files.iter().filter(|file| file.name.starts_with("CCM/Logs/")) {
            prop_assert!(cmtrace::read(&file.bytes).is_sorted_by_key(|record| record.local), "{}", file.name);
        }
    }
}
