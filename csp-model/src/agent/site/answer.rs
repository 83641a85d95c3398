//! What a server does when a device asks it.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::agent::HResult;
use crate::device::Scalar;

/// What a server does when a device asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Scalar", into = "Scalar")]
pub enum Answer {
    /// It answers with this HTTP status; 200 is the only good one.
    Status(u16),
    /// It does not answer in time.
    Timeout,
    /// Its name is not resolved.
    NameNotResolved,
    /// Nothing listens there.
    CannotConnect,
    /// WSUS: its application pool has stopped, and IIS answers 503.
    PoolStopped,
    /// WSUS: a scan takes more round trips than are allowed.
    TooManyRoundTrips,
    /// Management point: it wants a certificate of the client, and there is none.
    NoClientCertificate,
}

/// A value that is no answer of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no answer: expected an HTTP status from 200 to 599, or one of {known}", known = Answer::names())]
pub struct NotAnAnswer(String);

impl Answer {
    /// It does what it is there for.
    pub const OK: Self = Self::Status(200);

    const NAMED: [(Self, &'static str); 6] = [
        (Self::Timeout, "timeout"),
        (Self::NameNotResolved, "name-not-resolved"),
        (Self::CannotConnect, "cannot-connect"),
        (Self::PoolStopped, "pool-stopped"),
        (Self::TooManyRoundTrips, "too-many-round-trips"),
        (Self::NoClientCertificate, "no-client-certificate"),
    ];

    fn names() -> String {
        Self::NAMED.map(|(_, name)| format!("`{name}`")).join(", ")
    }

    /// The HTTP status, if there is one.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(status),
            Self::PoolStopped => Some(503),
            Self::TooManyRoundTrips => Some(200),
            Self::Timeout | Self::NameNotResolved | Self::CannotConnect | Self::NoClientCertificate => None,
        }
    }

    /// What a scan against it fails with; `None` when it does not.
    ///
    /// Source: `wuerror.h`, the codes `WU_E_PT_HTTP_STATUS_`…; `winhttp.h`.
    #[must_use]
    pub const fn scan_error(self) -> Option<HResult> {
        Some(HResult::from_bits(match self {
            Self::Status(200) => return None,
            Self::Timeout => 0x8007_2ee2,
            Self::NameNotResolved => 0x8007_2ee7,
            Self::CannotConnect => 0x8007_2efd,
            Self::TooManyRoundTrips => 0x8024_4010,
            Self::PoolStopped | Self::Status(503) => 0x8024_4022,
            Self::NoClientCertificate => 0x8007_2f0c,
            Self::Status(400) => 0x8024_4016,
            Self::Status(401) => 0x8024_4017,
            Self::Status(403) => 0x8024_4018,
            Self::Status(404) => 0x8024_4019,
            Self::Status(405) => 0x8024_401a,
            Self::Status(407) => 0x8024_401b,
            Self::Status(408) => 0x8024_401c,
            Self::Status(409) => 0x8024_401d,
            Self::Status(410) => 0x8024_401e,
            Self::Status(500) => 0x8024_401f,
            Self::Status(501) => 0x8024_4020,
            Self::Status(502) => 0x8024_4021,
            Self::Status(504) => 0x8024_4023,
            Self::Status(505) => 0x8024_4024,
            Self::Status(_) => 0x8024_402b,
        }))
    }

    /// What a request to a management point fails with, and the symbol that CcmMessaging.log has for it; `None` when it
    /// does not fail.
    ///
    /// Source: the founding article on deployments that are not shown, its table of symbols.
    #[must_use]
    pub const fn messaging_error(self) -> Option<(HResult, &'static str)> {
        let (bits, symbol) = match self {
            Self::Status(200) => return None,
            Self::Timeout => (0x8007_2ee2, "ERROR_WINHTTP_TIMEOUT"),
            Self::NameNotResolved => (0x8007_2ee7, "ERROR_WINHTTP_NAME_NOT_RESOLVED"),
            Self::CannotConnect => (0x8007_2efd, "ERROR_WINHTTP_CANNOT_CONNECT"),
            Self::NoClientCertificate => (0x8009_2004, "CCM_E_NO_CLIENT_PKI_CERT"),
            Self::Status(_) | Self::PoolStopped | Self::TooManyRoundTrips => {
                (0x87d0_027e, "CCM_E_BAD_HTTP_STATUS_CODE")
            }
        };
        Some((HResult::from_bits(bits), symbol))
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::OK
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            named => {
                let name = Self::NAMED.iter().find(|(known, _)| known == named);
                f.write_str(name.map_or("", |(_, name)| name))
            }
        }
    }
}

impl TryFrom<Scalar> for Answer {
    type Error = NotAnAnswer;

    fn try_from(scalar: Scalar) -> Result<Self, NotAnAnswer> {
        let text = scalar.text();
        if let Some((answer, _)) = Self::NAMED.iter().find(|(_, name)| *name == text) {
            return Ok(*answer);
        }
        let status = text.parse().ok().filter(|status| (200..600).contains(status));
        status.map(Self::Status).ok_or_else(|| NotAnAnswer(text.into_owned()))
    }
}

impl From<Answer> for Scalar {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Status(status) => Self::Int(status.into()),
            named => Self::Text(named.to_string()),
        }
    }
}

impl JsonSchema for Answer {
    fn schema_name() -> Cow<'static, str> {
        "Answer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = Self::NAMED.map(|(_, name)| name);
        schemars::json_schema!({
            "anyOf": [{ "type": "integer", "minimum": 200, "maximum": 599 }, { "enum": names }]
        })
    }
}
