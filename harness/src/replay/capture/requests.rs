//! Requests of SyncMLViewer to the local management API, each a SyncBody, with their answers.
//!
//! A body alone belongs to no session: a request and its answer are one.

use super::document::Documents;
use super::{Capture, Format, sessions};

/// Puts requests and answers together.
pub(super) fn read(documents: Documents) -> Capture {
    let messages = documents.found.into_iter().map(|found| found.message).collect();
    sessions::capture(Format::ViewerRequests, messages, documents.notes)
}
