//! Times, durations and sizes as people write them in a device file.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use jiff::{Span, SpanRelativeTo};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A point in time: `2023-11-01T08:00:00Z`, or with an offset. TOML's own times are taken too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Instant(pub DateTime<Utc>);

impl Default for Instant {
    /// 2024-01-01T00:00:00Z, where a device clock starts unless its file says otherwise.
    fn default() -> Self {
        const NEW_YEAR_2024: i64 = 1_704_067_200;
        Self(DateTime::from_timestamp(NEW_YEAR_2024, 0).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Instant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time like `2023-11-01T08:00:00Z`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Instant, E> {
                let at = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
                // Four digits for the year, before and after the offset is taken off, and no leap second.
                let is_plain = |at: &DateTime<Utc>| {
                    (1..=9999).contains(&at.year()) && at.timestamp_subsec_nanos() < 1_000_000_000
                };
                at.ok().filter(is_plain).map(Instant).ok_or_else(|| {
                    E::custom(format_args!(
                        "`{text}` is not a time: expected one like `2023-11-01T08:00:00Z`"
                    ))
                })
            }

            /// The toml crate hands its own times out as a map of one text.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Instant, A::Error> {
                match map.next_entry::<String, String>()? {
                    Some((key, text)) if key.starts_with("$__toml") => self.visit_str(&text),
                    _ => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
                }
            }
        }

        deserializer.deserialize_any(Text)
    }
}

/// A length of time in whole seconds: `12m`, `22h`, `P30D`.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Duration(u64);

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: expected one like `12m`, `22h` or `P30D`")]
pub struct NotADuration(String);

impl Duration {
    /// So many seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The seconds.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// The same for reckoning with times; the longest there is where it is longer.
    pub(crate) fn delta(self) -> TimeDelta {
        i64::try_from(self.0).ok().and_then(TimeDelta::try_seconds).unwrap_or(TimeDelta::MAX)
    }
}

impl FromStr for Duration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        // Ten thousand years are more than any clock here reaches.
        const LONGEST: u64 = 320_000_000_000;
        let length = text
            .parse::<Span>()
            .ok()
            .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        match length.and_then(|length| u64::try_from(length.as_secs()).ok()) {
            Some(seconds) if seconds <= LONGEST && !length.is_some_and(|length| length.is_negative()) => {
                Ok(Self(seconds))
            }
            _ => Err(NotADuration(text.to_owned())),
        }
    }
}

impl std::fmt::Display for Duration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts =
            [(self.0 / 86_400, "d"), (self.0 / 3_600 % 24, "h"), (self.0 / 60 % 60, "m"), (self.0 % 60, "s")];
        let mut first = true;
        for (number, unit) in parts.into_iter().filter(|(number, _)| *number > 0) {
            write!(f, "{}{number}{unit}", if first { "" } else { " " })?;
            first = false;
        }
        if first { f.write_str("0s") } else { Ok(()) }
    }
}

impl TryFrom<String> for Duration {
    type Error = NotADuration;

    fn try_from(text: String) -> Result<Self, NotADuration> {
        text.parse()
    }
}

impl From<Duration> for String {
    fn from(duration: Duration) -> Self {
        duration.to_string()
    }
}

/// A number of bytes: `600MB`, `4 GiB`, `512`.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Size(u64);

/// A text that is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a size: expected one like `600MB`, `4GiB` or `512`")]
pub struct NotASize(String);

impl Size {
    const UNITS: [(&'static str, u64); 9] = [
        ("", 1),
        ("B", 1),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
    ];

    /// So many bytes.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = NotASize;

    fn from_str(text: &str) -> Result<Self, NotASize> {
        let trimmed = text.trim();
        let digits = trimmed.find(|symbol: char| !symbol.is_ascii_digit()).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(digits);
        let scale = Self::UNITS
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))
            .map(|(_, scale)| scale);
        let bytes =
            number.parse::<u64>().ok().zip(scale).and_then(|(number, scale)| number.checked_mul(scale));
        bytes.map(Self).ok_or_else(|| NotASize(text.to_owned()))
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let decimal = ["TB", "GB", "MB", "KB"]
            .into_iter()
            .filter_map(|name| Self::UNITS.into_iter().find(|(unit, _)| *unit == name));
        match decimal.into_iter().find(|(_, scale)| self.0 >= *scale && self.0.is_multiple_of(*scale)) {
            Some((unit, scale)) => write!(f, "{}{unit}", self.0 / scale),
            None => write!(f, "{}B", self.0),
        }
    }
}

impl TryFrom<String> for Size {
    type Error = NotASize;

    fn try_from(text: String) -> Result<Self, NotASize> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let seconds = |text: &str| text.parse::<Duration>().ok().map(Duration::as_secs);
        assert_eq!(seconds("12m"), Some(720));
        assert_eq!(seconds("22h"), Some(79_200));
        assert_eq!(seconds("P30D"), Some(2_592_000));
        assert_eq!(seconds("PT1H30M"), Some(5_400));
        assert_eq!(seconds("-5m"), None);
        assert_eq!(seconds("53697d 5h 47m 41s"), Some(4_639_441_661));
        assert_eq!(seconds("-0.5s"), None);
        assert_eq!(seconds("yesterday"), None);
        assert_eq!(seconds(""), None);
        assert_eq!(Duration::from_secs(93_784).to_string(), "1d 2h 3m 4s");
    }

    #[test]
    fn sizes() {
        let bytes = |text: &str| text.parse::<Size>().ok().map(Size::bytes);
        assert_eq!(bytes("600MB"), Some(600_000_000));
        assert_eq!(bytes("4 GiB"), Some(4 << 30));
        assert_eq!(bytes("512"), Some(512));
        assert_eq!(bytes("-1"), None);
        assert_eq!(bytes("1.5GB"), None);
        assert_eq!(bytes("99999999999TB"), None);
        assert_eq!(Size::from_bytes(600_000_000).to_string(), "600MB");
        assert_eq!(Size::from_bytes(1_500).to_string(), "1500B");
    }
}
