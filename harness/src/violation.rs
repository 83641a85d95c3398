//! What a server did wrong, as far as answering it shows: the rule, the place, the words.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use csp_model::xml::line_and_column;
use serde::Serialize;
use syncml::codec::DecodeError;
use syncml::conformance as rules;
use syncml::judge::RULES;
use syncml::session::Turn;

/// One thing that a server did wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// The line of the message, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What was done, and what was expected.
    pub text: String,
}

impl Violation {
    /// The rule that a message must be one.
    pub const MALFORMED: &'static str = "malformed";

    /// The rule that a device's message is answered.
    pub const NO_ANSWER: &'static str = "no-answer";

    /// The ids of every rule that a server can break.
    pub(crate) fn rules() -> impl Iterator<Item = &'static str> {
        let own = [Self::MALFORMED, Self::NO_ANSWER, rules::NO_CMD_ID.id, rules::UNKNOWN_ELEMENT.id];
        own.into_iter().chain(RULES.iter().map(|rule| rule.id))
    }

    /// No bytes at all, where a message was due.
    pub(crate) fn no_answer() -> Self {
        let text = "found an empty answer, expected a message: every message of the device's is answered";
        Self { rule: Self::NO_ANSWER, line: 1, column: 1, text: text.to_owned() }
    }

    /// Bytes that are no message.
    pub(crate) fn malformed(error: &DecodeError) -> Self {
        Self { rule: Self::MALFORMED, line: error.line, column: error.column, text: error.kind.to_string() }
    }

    /// What the answer to a message shows to be wrong with it. `text` is the message's.
    pub(crate) fn of_turn(turn: &Turn, text: &str) -> Vec<Self> {
        let broken = turn.reasons.iter().map(|reason| (reason.rule, reason.span.range().start));
        let broken = broken.filter(|(rule, _)| [&rules::NO_CMD_ID, &rules::UNKNOWN_ELEMENT].contains(rule));
        let broken = broken.map(|(rule, start)| (rule.id, rule.what, start));
        let found = &turn.findings;
        let found = found.iter().map(|finding| (finding.rule.id, &*finding.text, finding.span.range().start));
        let broken: Vec<_> = broken.chain(found).collect();
        let places = places(text, broken.iter().map(|(_, _, start)| *start));
        let broken = broken.into_iter().zip(places);
        let broken = broken.map(|((rule, what, _), (line, column))| Self {
            rule,
            line,
            column,
            text: what.to_owned(),
        });
        broken.collect()
    }
}

/// The line and column of each offset, which is the start of an element. The text is gone through once: a message can
/// be wrong in thousands of places.
fn places(text: &str, offsets: impl Iterator<Item = usize> + Clone) -> Vec<(usize, usize)> {
    let mut known: BTreeMap<_, _> = offsets.clone().map(|offset| (offset, (1, 1))).collect();
    let (mut from, mut place) = (0, (1, 1));
    for (offset, found) in &mut known {
        let rest = text.get(from..).unwrap_or_default();
        let (line, column) = place;
        place = match line_and_column(rest, offset - from) {
            (1, columns) => (line, column + columns - 1),
            (lines, column) => (line + lines - 1, column),
        };
        (from, *found) = (*offset, place);
    }
    offsets.map(|offset| known.get(&offset).copied().unwrap_or(place)).collect()
}

/// A violation in its order among those of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedViolation {
    /// Its number, counted from 1.
    pub seq: u64,
    /// When it was found, by the device's clock.
    pub at: DateTime<Utc>,
    /// What was done wrong.
    #[serde(flatten)]
    pub violation: Violation,
}

/// The last violations that were found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Violations {
    last: VecDeque<RecordedViolation>,
    count: u64,
}

impl Violations {
    /// How many are kept.
    pub(crate) const MOST: usize = 1_000;

    pub(crate) fn record(&mut self, at: DateTime<Utc>, violation: Violation) {
        if self.last.len() == Self::MOST {
            self.last.pop_front();
        }
        self.count += 1;
        self.last.push_back(RecordedViolation { seq: self.count, at, violation });
    }

    /// Those that came after number `since`.
    pub(crate) fn since(&self, since: u64) -> Vec<RecordedViolation> {
        self.last.iter().filter(|recorded| recorded.seq > since).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_found_in_one_go_are_those_found_one_by_one() {
        let text = "\u{feff}<a>\r\n  <\u{fc}>\r<c/><d/>\n\n<e>\u{1f600}<f/></e></\u{fc}></a>";
        let mut starts: Vec<_> = text.match_indices('<').map(|(start, _)| start).collect();
        starts.extend([text.len(), text.len() + 5, 3, 3]);
        starts.reverse();
        let each: Vec<_> = starts.iter().map(|start| line_and_column(text, *start)).collect();
        assert_eq!(places(text, starts.iter().copied()), each);
    }
}
