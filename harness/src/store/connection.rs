//! A connection to the state file, set up so that what was committed is on the disk.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::Reason;
use super::schema;

/// How long to wait for another program that is writing, a person's `sqlite3` for example.
const PATIENCE: Duration = Duration::from_secs(5);
/// The size that the write-ahead log goes back to once it was longer, because somebody read while it grew.
const LOG_SIZE: u32 = 16 << 20;
/// More than there are statements in this room.
const STATEMENTS: usize = 64;

/// Refuses what SQLite would take for an empty file and write over: anything that is shorter than a page.
///
/// No connection of this program may have the file yet: to close it ends the locks that SQLite has on it.
///
/// # Errors
/// When the file, if there is one, cannot be read or is no SQLite file.
pub(super) fn check_header(path: &Path) -> Result<(), Reason> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let mut header = Vec::new();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let length = file.metadata()?.len();
    file.take(18).read_to_end(&mut header)?;
    match header.split_at_checked(MAGIC.len()) {
        None if header.is_empty() => Ok(()),
        Some((MAGIC, &[high, low])) if length >= page_size(u16::from_be_bytes([high, low])) => Ok(()),
        Some((MAGIC, _)) => Err(Reason::Damaged("it was cut short".to_owned())),
        Some(_) | None => Err(Reason::NotSqlite),
    }
}

/// What the header means: the largest size does not fit.
fn page_size(written: u16) -> u64 {
    if written == 1 { 1 << 16 } else { written.into() }
}

/// Opens a file, new or known.
///
/// # Errors
/// When it is no state file, or cannot be read and written.
pub(super) fn open(path: &Path) -> Result<Connection, Reason> {
    // Not SQLITE_OPEN_URI: a path that begins with `file:` is a path.
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Nothing of a file is touched before it is known to be ours.
    schema::check(&connection)?;
    if connection.is_readonly("main")? {
        return Err(Reason::ReadOnly);
    }
    set_up(&connection)?;
    examine(&connection)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> Result<(), Reason> {
    let journal: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if journal != "wal" {
        return Err(Reason::NoWriteAheadLog(journal));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The log is emptied into the file whenever it has 1,000 pages (SQLite's own rule), and cut back to this size.
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_SIZE, |_| Ok(()))?;
    Ok(())
}

/// Looks for damage: pages that make no sense, rows that belong to nobody.
fn examine(connection: &Connection) -> Result<(), Reason> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(Reason::Damaged(found));
    }
    let mut orphans = connection.prepare("PRAGMA foreign_key_check")?;
    let mut orphans = orphans.query([])?;
    match orphans.next()? {
        None => Ok(()),
        Some(row) => {
            let (table, parent): (String, String) = (row.get("table")?, row.get("parent")?);
            Err(Reason::Damaged(format!("a row of the table {table} belongs to no {parent}")))
        }
    }
}
