//! What a device says, byte for byte: its answers to messages (`fixtures/messages`), and its side of sessions that it
//! opens (`fixtures/sessions`). The conformance register is held against the same cases, and rendered from them.
//!
//! `UPDATE=1 cargo test -p syncml --test cases` writes what the device says and `CONFORMANCE.md`; read what it changed.

#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test reads its cases, or fails")]

mod message;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

use csp_model::device::Profile;
use csp_model::{Device, DeviceFile};
use fixtures::Case;
use syncml::codec::{self, Limits};
use syncml::conformance::{ELSEWHERE, Elsewhere, LEFT_OUT, REGISTER, Rule};
use syncml::message::Message;
use syncml::session::StatusCode;

/// What playing a case showed.
#[derive(Default)]
struct Played {
    rules: BTreeSet<String>,
    codes: BTreeSet<&'static str>,
    /// Where an answer was another than the case expects.
    wrong: Vec<String>,
}

/// A kind of cases, and how one is played.
type Kind = (&'static str, fn(&Case) -> Played);

const KINDS: [Kind; 2] = [("messages", message::play), ("sessions", session::play)];

impl Played {
    /// Holds what the device says against the file `name` of the case, or writes it there.
    fn said(&mut self, case: &Case, name: &str, said: &str) {
        let codes = StatusCode::ALL.iter().map(|code| code.text());
        self.codes.extend(codes.filter(|code| said.contains(&format!(">{code}</Data></Status>"))));
        if is_update() {
            fs::write(case.path.join(name), format!("{said}\n")).unwrap();
            return;
        }
        let expected = case.text(name).unwrap_or_default();
        if expected.trim_end_matches('\n') != said {
            let expected = expected.trim_end();
            self.wrong.push(format!("{}/{name}\nexpected {expected}\ngot      {said}", case.name));
        }
    }

    /// Adds the rules that the case says it shows.
    fn shows(&mut self, case: &Case) {
        let shows = case.text("shows.txt").unwrap_or_default();
        self.rules.extend(shows.lines().filter(|line| !line.is_empty()).map(str::to_owned));
    }
}

#[test]
fn what_the_device_says() {
    let wrong = KINDS.map(|(kind, play)| {
        fixtures::cases(kind).iter().flat_map(|case| play(case).wrong).collect::<Vec<_>>()
    });
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{} messages differ\n{}", wrong.len(), wrong.join("\n"));
}

fn message(case: &Case, name: &str) -> Option<Message> {
    let decoded = codec::decode(&case.bytes(name)?, &Limits::default());
    Some(decoded.unwrap_or_else(|error| panic!("{}: {name}: {error}", case.name)))
}

#[test]
fn every_rule_and_every_status_is_shown_by_a_case() {
    let (shown_by, codes) = shown();
    let missing: Vec<_> =
        rules().filter(|rule| !shown_by.contains_key(rule.id)).map(|rule| rule.id).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
    let unknown: Vec<_> = shown_by.keys().filter(|id| !rules().any(|rule| rule.id == **id)).collect();
    assert!(unknown.is_empty(), "the register has no {unknown:?}");
    let never: Vec<_> = StatusCode::ALL.iter().filter(|code| !codes.contains(code.text())).collect();
    assert!(never.is_empty(), "no answer holds {never:?}");
    let ids: BTreeSet<_> = rules().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules().count(), "two rules have the same id");
}

#[test]
fn the_register_is_rendered() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../CONFORMANCE.md");
    let rendered = render(&shown().0);
    if is_update() {
        fs::write(&path, &rendered).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == rendered, "CONFORMANCE.md is stale: UPDATE=1 cargo test -p syncml --test cases");
}

fn device(case: &Case) -> Device {
    let text = case.text("device.toml");
    let mut file = DeviceFile::from_toml(text.as_deref().unwrap_or(DeviceFile::BUILTIN))
        .unwrap_or_else(|error| panic!("{}: device.toml: {error}", case.name));
    file.ddf.extend(case.text("ddf.xml"));
    Device::new(Arc::new(Profile::new(file).unwrap_or_else(|error| panic!("{}: {error}", case.name))))
}

/// The cases that show each rule, and the codes that occur in any answer.
fn shown() -> (BTreeMap<String, Vec<String>>, BTreeSet<&'static str>) {
    let mut shown_by = BTreeMap::<String, Vec<String>>::new();
    let mut codes = BTreeSet::new();
    for (kind, play) in KINDS {
        for case in fixtures::cases(kind) {
            let played = play(&case);
            for rule in played.rules {
                shown_by.entry(rule).or_default().push(format!("{kind}/{}", case.name));
            }
            codes.extend(played.codes);
        }
    }
    (shown_by, codes)
}

fn render(shown_by: &BTreeMap<String, Vec<String>>) -> String {
    const MOST: usize = 3;
    let mut text = "# Conformance register\n\n\
        What the simulated device does, on what ground, and which cases under `fixtures` show it.\n\
        **documented**: a text says so; **observed**: a real Windows client was captured doing it; **decided**: the\n\
        texts are silent or disagree, and this project chose. The tables are rendered from\n\
        `syncml/src/conformance.rs` by a test, which fails when no case shows a rule.\n"
        .to_owned();
    for (section, rules) in REGISTER {
        write!(text, "\n## {section}\n\n| rule | what | ground | source | cases |\n|---|---|---|---|---|\n")
            .unwrap();
        for rule in *rules {
            let cases = shown_by.get(rule.id).map(Vec::as_slice).unwrap_or_default();
            let mut named: Vec<_> = cases.iter().take(MOST).map(|case| format!("`{case}`")).collect();
            if cases.len() > MOST {
                named.push(format!("{} more", cases.len() - MOST));
            }
            let named = named.join(", ");
            writeln!(text, "| `{}` | {} | {} | {} | {named} |", rule.id, rule.what, rule.ground, rule.source)
                .unwrap();
        }
    }
    text.push_str("\n## HTTP, WBXML and the update agent\n\nShown by other tests than those of messages.\n\n| rule | what | ground | source | tests |\n|---|---|---|---|---|\n");
    for Elsewhere { rule: Rule { id, what, ground, source }, shown_by } in ELSEWHERE {
        writeln!(text, "| `{id}` | {what} | {ground} | {source} | `{shown_by}` |").unwrap();
    }
    text.push_str("\n## Left out\n\nWhat a text says and the device does not do.\n\n| what | source | why |\n|---|---|---|\n");
    for (what, source, why) in LEFT_OUT {
        writeln!(text, "| {what} | {source} | {why} |").unwrap();
    }
    text
}

#[test]
fn what_is_shown_elsewhere_is_there() {
    for Elsewhere { rule, shown_by } in ELSEWHERE {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(shown_by);
        assert!(path.exists(), "{}: {shown_by} does not exist", rule.id);
    }
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    REGISTER.iter().flat_map(|(_, rules)| rules.iter().copied())
}

fn is_update() -> bool {
    env::var_os("UPDATE").is_some()
}
