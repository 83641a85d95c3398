//! `ARCHITECTURE.md` and `CONTRIBUTING.md` name places that exist.

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
