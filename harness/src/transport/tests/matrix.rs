//! Every fault, in every message of a session, with and without retries: what becomes of the session, of the device and
//! of the server.
//!
//! The outcomes stand in `fixtures/faults/matrix.txt`; `UPDATE=1` writes it anew.

use std::fmt::Write as _;
use std::future::ready;
use std::sync::Arc;

use bytes::Bytes;
use csp_model::device::{ConnectionFault, Profile, ProtocolFault};
use csp_model::{Device, DeviceFile, LocUri};
use parking_lot::Mutex;
use syncml::codec::{Limits, decode, encode};
use syncml::judge::{Needs, rules};
use syncml::message::Kind;
use syncml::session::auth::{Credentials, Lasts, Nonces, Scheme, Verifier};
use syncml::session::device::Misbehaviour;
use syncml::session::server::{Command, Handle, Outcome, ServerSession, Settings};

use super::TestClock;
use crate::clock::Pace;
use crate::drive;
use crate::fleet::{self, DEFAULT, Fleet, Host};
use crate::opening::Opening;
use crate::transport::faults::{Faulty, Plan};
use crate::transport::loopback::Loopback;
use crate::transport::retry::{Retry, Retrying};
use crate::transport::{Request, Response, SYNCML_XML, TransportError};
use crate::violation::Violation;

const FAULTS: [&str; 11] = [
    "delay,by=5s",
    "drop-before",
    "drop-after",
    "reset",
    "truncate,bytes=100",
    "duplicate",
    "slow-body,bytes=100",
    "wrong-msg-ref",
    "lost-status",
    "stale-nonce",
    "abort",
];

/// The device proves every message by a digest, so that a nonce can be stale.
const DEVICE: &str = r#"
    [account]
    provider = "server"
    address = "https://mdm.example.test/omadm"
    [account.appsrv]
    type = "DIGEST"
    name = "lab"
    secret = "secret"
    nonce = "bm9uY2U="
"#;

/// Approvals: each can be added once, and is there already the second time. Those of a line are of one package.
const ASKED: [[&str; 2]; 2] = [
    ["c7864ecb-f0d8-4fd7-97f6-000000000001", "c7864ecb-f0d8-4fd7-97f6-000000000002"],
    ["c7864ecb-f0d8-4fd7-97f6-000000000003", "c7864ecb-f0d8-4fd7-97f6-000000000004"],
];

/// More than any of these sessions has: who goes on sending has lost his way.
const MOST_EXCHANGES: usize = 64;

fn address(approval: &str) -> String {
    format!("./Vendor/MSFT/Update/ApprovedUpdates/{approval}")
}

/// A server that asks for one package after the other.
struct Server {
    session: Option<ServerSession>,
    asked: Vec<Handle>,
    exchanges: usize,
    findings: Vec<String>,
    /// The codes that the device has given for approvals, however often it has.
    codes: Vec<String>,
}

impl Server {
    fn new() -> Self {
        Self { session: None, asked: Vec::new(), exchanges: 0, findings: Vec::new(), codes: Vec::new() }
    }

    fn answer(&mut self, body: &[u8]) -> Bytes {
        self.exchanges += 1;
        assert!(self.exchanges < MOST_EXCHANGES, "the device does not come to an end");
        let message = decode(body, &Limits::default()).expect("the device says messages");
        for command in &message.body.commands {
            if let Kind::Status(status) = &command.kind
                && status.cmd.as_deref() == Some("Add")
            {
                self.codes.push(status.code.as_deref().unwrap_or_default().to_owned());
            }
        }
        let session = self.session.get_or_insert_with(|| {
            let nonces = Nonces::new(7);
            let expected = Credentials::new("lab", "secret");
            let verifier =
                Verifier::new(expected, Scheme::Digest, Some(b"nonce".to_vec()), nonces, Lasts::Message);
            let settings = Settings { verifier, ..Settings::new("https://mdm.example.test/omadm") };
            ServerSession::accept(&message, settings)
        });
        // Message 1 is answered with the first package, message 2 with the second; whichever comes again, with the same.
        let number = message.header.as_ref().and_then(|header| header.msg_id.as_deref()?.parse().ok());
        if number == Some(self.asked.len() / 2 + 1)
            && let Some(package) = ASKED.get(self.asked.len() / 2)
        {
            self.asked.extend(package.map(|approval| session.queue(Command::add_node(address(approval)))));
        }
        let turn = session.receive(&message, None);
        self.findings.extend(turn.findings.iter().map(|finding| finding.rule.id.to_owned()));
        self.findings.extend(turn.refusal.map(|_| "refused".to_owned()));
        Bytes::from(encode(&turn.message))
    }

    /// What it knows of what it has asked for.
    fn knows(&self) -> String {
        let outcomes = self.asked.iter().map(|handle| self.session.as_ref()?.outcome(*handle));
        let outcomes = outcomes.map(|outcome| match outcome {
            Some(Outcome::Answered(answer)) => answer.code().map_or("-".to_owned(), |code| code.to_string()),
            Some(Outcome::Unanswered) => "silence".to_owned(),
            Some(Outcome::Unsent) => "unsent".to_owned(),
            Some(Outcome::TooLarge { .. }) => "too-large".to_owned(),
            None => "waits".to_owned(),
        });
        words(outcomes)
    }
}

