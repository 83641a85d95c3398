//! Values of leaf nodes, and their formats.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// The format of a node: the `DFFormat` of OMA DM Device Description Framework 1.2, and the `Format` of
/// OMA SyncML Meta-Information 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Base64 text of binary data.
    B64,
    /// Binary data.
    Bin,
    /// `true` or `false`.
    Bool,
    /// Text; what a value has when nothing is said.
    #[default]
    Chr,
    /// An ISO 8601 date.
    Date,
    /// A decimal number with a fraction.
    Float,
    /// A signed decimal integer.
    Int,
    /// An interior node.
    Node,
    /// No value at all.
    Null,
    /// An ISO 8601 time.
    Time,
    /// An XML document as text.
    Xml,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 11] = [
        Self::B64,
        Self::Bin,
        Self::Bool,
        Self::Chr,
        Self::Date,
        Self::Float,
        Self::Int,
        Self::Node,
        Self::Null,
        Self::Time,
        Self::Xml,
    ];

    /// The format's name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::B64 => "b64",
            Self::Bin => "bin",
            Self::Bool => "bool",
            Self::Chr => "chr",
            Self::Date => "date",
            Self::Float => "float",
            Self::Int => "int",
            Self::Node => "node",
            Self::Null => "null",
            Self::Time => "time",
            Self::Xml => "xml",
        }
    }

    /// The format of that name. Blanks around it and its case do not matter.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name))
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// The value of a leaf node.
///
/// Texts that a format only constrains (`b64`, `xml`, `date`, `time`, `float`) are kept as they were written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// Base64 text.
    B64(Arc<str>),
    /// Binary data, as the text that carried it.
    Bin(Arc<str>),
    /// A truth value.
    Bool(bool),
    /// Text.
    Chr(Arc<str>),
    /// An ISO 8601 date.
    Date(Arc<str>),
    /// A decimal number.
    Float(Arc<str>),
    /// A signed integer. OMA DM says 32 bits; Windows nodes hold more, so the model does.
    Int(i64),
    /// No value.
    Null,
    /// An ISO 8601 time.
    Time(Arc<str>),
    /// An XML document as text.
    Xml(Arc<str>),
}

impl Value {
    /// An instant as the Update CSP writes it: `yyyy-MM-ddTHH:mm:ssZ`.
    #[must_use]
    pub fn instant(at: DateTime<Utc>) -> Self {
        Self::Time(at.to_rfc3339_opts(SecondsFormat::Secs, true).into())
    }

    /// Text.
    #[must_use]
    pub fn chr(text: impl Into<Arc<str>>) -> Self {
        Self::Chr(text.into())
    }

    /// The value that `text` spells in `format`; `None` when it spells none. An interior node has no value.
    ///
    /// Blanks around anything but `chr` and `xml` do not count: servers indent their messages.
    #[must_use]
    pub fn parse(format: Format, text: &str) -> Option<Self> {
        let trimmed = text.trim();
        Some(match format {
            Format::B64 => Self::B64(is_base64(trimmed).then(|| trimmed.into())?),
            Format::Bin => Self::Bin(trimmed.into()),
            Format::Bool => match trimmed {
                "true" | "True" | "TRUE" | "1" => Self::Bool(true),
                "false" | "False" | "FALSE" | "0" => Self::Bool(false),
                _ => return None,
            },
            Format::Chr => Self::Chr(text.into()),
            Format::Date => Self::Date(is_date(trimmed).then(|| trimmed.into())?),
            Format::Float => {
                trimmed.parse::<f64>().ok().filter(|number| number.is_finite())?;
                Self::Float(trimmed.into())
            }
            Format::Int => Self::Int(trimmed.parse().ok()?),
            Format::Node => return None,
            Format::Null => trimmed.is_empty().then_some(Self::Null)?,
            Format::Time => Self::Time(is_time(trimmed).then(|| trimmed.into())?),
            Format::Xml => Self::Xml(text.into()),
        })
    }

    /// The value's format.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self {
            Self::B64(_) => Format::B64,
            Self::Bin(_) => Format::Bin,
            Self::Bool(_) => Format::Bool,
            Self::Chr(_) => Format::Chr,
            Self::Date(_) => Format::Date,
            Self::Float(_) => Format::Float,
            Self::Int(_) => Format::Int,
            Self::Null => Format::Null,
            Self::Time(_) => Format::Time,
            Self::Xml(_) => Format::Xml,
        }
    }

    /// The characters that spell the value on the wire.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Null => Cow::Borrowed(""),
            Self::B64(text)
            | Self::Bin(text)
            | Self::Chr(text)
            | Self::Date(text)
            | Self::Float(text)
            | Self::Time(text)
            | Self::Xml(text) => Cow::Borrowed(text),
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.text())
    }
}

fn is_base64(text: &str) -> bool {
    let symbols = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count();
    let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
    symbols % 4 == 0
        && padding <= 2
        && text.bytes().take(text.len() - padding).all(|byte| {
            byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/' || byte.is_ascii_whitespace()
        })
}

/// ISO 8601, extended (`2024-05-01`) or basic (`20240501`), as OMA DM DDF 1.2 allows for `date`.
fn is_date(text: &str) -> bool {
    ["%Y-%m-%d", "%Y%m%d"].iter().any(|layout| NaiveDate::parse_from_str(text, layout).is_ok())
}

/// A time of day, or a date and a time with or without an offset; `0` is the DDF's own "no time yet".
fn is_time(text: &str) -> bool {
    let local = text.strip_suffix('Z').unwrap_or(text);
    text == "0"
        || DateTime::parse_from_rfc3339(text).is_ok()
        || ["%H:%M:%S%.f", "%H%M%S"].iter().any(|layout| NaiveTime::parse_from_str(local, layout).is_ok())
        || ["%Y-%m-%dT%H:%M:%S%.f", "%Y%m%dT%H%M%S"]
            .iter()
            .any(|layout| chrono::NaiveDateTime::parse_from_str(local, layout).is_ok())
}
