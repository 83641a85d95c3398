//! What is written is read again; what cannot be read is told with its line.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::line::{Header, Line};
use super::super::read::{Reader, Record};
use super::super::write::LineWriter;
use super::super::*;
use super::strategies::line;
use crate::Device;
use crate::event::DeviceEvent;

/// A transcript of these lines, shown.
fn written(lines: &[Line]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = LineWriter::new(&mut out, Secrets::Shown);
    writer.header(&"default".into(), &device()).unwrap();
    for Line { name, entry } in lines {
        writer.entry(name, entry.clone()).unwrap();
    }
    out
}

fn device() -> Arc<csp_model::device::Snapshot> {
    Arc::new(Device::builtin().snapshot())
}

fn reset(seq: u64) -> Line {
    let event = Event::Control(Call::Reset);
    Line {
        name: "default".into(),
        entry: Entry { seq, at: device().state.clock, event, events: Arc::default() },
    }
}

fn read(bytes: &[u8]) -> (Vec<Record>, Option<String>) {
    let (mut records, mut error) = (Vec::new(), None);
    for record in Reader::new(bytes) {
        assert!(error.is_none(), "after an error there is nothing more");
        match record {
            Ok(record) => records.push(record),
            Err(told) => error = Some(told.to_string()),
        }
    }
    (records, error)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn lines_come_back(lines in vec(line(), 0..6)) {
        let bytes = written(&lines);
        prop_assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), lines.len() + 1);
        prop_assert_eq!(bytes.last(), Some(&b'\n'));
        let (records, error) = read(&bytes);
        prop_assert_eq!(error, None);
        let mut records = records.into_iter();
        let Some(Record::Header(header)) = records.next() else { panic!("a transcript begins with a header") };
        prop_assert_eq!(*header, Header::new("default".into(), device(), Secrets::Shown));
        prop_assert_eq!(records.collect::<Vec<_>>(), lines.into_iter().map(Record::Line).collect::<Vec<_>>());
    }

    #[test]
    fn rubbish_is_no_transcript(bytes in vec(any::<u8>(), 0..200)) {
        let (records, error) = read(&bytes);
        prop_assert_eq!(records, vec![]);
        prop_assert!(error.is_some_and(|error| error.starts_with("line 1: ")));
    }

    #[test]
    fn a_changed_byte_is_no_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = written(&[reset(1), reset(2)]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        read(&bytes);
    }
}

#[test]
fn a_transcript_that_breaks_off_is_read_to_there() {
    let whole = written(&[reset(1), reset(2)]);
    let (records, _) = read(&whole);
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap();
    for end in 0..whole.len() {
        let (found, error) = read(&whole[..end]);
        if end < header {
            assert!(error.is_some_and(|error| error.starts_with("line 1: ")), "cut at {end}");
            continue;
        }
        assert_eq!(error, None, "cut at {end}");
        let lines = whole[..end].iter().filter(|byte| **byte == b'\n').count();
        match found.split_last() {
            Some((Record::Cut(line), before)) => {
                assert_eq!((*line, before), (lines as u64 + 1, &records[..lines]), "cut at {end}");
            }
            // Only its LF is missing, or nothing.
            _ => assert_eq!(found, records[..found.len()], "cut at {end}"),
        }
    }
}

#[test]
fn another_run_follows_a_line_that_breaks_off() {
    let first = written(&[reset(1), reset(2)]);
    let mut bytes = first[..first.len() - 10].to_vec();
    bytes.push(b'\n');
    bytes.extend(written(&[reset(1)]));
    let (records, error) = read(&bytes);
    assert_eq!(error, None);
    let shape: Vec<_> = records
        .iter()
        .map(|record| match record {
            Record::Header(_) => "header".to_owned(),
            Record::Line(line) => line.entry.seq.to_string(),
            Record::Cut(line) => format!("cut {line}"),
        })
        .collect();
    assert_eq!(shape, ["header", "1", "cut 3", "header", "1"]);
}

#[test]
fn errors_name_the_line_and_what_is_wrong() {
    let whole = String::from_utf8(written(&[])).unwrap();
    let line = r#"{"name":"default","seq":1,"at":"2024-01-01T00:00:00Z","#;
    let cases = [
        (
            String::new(),
            "line 1: found no transcript, expected a line that begins `{\"cspsim_transcript\":1`",
        ),
        ("{}\n".to_owned(), "line 1: found no transcript"),
        (
            whole.replace("transcript\":1", "transcript\":2"),
            "line 1: a transcript of version 2: this program reads version 1",
        ),
        ("{\"cspsim_transcript\":2}\n".to_owned(), "line 1: a transcript of version 2"),
        (
            format!("{whole}nonsense\n{line}\"kind\":\"reset\"}}\n"),
            "line 2: expected ident at line 1 column 2",
        ),
        (
            format!("{whole}{line}\"kind\":\"dance\"}}\n"),
            "line 2: unknown variant `dance`, expected one of `created`, `reset`, `snapshot`, `given-up`, `advance`, `scan`, `restart`, `pause`, `resume`, `faults`, `registry`, `policy-refresh`, `site`, `install`, `client-reset`, `deleted`",
        ),
        (format!("{whole}{line}\"kind\":\"exchange\",\"http\":200}}\n"), "line 2: missing field `request`"),
        (
            format!("{whole}{line}\"kind\":\"exchange\",\"request\":{{\"text\":\"\"}},\"http\":200}}\n"),
            "line 2: found neither `answer` nor `refused`, expected one of them",
        ),
        (
            format!(
                "{whole}{line}\"kind\":\"exchange\",\"request\":{{\"base64\":\"?\"}},\"http\":400,\"refused\":\"\"}}\n"
            ),
            "line 2: Invalid symbol 63, offset 0.",
        ),
        (format!("{whole}{{}}\n"), "line 2: missing field `name`"),
    ];
    for (text, expected) in cases {
        let (_, error) = read(text.as_bytes());
        let error = error.unwrap_or_else(|| panic!("{expected}: is read"));
        assert!(error.starts_with(expected), "found {error}, expected {expected}");
    }
}

/// What the device did meanwhile stands in the line of what made it, and is nothing where it did nothing.
#[test]
fn lines_of_a_program_that_knew_no_events_are_read() {
    let mut line = reset(1);
    let bytes = written(std::slice::from_ref(&line));
    assert!(!String::from_utf8_lossy(&bytes).contains("\"events\""));
    let (records, error) = read(&bytes);
    assert_eq!((records.get(1), error), (Some(&Record::Line(line.clone())), None));
    let event = DeviceEvent {
        at: line.entry.at,
        kind: "scan-failed".into(),
        update: None,
        hresult: None,
        caller: None,
        text: "scan failed".to_owned(),
    };
    line.entry.events = vec![event].into();
    let (records, error) = read(&written(std::slice::from_ref(&line)));
    assert_eq!((records.get(1), error), (Some(&Record::Line(line)), None));
}

#[test]
fn keys_that_are_not_known_are_passed_over() {
    let whole = String::from_utf8(written(&[reset(1)])).unwrap();
    let later = whole.replace("\"kind\":\"reset\"", "\"mood\":[1.5,{}],\"kind\":\"reset\"");
    let later = later.replace("\"secrets\":", "\"weather\":null,\"secrets\":");
    assert_eq!(read(whole.as_bytes()), read(later.as_bytes()));
}
