//! The file that keeps everything.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::super::line::{Exchange, Line};
use super::super::read::{Reader, Record};
use super::super::*;
use crate::Device;

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cspsim-transcript-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("transcript.jsonl")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn device() -> Arc<csp_model::device::Snapshot> {
    Arc::new(Device::builtin().snapshot())
}

fn entry(seq: u64, body: Vec<u8>) -> Entry {
    let outcome = Outcome::Answered { http: 200, body: Bytes::from_static(b"<SyncML/>").into() };
    let exchange = Exchange {
        origin: Origin::Posted { media_type: None, mac: None },
        request: Bytes::from(body).into(),
        outcome,
    };
    Entry { seq, at: device().state.clock, event: Event::Exchange(exchange), events: Arc::default() }
}

/// What a file holds, a word a line.
fn shape(bytes: &[u8]) -> Vec<String> {
    let word = |record| match record {
        Record::Header(header) => format!("header {}", header.name),
        Record::Line(Line { name, entry: Entry { seq, event, .. } }) => match event {
            Event::Device(_) => format!("device {name} {seq}"),
            Event::Exchange(_) => format!("{name} {seq}"),
            Event::Control(call) => format!("{name} {seq} {call:?}"),
        },
        Record::Cut(line) => format!("cut {line}"),
    };
    if bytes.is_empty() {
        return Vec::new();
    }
    Reader::new(bytes).map(|record| word(record.unwrap())).collect()
}

#[test]
fn all_devices_and_entries_are_kept_in_order() {
    let folder = Folder::new();
    let file = TranscriptFile::open(&folder.file(), Secrets::Hidden).unwrap();
    let mut journals: Vec<_> = ["default", "lab"]
        .map(|name| {
            Journal::new((), Limits { exchanges: 1, ..Limits::default() })
                .with_sink(file.device(&name.into(), device()))
        })
        .into();
    for journal in &mut journals {
        let open = |journal: &mut Journal<()>, body: &'static [u8]| {
            let request = Request {
                at: device().state.clock,
                origin: Origin::Posted { media_type: None, mac: None },
                body: Bytes::from_static(body),
            };
            journal.open(request, || ())
        };
        let first = open(journal, b"<Cred><Data>one-secret</Data></Cred>");
        let second = open(journal, b"<Cred><Data>one-secret</Data></Cred>");
        journal.settle(second, Outcome::Refused { http: 503, reason: "the disk is full".into() });
        journal.settle(first, Outcome::Answered { http: 200, body: Bytes::from_static(b"<SyncML/>").into() });
        journal.control(device().state.clock, Call::Deleted, ());
    }
    file.stop().unwrap();
    let bytes = std::fs::read(folder.file()).unwrap();
    assert_eq!(
        shape(&bytes),
        [
            "header default",
            "device lab 0",
            "default 1",
            "default 2",
            "default 3 Deleted",
            "lab 1",
            "lab 2",
            "lab 3 Deleted"
        ]
    );
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("<Data>REDACTED0001</Data>").count(), 4, "{text}");
    assert!(!text.contains("one-secret"), "{text}");
}

#[test]
fn a_transcript_goes_on_below_a_header_of_its_own() {
    let folder = Folder::new();
    let run = |end: usize| {
        let file = TranscriptFile::open(&folder.file(), Secrets::Shown).unwrap();
        let mut sink = file.device(&"default".into(), device());
        sink(&entry(1, vec![b'a'; 10]));
        file.stop().unwrap();
        let bytes = std::fs::read(folder.file()).unwrap();
        std::fs::write(folder.file(), &bytes[..bytes.len() - end]).unwrap();
    };
    run(0);
    run(7);
    run(0);
    let bytes = std::fs::read(folder.file()).unwrap();
    assert_eq!(
        shape(&bytes),
        ["header default", "default 1", "header default", "cut 4", "header default", "default 1"]
    );
}

