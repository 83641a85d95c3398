//! Which files are taken, and what is said of the others.

use std::fs;
use std::path::Path;

use csp_model::agent::Record;
use rusqlite::Connection;

use super::{Folder, Kept, devices, dump, read};
use crate::fleet::Profiles;
use crate::fleet::{Change, Storage as _};
use crate::store::{Database, schema};

fn refusal(path: &Path) -> String {
    Database::open(path).expect_err("it is refused").to_string()
}

#[test]
fn a_file_that_is_new_or_empty_has_no_devices() {
    let folder = Folder::new();
    assert!(read(&folder.file("new.db")).is_empty());
    fs::write(folder.file("empty.db"), "").unwrap();
    assert!(read(&folder.file("empty.db")).is_empty());
    // As it is when the program was killed while it made the file.
    let begun = folder.file("begun.db");
    Connection::open(&begun)
        .unwrap()
        .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
        .unwrap();
    assert!(read(&begun).is_empty());
}

#[test]
fn what_is_no_state_file_is_refused_and_left_alone() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let not_sqlite = "it is not a SQLite file: expected a state file, or none yet";
    let long = "[device]\n".repeat(2_000);
    for text in ["x", "device = 1", long.as_str()] {
        fs::write(&path, text).unwrap();
        assert_eq!(refusal(&path), format!("cannot open {}: {not_sqlite}", path.display()));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(folder.names(), ["state.db"]);
    }
    fs::remove_file(&path).unwrap();
    let made = [
        ("CREATE TABLE note (text)", ""),
        ("PRAGMA application_id = 7", " (its application_id is 0x00000007)"),
        ("PRAGMA user_version = 1", ""),
    ];
    for (sql, id) in made {
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        let expected =
            format!("it is a SQLite file of another program{id}: expected a state file, or none yet");
        assert_eq!(refusal(&path), format!("cannot open {}: {expected}", path.display()));
        assert_eq!(fs::read(&path).unwrap(), before, "{sql}");
        assert_eq!(folder.names(), ["state.db"]);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn another_version_is_refused_by_name() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    Kept::open(&path).commit(&devices(1)).unwrap();
    let later = "it was written by a later cspsim: its state has version 99, this one reads up to 4";
    let cases = [
        (99, later),
        (0, "it is damaged: there is no version 0"),
        (-1, "it is damaged: there is no version -1"),
    ];
    for (version, expected) in cases {
        Connection::open(&path).unwrap().pragma_update(None, "user_version", version).unwrap();
        assert_eq!(refusal(&path), format!("cannot open {}: {expected}", path.display()));
    }
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 4).unwrap();
    assert_eq!(read(&path).len(), 1);
}

/// What a file of version 2 has not.
const FORMER: &str = "ALTER TABLE device DROP COLUMN last_check; \
    ALTER TABLE device DROP COLUMN last_check_succeeded; \
    ALTER TABLE device DROP COLUMN agreed; \
    ALTER TABLE device DROP COLUMN quality_pause_noticed; \
    ALTER TABLE device DROP COLUMN feature_pause_noticed; \
    ALTER TABLE device DROP COLUMN quality_paused; ALTER TABLE device DROP COLUMN feature_paused; \
    ALTER TABLE device DROP COLUMN quality_rollback_since; \
    ALTER TABLE device DROP COLUMN feature_rollback_since; \
    ALTER TABLE device DROP COLUMN quality_rollback_refused; \
    ALTER TABLE device DROP COLUMN feature_rollback_refused; \
    ALTER TABLE device DROP COLUMN faults; ALTER TABLE device DROP COLUMN unread; \
    ALTER TABLE device DROP COLUMN site; ALTER TABLE device DROP COLUMN client; \
    ALTER TABLE device DROP COLUMN client_reset; ALTER TABLE device DROP COLUMN client_staled; \
    ALTER TABLE update_record DROP COLUMN discovered; \
    ALTER TABLE update_record DROP COLUMN download_seconds; \
    ALTER TABLE update_record DROP COLUMN downloaded_at; PRAGMA user_version = 2;";

/// Version 2 knew nothing of the life of updates: they were found when they came to their state.
#[test]
fn a_file_of_version_2_is_brought_up_to_date() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let devices = devices(1);
    Kept::open(&path).commit(&devices).unwrap();
    let reverting = "UPDATE device SET quality_rollback_pending = 'a317dafe-baf4-453f-b232-a7075efae36e';";
    Connection::open(&path).unwrap().execute_batch(&format!("{FORMER}{reverting}")).unwrap();
    let found = read(&path);
    let [(device, former)] =
        [(&found["lab-00001"], &devices["lab-00001"])].map(|(now, then)| (now.agent(), then.agent()));
    assert_eq!(device.records.len(), former.records.len());
    for (id, record) in &device.records {
        assert_eq!(record.discovered, record.since);
        assert_eq!(*record, Record { discovered: record.since, ..former.records[id] });
    }
    let reverting = device.rollbacks.quality.pending.expect("an update is to be taken away");
    assert_eq!(reverting.since, None);
}

