//! What befalls the state file while the program serves: an answer says so, nothing changes, and it goes on.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin has failed")]

mod serving;

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::Value;
use serving::{APPROVALS, Answer, Client, Folder, Serving, add, atomic, children, node};

/// Approves two updates at once.
fn approve(client: &mut Client, number: u32) -> Answer {
    let commands = add(2, &guid(number, 1)) + &add(3, &guid(number, 2));
    client.ask("POST", "/", &atomic(&commands)).unwrap()
}

fn guid(number: u32, part: u32) -> String {
    format!("{number:08x}-0000-4000-8000-{part:012x}")
}

fn approved(client: &mut Client) -> BTreeSet<String> {
    children(&client.get(&node("default", APPROVALS))).map(str::to_owned).collect()
}

fn assert_approved(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains("<Cmd>Atomic</Cmd><Data>200</Data>"), "{}", answer.body);
}

/// The answer says that it could not be saved, and why.
fn assert_not_saved(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem["type"], "urn:cspsim:problem:not-saved", "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with("cannot save the device: cannot write to "), "{detail}");
    assert!(detail.ends_with(&format!("{why}; nothing has changed")), "{detail}");
}

#[test]
fn another_program_writes_to_the_state_file() {
    let folder = Folder::new("locked");
    let state = folder.file("state.db");
    let serving = Serving::start(&state);
    let mut client = serving.client();
    assert_approved(&approve(&mut client, 1));
    let before = approved(&mut client);
    let other = Connection::open(&state).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_not_saved(&approve(&mut client, 2), "another program is writing to it");
    assert_eq!(approved(&mut client), before);
    let reset = client.ask("POST", "/_cspsim/devices/default/reset", "").unwrap();
    assert_not_saved(&reset, "another program is writing to it");
    assert_eq!(approved(&mut client), before);
    other.execute_batch("COMMIT").unwrap();
    assert_approved(&approve(&mut client, 2));
    let after = approved(&mut client);
    assert_eq!(after.len(), before.len() + 2);
    let said = serving.kill();
    assert_eq!(said.matches("another program is writing to it").count(), 2, "{said}");
    assert_eq!(approved(&mut Serving::start(&state).client()), after);
}

/// No file of the program may become longer than a limit: what a full disk is, as far as a test can have one.
#[test]
#[cfg(unix)]
fn the_log_of_the_state_file_cannot_grow() {
    /// Of 512 or 1,024 bytes, as the shell likes.
    const BLOCKS: &str = "600";
    let folder = Folder::new("limited");
    let state = folder.file("state.db");
    let mut limited = std::process::Command::new("sh");
    // The signal that comes with the limit would end the program.
    limited.args(["-c", &format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" \"$@\"")]);
    let serving = Serving::run(limited.arg(env!("CARGO_BIN_EXE_cspsim")), &state);
    let mut client = serving.client();
    let mut expected = approved(&mut client);
    let mut refused = 0;
    for number in 0.. {
        assert!(number < 10_000, "the limit has no effect");
        let answer = approve(&mut client, number);
        if answer.status == 200 {
            assert_approved(&answer);
            expected.extend([guid(number, 1), guid(number, 2)]);
        } else {
            assert_not_saved(&answer, "disk I/O error");
            refused += 1;
        }
        assert_eq!(approved(&mut client), expected);
        if refused == 3 {
            break;
        }
    }
    let said = serving.kill();
    assert_eq!(said.matches("disk I/O error").count(), refused, "{said}");
    let serving = Serving::start(&state);
    let mut client = serving.client();
    assert_eq!(approved(&mut client), expected);
    assert_approved(&approve(&mut client, u32::MAX));
}
