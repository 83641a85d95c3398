//! How a session ends.

use super::{Outcome, ServerSession};
use crate::judge::Side;

/// How a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// There was nothing left to say. (Should the device still say something, it is answered, and the session goes on.)
    Done,
    /// Somebody sent Alert 1223.
    Aborted(Side),
    /// The device refused the server's message: it does not take it for who it says it is, or has another reason.
    Refused,
    /// It has taken more messages than [`Settings::most_messages`](super::Settings::most_messages).
    TooManyMessages,
}

impl ServerSession {
    /// Whether the session has ended.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.ending.is_some()
    }

    /// How it has ended.
    #[must_use]
    pub const fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Ends it with Alert 1223 in the next message.
    pub fn abort(&mut self) {
        self.end(Ending::Aborted(Side::Server));
    }

    /// Ends it, unless it has ended: what waits gets its outcome.
    pub(super) fn end(&mut self, ending: Ending) {
        if !self.goes_on() {
            return;
        }
        self.ending = Some(ending);
        self.settle();
        while let Some(place) = self.queue.pop_front() {
            self.finish(place, Outcome::Unsent);
        }
    }

    /// Whether it goes on with another message: it has not ended, or only for want of something to say.
    pub(super) fn goes_on(&self) -> bool {
        self.ending.is_none_or(|ending| ending == Ending::Done)
    }
}
