//! What fuzzing has found worth keeping, `syncml/fuzz/corpus/<target>`, through the functions that the fuzzer runs.

#![expect(clippy::disallowed_methods, reason = "a test reads its cases")]

#[expect(unreachable_pub, reason = "there it is a library")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::path::Path;
use std::{fs, panic};

/// Runs a target on its corpus, in the order of the names.
#[track_caller]
fn check(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).expect("a corpus");
    let mut inputs: Vec<_> = entries.map(|entry| entry.expect("an input").path()).collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "{} holds no input", folder.display());
    let fails = |path: &&std::path::PathBuf| {
        let bytes = fs::read(path).expect("an input");
        panic::catch_unwind(|| run(&bytes)).is_err()
    };
    let failing: Vec<_> = inputs.iter().filter(fails).collect();
    assert!(failing.is_empty(), "{failing:#?}");
}

#[test]
fn xml() {
    check("xml", fuzz::xml);
}

#[test]
fn wbxml() {
    check("wbxml", fuzz::wbxml);
}

#[test]
fn session() {
    check("session", fuzz::session);
}

#[test]
fn ddf() {
    check("ddf", fuzz::ddf);
}

#[test]
fn device() {
    check("device", fuzz::device);
}
