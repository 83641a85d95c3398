//! Lengths of time between two messages.

use std::fmt;
use std::str::FromStr;

use jiff::{Span, SpanRelativeTo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
