//! The transcript, shown.

mod document;
mod file;
mod journal;
mod lines;
mod redaction;
mod strategies;
