//! `cspsim replay`: captures played to a server, written anew, and told of.

#![expect(clippy::unwrap_used, reason = "tests")]

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};

use serde_json::Value;
use server::Server;
use syncml::session::server::Command;

const UPDATE: &str = "5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01";

fn cspsim(arguments: &[&str]) -> Output {
    Process::new(env!("CARGO_BIN_EXE_cspsim")).args(arguments).output().unwrap()
}

#[track_caller]
fn ran(arguments: &[&str], code: i32) -> String {
    let output = cspsim(arguments);
    let told = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{told}{errors}");
    told + &errors
}

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("replay-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn asking(value: &'static str) -> Server {
    Server::start(move || {
        vec![
            Command::add_node(format!("./Vendor/MSFT/Update/ApprovedUpdates/{UPDATE}")),
            Command::get(value),
            Command::get("./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart"),
        ]
    })
}

#[test]
fn a_server_is_asked_whether_it_still_says_the_same() {
    let transcript = folder("server").join("transcript.jsonl");
    let transcript = transcript.to_str().unwrap();
    let then = asking("./DevInfo/Man");
    ran(&["connect", &then.url(), "--sessions", "2", "--transcript", transcript], 0);
    assert_eq!(*then.findings.lock().unwrap(), Vec::<String>::new());
    // The device does what it did, too.
    ran(&["replay", transcript], 0);
    let told = ran(&["replay", transcript, "--against", &asking("./DevInfo/Man").url()], 0);
    assert!(told.contains("2 sessions, 4 messages compared: 0 different"), "{told}");
    let now = asking("./DevInfo/Mod");
    let told = ran(&["replay", transcript, "--against", &now.url()], 1);
    assert!(told.contains("different meaning: Get \"./DevInfo/Man\": expected `Get`, got nothing"), "{told}");
    assert!(told.contains("different meaning: Get \"./DevInfo/Mod\": expected nothing, got `Get`"), "{told}");
    let told = ran(&["replay", transcript, "--against", "http://127.0.0.1:9/", "--retries", "0"], 4);
    assert!(told.contains("cannot connect"), "{told}");
}

#[test]
fn what_is_said_now_can_be_expected_from_then_on() {
    let folder = folder("update");
    let from = fixtures::root().join("sessions/several-packages");
    for entry in fs::read_dir(&from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    let path = folder.to_str().unwrap();
    ran(&["replay", path], 0);
    let message = folder.join("3-device.xml");
    let right = fs::read_to_string(&message).unwrap();
    fs::write(&message, right.replacen("<Data>200</Data></Status>", "<Data>418</Data></Status>", 2)).unwrap();
    ran(&["replay", path], 1);
    ran(&["replay", path, "--update"], 0);
    assert_eq!(fs::read_to_string(&message).unwrap(), right);
    ran(&["replay", path], 0);
}

#[test]
fn machines_are_told_as_people_are() {
    let folder = folder("reports");
    let junit = folder.join("junit.xml");
    let report = format!("junit={}", junit.display());
    let case = fixtures::root().join("replay/different");
    let (capture, device) = (case.join("capture.har"), case.join("device.toml"));
    let (capture, device) = (capture.to_str().unwrap(), device.to_str().unwrap());
    let output =
        cspsim(&["replay", capture, "--device", device, "no-such-file", "--json", "--report", &report]);
    assert_eq!(output.status.code(), Some(3));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["sessions"], &json["different"]), (&1.into(), &1.into()));
    assert_eq!(json["unreadable"][0]["capture"], "no-such-file");
    let differences = json["played"][0]["messages"][0]["differences"].as_array().unwrap();
    let weights: Vec<_> =
        differences.iter().map(|difference| difference["weight"].as_str().unwrap()).collect();
    for weight in ["breaks-protocol", "different-meaning", "different-shape", "order-only"] {
        assert!(weights.contains(&weight), "{weights:?}");
    }
    let junit = fs::read_to_string(junit).unwrap();
    assert!(junit.contains("tests=\"2\" skipped=\"0\" failures=\"1\" errors=\"1\""), "{junit}");
}
