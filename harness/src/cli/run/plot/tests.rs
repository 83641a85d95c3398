//! The picture of devices with much and with little to show.
//!
//! `UPDATE=1 cargo test -p cspsim --lib run::plot` draws the one of the README anew; look at what it changed.

use std::sync::Arc;

use chrono::TimeDelta;
use csp_model::DeviceFile;
use csp_model::device::Profile;
use csp_model::xml::{Doctype, Reader, Step};

use super::look::Look;
use super::*;

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");

fn example() -> String {
    std::fs::read_to_string(format!("{DOCS}/examples/timeline.toml")).expect("the file can be read")
}

fn device(text: &str) -> Device {
    let file = DeviceFile::from_toml(text).expect("a device file");
    Device::new(Arc::new(Profile::new(file).expect("one that makes sense")))
}

fn events(device: &Device, days: i64) -> (DateTime<Utc>, Vec<DeviceEvent>) {
    let mut device = device.clone();
    let end = device.clock() + TimeDelta::days(days);
    let events = device.advance_to(end);
    (end, DeviceEvent::all(&events, device.profile()).to_vec())
}

fn picture(text: &str, days: i64) -> String {
    let device = device(text);
    let (end, events) = events(&device, days);
    let picture = drawn(&device, end, &events);
    assert!(!picture.contains("NaN") && !picture.contains("inf\""));
    let mut reader = Reader::new(&picture, Doctype::NoSubset, 16);
    while reader.step().expect("it is well-formed") != Step::Eof {}
    picture
}

/// The same with nothing around its texts.
fn tight(text: &str, days: i64) -> String {
    picture(text, days).replace(">\n", ">").replace("\n<", "<")
}

/// How often the picture has it.
fn count(picture: &str, what: &str) -> usize {
    picture.matches(what).count()
}

/// Definitions, one a day.
fn series(count: u32) -> String {
    format!(
        "clock = \"2024-01-01T08:00:00Z\"\n[policy.Update]\nRequireUpdateApproval = 0\n[[series]]\n\
         title = \"Security Intelligence Update for Microsoft Defender Antivirus (Version 1.{{n}}.0) - Current\"\n\
         classification = \"Definition Updates\"\nfirst = \"2024-01-01T06:00:00Z\"\nevery = \"P1D\"\ncount = {count}\n"
    )
}

#[test]
fn the_picture_of_the_readme_is_what_the_program_draws() {
    let path = format!("{DOCS}/timeline.svg");
    let got = picture(&example(), 30);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &got).expect("the picture can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(got == expected, "{path} is another picture");
}

#[test]
fn every_update_that_is_known_has_a_lane_with_its_states() {
    let picture = picture(DeviceFile::BUILTIN, 14);
    for name in ["scans", "restarts", "NewUpdate", "UpdateCompleted", "RebootRequired", "KB5027397"] {
        assert!(picture.contains(name), "{name}");
    }
}

#[test]
fn what_happens_is_marked() {
    let picture = tight(&example(), 30);
    for name in [
        ">restarts<",
        "scan failed (0x80072EE2",
        "the device restarted<",
        "quality updates paused: 2024-01-22T01:00:00+01:00 to 2024-02-07T09:00:00+01:00<",
        "service-timeout: 2024-01-12T09:00:00+01:00 to 2024-01-14T09:00:00+01:00<",
        "commit-failed, once, Feature update to Windows 11, version 23H2: 2024-01-08T09:00:00+01:00 to the end<",
        "2024-01-08T09:00:00+01:00: approved<",
        "approved: Update Rollups",
        "commit failed (0x80242015",
        "DownloadBlocked: ",
        "the device's time (UTC+01:00)",
    ] {
        assert!(picture.contains(name), "{name}");
    }
    assert_eq!(count(&picture, ">feature updates paused<"), 0);
}

#[test]
fn an_event_that_is_not_known_changes_nothing() {
    let device = Device::builtin();
    let (end, mut events) = events(&device, 14);
    let known = drawn(&device, end, &events);
    let mut other = events[events.len() / 2].clone();
    (other.kind, other.update) = ("policy-received".into(), None);
    events.insert(events.len() / 2, other);
    assert_eq!(drawn(&device, end, &events), known);
}

#[test]
fn states_between_events_are_those_of_the_device() {
    for text in [DeviceFile::BUILTIN, &example(), &series(40)] {
        let before = device(text);
        let (end, events) = events(&before, 40);
        let history = History::new(&before, end, &events);
        let mut device = before.clone();
        let mut at = before.clock();
        while at < end {
            device.advance_to(at);
            for life in &history.lives {
                let span = life.states.iter().find(|span| span.from <= at && at < span.to);
                let record = device.agent().records.get(&life.update.id);
                assert_eq!(span.map(|span| span.what), record.map(|record| record.state), "{at}");
            }
            at += TimeDelta::minutes(97);
        }
    }
}

#[test]
fn hundreds_of_updates_have_lanes_that_can_be_told_apart() {
    let picture = tight(&series(200), 200);
    let names: BTreeSet<_> = picture.split('>').filter(|text| text.starts_with("Security Intell")).collect();
    assert!(names.iter().filter(|name| name.contains('…')).count() >= 190, "{}", names.len());
    // The times stand at both ends.
    assert_eq!(count(&picture, ">2024-03<"), 2);
    assert!(picture.len() < 500_000, "{}", picture.len());
}

