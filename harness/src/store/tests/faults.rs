//! A commit that fails has written nothing, and the next one can succeed.

use rusqlite::Connection;
use std::io::Read as _;
use std::time::Duration;

use super::{Folder, Kept, approve, devices, dump, read};
use crate::store::error::Reason;

const NAME: &str = "./DevDetail/Ext/Microsoft/DeviceName";

/// Makes commits fail, has one fail, makes them succeed again, and tries once more.
fn fails(
    spoil: impl FnOnce(&Connection),
    is_expected: impl FnOnce(&Reason) -> bool,
    mend: impl FnOnce(&Connection),
) {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let mut kept = Kept::open(&path);
    kept.commit(&devices(4)).unwrap();
    let (before, rows) = (kept.devices.clone(), dump(&path));

    // A device that changes, one that goes, and some that come.
    let mut after = devices(40);
    after.remove("lab-00002");
    let changed = after.get_mut("lab-00001").unwrap();
    *changed = before["lab-00001"].clone();
    approve(changed, 1);
    super::set(changed, NAME, "NEW-NAME");

    spoil(&kept.database.connection);
    let error = kept.commit(&after).expect_err("the commit fails");
    assert!(is_expected(error.reason()), "{error:?}");
    assert!(error.to_string().starts_with(&format!("cannot write to {}: ", path.display())), "{error}");
    assert_eq!(dump(&path), rows);
    assert!(kept.database.devices(&Default::default()).unwrap() == before);

    mend(&kept.database.connection);
    kept.commit(&after).unwrap();
    drop(kept);
    assert!(read(&path) == after);
}

#[test]
fn the_disk_is_full() {
    let pages = |connection: &Connection, most: u32| {
        connection.pragma_update_and_check(None, "max_page_count", most, |_| Ok(())).unwrap();
    };
    fails(
        |connection| pages(connection, 1),
        |reason| matches!(reason, Reason::Full),
        |connection| pages(connection, u32::MAX / 4),
    );
}

/// `TMPDIR=/mnt/small cargo test -p cspsim --lib really_full -- --ignored`, where `/mnt/small` is a tmpfs of a few
/// megabytes.
#[test]
#[ignore = "fills the disk that TMPDIR is on"]
fn the_disk_is_really_full() {
    const MOST: u64 = 64 << 20;
    let filler = Folder::new();
    let fill = |_: &Connection| {
        let mut file = std::fs::File::create(filler.file("filler")).unwrap();
        let written = std::io::copy(&mut std::io::repeat(0).take(MOST), &mut file);
        assert!(written.is_err(), "the disk is too large for this test");
    };
    fails(
        fill,
        |reason| matches!(reason, Reason::Full),
        |_| std::fs::remove_file(filler.file("filler")).unwrap(),
    );
    // Nor can a new file be made there.
    let path = filler.file("state.db");
    fill(&Connection::open_in_memory().unwrap());
    let said = crate::store::Database::open(&path).expect_err("there is no room").to_string();
    assert_eq!(said, format!("cannot open {}: the disk is full", path.display()));
    std::fs::remove_file(filler.file("filler")).unwrap();
    assert!(read(&path).is_empty());
}

#[test]
fn the_file_has_become_read_only() {
    fails(
        |connection| connection.pragma_update(None, "query_only", true).unwrap(),
        |reason| matches!(reason, Reason::ReadOnly),
        |connection| connection.pragma_update(None, "query_only", false).unwrap(),
    );
}

#[test]
fn another_program_is_writing() {
    let other = std::cell::OnceCell::new();
    fails(
        |connection| {
            connection.busy_timeout(Duration::ZERO).unwrap();
            let writer = Connection::open(connection.path().unwrap()).unwrap();
            writer.execute_batch("BEGIN IMMEDIATE").unwrap();
            assert!(other.set(writer).is_ok());
        },
        |reason| matches!(reason, Reason::Busy),
        |_| other.get().unwrap().execute_batch("ROLLBACK").unwrap(),
    );
}

/// A row that cannot be written, after others of the same commit were.
#[test]
fn a_row_is_refused() {
    fails(
        |connection| {
            connection
                .execute_batch(
                    "CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.device WHEN new.name = 'lab-00030' \
                     BEGIN SELECT raise(ABORT, 'refused'); END",
                )
                .unwrap();
        },
        |reason| matches!(reason, Reason::Changed(what) if what == "refused"),
        |connection| connection.execute_batch("DROP TRIGGER refuse").unwrap(),
    );
}

#[test]
fn another_program_has_taken_a_device_away() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let mut kept = Kept::open(&path);
    kept.commit(&devices(2)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA foreign_keys = ON; DELETE FROM device WHERE name = 'lab-00001'").unwrap();
    let error = kept.change("lab-00001", |device| super::set(device, NAME, "NEW")).unwrap_err();
    assert!(
        error.to_string().ends_with("another program has changed it: the device `lab-00001` is gone"),
        "{error}"
    );
    let error = kept.change("lab-00001", |device| approve(device, 1)).unwrap_err();
    assert!(matches!(error.reason(), Reason::Changed(_)), "{error}");
    kept.change("lab-00002", |device| approve(device, 1)).unwrap();
}

#[test]
fn a_transaction_that_was_left_open_does_not_stay() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let mut kept = Kept::open(&path);
    kept.commit(&devices(1)).unwrap();
    kept.database.connection.execute_batch("BEGIN; DELETE FROM device").unwrap();
    kept.commit(&devices(2)).unwrap();
    drop(kept);
    assert_eq!(read(&path), devices(2));
}

#[test]
fn the_log_does_not_grow_without_end() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let mut kept = Kept::open(&path);
    kept.commit(&devices(1)).unwrap();
    let length = || std::fs::metadata(folder.file("state.db-wal")).unwrap().len();
    let mut grow = |count: usize| {
        for letter in ('a'..='z').cycle().take(count) {
            let large = letter.to_string().repeat(1 << 20);
            kept.change("lab-00001", |device| super::set(device, NAME, &large)).unwrap();
        }
    };
    grow(24);
    assert!(length() < 8 << 20, "{} bytes", length());
    // Who reads keeps the log from being emptied; once that is over it becomes small again.
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let count = || reader.query_row("SELECT count(*) FROM device", [], |row| row.get::<_, u32>(0)).unwrap();
    assert_eq!(count(), 1);
    grow(24);
    assert!(length() > 20 << 20, "{} bytes", length());
    assert_eq!(count(), 1);
    reader.execute_batch("ROLLBACK").unwrap();
    grow(2);
    assert!(length() <= 16 << 20, "{} bytes", length());
}
