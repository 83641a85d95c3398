//! What is told of peers that are wrong, or wicked.

use std::os::unix::fs::PermissionsExt as _;

use super::upstream::{device, http, message, saying};
use super::*;

const ALERT: &str = "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>";

#[test]
fn a_broken_message_of_nobody_knows_whom() {
    let server = saying(|_| b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec());
    let recording = Recording::start(&server, &[]);
    let mut client = Client::to(recording.address());
    for body in ["<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr>", &device("1", 1, ALERT)[..300]] {
        assert_eq!(client.ask("POST", "/", body).unwrap().status, 400);
    }
    drop(client);
    let ended = recording.end();
    let (nobodys, devices) = ended.out.split_once('\n').unwrap();
    assert!(nobodys.contains(": a message that is none: malformed at 1:"), "{}", ended.out);
    assert!(devices.contains("device's message ?: malformed at 1:"), "{}", ended.out);
    assert!(ended.out.ends_with("wrong: 1 by devices, 0 by servers\n"), "{}", ended.out);
}

#[test]
fn what_peers_say_is_no_line_of_its_own() {
    let server = saying(|_| http("application/vnd.syncml.dm+xml", "", &message("9", 1, "")));
    let recording = Recording::start(&server, &[]);
    let session = "1&#10;device-9 session 1: over: forged&#x9b;31m";
    let body = device(session, 1, ALERT);
    assert_eq!(Client::to(recording.address()).ask("POST", "/", &body).unwrap().status, 200);
    let ended = recording.end();
    assert!(ended.out.starts_with("device-1 session 1\\ndevice-9"), "{}", ended.out);
    assert!(!ended.out.contains('\u{9b}'), "{}", ended.out);
    assert!(ended.out.lines().all(|line| !line.starts_with("device-9")), "{}", ended.out);
}

#[test]
fn keys_that_are_there() {
    let folder = Folder::new("record-keys");
    let ca = folder.file("ca");
    fs::create_dir(&ca).unwrap();
    let (key, certificate) = (ca.join("ca.key"), ca.join("ca.pem"));
    let start = || {
        cspsim(&[
            "record",
            "--listen",
            "127.0.0.1:0",
            "--upstream",
            "http://127.0.0.1:1/",
            "--tls",
            ca.to_str().unwrap(),
        ])
    };
    let refused = |what: &str| {
        let ran = start();
        assert_eq!(ran.status.code(), Some(3), "{ran:?}");
        assert!(String::from_utf8_lossy(&ran.stderr).contains(what), "{ran:?}");
    };
    fs::write(&key, "mine").unwrap();
    refused("without");
    assert_eq!(fs::read_to_string(&key).unwrap(), "mine");
    fs::remove_file(&key).unwrap();
    fs::write(&certificate, "mine").unwrap();
    refused("without");
    fs::remove_file(&certificate).unwrap();

    let recorder = || Recording::start("http://127.0.0.1:1/", &["--tls", ca.to_str().unwrap()]);
    let is_hidden = || fs::metadata(&key).unwrap().permissions().mode() & 0o777 == 0o600;
    assert_eq!(recorder().end().code, Some(0));
    assert!(is_hidden());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(recorder().end().code, Some(0));
    assert!(is_hidden());

    // The certificate of one, the key of another.
    let other = fs::read(&certificate).unwrap();
    fs::remove_file(&key).unwrap();
    fs::remove_file(&certificate).unwrap();
    assert_eq!(recorder().end().code, Some(0));
    fs::write(&certificate, other).unwrap();
    refused("are no pair");
}
