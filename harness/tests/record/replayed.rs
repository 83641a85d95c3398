//! Recordings are captures: what was said is said again.

use super::upstream::asking_for_basic;
use super::*;

/// Two sessions of a device in one recording; its file.
fn recorded(folder: &Folder, name: &str, server: &str, recorder: &[&str], device: &[&str]) -> String {
    let file = folder.file(&format!("{name}.jsonl")).to_str().unwrap().to_owned();
    let recording = Recording::start(server, &[recorder, &["--transcript", file.as_str()][..]].concat());
    for _ in 0..2 {
        let ran = cspsim(&[&["connect"][..], device, &[recording.url.as_str()][..]].concat());
        assert_eq!(ran.status.code(), Some(0), "{name}: {ran:?}");
    }
    let ended = recording.end();
    assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{name}: {}", ended.out);
    assert!(ended.out.contains("2 sessions, "), "{name}: {}", ended.out);
    assert!(ended.out.ends_with("wrong: 0 by devices, 0 by servers\n"), "{name}: {}", ended.out);
    file
}

fn replays(file: &str, options: &[&str]) {
    let ran = cspsim(&[&["replay", file][..], options].concat());
    assert_eq!(ran.status.code(), Some(0), "{file} {options:?}: {}", String::from_utf8_lossy(&ran.stdout));
}

#[test]
fn devices_that_dialled() {
    let folder = Folder::new("record-replayed");
    let basic = ["--user", "lab", "--password", PASSWORD, "--auth", "basic"];
    let asked = ["--user", "lab", "--password", PASSWORD];
    let (plain, asking_for_basic) = (asking().url(), asking_for_basic());
    let cases: [(&str, &str, &[&str], &[&str]); 4] = [
        ("xml", &plain, &[], &[]),
        ("wbxml", &plain, &[], &["--encoding", "wbxml"]),
        ("basic", &asking_for_basic, &["--show-secrets"], &basic),
        ("challenged", &asking_for_basic, &["--show-secrets"], &asked),
    ];
    for (name, server, recorder, device) in cases {
        let file = recorded(&folder, name, server, recorder, device);
        replays(&file, &[]);
        replays(&file, &["--against", server]);
    }
}

#[test]
fn a_server_that_posted() {
    let folder = Folder::new("record-replayed-posts");
    let serving = Serving::start(&folder.file("state.db"));
    let file = folder.file("t.jsonl");
    let recording = Recording::start(&serving.url(), &["--transcript", file.to_str().unwrap()]);
    let mut poster = Client::to(recording.address());
    for (session, number) in [("1", 1), ("1", 2), ("2", 1)] {
        let message = upstream::message(session, number, &get(2, "./DevInfo/Man"));
        let message = String::from_utf8(message).unwrap();
        let answer = poster.ask("POST", "/", &message).unwrap();
        assert!(answer.body.contains("<Data>Contoso</Data>"), "{answer:?}");
    }
    drop(poster);
    let ended = recording.end();
    let expected = "default session 1: a server posts\ndefault session 1: over: its package is complete\n\
        default session 1: goes on\ndefault session 1: over: its package is complete\n\
        default session 2: a server posts\ndefault session 2: over: its package is complete\n2 sessions, ";
    let told: String =
        ended.out.lines().filter(|line| !line.contains("message ")).map(|line| format!("{line}\n")).collect();
    assert!(told.starts_with(expected), "{}", ended.out);
    replays(file.to_str().unwrap(), &[]);
}