/// The head of the table.
const COLUMNS: [&str; 9] = [
    "fault",
    "message",
    "retries",
    "ending",
    "sent",
    "seen",
    "waited",
    "applied",
    "server knows; finds; breaks",
];

async fn outcome(fault: &str, message: u32, retries: u32) -> [String; 9] {
    let plan: ConnectionFault = format!("{fault},message={message},count=1").parse().unwrap();
    let fleet = Fleet::in_memory(
        fleet::Settings { pace: Pace::Frozen, ..fleet::Settings::default() },
        None,
        Arc::default(),
    );
    let profile = Profile::new(DeviceFile::from_toml(DEVICE).unwrap()).unwrap();
    fleet.add(vec![(DEFAULT.into(), Device::new(Arc::new(profile)))]).await.unwrap();
    let host = fleet.host(DEFAULT).unwrap();

    let server = Arc::new(Mutex::new(Server::new()));
    let (at, clock) = (Arc::clone(&server), TestClock::new());
    let loopback = Loopback::new(move |request: Request| {
        let body = at.lock().answer(&request.body);
        let media_type = Some(SYNCML_XML.to_owned());
        ready(Ok::<_, TransportError>(Response {
            status: 200,
            media_type,
            body,
            mac: None,
            redirects: Vec::new(),
        }))
    });
    let faults = [plan];
    let faulty = Faulty::new(loopback, Plan::of_connection(&faults, 1), &clock);
    let mut transport = Retrying::new(faulty, Retry { retries, ..Retry::WINDOWS }, &clock);
    let mut misbehaves = Plan::of_protocol(&faults, 1);
    let spoil = |number| {
        misbehaves.strike(number).first().map(|strike| match strike.kind {
            ProtocolFault::WrongMsgRef => Misbehaviour::WrongMsgRef,
            ProtocolFault::LostStatus => Misbehaviour::LostStatus,
            ProtocolFault::StaleNonce => Misbehaviour::StaleNonce,
            ProtocolFault::Abort => Misbehaviour::Abort,
        })
    };
    let mut sent = 0;
    let held = drive::hold(&host, &mut transport, None, Opening::default(), spoil, |moment| {
        if let drive::Moment::Sends { number, .. } = moment {
            sent = number;
        }
    });
    let (ending, violations) = match held.await {
        Ok(held) => (
            held.ending.id().to_owned(),
            // Whether what it asks for makes sense is not what this is about.
            words(of_session(held.violations)),
        ),
        Err(error) => (
            format!("no: {}", error.kind()),
            words(error.violation().map(|violation| violation.rule.to_owned())),
        ),
    };

    let server = server.lock();
    assert_eq!(host.open_sessions(), 0, "{fault} in message {message}: a session is left open");
    assert!(
        server.codes.iter().all(|code| code == "200"),
        "{fault} in message {message}: {:?}",
        server.codes
    );
    let waited = clock.waited().iter().sum::<std::time::Duration>();
    [
        fault.to_owned(),
        message.to_string(),
        retries.to_string(),
        ending,
        sent.to_string(),
        server.exchanges.to_string(),
        format!("{waited:?}"),
        format!("{}/4", applied(&host)),
        format!("{}; {}; {violations}", server.knows(), words(server.findings.iter().cloned())),
    ]
}

/// How many of the approvals the device has.
fn applied(host: &Host) -> usize {
    let has = |device: &Device, approval| device.get(&LocUri::parse(&address(approval)).unwrap()).is_ok();
    host.peek(|device| ASKED.iter().flatten().filter(|approval| has(device, approval)).count()).unwrap()
}

fn of_session(violations: Vec<Violation>) -> impl Iterator<Item = String> {
    let needs = |id| rules::find(id).map(|rule| rule.needs);
    let rules = violations.into_iter().map(|violation| violation.rule);
    rules.filter(move |id| needs(id) != Some(Needs::Device)).map(str::to_owned)
}

/// What was found, in its order; a dash for nothing.
fn words(found: impl IntoIterator<Item = String>) -> String {
    let found: Vec<_> = found.into_iter().collect();
    if found.is_empty() { "-".to_owned() } else { found.join(" ") }
}

#[tokio::test]
async fn every_fault_in_every_message() {
    let mut lines = vec![COLUMNS.map(str::to_owned)];
    for fault in FAULTS {
        for message in 1..=3 {
            for retries in [0, 3] {
                lines.push(outcome(fault, message, retries).await);
            }
        }
    }
    let widths: [usize; 9] =
        std::array::from_fn(|column| lines.iter().map(|line| line[column].len()).max().unwrap_or_default());
    let mut table = String::new();
    for line in lines {
        let mut row = String::new();
        for (cell, width) in line.iter().zip(widths) {
            let _ = write!(row, "{cell:<width$}  ");
        }
        table.push_str(row.trim_end());
        table.push('\n');
    }
    let path = fixtures::root().join("faults/matrix.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), table);
}
