//! What the fleet refuses, as a problem for HTTP.

use std::sync::Arc;

use super::Shared;
use super::problem::{Kind, Problem};
use crate::fleet::{FleetError, Host, NotDone, NotSaved, Refused, Unable};

impl Shared {
    /// The device of that name.
    ///
    /// # Errors
    /// 404 when there is none.
    pub(super) fn host(&self, name: &str) -> Result<Arc<Host>, Problem> {
        self.fleet.host(name).ok_or_else(|| Problem::no_device(name))
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Malformed(error) => Self::malformed(error.place, &error.kind.to_string()),
            Refused::Gone => Self::new(Kind::Absent, "the device was deleted in the meantime"),
            Refused::NotSaved(why) => Self::not_saved(&why),
        }
    }
}

impl From<NotDone> for Problem {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::Refused(refused) => refused.into(),
            NotDone::Unable(Unable::NotAPause(error)) => Self::value("days", &error.to_string()).in_request(),
            NotDone::Unable(Unable::Senseless(error)) => {
                // The body is the list itself.
                let path = error.path.strip_prefix("fault").unwrap_or(&error.path);
                Self::value(path, &error.what).in_request()
            }
            NotDone::Unable(error @ (Unable::NotAhead(_) | Unable::Throttled(_) | Unable::NoClient(_))) => {
                Self::new(Kind::Request, error.to_string())
            }
        }
    }
}

impl From<FleetError> for Problem {
    fn from(error: FleetError) -> Self {
        match error {
            FleetError::Exists(_) => Self::new(Kind::Taken, error.to_string()),
            FleetError::Full { .. } => Self::new(Kind::Full, format!("{error}: none was made")),
            FleetError::Absent(name) => Self::no_device(&name),
            FleetError::NotSaved(why) => Self::not_saved(&why),
        }
    }
}

impl Problem {
    fn not_saved(why: &NotSaved) -> Self {
        Self::new(Kind::NotSaved, format!("cannot save the device: {why}; nothing has changed"))
    }
}