#[test]
fn more_lanes_than_can_be_drawn_are_counted() {
    let picture = tight(&series(1_020), 1_030);
    let line = picture.split('>').find(|text| text.contains("which are not drawn"));
    let number = line.and_then(|line| line.split(' ').nth(1)).and_then(|word| word.parse::<usize>().ok());
    assert!(number.is_some_and(|number| (1..=20).contains(&number)), "{line:?}");
}

#[test]
fn scans_of_years_are_not_one_smear() {
    let picture = picture("[[fault]]\nkind = \"tls\"\nprobability = 0.5\n", 3_000);
    assert!(count(&picture, "times scan succeeded") > 90);
    let places: Vec<f64> = picture
        .split("M0,-4 v8\"")
        .skip(1)
        .filter_map(|path| path.split("translate(").nth(1)?.split(' ').next()?.parse().ok())
        .collect();
    assert!(places.windows(2).skip(1).all(|two| two[1] - two[0] >= 3.9), "{places:?}");
}

#[test]
fn times_stand_where_the_device_has_midnight() {
    let text = "clock = \"2024-01-01T08:00:00Z\"\ntime_zone = \"-05:30\"\n";
    let days = |days| {
        let picture = tight(text, days);
        let times = picture.split("text-anchor=\"middle\"").skip(1).filter_map(|label| {
            let mut label = label.split("</text>").next()?.split('>');
            let x = label.next()?.split('"').nth(1)?.parse::<f64>().ok()?;
            Some((x, label.next()?.to_owned()))
        });
        times.collect::<Vec<_>>()
    };
    let week = days(7);
    assert_eq!(week.len(), 7, "{week:?}");
    // 21.5 hours after 08:00Z, 02:30 at the device.
    assert_eq!(week[0], (LEFT + (WIDTH - MARGIN - LEFT) * 21.5 / 168.0, "2024-01-02".to_owned()).rounded());
    assert!(days(0).len() <= 1);
    for length in [1, 2, 5, 30, 100, 365, 3_660] {
        let times = days(length);
        assert!(times.len() >= 2, "{length} days: {times:?}");
        assert!(times.windows(2).all(|two| two[1].0 - two[0].0 > 50.0), "{length} days: {times:?}");
    }
}

trait Rounded {
    fn rounded(self) -> Self;
}

impl Rounded for (f64, String) {
    fn rounded(self) -> Self {
        (round(self.0), self.1)
    }
}

#[test]
fn states_differ_by_more_than_their_colour() {
    let looks = UpdateState::NAMED.map(|(state, _)| Look::of(state));
    let letters: BTreeSet<_> = looks.iter().map(|look| look.letters).collect();
    let fills: BTreeSet<_> = looks.iter().map(|look| look.fill).collect();
    assert_eq!((letters.len(), fills.len()), (looks.len(), looks.len()));
    for look in looks {
        // WCAG 2: 4.5 for letters; ours are bold enough for 3.
        let (one, other) = (luminance(look.ground), luminance(look.ink));
        let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
        assert!(contrast >= 3.0, "{look:?}: {contrast}");
    }
    let follow = [
        (UpdateState::NEW_UPDATE, UpdateState::READY_TO_DOWNLOAD),
        (UpdateState::READY_TO_DOWNLOAD, UpdateState::DOWNLOADING),
        (UpdateState::DOWNLOADING, UpdateState::READY_TO_INSTALL),
        (UpdateState::READY_TO_INSTALL, UpdateState::INSTALLING),
        (UpdateState::INSTALLING, UpdateState::REBOOT_REQUIRED),
        (UpdateState::REBOOT_REQUIRED, UpdateState::UPDATE_COMPLETED),
        (UpdateState::READY_TO_INSTALL, UpdateState::REBOOT_REQUIRED),
        (UpdateState::READY_TO_INSTALL, UpdateState::UPDATE_COMPLETED),
    ];
    for (one, other) in follow {
        let [first, second] = [one, other].map(|state| luminance(Look::of(state).ground) + 0.05);
        assert!(first.max(second) / first.min(second) >= 1.25, "{one:?}, {other:?}");
    }
}

/// Relative luminance, as WCAG 2 has it.
fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let part = u8::from_str_radix(&colour[at..at + 2], 16).expect("two digits");
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[test]
fn whatever_an_update_is_called_the_picture_is_well_formed() {
    let title = "<b>&\\\"ÄÖÜ\\u0001\\uFFFF漢字]]>".repeat(20);
    let text = format!(
        "[[update]]\nid = \"a317dafe-baf4-453f-b232-a7075efae36e\"\nkb = \"<&\\\"\"\nclassification = \"Updates\"\ntitle = \"{title}\"\n\
         [device]\nname = \"<\\u0007&\"\n"
    );
    for days in [0, 1, 3_000] {
        picture(&text, days);
    }
}

#[test]
fn titles_that_begin_alike_keep_what_tells_them_apart() {
    let titles =
        ["An update of some length, version 1.10 for all", "An update of some length, version 1.9 for all"];
    assert_eq!(
        text::fitted(&titles, 140.0, 10.0),
        ["An update of so…1.10 for all", "An update of so…1.9 for all"]
    );
    assert_eq!(text::fitted(&["short", "short"], 140.0, 10.0), ["short", "short"]);
    assert_eq!(text::fitted(&[titles[0], titles[0]], 60.0, 10.0), ["An update…", "An update…"]);
}
