//! The lines that people read, printed by a thread of their own: a terminal that pauses holds up nobody else.
//!
//! What does not fit between is left out, and how much that was is said where it is missing.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use tokio::sync::oneshot;

use super::told::plain;
use crate::{Failure, output};

/// The lines that may wait to be printed.
const MOST: u64 = 4_096;

/// Prints lines.
#[derive(Debug)]
pub(crate) struct Console {
    teller: Teller,
    done: oneshot::Receiver<Result<(), Failure>>,
}

/// Who has something to say.
#[derive(Debug, Clone)]
pub(crate) struct Teller {
    lines: Sender<Line>,
    state: Arc<State>,
}

/// What both share.
#[derive(Debug, Default)]
struct State {
    waiting: AtomicU64,
    /// The lines that were left out since the last one that was not.
    lost: AtomicU64,
}

#[derive(Debug)]
enum Line {
    Out(String),
    Error(String),
    /// The last one, for standard output.
    Last(String),
}

impl Console {
    /// Begins to print.
    pub(crate) fn start() -> Self {
        let (lines, printed) = mpsc::channel();
        let (ended, done) = oneshot::channel();
        let state = Arc::<State>::default();
        let teller = Teller { lines, state: Arc::clone(&state) };
        thread::spawn(move || {
            // Nobody may wait for it any more.
            let _ = ended.send(print(&printed, &state));
        });
        Self { teller, done }
    }

    pub(crate) const fn teller(&self) -> &Teller {
        &self.teller
    }

    /// Prints what waits, and `last`; what is told later is not printed. It takes as long as the terminal does.
    ///
    /// # Errors
    /// When the last line cannot be printed.
    pub(crate) async fn end(self, last: String) -> Result<(), Failure> {
        // Without its thread nothing is printed, which is told below.
        let _ = self.teller.lines.send(Line::Last(last));
        self.done.await.unwrap_or_else(|_| Err(Failure::Output("the printing thread has stopped".to_owned())))
    }
}

impl Teller {
    /// Tells something on standard output; `line` ends as lines do.
    pub(crate) fn out(&self, line: String) {
        self.send(Line::Out(line));
    }

    /// Tells on standard error what is good to know.
    pub(crate) fn note(&self, what: &str) {
        self.send(Line::Error(format!("{}\n", plain(what))));
    }

    /// Tells on standard error what went wrong.
    pub(crate) fn error(&self, what: &str) {
        self.send(Line::Error(format!("error: {}\n", plain(what))));
    }

    /// Tells on standard error what may surprise.
    pub(crate) fn warn(&self, what: &str) {
        self.send(Line::Error(format!("warning: {}\n", plain(what))));
    }

    fn send(&self, line: Line) {
        if self.state.waiting.fetch_add(1, Ordering::Relaxed) >= MOST {
            self.state.waiting.fetch_sub(1, Ordering::Relaxed);
            self.state.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // Nothing is printed after the last line.
        let _ = self.lines.send(line);
    }
}

/// Prints until the last line. When nobody reads any more, recording goes on.
fn print(lines: &Receiver<Line>, state: &State) -> Result<(), Failure> {
    while let Ok(line) = lines.recv() {
        let lost = state.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let what = if lost == 1 { "line was not told" } else { "lines were not told" };
            let _ = output::print(format!("{lost} {what}\n").as_bytes());
        }
        match line {
            Line::Out(line) => {
                let _ = output::print(line.as_bytes());
            }
            Line::Error(line) => {
                let _ = anstream::stderr().lock().write_all(line.as_bytes());
            }
            Line::Last(line) => return output::print(line.as_bytes()),
        }
        state.waiting.fetch_sub(1, Ordering::Relaxed);
    }
    Ok(())
}
