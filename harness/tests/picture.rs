//! The picture in the README is the program's own output.
//!
//! `SNAPSHOTS=overwrite cargo test -p cspsim --test picture` draws it anew; look at what it changed.

use std::path::Path;
use std::process::Command;

use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

#[test]
fn answer() {
    let arguments = ["answer", "--explain", "--out", "answer.xml", "approve.xml"];
    let folder = std::env::temp_dir().join(format!("cspsim-picture-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::copy(root.join("docs/examples/approve.xml"), folder.join("approve.xml")).unwrap();
    let run = Command::new(snapbox::cmd::cargo_bin!("cspsim"))
        .args(arguments)
        .env("CLICOLOR_FORCE", "1")
        .current_dir(&folder)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let shown = format!("$ cspsim {}\n{}", arguments.join(" "), String::from_utf8(run.stdout).unwrap());
    let drawn = Data::text(shown).coerce_to(DataFormat::TermSvg);
    Assert::new()
        .action_env("SNAPSHOTS")
        .eq(drawn, Data::read_from(&root.join("docs/answer.svg"), Some(DataFormat::TermSvg)));
}
