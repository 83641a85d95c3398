//! Findings for people: each line of a message with the place marked.

use std::collections::BTreeSet;

use syncml::judge::{Finding, Severity, Side};

use super::{Linted, Shown};
use crate::located;

/// Every finding with its line, and what to do about a rule where it is named first; then the sum.
pub(crate) fn human(linted: &[Linted]) -> String {
    let mut text = String::new();
    let mut told = BTreeSet::new();
    for one in linted {
        for Finding { rule, text: what, span } in &one.findings {
            let help = told.insert(rule.id).then_some(rule.remedy);
            text += &match &one.shown {
                Shown::Text(text) => {
                    located::graded(rule.severity, rule.id, what, &one.path, text, span.range(), help)
                }
                Shown::Bytes(bytes) => {
                    let title = format!("{}: {what} at byte {}", one.path, span.start);
                    located::located_bytes(&title, bytes, span.range())
                }
            };
            text += "\n\n";
        }
    }
    text + &sum(linted) + "\n"
}

/// How much was found in how many messages.
fn sum(linted: &[Linted]) -> String {
    let files = |side| linted.iter().filter(|one| one.side == side).count();
    let heard = match files(Some(Side::Device)) {
        0 => String::new(),
        1 => " (1 of the device's was listened to)".to_owned(),
        count => format!(" ({count} of the device's were listened to)"),
    };
    let found = Severity::ALL.iter().rev().filter_map(|severity| {
        let findings = linted.iter().flat_map(|one| &one.findings);
        let count = findings.filter(|finding| finding.rule.severity == *severity).count();
        (count > 0).then(|| counted(count, severity.name()))
    });
    let found: Vec<_> = found.collect();
    let found = if found.is_empty() { "nothing wrong".to_owned() } else { found.join(", ") };
    let judged = counted(files(Some(Side::Server)), "message");
    let none = match files(None) {
        0 => String::new(),
        count => format!(", {} that {} none", counted(count, "file"), if count == 1 { "is" } else { "are" }),
    };
    format!("{judged}{none}{heard}: {found}")
}

/// So many of something.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
