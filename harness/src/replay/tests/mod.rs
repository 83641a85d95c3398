//! Captures, replayed. Cases stand in `fixtures/replay`; `UPDATE=1` writes their reports: read what it changed.

mod changes;
mod published;

use std::fs;
use std::path::{Path, PathBuf};

use csp_model::Device;
use fixtures::Case;

use super::report::{Human, Layout, Sum};
use super::{Replay, Report};
use crate::clock::Pace;
use crate::sim::SimDevice;
use crate::transcript::Secrets;

/// The capture of a case: a file, or the folder itself.
fn capture(case: &Case) -> PathBuf {
    let file = fs::read_dir(&case.path).unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let mut file = file.filter(|path| path.file_stem().is_some_and(|stem| stem == "capture"));
    file.next().unwrap_or_else(|| case.path.clone())
}

fn replay(case: &Case) -> Report {
    let mut replay = Replay::of(capture(case));
    let device = case.path.join("device.toml");
    if device.is_file() {
        replay = replay.device(super::of_file(&device).unwrap());
    }
    if case.path.join("seed-from-capture").is_file() {
        replay = replay.seed_from_capture();
    }
    replay.run()
}

/// Everything that is told of a replay, without where the checkout is.
fn told(report: &Report) -> String {
    let human = Human { layout: Layout::None, secrets: Secrets::Hidden };
    let mut sum = Sum::default();
    let mut text = String::new();
    for played in &report.played {
        sum.add(played);
        text.push_str(&human.played(played));
    }
    for error in &report.unreadable {
        text.push_str(&format!("{error}\n"));
    }
    text.push_str(&sum.in_words());
    let text = anstream::adapter::strip_str(&text).to_string();
    text.replace(&format!("{}/", fixtures::root().display()), "")
}

#[test]
fn captures_are_replayed_as_their_reports_say() {
    for case in fixtures::cases("replay") {
        let told = told(&replay(&case));
        let path = case.path.join("report.txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &told).unwrap();
        }
        assert_eq!(told, fs::read_to_string(&path).unwrap_or_default(), "{}", case.name);
    }
}

/// Sessions that need more than their messages, the MAC beside one, or that hold what a device does not send.
const NEED_MORE: [&str; 2] = ["hmac", "unenrollment-by-server"];

#[test]
fn the_sessions_of_the_conformance_cases_are_replayed() {
    let differ: Vec<_> = fixtures::cases("sessions")
        .iter()
        .filter(|case| !Replay::of(&case.path).run().is_same())
        .map(|case| case.name.clone())
        .collect();
    assert_eq!(differ, NEED_MORE);
}

fn written(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("cspsim-replay-{}-{name}", std::process::id()));
    fs::write(&path, text).unwrap();
    path
}

async fn post(device: &SimDevice, body: &str) {
    reqwest::Client::new().post(device.url()).body(body.to_owned()).send().await.unwrap();
}

fn message(number: u32, body: &str) -> String {
    format!(
        "<SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>3</SessionID>\
         <MsgID>{number}</MsgID><Source><LocURI>http://server</LocURI></Source></SyncHdr><SyncBody>{body}<Final/></SyncBody></SyncML>"
    )
}

#[tokio::test]
async fn a_transcript_is_lived_through_again() {
    let device = SimDevice::spawn(Device::builtin(), Pace::Frozen).unwrap();
    device.allow_violations();
    let approval = "<Add><CmdID>1</CmdID><Item><Target><LocURI>./Vendor/MSFT/Update/ApprovedUpdates/\
                    5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01</LocURI></Target></Item></Add>";
    post(&device, &message(1, approval)).await;
    device.scan();
    device.advance(std::time::Duration::from_secs(86_400));
    device.restart();
    let get = "<Get><CmdID>1</CmdID><Item><Target><LocURI>./Vendor/MSFT/Update/InstalledUpdates</LocURI></Target></Item></Get>";
    post(&device, &message(2, get)).await;
    post(&device, "<SyncML>").await;
    let transcript = device.transcript();
    let path = written("same.jsonl", &transcript);
    let report = Replay::of(&path).run();
    assert!(report.is_same(), "{}", report.in_words());
    assert_eq!(report.played.iter().map(|played| played.compared).sum::<usize>(), 3);
    // Something else stands in it.
    fs::write(&path, transcript.replace("<Cmd>Add</Cmd><Data>200", "<Cmd>Add</Cmd><Data>418")).unwrap();
    let report = Replay::of(&path).run();
    assert_eq!(report.played[0].different.len(), 1, "{}", report.in_words());
    // It breaks off.
    fs::write(&path, format!("{transcript}{{\"name\":")).unwrap();
    assert!(Replay::of(&path).run().is_same());
    // It goes on as something else: what came before is told all the same.
    fs::write(&path, format!("{transcript}nonsense\nmore\n")).unwrap();
    let report = Replay::of(&path).run();
    assert_eq!((report.played.len(), report.unreadable.len()), (1, 1));
    fs::remove_file(&path).unwrap();
}

#[test]
fn one_line_asserts_a_capture() {
    let folder = fixtures::root().join("sessions/plain");
    super::assert_same(&folder);
    let panicked = std::panic::catch_unwind(|| super::assert_same(Path::new("no-such-capture")));
    let text = panicked.unwrap_err();
    let text = text.downcast_ref::<String>().unwrap();
    assert!(text.contains("cannot read no-such-capture: byte 0"), "{text}");
}
