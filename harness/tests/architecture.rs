//! `ARCHITECTURE.md` and `CONTRIBUTING.md` name places that exist, and rooms stand on one another as it says.

use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn every_path_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        let quoted = text.split('`').skip(1).step_by(2);
        let paths: Vec<_> = quoted
            .filter(|quoted| {
                quoted.contains('/') && !quoted.starts_with("//") && !quoted.contains([' ', ':'])
            })
            .collect();
        assert!(paths.len() > 5, "{document} names only {} places", paths.len());
        for path in paths {
            assert!(root.join(path).exists(), "{document} names `{path}`, which does not exist");
        }
    }
}

#[test]
fn rooms_use_only_rooms_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("../ARCHITECTURE.md")).unwrap();
    let (_, rooms) = document.split_once("```rooms\n").unwrap();
    let (rooms, _) = rooms.split_once("```").unwrap();
    let lines = rooms.lines().zip(0_usize..);
    let floors: BTreeMap<_, _> =
        lines.flat_map(|(line, floor)| line.split(", ").map(move |room| (room, floor))).collect();
    let mut arrows = 0;
    for file in walkdir::WalkDir::new(root.join("src")) {
        let file = file.unwrap();
        let path = file.path().strip_prefix(root.join("src")).unwrap();
        let is_of_tests = path.components().any(|part| part.as_os_str() == "tests");
        let top = path.iter().next().and_then(|top| Path::new(top).file_stem()).and_then(|top| top.to_str());
        if !file.file_type().is_file() || is_of_tests || matches!(top, Some("lib" | "main")) {
            continue;
        }
        let room = top.unwrap();
        let floor = floors.get(room).unwrap_or_else(|| panic!("ARCHITECTURE.md does not have `{room}`"));
        for (line, number) in std::fs::read_to_string(file.path()).unwrap().lines().zip(1..) {
            for used in used(line).filter(|used| *used != room) {
                let Some(below) = floors.get(used) else { continue };
                arrows += 1;
                assert!(below > floor, "src/{}:{number}: {used} is not below {room}", path.display());
            }
        }
    }
    assert!(arrows > 30, "only {arrows} uses of other rooms were found");
}

/// What a line of code takes from the top of the crate.
fn used(line: &str) -> impl Iterator<Item = &str> {
    let taken = line.trim_start().strip_prefix("use crate::").unwrap_or_default();
    let several = taken.strip_prefix('{');
    let most = if several.is_some() { usize::MAX } else { 1 };
    let names = several.unwrap_or(taken).split(',').take(most);
    names.filter_map(|name| name.trim().split([':', ';', '}', ' ']).next())
}
