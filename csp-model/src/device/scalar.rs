//! The small values of a device file that are more than one type: a policy's value, an offset, an edition.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number, a truth value or a text, as TOML and JSON tell them apart.
///
/// Written by hand because an untagged enum would lose the place and the reason of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}

impl Scalar {
    /// The characters that spell it.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }

    /// The number it is or spells.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Bool(value) => Some(i64::from(*value)),
            Self::Int(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

/// Reads one of a few names that look like numbers, written as text or as a number: `"405"` or `405`.
pub(super) fn name_or_number<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let name = Scalar::deserialize(deserializer)?.text().into_owned();
    T::deserialize(de::value::StringDeserializer::new(name))
}

/// The same for a key that may be absent.
pub(super) fn name_or_number_if_any<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    name_or_number(deserializer).map(Some)
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl Visitor<'_> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, true, false or a text")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar::Bool(value))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Int(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
                i64::try_from(number)
                    .map(Scalar::Int)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["integer", "boolean", "string"] })
    }
}

/// An offset from UTC, written `+09:00` or `UTC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TimeZone(chrono::FixedOffset);

/// A text that is no offset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an offset from UTC: expected one like `+09:00`, or `UTC`")]
pub struct NotATimeZone(String);

impl TimeZone {
    /// The offset.
    #[must_use]
    pub const fn offset(self) -> chrono::FixedOffset {
        self.0
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        use chrono::Offset as _;
        Self(chrono::Utc.fix())
    }
}

impl TryFrom<String> for TimeZone {
    type Error = NotATimeZone;

    fn try_from(text: String) -> Result<Self, NotATimeZone> {
        match text.as_str() {
            "UTC" | "Z" => Ok(Self::default()),
            offset => offset.parse().map(Self).map_err(|_| NotATimeZone(text)),
        }
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        if zone == TimeZone::default() { "UTC".to_owned() } else { zone.0.to_string() }
    }
}

/// The edition of Windows.
///
/// Source of the numbers: Microsoft, `OPERATING_SYSTEM_SKU`; device description files list them as
/// `MSFT:EditionAllowList`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema,
)]
pub enum WindowsEdition {
    /// Home.
    Home,
    /// Pro.
    Pro,
    /// Pro Education.
    #[serde(rename = "Pro Education")]
    ProEducation,
    /// Pro for Workstations.
    #[serde(rename = "Pro for Workstations")]
    ProForWorkstations,
    /// Education.
    Education,
    /// Enterprise.
    #[default]
    Enterprise,
    /// Enterprise LTSC.
    #[serde(rename = "Enterprise LTSC")]
    EnterpriseLtsc,
    /// Enterprise multi-session.
    #[serde(rename = "Enterprise multi-session")]
    EnterpriseMultiSession,
    /// IoT Enterprise.
    #[serde(rename = "IoT Enterprise")]
    IotEnterprise,
    /// Windows 11 SE.
    SE,
}

impl WindowsEdition {
    /// The SKU number.
    #[must_use]
    pub const fn sku(self) -> u32 {
        match self {
            Self::Home => 0x65,
            Self::Pro => 0x30,
            Self::ProEducation => 0xA4,
            Self::ProForWorkstations => 0xA1,
            Self::Education => 0x79,
            Self::Enterprise => 0x04,
            Self::EnterpriseLtsc => 0x7D,
            Self::EnterpriseMultiSession => 0xAF,
            Self::IotEnterprise => 0xBC,
            Self::SE => 0xCB,
        }
    }
}
