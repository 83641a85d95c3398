//! Devices on disk: one SQLite file, in which a person can read.
//!
//! A batch of changes is one transaction: when [`Storage::commit`] has returned, it is on the disk, and when it
//! has failed, nothing of it is. Only rows that differ are written. One program at a time has the file; others,
//! `sqlite3` for example, may read it meanwhile.
//!
//! Deliberately absent: threads, and which changes make a batch. Sessions and transcripts are not kept.

mod column;
mod connection;
mod difference;
mod error;
mod lock;
mod read;
mod schema;
mod table;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use csp_model::Device;
use rusqlite::Connection;

pub(crate) use error::StoreError;

use self::error::{Action, Reason};
use self::lock::Lock;
use self::table::profile::Digests;
use crate::fleet::{Change, Profiles, Storage};

/// The state file.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    connection: Connection,
    digests: Digests,
    /// Given up after the connection is closed: fields are dropped in this order.
    _lock: Lock,
}

impl Database {
    /// Opens a state file, or makes one. One of an earlier version is brought up to date.
    ///
    /// # Errors
    /// When it is in use, no state file, of a later version, damaged, or cannot be read and written.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::try_open(path).map_err(|reason| StoreError::new(Action::Open, path, reason))
    }

    /// Every device of the file, by name. Those of one profile share it.
    ///
    /// # Errors
    /// When the file cannot be read, or a row makes no sense.
    pub(crate) fn devices(&mut self, profiles: &Profiles) -> Result<BTreeMap<Arc<str>, Device>, StoreError> {
        read::devices(&mut self.connection, profiles)
            .map_err(|reason| StoreError::new(Action::Read, &self.path, reason))
    }

    fn try_open(path: &Path) -> Result<Self, Reason> {
        // Some relative paths are no files to SQLite: `:memory:`.
        let path = std::path::absolute(path)?;
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => return Err(Reason::Folder),
            Ok(found) if !found.is_file() => return Err(Reason::Special),
            // Whatever is the matter is found again below.
            Ok(_) | Err(_) => {}
        }
        let lock = Lock::take(&path)?;
        match connection::check_header(&path).and_then(|()| connection::open(&path)) {
            Ok(connection) => Ok(Self { path, connection, digests: Digests::default(), _lock: lock }),
            Err(reason) => {
                if matches!(reason, Reason::NotSqlite | Reason::Foreign { .. }) {
                    lock.withdraw();
                }
                Err(reason)
            }
        }
    }

    fn try_commit(&mut self, changes: &[Change<'_>]) -> Result<(), Reason> {
        if !self.connection.is_autocommit() {
            // A transaction that could not even be rolled back ends with its connection.
            self.connection = connection::open(&self.path)?;
        }
        // It is rolled back when it is dropped before its end.
        let transaction = self.connection.transaction()?;
        write::changes(&transaction, &mut self.digests, changes)?;
        Ok(transaction.commit()?)
    }
}

impl Storage for Database {
    type Error = StoreError;

    /// Writes all changes, or none. A device comes at most once.
    ///
    /// # Errors
    /// When they cannot be written: the file is then as it was, and another commit may succeed.
    fn commit(&mut self, changes: &[Change<'_>]) -> Result<(), StoreError> {
        self.try_commit(changes).map_err(|reason| StoreError::new(Action::Write, &self.path, reason))
    }
}
