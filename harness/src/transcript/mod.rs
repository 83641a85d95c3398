//! What was said to a device and what it answered: one recording, many views.
//!
//! `journal.rs` remembers the last of it in memory, `line.rs` is its form, `write.rs` writes it, with credentials
//! redacted by `redact/`; `file.rs` keeps all of it. `read.rs` reads it again.

mod file;
mod journal;
mod line;
mod read;
mod redact;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use file::{FileError, TranscriptFile};
pub(crate) use journal::{Journal, Limits, Reading, Request, Sink, Ticket};
pub(crate) use line::{
    Body, Call, Devices, Dialled, Entry, Event, Exchange, Line, Origin, Outcome, RegistryChange, ScanBy,
    Secrets,
};
pub(crate) use read::{Reader, Record};
pub(crate) use redact::{Redactor, is_redacted, is_secret};
pub(crate) use write::{LineWriter, write};
