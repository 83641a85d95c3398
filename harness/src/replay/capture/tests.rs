//! What readers make of captures, and of what is none.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;

use super::super::Replay;
use super::{Capture, Completeness, Format, Opened, Side, open};

const DEVICE: &str = "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
    <SessionID>7</SessionID><MsgID>1</MsgID><Target><LocURI>https://mdm.example.test/</LocURI></Target>\
    <Source><LocURI>dev-1</LocURI></Source></SyncHdr><SyncBody><Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Final/>\
    </SyncBody></SyncML>";
const SERVER: &str = "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
    <SessionID>7</SessionID><MsgID>1</MsgID><Target><LocURI>dev-1</LocURI></Target>\
    <Source><LocURI>https://mdm.example.test/</LocURI></Source></SyncHdr><SyncBody>\
    <Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>\
    <Get><CmdID>2</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get><Final/></SyncBody></SyncML>";
const LAST: &str = "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
    <SessionID>7</SessionID><MsgID>2</MsgID><Target><LocURI>https://mdm.example.test/</LocURI></Target>\
    <Source><LocURI>dev-1</LocURI></Source></SyncHdr><SyncBody>\
    <Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>\
    <Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>2</CmdRef><Cmd>Get</Cmd><Data>200</Data></Status>\
    <Final/></SyncBody></SyncML>";

/// A file that is gone when the test is over.
struct TestFile(PathBuf);

