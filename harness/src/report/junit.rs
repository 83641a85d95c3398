//! What became of scenarios, as `JUnit`: a suite is a folder, a case is a scenario file.
//!
//! The steps of a scenario build on each other, so they are no cases of their own: what failed in them is the text of
//! the case's failure. A scenario that could not be run is an error.

use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::plain;
use crate::scenario::{Outcome, StepFailure, Verdict};

/// The report.
///
/// # Errors
/// Never, as far as is known: writing to memory does not fail.
pub(crate) fn junit(outcomes: &[Outcome], elapsed: Duration) -> Result<Vec<u8>, SerializeError> {
    let mut suites: Vec<(String, Vec<&Outcome>)> = Vec::new();
    for outcome in outcomes {
        let folder = folder(&outcome.path);
        match suites.iter_mut().find(|(name, _)| *name == folder) {
            Some((_, members)) => members.push(outcome),
            None => suites.push((folder, vec![outcome])),
        }
    }
    let mut report = Report::new("cspsim");
    report.set_time(elapsed);
    for (name, members) in suites {
        let mut suite = TestSuite::new(name.as_str());
        suite.set_time(members.iter().map(|outcome| outcome.elapsed).sum());
        suite.add_test_cases(members.into_iter().map(|outcome| case(&name, outcome)));
        report.add_test_suite(suite);
    }
    let mut bytes = Vec::new();
    report.serialize(&mut bytes)?;
    Ok(bytes)
}

fn case(suite: &str, outcome: &Outcome) -> TestCase {
    let file = outcome.path.file_name().unwrap_or_default().to_string_lossy();
    let name = match &outcome.name {
        None => file.into_owned(),
        Some(name) => format!("{file}: {name}"),
    };
    let mut case = TestCase::new(name, status(outcome));
    case.set_classname(suite);
    case.set_time(outcome.elapsed);
    // GitLab and CircleCI link to it.
    case.extra.insert("file".into(), outcome.path.to_string_lossy().into());
    case
}

fn status(outcome: &Outcome) -> TestCaseStatus {
    let (kind, ty, message, text) = match &outcome.verdict {
        Verdict::Passed => return TestCaseStatus::success(),
        Verdict::Failed(steps) => {
            let shown: Vec<_> = steps.iter().map(|step| plain(&step.shown)).collect();
            (NonSuccessKind::Failure, "expectation", first(steps), shown.join("\n\n"))
        }
        Verdict::Unusable(failure) => {
            let text = plain(&failure.to_string());
            let first = text.lines().next().unwrap_or_default();
            let message = first.strip_prefix("error: ").unwrap_or(first).to_owned();
            (NonSuccessKind::Error, "scenario", message, text)
        }
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(ty).set_message(message).set_description(text);
    status
}

/// The first thing that was not as expected, in a line.
fn first(steps: &[StepFailure]) -> String {
    let first = steps.first().and_then(|step| Some((step.step, &step.differences.first()?.0)));
    first.map_or_else(String::new, |(step, difference)| {
        format!("step {step}: {}: {}", difference.field, difference.in_words())
    })
}

fn folder(path: &Path) -> String {
    match path.parent().map(Path::to_string_lossy) {
        None => ".".to_owned(),
        Some(folder) if folder.is_empty() => ".".to_owned(),
        Some(folder) => folder.into_owned(),
    }
}
