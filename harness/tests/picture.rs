//! The pictures in the README are the program's own output.
//!
//! `SNAPSHOTS=overwrite cargo test -p cspsim --test picture` draws them anew; look at what it changed.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::fs;
use std::path::Path;
use std::process::Command;

use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

/// Runs `cspsim` with `arguments` beside copies of `examples`, and compares what it prints with a picture.
#[track_caller]
fn check(picture: &str, examples: &[&str], arguments: &[&str], code: i32) {
    let folder = std::env::temp_dir().join(format!("cspsim-{picture}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    for example in examples {
        fs::copy(docs.join("examples").join(example), folder.join(example)).unwrap();
    }
    let run = Command::new(snapbox::cmd::cargo_bin!("cspsim"))
        .args(arguments)
        .env("CLICOLOR_FORCE", "1")
        .current_dir(&folder)
        .output()
        .unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(code), "{stderr}");
    let stdout = without_times(&String::from_utf8(run.stdout).unwrap());
    let drawn = Data::text(format!("$ cspsim {}\n{stdout}{stderr}", arguments.join(" ")));
    Assert::new().action_env("SNAPSHOTS").eq(
        drawn.coerce_to(DataFormat::TermSvg),
        Data::read_from(&docs.join(picture), Some(DataFormat::TermSvg)),
    );
}

/// How long a scenario took, `[   0.012s]`, is the only thing that differs from run to run.
fn without_times(text: &str) -> String {
    let mut parts = text.split('[');
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (time, rest) = part.split_once("s]").unwrap_or_default();
        if time.len() == 8 && time.trim_start().parse::<f64>().is_ok() {
            shown.extend(["[   0.001s]", rest]);
        } else {
            shown.extend(["[", part]);
        }
    }
    shown
}

#[test]
fn answer() {
    check("answer.svg", &["approve.xml"], &["answer", "--explain", "--out", "answer.xml", "approve.xml"], 0);
}

#[test]
fn failing_test() {
    check("failing-test.svg", &["get-in-atomic.toml", "lab.toml"], &["test", "get-in-atomic.toml"], 1);
}
