//! The command line, as people meet it: `fixtures/cli`, and the blocks of the README.
//!
//! `TRYCMD=overwrite cargo test -p cspsim --test cli` writes the output; read what it changed.

#[test]
fn cases() {
    // The README's commands are for a checkout's folder.
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
    trycmd::TestCases::new()
        .case("fixtures/cli/*.trycmd")
        .case("README.md")
        .case("docs/scenarios.md")
        .extend_vars([("[VERSION]", env!("CARGO_PKG_VERSION"))])
        .expect("a variable");
}