/// Version 1 had neither accounts nor counted sessions: its devices get the account that their files mean.
#[test]
fn a_file_of_version_1_is_brought_up_to_date() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let devices = devices(2);
    Kept::open(&path).commit(&devices).unwrap();
    let former = "ALTER TABLE device DROP COLUMN sessions; DELETE FROM node; PRAGMA user_version = 1";
    Connection::open(&path).unwrap().execute_batch(&format!("{FORMER}{former}")).unwrap();
    let found = read(&path);
    for (name, device) in &devices {
        assert_eq!(found[name].state().stored, device.state().stored);
        assert_eq!(found[name].sessions(), 0);
    }
}

#[test]
fn a_place_without_room_for_a_file_is_refused() {
    let folder = Folder::new();
    let path = &folder.0;
    assert_eq!(refusal(path), format!("cannot open {}: it is a folder: expected a file", path.display()));
    let path = folder.file("none/state.db");
    let parent = folder.file("none");
    assert_eq!(
        refusal(&path),
        format!("cannot open {}: there is no folder {}", path.display(), parent.display())
    );
    assert!(folder.names().is_empty());
    assert!(refusal(Path::new("")).starts_with("cannot open : "));
    #[cfg(unix)]
    assert_eq!(
        refusal(Path::new("/dev/null")),
        "cannot open /dev/null: it is a device or a pipe: expected a file"
    );
}

/// Not even an administrator writes there.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_file_is_refused() {
    let said = refusal(Path::new("/sys/kernel/state.db"));
    assert!(said.starts_with("cannot open /sys/kernel/state.db: "), "{said}");
    assert!(said.contains("ermission denied") || said.ends_with("it is read-only"), "{said}");
}

/// An administrator may write whatever the permissions say; whoever may not is told.
#[test]
fn a_read_only_file_is_refused() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    Kept::open(&path).commit(&devices(1)).unwrap();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    let may_write = fs::OpenOptions::new().append(true).open(&path).is_ok();
    match Database::open(&path) {
        Ok(_) => assert!(may_write),
        Err(error) => {
            assert!(!may_write);
            assert_eq!(error.to_string(), format!("cannot open {}: it is read-only", path.display()));
        }
    }
}

#[test]
fn one_program_at_a_time_has_a_file_and_others_may_read_it() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let mut kept = Kept::open(&path);
    kept.commit(&devices(2)).unwrap();
    assert_eq!(refusal(&path), format!("cannot open {}: it is in use by another cspsim", path.display()));
    #[cfg(unix)]
    {
        let link = folder.file("link.db");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(refusal(&link).ends_with("it is in use by another cspsim"));
    }
    let reader = Connection::open(&path).unwrap();
    let count = || reader.query_row("SELECT count(*) FROM device", [], |row| row.get::<_, u32>(0)).unwrap();
    assert_eq!(count(), 2);
    kept.commit(&devices(3)).unwrap();
    assert_eq!(count(), 3);
    drop(kept);
    assert_eq!(read(&path), devices(3));
}

#[test]
fn a_commit_with_nothing_to_write_touches_nothing() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let mut kept = Kept::open(&path);
    let devices = devices(3);
    kept.commit(&devices).unwrap();
    let files = || ["state.db", "state.db-wal"].map(|name| fs::read(folder.file(name)).unwrap());
    let before = files();
    kept.commit(&devices).unwrap();
    kept.database.commit(&[]).unwrap();
    kept.database.commit(&[Change { name: "nobody", before: None, after: None }]).unwrap();
    assert!(files() == before);
}

#[test]
fn a_file_is_set_up_to_lose_nothing() {
    let folder = Folder::new();
    let kept = Kept::open(&folder.file("state.db"));
    let connection = &kept.database.connection;
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).unwrap();
    assert_eq!(number("application_id"), schema::APPLICATION_ID);
    assert_eq!(number("user_version"), i32::try_from(schema::LATEST).unwrap());
    assert_eq!(number("synchronous"), 2, "FULL");
    assert_eq!(number("foreign_keys"), 1);
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(journal, "wal");
}

/// `.backup` of the shell does the same, page by page.
#[test]
fn a_copy_made_while_it_runs_is_a_state_file() {
    let folder = Folder::new();
    let (path, copy) = (folder.file("state.db"), folder.file("copy.db"));
    let mut kept = Kept::open(&path);
    kept.commit(&devices(3)).unwrap();
    Connection::open(&path).unwrap().execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    assert_eq!(dump(&path), dump(&copy));
    assert_eq!(read(&copy), devices(3));
}

#[test]
fn devices_of_one_profile_share_it_in_the_file_and_in_memory() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let mut kept = Kept::open(&path);
    kept.commit(&devices(3)).unwrap();
    assert_eq!(dump(&path).iter().filter(|line| line.starts_with("profile ")).count(), 1);
    let found = kept.database.devices(&Profiles::default()).unwrap();
    let first = found.values().next().unwrap();
    assert!(found.values().all(|device| std::ptr::eq(device.profile(), first.profile())));
    assert!(found.values().all(|device| std::ptr::eq(device.agent(), first.agent())));
    kept.commit(&super::Devices::new()).unwrap();
    assert_eq!(dump(&path).iter().filter(|line| line.starts_with("profile ")).count(), 0);
}
