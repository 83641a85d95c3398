//! How values stand in columns, and how they are read from there.
//!
//! Times are ISO 8601 in UTC, values the text that a server sees with their format beside it. Rows are read as if
//! anybody could have written them.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use csp_model::agent::{HResult, UpdateId, UpdateState};
use csp_model::device::Scalar;
use csp_model::{Format, Value};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Reason;

/// A time.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The format and the text of a value; an interior node has none.
pub(super) fn value(value: Option<&Value>) -> (&'static str, Option<Cow<'_, str>>) {
    match value {
        None => (Format::Node.name(), None),
        Some(Value::Null) => (Format::Null.name(), None),
        Some(value) => (value.format().name(), Some(value.text())),
    }
}

/// The type of a registry value.
pub(super) const fn scalar_type(value: &Scalar) -> &'static str {
    match value {
        Scalar::Bool(_) => "bool",
        Scalar::Int(_) => "int",
        Scalar::Text(_) => "text",
    }
}

/// What stands in a column as JSON.
#[derive(Debug)]
pub(super) struct Json<'a, T>(pub(super) &'a T);

impl<T: Serialize> ToSql for Json<'_, T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(self.0);
        text.map(Into::into).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

/// Reads the rows of a device.
///
/// # Errors
/// When they cannot be read, or one makes no sense.
pub(super) fn rows<T, C: FromIterator<T>>(
    connection: &Connection,
    sql: &str,
    table: &'static str,
    device: &str,
    read: impl Fn(&Cells<'_>) -> Result<T, Reason>,
) -> Result<C, Reason> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([device])?;
    let each = std::iter::from_fn(|| match rows.next() {
        Ok(row) => row.map(|row| read(&Cells { row, table, device: Some(device) })),
        Err(error) => Some(Err(error.into())),
    });
    each.collect()
}

/// The cells of a row.
#[derive(Debug)]
pub(super) struct Cells<'r> {
    pub(super) row: &'r Row<'r>,
    pub(super) table: &'static str,
    /// The device that the row is about, if that is known.
    pub(super) device: Option<&'r str>,
}

