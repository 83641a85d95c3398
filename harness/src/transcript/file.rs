//! A file that keeps everything: all devices, all entries, from the start of the program to its end.
//!
//! Entries are handed to a thread, which writes them. Nobody waits for it: what it cannot take is left out, and a
//! reader sees that in the numbers of the entries. An error is told once when it happens, and again at the end.
//!
//! A file that is there already is a transcript that goes on, below a header of its own.
//!
//! Deliberately absent: what becomes of old files.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{self, JoinHandle};

use csp_model::device::Snapshot;

use super::journal::Sink;
use super::line::{Devices, Entry, Event, HEADER, Secrets};
use super::write::LineWriter;

/// A transcript file that is being written.
#[derive(Debug)]
pub(crate) struct TranscriptFile {
    path: PathBuf,
    queue: Queue,
    writer: JoinHandle<io::Result<()>>,
    lock: Option<File>,
}

/// A transcript file that cannot be written, or lacks something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// It cannot be opened.
    #[error("cannot open the transcript {path}: {error}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is something else in it.
    #[error("{0} holds something else than a transcript: name another file, or remove it")]
    NoTranscript(PathBuf),
    /// Another program writes it.
    #[error("the transcript {0} is being written by another program")]
    InUse(PathBuf),
    /// It could not be written on.
    #[error("the transcript {path} is not complete: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Entries came faster than they could be written.
    #[error("the transcript {path} is not complete: {lost} entries came faster than they could be written")]
    Lost {
        /// The file.
        path: PathBuf,
        /// How many entries were left out.
        lost: u64,
    },
}

/// How many bytes may wait to be written.
const WAITING: u64 = 64 * 1024 * 1024;

/// How many bytes are written at once.
const BUFFER: usize = 64 * 1024;

/// What an entry is counted as beside its bodies.
const ENTRY: u64 = 512;

impl TranscriptFile {
    /// Opens the file: a new one, an empty one, or a transcript to go on with.
    ///
    /// # Errors
    /// When it cannot be written, something else is in it, or another program writes it.
    pub(crate) fn open(path: &Path, secrets: Secrets) -> Result<Self, FileError> {
        Self::open_of(path, secrets, Devices::Known)
    }

    /// The same, for devices that are that.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn open_of(path: &Path, secrets: Secrets, devices: Devices) -> Result<Self, FileError> {
        let file = open(path)?;
        let lock = file.try_clone().ok();
        Ok(Self { lock, ..Self::start(path, file, secrets, devices, WAITING) })
    }

    pub(super) fn start(
        path: &Path,
        out: impl Write + Send + 'static,
        secrets: Secrets,
        devices: Devices,
        waiting: u64,
    ) -> Self {
        let (sender, receiver) = mpsc::channel();
        let state = Arc::new(State { path: path.to_owned(), limit: waiting, ..State::default() });
        let queue = Queue { sender, state: Arc::clone(&state) };
        let lines = LineWriter::new(BufWriter::with_capacity(BUFFER, out), secrets).of(devices);
        let writer = thread::spawn(move || keep(&receiver, lines, &state));
        Self { path: path.to_owned(), queue, writer, lock: None }
    }

    /// A device begins, as the snapshot says. What is returned takes its entries, and is for its journal.
    pub(crate) fn device(&self, name: &Arc<str>, device: Arc<Snapshot>) -> Sink {
        let at = device.state.clock;
        self.queue.send(name, &Entry { seq: 0, at, event: Event::Device(device), events: Arc::default() });
        let (queue, name) = (self.queue.clone(), Arc::clone(name));
        Box::new(move |entry| queue.send(&name, entry))
    }

    /// Writes what still waits, and closes the file. What comes later is not written.
    ///
    /// # Errors
    /// When something could not be written.
    pub(crate) fn stop(self) -> Result<(), FileError> {
        let Self { path, queue, writer, lock } = self;
        // It is gone only when it has failed, which it tells itself.
        let _ = queue.sender.send(Job::Stop);
        let written = writer.join().unwrap_or_else(|_| Err(io::Error::other("its writer has stopped")));
        if let Some(lock) = lock {
            // Closing the file is not enough: a program that is just being started has a copy of it for a moment.
            let _ = lock.unlock();
        }
        match (written, queue.state.lost.load(Ordering::Relaxed)) {
            (Err(error), _) => Err(FileError::Write { path, error }),
            (Ok(()), 0) => Ok(()),
            (Ok(()), lost) => Err(FileError::Lost { path, lost }),
        }
    }
}

