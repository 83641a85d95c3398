//! WBXML as the program speaks it: files, the endpoint, sessions of the device's own.

#![expect(clippy::unwrap_used, reason = "a test fails with them")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cspsim::{Device, Pace, SimDevice};
use serde_json::Value;
use syncml::codec::{Encoding, Limits, decode, encode_as};
use syncml::session::server::Command as Asked;

mod server;

use server::Server;

const GET: &str = "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
                   <SessionID>7</SessionID><MsgID>1</MsgID><Source><LocURI>http://mdm.test/</LocURI></Source></SyncHdr>\
                   <SyncBody><Get><CmdID>2</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get><Final/>\
                   </SyncBody></SyncML>";
/// No message ends in the middle of a string.
const CUT: &[u8] = b"\x02\xa4\x01\x6a\x00\x6d\x6b\x53\x4b\x03\x31";

/// A folder of the test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn wbxml(xml: &str) -> Vec<u8> {
    encode_as(&decode(xml.as_bytes(), &Limits::default()).unwrap(), Encoding::Wbxml)
}

fn cspsim(arguments: &[&str], files: &[&Path], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cspsim"));
    command.args(arguments).args(files).env("NO_COLOR", "1");
    let mut program =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    program.stdin.take().unwrap().write_all(input).unwrap();
    program.wait_with_output().unwrap()
}

fn done(output: &Output) -> &[u8] {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    &output.stdout
}

fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn an_answer_is_in_the_encoding_of_its_message() {
    let folder = folder("wbxml-answer");
    let file = written(&folder, "get.wbxml", &wbxml(GET));
    let binary = cspsim(&["answer"], &[&file], b"");
    let text = cspsim(&["answer", "-"], &[], GET.as_bytes());
    let [binary, text] = [&binary, &text].map(|output| decode(done(output), &Limits::default()).unwrap());
    assert_eq!(binary, text);
    let out = folder.join("answer.wbxml");
    let said = cspsim(&["answer", "--explain", "--out", out.to_str().unwrap()], &[&file], b"");
    assert!(String::from_utf8_lossy(done(&said)).contains("200 Get 2"));
    assert_eq!(decode(&fs::read(&out).unwrap(), &Limits::default()).unwrap(), text);
    let json = cspsim(&["answer", "--json"], &[&file, &file], b"");
    let json: Value = serde_json::from_slice(done(&json)).unwrap();
    let bytes = STANDARD.decode(json[0]["wbxml"].as_str().unwrap()).unwrap();
    assert_eq!(decode(&bytes, &Limits::default()).unwrap(), text);
    assert!(json[0]["answer"].as_str().unwrap().contains("<Data>Contoso</Data>"));
    for (arguments, files, what) in [
        (&["answer"][..], &[&*file, &*file][..], "several answers"),
        (&["answer", "--explain"], &[&*file], "--explain goes where the WBXML goes"),
    ] {
        let refused = cspsim(arguments, files, b"");
        assert_eq!(refused.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&refused.stderr).contains(what), "{refused:?}");
    }
}

#[test]
fn a_file_is_converted_there_and_back() {
    let folder = folder("wbxml-convert");
    let binary = done(&cspsim(&["convert", "-"], &[], GET.as_bytes())).to_vec();
    assert_eq!(binary, wbxml(GET));
    let file = written(&folder, "get.wbxml", &binary);
    assert_eq!(done(&cspsim(&["convert"], &[&file], b"")), [GET.as_bytes(), b"\n"].concat());
    assert_eq!(done(&cspsim(&["convert", "--to", "wbxml"], &[&file], b"")), binary);
    let pretty = cspsim(&["convert", "--pretty"], &[&file], b"");
    let pretty = String::from_utf8_lossy(done(&pretty)).into_owned();
    assert!(pretty.contains("\n    <Get>\n      <CmdID>2</CmdID>\n      <Item>\n"), "{pretty}");
    assert!(pretty.ends_with("    </Get>\n    <Final/>\n  </SyncBody>\n</SyncML>\n"), "{pretty}");
    assert_eq!(decode(pretty.as_bytes(), &Limits::default()), decode(GET.as_bytes(), &Limits::default()));
    let dumps = [
        cspsim(&["convert", "--dump"], &[&file], b""),
        cspsim(&["convert", "--dump", "-"], &[], GET.as_bytes()),
    ];
    let [dump, same] = dumps.each_ref().map(|output| String::from_utf8_lossy(done(output)).into_owned());
    assert_eq!(dump, same);
    assert!(dump.contains("public identifier 0x1201 -//SYNCML//DTD SyncML 1.2//EN"), "{dump}");
}

