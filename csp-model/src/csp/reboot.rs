//! `./Vendor/MSFT/Reboot`: restarts that a server asks for.
//!
//! A restart at once is handed out as an effect; schedules are kept. Deliberately absent: restarting.
//!
//! Source: Microsoft, "Reboot CSP" and its DDF file.

use super::Address;
use super::stored::{self, MountId};
use crate::tree::{Effect, TreeError};
use crate::{Access, Device, Format, Value};

/// The leaves of the CSP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// `RebootNow`
    RebootNow,
    /// `Schedule/Single`
    Single,
    /// `Schedule/DailyRecurrent`
    DailyRecurrent,
    /// `Schedule/WeeklyRecurrent`
    WeeklyRecurrent,
}

impl Node {
    /// The leaf with these names below `./Vendor/MSFT`.
    #[must_use]
    pub fn at(names: &[&str]) -> Option<Self> {
        Some(match names {
            [_, "RebootNow"] => Self::RebootNow,
            [_, "Schedule", "Single"] => Self::Single,
            [_, "Schedule", "DailyRecurrent"] => Self::DailyRecurrent,
            [_, "Schedule", "WeeklyRecurrent"] => Self::WeeklyRecurrent,
            _ => return None,
        })
    }

    /// The schedule that there cannot be beside this one.
    const fn excludes(self) -> Option<&'static str> {
        match self {
            Self::DailyRecurrent => Some("WeeklyRecurrent"),
            Self::WeeklyRecurrent => Some("DailyRecurrent"),
            Self::RebootNow | Self::Single => None,
        }
    }
}

pub(super) fn read(device: &Device, node: Node, address: &Address<'_>) -> Option<Value> {
    match node {
        Node::RebootNow => Some(Value::Null),
        Node::Single | Node::DailyRecurrent | Node::WeeklyRecurrent => {
            stored::read(device, MountId::BUILTIN, address)
        }
    }
}

/// A schedule is a date and a time of ISO 8601, a recurrent one may be a time alone; nothing takes it away.
pub(super) fn check(device: &Device, node: Node, value: &Value) -> Result<(), TreeError> {
    let text = value.text();
    let text = text.trim();
    let disallowed = |expected: String| Err(TreeError::Disallowed { expected });
    if text.is_empty() {
        return Ok(());
    }
    // `0` is a time of the format, and none of a schedule.
    let is_time = text != "0" && Value::parse(Format::Time, text).is_some();
    if !is_time || (node == Node::Single && !text.contains('T')) {
        return disallowed("a date and time like 2024-01-01T03:00:00Z, or nothing".to_owned());
    }
    match node.excludes() {
        Some(other) if stored::value(device, &["Vendor", "MSFT", "Reboot", "Schedule", other]).is_some() => {
            disallowed(format!("nothing while {other} is set"))
        }
        Some(_) | None => Ok(()),
    }
}

pub(super) fn write(device: &mut Device, address: &Address<'_>, value: Option<Value>) {
    match value {
        Some(value) if value.text().trim().is_empty() => stored::remove(device, address),
        value => stored::write(device, MountId::BUILTIN, address, value),
    }
}

pub(super) fn exec(node: Node) -> Result<Effect, TreeError> {
    match node {
        Node::RebootNow => Ok(Effect::Restart),
        Node::Single | Node::DailyRecurrent | Node::WeeklyRecurrent => {
            Err(TreeError::not_allowed(Access::EXEC, Access::GET))
        }
    }
}
