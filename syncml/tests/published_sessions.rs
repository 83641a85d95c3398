//! Both engines beside sessions that others have published: what Windows 11 was seen to send is reproduced byte for
//! byte, and the examples of OMA are played with one engine in the place of either side. What differs is listed here
//! with its reason.
//!
//! The messages are not part of the project: without the folder `shared/data/messages` beside it, nothing is compared,
//! and that is said. `cargo test -p syncml --test published_sessions -- --nocapture` prints what differs.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test reads its cases and shows them"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use csp_model::device::Profile;
use csp_model::{Device, DeviceFile};
use syncml::codec::{self, Limits};
use syncml::message::{Alert, Command as Sent, Data, Item, Items, Kind, Message, Meta, Text};
use syncml::session::DeviceSession;
use syncml::session::auth::{Credentials, Lasts, Nonces, Prover, Scheme, Verifier};
use syncml::session::device::{ClientAlert, Ending, Initiator, LoginStatus, Opening};
use syncml::session::server::{self, Command, Outcome, ServerSession, Settings};

const CAPTURED: &str = r#"
[device]
id = "0123456789ABCDEF0123456789ABCDEF"
manufacturer = "Example Manufacturer"
model = "Conformance Device"
os = "10.0.26200.9278"
[account]
address = "https://mdm.example.test/ManagementServer/MDM.svc"
[account.appsrv]
type = "DIGEST"
name = "fixture-client"
secret = "any"
"#;

/// The captured client, which begins without credentials, against a server that asks for a digest in every message.
struct Captured {
    device: Device,
    client: DeviceSession,
    server: ServerSession,
    said: Message,
}

impl Captured {
    fn open(session_id: &'static str, settings: Settings) -> Self {
        let mut device = device(CAPTURED);
        let opening = Opening { session_id: Some(session_id.into()), ..Opening::default() };
        let (client, said) = DeviceSession::open(opening, &mut device);
        let known = Credentials::new("fixture-client", "any");
        let verifier = Verifier::new(known, Scheme::Digest, None, Nonces::new(1), Lasts::Message);
        let server = ServerSession::accept(&said, Settings { verifier, ..settings });
        Self { device, client, server, said }
    }

    /// One message there, and one back.
    fn exchange(&mut self) {
        let turn = self.server.receive(&self.said, None);
        self.hears(&turn.message);
    }

    fn hears(&mut self, message: &Message) {
        let turn = self.client.receive(message, &mut self.device);
        assert!(turn.is_due);
        self.said = turn.answer;
    }

    /// The last message of the device, beside a captured one: the digests there are zeroed.
    fn is(&self, folder: &Path, name: &str) {
        let theirs = String::from_utf8(read(folder, name)).expect("text");
        let ours = String::from_utf8(codec::encode(&self.said)).expect("text");
        let ours = match ours.split_once("syncml:auth-md5</Type></Meta><Data>") {
            Some((before, after)) => {
                let after = after.split_once('<').expect("an end tag").1;
                format!("{before}syncml:auth-md5</Type></Meta><Data>AAAAAAAAAAAAAAAAAAAAAA==<{after}")
            }
            None => ours,
        };
        assert_eq!(ours, theirs.trim_end(), "{name}");
        println!("{name}: byte for byte");
    }
}

fn settings() -> Settings {
    Settings::new("https://mdm.example.test/ManagementServer/MDM.svc")
}

