//! The text of a scenario file: its two halves, each read with errors that say which value, where, and what is
//! allowed.

use std::cell::Cell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use csp_model::DeviceFile;
use csp_model::device::FileError;
use serde::de::DeserializeOwned;

use super::file::{DeviceChoice, KEYS, ScenarioFile};
use super::part::{Part, Verdict};
use crate::Failure;
use crate::input::Source;
use crate::place::{Place, Syntax};

/// A scenario file, opened.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) source: Source,
    pub(super) syntax: Syntax,
}

impl Document {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let source = Source::read(path)?;
        let syntax = Syntax::of(path, &source.text);
        Ok(Self { source, syntax })
    }

    /// The path as it is shown.
    pub(super) fn name(&self) -> String {
        self.source.path.display().to_string()
    }

    /// The path that a file named in the document means. It is never `-`, which would be standard input.
    pub(super) fn beside(&self, path: &str) -> PathBuf {
        let folder = self.source.path.parent().unwrap_or(Path::new(""));
        if path == "-" { Path::new(".").join(folder).join(path) } else { folder.join(path) }
    }

    /// The scenario's own keys.
    ///
    /// # Errors
    /// The first thing that is not TOML or JSON, not known, or of the wrong type.
    pub(super) fn scenario(&self) -> Result<ScenarioFile, Failure> {
        let judge = |key: &str, own: &[&str]| if own.contains(&key) { Verdict::Take } else { Verdict::Leave };
        self.read(judge)
    }

    /// The device's keys; `None` where there are none.
    ///
    /// # Errors
    /// The first thing that is not known or of the wrong type; any such key when the device is described elsewhere.
    pub(super) fn device(&self, choice: Option<&DeviceChoice>) -> Result<Option<DeviceFile>, Failure> {
        let is_described = Cell::new(false);
        let judge = |key: &str, fields: &[&str]| match choice {
            Some(DeviceChoice::File(_)) if KEYS.contains(&key) => Verdict::Leave,
            Some(DeviceChoice::File(path)) if fields.contains(&key) => {
                Verdict::Refuse(format!("the device is that of `{path}`: expected the key there"))
            }
            _ if key != "device" && KEYS.contains(&key) => Verdict::Leave,
            _ if fields.contains(&key) => {
                is_described.set(true);
                Verdict::Take
            }
            _ => {
                let others = fields.iter().filter(|field| **field != "device");
                let known: Vec<_> = KEYS.iter().chain(others).map(|known| format!("`{known}`")).collect();
                Verdict::Refuse(format!("unknown field `{key}`, expected one of {}", known.join(", ")))
            }
        };
        let file = self.read(judge)?;
        Ok(is_described.get().then_some(file))
    }

    /// Something that makes no sense.
    pub(super) fn wrong(&self, place: &Place, what: String) -> Failure {
        let span = self.syntax.span(&self.source.text, place);
        self.source.show(&FileError { path: path_of(place), what, span })
    }

    fn read<T: DeserializeOwned>(&self, judge: impl Fn(&str, &[&str]) -> Verdict) -> Result<T, Failure> {
        let text = &self.source.text;
        let read = match self.syntax {
            Syntax::Toml => from_toml(text, judge),
            Syntax::Json => from_json(text, judge),
        };
        read.map_err(|error| self.source.show(&error))
    }
}

fn from_toml<T: DeserializeOwned>(
    text: &str,
    judge: impl Fn(&str, &[&str]) -> Verdict,
) -> Result<T, FileError> {
    let not_toml = |path: Option<String>, error: &toml::de::Error| FileError {
        path,
        what: error.message().to_owned(),
        span: error.span(),
    };
    let whole = toml::Deserializer::parse(text).map_err(|error| not_toml(None, &error))?;
    serde_path_to_error::deserialize(Part { whole, judge })
        .map_err(|error| not_toml(path_of(&Place::from(error.path())), error.inner()))
}

fn from_json<T: DeserializeOwned>(
    text: &str,
    judge: impl Fn(&str, &[&str]) -> Verdict,
) -> Result<T, FileError> {
    let mut whole = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(Part { whole: &mut whole, judge }).map_err(|error| {
        let place = Place::from(error.path());
        let inner = error.inner();
        let span = if inner.is_data() { Syntax::Json.span(text, &place) } else { None };
        not_json(text, path_of(&place), span, inner)
    })?;
    whole.end().map_err(|error| not_json(text, None, None, &error))?;
    Ok(read)
}

/// `serde_json` puts the place behind its message; the place is reported apart here.
fn not_json(
    text: &str,
    path: Option<String>,
    span: Option<Range<usize>>,
    error: &serde_json::Error,
) -> FileError {
    let message = error.to_string();
    let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what).to_owned();
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = text.floor_char_boundary((before + error.column().saturating_sub(1)).min(text.len()));
    let character = at..text.ceil_char_boundary((at + 1).min(text.len()));
    FileError { path, what, span: Some(span.unwrap_or(character)) }
}

/// `None` for the file itself.
fn path_of(place: &Place) -> Option<String> {
    (!place.is_top()).then(|| place.to_string())
}
