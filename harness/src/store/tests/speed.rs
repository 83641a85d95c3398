//! What a commit costs, against SQLite alone writing the same rows.
//!
//! `cargo test --release -p cspsim --lib store::tests::speed -- --ignored --nocapture`

use std::time::{Duration, Instant};

use csp_model::Device;
use csp_model::agent::UpdateId;
use rusqlite::{Connection, params};

use super::{Devices, Folder, Kept, approve, devices};
use crate::fleet::{Change, Storage as _};
use crate::store::connection;

const ROUNDS: u128 = 200;

#[test]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn a_commit_against_sqlite_alone() {
    for count in [1, 64] {
        let folder = Folder::new();
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        let mut kept = Kept::open(&folder.file("state.db"));
        kept.commit(&devices(count)).unwrap();
        let other = folder.file("bare.db");
        Kept::open(&other).commit(&devices(count)).unwrap();
        let other = connection::open(&other).unwrap();
        // By turns, so that both see the same disk.
        for round in 1..=ROUNDS {
            let mut after = kept.devices.clone();
            after.values_mut().for_each(|device| approve(device, round));
            ours.push(timed(|| commit(&mut kept, &after)));
            let id = UpdateId::from_u128(round).to_string();
            bare.push(timed(|| write(&other, &after, &id)));
            kept.devices = after;
        }
        let (ours, bare) = (median(ours), median(bare));
        let ratio = bare.as_secs_f64() / ours.as_secs_f64();
        println!("{count} devices a transaction: ours {ours:?}, SQLite alone {bare:?}, ratio {ratio:.2}");
    }
}

#[test]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn a_thousand_devices() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let devices = devices(1_000);
    let mut kept = Kept::open(&path);
    let written = timed(|| kept.commit(&devices).unwrap());
    drop(kept);
    let length = std::fs::metadata(&path).unwrap().len();
    let mut found = Devices::new();
    let read = timed(|| found = super::read(&path));
    assert!(found == devices);
    println!("1,000 devices: written in {written:?}, {length} bytes, opened and read in {read:?}");
}

fn commit(kept: &mut Kept, after: &Devices) {
    let pairs = kept.devices.iter().zip(after.values());
    let changes: Vec<_> = pairs
        .map(|((name, before), after): ((_, &Device), _)| Change {
            name,
            before: Some(before),
            after: Some(after),
        })
        .collect();
    kept.database.commit(&changes).unwrap();
}

fn write(connection: &Connection, devices: &Devices, id: &str) {
    let transaction = connection.unchecked_transaction().unwrap();
    for name in devices.keys() {
        transaction
            .prepare_cached("INSERT INTO approval (device, id, approved_at) VALUES (?1, ?2, ?3)")
            .unwrap()
            .execute(params![name, id, "2024-01-01T00:00:00Z"])
            .unwrap();
    }
    transaction.commit().unwrap();
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
