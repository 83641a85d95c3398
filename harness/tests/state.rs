//! `--state` on the command line: the device goes on where it stopped.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const APPROVE: &str = "<SyncBody><Add><CmdID>1</CmdID><Item><Target><LocURI>./Vendor/MSFT/Update/ApprovedUpdates/\
                       e6cf1350-c01b-414d-a61f-263d14d133b4</LocURI></Target></Item></Add></SyncBody>";

/// A new folder, with a message in it that approves something.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("state-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("approve.xml"), APPROVE).unwrap();
    fs::write(folder.join("other.toml"), "[device]\nid = \"ANOTHER\"\n").unwrap();
    folder
}

fn cspsim(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cspsim")).args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_was_answered_is_there_the_next_time() {
    let folder = folder("next");
    for code in ["200", "418"] {
        let answer = cspsim(&folder, &["answer", "--state", "lab.db", "approve.xml"]);
        assert!(answer.status.success(), "{}", text(&answer.stderr));
        assert!(text(&answer.stdout).contains(&format!("<Cmd>Add</Cmd><Data>{code}</Data>")));
    }
    let tree = cspsim(&folder, &["tree", "./Vendor/MSFT/Update/ApprovedUpdates", "--state", "lab.db"]);
    assert!(text(&tree.stdout).contains("e6cf1350-c01b-414d-a61f-263d14d133b4"));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_message_that_is_none_changes_nothing() {
    let folder = folder("none");
    fs::write(folder.join("none.xml"), "<SyncML>").unwrap();
    let answer = cspsim(&folder, &["answer", "--state", "lab.db", "approve.xml", "none.xml"]);
    assert_eq!(answer.status.code(), Some(3));
    let tree = cspsim(&folder, &["tree", "./Vendor/MSFT/Update/ApprovedUpdates", "--state", "lab.db"]);
    assert!(!text(&tree.stdout).contains("e6cf1350"));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn who_only_looks_makes_no_file() {
    let folder = folder("look");
    let tree = cspsim(&folder, &["tree", "./DevInfo/Man", "--state", "lab.db"]);
    assert!(text(&tree.stdout).contains("Contoso"));
    assert!(!folder.join("lab.db").exists());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_file_wins_and_keeps_one_device() {
    let folder = folder("wins");
    cspsim(&folder, &["answer", "--state", "lab.db", "approve.xml"]);
    let other = cspsim(&folder, &["answer", "--state", "lab.db", "--device", "other.toml", "approve.xml"]);
    assert_eq!(other.status.code(), Some(3));
    assert_eq!(
        text(&other.stderr),
        "error: cannot go on with lab.db: it keeps the device 0123456789ABCDEF0123456789ABCDEF, and --device describes \
         ANOTHER\n"
    );
    let seeded = cspsim(&folder, &["tree", "./DevInfo/Man", "--state", "lab.db", "--seed", "7"]);
    assert!(seeded.status.success());
    assert_eq!(
        text(&seeded.stderr),
        "warning: lab.db keeps the device already: --seed and --ddf change nothing\n"
    );
    let no_state = cspsim(&folder, &["answer", "--state", "approve.xml", "approve.xml"]);
    assert_eq!(no_state.status.code(), Some(3));
    assert!(text(&no_state.stderr).starts_with("error: cannot open"), "{}", text(&no_state.stderr));
    assert_eq!(fs::read_to_string(folder.join("approve.xml")).unwrap(), APPROVE);
    fs::remove_dir_all(folder).unwrap();
}
