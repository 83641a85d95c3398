//! A program that is killed at any moment has lost nothing that it had committed, and left no half commit.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use csp_model::Device;

use super::{Folder, Kept, approve, devices, read};

const FILE: &str = "CSPSIM_TEST_STATE";
const SAID: &str = "committed ";

#[test]
fn what_was_committed_survives_a_kill() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    Kept::open(&path).commit(&devices(3)).unwrap();
    let mut before = approvals(&path);
    for round in 0_usize..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::killed::commit_until_killed", "--ignored", "--nocapture"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let said = lines.filter_map(|line| line.split_once(SAID)?.1.parse::<usize>().ok());
        // Each round is killed a little later than the one before.
        let last = said.take(1 + round * 3).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let after = approvals(&path);
        assert!(last > before, "{last} were said to be committed, {before} before");
        assert!(after >= last, "{last} were said to be committed, {after} are there");
        before = after;
    }
}

#[test]
#[ignore = "is run, and killed, by the test above"]
#[expect(clippy::print_stdout, reason = "that is how it is heard")]
fn commit_until_killed() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let mut kept = Kept::open(Path::new(&path));
    loop {
        let mut after = kept.devices.clone();
        let number = count(after.values().next().unwrap()) + 1;
        after.values_mut().for_each(|device| approve(device, number as u128));
        kept.commit(&after).unwrap();
        println!("{SAID}{number}");
    }
}

/// How many approvals each device of the file has: all the same number.
fn approvals(path: &Path) -> usize {
    let counts: Vec<_> = read(path).values().map(count).collect();
    assert_eq!(counts.len(), 3);
    assert!(counts.iter().all(|count| *count == counts[0]), "a commit is there by half: {counts:?}");
    counts[0]
}

fn count(device: &Device) -> usize {
    device.agent().approvals.len()
}
