//! A connection fault as device files and command lines have it, and which parameters each kind takes.

use std::num::{NonZeroU32, NonZeroU64};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConnectionFault, ConnectionFaultKind, Delay, Milliseconds, NotAConnectionFault, ProtocolFault};

/// The kind of a connection fault, as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "ConnectionFaultKind")]
pub(super) enum Kind {
    /// The message waits before it is sent: `by` so long, anything from `by` `to`, or exponentially with a `mean`.
    Delay,
    /// The message is lost on its way to the server.
    DropBefore,
    /// The server answers; its answer is lost.
    DropAfter,
    /// The connection is reset before the message has reached the server.
    Reset,
    /// The answer ends after `bytes`.
    Truncate,
    /// The message reaches the server twice; its second answer is taken.
    Duplicate,
    /// The answer comes slowly: `bytes` a second.
    SlowBody,
    /// The device's Statuses name another message than the server's.
    WrongMsgRef,
    /// The device leaves out a Status.
    LostStatus,
    /// The device authenticates with a nonce that was used before.
    StaleNonce,
    /// The device aborts the session: Alert 1223.
    Abort,
}

impl Kind {
    pub(super) const ALL: [Self; 11] = [
        Self::Delay,
        Self::DropBefore,
        Self::DropAfter,
        Self::Reset,
        Self::Truncate,
        Self::Duplicate,
        Self::SlowBody,
        Self::WrongMsgRef,
        Self::LostStatus,
        Self::StaleNonce,
        Self::Abort,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::DropBefore => "drop-before",
            Self::DropAfter => "drop-after",
            Self::Reset => "reset",
            Self::Truncate => "truncate",
            Self::Duplicate => "duplicate",
            Self::SlowBody => "slow-body",
            Self::WrongMsgRef => "wrong-msg-ref",
            Self::LostStatus => "lost-status",
            Self::StaleNonce => "stale-nonce",
            Self::Abort => "abort",
        }
    }
}

/// A connection fault as it is written: which parameters it has is up to its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConnectionFault")]
pub(super) struct Written {
    /// What goes wrong.
    pub(super) kind: Kind,
    /// Which message of a session it hits, from 1; each when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<NonZeroU32>,
    /// How likely it is each time, from 0 to 1; certain when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub(super) probability: Option<f64>,
    /// How often it strikes; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<u32>,
    /// delay: how long, `50ms`; the shortest when there is a `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<Milliseconds>,
    /// delay: the longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<Milliseconds>,
    /// delay: the mean of an exponential distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mean: Option<Milliseconds>,
    /// truncate: the bytes that are left; slow-body: the bytes of a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<u64>,
}

impl Written {
    pub(super) const fn new(kind: Kind) -> Self {
        Self {
            kind,
            message: None,
            probability: None,
            count: None,
            by: None,
            to: None,
            mean: None,
            bytes: None,
        }
    }
}

impl JsonSchema for ConnectionFault {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Written::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = Written::json_schema(generator);
        schema.insert("description".to_owned(), "A fault of the connection to the MDM server.".into());
        schema
    }
}

impl TryFrom<Written> for ConnectionFault {
    type Error = NotAConnectionFault;

    fn try_from(written: Written) -> Result<Self, NotAConnectionFault> {
        let Written { kind, message, probability, count, .. } = written;
        if probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            let what = "expected a number from 0 to 1".to_owned();
            return Err(NotAConnectionFault::Value { key: "probability", what });
        }
        let kind = match kind {
            Kind::Delay => ConnectionFaultKind::Delay(delay(&written)?),
            Kind::Truncate => ConnectionFaultKind::Truncate {
                bytes: bytes(&written, "the bytes that are left of the answer")?,
            },
            Kind::SlowBody => {
                let a_second = bytes(&written, "the bytes of a second")?;
                let bytes = NonZeroU64::new(a_second).ok_or_else(|| NotAConnectionFault::Value {
                    key: "bytes",
                    what: "expected at least 1 byte a second".to_owned(),
                })?;
                ConnectionFaultKind::SlowBody { bytes }
            }
            Kind::DropBefore => bare(&written, ConnectionFaultKind::DropBefore)?,
            Kind::DropAfter => bare(&written, ConnectionFaultKind::DropAfter)?,
            Kind::Reset => bare(&written, ConnectionFaultKind::Reset)?,
            Kind::Duplicate => bare(&written, ConnectionFaultKind::Duplicate)?,
            Kind::WrongMsgRef => protocol(&written, ProtocolFault::WrongMsgRef)?,
            Kind::LostStatus => protocol(&written, ProtocolFault::LostStatus)?,
            Kind::StaleNonce => protocol(&written, ProtocolFault::StaleNonce)?,
            Kind::Abort => protocol(&written, ProtocolFault::Abort)?,
        };
        Ok(Self { kind, message, probability, count })
    }
}