impl TestFile {
    fn new(bytes: &[u8]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cspsim-capture-{}-{number}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn read(bytes: &[u8]) -> Result<Capture, String> {
    let file = TestFile::new(bytes);
    let name = file.0.display().to_string();
    match open(&file.0) {
        Ok(Opened::Capture(capture)) => Ok(capture),
        Ok(Opened::Transcript(_) | Opened::Recording(_)) => Err("a transcript".to_owned()),
        Err(error) => Err(error.to_string().replace(&name, "FILE")),
    }
}

/// The format and, for each session, whose its messages are and what is missing.
fn told(bytes: &[u8]) -> (Format, Vec<String>) {
    let capture = read(bytes).unwrap();
    let sessions = capture.sessions.iter().map(|session| {
        let sides = session.messages.iter().map(|message| match (message.from, message.completeness) {
            (Some(Side::Device), Completeness::Whole) => "D".to_owned(),
            (Some(Side::Server), Completeness::Whole) => "S".to_owned(),
            (None, _) => "?".to_owned(),
            (Some(Side::Device), Completeness::Cut { salvaged }) => format!("D cut {salvaged}"),
            (Some(Side::Server), Completeness::Cut { salvaged }) => format!("S cut {salvaged}"),
        });
        let missing = session.missing.iter().map(|missing| format!(", {}", missing.in_words()));
        format!("{}: {}{}", session.id, sides.collect::<Vec<_>>().join(" "), missing.collect::<String>())
    });
    (capture.format, sessions.collect())
}

#[track_caller]
fn check(bytes: &[u8], format: Format, sessions: &[&str]) {
    assert_eq!(told(bytes), (format, sessions.iter().map(|&session| session.to_owned()).collect()));
}

#[test]
fn a_stream_has_neither_root_nor_direction() {
    let text = format!(
        "<!-- OmaDmSessionStart -->\r\n{DEVICE}\r\n\r\n<!-- 1/2/2026 3:04:05 PM -->\r\n{SERVER}\r\n\r\n{LAST}\r\n\r\n<!-- OmaDmSessionComplete -->\r\n"
    );
    check(
        text.as_bytes(),
        Format::ViewerStream,
        &["7: D S D, the server's message after message 3 is missing"],
    );
}

#[test]
fn a_message_that_windows_has_cut_is_salvaged() {
    let (cut, _) = LAST.split_once("<Cmd>Get").unwrap();
    let text = format!(
        "{DEVICE}\n{SERVER}\n{cut}<Cm\n<!-- ignore this line, closing SyncML tag added to support parsing of truncated xml data --></SyncML>\n"
    );
    check(
        text.as_bytes(),
        Format::ViewerStream,
        &["7: D S D cut 1, the server's message after message 3 is missing"],
    );
}

#[test]
fn a_stream_whose_end_is_missing_is_read_as_far_as_it_goes() {
    let text = format!("{DEVICE}\n{SERVER}");
    let cut = text.len() - 60;
    check(&text.as_bytes()[..cut], Format::ViewerStream, &["7: D S cut 1"]);
}

#[test]
fn requests_are_sessions_of_their_own() {
    let text = "<SyncBody><Get><CmdID>1</CmdID></Get></SyncBody>\n\n<SyncBody><Status><CmdID>1</CmdID></Status></SyncBody>\n\
                <SyncBody><Get><CmdID>1</CmdID></Get></SyncBody>";
    check(
        text.as_bytes(),
        Format::ViewerRequests,
        &[": S D", ": S, the device's message after message 1 is missing"],
    );
}

#[test]
fn a_log_may_have_anything_between_messages() {
    let text = format!("12:00 request from 10.0.0.1: {DEVICE}\n12:00 answered: {SERVER} in 3 ms\n");
    check(text.as_bytes(), Format::Text, &["7: D S, the device's message after message 2 is missing"]);
}

#[test]
fn messages_may_be_escaped_as_in_json_or_in_xml() {
    let json = |text: &str| serde_json::to_string(text).unwrap().replace('<', "\\u003c");
    let text = format!("{{\"body\":{}}}\n{{\"body\":{}}}\n", json(DEVICE), json(SERVER));
    check(text.as_bytes(), Format::Text, &["7: D S, the device's message after message 2 is missing"]);
    let capture = read(text.as_bytes()).unwrap();
    let place = &capture.sessions[0].messages[1].place;
    assert_eq!((place.line, place.offset as usize), (Some(2), text.rfind("\\u003cSyncML xmlns").unwrap()));
    let xml = format!("<log><m>{}</m></log>", DEVICE.replace('<', "&lt;").replace('>', "&gt;"));
    check(xml.as_bytes(), Format::Text, &["7: D"]);
}

#[test]
fn text_may_be_utf_16() {
    let text = format!("{DEVICE}\n{SERVER}");
    let bytes: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    check(&bytes, Format::ViewerStream, &["7: D S, the device's message after message 2 is missing"]);
}

fn archive(entries: &str) -> String {
    format!("{{\"log\":{{\"version\":\"1.2\",\"creator\":{{}},\"entries\":[{entries}]}}}}")
}

fn entry(request: &str, answer: &str) -> String {
    let json = |text: &str| serde_json::to_string(text).unwrap();
    format!(
        "{{\"startedDateTime\":\"2026-01-02T03:04:05.678+01:00\",\"request\":{{\"method\":\"POST\",\"postData\":{{\"text\":{}}}}},\
         \"response\":{{\"status\":200,\"content\":{{\"size\":1,\"mimeType\":\"x\",\"encoding\":\"base64\",\"text\":\"{}\"}}}}}}",
        json(request),
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, answer)
    )
}

#[test]
fn an_http_archive_may_have_other_traffic_in_it() {
    let other = "{\"request\":{\"method\":\"GET\"},\"response\":{\"content\":{\"text\":\"<html>\"}}}";
    let text = archive(&format!("{other},{},{}", entry(DEVICE, SERVER), entry(LAST, "")));
    check(text.as_bytes(), Format::Har, &["7: D S D, the server's message after message 3 is missing"]);
    let capture = read(text.as_bytes()).unwrap();
    assert!(capture.notes.iter().any(|note| note.text == "passed over 1 of 3 entries, which are no SyncML"));
    let message = &capture.sessions[0].messages[0];
    assert_eq!(message.at.unwrap().to_rfc3339(), "2026-01-02T02:04:05.678+00:00");
    assert_eq!(message.place.part.as_deref(), Some("entry 2, request"));
}

#[test]
fn one_message_is_a_capture() {
    check(
        SERVER.as_bytes(),
        Format::Message,
        &[
            "7: S, the device's message before the first one is missing, the device's message after message 1 is missing",
        ],
    );
    let message = syncml::codec::decode(DEVICE.as_bytes(), &syncml::codec::Limits::default()).unwrap();
    let wbxml = syncml::codec::encode_as(&message, syncml::codec::Encoding::Wbxml);
    check(&wbxml, Format::Message, &["7: D"]);
}

#[test]
fn the_same_id_can_be_two_sessions() {
    let again = DEVICE.replace("<CmdID>2</CmdID>", "<CmdID>3</CmdID>");
    let text = format!("{DEVICE}\n{SERVER}\n{again}\n{SERVER}\n");
    check(
        text.as_bytes(),
        Format::ViewerStream,
        &[
            "7: D S, the device's message after message 2 is missing",
            "7: D S, the device's message after message 2 is missing",
        ],
    );
}

#[test]
fn what_stands_out_of_order_is_put_in_order() {
    let text = format!("log {LAST}\n{SERVER}\n{DEVICE}\n");
    check(text.as_bytes(), Format::Text, &["7: D S D, the server's message after message 3 is missing"]);
}

#[test]
fn what_is_none_is_refused_with_its_place() {
    for (bytes, expected) in [
        (&b""[..], "cannot read FILE: byte 0: found an empty file, expected a capture"),
        (
            b"hello",
            "cannot read FILE: byte 0: found no SyncML message, expected a transcript, a SyncMLViewer file, a HAR, a Fiddler \
             archive, or SyncML in XML or WBXML",
        ),
        (
            b"<SyncML><SyncHdr>",
            "cannot read FILE:1 (byte 0): found what is no SyncML message: 1:18: found the end of the text, expected \
             `</SyncHdr>`",
        ),
        (
            b"{\"log\":{\"entries\":[",
            "cannot read FILE:1 (byte 18): the file is no HTTP archive: EOF while parsing a list at line 1 column 19",
        ),
        (
            b"{\"log\":{\"entries\":[]}}",
            "cannot read FILE: byte 0: no SyncML message in 0 entries of the archive",
        ),
    ] {
        assert_eq!(read(bytes).unwrap_err(), expected);
    }
    assert!(read(b"PK\x03\x04").unwrap_err().contains("the file is no archive of Fiddler"));
    assert!(read(b"\x03\x01\x6a\x00").unwrap_err().contains("the file is no SyncML message"));
    assert!(read(&[0xff, 0xfe, 0x00, 0xd8]).unwrap_err().contains("byte 2"));
}

/// The sessions of the conformance cases: their messages in order, and whose each is.
fn conformance_sessions() -> Vec<(String, Vec<(Side, String)>)> {
    let mut sessions = Vec::new();
    for case in fixtures::cases("sessions") {
        let mut messages = Vec::new();
        for number in 1.. {
            let file = |side: &str| fs::read_to_string(case.path.join(format!("{number}-{side}.xml")));
            match (file("device"), file("server")) {
                (Ok(text), _) => messages.push((Side::Device, text)),
                (_, Ok(text)) => messages.push((Side::Server, text)),
                (Err(_), Err(_)) => break,
            }
        }
        sessions.push((case.name, messages));
    }
    sessions
}

/// As SyncMLViewer saves its stream, in that order. Windows has cut the messages of which `cut` says where.
fn viewer_stream<'a>(
    messages: impl IntoIterator<Item = &'a (Side, String)>,
    cut: impl Fn(usize) -> Option<usize>,
) -> String {
    let mut text = "<!-- OmaDmSessionStart -->\n".to_owned();
    for ((_, message), index) in messages.into_iter().zip(0..) {
        match cut(index).and_then(|at| message.get(..at)) {
            None => text.push_str(message.trim_end()),
            Some(part) => {
                text.push_str(part);
                text.push_str(
                    "\n<!-- ignore this line, closing SyncML tag added to support parsing of truncated xml data --></SyncML>",
                );
            }
        }
        text.push_str("\n\n");
    }
    text + "<!-- OmaDmSessionComplete -->\n"
}

