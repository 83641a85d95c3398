//! Why a file is no capture.

use std::io;
use std::path::Path;

use super::Place;

/// A file that is no capture, or breaks off being one.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {what}", shown(place))]
pub struct CaptureError {
    /// Where.
    pub place: Place,
    /// What was found, and what was expected instead.
    pub what: String,
}

impl CaptureError {
    /// Something is wrong at a place.
    pub(super) fn new(place: Place, what: impl Into<String>) -> Self {
        Self { place, what: what.into() }
    }

    /// Something is wrong with the whole of a file or folder.
    pub(crate) fn of(path: &Path, what: impl Into<String>) -> Self {
        Self::new(Place::start(path), what)
    }

    /// A folder without a capture.
    pub(crate) fn none_in(path: &Path) -> Self {
        Self::of(
            path,
            "found no capture in the folder, expected numbered messages, .har, .saz, .jsonl, .log or .txt",
        )
    }

    /// The file cannot be read at all.
    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        Self::new(Place::start(path), error.to_string())
    }
}

/// The offset is said always: whoever looks for what is wrong in a large file needs it.
fn shown(place: &Place) -> String {
    match place.line {
        Some(_) => format!("{place} (byte {})", place.offset),
        None if place.offset == 0 => format!("{place}: byte 0"),
        None => place.to_string(),
    }
}
