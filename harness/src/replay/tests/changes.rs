//! Every message of the conformance sessions, changed in one place: the change is seen.
//!
//! Without this a comparison that looks at too little would pass every other test.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use csp_model::xml::{Doctype, Event, Reader};
use syncml::codec::{self, Encoding, Limits};

use super::super::Replay;
use super::super::compare::{Asked, Extent, Ignore, Maps, compare};

/// A change of a message, and where it is made.
struct Change {
    /// The names of the elements from the root to the one that is changed.
    path: String,
    text: String,
}

/// What is another in every run: a change in it says nothing, or says it only together with what else is numbered so.
const ANOTHER: [&str; 11] = [
    "/CmdID",
    "SyncHdr/SessionID",
    "SyncHdr/MsgID",
    "SyncHdr/Target/LocURI",
    "SyncHdr/Source/LocURI",
    "SyncHdr/RespURI",
    "/LocName",
    "/Cred/Data",
    "/Cred/Meta/Format",
    "/Chal/Meta/Format",
    "/NextNonce",
];

/// An element: its path, all of it, and what stands in it.
struct Element {
    path: String,
    whole: Range<usize>,
    inner: Range<usize>,
    is_leaf: bool,
}

fn elements(text: &str) -> Vec<Element> {
    let mut reader = Reader::new(text, Doctype::NoSubset, Limits::DEEPEST);
    let mut open: Vec<(String, Range<usize>, bool)> = Vec::new();
    let mut found = Vec::new();
    loop {
        match reader.next().unwrap() {
            Event::Start(start) => {
                if let Some((.., is_leaf)) = open.last_mut() {
                    *is_leaf = false;
                }
                open.push((start.local().to_owned(), start.span.clone(), true));
            }
            Event::End(end) => {
                let path: Vec<_> = open.iter().map(|(name, ..)| name.as_str()).collect();
                let path = path.join("/");
                let (_, start, is_leaf) = open.pop().unwrap();
                let whole = start.start..end.span.end;
                let inner = start.end..end.span.start.max(start.end);
                found.push(Element { path, whole, inner, is_leaf });
            }
            Event::Text(_) => {}
            Event::Eof => return found,
        }
    }
}

/// Every change: an element that is gone, or there twice, and a text that is another.
fn changes(text: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    for Element { path, whole, inner, is_leaf } in elements(text) {
        let with = |range: Range<usize>, new: &str| {
            let mut changed = text.to_owned();
            changed.replace_range(range, new);
            Change { path: path.clone(), text: changed }
        };
        if path.matches('/').count() < 2 {
            continue;
        }
        changes.push(with(whole.clone(), ""));
        if is_leaf && !inner.is_empty() {
            changes.push(with(inner.end..inner.end, "9"));
        }
        if path.matches('/').count() == 2 && path.contains("SyncBody/") && !path.ends_with("/Final") {
            changes.push(with(whole.end..whole.end, text.get(whole).unwrap()));
        }
    }
    changes
}

fn is_another(path: &str) -> bool {
    ANOTHER.iter().any(|end| path.ends_with(end))
}

#[test]
fn every_change_is_seen() {
    let limits = Limits::default();
    let (mut made, mut unseen) = (0, Vec::new());
    for case in fixtures::cases("sessions") {
        let mut files: Vec<_> =
            fs::read_dir(&case.path).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|ending| ending == "xml"));
        files.sort();
        let mut asked = Asked::default();
        for file in files {
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let Ok(message) = codec::decode(text.as_bytes(), &limits) else { continue };
            for Change { path, text } in changes(&text) {
                let Ok(changed) = codec::decode(text.as_bytes(), &limits) else { continue };
                made += 1;
                let found = compare(
                    &message,
                    &changed,
                    &asked,
                    &mut Maps::default(),
                    &Ignore::default(),
                    Extent::WHOLE,
                );
                if found.is_empty() && !is_another(&path) {
                    unseen.push(format!("{}: {path}", file.display()));
                }
            }
            asked = Asked::of(&message);
        }
    }
    assert!(made > 1_000, "{made}");
    assert_eq!(unseen, Vec::<String>::new());
}

/// The same through the whole program: what the device said is changed in the capture.
#[test]
fn every_change_of_a_capture_is_told() {
    for name in ["plain", "challenge-digest", "large-results"] {
        let from = fixtures::root().join("sessions").join(name);
        let folder = std::env::temp_dir().join(format!("cspsim-changes-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut files: Vec<_> = fs::read_dir(&from).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in &files {
            fs::copy(file, folder.join(file.file_name().unwrap())).unwrap();
        }
        assert!(Replay::of(&folder).run().is_same(), "{name}");
        // The device opens its session as the first message says.
        let is_answer = |file: &&PathBuf| {
            let name = file.file_name().unwrap().to_string_lossy();
            name.ends_with("-device.xml") && !name.starts_with("1-")
        };
        for file in files.iter().filter(is_answer) {
            let text = fs::read_to_string(file).unwrap();
            assert_eq!(Encoding::of(text.as_bytes()), Encoding::Xml);
            let copy = folder.join(file.file_name().unwrap());
            for Change { path, text } in changes(&text) {
                if is_another(&path) {
                    continue;
                }
                fs::write(&copy, text).unwrap();
                assert!(!Replay::of(&folder).run().is_same(), "{}: {path}", file.display());
            }
            fs::write(&copy, text).unwrap();
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
