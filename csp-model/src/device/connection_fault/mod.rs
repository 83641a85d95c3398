//! What goes wrong between the device and its MDM server, and when: the plan that a connection follows.
//!
//! A fault that cannot be carried out cannot be made: reading one checks that it has the parameters of its kind, and
//! no others. Carrying it out belongs above.

mod command_line;
mod error;
mod milliseconds;
#[cfg(test)]
mod tests;
mod written;

use std::num::{NonZeroU32, NonZeroU64};

use serde::{Deserialize, Serialize};

pub use error::NotAConnectionFault;
pub use milliseconds::{Milliseconds, NotMilliseconds};
use written::{Kind, Written};

/// A fault of the connection to the MDM server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct ConnectionFault {
    kind: ConnectionFaultKind,
    message: Option<NonZeroU32>,
    probability: Option<f64>,
    count: Option<u32>,
}

/// What can go wrong with the exchange of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionFaultKind {
    /// The message waits before it is sent.
    Delay(Delay),
    /// The message is lost on its way to the server.
    DropBefore,
    /// The server answers; its answer is lost.
    DropAfter,
    /// The connection is reset before the message has reached the server.
    Reset,
    /// The answer ends after so many bytes.
    Truncate {
        /// The bytes that are left of it.
        bytes: u64,
    },
    /// The message reaches the server twice; its second answer is taken.
    Duplicate,
    /// The answer comes slowly.
    SlowBody {
        /// The bytes of a second.
        bytes: NonZeroU64,
    },
    /// The device's side of the conversation breaks the protocol.
    Protocol(ProtocolFault),
}

/// How long a message waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delay {
    /// Always as long.
    Constant(Milliseconds),
    /// Anything between two lengths, both included, as likely.
    Uniform {
        /// The shortest.
        by: Milliseconds,
        /// The longest.
        to: Milliseconds,
    },
    /// Exponentially distributed.
    Exponential {
        /// The mean.
        mean: Milliseconds,
    },
}

/// What a device can do wrong in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolFault {
    /// Its Statuses name another message than the server's.
    WrongMsgRef,
    /// It leaves out a Status.
    LostStatus,
    /// It authenticates with a nonce that was used before.
    StaleNonce,
    /// It aborts the session: Alert 1223.
    Abort,
}

impl ConnectionFault {
    /// A fault of every exchange.
    #[must_use]
    pub const fn new(kind: ConnectionFaultKind) -> Self {
        Self { kind, message: None, probability: None, count: None }
    }

    /// What goes wrong.
    #[must_use]
    pub const fn kind(&self) -> ConnectionFaultKind {
        self.kind
    }

    /// Which message of a session it hits, from 1; each when absent.
    #[must_use]
    pub const fn message(&self) -> Option<NonZeroU32> {
        self.message
    }

    /// How likely it is each time, from 0 to 1; certain when absent.
    #[must_use]
    pub const fn probability(&self) -> Option<f64> {
        self.probability
    }

    /// How often it strikes; without end when absent.
    #[must_use]
    pub const fn count(&self) -> Option<u32> {
        self.count
    }
}

impl ConnectionFaultKind {
    /// The word for it in a device file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.word().name()
    }

    const fn word(self) -> Kind {
        match self {
            Self::Delay(_) => Kind::Delay,
            Self::DropBefore => Kind::DropBefore,
            Self::DropAfter => Kind::DropAfter,
            Self::Reset => Kind::Reset,
            Self::Truncate { .. } => Kind::Truncate,
            Self::Duplicate => Kind::Duplicate,
            Self::SlowBody { .. } => Kind::SlowBody,
            Self::Protocol(ProtocolFault::WrongMsgRef) => Kind::WrongMsgRef,
            Self::Protocol(ProtocolFault::LostStatus) => Kind::LostStatus,
            Self::Protocol(ProtocolFault::StaleNonce) => Kind::StaleNonce,
            Self::Protocol(ProtocolFault::Abort) => Kind::Abort,
        }
    }
}
