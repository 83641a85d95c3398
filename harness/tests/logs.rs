//! `cspsim logs` and `cspsim run --logs`: what stands on the disk afterwards.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn cspsim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cspsim")).args(arguments).output().unwrap()
}

/// A folder that is empty.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("logs").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Every file of a folder, by its path there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let path = entry.path().strip_prefix(folder).unwrap();
            let names: Vec<_> = path.iter().map(|name| name.to_str().unwrap()).collect();
            (names.join("/"), fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// A device with a ConfigMgr client.
fn client(folder: &Path) -> String {
    let path = folder.join("client.toml");
    fs::write(&path, "[configmgr]\nsite = \"PS1\"\n").unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn logs_are_written_below_the_folder_and_listed() {
    let folder = folder("written");
    let device = client(&folder);
    let out = folder.join("a/b");
    let run = cspsim(&["logs", "--device", &device, "--for", "P2D", "--out", out.to_str().unwrap()]);
    assert!(run.status.success(), "{run:?}");
    let written = files(&out);
    let listed = String::from_utf8(run.stdout).unwrap();
    let listed: std::collections::BTreeSet<_> = listed.lines().collect();
    assert!(listed.iter().copied().eq(written.keys()), "{listed:?}");
    for name in [
        "CCM/Logs/CcmMessaging.log",
        "CCM/Logs/PolicyAgent.log",
        "CCM/Logs/WUAHandler.log",
        "SoftwareDistribution/ReportingEvents.log",
        "WindowsUpdate.log",
        "commands/CCM_UpdateCIAssignment.txt",
        "commands/CCM_UpdateStatus.txt",
        "commands/gpresult.html",
        "commands/netsh-winhttp-show-proxy.txt",
        "registry.reg",
    ] {
        assert!(written.contains_key(name), "no {name} in {listed:?}");
    }
}

#[test]
fn a_run_writes_the_same_and_again_the_same() {
    let folder = folder("same");
    let device = client(&folder);
    let written = |command: &str, option: &str, name: &str| {
        let out = folder.join(name);
        let run = cspsim(&[command, "--device", &device, "--for", "P2D", option, out.to_str().unwrap()]);
        assert!(run.status.success(), "{run:?}");
        files(&out)
    };
    let first = written("logs", "--out", "first");
    assert!(!first.is_empty());
    assert_eq!(first, written("logs", "--out", "second"));
    assert_eq!(first, written("run", "--logs", "run"));
    let alone = cspsim(&["run", "--device", &device, "--for", "P2D"]).stdout;
    let out = folder.join("beside");
    let beside = cspsim(&["run", "--device", &device, "--for", "P2D", "--logs", out.to_str().unwrap()]);
    assert_eq!(alone, beside.stdout);
}

#[test]
fn a_kept_device_goes_on_from_where_it_was() {
    let folder = folder("kept");
    let state = folder.join("state.db");
    let until = |time: &str, name: &str| {
        let out = folder.join(name);
        let (state, out_path) = (state.to_str().unwrap(), out.to_str().unwrap());
        let run = cspsim(&["logs", "--state", state, "--until", time, "--out", out_path]);
        assert!(run.status.success(), "{run:?}");
        String::from_utf8(files(&out).remove("WindowsUpdate.log").unwrap()).unwrap()
    };
    let first = until("2023-11-02T08:00:00Z", "first");
    let second = until("2023-11-03T08:00:00Z", "second");
    assert!(first.starts_with("2023/11/01 "), "{first}");
    assert!(second.lines().all(|line| line >= "2023/11/02 08:00:00"), "{second}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = folder("unwritable");
    let file = folder.join("file");
    fs::write(&file, "in the way").unwrap();
    let run = cspsim(&["logs", "--for", "1h", "--out", file.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(3));
    assert!(String::from_utf8(run.stderr).unwrap().starts_with("error: cannot write "));
    assert_eq!(fs::read_to_string(&file).unwrap(), "in the way");
}
