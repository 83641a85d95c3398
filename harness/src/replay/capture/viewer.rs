//! What SyncMLViewer saves of its stream: messages as Windows traces them, one after the other, with comments between them.
//!
//! Nothing says who sent a message, and Windows cuts those of more than 64 KB; SyncMLViewer then adds an end tag of the
//! root, and a comment that says so. Source: the program itself, as of January 2025.

use super::document::Documents;
use super::{Capture, Format, sessions};

/// Puts the messages together.
pub(super) fn read(documents: Documents) -> Capture {
    let messages = documents.found.into_iter().map(|found| found.message).collect();
    sessions::capture(Format::ViewerStream, messages, documents.notes)
}
