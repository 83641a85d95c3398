//! A text with messages in it: a log of a server, a README.

use super::document::Documents;
use super::{Capture, Format, sessions};

/// Puts the messages together.
pub(super) fn read(documents: Documents) -> Capture {
    let messages = documents.found.into_iter().map(|found| found.message).collect();
    sessions::capture(Format::Text, messages, documents.notes)
}
