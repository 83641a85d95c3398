//! The command line, as people meet it: `fixtures/cli`, and the blocks of the README.
//!
//! Where the README asks a device at port 8080, it is one of this test's that answers, at a port of its own. That takes
//! `curl`, and a shell to lead it there: where they are not, these blocks are passed over.
//!
//! `TRYCMD=overwrite cargo test -p cspsim --test cli` writes the output; read what it changed.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may fail, and says what it passes over"
)]

#[tokio::test]
async fn cases() {
    // The README's commands are for a checkout's folder.
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
    let device = cspsim::SimDevice::start().await;
    // The README shows a message that is none.
    device.allow_violations();
    trycmd::TestCases::new()
        .register_bin("curl", curl(&device))
        .case("fixtures/cli/*.trycmd")
        .case("README.md")
        .case("docs/replay.md")
        .case("docs/scenarios.md")
        .case("docs/updates.md")
        .extend_vars([("[VERSION]", env!("CARGO_PKG_VERSION"))])
        .expect("a variable");
}

/// A `curl` that finds `device` where the README has its own.
#[cfg(unix)]
fn curl(device: &cspsim::SimDevice) -> trycmd::schema::Bin {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::process::Command;

    // --json came with 7.82.
    let version = Command::new("curl").arg("--version").output();
    let version =
        version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let mut numbers = version.split([' ', '.']).skip(1).map_while(|number| number.parse::<u32>().ok());
    if numbers.next().zip(numbers.next()) < Some((7, 82)) {
        eprintln!("no curl of 7.82 or later: the README's conversation with the endpoint is passed over");
        return trycmd::schema::Bin::Ignore;
    }
    let (address, port) = (device.address(), device.address().port());
    let script = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("curl-{port}"));
    let text = format!(
        "#!/bin/sh\nexec curl --silent --show-error --noproxy '*' --header 'Host: {address}' \
         --connect-to 127.0.0.1:8080:{address} \"$@\"\n"
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    trycmd::schema::Bin::Path(script)
}

#[cfg(not(unix))]
fn curl(_: &cspsim::SimDevice) -> trycmd::schema::Bin {
    trycmd::schema::Bin::Ignore
}
