//! What goes wrong between the device and its MDM server, and when: the plan that a connection follows.
//!
//! A fault that cannot be carried out cannot be made: reading one checks that it has the parameters of its kind, and
//! no others. Carrying it out belongs above.

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};
use std::str::FromStr;

use jiff::{Span, SpanRelativeTo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// The kind of a connection fault, as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "ConnectionFaultKind")]
enum Kind {
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
    const ALL: [Self; 11] = [
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

    const fn name(self) -> &'static str {
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
struct Written {
    /// What goes wrong.
    kind: Kind,
    /// Which message of a session it hits, from 1; each when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<NonZeroU32>,
    /// How likely it is each time, from 0 to 1; certain when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    probability: Option<f64>,
    /// How often it strikes; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    /// delay: how long, `50ms`; the shortest when there is a `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<Milliseconds>,
    /// delay: the longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Milliseconds>,
    /// delay: the mean of an exponential distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mean: Option<Milliseconds>,
    /// truncate: the bytes that are left; slow-body: the bytes of a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

impl Written {
    const fn new(kind: Kind) -> Self {
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

/// A connection fault that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAConnectionFault {
    /// A word that is no kind.
    #[error("`{0}` is no fault of a connection: expected one of {kinds}", kinds = kinds())]
    Kind(String),
    /// A parameter that does not exist.
    #[error("`{0}` is no parameter of a fault: expected one of {keys}, as in `{EXAMPLE}`", keys = KEYS.join(", "))]
    Key(String),
    /// A parameter without a value.
    #[error("`{0}` has no value: expected `KEY=VALUE`, as in `{EXAMPLE}`")]
    NoValue(String),
    /// A parameter that stands there twice.
    #[error("`{0}` stands there twice")]
    Twice(&'static str),
    /// A value that is none.
    #[error("`{key}`: {what}")]
    Value {
        /// The parameter.
        key: &'static str,
        /// What is wrong, and what is expected.
        what: String,
    },
    /// A parameter that the kind needs.
    #[error("`{key}` is missing: `{kind}` needs {what}")]
    Missing {
        /// The kind.
        kind: &'static str,
        /// The parameter.
        key: &'static str,
        /// What it says.
        what: &'static str,
    },
    /// A parameter of another kind.
    #[error("`{key}` is no parameter of `{kind}`: {expected}")]
    Foreign {
        /// The kind.
        kind: &'static str,
        /// The parameter.
        key: &'static str,
        /// What the kind has instead.
        expected: &'static str,
    },
}

const EXAMPLE: &str = "truncate,message=2,bytes=100";
const KEYS: [&str; 7] = ["message", "probability", "count", "by", "to", "mean", "bytes"];

fn kinds() -> String {
    Kind::ALL.map(Kind::name).join(", ")
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

/// As a command line says it: the kind, then its parameters, `truncate,message=2,bytes=100`.
///
/// ```
/// use csp_model::device::ConnectionFault;
///
/// let fault: ConnectionFault = "delay,by=50ms,to=2s,probability=0.5".parse()?;
/// assert_eq!(fault.to_string(), "delay,probability=0.5,by=50ms,to=2s");
/// # Ok::<(), csp_model::device::NotAConnectionFault>(())
/// ```
impl FromStr for ConnectionFault {
    type Err = NotAConnectionFault;

    fn from_str(text: &str) -> Result<Self, NotAConnectionFault> {
        let mut parts = text.split(',').map(str::trim);
        let word = parts.next().unwrap_or_default();
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == word);
        let mut written = Written::new(kind.ok_or_else(|| NotAConnectionFault::Kind(word.to_owned()))?);
        for part in parts {
            let (key, value) = part.split_once('=').ok_or_else(|| match KEYS.contains(&part) {
                true => NotAConnectionFault::NoValue(part.to_owned()),
                false => NotAConnectionFault::Key(part.to_owned()),
            })?;
            let (key, value) = (key.trim(), value.trim());
            match key {
                "message" => put(&mut written.message, "message", value, "a number from 1")?,
                "probability" => put(&mut written.probability, "probability", value, "a number from 0 to 1")?,
                "count" => put(&mut written.count, "count", value, "a number")?,
                "by" => put(&mut written.by, "by", value, "a length of time like `50ms` or `2s`")?,
                "to" => put(&mut written.to, "to", value, "a length of time like `50ms` or `2s`")?,
                "mean" => put(&mut written.mean, "mean", value, "a length of time like `50ms` or `2s`")?,
                "bytes" => put(&mut written.bytes, "bytes", value, "a number")?,
                other => return Err(NotAConnectionFault::Key(other.to_owned())),
            }
        }
        written.try_into()
    }
}

fn put<T: FromStr>(
    slot: &mut Option<T>,
    key: &'static str,
    value: &str,
    expected: &str,
) -> Result<(), NotAConnectionFault> {
    let what = || format!("`{value}` is none: expected {expected}");
    let value = value.parse().map_err(|_| NotAConnectionFault::Value { key, what: what() })?;
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(NotAConnectionFault::Twice(key)),
    }
}

impl fmt::Display for ConnectionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = Written::from(self.clone());
        f.write_str(written.kind.name())?;
        let parameters = [
            ("message", written.message.map(|message| message.to_string())),
            ("probability", written.probability.map(|probability| probability.to_string())),
            ("count", written.count.map(|count| count.to_string())),
            ("by", written.by.map(|by| by.to_string())),
            ("to", written.to.map(|to| to.to_string())),
            ("mean", written.mean.map(|mean| mean.to_string())),
            ("bytes", written.bytes.map(|bytes| bytes.to_string())),
        ];
        for (key, value) in parameters {
            if let Some(value) = value {
                write!(f, ",{key}={value}")?;
            }
        }
        Ok(())
    }
}

/// A length of time in whole milliseconds: `50ms`, `2s`, `PT1M`. At most a day.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Milliseconds(u64);

/// A text that is no length of time between two messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no such length of time: expected one like `50ms`, `2s` or `PT1M`, at most a day")]
pub struct NotMilliseconds(String);

impl Milliseconds {
    /// A day.
    pub const LONGEST: Self = Self(86_400_000);

    /// The milliseconds.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for Milliseconds {
    type Err = NotMilliseconds;

    fn from_str(text: &str) -> Result<Self, NotMilliseconds> {
        let length = text
            .parse::<Span>()
            .ok()
            .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok())
            .filter(|length| !length.is_negative())
            .and_then(|length| u64::try_from(length.as_millis()).ok())
            .map(Self);
        length.filter(|length| *length <= Self::LONGEST).ok_or_else(|| NotMilliseconds(text.to_owned()))
    }
}

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 1_000 {
            0 => write!(f, "{}s", self.0 / 1_000),
            _ => write!(f, "{}ms", self.0),
        }
    }
}

