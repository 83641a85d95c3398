//! The transcript that is written: its devices by what they are known by, and the numbers of their lines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use csp_model::device::Snapshot;

use crate::transcript::{Entry, Event, FileError, Sink, TranscriptFile};

/// Writes lines.
pub(super) struct Pen {
    file: Option<TranscriptFile>,
    /// By what the proxy knows them by: an id, or the path that is posted to.
    devices: BTreeMap<Arc<str>, Known>,
    /// The names that they have.
    names: BTreeSet<Arc<str>>,
}

/// A device that has a name.
struct Known {
    name: Arc<str>,
    sink: Option<Sink>,
    seq: u64,
    /// The time of its last line: times never go back in a transcript.
    at: DateTime<Utc>,
}

impl Pen {
    pub(super) const fn new(file: Option<TranscriptFile>) -> Self {
        Self { file, devices: BTreeMap::new(), names: BTreeSet::new() }
    }

    /// The name of a device, which begins in the transcript when it is met first. `wanted` is the name that it has
    /// elsewhere.
    pub(super) fn name(
        &mut self,
        key: &Arc<str>,
        wanted: Option<&str>,
        snapshot: impl FnOnce() -> Arc<Snapshot>,
        at: DateTime<Utc>,
    ) -> Arc<str> {
        if let Some(known) = self.devices.get(key) {
            return Arc::clone(&known.name);
        }
        let numbered = (self.devices.len() + 1..).map(|number| format!("device-{number}"));
        let name = wanted
            .map(str::to_owned)
            .into_iter()
            .chain(numbered)
            .find(|name| !self.names.contains(name.as_str()));
        let name: Arc<str> = name.unwrap_or_default().into();
        self.names.insert(Arc::clone(&name));
        let sink = self.file.as_ref().map(|file| file.device(&name, snapshot()));
        self.devices.insert(Arc::clone(key), Known { name: Arc::clone(&name), sink, seq: 0, at });
        name
    }

    /// Whether a device has a name.
    pub(super) fn knows(&self, key: &Arc<str>) -> bool {
        self.devices.contains_key(key)
    }

    /// Writes a line of a device that has a name.
    pub(super) fn line(&mut self, key: &Arc<str>, at: DateTime<Utc>, event: Event) {
        let Some(known) = self.devices.get_mut(key) else { return };
        known.seq += 1;
        known.at = known.at.max(at);
        if let Some(sink) = &mut known.sink {
            sink(&Entry { seq: known.seq, at: known.at, event, events: Arc::default() });
        }
    }

    /// Writes what waits; nothing is written any more.
    pub(super) fn close(&mut self) -> Result<(), FileError> {
        self.devices.clear();
        self.file.take().map_or(Ok(()), TranscriptFile::stop)
    }
}
