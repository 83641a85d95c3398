//! What came of replays, as `JUnit`: a suite is a capture, a case is a session. A capture that could not be read is an
//! error.

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::super::outcome::{Played, Verdict};
use super::{Unreadable, differences, session, title};
use crate::transcript::Secrets;

/// The report.
///
/// # Errors
/// Never, as far as is known: writing to memory does not fail.
pub(crate) fn junit(
    played: &[Played],
    unreadable: &[Unreadable],
    secrets: Secrets,
) -> Result<Vec<u8>, SerializeError> {
    let mut suites: Vec<(&str, Vec<TestCase>)> = Vec::new();
    let mut add = |capture, case| match suites.iter_mut().find(|(name, _)| *name == capture) {
        Some((_, cases)) => cases.push(case),
        None => suites.push((capture, vec![case])),
    };
    for (one, number) in played.iter().zip(1_usize..) {
        add(&*one.capture, case(one, number, secrets));
    }
    for one in unreadable {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("capture").set_message(one.what.as_str());
        let mut case = TestCase::new("capture", status);
        case.set_classname(one.capture.as_str());
        add(&one.capture, case);
    }
    let mut report = Report::new("cspsim replay");
    for (name, cases) in suites {
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(cases);
        report.add_test_suite(suite);
    }
    let mut bytes = Vec::new();
    report.serialize(&mut bytes)?;
    Ok(bytes)
}

fn case(played: &Played, number: usize, secrets: Secrets) -> TestCase {
    let named = session(played);
    let name = if named.is_empty() { format!("{number}") } else { format!("{number}: {named}") };
    let mut case = TestCase::new(name, status(played, secrets));
    case.set_classname(&*played.capture);
    case.extra.insert("file".into(), (&*played.capture).into());
    case
}

fn status(played: &Played, secrets: Secrets) -> TestCaseStatus {
    if played.verdict() == Verdict::NotCompared {
        let mut status = TestCaseStatus::skipped();
        status.set_message("nothing was compared");
        return status;
    }
    let mut differences = played.different.iter().flat_map(|different| {
        differences(different, secrets).map(move |difference| format!("{}: {difference}", title(different)))
    });
    let Some(first) = differences.next() else { return TestCaseStatus::success() };
    let all: Vec<_> = std::iter::once(first.clone()).chain(differences).collect();
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type("difference").set_message(first).set_description(all.join("\n"));
    status
}
