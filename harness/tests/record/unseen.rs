//! Messages that pass unseen: too large, or encoded.

use super::upstream::{Asked, device, http, message, saying, status};
use super::*;

const XML: &str = "application/vnd.syncml.dm+xml";
const GZIP: &str = "Content-Encoding: gzip\r\n";

/// A server that asks once, and then says no more. Its answer to message `encoded` cannot be read.
fn server(encoded: u32) -> String {
    saying(move |asked: &Asked| {
        let text = String::from_utf8_lossy(&asked.body);
        let number = text.split("<MsgID>").nth(1).and_then(|rest| rest.split('<').next()?.parse().ok());
        // What is encoded is message 2.
        let number = number.unwrap_or(2);
        assert!(!asked.head.contains("accept-encoding"), "{}", asked.head);
        let said = match number {
            1 => format!("{}{}", status(2, 1, 2, "Alert"), get(3, "./DevDetail/SwV")),
            2 => get(2, "./DevDetail/SwV"),
            _ => String::new(),
        };
        let said = message("9", number, &said);
        if number == encoded { http(XML, GZIP, b"\x1f\x8bnot looked into") } else { http(XML, "", &said) }
    })
}

/// What a device says in three messages, each over a connection of its own; what was recorded of it.
fn recorded(name: &str, encoded: u32, second: (&str, &str)) -> (Ended, Vec<Value>) {
    let folder = Folder::new(name);
    let file = folder.file("t.jsonl");
    let recording = Recording::start(&server(encoded), &["--transcript", file.to_str().unwrap()]);
    let alert = "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>";
    let third = format!("{}{}", status(1, 2, 0, "SyncHdr"), status(2, 2, 2, "Get"));
    for (more, body) in [("", &*device("9", 1, alert)), second, ("", &*device("9", 3, &third))] {
        let answer = post(recording.address(), "/", &format!("Content-Type: {XML}\r\n{more}"), body);
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
    let ended = recording.end();
    assert_eq!(ended.code, Some(0));
    assert!(ended.out.starts_with("device-1 session 9: the device dials\n"), "{}", ended.out);
    assert!(ended.out.contains("device-1 session 9: a message has passed unseen"), "{}", ended.out);
    assert!(ended.out.contains("over: both sides have said everything\n1 session, "), "{}", ended.out);
    let lines = lines(&file);
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(lines[4]["answer"]["text"], "");
    (ended, lines)
}

fn second() -> String {
    let results = "<Results><CmdID>3</CmdID><MsgRef>1</MsgRef><CmdRef>3</CmdRef><Item><Source><LocURI>./DevDetail/SwV</LocURI></Source>\
        <Data>10</Data></Item></Results>";
    device("9", 2, &format!("{}{}{results}", status(1, 1, 0, "SyncHdr"), status(2, 1, 3, "Get")))
}

#[test]
fn an_answer_that_is_encoded() {
    let (ended, lines) = recorded("record-encoded", 1, ("", &second()));
    assert!(ended.out.ends_with("wrong: 0 by devices, 0 by servers\n"), "{}", ended.out);
    assert_eq!(ended.err, "");
    assert_eq!(lines[2]["request"]["withheld"], 17, "{}", lines[2]);
    assert_eq!(lines[2]["answer"]["text"], second());
}

#[test]
fn a_message_that_is_too_large() {
    let large = second().replace("<Data>10</Data>", &format!("<Data>{}</Data>", "x".repeat(4 << 20)));
    let (ended, lines) = recorded("record-large", 0, ("", &large));
    assert!(ended.out.ends_with("wrong: 0 by devices, 0 by servers\n"), "{}", ended.out);
    assert!(ended.err.contains("larger than a message can be"), "{}", ended.err);
    assert_eq!(lines[2]["answer"]["withheld"], large.len(), "{}", lines[2]);
    assert!(lines[2]["request"]["text"].as_str().unwrap().contains("<MsgID>1<"), "{}", lines[2]);
    assert!(lines[3]["request"]["text"].as_str().unwrap().contains("<MsgID>2<"), "{}", lines[3]);
}

#[test]
fn both_sides_at_once() {
    let (ended, lines) = recorded("record-both", 2, (GZIP, "not looked into either"));
    assert!(ended.out.ends_with("wrong: 0 by devices, 0 by servers\n"), "{}", ended.out);
    assert_eq!((&lines[2]["answer"]["withheld"], &lines[3]["request"]["withheld"]), (&0.into(), &0.into()));
}
