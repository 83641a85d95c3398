//! `cspsim connect` against an MDM server that shares no code with it: `docs/examples/mdm_server.py`.
//!
//! That takes Python 3.8 or later; where it is not, these tests say so and are passed over.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may fail, and says what it passes over"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::Value;

/// An update that the built-in device can install.
const INSTALLABLE: &str = "5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01";
const PASSWORD: &str = "OhBehave-42";

/// What `connect` says to a server that is wrong: the `--wrong` of the server, options of `connect`, the exit code, and
/// what stands in its output.
const WRONG: &[(&str, &[&str], i32, &str)] = &[
    ("no-final", &[], 1, "error: the server broke the rule no-final"),
    ("session-id", &[], 1, "error: the server broke the rule session-id"),
    ("msg-id", &[], 1, "error: the server broke the rule msg-id (2 times)"),
    ("msg-ref", &[], 1, "msg-ref at 1:276: found a Status of \"SyncHdr\" with MsgRef \"7\""),
    ("cmd-ref", &[], 1, "error: the server broke the rules cmd-ref, missing-status"),
    ("sync-hdr-first", &[], 1, "error: the server broke the rule sync-hdr-first"),
    ("missing-status", &[], 1, "found no Status for Replace \"4\""),
    ("unsolicited-status", &[], 1, "error: the server broke the rule unsolicited-status"),
    (
        "commands-while-outstanding",
        &["--device", "large.toml"],
        1,
        "error: the server broke the rule commands-while-outstanding",
    ),
    ("no-cmd-id", &[], 1, "error: the server broke the rule no-cmdid"),
    ("unknown-element", &[], 1, "error: the server broke the rule unknown-element"),
    ("cut", &[], 1, "error: message 1: the answer is no SyncML message: 1:"),
    ("not-utf-8", &[], 1, "found bytes that are not UTF-8, expected text in that encoding"),
    ("html", &[], 4, "which is not SyncML: expected `application/vnd.syncml.dm+xml`; it begins: <html>"),
    ("empty", &[], 1, "no-answer at 1:1: found an empty answer"),
    ("empty", &["--allow", "no-answer"], 0, "no-answer at 1:1: found an empty answer"),
    ("cut", &["--allow", "malformed"], 4, "error: message 1: the answer is no SyncML message: 1:"),
    ("huge", &[], 4, "is larger than 4194304 bytes"),
    ("error-once", &[], 0, "      message 1, try 1 of 4: "),
    (
        "error-once",
        &["--retries", "0"],
        4,
        "has answered HTTP 500 Internal Server Error with `text/plain`: the database is gone",
    ),
    ("error", &[], 4, "the database is gone; tried 4 times"),
    // Who comes back too soon is sent away again.
    ("throttle", &["--retries", "1"], 0, "HTTP 429 Too Many Requests"),
    ("throttle", &["--max-back-off", "500ms"], 4, "and wants to be left alone for 1s"),
    ("redirect", &[], 0, "/elsewhere"),
    ("redirect-endless", &[], 4, "redirects again, after 5 redirects already"),
    ("endless", &[], 4, "it had as many messages as a session may have"),
];

