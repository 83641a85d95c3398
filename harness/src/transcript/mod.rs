//! What was said to a device and what it answered: one recording, many views.
//!
//! `journal.rs` remembers the last of it in memory, `line.rs` is its form, `write.rs` writes it, with credentials
//! redacted by `redact/`; `file.rs` keeps all of it, and `read.rs` reads it again.
#![allow(
    dead_code,
    unused_imports,
    reason = "those who record and read come to stand on this room one after another"
)]

mod file;
mod journal;
mod line;
mod read;
mod redact;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use file::{FileError, TranscriptFile};
pub(crate) use journal::{Budget, Journal, Limits, Reading, Request, Sink, Ticket};
pub(crate) use line::{Body, Call, Entry, Event, Exchange, Header, Line, Outcome, Secrets};
pub(crate) use read::{ReadError, ReadErrorKind, Reader, Record};
pub(crate) use write::{LineWriter, write};