#[test]
fn what_windows_11_was_seen_to_send() {
    let Some(folder) = published() else { return };
    let mut first = Captured::open("1", settings());
    first.is(&folder, "real-win11-26200-package1-user.xml");
    first.exchange();
    first.is(&folder, "real-win11-26200-package1-digest.xml");

    let mut namespace = Captured::open("3", settings());
    namespace.exchange();
    namespace.hears(&message(&read(&folder, "srv-go-microsoft-dm-namespace11-response.xml")));
    namespace.is(&folder, "real-win11-26200-namespace11-results.xml");

    let mut large = Captured::open("4", Settings { max_msg_size: Some(2048), ..settings() });
    let get = large.server.queue(Command::get("./Vendor/MSFT/Update?list=StructData"));
    for _ in 0..3 {
        large.exchange();
    }
    large.is(&folder, "real-win11-26200-large-result-abort-2048.xml");
    assert_eq!(large.client.ending(), Some(&Ending::AnswerTooLarge));
    large.server.receive(&large.said, None);
    assert_eq!(large.server.ending(), Some(server::Ending::Aborted(syncml::judge::Side::Device)));
    assert!(
        large.server.outcome(get).and_then(Outcome::answer).is_some_and(|answer| answer.data().is_none())
    );

    let mut leaving = Captured::open("9", settings());
    let alerts = vec![ClientAlert::Unenrollment];
    let opening = Opening { session_id: Some("9".into()), alerts, ..Opening::default() };
    leaving.said = DeviceSession::open(opening, &mut device(CAPTURED)).1;
    leaving.is(&folder, "real-win11-26200-unenroll-1226.xml");
}

/// The samples are written by hand: what an Alert is about, and not its CmdID or the order of its Meta.
#[test]
fn the_alerts_of_microsofts_pages() {
    let Some(folder) = published() else { return };
    let alert = |name: &str| {
        // One of them has a blank in the name of a namespace.
        let written = String::from_utf8(read(&folder, name)).expect("text");
        let bytes = written.replace("syncml:metinf \"", "syncml:metinf\"").into_bytes();
        let whole = codec::decode(&bytes, &Limits::default());
        let message =
            whole.unwrap_or_else(|_| message(&[b"<SyncBody>".as_slice(), &bytes, b"</SyncBody>"].concat()));
        let lines = meaning(&message).into_iter().filter(|line| line.starts_with("Alert"));
        lines.collect::<Vec<_>>().concat()
    };
    let ours = |alerts: Vec<ClientAlert>| {
        let opening = Opening { alerts, ..Opening::default() };
        meaning(&DeviceSession::open(opening, &mut device(CAPTURED)).1)
    };
    for (name, alerts) in [
        ("05-alert-1224-loginstatus.xml", vec![]),
        ("06-alert-1226-user-unenroll-pkg1.xml", vec![ClientAlert::Unenrollment]),
        ("07-alert-1226-unenroll-notification.xml", vec![ClientAlert::Unenrollment]),
        ("08-alert-1224-requestpending.xml", vec![ClientAlert::RequestPending]),
        ("17-alert-1224-aadusertoken.xml", vec![ClientAlert::AadUserToken("UserToken inserted here".into())]),
    ] {
        let theirs = alert(name);
        assert!(ours(alerts.clone()).contains(&theirs), "{name}: {theirs}, not in {:?}", ours(alerts));
        println!("{name}: {theirs}");
    }
}

const OMA: &str = r#"
[device]
id = "IMEI:493005100592800"
manufacturer = "Device Factory, Inc."
model = "SmartPhone2000"
[account]
address = "http://www.syncml.org/mgmt-server"
"#;