/// Whose the messages of the only session are.
#[track_caller]
fn sides(name: &str, text: &str) -> Vec<Option<Side>> {
    let capture = read(text.as_bytes()).unwrap();
    assert_eq!(capture.format, Format::ViewerStream, "{name}");
    assert!(capture.unreadable.is_empty(), "{name}: {:?}", capture.unreadable);
    assert_eq!(capture.sessions.len(), 1, "{name}: {:?}", capture.notes);
    capture.sessions[0].messages.iter().map(|message| message.from).collect()
}

#[test]
fn streams_of_the_conformance_sessions_have_their_directions() {
    for (name, messages) in conformance_sessions() {
        let expected: Vec<_> = messages.iter().map(|(side, _)| Some(*side)).collect();
        assert_eq!(sides(&name, &viewer_stream(&messages, |_| None)), expected, "{name}");
        // Each message in turn is cut in the midst of its commands.
        for (index, (_, message)) in messages.iter().enumerate() {
            let body = message.find("<SyncBody>").unwrap() + 10;
            let at = (body + message.len()) / 2;
            let text = viewer_stream(&messages, |of| (of == index).then_some(at));
            assert_eq!(sides(&name, &text), expected, "{name}: message {index} is cut at {at}");
        }
    }
}

/// Sessions in which a message is sent again or the SessionID changes say too little of their order.
const SAY_TOO_LITTLE: [&str; 2] = ["foreign-session", "repeated-message"];

