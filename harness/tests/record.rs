//! `cspsim record` between devices and servers, over real sockets.

// Elsewhere there is no signal to end a program by that it could take.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[expect(dead_code, reason = "what the server finds is not asked here")]
mod server;
#[expect(dead_code, reason = "other tests change devices")]
mod serving;

#[path = "record/changed.rs"]
mod changed;
#[path = "record/ending.rs"]
mod ending;
#[path = "record/replayed.rs"]
mod replayed;
#[path = "record/said.rs"]
mod said;
#[path = "record/unseen.rs"]
mod unseen;
#[path = "record/upstream.rs"]
mod upstream;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use server::Server;
use serving::{Client, Folder, Serving};
use syncml::session::server::Command as Asked;

const PASSWORD: &str = "OhBehave-42";
const SERIAL: &str = "./DevDetail/Ext/Microsoft/SMBIOSSerialNumber";

/// A proxy that is a program of its own; it is gone when this is.
struct Recording {
    program: Child,
    out: BufReader<ChildStdout>,
    url: String,
}

/// What a program that was asked to end has left.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Recording {
    fn start(upstream: &str, options: &[&str]) -> Self {
        Self::start_with(upstream, options, Stdio::piped())
    }

    fn start_with(upstream: &str, options: &[&str], err: Stdio) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_cspsim"))
            .args(["record", "--listen", "127.0.0.1:0", "--upstream", upstream])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(err)
            .spawn()
            .unwrap();
        let mut out = BufReader::new(program.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("cspsim listening on ").unwrap_or_default().to_owned();
        assert!(!url.is_empty(), "{line}");
        Self { program, out, url }
    }

    fn address(&self) -> &str {
        self.url.split_once("//").unwrap().1
    }

    fn interrupt(&self) {
        let asked = Command::new("kill").args(["-INT", &self.program.id().to_string()]).status().unwrap();
        assert!(asked.success());
    }

    /// Ends it as Ctrl-C does.
    fn end(mut self) -> Ended {
        self.interrupt();
        let mut ended = Ended { code: None, out: String::new(), err: String::new() };
        self.out.read_to_string(&mut ended.out).unwrap();
        if let Some(mut err) = self.program.stderr.take() {
            err.read_to_string(&mut ended.err).unwrap();
        }
        ended.code = self.program.wait().unwrap().code();
        ended
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn cspsim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cspsim")).args(arguments).env_remove("CSPSIM_PASSWORD").output().unwrap()
}

/// Posts something over a connection of its own; the answer as it came.
fn post(address: &str, path: &str, more: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: proxy.test\r\nConnection: close\r\nAccept-Encoding: gzip\r\n{more}Content-Length: {length}\r\n\r\n"
    );
    // Who is turned away is not heard to its end.
    let _ = stream.write_all(&[head.as_bytes(), body.as_bytes()].concat());
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// A Get in a message.
fn get(number: u32, address: &str) -> String {
    format!("<Get><CmdID>{number}</CmdID><Item><Target><LocURI>{address}</LocURI></Target></Item></Get>")
}

/// The lines of a transcript. A piece of a line would be no JSON.
fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A server that asks for the version and for the serial number.
fn asking() -> Server {
    Server::start(|| vec![Asked::get("./DevDetail/SwV"), Asked::get(SERIAL)])
}