impl<'r> Cells<'r> {
    /// A text, or nothing.
    pub(super) fn text_if_any(&self, column: &'static str) -> Result<Option<&'r str>, Reason> {
        match self.row.get_ref(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                .map(Some)
                .map_err(|error| self.wrong(column, format!("byte {} is not UTF-8", error.valid_up_to()))),
            ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => {
                Err(self.wrong(column, "expected a text".to_owned()))
            }
        }
    }

    /// A text.
    pub(super) fn text(&self, column: &'static str) -> Result<&'r str, Reason> {
        self.text_if_any(column)?.ok_or_else(|| self.wrong(column, "expected a text".to_owned()))
    }

    /// What a text spells.
    pub(super) fn parsed<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&'r str) -> Option<T>,
        expected: &str,
    ) -> Result<T, Reason> {
        let text = self.text(column)?;
        parse(text).ok_or_else(|| self.misspelled(column, text, expected))
    }

    /// The same, or nothing.
    pub(super) fn parsed_if_any<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&'r str) -> Option<T>,
        expected: &str,
    ) -> Result<Option<T>, Reason> {
        let Some(text) = self.text_if_any(column)? else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| self.misspelled(column, text, expected))
    }

    /// A number of a type.
    pub(super) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, Reason> {
        self.number_if_any(column)?.ok_or_else(|| self.wrong(column, "expected a number".to_owned()))
    }

    /// The same, or nothing.
    pub(super) fn number_if_any<T: TryFrom<i64>>(&self, column: &'static str) -> Result<Option<T>, Reason> {
        match self.row.get_ref(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => T::try_from(number)
                .map(Some)
                .map_err(|_| self.wrong(column, format!("{number} is out of range"))),
            ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => {
                Err(self.wrong(column, "expected a number".to_owned()))
            }
        }
    }

    /// A yes or no, or nothing.
    pub(super) fn flag_if_any(&self, column: &'static str) -> Result<Option<bool>, Reason> {
        match self.number_if_any::<i64>(column)? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(number) => Err(self.wrong(column, format!("{number} is neither 0 nor 1"))),
        }
    }

    /// What a text says as JSON, or nothing.
    pub(super) fn json_if_any<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>, Reason> {
        let Some(text) = self.text_if_any(column)? else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|error| self.wrong(column, error.to_string()))
    }

    /// A time.
    pub(super) fn time(&self, column: &'static str) -> Result<DateTime<Utc>, Reason> {
        self.parsed(column, |text| text.parse().ok(), TIME)
    }

    /// A time, or nothing.
    pub(super) fn time_if_any(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, Reason> {
        self.parsed_if_any(column, |text| text.parse().ok(), TIME)
    }

    /// The id of an update or a classification.
    pub(super) fn update_id(&self, column: &'static str) -> Result<UpdateId, Reason> {
        self.parsed(column, UpdateId::parse, GUID)
    }

    /// An id, or nothing.
    pub(super) fn update_id_if_any(&self, column: &'static str) -> Result<Option<UpdateId>, Reason> {
        self.parsed_if_any(column, UpdateId::parse, GUID)
    }

    /// An error code, or nothing.
    pub(super) fn hresult_if_any(&self, column: &'static str) -> Result<Option<HResult>, Reason> {
        self.parsed_if_any(column, |text| text.parse().ok(), "an HRESULT like 0x80240017")
    }

    /// The state of an update.
    pub(super) fn update_state(&self, column: &'static str) -> Result<UpdateState, Reason> {
        self.flags(column, self.number(column)?)
    }

    /// A state, or nothing.
    pub(super) fn update_state_if_any(&self, column: &'static str) -> Result<Option<UpdateState>, Reason> {
        self.number_if_any(column)?.map(|bits| self.flags(column, bits)).transpose()
    }

    fn flags(&self, column: &'static str, bits: u16) -> Result<UpdateState, Reason> {
        UpdateState::from_bits(bits)
            .ok_or_else(|| self.wrong(column, format!("{bits} has a flag that no state has")))
    }

    /// The value in the columns `format` and `value`; an interior node has none.
    pub(super) fn value(&self) -> Result<Option<Value>, Reason> {
        let format = self.parsed("format", Format::from_name, "a format like `chr`")?;
        let text = || self.text("value");
        Ok(Some(match format {
            Format::Node => return Ok(None),
            Format::Null => Value::Null,
            Format::Bool => Value::Bool(self.parsed("value", |text| text.parse().ok(), "true or false")?),
            Format::Int => Value::Int(self.parsed("value", |text| text.parse().ok(), "a whole number")?),
            Format::B64 => Value::B64(text()?.into()),
            Format::Bin => Value::Bin(text()?.into()),
            Format::Chr => Value::Chr(text()?.into()),
            Format::Date => Value::Date(text()?.into()),
            Format::Float => Value::Float(text()?.into()),
            Format::Time => Value::Time(text()?.into()),
            Format::Xml => Value::Xml(text()?.into()),
        }))
    }

    /// The value in the columns `type` and `value`.
    pub(super) fn scalar(&self) -> Result<Scalar, Reason> {
        match self.text("type")? {
            "bool" => Ok(Scalar::Bool(self.parsed("value", |text| text.parse().ok(), "true or false")?)),
            "int" => Ok(Scalar::Int(self.parsed("value", |text| text.parse().ok(), "a whole number")?)),
            "text" => Ok(Scalar::Text(self.text("value")?.to_owned())),
            other => Err(self.misspelled("type", other, "`bool`, `int` or `text`")),
        }
    }

    fn misspelled(&self, column: &'static str, text: &str, expected: &str) -> Reason {
        self.wrong(column, format!("`{}` is not {expected}", text.escape_debug()))
    }

    /// A cell that makes no sense.
    pub(super) fn wrong(&self, column: &'static str, what: String) -> Reason {
        Reason::Value { table: self.table, device: self.device.map(str::to_owned), column, what }
    }
}

const TIME: &str = "a time like 2024-01-01T00:00:00Z";
const GUID: &str = "a GUID";