fn delay(written: &Written) -> Result<Delay, NotAConnectionFault> {
    let foreign =
        |key, expected| Err(NotAConnectionFault::Foreign { kind: written.kind.name(), key, expected });
    if written.bytes.is_some() {
        return foreign("bytes", "expected `by`, `by` and `to`, or `mean`");
    }
    match (written.by, written.to, written.mean) {
        (Some(by), None, None) => Ok(Delay::Constant(by)),
        (Some(by), Some(to), None) if to < by => {
            Err(NotAConnectionFault::Value { key: "to", what: format!("{to} is shorter than `by`, {by}") })
        }
        (Some(by), Some(to), None) => Ok(Delay::Uniform { by, to }),
        (None, None, Some(mean)) => Ok(Delay::Exponential { mean }),
        (Some(_), _, Some(_)) => foreign("by", "there is a `mean` already"),
        (None, Some(_), Some(_)) => foreign("to", "there is a `mean` already"),
        (None, Some(_), None) => {
            let what = "the shortest, where `to` is the longest";
            Err(NotAConnectionFault::Missing { kind: written.kind.name(), key: "by", what })
        }
        (None, None, None) => {
            let what = "`by`, `by` and `to`, or `mean`";
            Err(NotAConnectionFault::Missing { kind: written.kind.name(), key: "by", what })
        }
    }
}

fn bytes(written: &Written, what: &'static str) -> Result<u64, NotAConnectionFault> {
    if let Some(key) = length(written) {
        return Err(NotAConnectionFault::Foreign {
            kind: written.kind.name(),
            key,
            expected: "expected `bytes`",
        });
    }
    written.bytes.ok_or(NotAConnectionFault::Missing { kind: written.kind.name(), key: "bytes", what })
}

fn bare(written: &Written, kind: ConnectionFaultKind) -> Result<ConnectionFaultKind, NotAConnectionFault> {
    match length(written).or(written.bytes.map(|_| "bytes")) {
        None => Ok(kind),
        Some(key) => Err(NotAConnectionFault::Foreign {
            kind: written.kind.name(),
            key,
            expected: "it has none of its own",
        }),
    }
}

fn protocol(written: &Written, fault: ProtocolFault) -> Result<ConnectionFaultKind, NotAConnectionFault> {
    bare(written, ConnectionFaultKind::Protocol(fault))
}

/// The first parameter that says how long.
fn length(written: &Written) -> Option<&'static str> {
    let lengths = [("by", written.by), ("to", written.to), ("mean", written.mean)];
    lengths.into_iter().find_map(|(key, length)| length.map(|_| key))
}

impl From<ConnectionFault> for Written {
    fn from(fault: ConnectionFault) -> Self {
        let ConnectionFault { kind, message, probability, count } = fault;
        let written = Self { message, probability, count, ..Self::new(kind.word()) };
        match kind {
            ConnectionFaultKind::Delay(Delay::Constant(by)) => Self { by: Some(by), ..written },
            ConnectionFaultKind::Delay(Delay::Uniform { by, to }) => {
                Self { by: Some(by), to: Some(to), ..written }
            }
            ConnectionFaultKind::Delay(Delay::Exponential { mean }) => Self { mean: Some(mean), ..written },
            ConnectionFaultKind::Truncate { bytes } => Self { bytes: Some(bytes), ..written },
            ConnectionFaultKind::SlowBody { bytes } => Self { bytes: Some(bytes.get()), ..written },
            ConnectionFaultKind::DropBefore
            | ConnectionFaultKind::DropAfter
            | ConnectionFaultKind::Reset
            | ConnectionFaultKind::Duplicate
            | ConnectionFaultKind::Protocol(_) => written,
        }
    }
}
