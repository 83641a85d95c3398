//! Whose file it is, which version its tables have, and how they become those of this program.
//!
//! A version is never changed once it was published: what is new comes as the next one. Nothing goes back: a file
//! that a later program has written is refused.

use rusqlite::Connection;
use rusqlite_migration::{Error, M, Migrations};

use super::error::Reason;

/// What makes a SQLite file ours: "csps".
pub(super) const APPLICATION_ID: i32 = 0x6373_7073;

const VERSIONS: &[M<'static>] = &[
    M::up(include_str!("1.sql")),
    M::up(include_str!("2.sql")),
    M::up(include_str!("3.sql")),
    M::up(include_str!("4.sql")),
];

/// The version that this program writes.
pub(super) const LATEST: usize = VERSIONS.len();

/// Whether this program may write to a file: it is its own, or empty.
///
/// # Errors
/// When it is somebody else's, or a later program's.
pub(super) fn check(connection: &Connection) -> Result<(), Reason> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let (application_id, version) = (number("application_id")?, number("user_version")?);
    if application_id == APPLICATION_ID {
        return match usize::try_from(version) {
            Ok(1..=LATEST) => Ok(()),
            Ok(1..) => Err(Reason::Version { found: version, latest: LATEST }),
            Ok(0) | Err(_) => Err(Reason::Damaged(format!("there is no version {version}"))),
        };
    }
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_empty = application_id == 0 && version == 0 && tables == 0;
    if is_empty { Ok(()) } else { Err(Reason::Foreign { application_id }) }
}

/// Makes the tables, or what they lack.
///
/// # Errors
/// When they cannot be written; the file is then as it was.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Reason> {
    Migrations::from_slice(VERSIONS).to_latest(connection).map_err(|error| match error {
        Error::RusqliteError { err, .. } => err.into(),
        other => Reason::Migration(other.to_string()),
    })
}
