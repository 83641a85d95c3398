//! The logs of a ConfigMgr client: one record after another in the form that `CMTrace` reads, and what is rolled
//! over.
//!
//! A log that would grow beyond its size is put aside under the time of the line that did not fit; of those, as many are
//! kept as the site says. A line that is larger than the size stands alone.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};

use super::stamp::Stamp;

/// One log of a ConfigMgr client.
#[derive(Debug)]
pub(super) struct CmTrace {
    log: Log,
    text: String,
    aside: VecDeque<(Stamp, String)>,
    most: usize,
    history: usize,
}

/// Which log, and who writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Log {
    /// The file's name without `.log`.
    pub(super) name: &'static str,
    /// The component, as each record names it.
    pub(super) component: &'static str,
}

/// How grave a record is. Real clients log many failures as mere information.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gravity {
    Information = 1,
    Warning = 2,
    Error = 3,
}

/// Where in the client a record comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) thread: u32,
    pub(super) file: &'static str,
    pub(super) line: u32,
}

impl CmTrace {
    pub(super) const fn new(log: Log, most: usize, history: usize) -> Self {
        Self { log, text: String::new(), aside: VecDeque::new(), most, history }
    }

    /// Writes a record.
    pub(super) fn record(
        &mut self,
        stamp: Stamp,
        gravity: Gravity,
        origin: Origin,
        message: fmt::Arguments<'_>,
    ) {
        let start = self.text.len();
        self.text.push_str("<![LOG[");
        // A String takes whatever is written.
        let _ = self.text.write_fmt(message);
        self.text.push_str("]LOG]!><");
        stamp.cmtrace(&mut self.text);
        let Origin { thread, file, line } = origin;
        let _ = write!(
            self.text,
            " component=\"{}\" context=\"\" type=\"{}\" thread=\"{thread}\" file=\"{file}:{line}\">\r\n",
            self.log.component, gravity as u8
        );
        if self.text.len() > self.most && start > 0 {
            self.roll(stamp, start);
        }
    }

    /// The files: what was put aside, the oldest first, and the log itself.
    pub(super) fn files(&self, mut each: impl FnMut(&str, &[u8])) {
        let Self { log, text, aside, .. } = self;
        let mut name = String::new();
        for (stamp, text) in aside {
            name.clear();
            let _ = write!(name, "CCM/Logs/{}-", log.name);
            stamp.name(&mut name);
            name.push_str(".log");
            each(&name, text.as_bytes());
        }
        if !text.is_empty() {
            name.clear();
            let _ = write!(name, "CCM/Logs/{}.log", log.name);
            each(&name, text.as_bytes());
        }
    }

    /// Puts the log aside, all but what comes from `start` on.
    fn roll(&mut self, stamp: Stamp, start: usize) {
        let mut rest = match self.aside.len() {
            kept if kept >= self.history => self.aside.pop_front().map(|(_, text)| text).unwrap_or_default(),
            _ => String::new(),
        };
        rest.clear();
        rest.push_str(&self.text[start..]);
        self.text.truncate(start);
        let whole = std::mem::replace(&mut self.text, rest);
        if self.history == 0 {
            return;
        }
        // Two files cannot have one name.
        let stamp = self.aside.back().map_or(stamp, |(last, _)| stamp.after(*last));
        self.aside.push_back((stamp, whole));
    }
}
