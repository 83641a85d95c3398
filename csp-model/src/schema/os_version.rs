//! Versions of Windows: `major.minor.build.revision`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A version of Windows, as `DevDetail/SwV` and `MSFT:OsBuildVersion` write it. Ordered as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OsVersion {
    /// 10 for Windows 10 and 11.
    pub major: u32,
    /// 0 for Windows 10 and 11.
    pub minor: u32,
    /// The build: 19045, 22631.
    pub build: u32,
    /// What monthly updates raise; zero where a description says none.
    pub revision: u32,
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no version: expected `major.minor.build` or `major.minor.build.revision`, such as 10.0.22631.2506"
)]
pub struct OsVersionError(Box<str>);

impl OsVersion {
    /// The version of these four numbers.
    #[must_use]
    pub const fn new(major: u32, minor: u32, build: u32, revision: u32) -> Self {
        Self { major, minor, build, revision }
    }

    /// The version without its revision.
    #[must_use]
    pub const fn release(self) -> Self {
        Self { revision: 0, ..self }
    }

    /// The first build of the servicing family that the version belongs to.
    ///
    /// Some releases of Windows are another one with features switched on (an enablement package): they have a
    /// build of their own, and share revisions with the rest of their family. A build in no known family is alone
    /// in its own.
    #[must_use]
    pub const fn family(self) -> Self {
        let first = match self.build {
            18362..=18363 => 18362,
            19041..=19045 => 19041,
            22621..=22631 => 22621,
            26100..=26200 => 26100,
            own => own,
        };
        Self { build: first, revision: 0, ..self }
    }
}

impl FromStr for OsVersion {
    type Err = OsVersionError;

    /// Reads three or four numbers with dots between them; blanks around the whole do not matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || OsVersionError(text.into());
        let mut numbers = [0; 4];
        let mut count = 0;
        for part in text.trim().split('.') {
            let number = numbers.get_mut(count).ok_or_else(error)?;
            // `u32::from_str` takes a plus sign, a version does not.
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(error());
            }
            *number = part.parse().map_err(|_| error())?;
            count += 1;
        }
        if count < 3 {
            return Err(error());
        }
        let [major, minor, build, revision] = numbers;
        Ok(Self { major, minor, build, revision })
    }
}

impl fmt::Display for OsVersion {
    /// Always four numbers, as `DevDetail/SwV` gives them; the alternate form (`{:#}`) leaves a revision of zero out, as
    /// descriptions do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.build)?;
        if f.alternate() && self.revision == 0 { Ok(()) } else { write!(f, ".{}", self.revision) }
    }
}

impl Serialize for OsVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OsVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for OsVersion {
    fn schema_name() -> Cow<'static, str> {
        "OsVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A version of Windows: major.minor.build.revision",
            "pattern": r"^\s*\d+\.\d+\.\d+(\.\d+)?\s*$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> OsVersion {
        text.parse().expect("a version")
    }

    #[test]
    fn reads_and_writes() {
        assert_eq!(version("10.0.22631.2506").to_string(), "10.0.22631.2506");
        assert_eq!(version(" 10.0.22000 ").to_string(), "10.0.22000.0");
        assert_eq!(format!("{:#}", version("10.0.22000")), "10.0.22000");
        assert_eq!(format!("{:#}", version("10.0.22000.9")), "10.0.22000.9");
        for text in ["", "10", "10.0", "10.0.x", "10.0.1.2.3", "10..1", "+10.0.1", "10.0.99999999999"] {
            assert!(text.parse::<OsVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn orders_as_numbers() {
        assert!(version("10.0.9600") < version("10.0.10240"));
        assert!(version("10.0.19041.508") < version("10.0.19041.1202"));
    }

    #[test]
    fn is_a_string_in_files() {
        assert_eq!(serde_json::to_string(&version("10.0.1.2")).expect("text"), "\"10.0.1.2\"");
        assert_eq!(serde_json::from_str::<OsVersion>("\"10.0.1\"").expect("a version"), version("10.0.1"));
    }
}
