//! Which files are meant: those that are named, and the scenarios in the folders that are.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use toml::de::DeTable;
use walkdir::{DirEntry, WalkDir};

use crate::Failure;
use crate::input::Source;
use crate::place::Syntax;

/// The scenario files that `paths` mean, in their order, those of a folder by name; each once.
///
/// A file that is named is meant whatever it holds. In a folder those are meant whose name ends in `.toml` or `.json`
/// and that have a `step`; hidden files and folders are left out.
///
/// # Errors
/// When a folder holds no scenario, or cannot be read.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let inside = in_folder(path)?;
            if inside.is_empty() {
                let path = path.display();
                return Err(Failure::Usage(format!(
                    "no scenario found in {path}: expected a file with `[[step]]` that ends in .toml or .json"
                )));
            }
            found.extend(inside);
        } else {
            found.push(path.clone());
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|path| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    Ok(found)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let is_shown =
        |entry: &DirEntry| entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".");
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(is_shown) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).display().to_string();
            let why = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
            Failure::Input(format!("cannot read {path}: {why}"))
        })?;
        if entry.path().is_file() && may_be_scenario(entry.path()) {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

/// A file that cannot be read counts: who runs it is told why. So does one that is cut or mistyped, if it looks as if
/// it had steps: a test must not be left out because of a slip.
fn may_be_scenario(path: &Path) -> bool {
    let Some("toml" | "json") = path.extension().and_then(OsStr::to_str) else { return false };
    let Ok(Source { text, .. }) = Source::read(path) else { return true };
    match Syntax::of(path, &text) {
        Syntax::Toml => match DeTable::parse(&text) {
            Ok(table) => table.get_ref().contains_key("step"),
            Err(_) => text.lines().any(|line| line.trim_start().starts_with("[[step")),
        },
        Syntax::Json => match serde_json::from_str::<BTreeMap<String, IgnoredAny>>(&text) {
            Ok(table) => table.contains_key("step"),
            Err(error) if error.is_data() => false,
            Err(_) => text.contains("\"step\""),
        },
    }
}
