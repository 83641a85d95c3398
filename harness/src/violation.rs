//! What a server did wrong, as far as answering it shows: the rule, the place, the words.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use csp_model::xml::line_and_column;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use syncml::codec::{DecodeError, Encoding, Input, Place};
use syncml::judge::{Finding, Rule, Severity, rules};

/// One thing that a server did wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// How much it matters: `error`, `warning` or `note`.
    #[serde(serialize_with = "severity")]
    pub severity: Severity,
    /// Where in the message. In JSON `line` and `column`, or the `offset` in WBXML.
    #[serde(flatten, serialize_with = "serialize_place")]
    pub place: Place,
    /// What was done, and what was expected.
    pub text: String,
}

impl Violation {
    /// The ids of every rule that a server can break.
    pub(crate) fn rules() -> impl Iterator<Item = &'static str> {
        rules::all().map(|rule| rule.id)
    }

    /// No bytes at all, where a message was due.
    pub(crate) fn no_answer() -> Self {
        Self::new(Finding::no_answer(), Place::START)
    }

    /// Bytes that are no message.
    pub(crate) fn malformed(error: &DecodeError) -> Self {
        Self::new(Finding::malformed(error), error.place)
    }

    /// What was found to be wrong with a message. `input` is the message's.
    pub(crate) fn all(findings: &[Finding], input: &Input) -> Vec<Self> {
        let places = places(input, findings.iter().map(|finding| finding.span.range().start));
        findings.iter().cloned().zip(places).map(|(finding, place)| Self::new(finding, place)).collect()
    }

    /// Whether the server did something wrong, and not just something that may surprise.
    pub(crate) fn counts(&self) -> bool {
        self.severity > Severity::Note
    }

    fn new(Finding { rule, text, .. }: Finding, place: Place) -> Self {
        Self { rule: rule.id, severity: rule.severity, place, text }
    }
}

/// The rule of that id, as people name it.
///
/// # Errors
/// When there is none, with those that there are.
pub(crate) fn rule(id: &str) -> Result<&'static Rule, String> {
    rules::find(id).ok_or_else(|| {
        let known: Vec<_> = rules::all().map(|rule| rule.id).collect();
        format!("expected one of {}", known.join(", "))
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn severity<S: Serializer>(severity: &Severity, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(severity.name())
}

/// A place, as the fields that say it.
pub(crate) fn serialize_place<S: Serializer>(place: &Place, serializer: S) -> Result<S::Ok, S::Error> {
    let mut fields = serializer.serialize_map(None)?;
    match place {
        Place::Text { line, column } => {
            fields.serialize_entry("line", line)?;
            fields.serialize_entry("column", column)?;
        }
        Place::Byte(offset) => fields.serialize_entry("offset", offset)?,
    }
    fields.end()
}

/// Where each offset of a message stands.
fn places(input: &Input, offsets: impl Iterator<Item = usize> + Clone) -> Vec<Place> {
    match input.encoding() {
        Encoding::Wbxml => offsets.map(Place::Byte).collect(),
        Encoding::Xml => {
            let places = lines_and_columns(input.text(), offsets);
            places.into_iter().map(|(line, column)| Place::Text { line, column }).collect()
        }
    }
}

/// The line and column of each offset, which is the start of an element. The text is gone through once: a message can
/// be wrong in thousands of places.
fn lines_and_columns(text: &str, offsets: impl Iterator<Item = usize> + Clone) -> Vec<(usize, usize)> {
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
        assert_eq!(lines_and_columns(text, starts.iter().copied()), each);
    }
}
