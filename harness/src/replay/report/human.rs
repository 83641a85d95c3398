//! What came of replays, for people: a line for each session, what differs below it with both sides, and the sum.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::super::compare::Weight;
use super::super::outcome::{Different, Played, Verdict};
use super::sides::{Layout, sides};
use super::{differences, session, title};
use crate::transcript::Secrets;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const MINOR: Style = AnsiColor::Yellow.on_default();
const FAINT: Style = Style::new().dimmed();

/// How it is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Human {
    /// How both sides of a message stand.
    pub(crate) layout: Layout,
    /// Whether credentials are shown.
    pub(crate) secrets: Secrets,
}

/// How much was compared, and how much of it differs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) sessions: usize,
    pub(crate) compared: usize,
    pub(crate) different: usize,
    /// By weight, the least first.
    pub(crate) differences: [usize; 4],
    pub(crate) unreadable: usize,
    /// The captures in which nothing was compared.
    pub(crate) not_compared: usize,
}

impl Human {
    /// What came of a session.
    pub(crate) fn played(&self, played: &Played) -> String {
        let (style, word) = match played.verdict() {
            Verdict::Same => (GOOD, "SAME"),
            Verdict::Different => (BAD, "DIFFERENT"),
            Verdict::NotCompared => (MINOR, "NOT COMPARED"),
        };
        let mut text = format!("{style}{word:>12}{style:#} {}", played.capture);
        let session = session(played);
        // Writing to a String cannot fail.
        if !session.is_empty() {
            let _ = write!(text, ": {session}");
        }
        let _ = writeln!(text, " {FAINT}({}, {}){FAINT:#}", played.format.name(), messages(played.compared));
        for note in &played.notes {
            let _ = writeln!(text, "{:>12} {FAINT}{note}{FAINT:#}", "note");
        }
        for different in &played.different {
            self.different(&mut text, different);
        }
        for (one, other) in &played.mapped {
            let _ = writeln!(text, "{:>12} {FAINT}`{one}` is `{other}` now{FAINT:#}", "mapped");
        }
        text
    }

    fn different(&self, text: &mut String, different: &Different) {
        let _ = writeln!(text, "\n  {} ({})", title(different), different.place);
        for difference in differences(different, self.secrets) {
            let style = match difference.weight {
                Weight::BreaksProtocol | Weight::DifferentMeaning => BAD,
                Weight::DifferentShape | Weight::OrderOnly => MINOR,
            };
            let said = difference.to_string();
            let weight = difference.weight.name();
            let rest = said.strip_prefix(weight).unwrap_or(&said);
            let _ = writeln!(text, "    {style}{weight}{style:#}{rest}");
        }
        if let (Some(expected), Some(got)) = (&different.expected, &different.got) {
            text.push('\n');
            text.push_str(&sides(expected, got, self.layout, self.secrets));
        }
        text.push('\n');
    }
}

impl Sum {
    /// Counts a session.
    pub(crate) fn add(&mut self, played: &Played) {
        self.sessions += 1;
        self.compared += played.compared;
        // A message, and what the device did meanwhile, are two of one.
        let mut numbers: Vec<_> = played.different.iter().map(|different| different.number).collect();
        numbers.dedup();
        self.different += numbers.len();
        for (count, weight) in self.differences.iter_mut().zip(Weight::ALL) {
            *count += played.count(weight);
        }
    }

    /// In words.
    pub(crate) fn in_words(&self) -> String {
        let is_good = self.different == 0 && self.unreadable == 0 && self.not_compared == 0;
        let style = if is_good { GOOD } else { BAD };
        let sessions = if self.sessions == 1 { "session" } else { "sessions" };
        let mut text = format!(
            "{:-<12}\n{style}{:>12}{style:#} {} {sessions}, {} compared: {} different",
            "",
            "Summary",
            self.sessions,
            messages(self.compared),
            self.different
        );
        let counts = self.differences.iter().zip(Weight::ALL).rev().filter(|(count, _)| **count > 0);
        let counts: Vec<_> = counts.map(|(count, weight)| format!("{count} {}", weight.name())).collect();
        if !counts.is_empty() {
            let _ = write!(text, " ({})", counts.join(", "));
        }
        if self.unreadable > 0 {
            let pieces = if self.unreadable == 1 { "piece" } else { "pieces" };
            let _ = write!(text, ", {} {pieces} could not be read", self.unreadable);
        }
        if self.not_compared > 0 {
            let captures = if self.not_compared == 1 { "capture" } else { "captures" };
            let _ = write!(text, ", nothing compared in {} {captures}", self.not_compared);
        }
        text.push('\n');
        text
    }
}

fn messages(count: usize) -> String {
    format!("{count} message{}", if count == 1 { "" } else { "s" })
}