#[test]
fn what_is_no_transcript_is_left_alone() {
    let folder = Folder::new();
    for content in ["{}", "important\n", "{\"cspsim_transcript"] {
        std::fs::write(folder.file(), content).unwrap();
        let error = TranscriptFile::open(&folder.file(), Secrets::Hidden).unwrap_err().to_string();
        assert!(error.contains("holds something else than a transcript"), "{error}");
        assert_eq!(std::fs::read_to_string(folder.file()).unwrap(), content);
    }
    std::fs::write(folder.file(), "").unwrap();
    TranscriptFile::open(&folder.file(), Secrets::Hidden).unwrap().stop().unwrap();
    let nowhere = folder.0.join("nowhere").join("t.jsonl");
    let error = TranscriptFile::open(&nowhere, Secrets::Hidden).unwrap_err().to_string();
    assert!(error.starts_with("cannot open the transcript "), "{error}");
}

#[test]
fn one_program_writes_a_file() {
    let folder = Folder::new();
    let file = TranscriptFile::open(&folder.file(), Secrets::Hidden).unwrap();
    let error = TranscriptFile::open(&folder.file(), Secrets::Hidden).unwrap_err().to_string();
    assert!(error.ends_with("is being written by another program"), "{error}");
    file.stop().unwrap();
    TranscriptFile::open(&folder.file(), Secrets::Hidden).unwrap().stop().unwrap();
}

/// Takes so many bytes, and then no more.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.checked_sub(bytes.len()) {
            Some(left) => {
                self.0 = left;
                Ok(bytes.len())
            }
            None => Err(io::Error::from(io::ErrorKind::StorageFull)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_told_at_the_end_and_stops_nobody() {
    let file =
        TranscriptFile::start(Path::new("t.jsonl"), Full(100_000), Secrets::Hidden, Devices::Known, u64::MAX);
    let mut sink = file.device(&"default".into(), device());
    for seq in 1..1_000 {
        sink(&entry(seq, vec![b'a'; 1_000]));
    }
    let error = file.stop().unwrap_err().to_string();
    assert_eq!(error, "the transcript t.jsonl is not complete: no storage space");
    sink(&entry(1_000, Vec::new()));
}

/// Tells what it has got whenever it is to hand it on.
struct Flushed(Vec<u8>, Sender<Vec<u8>>);

impl Write for Flushed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // The test may have seen enough.
        let _ = self.1.send(self.0.clone());
        Ok(())
    }
}

/// Whoever is killed between two messages has written both of them.
#[test]
fn nothing_stays_behind_when_nothing_comes() {
    let (told, flushed) = mpsc::channel();
    let file = TranscriptFile::start(
        Path::new("t.jsonl"),
        Flushed(Vec::new(), told),
        Secrets::Hidden,
        Devices::Known,
        u64::MAX,
    );
    let mut sink = file.device(&"default".into(), device());
    for seq in 1..=3 {
        sink(&entry(seq, Vec::new()));
        let expected = format!("default {seq}");
        while shape(&flushed.recv().unwrap()).last() != Some(&expected) {}
    }
    file.stop().unwrap();
}

/// Waits to be let on, once, and keeps what it takes.
struct Slow {
    begun: Sender<()>,
    on: Receiver<()>,
    kept: Arc<Mutex<Vec<u8>>>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.begun.send(()).is_ok() {
            let _ = self.on.recv();
        }
        self.kept.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_cannot_wait_is_left_out_and_counted() {
    let (begun, has_begun) = mpsc::channel();
    let (let_on, on) = mpsc::channel();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let slow = Slow { begun, on, kept: Arc::clone(&kept) };
    let file = TranscriptFile::start(Path::new("t.jsonl"), slow, Secrets::Hidden, Devices::Known, 100_000);
    let mut sink = file.device(&"default".into(), device());
    has_begun.recv().unwrap();
    drop(has_begun);
    // Nothing is taken from the queue now, where the device may wait as well.
    for seq in 1..=100 {
        sink(&entry(seq, vec![b'a'; 10_000]));
    }
    drop(let_on);
    let error = file.stop().unwrap_err().to_string();
    let lines = shape(&kept.lock().unwrap()).len() - 1;
    assert!((1..=9).contains(&lines), "{lines} entries");
    let lost = 100 - lines;
    assert_eq!(
        error,
        format!(
            "the transcript t.jsonl is not complete: {lost} entries came faster than they could be written"
        )
    );
}
