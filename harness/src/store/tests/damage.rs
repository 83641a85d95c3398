//! Files that were cut, damaged or left in the middle: the last whole commit comes back, or the damage is named.

use std::fs;
use std::path::Path;

use super::{Devices, Folder, Kept, approve, devices, read};
use crate::fleet::Change;
use crate::fleet::Profiles;
use crate::store::{Database, write};

/// A file and its log, closed by nobody, and what was committed, in order.
struct Left {
    file: Vec<u8>,
    log: Vec<u8>,
    states: Vec<Devices>,
}

fn left_behind() -> Left {
    let folder = Folder::new();
    let mut kept = Kept::open(&folder.file("state.db"));
    let mut states = vec![Devices::new()];
    for count in 1..=4 {
        let mut next = kept.devices.clone();
        next.extend(devices(count).into_iter().filter(|(name, _)| !kept.devices.contains_key(name)));
        next.values_mut().for_each(|device| approve(device, count.into()));
        kept.commit(&next).unwrap();
        states.push(next);
    }
    let [file, log] = ["state.db", "state.db-wal"].map(|name| fs::read(folder.file(name)).unwrap());
    Left { file, log, states }
}

/// Which commit is the last that a file with this log knows.
fn last_commit(left: &Left, log: &[u8]) -> usize {
    let folder = Folder::new();
    fs::write(folder.file("state.db"), &left.file).unwrap();
    fs::write(folder.file("state.db-wal"), log).unwrap();
    let found = read(&folder.file("state.db"));
    left.states.iter().position(|state| *state == found).expect("it is as it was after a commit")
}

#[test]
fn a_log_that_was_cut_anywhere_ends_with_a_whole_commit() {
    let left = left_behind();
    let mut last = 0;
    for length in (0..left.log.len()).step_by(997) {
        let now = last_commit(&left, &left.log[..length]);
        assert!(now >= last, "{now} after {length} bytes, {last} after fewer");
        last = now;
    }
    assert!((1..4).contains(&last), "the cuts went through the commits: {last}");
    assert_eq!(last_commit(&left, &left.log), 4);
    assert_eq!(last_commit(&left, &left.log[..left.log.len() - 1]), 3);
}

#[test]
fn a_log_that_is_damaged_anywhere_ends_with_the_commit_before() {
    let left = left_behind();
    let mut lost = 0;
    for place in (0..left.log.len()).step_by(1_999) {
        let mut log = left.log.clone();
        log[place] ^= 0x40;
        lost += usize::from(last_commit(&left, &log) < 4);
    }
    assert!(lost > 10, "{lost}");
}

#[test]
fn a_program_killed_in_the_middle_of_a_commit_has_not_begun_it() {
    let folder = Folder::new();
    let mut kept = Kept::open(&folder.file("state.db"));
    kept.commit(&devices(2)).unwrap();
    let copy = |name: &str| {
        for end in ["", "-wal"] {
            fs::copy(folder.file(&format!("state.db{end}")), folder.file(&format!("{name}{end}"))).unwrap();
        }
    };
    let length = || fs::metadata(folder.file("state.db-wal")).unwrap().len();
    let committed = length();
    // Without room in memory the rows go to the log as they come.
    kept.database.connection.pragma_update(None, "cache_size", 1).unwrap();
    let Database { connection, digests, .. } = &mut kept.database;
    let transaction = connection.transaction().unwrap();
    let after = devices(200);
    let mut seen = 0;
    for (number, (name, device)) in after.iter().enumerate().skip(2) {
        let change = Change { name, before: None, after: Some(device) };
        write::changes(&transaction, digests, &[change]).unwrap();
        if number % 40 == 0 && length() > committed {
            seen += 1;
            let copied = format!("copy-{number}.db");
            copy(&copied);
            assert_eq!(read(&folder.file(&copied)), devices(2));
        }
    }
    assert!(seen > 2, "the log grew during the transaction: {seen}");
    transaction.commit().unwrap();
    copy("done.db");
    assert_eq!(read(&folder.file("done.db")), after);
}

#[test]
fn a_damaged_page_is_named_or_does_not_matter() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let whole = devices(12);
    Kept::open(&path).commit(&whole).unwrap();
    let good = fs::read(&path).unwrap();
    let page = 4_096;
    let mut named = 0;
    for start in (0..good.len()).step_by(page) {
        for rubbish in [0x00, 0xA5, 0xFF] {
            let mut bad = good.clone();
            bad[start..start + page].fill(rubbish);
            let copy = folder.file("bad.db");
            fs::write(&copy, &bad).unwrap();
            match opened(&copy) {
                Ok(found) => assert!(found == whole, "page {} lost silently", start / page),
                Err(said) => {
                    named += 1;
                    assert!(said.starts_with(&format!("cannot open {}: it is ", copy.display())), "{said}");
                }
            }
        }
    }
    assert!(named > 2 * good.len() / page, "{named} of {}", 3 * good.len() / page);
}

#[test]
fn a_file_that_was_cut_is_named() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    Kept::open(&path).commit(&devices(12)).unwrap();
    let good = fs::read(&path).unwrap();
    for length in (1..good.len()).step_by(1_777) {
        let copy = folder.file("bad.db");
        fs::write(&copy, &good[..length]).unwrap();
        let said = opened(&copy).expect_err("it is refused");
        assert!(said.starts_with(&format!("cannot open {}: it is ", copy.display())), "{length}: {said}");
    }
}

fn opened(path: &Path) -> Result<Devices, String> {
    let mut database = Database::open(path).map_err(|error| error.to_string())?;
    database.devices(&Profiles::default()).map_err(|error| error.to_string())
}
