//! Why devices cannot be kept, in words for the person who runs the program.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// A state file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {path}: {reason}", path = .path.display())]
pub(crate) struct StoreError {
    action: Action,
    path: PathBuf,
    reason: Reason,
}

/// What was to be done with a state file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Open,
    Read,
    Write,
}

/// Why it cannot be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Reason {
    #[error("it is in use by another cspsim")]
    InUse,
    #[error("it is a folder: expected a file")]
    Folder,
    #[error("it is a device or a pipe: expected a file")]
    Special,
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
    #[error("it is not a SQLite file: expected a state file, or none yet")]
    NotSqlite,
    #[error("it is a SQLite file of another program{}: expected a state file, or none yet", shown(*.application_id))]
    Foreign { application_id: i32 },
    #[error("it was written by a later cspsim: its state has version {found}, this one reads up to {latest}")]
    Version { found: i32, latest: usize },
    #[error("the disk is full")]
    Full,
    #[error("it is read-only")]
    ReadOnly,
    #[error("its file system has no write-ahead log: SQLite offers the journal `{0}`")]
    NoWriteAheadLog(String),
    #[error("another program is writing to it")]
    Busy,
    #[error("another program has changed it: {0}")]
    Changed(String),
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("table {table}{of}, column {column}: {what}", of = of(.device.as_deref()))]
    Value { table: &'static str, device: Option<String>, column: &'static str, what: String },
    #[error("its tables cannot be brought up to date: {0}")]
    Migration(String),
    #[error("{0}")]
    Io(io::Error),
    #[error("{0}")]
    Sqlite(rusqlite::Error),
}

impl StoreError {
    pub(super) fn new(action: Action, path: &Path, reason: Reason) -> Self {
        Self { action, path: path.to_owned(), reason }
    }

    #[cfg(test)]
    pub(super) const fn reason(&self) -> &Reason {
        &self.reason
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write to",
        })
    }
}

impl From<rusqlite::Error> for Reason {
    fn from(error: rusqlite::Error) -> Self {
        let said = || match &error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
            other => other.to_string(),
        };
        // Of the many codes these are the ones that a person can do something about.
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotSqlite,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(said()),
            Some(ErrorCode::ConstraintViolation | ErrorCode::SchemaChanged) => Self::Changed(said()),
            _ => Self::Sqlite(error),
        }
    }
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull => Self::Full,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Io(error),
        }
    }
}

fn shown(application_id: i32) -> String {
    match application_id {
        0 => String::new(),
        id => format!(" (its application_id is {id:#010x})"),
    }
}

fn of(device: Option<&str>) -> String {
    device.map(|name| format!(", device `{}`", name.escape_debug())).unwrap_or_default()
}
