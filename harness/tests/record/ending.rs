//! What holds a recorder up, and how it ends all the same.

use std::time::Instant;

use super::upstream::{device, http, message, saying};
use super::*;

const XML: &str = "application/vnd.syncml.dm+xml";
const ALERT: &str = "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>";

/// A server that never answers.
fn silent() -> String {
    saying(|_| {
        thread::sleep(Duration::from_secs(120));
        Vec::new()
    })
}

#[test]
fn what_is_in_hand_is_told_and_recorded() {
    let folder = Folder::new("record-in-hand");
    let file = folder.file("t.jsonl");
    let recording = Recording::start(&silent(), &["--transcript", file.to_str().unwrap()]);
    let address = recording.address().to_owned();
    let asked = thread::spawn(move || {
        post(&address, "/", &format!("Content-Type: {XML}\r\n"), &device("9", 1, ALERT))
    });
    thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    let ended = recording.end();
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(asked.join().unwrap().starts_with("HTTP/1.1 502 "));
    assert!(ended.err.contains("not answered before the proxy has ended"), "{}", ended.err);
    let kinds: Vec<_> = lines(&file)[1..].iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["exchange", "given-up"]);
}

/// A terminal that takes nothing holds up neither what passes nor the end.
#[test]
fn a_terminal_that_pauses() {
    let server = saying(|_| http(XML, "", &message("9", 1, "")));
    let mut recording = Recording::start(&server, &[]);
    let mut poster = Client::to(recording.address());
    // More than a pipe holds.
    for number in 0..150 {
        let session = format!("{number}{}", "x".repeat(450));
        assert_eq!(poster.ask("POST", "/", &device(&session, 1, ALERT)).unwrap().status, 200);
    }
    drop(poster);
    for _ in 0..2 {
        recording.interrupt();
        thread::sleep(Duration::from_millis(500));
    }
    let begun = Instant::now();
    while recording.program.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(5), "it does not end");
        thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn disks_that_are_full() {
    let server = saying(|_| http(XML, "", &message("9", 1, "")));
    let mut recording = Recording::start(&server, &["--transcript", "/dev/full"]);
    assert_eq!(Client::to(recording.address()).ask("POST", "/", &device("9", 1, ALERT)).unwrap().status, 200);
    // It is said at once, and again at the end.
    let mut said = String::new();
    BufReader::new(recording.program.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("cannot write the transcript /dev/full"), "{said}");
    let ended = recording.end();
    assert_eq!(ended.code, Some(3));
    assert!(ended.err.contains("the transcript /dev/full is not complete"), "{}", ended.err);

    let folder = Folder::new("record-full");
    let file = folder.file("t.jsonl");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let nobody = "http://127.0.0.1:1/";
    let recording =
        Recording::start_with(nobody, &["--transcript", file.to_str().unwrap()], Stdio::from(full));
    let answer = Client::to(recording.address()).ask("POST", "/", &device("9", 1, ALERT)).unwrap();
    assert_eq!(answer.status, 502);
    assert!(answer.body.contains("cannot connect"), "{}", answer.body);
    assert_eq!(recording.end().code, Some(0));
    assert_eq!(lines(&file).len(), 3);
}

#[test]
fn more_clients_than_there_may_be() {
    let recording = Recording::start(&silent(), &["--max-connections", "2"]);
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(recording.address()).unwrap();
        stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<").unwrap();
        slow.push(stream);
    }
    thread::sleep(Duration::from_millis(300));
    assert!(post(recording.address(), "/", "", "").starts_with("HTTP/1.1 503 "));
    drop(slow);
}

#[test]
fn the_proxy_itself() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (listen, upstream) = (format!("127.0.0.1:{port}"), format!("http://localhost:{port}/x"));
    let ran = cspsim(&["record", "--listen", &listen, "--upstream", &upstream]);
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert!(String::from_utf8_lossy(&ran.stderr).contains("is the proxy itself"), "{ran:?}");
}