/// What `cspsim redact` leaves of a file: a reader of transcripts has read it.
fn redacted(path: &Path) -> String {
    let ran = cspsim(&["redact", path.to_str().unwrap()]);
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn a_device_that_dials() {
    let folder = Folder::new("record-dials");
    for encoding in ["xml", "wbxml"] {
        let (server, file) = (asking(), folder.file(&format!("{encoding}.jsonl")));
        let path = file.to_str().unwrap();
        let upstream = server.url();
        let recording = Recording::start(&upstream, &["--transcript", path]);
        let to = format!("{}/mdm?key=secret", recording.url);
        let ran = cspsim(&[
            "connect",
            "--encoding",
            encoding,
            "--user",
            "lab",
            "--password",
            PASSWORD,
            "--auth",
            "basic",
            &to,
        ]);
        assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stdout));
        let ended = recording.end();
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{}", ended.out);
        assert!(ended.out.starts_with("device-1 session 1: the device dials\n"), "{}", ended.out);
        assert!(
            ended.out.contains("device-1 session 1: over: both sides have said everything\n"),
            "{}",
            ended.out
        );
        assert!(ended.out.contains("1 session, "), "{}", ended.out);

        let lines = lines(&file);
        let header = &lines[0];
        assert_eq!(header["cspsim_transcript"], 1);
        assert_eq!(header["devices"], "guessed");
        assert_eq!(header["device"]["file"]["device"]["manufacturer"], "Contoso");
        let opened = &lines[1];
        assert_eq!(opened["opens"]["session_id"], "1");
        assert_eq!(opened["request"]["text"], "");
        for (line, seq) in lines[1..].iter().zip(1..) {
            assert_eq!((&line["kind"], &line["seq"]), (&"exchange".into(), &seq.into()), "{line}");
        }
        for line in &lines[2..] {
            assert_eq!(line["session"], "1");
            assert_eq!(line["address"], upstream);
        }
        // Package 1, the server's questions with the answers, and its last word.
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3]["answer"]["text"], "", "the device says nothing to it");
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(redacted(&file), text, "what is redacted stays");
        if encoding == "xml" {
            assert!(text.contains("10.0.22631."), "{text}");
            assert!(!text.contains("bGFiOk9oQmVoYXZlLTQy"), "{text}");
            assert!(text.contains("REDACTED0001"), "{text}");
        }
    }
}

#[test]
fn secrets_that_may_be_shown() {
    let folder = Folder::new("record-shown");
    let (server, file) = (asking(), folder.file("t.jsonl"));
    let recording =
        Recording::start(&server.url(), &["--show-secrets", "--transcript", file.to_str().unwrap()]);
    let to = format!("{}/?key=secret", recording.url);
    let ran = cspsim(&["connect", "--user", "lab", "--password", PASSWORD, "--auth", "basic", &to]);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    assert_eq!(recording.end().code, Some(0));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("bGFiOk9oQmVoYXZlLTQy") && text.contains("\"secrets\":\"shown\""), "{text}");
    assert!(text.contains(&format!("\"address\":\"{}?key=secret&mode=Machine", server.url())), "{text}");
    let hidden = redacted(&file);
    assert!(
        !hidden.contains("bGFiOk9oQmVoYXZlLTQy") && hidden.contains("\"secrets\":\"hidden\""),
        "{hidden}"
    );
}

#[test]
fn over_tls() {
    let folder = Folder::new("record-tls");
    let server = asking();
    let authority = folder.file("ca");
    for _ in 0..2 {
        // The authority is the same the next time.
        let recording = Recording::start(
            &server.url(),
            &["--tls", authority.to_str().unwrap(), "--tls-name", "proxy.test"],
        );
        assert!(recording.url.starts_with("https://127.0.0.1:"), "{}", recording.url);
        let certificate = folder.file("first.pem");
        if !certificate.exists() {
            fs::copy(authority.join("ca.pem"), &certificate).unwrap();
        }
        let ran = cspsim(&["connect", "--ca", certificate.to_str().unwrap(), &recording.url]);
        assert_eq!(ran.status.code(), Some(0), "{ran:?}");
        let ended = recording.end();
        assert_eq!(ended.code, Some(0));
        assert!(ended.out.contains("both sides have said everything"), "{}", ended.out);
    }
    // A proxy behind which TLS is spoken trusts whom it is told to.
    let inner = Recording::start(&server.url(), &["--tls", authority.to_str().unwrap()]);
    let certificate = authority.join("ca.pem");
    let outer = Recording::start(&inner.url, &["--ca", certificate.to_str().unwrap()]);
    let ran = cspsim(&["connect", &outer.url]);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let distrusting = Recording::start(&inner.url, &[]);
    let ran = cspsim(&["connect", "--retries", "0", &distrusting.url]);
    assert_eq!(ran.status.code(), Some(4), "{ran:?}");
    assert!(distrusting.end().err.contains("error: "));
}

