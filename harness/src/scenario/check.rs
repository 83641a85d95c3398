//! What was expected against what came: every difference, not only the first.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use csp_model::agent::{ScanSource, UpdateId};
use csp_model::device::Scalar;
use csp_model::tree::Reading;
use csp_model::{Device, LocUri, TreeError};
use syncml::judge::rules as judged;
use syncml::message::Status;
use syncml::session::Reason;

use super::exchange::Exchange;
use super::expectation::{Code, Expect, Sources, Statuses};
use super::load::{Action, Step};
use crate::event::DeviceEvent;
use crate::place::Place;
use crate::violation::Violation;

/// Something that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// What differs: `status[1]`, `results."./DevInfo/Man"`.
    pub(crate) field: Place,
    /// Where the expectation stands in the file; the step's action where it stands nowhere.
    pub(crate) place: Place,
    /// What was expected, in words.
    pub(crate) expected: String,
    /// What came, in words.
    pub(crate) got: String,
    /// Why it came, where that is known.
    pub(crate) why: Option<String>,
}

impl Difference {
    /// What was expected, and what came.
    pub(crate) fn in_words(&self) -> String {
        format!("expected {}, got {}", self.expected, self.got)
    }
}

/// Every expectation of a step that was not met.
pub(super) fn differences(step: &Step, exchange: &Exchange, device: &Device) -> Vec<Difference> {
    let mut found = Found { step: &step.place, differences: Vec::new() };
    session(step, exchange, &mut found);
    http(step, exchange, &mut found);
    statuses(&step.expect, exchange, &mut found);
    results(&step.expect, exchange, &mut found);
    tree(&step.expect, device, &mut found);
    updates(&step.expect, device, &mut found);
    violations(&step.expect, exchange, &mut found);
    events(&step.expect, exchange, &mut found);
    configuration(&step.expect, device, &mut found);
    found.differences
}

/// The differences so far.
struct Found<'s> {
    /// Where the step stands.
    step: &'s Place,
    differences: Vec<Difference>,
}

impl Found<'_> {
    fn add(&mut self, field: &Place, expected: String, got: String, why: Option<String>) {
        let place = self.step.key("expect").join(field);
        self.differences.push(Difference { field: field.clone(), place, expected, got, why });
    }
}

fn session(step: &Step, exchange: &Exchange, found: &mut Found<'_>) {
    if let Some(failed) = &exchange.failed {
        let key = step.action.key();
        let promise = match &step.action {
            Action::Send(..) | Action::Connect(_) => "a session that both sides end",
            Action::Do(_) => "that it can be done",
        };
        found.add(&field(key), promise.to_owned(), failed.clone(), None);
        if let Some(difference) = found.differences.last_mut() {
            difference.place = found.step.key(key);
        }
    }
}

fn http(step: &Step, exchange: &Exchange, found: &mut Found<'_>) {
    let expect = &step.expect;
    let is_malformed = matches!(step.action, Action::Send(..))
        && expect.rules().is_some_and(|rules| rules.contains(&judged::MALFORMED.id));
    let expected = expect.http.unwrap_or(Code(if is_malformed { 400 } else { 200 }));
    if expected.0 == exchange.http {
        return;
    }
    found.add(&field("http"), expected.to_string(), exchange.http.to_string(), wrong(&exchange.violations));
    if let (None, Some(difference)) = (expect.http, found.differences.last_mut()) {
        difference.place = found.step.key(step.action.key());
    }
}

fn statuses(expect: &Expect, exchange: &Exchange, found: &mut Found<'_>) {
    let all: Vec<_> = exchange.statuses().collect();
    let at = field("status");
    match &expect.status {
        None => {}
        Some(Statuses::InOrder(expected)) if expected.len() == all.len() => {
            for (index, (expected, got)) in expected.iter().zip(&all).enumerate() {
                if !is_code(got, *expected) {
                    found.add(&at.index(index), expected.to_string(), code(got), Some(why(got)));
                }
            }
        }
        Some(Statuses::InOrder(expected)) => {
            let expected = list(expected.iter().map(ToString::to_string));
            found.add(&at, expected, list(all.iter().map(code)), None);
        }
        Some(Statuses::ByCommand(table)) => {
            for entry in &table.0 {
                let of_command =
                    all.iter().filter(|(status, _)| status.cmd_ref.as_deref() == Some(&entry.key));
                let of_command: Vec<_> = of_command.copied().collect();
                let expected = &entry.value.0;
                let is_same = expected.len() == of_command.len()
                    && expected.iter().zip(&of_command).all(|(expected, got)| is_code(got, *expected));
                if !is_same {
                    let (got, why) = match of_command.as_slice() {
                        [] => ("no Status".to_owned(), None),
                        [got] => (code(got), Some(why(got))),
                        several => (list(several.iter().map(code)), None),
                    };
                    found.add(&at.key(&entry.written), entry.value.to_string(), got, why);
                }
            }
        }
    }
}

