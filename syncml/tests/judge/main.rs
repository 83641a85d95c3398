//! What one side of a session sees the other do wrong: `fixtures/judge`, and what holds for any messages.
//!
//! `UPDATE=1 cargo test -p syncml --test judge` writes the findings and `docs/rules.md`; read what it changed.

#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test reads its cases, or fails")]

mod page;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

use csp_model::device::Profile;
use csp_model::xml::line_and_column;
use csp_model::{Device, DeviceFile};
use fixtures::{Case, cases};
use proptest::prelude::*;
use syncml::codec::{Limits, decode};
use syncml::judge::{Arrival, Channel, Finding, Judge, Ledger, Side, rules};
use syncml::message::{Header, Message, strategies};
use syncml::session::{Responder, Review};

#[test]
fn each_session_gives_its_findings() {
    let mut wrong = Vec::new();
    for rule in cases("judge") {
        for case in cases(&format!("judge/{}", rule.name)) {
            let played = play(&case);
            let breaks =
                |id: &str| played.iter().any(|message| message.findings.iter().any(|one| one.rule.id == id));
            let found: String = played.iter().map(Played::lines).collect();
            let name = format!("{}/{}", rule.name, case.name);
            let is_bad = case.name.starts_with("bad");
            assert!(is_bad || case.name.starts_with("good"), "{name} is neither good nor bad");
            // Others that are good for this rule may be bad for another.
            if breaks(&rule.name) != is_bad || (case.name == "good" && !found.is_empty()) {
                wrong.push(format!("{name} shows\n{found}"));
            }
            let path = case.path.join("findings.txt");
            if is_update() {
                let none = || if path.exists() { fs::remove_file(&path) } else { Ok(()) };
                if found.is_empty() { none() } else { fs::write(&path, &found) }.unwrap();
            }
            let expected = case.text("findings.txt").unwrap_or_default();
            if expected != found {
                wrong.push(format!("{name}\nexpected {expected}\nfound    {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_is_that_of_the_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md");
    let page = page::render();
    if is_update() {
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page, "docs/rules.md: UPDATE=1 writes it");
}

#[test]
fn every_rule_has_a_good_and_a_bad_session() {
    let folders: Vec<_> = cases("judge").into_iter().map(|case| case.name).collect();
    let mut ids: Vec<_> = rules::all().map(|rule| rule.id).collect();
    ids.sort_unstable();
    assert_eq!(folders, ids);
    for id in ids {
        let names: Vec<_> = cases(&format!("judge/{id}")).into_iter().map(|case| case.name).collect();
        assert!(names.iter().any(|name| name == "good") && names.iter().any(|name| name == "bad"), "{id}");
    }
}

/// A message of a case, and what the side that it is for finds wrong with it.
struct Played {
    name: String,
    text: String,
    side: Side,
    findings: Vec<Finding>,
}

impl Played {
    /// The findings as `findings.txt` has them.
    fn lines(&self) -> String {
        let mut lines = String::new();
        for finding in &self.findings {
            let (line, column) = line_and_column(&self.text, finding.span.range().start);
            writeln!(lines, "{}:{line}:{column}: {}: {}", self.name, finding.rule.id, finding.text).unwrap();
        }
        lines
    }
}

/// Plays a case. Where the device has messages too, a server is judged by the session alone; where it has none, by the
/// case's device, or the built-in one.
fn play(case: &Case) -> Vec<Played> {
    let is_session = (1..=2).any(|number| case.text(&format!("{number}-device.xml")).is_some());
    let (mut judge, mut ledger) = (Judge::new(), Ledger::new(Side::Device));
    let mut review = Review::new(device(case));
    let channel = match case.text("channel.txt").as_deref().map(str::trim) {
        None => Channel::Unknown,
        Some("clear") => Channel::Clear,
        Some("private") => Channel::Private,
        Some(other) => panic!("{}: no channel is {other}", case.name),
    };
    let mut played = Vec::new();
    for number in 1.. {
        let name = |side| format!("{number}-{side}.xml");
        let (name, text, side) = if let Some(text) = case.text(&name("device")) {
            (name("device"), text, Side::Device)
        } else if let Some(text) = case.text(&name("server")) {
            (name("server"), text, Side::Server)
        } else {
            assert!(number > 1, "{} has no message", case.name);
            break;
        };
        let arrival = Arrival { bytes: Some(text.len()), channel };
        let findings = match (decode(text.as_bytes(), &Limits::default()), side) {
            (Ok(message), Side::Device) => {
                judge.sent(&message);
                ledger.received(&message)
            }
            (Ok(message), Side::Server) if is_session => {
                ledger.sent(&message);
                judge.received(&message, arrival)
            }
            (Ok(message), Side::Server) => review.server_said(&message, arrival),
            (Err(_), _) if text.is_empty() => vec![Finding::no_answer()],
            (Err(error), _) => vec![Finding::malformed(&error)],
        };
        played.push(Played { name, text, side, findings });
    }
    played
}

fn is_update() -> bool {
    env::var_os("UPDATE").is_some()
}

fn device(case: &Case) -> Device {
    let text = case.text("device.toml").unwrap_or_else(|| DeviceFile::BUILTIN.to_owned());
    let file = DeviceFile::from_toml(&text).unwrap();
    Device::new(Arc::new(Profile::new(file).unwrap()))
}

/// The device's answers to any commands break nothing.
#[test]
fn a_device_of_ours_breaks_nothing() {
    for case in cases("messages") {
        let mut device = Device::builtin();
        let mut responder = Responder::new(&device);
        let mut ledger = Ledger::new(Side::Device);
        for number in 1.. {
            let Some(bytes) = case.bytes(&format!("request-{number}.xml")) else { break };
            let request = decode(&bytes, &Limits::default()).unwrap();
            let answer = responder.receive(&request, &mut device).answer;
            ledger.sent(&request);
            let mut findings = ledger.received(&answer);
            // Servers that number in their own way are answered in that way.
            findings.retain(|finding| finding.rule.id != "msg-id" && finding.rule.id != "session-id");
            assert!(findings.is_empty(), "{}: {findings:?}", case.name);
        }
    }
}

#[test]
fn what_is_shown_is_short() {
    let mut ledger = Ledger::new(Side::Server);
    ledger.sent(&Message { header: Some(Header::default()), ..Message::default() });
    let header = Header {
        session_id: Some("s".repeat(1_000_000).into()),
        msg_id: Some("\u{e9}".repeat(1_000_000).into()),
        ..Header::default()
    };
    for finding in ledger.received(&Message { header: Some(header), ..Message::default() }) {
        assert!(finding.text.len() < 400, "{}", finding.text.len());
    }
}

proptest! {
    /// Any messages in any order: nothing panics, and what is found is bounded by what was said.
    #[test]
    fn any_messages(
        messages in prop::collection::vec((any::<bool>(), strategies::message()), 0..8),
        judged in prop::sample::select(&[Side::Device, Side::Server][..]),
    ) {
        let mut ledger = Ledger::new(judged);
        for (is_own, message) in &messages {
            if *is_own {
                ledger.sent(message);
            } else {
                let findings = ledger.received(message);
                prop_assert!(findings.len() <= message.body.commands.len() * 2 + 5);
                for finding in findings {
                    prop_assert!(rules::find(finding.rule.id).is_some());
                    prop_assert!(!finding.text.is_empty());
                }
            }
        }
    }
}
