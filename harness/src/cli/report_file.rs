//! `--report FORMAT=FILE`: a report for machines, beside what people are told.
//!
//! Deliberately absent: what is in it, which each command knows.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use crate::{Failure, output};

/// A report that is asked for.
#[derive(Debug, Clone)]
pub(super) struct ReportFile {
    format: Format,
    path: PathBuf,
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Json,
    Junit,
}

impl ReportFile {
    /// Writes the report of the format that was asked for.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub(super) fn write<E: Display>(
        &self,
        json: impl FnOnce() -> Vec<u8>,
        junit: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<(), Failure> {
        let unwritten = |error: E| Failure::Output(format!("cannot write {}: {error}", self.path.display()));
        let bytes = match self.format {
            Format::Json => json(),
            Format::Junit => junit().map_err(unwritten)?,
        };
        output::write(&self.path, &bytes)
    }
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected junit=FILE or json=FILE";
        let (format, path) = text.split_once('=').unwrap_or((text, ""));
        let format = match format {
            "json" => Format::Json,
            "junit" => Format::Junit,
            other => return Err(format!("`{other}` is no format: {EXPECTED}")),
        };
        if path.is_empty() {
            return Err(format!("a file is missing: {EXPECTED}"));
        }
        Ok(Self { format, path: path.into() })
    }
}