fn results(expect: &Expect, exchange: &Exchange, found: &mut Found<'_>) {
    let all: Vec<_> = exchange.results().map(|(address, data)| (LocUri::parse(address), data)).collect();
    for entry in &expect.results.0 {
        let of_node = all.iter().filter(|(uri, _)| uri.as_ref() == Ok(&entry.key.0));
        let of_node: Vec<_> = of_node.map(|(_, data)| *data).collect();
        let is_as_expected = match &entry.value {
            Scalar::Bool(false) => of_node.is_empty(),
            value => !of_node.is_empty() && of_node.iter().all(|data| *data == value.text()),
        };
        if !is_as_expected {
            let got: Vec<_> = of_node.iter().map(|data| format!("{data:?}")).collect();
            let got = if got.is_empty() { "no Results".to_owned() } else { got.join(", ") };
            let expected = expected_text(&entry.value, "no Results");
            found.add(&field("results").key(&entry.written), expected, got, None);
        }
    }
}

/// What a device says of a node.
enum Node {
    Absent,
    /// It is there, and has no value that could be read.
    There,
    /// The names below it.
    Interior(String),
    Leaf(String),
}

fn tree(expect: &Expect, device: &Device, found: &mut Found<'_>) {
    for entry in &expect.tree.0 {
        let node = match device.get(&entry.key.0) {
            Ok(Reading::Interior(names)) => Node::Interior(names),
            Ok(Reading::Leaf(value, _)) => Node::Leaf(value.text().into_owned()),
            Err(TreeError::NotAllowed { .. }) => Node::There,
            Err(_) => Node::Absent,
        };
        let is_as_expected = match (&entry.value, &node) {
            (Scalar::Bool(false), node) => matches!(node, Node::Absent),
            (Scalar::Bool(true), Node::Interior(_) | Node::There) => true,
            (value, Node::Interior(text) | Node::Leaf(text)) => value.text() == text.as_str(),
            (_, Node::Absent | Node::There) => false,
        };
        if !is_as_expected {
            let got = match node {
                Node::Absent => "no such node".to_owned(),
                Node::There => "a node that cannot be read".to_owned(),
                Node::Interior(text) | Node::Leaf(text) => format!("{text:?}"),
            };
            let expected = expected_text(&entry.value, "no such node");
            found.add(&field("tree").key(&entry.written), expected, got, None);
        }
    }
}

fn updates(expect: &Expect, device: &Device, found: &mut Found<'_>) {
    for entry in &expect.updates.0 {
        let state = device.update_state(entry.key);
        if state != entry.value {
            let [expected, got] = [entry.value, state].map(|state| state.name().to_owned());
            let why = how_far(device, entry.key);
            found.add(&field("updates").key(&entry.written), expected, got, Some(why));
        }
    }
}

/// How far a device has come with an update: the step, since when, and what went wrong last.
fn how_far(device: &Device, id: UpdateId) -> String {
    let Some(record) = device.agent().records.get(&id) else { return "no scan has found it".to_owned() };
    let step = record.state.documented_name().unwrap_or("no step at all");
    let failure = record.failure.map(|failure| {
        let at = failure.state.documented_name().map(|step| format!(" ({step})")).unwrap_or_default();
        format!("; the last failure was {}{at}", failure.hresult)
    });
    format!("{step} since {}{}", shown(record.since), failure.unwrap_or_default())
}

fn events(expect: &Expect, exchange: &Exchange, found: &mut Found<'_>) {
    let Some(expected) = &expect.events else { return };
    let mut happened = exchange.events.iter();
    let missing = expected.iter().position(|kind| !happened.any(|event| event.kind == kind.0));
    if let Some(index) = missing {
        let kind = expected[index].0;
        let why = match index.checked_sub(1).map(|before| expected[before].0) {
            Some(before) => format!("no {kind} comes after {before}"),
            None => format!("no {kind} comes"),
        };
        let expected = list(expected.iter().map(|kind| kind.0.to_owned()));
        found.add(&field("events"), expected, list(counted(&exchange.events)), Some(why));
    }
}

