//! What became of scenarios, as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use super::plain;
use crate::scenario::{Outcome, Verdict};

/// The report: every scenario in order, with everything that was not as expected.
pub(crate) fn json(outcomes: &[Outcome], elapsed: Duration) -> Vec<u8> {
    let count = |wanted: &str| outcomes.iter().filter(|outcome| result(outcome) == wanted).count();
    let report = json!({
        "passed": count("passed"),
        "failed": count("failed"),
        "errors": count("error"),
        "seconds": elapsed.as_secs_f64(),
        "scenarios": outcomes.iter().map(scenario).collect::<Vec<_>>(),
    });
    format!("{report:#}\n").into_bytes()
}

fn scenario(outcome: &Outcome) -> Value {
    let failures: Vec<_> = match &outcome.verdict {
        Verdict::Passed | Verdict::Unusable(_) => Vec::new(),
        Verdict::Failed(steps) => steps
            .iter()
            .flat_map(|step| {
                step.differences.iter().map(|(difference, position)| {
                    json!({
                        "step": step.step,
                        "field": difference.field.to_string(),
                        "line": position.line,
                        "column": position.column,
                        "expected": difference.expected,
                        "got": difference.got,
                        "why": difference.why,
                    })
                })
            })
            .collect(),
    };
    let error = match &outcome.verdict {
        Verdict::Passed | Verdict::Failed(_) => None,
        Verdict::Unusable(failure) => Some(plain(&failure.to_string())),
    };
    json!({
        "file": outcome.path.display().to_string(),
        "name": outcome.name,
        "result": result(outcome),
        "steps": outcome.steps,
        "seconds": outcome.elapsed.as_secs_f64(),
        "failures": failures,
        "error": error,
    })
}

fn result(outcome: &Outcome) -> &'static str {
    match &outcome.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::Unusable(_) => "error",
    }
}