#[test]
fn what_is_malformed_is_shown_in_its_bytes() {
    let folder = folder("wbxml-malformed");
    let file = written(&folder, "cut.wbxml", CUT);
    for command in ["answer", "convert"] {
        let refused = cspsim(&[command], &[&file], b"");
        assert_eq!(refused.status.code(), Some(3));
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.starts_with("error: "), "{said}");
        assert!(said.contains("cut.wbxml: byte 11: found the end of the bytes, expected the NUL"), "{said}");
        assert!(said.contains("02 a4 01 6a 00 6d 6b 53 4b 03 31"), "{said}");
        assert!(said.lines().last().unwrap().trim_start_matches([' ', '|']).starts_with('^'), "{said}");
    }
    let listed = cspsim(&["convert", "--dump"], &[&file], b"");
    assert_eq!(listed.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&listed.stdout).contains("<CmdID>\nerror at byte 11: "), "{listed:?}");
}

/// Posts bytes, and gives the head and the body of the answer.
fn post(address: &str, media_type: &str, body: &[u8]) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase(), answer[end + 4..].to_vec())
}

#[test]
fn the_endpoint_answers_in_the_encoding_of_each_message() {
    let device = SimDevice::spawn(Device::builtin(), Pace::Frozen).unwrap();
    device.allow_violations();
    let url = device.url();
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let next = GET.replace("<MsgID>1<", "<MsgID>2<");
    let messages = [(wbxml(GET), "+wbxml"), (next.into_bytes(), "+xml")];
    for (message, expected) in &messages {
        for media_type in
            ["application/octet-stream", "application/vnd.syncml.dm+xml", "application/vnd.syncml.dm+wbxml"]
        {
            let (head, body) = post(address, media_type, message);
            assert!(head.starts_with("http/1.1 200"), "{head}");
            assert!(head.contains(&format!("content-type: application/vnd.syncml.dm{expected}")), "{head}");
            assert_eq!(Encoding::of(&body), Encoding::of(message));
            let text = String::from_utf8(syncml::codec::encode(&decode(&body, &Limits::default()).unwrap()))
                .unwrap();
            assert!(text.contains("<Data>Contoso</Data>"), "{text}");
        }
    }
    let (head, body) = post(address, "application/vnd.syncml.dm+wbxml", CUT);
    assert!(head.starts_with("http/1.1 400"), "{head}");
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&problem["offset"], problem.get("line")), (&Value::from(11), None), "{problem}");
    assert!(
        problem["detail"].as_str().unwrap().starts_with("byte 11: found the end of the bytes"),
        "{problem}"
    );
    let violations = serde_json::to_value(device.violations()).unwrap();
    assert!(violations.to_string().contains("\"offset\":11"), "{violations}");
}

#[test]
fn the_device_speaks_what_its_account_says_and_hides_its_credentials() {
    const SECRET: &str = "OhBehave-42";
    let folder = folder("wbxml-connect");
    let server = Server::start(|| vec![Asked::get("./DevInfo/Man")]);
    let device = format!(
        "[account]\nprovider = \"cspsim\"\naddress = \"{}\"\npreference = \"BASIC\"\n\
         default_encoding = \"application/vnd.syncml.dm+wbxml\"\n[account.appsrv]\ntype = \"BASIC\"\n\
         name = \"lab\"\nsecret = \"{SECRET}\"\n",
        server.url()
    );
    let device = written(&folder, "device.toml", device.as_bytes());
    let transcript = folder.join("transcript.jsonl");
    let arguments = ["connect", "--verbose", "--transcript", transcript.to_str().unwrap(), "--device"];
    let held = cspsim(&arguments, &[&device], b"");
    let said = String::from_utf8_lossy(done(&held)).into_owned();
    assert!(said.contains("bytes of WBXML") && said.contains("<Data>Contoso</Data>"), "{said}");
    assert!(said.contains("Cred syncml:auth-basic"), "{said}");
    assert!(server.findings.lock().unwrap().is_empty(), "{server:?}");
    let credential = STANDARD.encode(format!("lab:{SECRET}"));
    let lines = fs::read_to_string(&transcript).unwrap();
    let mut bodies = Vec::new();
    for line in lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        for side in ["request", "answer"] {
            // Bytes that are no text are in Base64.
            let Some(body) = line[side].as_object().and_then(|body| body.values().find_map(Value::as_str))
            else {
                continue;
            };
            let Ok(bytes) = STANDARD.decode(body) else { continue };
            if Encoding::of(&bytes) == Encoding::Wbxml {
                bodies.push(
                    String::from_utf8(syncml::codec::encode(&decode(&bytes, &Limits::default()).unwrap()))
                        .unwrap(),
                );
            }
        }
    }
    assert!(bodies.len() >= 3, "{lines}");
    assert!(bodies.iter().any(|body| body.contains("<Cred>") && body.contains("REDACTED")), "{bodies:?}");
    let everything = bodies.concat() + &lines + &said;
    assert!(!everything.contains(&credential) && !everything.contains(SECRET), "{everything}");
    let held = cspsim(&["connect", "--verbose", "--encoding", "xml", "--device"], &[&device], b"");
    assert!(!String::from_utf8_lossy(done(&held)).contains("WBXML"));
}
