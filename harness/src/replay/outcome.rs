//! What came of playing a session: what was compared, and how it differed.

use std::sync::Arc;

use bytes::Bytes;

use super::capture::{Format, Note, Place, Side};
use super::compare::{Difference, Weight};
use crate::event::DeviceEvent;

/// What came of a session.
#[derive(Debug, Clone)]
pub struct Played {
    /// The file or folder.
    pub capture: Arc<str>,
    /// How it was written.
    pub format: Format,
    /// What was played.
    pub of: Of,
    /// The SessionID, or the device's name; empty where there is none.
    pub session: Arc<str>,
    /// How many messages were compared.
    pub compared: usize,
    /// The messages that differ.
    pub different: Vec<Different>,
    /// What could not be compared, and why; what was passed over.
    pub notes: Vec<Note>,
    /// The identities that are others than in the capture: as they stand there, and as they are now.
    pub mapped: Vec<(String, String)>,
}

/// What was played at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A session.
    Session,
    /// The life of a device, or a part of it, with all its sessions.
    Device,
}

/// What comparing has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing differs.
    Same,
    /// Something differs.
    Different,
    /// There was nothing to compare.
    NotCompared,
}

/// A message that differs.
#[derive(Debug, Clone)]
pub struct Different {
    /// Which message of the session it is, from 1.
    pub number: usize,
    /// Whose.
    pub from: Side,
    /// Where it stands in the capture.
    pub place: Place,
    /// The message in the capture; `None` where none was sent.
    pub expected: Option<Bytes>,
    /// The message now; `None` where none is sent.
    pub got: Option<Bytes>,
    /// What the device does meanwhile now, where that differs.
    pub events: Option<Vec<DeviceEvent>>,
    /// Whether the captured message, or what it answers, breaks off.
    pub is_cut: bool,
    /// In what they differ, in the order of the message.
    pub differences: Vec<Difference>,
}

impl Played {
    /// A session of which nothing was played yet.
    pub(super) fn new(capture: Arc<str>, format: Format, of: Of, session: Arc<str>) -> Self {
        Self {
            capture,
            format,
            of,
            session,
            compared: 0,
            different: Vec::new(),
            notes: Vec::new(),
            mapped: Vec::new(),
        }
    }

    /// What comparing has shown.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match (self.different.is_empty(), self.compared) {
            (false, _) => Verdict::Different,
            (true, 0) => Verdict::NotCompared,
            (true, _) => Verdict::Same,
        }
    }

    /// All differences.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        self.different.iter().flat_map(|different| &different.differences)
    }

    /// How many differences have that weight.
    #[must_use]
    pub fn count(&self, weight: Weight) -> usize {
        self.differences().filter(|difference| difference.weight == weight).count()
    }

    pub(super) fn note(&mut self, place: Option<&Place>, text: impl Into<String>) {
        self.notes.push(Note { place: place.cloned(), text: text.into() });
    }

    pub(super) fn differ(&mut self, different: Different) {
        if !different.differences.is_empty() {
            self.different.push(different);
        }
    }
}
