//! What people and machines are told of scenarios: for the terminal, as JSON, and as a CI server reads it.

mod human;
mod json;
mod junit;

pub(crate) use human::Human;
pub(crate) use json::json;
pub(crate) use junit::junit;

/// The text without the codes that colour it on a terminal.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