impl TryFrom<String> for Milliseconds {
    type Error = NotMilliseconds;

    fn try_from(text: String) -> Result<Self, NotMilliseconds> {
        text.parse()
    }
}

impl From<Milliseconds> for String {
    fn from(length: Milliseconds) -> Self {
        length.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeviceFile;

    fn said(text: &str) -> String {
        text.parse::<ConnectionFault>().unwrap_err().to_string()
    }

    #[test]
    fn command_lines() {
        for text in [
            "delay,by=50ms",
            "delay,by=50ms,to=2s",
            "delay,message=1,mean=100ms",
            "drop-before,probability=0.25,count=3",
            "drop-after",
            "reset,message=2",
            "truncate,message=2,bytes=100",
            "truncate,bytes=0",
            "duplicate",
            "slow-body,bytes=10",
            "wrong-msg-ref,message=3",
            "lost-status",
            "stale-nonce",
            "abort,message=4",
        ] {
            let fault: ConnectionFault = text.parse().unwrap();
            assert_eq!(fault.to_string(), text);
            let json = serde_json::to_string(&fault).unwrap();
            assert_eq!(serde_json::from_str::<ConnectionFault>(&json).unwrap(), fault, "{json}");
            assert_eq!(fault.kind().name(), text.split(',').next().unwrap());
        }
        let spaced: ConnectionFault = " delay , by = PT0.05S , to = 1500ms ".parse().unwrap();
        assert_eq!(spaced.to_string(), "delay,by=50ms,to=1500ms");
    }

    #[test]
    fn command_lines_that_make_no_sense() {
        let cases = [
            (
                "",
                "`` is no fault of a connection: expected one of delay, drop-before, drop-after, reset, truncate, \
                 duplicate, slow-body, wrong-msg-ref, lost-status, stale-nonce, abort",
            ),
            (
                "reset,after=1",
                "`after` is no parameter of a fault: expected one of message, probability, count, by, to, mean, bytes, \
                 as in `truncate,message=2,bytes=100`",
            ),
            (
                "reset,message",
                "`message` has no value: expected `KEY=VALUE`, as in `truncate,message=2,bytes=100`",
            ),
            ("reset,message=0", "`message`: `0` is none: expected a number from 1"),
            ("reset,count=1,count=2", "`count` stands there twice"),
            ("reset,probability=1.5", "`probability`: expected a number from 0 to 1"),
            ("reset,probability=NaN", "`probability`: expected a number from 0 to 1"),
            ("delay", "`by` is missing: `delay` needs `by`, `by` and `to`, or `mean`"),
            ("delay,to=1s", "`by` is missing: `delay` needs the shortest, where `to` is the longest"),
            ("delay,by=2s,to=1s", "`to`: 1s is shorter than `by`, 2s"),
            ("delay,by=1s,mean=1s", "`by` is no parameter of `delay`: there is a `mean` already"),
            (
                "delay,by=1 fortnight",
                "`by`: `1 fortnight` is none: expected a length of time like `50ms` or `2s`",
            ),
            ("delay,by=-1s", "`by`: `-1s` is none: expected a length of time like `50ms` or `2s`"),
            ("delay,by=25h", "`by`: `25h` is none: expected a length of time like `50ms` or `2s`"),
            ("truncate", "`bytes` is missing: `truncate` needs the bytes that are left of the answer"),
            ("truncate,bytes=1,by=1s", "`by` is no parameter of `truncate`: expected `bytes`"),
            ("slow-body,bytes=0", "`bytes`: expected at least 1 byte a second"),
            ("duplicate,bytes=1", "`bytes` is no parameter of `duplicate`: it has none of its own"),
            ("abort,mean=1s", "`mean` is no parameter of `abort`: it has none of its own"),
        ];
        for (text, expected) in cases {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    #[test]
    fn device_files() {
        let file = DeviceFile::from_toml(
            "[[connection_fault]]\nkind = \"reset\"\n\n[[connection_fault]]\nkind = \"delay\"\nby = \"50ms\"\nmessage = 2\n",
        );
        let faults = file.unwrap().connection_fault;
        assert_eq!(faults, ["reset".parse().unwrap(), "delay,message=2,by=50ms".parse().unwrap()]);
    }

    #[test]
    fn device_files_that_make_no_sense() {
        let error = |text: &str| {
            let error =
                DeviceFile::from_toml(&format!("seed = 1\n[[connection_fault]]\n{text}")).unwrap_err();
            assert!(error.span.is_some(), "{error}");
            error.to_string()
        };
        assert_eq!(
            error("kind = \"truncate\""),
            "connection_fault[0]: `bytes` is missing: `truncate` needs the bytes that are left of the answer"
        );
        assert_eq!(
            error("kind = \"reset\"\nbytes = 1"),
            "connection_fault[0]: `bytes` is no parameter of `reset`: it has none of its own"
        );
        assert!(
            error("kind = \"restart\"").starts_with("connection_fault[0].kind: unknown variant `restart`")
        );
        assert!(
            error("kind = \"reset\"\nafter = 1")
                .starts_with("connection_fault[0].after: unknown field `after`")
        );
        assert_eq!(
            error("kind = \"delay\"\nby = \"soon\""),
            "connection_fault[0].by: `soon` is no such length of time: expected one like `50ms`, `2s` or `PT1M`, at \
             most a day"
        );
    }
}
