//! Scenario files: a device, what is sent and done to it, and what is expected.
//!
//! A file becomes a [`Scenario`](load::Scenario) whose every value makes sense, or an error that says which does not;
//! running it gives an [`Outcome`]. Printing it is left to others.
//!
//! Deliberately absent: this machine's time. A device's clock moves where a step moves it.

mod check;
mod deed;
mod document;
mod exchange;
mod expectation;
mod failure;
mod file;
mod find;
mod load;
mod part;
mod run;
mod table;

pub(crate) use failure::StepFailure;
pub(crate) use file::schema;
pub(crate) use find::find;
pub(crate) use run::{AfterFailure, Mode, Outcome, Plan, Verdict, run};

/// The scenario that `cspsim init scenario` writes: green as it stands.
pub(crate) const EXAMPLE: &str = include_str!("example.toml");