#[test]
fn a_session_over_http() {
    let Some(server) = Server::start(&["--approve", INSTALLABLE]) else { return };
    let ran = connect(&[&server.url]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for line in [
        "      200 Add 3",
        "          Results 5 ./DevDetail/SwV = 10.0.22631.2428",
        "session 1 is over: both sides have said everything",
    ] {
        assert!(ran.out.lines().any(|said| said == line), "{line}: {}", ran.out);
    }
    assert_eq!(ran.err, "");
    let sessions = server.sessions();
    let [session] = &sessions[..] else { panic!("{sessions:?}") };
    assert_eq!(session["ending"], "complete");
    assert_eq!(session["version"], "10.0.22631.2428");
    assert_eq!(session["installable"][INSTALLABLE]["RevisionNumber"], "200");
    assert!(session["approved"].as_array().unwrap().contains(&INSTALLABLE.into()));
}

#[test]
fn what_is_wrong_with_a_server_is_said() {
    let folder = folder("wrong");
    fs::write(folder.join("large.toml"), "large_objects = true\n").unwrap();
    let mut wrong = Vec::new();
    for (kind, options, code, says) in WRONG {
        let Some(server) = Server::start(&["--wrong", kind]) else { return };
        let ran = connect_in(&folder, &[&[&server.url, "--back-off", "10ms"], *options].concat());
        let is_said = [&ran.out, &ran.err].iter().any(|text| text.contains(says));
        if ran.code != *code || !is_said {
            wrong.push(format!("{kind}: expected {code} and `{says}`\n{ran:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Every kind of the server has a line above.
    let server = Command::new("python3").args([SERVER, "--wrong", "nothing"]).output().unwrap();
    let kinds = String::from_utf8(server.stderr).unwrap();
    let kinds = kinds.rsplit_once("choose from ").unwrap().1.trim_end().trim_end_matches(')');
    for kind in kinds.split(", ").map(|kind| kind.trim_matches('\'')) {
        assert!(WRONG.iter().any(|(known, ..)| known == &kind), "{kind}");
    }
}

#[test]
fn a_rule_that_may_be_broken() {
    let Some(server) = Server::start(&["--wrong", "missing-status"]) else { return };
    let ran = connect(&[&server.url, "--allow", "missing-status"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("missing-status at "), "{ran:?}");
    let ran = connect(&[&server.url, "--allow", "no-final"]);
    assert_eq!(ran.code, 1, "{ran:?}");
}

#[test]
fn credentials() {
    for (scheme, auth) in [("basic", "basic"), ("md5", "digest")] {
        let options = ["--user", "lab", "--password", PASSWORD, "--auth", scheme];
        let Some(server) = Server::start(&options) else { return };
        let right = ["--user", "lab", "--password", PASSWORD, "--auth", auth];
        let ran = connect(&[&[&server.url, "--sessions", "2"][..], &right].concat());
        assert_eq!(ran.code, 0, "{scheme}: {ran:?}");
        // The nonce of the first session is that of the second: nobody has to ask again.
        let challenges = ran.out.matches("407 SyncHdr").count();
        assert_eq!(challenges, usize::from(scheme == "md5"), "{scheme}: {}", ran.out);
        // One who prefers the other scheme is told which one it is.
        let other = if auth == "basic" { "digest" } else { "basic" };
        let ran = connect(&[&server.url, "--user", "lab", "--password", PASSWORD, "--auth", other]);
        assert_eq!(ran.code, 0, "{scheme}: {ran:?}");
        for credentials in [&["--user", "lab", "--password", "wrong", "--auth", auth][..], &[]] {
            let ran = connect(&[&[&*server.url][..], credentials].concat());
            assert_eq!(ran.code, 4, "{scheme}: {ran:?}");
            assert!(
                ran.err.contains("the server does not accept the device's credentials"),
                "{scheme}: {ran:?}"
            );
        }
        let endings: Vec<_> =
            server.sessions().iter().map(|session| session["ending"].as_str().unwrap().to_owned()).collect();
        assert_eq!(endings, ["complete", "complete", "complete", "credentials refused"], "{scheme}");
    }
}

#[test]
fn a_password_of_the_environment() {
    let Some(server) = Server::start(&["--user", "lab", "--password", PASSWORD]) else { return };
    let mut program = program(&[&server.url, "--user", "lab"]);
    let ran = Ran::of(program.env("CSPSIM_PASSWORD", PASSWORD));
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_stale_nonce_is_replaced() {
    let Some(server) = Server::start(&["--user", "lab", "--password", PASSWORD]) else { return };
    let folder = folder("nonce");
    let credentials = ["--state", "lab.db", "--user", "lab", "--password", PASSWORD];
    assert_eq!(connect_in(&folder, &[&[&*server.url][..], &credentials].concat()).code, 0);
    drop(server);
    // This server does not know what the other one has said.
    let Some(server) = Server::start(&["--user", "lab", "--password", PASSWORD]) else { return };
    let ran = connect_in(&folder, &[&server.url, "--state", "lab.db"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("401 SyncHdr Chal syncml:auth-md5"), "{}", ran.out);
}

#[test]
fn secrets_stay_secret() {
    const TOKEN: &str = "eyJ0eXAiOiJKV1Qi.lab-user-token";
    let basic = "bGFiOk9oQmVoYXZlLTQy";
    for (scheme, auth) in [("basic", "basic"), ("md5", "digest")] {
        let options = ["--user", "lab", "--password", PASSWORD, "--auth", scheme];
        let Some(server) = Server::start(&options) else { return };
        let folder = folder(&format!("secrets-{scheme}"));
        let url = format!("{}?code=in-the-address", server.url);
        let arguments = [
            &url,
            "--user",
            "lab",
            "--password",
            PASSWORD,
            "--auth",
            auth,
            "--aad-user-token",
            TOKEN,
            "--bearer",
            "bearer-token",
            "--header",
            "X-Api-Key: of-a-header",
            "--transcript",
            "said.jsonl",
        ];
        for shown in [&["--verbose"][..], &["--json"], &[]] {
            let ran = connect_in(&folder, &[&arguments[..], shown].concat());
            assert_eq!(ran.code, 0, "{ran:?}");
            let transcript = fs::read_to_string(folder.join("said.jsonl")).unwrap();
            for text in [&ran.out, &ran.err, &transcript] {
                for secret in [PASSWORD, TOKEN, basic, "bearer-token", "of-a-header"] {
                    assert!(!text.contains(secret), "{scheme} {shown:?}: {secret}: {text}");
                }
                // Digests and nonces are not known here: nothing stands where they would.
                for (before, after) in
                    [("auth-md5</Type></Meta><Data>", "</Data></Cred>"), ("<NextNonce", "</NextNonce>")]
                {
                    for secret in text.split(after).filter_map(|rest| rest.rsplit_once(before)) {
                        assert!(secret.1.contains("REDACTED"), "{scheme} {shown:?}: {}", secret.1);
                    }
                }
            }
            // The address is in the messages themselves. Beside them it is shown without its query.
            assert!(!ran.out.lines().any(|line| line.starts_with('→') && line.contains("in-the-address")));
        }
        // It was there to be found.
        let ran = connect_in(&folder, &[&arguments[..], &["--verbose", "--show-secrets"]].concat());
        assert!(ran.out.contains(TOKEN), "{}", ran.out);
        assert_eq!(ran.out.contains(basic), scheme == "basic", "{}", ran.out);
    }
}

#[test]
fn tls() {
    let folder = folder("tls");
    let (authority, other) = (Authority::new("Lab"), Authority::new("Somebody"));
    authority.write(&folder.join("ca.pem"));
    other.write(&folder.join("other-ca.pem"));
    authority.vouch("127.0.0.1", &folder, "server");
    authority.vouch("lab-01", &folder, "device");
    other.vouch("lab-01", &folder, "stranger");
    let path = |name: &str| folder.join(name).into_os_string().into_string().unwrap();
    let (cert, key, ca) = (path("server.pem"), path("server.key"), path("ca.pem"));
    let Some(server) = Server::start(&["--cert", &cert, "--key", &key, "--client-ca", &ca]) else { return };
    let own = ["--cert", "device.pem", "--key", "device.key"];
    let cases: &[(&[&str], i32, &str)] = &[
        (&["--ca", "ca.pem"], 0, "both sides have said everything"),
        (&["--ca", "other-ca.pem", "--ca", "ca.pem"], 0, "both sides have said everything"),
        (&["--insecure"], 0, "warning: --insecure: any certificate is taken for any name"),
        (&[], 4, "its certificate is not trusted: `--ca FILE` says whose is, `--insecure` takes any"),
        (&["--ca", "other-ca.pem"], 4, "its certificate is not trusted"),
    ];
    for (options, code, says) in cases {
        let ran = connect_in(&folder, &[&own[..], *options, &[&*server.url]].concat());
        assert_eq!(ran.code, *code, "{options:?}: {ran:?}");
        assert!(ran.out.contains(says) || ran.err.contains(says), "{options:?}: {ran:?}");
    }
    let ran = connect_in(&folder, &[&server.url, "--ca", "ca.pem"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(
        ran.err.contains("it asks for a client certificate, and none was given: `--cert FILE` gives one"),
        "{ran:?}"
    );
    let stranger = ["--ca", "ca.pem", "--cert", "stranger.pem", "--key", "stranger.key"];
    let ran = connect_in(&folder, &[&[&*server.url][..], &stranger].concat());
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains("it does not accept the client certificate"), "{ran:?}");
    let ran = connect_in(
        &folder,
        &[&server.url, "--ca", "ca.pem", "--cert", "device.pem", "--key", "stranger.key"],
    );
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("is not that of the certificate"), "{ran:?}");
    let plain = server.url.replace("https:", "http:");
    assert_eq!(connect_in(&folder, &[&plain, "--retries", "0"]).code, 4);
    assert_eq!(server.sessions().len(), 3);
}

#[test]
fn one_json_document() {
    let Some(server) = Server::start(&["--wrong", "missing-status"]) else { return };
    let ran = connect(&[&server.url, "--json", "--sessions", "2"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    let sessions = document.as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    for (session, id) in sessions.iter().zip(["1", "2"]) {
        assert_eq!(session["session"], id);
        assert_eq!(session["ending"], "complete");
        assert_eq!(session["address"], server.url);
        assert_eq!(session["violations"][0]["rule"], "missing-status");
        let messages = session["messages"].as_array().unwrap();
        assert!(
            messages
                .iter()
                .map(|message| message["from"].as_str().unwrap())
                .take(4)
                .eq(["device", "server", "device", "server"])
        );
        assert!(messages[0]["body"].as_str().unwrap().starts_with("<SyncML"));
    }
}

#[test]
fn a_session_that_fails_has_its_violations_in_the_document() {
    let Some(server) = Server::start(&["--wrong", "missing-status"]) else { return };
    let ran = connect(&[&server.url, "--json", "--fault", "reset,message=2", "--retries", "0"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document[0]["ending"], "failed");
    assert_eq!(document[0]["violations"][0]["rule"], "missing-status");
    // Nobody to talk to is a session as well.
    let ran = connect(&["http://127.0.0.1:1/", "--json", "--retries", "0"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document[0]["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn a_transcript_names_the_server() {
    let Some(server) = Server::start(&[]) else { return };
    let folder = folder("transcript");
    let ran = connect_in(&folder, &[&server.url, "--transcript", "said.jsonl"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let transcript = fs::read_to_string(folder.join("said.jsonl")).unwrap();
    let lines: Vec<Value> = transcript.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let exchanges: Vec<_> = lines.iter().filter(|line| line["kind"] == "exchange").collect();
    assert_eq!(exchanges.len(), 5);
    assert!(exchanges[0]["opens"].is_object());
    for exchange in &exchanges[1..] {
        assert_eq!(exchange["address"], server.url);
        assert_eq!(exchange["session"], "1");
    }
}

#[test]
fn a_device_that_is_kept_goes_on() {
    let Some(server) = Server::start(&["--approve", INSTALLABLE]) else { return };
    let folder = folder("state");
    for session in ["1", "2"] {
        let ran = connect_in(&folder, &[&server.url, "--state", "lab.db"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains(&format!("session {session} is over: both sides")), "{}", ran.out);
        // The second time, it is there already.
        let status = if session == "1" { "200 Add 3" } else { "418 Add 3" };
        assert!(ran.out.contains(status), "{}", ran.out);
    }
    let sessions = server.sessions();
    assert_eq!(sessions[1]["session"], "2");
    assert!(sessions[1]["approved"].as_array().unwrap().contains(&INSTALLABLE.into()));
    assert_eq!(sessions[1]["refused"].as_object().unwrap().values().collect::<Vec<_>>(), ["418"]);
}

#[test]
fn what_package_1_says() {
    let Some(server) = Server::start(&[]) else { return };
    let cases: &[(&[&str], &[&str])] = &[
        (&[], &["1201", "1224 com.microsoft/MDM/LoginStatus user"]),
        (
            &["--login", "others", "--initiator", "server"],
            &["1200", "1224 com.microsoft/MDM/LoginStatus others"],
        ),
        (&["--login", "none"], &["1201", "1224 com.microsoft/MDM/LoginStatus none"]),
        (&["--login", "unsaid", "--alert", "a.b=c"], &["1201", "1226 a.b c"]),
        (
            &["--login", "unsaid", "--alert", "unenrollment"],
            &["1201", "1226 com.microsoft:mdm.unenrollment.userrequest 1"],
        ),
    ];
    for (options, _) in cases {
        let ran = connect(&[&[&*server.url][..], options].concat());
        assert_eq!(ran.code, 0, "{options:?}: {ran:?}");
    }
    let sessions = server.sessions();
    for ((options, alerts), session) in cases.iter().zip(&sessions) {
        assert_eq!(session["alerts"].as_array().unwrap(), alerts, "{options:?}");
    }
    assert_eq!(sessions.len(), cases.len());
}

#[test]
fn the_account_of_a_device_file() {
    let Some(server) = Server::start(&["--user", "lab", "--password", PASSWORD, "--auth", "basic"]) else {
        return;
    };
    let folder = folder("account");
    let file = format!(
        "[account]\nprovider = \"Lab\"\naddress = \"{}\"\n[account.appsrv]\ntype = \"BASIC\"\nname = \"lab\"\n\
         secret = \"{PASSWORD}\"\n",
        server.url
    );
    fs::write(folder.join("lab.toml"), file).unwrap();
    for options in [&["--device", "lab.toml"][..], &["--device", "lab.toml", "--account", "Lab"]] {
        let ran = connect_in(&folder, options);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.starts_with(&format!("session with {}\n", server.url)), "{}", ran.out);
    }
    let ran = connect_in(&folder, &["--device", "lab.toml", "--account", "Other"]);
    assert_eq!((ran.code, &*ran.out), (2, ""));
    assert!(ran.err.contains("the device has no account `Other`"), "{ran:?}");
}

#[test]
fn a_server_that_takes_the_device_out_of_its_management() {
    let Some(server) = Server::start(&["--unenroll", "cspsim"]) else { return };
    let folder = folder("unenroll");
    let ran = connect_in(&folder, &[&server.url, "--state", "lab.db"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("session 1 is over: the server has taken the device out of its management (cspsim)")
    );
    assert!(ran.out.contains("Alert 4 1226 com.microsoft:mdm.unenrollment.userrequest"), "{}", ran.out);
    let endings: Vec<_> =
        server.sessions().iter().map(|session| session["ending"].as_str().unwrap().to_owned()).collect();
    assert_eq!(endings, ["the device is to leave", "the device leaves"]);
    // Neither an account nor the server's settings are left.
    let ran = connect_in(&folder, &["--state", "lab.db"]);
    assert_eq!((ran.code, &*ran.err), (2, "error: the device has no account: expected a URL\n"));
    for node in ["./SyncML/DMAcc", "./Vendor/MSFT/DMClient/Provider"] {
        let mut tree = Command::new(env!("CARGO_BIN_EXE_cspsim"));
        let tree =
            tree.args(["tree", node, "--json", "--state"]).arg(folder.join("lab.db")).output().unwrap();
        let tree: Value = serde_json::from_slice(&tree.stdout).unwrap();
        assert_eq!(tree["children"].as_array().unwrap().len(), 0, "{tree}");
    }
}

#[test]
fn faults() {
    let Some(server) = Server::start(&["--approve", INSTALLABLE]) else { return };
    let cases: &[(&[&str], i32, &str)] = &[
        // The server answers again what it has answered before, and nothing is done twice.
        (&["--fault", "drop-after,message=2,count=1"], 0, "the planned fault `drop-after`"),
        (&["--fault", "duplicate,message=3"], 0, "200 Add 3"),
        (&["--fault", "delay,by=1ms"], 0, "both sides have said everything"),
        (&["--fault", "truncate,message=2,bytes=100"], 1, "the answer is no SyncML message"),
        (&["--fault", "reset,message=3", "--retries", "1"], 4, "the planned fault `reset`; tried 2 times"),
    ];
    for (options, code, says) in cases {
        let ran = connect(&[&[&*server.url, "--back-off", "1ms"][..], options].concat());
        assert_eq!(ran.code, *code, "{options:?}: {ran:?}");
        assert!(ran.out.contains(says) || ran.err.contains(says), "{options:?}: {ran:?}");
    }
}

#[test]
fn what_cannot_be_dialled() {
    let cases: &[(&[&str], i32, &str)] = &[
        (&[], 2, "no server to dial: expected a URL, or a device whose `[account]` has an `address`"),
        (&["ftp://lab/"], 2, "expected one that begins http:// or https://"),
        (&["127.0.0.1:18080"], 2, "expected one that begins http:// or https://"),
        (&["http://"], 2, "empty host"),
        (&["http:///mdm"], 2, "it has no host"),
        (&["http://lab:geheim@127.0.0.1/"], 2, "it has a user name, which is not sent"),
        (&["http://127.0.0.1:1/"], 4, "cannot connect to http://127.0.0.1:1/: refused"),
        (&["http://nobody.invalid/"], 4, "its name is not resolved"),
        (&["http://127.0.0.1:1/", "--sessions", "0"], 2, "--sessions"),
        (
            &["http://127.0.0.1:1/", "--user", "lab"],
            2,
            "--user needs --password, or the variable CSPSIM_PASSWORD",
        ),
        (&["https://127.0.0.1:1/", "--key", "device.key"], 2, "--cert <FILE>"),
        (&["https://127.0.0.1:1/", "--cert", "absent.pem"], 3, "cannot read absent.pem"),
        (
            &["https://127.0.0.1:1/", "--ca", "cut.pem"],
            3,
            "the file is cut off: expected `-----END CERTIFICATE-----`",
        ),
    ];
    let folder = folder("dial");
    fs::write(folder.join("cut.pem"), "-----BEGIN CERTIFICATE-----\nMIIB\n").unwrap();
    for (options, code, says) in cases {
        let ran = connect_in(&folder, &[*options, &["--retries", "0"]].concat());
        assert_eq!(ran.code, *code, "{options:?}: {ran:?}");
        assert!(ran.err.contains(says) && !ran.err.contains("geheim"), "{options:?}: {ran:?}");
    }
}

/// The README and the page about `connect` show sessions: the blocks that begin with the server.
#[test]
fn pages_show_what_is_so() {
    const BEGIN: &str = "$ python3 docs/examples/mdm_server.py ";
    const URL: &str = "http://127.0.0.1:18080/mdm";
    for (page, count) in [("README.md", 1), ("docs/connect.md", 4)] {
        let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
        let text = fs::read_to_string(text).unwrap();
        let blocks = text.split("```text\n").filter_map(|rest| Some(rest.split_once("\n```")?.0));
        let blocks: Vec<_> = blocks.filter(|block| block.starts_with(BEGIN)).collect();
        assert_eq!(blocks.len(), count, "{page}");
        for block in blocks {
            let (server, rest) = block.split_once('\n').unwrap();
            let (command, expected) = rest.split_once('\n').unwrap();
            let options: Vec<_> = server[BEGIN.len()..].trim_end_matches(" &").split(' ').collect();
            let arguments = command.strip_prefix(&format!("$ cspsim connect {URL}")).unwrap();
            let Some(server) = Server::start(&options) else { return };
            let ran = connect(&[vec![&*server.url], arguments.split_whitespace().collect()].concat());
            let mut said = [ran.out, ran.err].concat().replace(&server.url, URL);
            if expected.contains("$ echo $?") {
                said.push_str(&format!("$ echo $?\n{}\n", ran.code));
            }
            snapbox::Assert::new().eq(said.trim_end(), expected);
        }
    }
}

#[test]
fn a_rule_that_is_none_is_answered_with_those_that_are() {
    let ran = connect(&["http://127.0.0.1:1/", "--allow", "nothing"]);
    let rules = ran.err.lines().find_map(|line| line.rsplit_once("expected one of ")).unwrap().1;
    assert!(rules.split(", ").eq(syncml::judge::rules::all().map(|rule| rule.id)), "{rules}");
}

const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/mdm_server.py");

/// The server. It is gone when this is.
struct Server {
    program: Child,
    out: BufReader<ChildStdout>,
    url: String,
}

impl Server {
    /// `None` where there is no Python.
    fn start(options: &[&str]) -> Option<Self> {
        let mut command = Command::new("python3");
        command.arg(SERVER).args(["--listen", "127.0.0.1:0"]).args(options).stdout(Stdio::piped());
        let mut program = match command.spawn() {
            Ok(program) => program,
            Err(error) => {
                eprintln!("NOT TESTED: there is no python3 to play the server: {error}");
                return None;
            }
        };
        let mut out = BufReader::new(program.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ");
        let url = format!("{}mdm", url.unwrap_or_else(|| panic!("it does not listen: {line}")));
        Some(Self { program, out, url })
    }

    /// Ends it. What it has learnt in each session.
    fn sessions(mut self) -> Vec<Value> {
        self.program.kill().unwrap();
        let mut said = String::new();
        self.out.read_to_string(&mut said).unwrap();
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already where it was asked what it has learnt.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// What `cspsim connect` has done.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(program: &mut Command) -> Self {
        let output = program.output().unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        Self { code: output.status.code().unwrap(), out, err }
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_cspsim"));
    program.arg("connect").args(arguments).stdin(Stdio::null());
    for variable in ["CSPSIM_PASSWORD", "CSPSIM_BEARER", "CSPSIM_AAD_USER_TOKEN"] {
        program.env_remove(variable);
    }
    program
}

fn connect(arguments: &[&str]) -> Ran {
    Ran::of(&mut program(arguments))
}

fn connect_in(folder: &Path, arguments: &[&str]) -> Ran {
    Ran::of(program(arguments).current_dir(folder))
}

/// A folder for a test's files, empty at first.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("connect-{name}"));
    // It is there when the test has run before.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Somebody who vouches for servers and devices.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn write(&self, path: &Path) {
        fs::write(path, &self.pem).unwrap();
    }

    /// `name.pem` and `name.key`, for a host or a device.
    fn vouch(&self, whom: &str, folder: &Path, name: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([whom.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(folder.join(name).with_extension("pem"), certificate.pem()).unwrap();
        fs::write(folder.join(name).with_extension("key"), key.serialize_pem()).unwrap();
    }
}