/// The two sessions of OMA DM Protocol 1.2.1, "Protocol examples": a server that adds an access point, and one that
/// updates a list of viruses.
#[test]
fn the_sessions_of_the_oma_specification() {
    let Some(folder) = published() else { return };
    let example = |number: usize| message(&read(&folder, &format!("34-oma-protocol-example-{number}.xml")));

    // The device's side. It has no tree of another make, and shows nothing to a user: 404 and 406. It does not ask for
    // the server's credentials, which the example leaves blank: 200 instead of 212. A single Item has no TargetRef. The
    // CmdIDs of its package 1 begin at 2, as those of Windows do: what the example says of them is renumbered.
    let (mut client, mut device, first) = open_oma();
    // The example has credentials, which it leaves blank.
    differs("example 1", &first, &example(1), &["- Cred syncml:auth-basic"]);
    let turn = client.receive(&renumbered(&example(2), &example(1), &first), &mut device);
    let expected = [
        "- Status 0 SyncHdr 212",
        "- Status 2 Alert 200",
        "- Status 4 Replace 200",
        "+ Status 0 SyncHdr 200",
        "+ Status 2 Alert 406",
        "+ Status 4 Replace 404",
    ];
    differs("example 3", &turn.answer, &example(3), &expected);
    // A question to the user, and a node that no CSP of Windows has.
    let broken: Vec<_> = turn.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(broken, ["alert-code", "unknown-csp"], "{:?}", turn.findings);
    let turn = client.receive(&example(4), &mut device);
    assert_eq!((turn.is_due, turn.findings.len(), client.ending()), (false, 0, Some(&Ending::Complete)));

    let (mut client, mut device, first) = open_oma();
    differs("example 5", &first, &example(5), &["- Cred syncml:auth-basic"]);
    let turn = client.receive(&renumbered(&example(6), &example(5), &first), &mut device);
    let expected = [
        "- Status 0 SyncHdr 212",
        "- Status 2 Alert 200",
        "- Status 4 Get 200",
        "- Results 4 ./antivirus_data/version",
        "+ Status 0 SyncHdr 200",
        "+ Status 2 Alert 406",
        "+ Status 4 Get 404",
    ];
    differs("example 7", &turn.answer, &example(7), &expected);
    let turn = client.receive(&example(8), &mut device);
    differs("example 9", &turn.answer, &example(9), &["- Status 2 Replace 200", "+ Status 2 Replace 404"]);
    let turn = client.receive(&example(10), &mut device);
    assert_eq!((turn.is_due, turn.findings.len(), client.ending()), (false, 0, Some(&Ending::Complete)));

    // The server's side, with the same commands. It counts CmdIDs from 1, Statuses first: those of the examples are
    // given to it so that the published answers refer to something. It asks for no credentials, which are blank: 200.
    for [first, ask, answer, last] in [[1, 2, 3, 4], [5, 6, 7, 8]] {
        let mut server =
            ServerSession::accept(&example(first), Settings::new("http://www.syncml.org/mgmt-server"));
        let asked = example(ask).body.commands;
        let asked: Vec<_> = asked.into_iter().filter(|one| !matches!(one.kind, Kind::Status(_))).collect();
        let count = asked.len();
        let handles: Vec<_> = asked.into_iter().map(|command| server.queue(command)).collect();
        let turn = server.receive(&example(first), None);
        let expected = ["- Cred syncml:auth-basic", "- Status 0 SyncHdr 212", "+ Status 0 SyncHdr 200"];
        differs(&format!("example {ask}"), &turn.message, &example(ask), &expected);
        assert!(turn.findings.is_empty(), "{:?}", turn.findings);
        let turn = server.receive(&renumbered(&example(answer), &example(ask), &turn.message), None);
        assert_eq!(turn.finished.len(), count);
        for handle in handles {
            let answer = server.outcome(handle).and_then(Outcome::answer);
            assert!(answer.is_some_and(server::Answer::is_success), "{answer:?}");
        }
        if last == 4 {
            // The same but for nothing.
            differs("example 4", &turn.message, &example(last), &[]);
            assert_eq!(server.ending(), Some(server::Ending::Done));
        }
        assert!(turn.findings.is_empty(), "{:?}", turn.findings);
    }
}

