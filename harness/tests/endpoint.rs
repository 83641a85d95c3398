//! `cspsim serve` as a program: what it says when it is ready, how it ends, and what it refuses to begin with.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot begin has failed")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

const MESSAGE: &str = "<SyncBody><Get><CmdID>1</CmdID><Item><Target><LocURI>./DevInfo/DevId</LocURI></Target></Item></Get></SyncBody>";

fn cspsim(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cspsim"));
    command.arg("serve").args(arguments).env_remove("CSPSIM_TOKEN").stdin(Stdio::null());
    command
}

/// A program that serves; it is gone when this is.
struct Serving {
    program: Child,
    address: String,
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        let mut command = cspsim(&["--listen", "127.0.0.1:0"]);
        let mut program =
            command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("cspsim listening on http://").map(|rest| rest.trim_end().to_owned());
        let Some(address) = address else {
            program.kill().unwrap();
            panic!("it says `{line}`");
        };
        Self { program, address }
    }

    fn request(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.replace("{host}", &self.address).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self, name: &str) {
        let killed = Command::new("kill").args(["-s", name, &self.program.id().to_string()]).status();
        assert!(killed.unwrap().success());
    }

    /// The exit code, and what was said on standard error.
    fn ended(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.program.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.program.wait().unwrap().code(), said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn post(body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn it_says_where_it_listens_and_ends_when_asked() {
    for signal in ["TERM", "INT"] {
        let serving = Serving::start(&["--clock", "frozen"]);
        let answer = serving.request(&post(MESSAGE));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("</SyncML>"), "{answer}");
        serving.signal(signal);
        assert_eq!(serving.ended(), (Some(0), String::new()));
    }
}

#[test]
fn a_second_request_to_end_does_not_wait() {
    let serving = Serving::start(&[]);
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n").unwrap();
    stream.read_exact(&mut [0; 25]).unwrap();
    serving.signal("TERM");
    // It listens no more, so the first one has been taken notice of.
    while TcpStream::connect(&serving.address).is_ok() {}
    serving.signal("TERM");
    let (code, said) = serving.ended();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("error: ended with answers in hand"), "{said}");
}

fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = cspsim(arguments).output().unwrap();
    assert!(stdout.is_empty());
    let said = String::from_utf8(stderr).unwrap();
    assert!(said.starts_with("error: "), "{said}");
    (status.code(), said)
}

#[test]
fn what_cannot_be_begun_is_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = refused(&["--listen", &address]);
    assert_eq!(code, Some(4));
    assert!(said.starts_with(&format!("error: cannot listen on {address}: ")), "{said}");
    for arguments in [
        &["--listen", "0.0.0.0:0"] as &[_],
        &["--listen", "[::]:0"],
        &["--listen", "here"],
        &["--listen", "127.0.0.1"],
        &["--token", ""],
        &["--clock", "slow"],
        &["--max-connections", "0"],
        &["--max-body", "0"],
        &["--max-devices", "0"],
        &["--log", "loud"],
    ] {
        assert_eq!(refused(arguments).0, Some(2), "{arguments:?}");
    }
    assert_eq!(refused(&["--device", "/nonexistent.toml"]).0, Some(3));
    assert_eq!(refused(&["--state", "/nonexistent/state.db"]).0, Some(3));
}

#[test]
fn others_need_the_token_for_the_control_api_alone() {
    let serving = Serving::start(&["--token", "secret"]);
    assert!(serving.request(&post(MESSAGE)).starts_with("HTTP/1.1 200 "));
    let get = "GET /_cspsim/devices HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n";
    let answer = serving.request(&format!("{get}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("www-authenticate: Bearer"), "{answer}");
    let answer = serving.request(&format!("{get}Authorization: Bearer secret\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn devices_survive_in_their_state_file_and_what_was_said_in_a_transcript() {
    let folder = std::env::temp_dir().join(format!("cspsim-endpoint-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| -> PathBuf { folder.join(name) };
    let state = file("state.db").display().to_string();
    let transcript = file("lab.jsonl").display().to_string();
    let serving = Serving::start(&["--state", &state, "--transcript", &transcript]);
    serving.request(&post(MESSAGE));
    let copies = r#"{"from":"default","name":"kept"}"#;
    let made = serving.request(&format!(
        "POST /_cspsim/devices HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{copies}",
        copies.len()
    ));
    assert!(made.starts_with("HTTP/1.1 201 "), "{made}");
    serving.signal("TERM");
    assert_eq!(serving.ended(), (Some(0), String::new()));
    let lines = std::fs::read_to_string(&transcript).unwrap();
    assert!(
        lines.starts_with("{\"cspsim_transcript\":1,") && lines.contains("\"kind\":\"exchange\""),
        "{lines}"
    );
    let serving = Serving::start(&["--state", &state]);
    let answer =
        serving.request("GET /_cspsim/devices/kept HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    assert!(answer.contains(r#""name":"kept""#), "{answer}");
    drop(serving);
    std::fs::write(file("other.toml"), "[device]\nid = \"OTHER\"\n").unwrap();
    let (code, said) = refused(&["--state", &state, "--device", &file("other.toml").display().to_string()]);
    assert_eq!(code, Some(3));
    assert!(said.contains("OTHER"), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
}