#[test]
fn streams_that_are_out_of_order_are_put_in_order() {
    for (name, messages) in conformance_sessions() {
        if SAY_TOO_LITTLE.contains(&&*name) {
            continue;
        }
        let expected: Vec<_> = messages.iter().map(|(_, text)| text.trim_end().to_owned()).collect();
        let mut orders = vec![messages.iter().rev().collect::<Vec<_>>()];
        let halves = messages.iter().partition::<Vec<_>, _>(|(side, _)| *side == Side::Device);
        orders.push([halves.0, halves.1].concat());
        for order in orders {
            let capture = read(viewer_stream(order, |_| None).as_bytes()).unwrap();
            assert_eq!(capture.sessions.len(), 1, "{name}");
            let found = &capture.sessions[0].messages;
            let found: Vec<_> = found.iter().map(|message| String::from_utf8_lossy(&message.body)).collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_capture_that_is_cut_anywhere_is_told_of(cut in any::<prop::sample::Index>(), which in 0..7) {
        let of = |case: &str| fs::read(fixtures::root().join("replay").join(case)).unwrap();
        let bytes = match which {
            0 => format!("{DEVICE}\n{SERVER}\n{LAST}").into_bytes(),
            1 => archive(&entry(DEVICE, SERVER)).into_bytes(),
            2 => format!("noise {DEVICE} \u{1f600} {SERVER}").into_bytes(),
            3 => of("saz/capture.saz"),
            4 => of("transcript/capture.jsonl"),
            5 => of("mixed-escapes/capture.log"),
            _ => of("folder-wbxml/02-server.wbxml"),
        };
        let file = TestFile::new(&bytes[..cut.index(bytes.len())]);
        let report = Replay::of(&file.0).run();
        // Whatever comes of it, somebody is told.
        prop_assert!(!report.played.is_empty() || !report.unreadable.is_empty(), "{}", report.in_words());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), which in 0..5) {
        let head: &[u8] = [&b"PK\x03\x04"[..], b"{\"log\":{", b"<SyncML>", b"\x03\x00", b"{\"cspsim_transcript\""][which as usize];
        let _ = read(&[head, &bytes].concat());
        let _ = read(&bytes);
    }
}