/// OMA DM Protocol 1.2.1, "Authentication": a challenge answered by basic credentials, and a digest with the next nonce.
#[test]
fn the_authentications_of_the_oma_specification() {
    let Some(folder) = published() else { return };
    // The examples have an ellipsis where their commands are.
    let example = |number: usize| {
        let text =
            String::from_utf8(read(&folder, &format!("35-oma-auth-example-{number}.xml"))).expect("text");
        message(text.replace("...", "<Final/>").replace("syncml :metinf", "syncml:metinf").as_bytes())
    };
    let bruce = || Credentials::new("Bruce2", "OhBehave");
    // Basic: the device, and then the server.
    let (mut client, mut device, _) = open_with("type = \"BASIC\"", "preference = \"DIGEST\"");
    let turn = client.receive(&example(2), &mut device);
    assert_eq!(cred(&turn.answer), cred(&example(3)));
    client.receive(&example(4), &mut device);
    assert_eq!(client.ending(), Some(&Ending::Complete));
    let verifier = Verifier::new(bruce(), Scheme::Basic, None, Nonces::new(1), Lasts::Session);
    let mut server = ServerSession::accept(&example(1), Settings { verifier, ..settings() });
    for (given, answered) in [(1, 2), (3, 4)] {
        let turn = server.receive(&example(given), None);
        assert_eq!(sync_hdr(&turn.message), sync_hdr(&example(answered)), "example {answered}");
    }

    // A digest, whose nonce is "Nonce". Only the number of the next one is another.
    let (mut client, mut device, first) = open_with("type = \"DIGEST\"\nnonce = \"Tm9uY2U=\"", "");
    assert_eq!(cred(&first), cred(&example(5)));
    client.receive(&example(6), &mut device);
    assert_eq!(client.ending(), Some(&Ending::Complete));
    let nonce = device.account(None).and_then(|account| account.appsrv?.nonce);
    let next = Prover::new(Some(bruce()), Some(Scheme::Digest), nonce).cred().and_then(|cred| cred.data);
    let expected = bruce().digest(&[0x2c, 0x6d, 0xe2, 0x65, 0x08, 0x61, 0x76, 0x62, 0x8d, 0x1e]);
    assert_eq!(next.as_deref(), Some(&*expected));
    let verifier =
        Verifier::new(bruce(), Scheme::Digest, Some(b"Nonce".to_vec()), Nonces::new(1), Lasts::Session);
    let mut server = ServerSession::accept(&example(5), Settings { verifier, ..settings() });
    let turn = server.receive(&example(5), None);
    assert_eq!(sync_hdr(&turn.message), sync_hdr(&example(6)));
}

fn open_oma() -> (DeviceSession, Device, Message) {
    let mut device = device(OMA);
    let opening = Opening {
        session_id: Some("1".into()),
        initiator: Initiator::Server,
        login: LoginStatus::Unsaid,
        max_msg_size: Some(5000),
        ..Opening::default()
    };
    let (client, first) = DeviceSession::open(opening, &mut device);
    (client, device, first)
}

fn open_with(auth: &str, preference: &str) -> (DeviceSession, Device, Message) {
    let appsrv = format!("[account.appsrv]\n{auth}\nname = \"Bruce2\"\nsecret = \"OhBehave\"\n");
    let mut device = device(&format!("{OMA}{preference}\n{appsrv}"));
    let opening = Opening { session_id: Some("1".into()), ..Opening::default() };
    let (client, first) = DeviceSession::open(opening, &mut device);
    (client, device, first)
}

/// LocName, scheme and proof.
fn cred(message: &Message) -> [Option<Text>; 2] {
    let cred = message.header.as_ref().and_then(|header| header.cred.as_deref()).expect("credentials");
    [cred.meta.as_ref().and_then(|meta| meta.media_type.clone()), cred.data.clone()]
}

/// Code and scheme of the SyncHdr's Status.
fn sync_hdr(message: &Message) -> String {
    meaning(message).into_iter().find(|line| line.contains("SyncHdr")).expect("a Status of the SyncHdr")
}

