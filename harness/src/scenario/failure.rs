//! A step that failed, as it is shown: its lines of the file, with what came beside what was expected.

use std::ops::Range;

use csp_model::xml::line_and_column;

use super::check::Difference;
use super::load::{Action, Origin, Scenario, Step};
use crate::located::{Mark, located_all};
use crate::transport::shown;

/// So many differences are marked in their lines; more are told below, for marks on one line would hide each other.
const MOST_MARKS: usize = 25;

/// A step at which something was not as expected.
#[derive(Debug)]
pub(crate) struct StepFailure {
    /// The step, counted from 1.
    pub(crate) step: usize,
    /// What was not, and where that stands in the file.
    pub(crate) differences: Vec<(Difference, Position)>,
    /// The lines of the file with the differences marked, as a terminal shows them.
    pub(crate) shown: String,
}

/// A line and a column, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl StepFailure {
    pub(super) fn new(scenario: &Scenario, number: usize, step: &Step, differences: Vec<Difference>) -> Self {
        let text = &scenario.document.source.text;
        let places = differences.iter().map(|difference| &difference.place);
        let spans = scenario.document.syntax.spans(text, places).into_iter();
        let spans: Vec<_> = spans.map(|span| first_line(text, span.unwrap_or_default())).collect();
        let (marked, others) = differences.split_at(differences.len().min(MOST_MARKS));
        let marks: Vec<_> = marked
            .iter()
            .zip(&spans)
            .map(|(difference, span)| {
                // The mark shows which of several values is meant.
                let label = format!("{}: {}", difference.field.head(), difference.in_words());
                Mark { span: span.clone(), label }
            })
            .collect();
        let reasons = marked
            .iter()
            .filter_map(|difference| Some(format!("{}: {}", difference.field, difference.why.as_ref()?)));
        let others =
            others.iter().map(|difference| format!("{}: {}", difference.field, difference.in_words()));
        let notes: Vec<_> = reasons.chain(others).collect();
        let message = match &step.action {
            Action::Send(Origin::File(path), _) => format!(" ({path})"),
            Action::Send(Origin::Inline, _) => String::new(),
            Action::Connect(url) => format!(" ({})", shown(url)),
            Action::Do(deed) => format!(" ({})", deed.key()),
        };
        let count = match differences.len() {
            1 => "one expectation is not met".to_owned(),
            several => format!("{several} expectations are not met"),
        };
        let shown = located_all(
            &format!("step {number}{message}: {count}"),
            &scenario.document.name(),
            text,
            &marks,
            &notes,
        );
        let positions = spans.into_iter().map(|span| {
            let (line, column) = line_and_column(text, span.start);
            Position { line, column }
        });
        Self { step: number, differences: differences.into_iter().zip(positions).collect(), shown }
    }
}

/// The first line of a value: a message may have many.
fn first_line(text: &str, span: Range<usize>) -> Range<usize> {
    let value = text.get(span.clone()).unwrap_or_default();
    span.start..span.start + value.lines().next().unwrap_or_default().len()
}
