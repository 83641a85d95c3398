//! One cspsim at a time has a state file.
//!
//! The lock is on a file beside it, so that `sqlite3` can read the state file meanwhile. The system takes the lock
//! away from a program that has ended, however it ended; the empty file stays.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::error::Reason;

/// The lock on a state file, as long as this value lives.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
    is_new: bool,
}

impl Lock {
    /// Locks the state file `path`, which need not be there yet.
    ///
    /// # Errors
    /// When another program has it, or no file can be made beside it.
    pub(super) fn take(path: &Path) -> Result<Self, Reason> {
        // Whatever link it is reached by, the lock is the same.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let path = target.with_file_name(name);
        let is_new = !path.exists();
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Reason::NoFolder(folder(&target)),
            _ => Reason::from(error),
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path, is_new }),
            Err(TryLockError::WouldBlock) => Err(Reason::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Leaves nothing behind beside a file that is no state file.
    ///
    /// Only there can the lock file go: whoever else has just opened it will not use that file either.
    pub(super) fn withdraw(self) {
        if self.is_new {
            // A lock file that stays harms nobody.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Drop for Lock {
    /// Closing the file is not enough: a program that is just being started has a copy of it for a moment.
    fn drop(&mut self) {
        // What cannot be unlocked ends with the program.
        let _ = self.file.unlock();
    }
}

fn folder(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}