/// A published message with the CmdRef of each command in our message instead of theirs.
fn renumbered(answer: &Message, theirs: &Message, ours: &Message) -> Message {
    fn ids(commands: &[Sent]) -> Vec<Text> {
        let asked = commands.iter().filter(|command| !matches!(command.kind, Kind::Status(_)));
        let each = asked.map(|command| match &command.kind {
            Kind::Container(container) => {
                command.cmd_id.iter().cloned().chain(ids(&container.commands)).collect()
            }
            Kind::Request(_) | Kind::Alert(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => {
                command.cmd_id.iter().cloned().collect::<Vec<_>>()
            }
        });
        each.collect::<Vec<_>>().concat()
    }
    let (theirs, ours) = (ids(&theirs.body.commands), ids(&ours.body.commands));
    let mut answer = answer.clone();
    for command in &mut answer.body.commands {
        let cmd_ref = match &mut command.kind {
            Kind::Status(status) => &mut status.cmd_ref,
            Kind::Results(results) => &mut results.cmd_ref,
            Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Unknown(_) => continue,
        };
        let place = theirs.iter().position(|id| Some(id) == cmd_ref.as_ref());
        *cmd_ref = place.map(|place| ours[place].clone()).or(cmd_ref.take());
    }
    answer
}

/// Holds what a message means against a published one. `expected` has what is theirs alone, and what is ours alone.
fn differs(name: &str, ours: &Message, theirs: &Message, expected: &[&str]) {
    let (ours, theirs) = (meaning(ours), meaning(theirs));
    let alone = |sign: &str, these: &[String], those: &[String]| {
        let alone = these.iter().filter(|line| !those.contains(line));
        alone.map(|line| format!("{sign} {line}")).collect::<Vec<_>>()
    };
    let found = [alone("-", &theirs, &ours), alone("+", &ours, &theirs)].concat();
    println!("{name}: {} lines alike, {found:?}", ours.len() + theirs.len() - found.len());
    assert_eq!(found, expected, "{name}");
}

/// What a message says, a line each: credentials, Statuses, Results and commands.
fn meaning(message: &Message) -> Vec<String> {
    let mut lines = Vec::new();
    let header = message.header.as_ref();
    if let Some(cred) = header.and_then(|header| header.cred.as_deref()) {
        lines.push(format!("Cred {}", media_type(cred.meta.as_ref())));
    }
    if let Some(session) = header.and_then(|header| header.session_id.as_ref()) {
        lines.push(format!("SessionID {session}"));
    }
    commands(&message.body.commands, &mut lines);
    if message.body.is_final {
        lines.push("Final".to_owned());
    }
    lines
}

fn commands(commands_of: &[Sent], lines: &mut Vec<String>) {
    for command in commands_of {
        match &command.kind {
            Kind::Status(status) => {
                let cmd = text(&status.cmd);
                let cmd_ref = if cmd == "SyncHdr" { "0" } else { text(&status.cmd_ref) };
                let chal = status.chal.as_ref().map(|chal| format!(" {}", media_type(Some(&chal.meta))));
                let chal = chal.unwrap_or_default();
                lines.push(format!("Status {cmd_ref} {cmd} {}{chal}", text(&status.code)));
            }
            Kind::Results(results) => {
                lines.push(format!("Results {} {}", text(&results.cmd_ref), addresses(&results.items)));
            }
            Kind::Alert(Alert { code, items, .. }) => {
                let items =
                    items.iter().map(|item| format!(" {} {}", media_type(item.meta.as_ref()), data(item)));
                lines.push(format!("Alert {}{}", text(code), items.collect::<String>()));
            }
            Kind::Request(request) => {
                lines.push(format!("{} {}", request.verb.name(), addresses(&request.items)));
            }
            Kind::Container(container) => {
                lines.push(container.kind.name().to_owned());
                commands(&container.commands, lines);
            }
            Kind::Unknown(element) => lines.push(format!("unknown {}", element.name)),
        }
    }
}

fn addresses(items: &Items) -> String {
    let uris =
        items.iter().filter_map(|item| item.source.as_ref().or(item.target.as_ref())?.loc_uri.as_ref());
    uris.map(|uri| uri.trim()).collect::<Vec<_>>().join(" ")
}

fn data(item: &Item) -> String {
    match &item.data {
        Some(Data::Text(text)) => text.trim().to_owned(),
        Some(Data::Markup(_)) => "markup".to_owned(),
        None => String::new(),
    }
}

fn media_type(meta: Option<&Meta>) -> &str {
    meta.map(|meta| text(&meta.media_type)).unwrap_or_default()
}

fn text(text: &Option<Text>) -> &str {
    text.as_deref().map(str::trim).unwrap_or_default()
}

fn published() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/messages");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: the published messages are not beside the project; nothing was compared with them");
    None
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn message(bytes: &[u8]) -> Message {
    codec::decode(bytes, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn device(file: &str) -> Device {
    let file = DeviceFile::from_toml(file).unwrap_or_else(|error| panic!("{error}"));
    Device::new(Arc::new(Profile::new(file).unwrap_or_else(|error| panic!("{error}"))))
}