/// Opens a file at its end, where a header can follow.
fn open(path: &Path) -> Result<File, FileError> {
    let failed = |error| FileError::Open { path: path.to_owned(), error };
    let is_special = path.metadata().is_ok_and(|metadata| !metadata.is_file());
    if is_special {
        return OpenOptions::new().write(true).open(path).map_err(failed);
    }
    let mut options = OpenOptions::new();
    let mut file = options.read(true).append(true).create(true).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(FileError::InUse(path.to_owned())),
        // A file system without locks.
        Err(TryLockError::Error(_)) => {}
    }
    if file.seek(SeekFrom::End(0)).map_err(failed)? > 0 {
        let mut begin = Vec::new();
        file.rewind().map_err(failed)?;
        (&mut file).take(HEADER.len() as u64).read_to_end(&mut begin).map_err(failed)?;
        if begin != HEADER {
            return Err(FileError::NoTranscript(path.to_owned()));
        }
        let mut last = Vec::new();
        file.seek(SeekFrom::End(-1)).map_err(failed)?;
        file.read_to_end(&mut last).map_err(failed)?;
        if last != b"\n" {
            file.write_all(b"\n").map_err(failed)?;
        }
    }
    Ok(file)
}

enum Job {
    Entry(Arc<str>, Entry, u64),
    Stop,
}

/// What the threads share.
#[derive(Debug, Default)]
struct State {
    path: PathBuf,
    /// The bytes that may wait.
    limit: u64,
    /// The bytes that wait.
    waiting: AtomicU64,
    /// The entries that were left out.
    lost: AtomicU64,
    /// Whether nothing more is written.
    is_closed: AtomicBool,
}

/// The way to the writer.
#[derive(Debug, Clone)]
struct Queue {
    sender: Sender<Job>,
    state: Arc<State>,
}

impl Queue {
    fn send(&self, name: &Arc<str>, entry: &Entry) {
        let state = &*self.state;
        if state.is_closed.load(Ordering::Relaxed) {
            return;
        }
        let bytes = ENTRY + entry.event.bytes();
        let before = state.waiting.fetch_add(bytes, Ordering::Relaxed);
        // One that is larger than all that may wait is taken when nothing does.
        if before > 0 && before + bytes > state.limit {
            state.waiting.fetch_sub(bytes, Ordering::Relaxed);
            if state.lost.fetch_add(1, Ordering::Relaxed) == 0 {
                tracing::error!(
                    "the transcript {} is not complete: entries come faster than they can be written",
                    state.path.display()
                );
            }
            return;
        }
        // Without its writer the file has failed, which was told.
        let _ = self.sender.send(Job::Entry(Arc::clone(name), entry.clone(), bytes));
    }
}

/// Writes what comes, until it is told to stop, nobody is left to tell it, or it fails.
fn keep<W: Write>(jobs: &Receiver<Job>, mut lines: LineWriter<W>, state: &State) -> io::Result<()> {
    let written = keep_on(jobs, &mut lines, state);
    state.is_closed.store(true, Ordering::Relaxed);
    if let Err(error) = &written {
        tracing::error!("cannot write the transcript {}: {error}", state.path.display());
    }
    written
}

fn keep_on<W: Write>(jobs: &Receiver<Job>, lines: &mut LineWriter<W>, state: &State) -> io::Result<()> {
    let mut is_begun = false;
    loop {
        let job = match jobs.try_recv() {
            Ok(job) => Some(job),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                lines.flush()?;
                jobs.recv().ok()
            }
        };
        match job {
            Some(Job::Entry(name, entry, bytes)) => {
                match entry {
                    Entry { event: Event::Device(device), .. } if !is_begun => {
                        lines.header(&name, &device)?
                    }
                    entry => lines.entry(&name, entry)?,
                }
                is_begun = true;
                state.waiting.fetch_sub(bytes, Ordering::Relaxed);
            }
            Some(Job::Stop) | None => return lines.flush(),
        }
    }
}
