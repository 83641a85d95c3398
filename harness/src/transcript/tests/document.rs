//! `docs/transcript.md` shows what the program writes.
//!
//! `SNAPSHOTS=overwrite cargo test -p cspsim --lib document` writes the example; read what it changed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use csp_model::agent::{HResult, UpdateId};
use serde_json::Value;

use super::super::*;
use crate::event::DeviceEvent;
use crate::{Device, answer};

const BEGIN: &str = "<!-- An example that the program has written -->\n```json\n";
const END: &str = "```\n";

/// A small recording: a message, one that is none, a call, and bytes.
fn example() -> (Arc<csp_model::device::Snapshot>, Vec<Entry>) {
    let mut device = Device::builtin();
    let before = Arc::new(device.snapshot());
    let at = before.state.clock;
    let mut journal = Journal::new((), Limits::default());
    let media_type: Option<Arc<str>> = Some("application/vnd.syncml.dm+xml".into());
    let body = Bytes::from_static(
        b"<SyncML><SyncHdr><SessionID>1</SessionID><MsgID>1</MsgID><Cred><Data>bWRtOlMzY3JldCE=</Data></Cred></SyncHdr>\
          <SyncBody><Get><CmdID>1</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get></SyncBody></SyncML>",
    );
    let said = answer(&mut device, &body).unwrap();
    let ticket = journal.open(
        Request { at, origin: Origin::Posted { media_type: media_type.clone(), mac: None }, body },
        || (),
    );
    journal.settle(ticket, Outcome::Answered { http: 200, body: Bytes::from(said).into() });
    for (body, http) in [(&b"<SyncBody><Get></SyncBody>"[..], 400), (b"caf\xe9", 400)] {
        let reason = answer(&mut device, body).unwrap_err().to_string();
        let request = Request {
            at,
            origin: Origin::Posted { media_type: media_type.clone(), mac: None },
            body: Bytes::from_static(body),
        };
        let ticket = journal.open(request, || ());
        journal.settle(ticket, Outcome::Refused { http, reason: reason.into() });
    }
    journal.control(at, Call::Reset, ());
    let ((), entries) = journal.reading().roll(|(), _| {});
    (before, entries)
}

fn written() -> String {
    let (device, entries) = example();
    let mut bytes = Vec::new();
    write(&mut bytes, &"default".into(), &device, entries, Secrets::Hidden).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The transcript with the snapshot left out, of which the document speaks elsewhere.
fn shown() -> String {
    let whole = written();
    let (header, lines) = whole.split_once('\n').unwrap();
    let device = header.find(r#""device":{"#).unwrap();
    let version = concat!("cspsim ", env!("CARGO_PKG_VERSION"));
    assert!(header.contains(version));
    format!("{}\"device\":{{…}}}}\n{lines}", &header[..device])
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/transcript.md")
}

#[test]
fn the_example_is_what_is_written() {
    let text = std::fs::read_to_string(document()).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the document has an example");
    let (example, after) = rest.split_once(END).expect("the example ends");
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        std::fs::write(document(), format!("{before}{BEGIN}{}{END}{after}", shown())).unwrap();
        return;
    }
    assert_eq!(example, shown());
}

/// Every key of every line is in the document.
#[test]
fn every_key_is_told() {
    let text = std::fs::read_to_string(document()).unwrap();
    let snapshot = Arc::new(Device::builtin().snapshot());
    let (_, mut entries) = example();
    let at = snapshot.state.clock;
    let event = DeviceEvent {
        at,
        kind: "scan-failed".into(),
        update: Some(UpdateId::from_u128(0)),
        hresult: Some(HResult::OK),
        caller: Some("CcmExec".into()),
        text: String::new(),
    };
    let events: Arc<[_]> = vec![event].into();
    entries.extend(
        [
            Event::Device(Arc::clone(&snapshot)),
            Event::Control(Call::Created),
            Event::Control(Call::Deleted),
            Event::Control(Call::Snapshot { device: Arc::clone(&snapshot) }),
            Event::Control(Call::Advance { to: at }),
            Event::Control(Call::Scan { by: ScanBy::User }),
            Event::Control(Call::Restart),
            Event::Control(Call::Pause { days: 7 }),
            Event::Control(Call::Resume),
            Event::Control(Call::Faults { faults: Arc::default() }),
            Event::Control(Call::Registry { values: Arc::default() }),
            Event::Control(Call::PolicyRefresh),
        ]
        .map(|event| Entry { seq: 9, at, event, events: Arc::clone(&events) }),
    );
    let mut bytes = Vec::new();
    write(&mut bytes, &"default".into(), &snapshot, entries, Secrets::Shown).unwrap();
    for line in String::from_utf8(bytes).unwrap().lines() {
        let Value::Object(line) = serde_json::from_str(line).unwrap() else { panic!("a line is an object") };
        for (key, value) in &line {
            assert!(text.contains(&format!("`{key}`")), "the document does not tell of `{key}`");
            if key == "kind" {
                let kind = value.as_str().unwrap();
                assert!(text.contains(&format!("`{kind}`")), "the document does not tell of `{kind}`");
            }
            if key == "events" {
                for key in value[0].as_object().unwrap().keys() {
                    assert!(text.contains(&format!("`{key}`")), "the document does not tell of `{key}`");
                }
            }
        }
    }
}

/// What the document has `jq` do, it does; where there is no `jq`, nothing is shown by this.
#[test]
fn the_jq_examples_work() {
    let text = std::fs::read_to_string(document()).unwrap();
    let transcript = written();
    let mut shown = 0;
    for block in text.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").expect("an example ends");
        let (line, expected) = block.split_once('\n').expect("an example shows what it gives");
        let (options, filter) = line
            .strip_prefix("$ jq ")
            .and_then(|line| line.strip_suffix("' transcript.jsonl"))
            .and_then(|line| line.split_once('\''))
            .unwrap_or_else(|| panic!("`{line}` reads transcript.jsonl"));
        let jq = Command::new("jq")
            .args(options.split_whitespace())
            .arg(filter)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut jq = match jq {
            Ok(jq) => jq,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => panic!("jq: {error}"),
        };
        jq.stdin.take().unwrap().write_all(transcript.as_bytes()).unwrap();
        let output = jq.wait_with_output().unwrap();
        assert!(output.status.success(), "{line}");
        let output = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output, expected, "{line}");
        shown += 1;
    }
    assert!(shown >= 4, "{shown} examples");
}