/// The kinds of events; of several alike that follow one another, how many.
fn counted(events: &[DeviceEvent]) -> impl Iterator<Item = String> {
    events.chunk_by(|one, next| one.kind == next.kind).map(|alike| match alike {
        [one] => one.kind.to_string(),
        several => format!("{} × {}", several.len(), several[0].kind),
    })
}

fn configuration(expect: &Expect, device: &Device, found: &mut Found<'_>) {
    let sources = device.scan_sources();
    let Sources { feature, quality, driver, other, definitions } = &expect.scan_source;
    let classes = [
        ("feature", feature, sources.feature),
        ("quality", quality, sources.quality),
        ("driver", driver, sources.driver),
        ("other", other, sources.other),
        ("definitions", definitions, sources.definitions),
    ];
    for (class, expected, got) in classes {
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            let [expected, got] = [expected, got].map(|source| source_name(source).to_owned());
            found.add(&field("scan_source").key(class), expected, got, None);
        }
    }
    let flags = [
        ("dual_scan", expect.dual_scan, sources.is_dual_scan()),
        ("restart_required", expect.restart_required, device.is_restart_required()),
    ];
    for (key, expected, got) in flags {
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            found.add(&field(key), expected.to_string(), got.to_string(), None);
        }
    }
    if let Some(expected) = &expect.findings {
        let all = device.findings();
        let expected: BTreeSet<_> = expected.iter().map(String::as_str).collect();
        let got: BTreeSet<_> = all.iter().map(|finding| finding.id).collect();
        if expected != got {
            let [expected, got] = [expected, got].map(|ids| list(ids.iter().map(ToString::to_string)));
            let why: Vec<_> = all.iter().map(|finding| format!("{}: {}", finding.id, finding.text)).collect();
            found.add(&field("findings"), expected, got, (!why.is_empty()).then(|| why.join("; ")));
        }
    }
}

const fn source_name(source: ScanSource) -> &'static str {
    match source {
        ScanSource::WindowsUpdate => "WindowsUpdate",
        ScanSource::Wsus => "WSUS",
        ScanSource::None => "none",
    }
}

fn shown(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn violations(expect: &Expect, exchange: &Exchange, found: &mut Found<'_>) {
    let Some(expected) = expect.rules() else { return };
    let expected: BTreeSet<_> = expected.into_iter().collect();
    // A note is no failure, but may be what a scenario is about.
    let matters = |violation: &&Violation| violation.counts() || expected.contains(violation.rule);
    let broken: Vec<_> = exchange.violations.iter().filter(matters).collect();
    let got = broken.iter().map(|violation| violation.rule).collect();
    if expected != got {
        let [expected, got] = [expected, got].map(|rules| list(rules.iter().map(ToString::to_string)));
        found.add(&field("violations"), expected, got, wrong(broken));
    }
}

/// What is wrong with the message, and where in it.
fn wrong<'v>(violations: impl IntoIterator<Item = &'v Violation>) -> Option<String> {
    let all = violations.into_iter().map(|violation| {
        let Violation { rule, place, text, .. } = violation;
        format!("{rule} at {place} of the message: {text}")
    });
    let all: Vec<_> = all.collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn field(name: &str) -> Place {
    Place::default().key(name)
}

fn is_code((status, _): &(&Status, &Reason), expected: Code) -> bool {
    status.number() == Some(expected.0)
}

fn code((status, _): &(&Status, &Reason)) -> String {
    status.code.as_deref().unwrap_or_default().to_owned()
}

/// The command, the rule, and the fact that it rests on; the rule's own words where there is none.
fn why((status, reason): &(&Status, &Reason)) -> String {
    let command = status.cmd.as_deref().unwrap_or_default();
    let fact = reason.error.as_ref().map_or_else(|| reason.rule.what.to_owned(), ToString::to_string);
    format!("{command}, {}: {fact}", reason.rule.id)
}

fn expected_text(value: &Scalar, absent: &str) -> String {
    match value {
        Scalar::Bool(false) => absent.to_owned(),
        Scalar::Bool(true) | Scalar::Int(_) | Scalar::Text(_) => format!("{:?}", value.text()),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}