#[test]
fn a_server_that_posts() {
    let folder = Folder::new("record-posts");
    let serving = Serving::start(&folder.file("state.db"));
    let upstream = serving.url();
    let file = folder.file("t.jsonl");
    let recording = Recording::start(&upstream, &["--transcript", file.to_str().unwrap()]);
    let get = "<SyncBody><Get><CmdID>1</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get><Final/></SyncBody>";
    let mut poster = Client::to(recording.address());
    assert!(poster.ask("POST", "/", get).unwrap().body.contains("<Data>Contoso</Data>"));
    // One that breaks a rule, one that is none, and what is no message at all.
    let twice = get.replace(
        "<Final/>",
        "<Get><CmdID>1</CmdID><Item><Target><LocURI>./DevInfo/Mod</LocURI></Target></Item></Get><Final/>",
    );
    assert_eq!(poster.ask("POST", "/devices/default", &twice).unwrap().status, 200);
    let direct = serving.client().ask("GET", "/_cspsim/health", "").unwrap();
    let through = poster.ask("GET", "/_cspsim/health", "").unwrap();
    assert_eq!((through.status, direct.status), (200, 200), "{}", through.body);
    // Elsewhere the host is the client's, which is not let in there.
    let keeping = Recording::start(&upstream, &["--keep-host"]);
    let mut foreign = Client::to(keeping.address());
    assert_eq!(foreign.ask("GET", "/_cspsim/health", "").unwrap().status, 403);
    assert_eq!(poster.ask("POST", "/", "<SyncBody><Get>").unwrap().status, 400);
    assert!(poster.ask("POST", "/", "").unwrap().body.contains("<Data>1201</Data>"));
    drop(poster);
    let ended = recording.end();
    assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{}", ended.out);
    assert!(ended.out.contains("server's message ?: duplicate-cmdid at 1:"), "{}", ended.out);
    let lines = lines(&file);
    let names: Vec<_> =
        lines.iter().map(|line| (line["name"].as_str().unwrap(), line["kind"].as_str())).collect();
    let exchange = Some("exchange");
    assert_eq!(
        names,
        [
            ("default", None),
            ("default", exchange),
            ("default", exchange),
            ("default", exchange),
            ("default", exchange),
        ]
    );
    let own = serving.client().ask("POST", "/", get).unwrap().body;
    assert_eq!((&lines[1]["request"]["text"], &lines[1]["answer"]["text"]), (&get.into(), &own.into()));
    assert!(
        lines[3]["http"] == 400 && lines[3]["refused"].as_str().unwrap().contains("expected"),
        "{}",
        lines[3]
    );
    assert!(lines[4]["opens"].is_object(), "{}", lines[4]);
}

/// A device that leaves out a Status, and Alerts with a secret in one.
#[test]
fn a_device_that_is_wrong() {
    let folder = Folder::new("record-wrong");
    let (server, file) = (asking(), folder.file("t.jsonl"));
    let recording = Recording::start(&server.url(), &["--transcript", file.to_str().unwrap()]);
    let ran = cspsim(&[
        "connect",
        "--fault",
        "lost-status,message=2",
        "--alert",
        "com.example:lab=1",
        "--alert",
        "request-pending",
        "--aad-user-token",
        "TOKENTOKEN",
        &recording.url,
    ]);
    let ended = recording.end();
    assert!(ended.out.contains("device's message 2: missing-status at 1:"), "{} {ran:?}", ended.out);
    assert!(ended.out.contains("wrong: 1 by devices, 0 by servers"), "{}", ended.out);
    let opens = &lines(&file)[1]["opens"];
    assert_eq!(opens["alerts"], serde_json::json!(["com.example:lab=1", "request-pending"]), "{opens}");
    assert_eq!(opens["aad_user_token"], "REDACTED0001");
    assert!(!fs::read_to_string(&file).unwrap().contains("TOKENTOKEN"));
}

#[test]
fn nobody_on_the_other_side() {
    let folder = Folder::new("record-nobody");
    let file = folder.file("t.jsonl");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let recording =
        Recording::start(&format!("http://127.0.0.1:{port}"), &["--transcript", file.to_str().unwrap()]);
    for _ in 0..2 {
        let answer = Client::to(recording.address()).ask("POST", "/", "x").unwrap();
        assert_eq!(answer.status, 502);
    }
    let ran = cspsim(&["connect", "--retries", "1", "--back-off", "1ms", &recording.url]);
    assert_eq!(ran.status.code(), Some(4), "{ran:?}");
    let ended = recording.end();
    assert_eq!(ended.code, Some(0));
    let expected = format!("error: cannot connect to http://127.0.0.1:{port}/");
    assert_eq!(ended.err.matches(&expected).count(), 4, "{}", ended.err);
    let kinds: Vec<_> = lines(&file)[1..].iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["exchange", "given-up"]);
}

