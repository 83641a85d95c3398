//! From the text of a device file to the file: every error says which value, where, and what is allowed.

use std::ops::Range;

use serde::de::DeserializeOwned;

use super::{DeviceFile, ProfileError};

/// A device file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}", path.as_deref().map(|path| format!("{path}: ")).unwrap_or_default())]
pub struct FileError {
    /// The value, as a path: `update[1].revision`; `None` when the text is not even TOML or JSON.
    pub path: Option<String>,
    /// What is wrong, and what is allowed.
    pub what: String,
    /// Where in the text, as byte offsets, if that is known.
    pub span: Option<Range<usize>>,
}

impl DeviceFile {
    /// The file of the built-in device, with comments: what `cspsim init device` writes.
    pub const BUILTIN: &str = include_str!("../../data/device.toml");

    /// Reads TOML.
    ///
    /// # Errors
    /// The first thing that is not TOML, not known, or of the wrong type.
    pub fn from_toml(text: &str) -> Result<Self, FileError> {
        from_toml(text)
    }

    /// Reads JSON of the same shape.
    ///
    /// # Errors
    /// The first thing that is not JSON, not known, or of the wrong type.
    pub fn from_json(text: &str) -> Result<Self, FileError> {
        from_json(text)
    }
}

impl ProfileError {
    /// The same error with its place in the TOML text it came from.
    #[must_use]
    pub fn in_toml(self, text: &str) -> FileError {
        let span = span_in_toml(text, &self.path);
        FileError { span, ..FileError::from(self) }
    }
}

impl From<ProfileError> for FileError {
    fn from(error: ProfileError) -> Self {
        Self { path: Some(error.path), what: error.what, span: None }
    }
}

fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T, FileError> {
    let not_toml = |error: toml::de::Error| FileError {
        path: None,
        what: error.message().to_owned(),
        span: error.span(),
    };
    let deserializer = toml::Deserializer::parse(text).map_err(not_toml)?;
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = path_of(error.path());
        FileError { path, ..not_toml(error.into_inner()) }
    })
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, FileError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = path_of(error.path());
        not_json(text, path, error.inner())
    })?;
    deserializer.end().map_err(|error| not_json(text, None, &error))?;
    Ok(value)
}

fn not_json(text: &str, path: Option<String>, error: &serde_json::Error) -> FileError {
    // serde_json puts the place behind its message; the place is reported apart here.
    let message = error.to_string();
    let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what).to_owned();
    let line_start: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = text.floor_char_boundary((line_start + error.column().saturating_sub(1)).min(text.len()));
    FileError { path, what, span: Some(at..text.ceil_char_boundary((at + 1).min(text.len()))) }
}

/// `None` for the document itself.
fn path_of(path: &serde_path_to_error::Path) -> Option<String> {
    Some(path.to_string()).filter(|path| path != "." && path != "?")
}

/// Where the value of a path stands; where that value is missing, the table that should hold it.
fn span_in_toml(text: &str, path: &str) -> Option<Range<usize>> {
    let table = toml::de::DeTable::parse(text).ok()?;
    let mut span = None;
    let mut keys = path.split(['.', '[']).map(|key| key.trim_end_matches(']'));
    let mut value = table.get_ref().get(keys.next()?)?;
    for key in keys {
        span = Some(value.span());
        let below = match value.get_ref() {
            toml::de::DeValue::Table(table) => table.get(key),
            toml::de::DeValue::Array(array) => key.parse::<usize>().ok().and_then(|index| array.get(index)),
            _ => None,
        };
        match below {
            Some(below) => value = below,
            None => return span,
        }
    }
    Some(value.span()).or(span)
}
