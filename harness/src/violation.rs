//! What a server did wrong, as far as answering it shows: the rule, the place, the words.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use csp_model::xml::line_and_column;
use serde::Serialize;
use syncml::codec::DecodeError;
use syncml::conformance as rules;
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

    /// The ids of every rule that a message can break.
    pub(crate) const RULES: [&'static str; 3] =
        [Self::MALFORMED, rules::NO_CMD_ID.id, rules::UNKNOWN_ELEMENT.id];

    /// Bytes that are no message.
    pub(crate) fn malformed(error: &DecodeError) -> Self {
        Self { rule: Self::MALFORMED, line: error.line, column: error.column, text: error.kind.to_string() }
    }

    /// What the answer to a message shows to be wrong with it. `text` is the message's.
    pub(crate) fn of_turn(turn: &Turn, text: &str) -> Vec<Self> {
        let broken = turn.reasons.iter().filter(|reason| Self::RULES.contains(&reason.rule.id));
        let violation = |reason: &syncml::session::Reason| {
            let (line, column) = line_and_column(text, reason.span.range().start);
            Self { rule: reason.rule.id, line, column, text: reason.rule.what.to_owned() }
        };
        broken.map(violation).collect()
    }
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
