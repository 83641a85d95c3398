//! Both engines against each other, as bytes: what the server is told became of its commands is what became of them.
//!
//! A case has a device, a server, commands and a transport that loses answers, delivers them twice and breaks sessions
//! off. What must come of it is made out beside the engines: codes and Results by a `Responder` that gets every command
//! alone, the device by `reference.rs`, which applies to the tree what the server says was done.

mod case;
mod link;
mod reference;

use proptest::prelude::*;
use syncml::message::Status;
use syncml::session::device::Ending;
use syncml::session::server::{self, Answer, Outcome};

use case::{Case, Credible};
use link::Played;
use reference::Expected;

/// Sessions that are tried. Each has some ten messages.
const CASES: u32 = 2_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_is_what_was_done(case in case::case()) {
        let before = case.device();
        let played = link::play(&case, before.clone())?;
        // A server that cannot prove itself gives up, and leaves what the device has still to say.
        let gives_up = |finding: &&String| {
            case.credible() == Credible::No && finding.starts_with("device: results-ignored: ")
        };
        let findings: Vec<_> = played.findings.iter().filter(|finding| !gives_up(finding)).collect();
        prop_assert_eq!(findings, Vec::<&String>::new());
        if case.credible() == Credible::No {
            prop_assert!(!played.ending.as_ref().is_some_and(Ending::is_complete), "{:?}", played.ending);
            prop_assert_eq!(reference::shown(&played.device), reference::shown(&before));
            let is_answered = |outcome: &Option<Outcome>| outcome.as_ref().is_some_and(|it| it.answer().is_some());
            prop_assert!(!played.outcomes.iter().any(is_answered));
            return Ok(());
        }
        ended_well(&case, &played)?;
        if played.ending == Some(Ending::TooManyMessages) {
            // What was done and not told yet is not known.
            return Ok(());
        }
        let mut expected = Expected::new(before);
        for (command, outcome) in case.commands.iter().zip(&played.outcomes) {
            let Some(answer) = outcome.as_ref().and_then(Outcome::answer) else { continue };
            if answer.code() == Some(517) {
                continue;
            }
            let (codes, results, is_done) = expected.take(command);
            prop_assert_eq!(codes_of(answer), codes, "{:?}", command);
            prop_assert_eq!(is_done, answer.statuses.iter().all(|status| status.number() == Some(200)), "{:?}", command);
            // Results that do not fit are left out, and the session ends.
            if !case.may_abort() && played.ending == Some(Ending::Complete) {
                prop_assert_eq!(answer.broken, None);
                prop_assert_eq!(results_of(answer), results, "{:?}", command);
            }
        }
        prop_assert_eq!(reference::shown(&played.device), reference::shown(&expected.device));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES / 4, failure_persistence: None, ..ProptestConfig::default() })]

    /// Commands that no server would send: the session ends, nobody panics, and what comes twice is done once.
    #[test]
    fn anything_at_all_ends(case in case::any_case()) {
        link::play(&case, case.device())?;
    }
}

/// Whether the session went as far as the two sides let it.
fn ended_well(case: &Case, played: &Played) -> Result<(), TestCaseError> {
    match &played.ending {
        Some(Ending::Complete) => {
            prop_assert_eq!(played.server_ending, Some(server::Ending::Done));
            for outcome in &played.outcomes {
                let is_fair = match outcome {
                    Some(Outcome::Answered(_)) => true,
                    Some(Outcome::TooLarge { .. }) => case.device.max_msg_size.is_some(),
                    Some(Outcome::Unanswered | Outcome::Unsent) | None => false,
                };
                prop_assert!(is_fair, "{:?}", outcome);
            }
        }
        Some(Ending::AnswerTooLarge) => prop_assert!(case.may_abort()),
        Some(Ending::TooManyMessages) => prop_assert!(case.is_long()),
        other => prop_assert!(false, "{:?}", other),
    }
    Ok(())
}

/// The codes of a command and its members, in document order.
fn codes_of(answer: &Answer) -> Vec<Vec<u16>> {
    let own = answer.statuses.iter().map(|status: &Status| status.number().unwrap_or_default()).collect();
    let members = answer.members.iter().flat_map(codes_of);
    [own].into_iter().chain(members).collect()
}

/// The Items of its Results: address, Format and Data.
fn results_of(answer: &Answer) -> Vec<[String; 3]> {
    let own = answer.results.iter().map(reference::described);
    own.chain(answer.members.iter().flat_map(results_of)).collect()
}
