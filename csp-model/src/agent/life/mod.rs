//! Time that passes: the life of updates on a device.

use chrono::{DateTime, Utc};

use super::Event;
use crate::Device;
use crate::device::{ProfileError, Scalar};

/// A detection that is refused, because the last one was not long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the last detection was less than the detection frequency ago: none before {until}")]
pub struct Throttled {
    /// From when on one is allowed.
    pub until: DateTime<Utc>,
}

/// A pause that a user cannot make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAPause(&'static str);

impl Device {
    /// Moves the clock on, and gives what happened until then, in order. The clock never goes back: an earlier time
    /// is as good as the present one.
    pub fn advance_to(&mut self, time: DateTime<Utc>) -> Vec<Event> {
        self.set_clock(time);
        Vec::new()
    }

    /// Scans now, as the button in Settings does: it is never refused.
    pub fn scan(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// Scans now, as `DetectNow` of the COM interface does.
    ///
    /// # Errors
    /// When the last scan was less than the detection frequency ago.
    pub fn detect_now(&mut self) -> Result<Vec<Event>, Throttled> {
        Ok(Vec::new())
    }

    /// Restarts, as a user would have it.
    pub fn restart(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// Pauses updates for so many days, as a user does in Settings.
    ///
    /// # Errors
    /// When it is none of 1 to 35 days.
    pub fn user_pauses(&mut self, _days: u32) -> Result<Vec<Event>, NotAPause> {
        Ok(Vec::new())
    }

    /// Ends the pause that a user has made, as a user does in Settings.
    pub fn user_resumes(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// Reads Group Policy again, as `gpupdate` does.
    pub fn policy_refresh(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// Sets a registry value, or takes it away. What is Group Policy counts from the next refresh of it on.
    pub fn set_registry(&mut self, _key: &str, _name: &str, _value: Option<Scalar>) {}

    /// Has other things go wrong from now on than the device file plans. Times count from the start of the device's clock.
    ///
    /// # Errors
    /// The first fault that makes no sense.
    pub fn set_faults(&mut self, _faults: Vec<super::Fault>) -> Result<(), ProfileError> {
        Ok(())
    }

    /// When the device scans next by itself; `None` when it does not.
    #[must_use]
    pub fn next_scan(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// Whether something waits for a restart.
    #[must_use]
    pub fn is_restart_required(&self) -> bool {
        false
    }
}