#[test]
fn where_it_may_listen() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let ran = cspsim(&["record", "--listen", &taken, "--upstream", "http://127.0.0.1:1/"]);
    assert_eq!(ran.status.code(), Some(4), "{ran:?}");
    let ran = cspsim(&["record", "--listen", "0.0.0.0:0", "--upstream", "http://127.0.0.1:1/"]);
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert!(String::from_utf8_lossy(&ran.stderr).contains("--remote is needed"));
    let ran = cspsim(&["record", "--upstream", "mdm.example.test"]);
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
}

/// What passes is what was sent, in both directions.
#[test]
fn byte_for_byte() {
    let answer = b"HTTP/1.1 207 Well Done\r\nX-Odd-CASE: a  b\r\nSet-Cookie: 1\r\nSet-Cookie: 2\r\nKeep-Alive: timeout=9\r\n\
        Content-Type: image/x-odd\r\nContent-Length: 4\r\n\r\n\0\xff\r\n";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = thread::spawn(move || {
        let mut heard = Vec::new();
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = vec![0; 4_096];
            let mut length = 0;
            while !bytes[..length].ends_with(b"END\r\n") {
                let read = stream.read(&mut bytes[length..]).unwrap();
                assert!(read > 0);
                length += read;
            }
            heard.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
            stream.write_all(answer).unwrap();
        }
        heard
    });
    let folder = Folder::new("record-bytes");
    let file = folder.file("t.jsonl");
    let recording = Recording::start(&format!("http://{address}"), &["--transcript", file.to_str().unwrap()]);
    for (method, media_type) in [("POST", "application/soap+xml"), ("PUT", "text/xml"), ("POST", "text/xml")]
    {
        let mut stream = TcpStream::connect(recording.address()).unwrap();
        let request = format!(
            "{method} /a%2Fb/?x=%41&y HTTP/1.1\r\nHost: proxy.test\r\nX-Twice: 1\r\nMS-CV: Ab/c.0\r\nX-Twice: 2\r\n\
             Connection: close, X-Mine\r\nX-Mine: 1\r\nContent-Type: {media_type}\r\nContent-Length: 8\r\n\r\n<x>END\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).unwrap();
        let said = said.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
        assert!(said[0].starts_with(b"HTTP/1.1 207 Well Done"), "{said:?}");
        for line in [&b"X-Odd-CASE: a  b\r"[..], b"Set-Cookie: 1\r", b"Set-Cookie: 2\r", b"\0\xff\r"] {
            assert!(said.iter().any(|said| said == line), "{said:?}");
        }
        assert!(
            !said.iter().any(|line| line.starts_with(b"Keep-Alive") || line.starts_with(b"date")),
            "{said:?}"
        );
    }
    for (heard, method) in heard.join().unwrap().iter().zip(["POST", "PUT", "POST"]) {
        assert!(heard.starts_with(&format!("{method} /a%2Fb/?x=%41&y HTTP/1.1\r\n")), "{heard}");
        for line in ["X-Twice: 1\r\n", "X-Twice: 2\r\n", "MS-CV: Ab/c.0\r\n", &format!("Host: {address}\r\n")]
        {
            assert!(heard.contains(line), "{line} {heard}");
        }
        assert!(!heard.contains("X-Mine") && heard.ends_with("\r\n\r\n<x>END\r\n"), "{heard}");
    }
    assert_eq!(recording.end().code, Some(0));
    assert_eq!(fs::read(&file).unwrap(), b"", "nothing of it was a message");
}

/// Who is asked to end ends what is under way.
#[test]
fn what_is_under_way() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = Folder::new("record-under-way");
    let file = folder.file("t.jsonl");
    let recording = Recording::start(&format!("http://{address}"), &["--transcript", file.to_str().unwrap()]);
    let mut poster = Client::to(recording.address());
    let asked = thread::spawn(move || poster.ask("POST", "/", "<SyncBody><Final/></SyncBody>").unwrap());
    let (mut stream, _) = listener.accept().unwrap();
    let mut some = [0; 16];
    stream.read_exact(&mut some).unwrap();
    let ended = thread::spawn(move || recording.end());
    // It has been asked by then, or is soon: either way it waits for this.
    thread::sleep(Duration::from_millis(200));
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n<SyncBody><Final/></SyncBody>").unwrap();
    assert_eq!(asked.join().unwrap().status, 200);
    assert_eq!(ended.join().unwrap().code, Some(0));
    assert_eq!(lines(&file).len(), 2);
}
