//! Running scenarios: each for itself, side by side, told in the order of their files.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::check;
use super::exchange::{Exchange, Session};
use super::failure::StepFailure;
use super::load::{Action, Scenario};
use crate::Failure;
use crate::dial::TlsOptions;

/// Which scenarios are run, and how.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// How many at a time.
    pub(crate) jobs: NonZeroUsize,
    /// Texts of which the path or the name must hold one; none means all.
    pub(crate) filters: Vec<String>,
    /// Whether they are run, or only looked at.
    pub(crate) mode: Mode,
    /// What happens after one that did not pass.
    pub(crate) after_failure: AfterFailure,
    /// Whom devices trust that dial a server.
    pub(crate) tls: TlsOptions,
}

/// What is done with a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is read and run.
    Run,
    /// It is read.
    List,
}

/// What happens after a scenario that did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    /// The others are run.
    GoOn,
    /// Those after it in order are not.
    Stop,
}

/// What became of a scenario.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The path of its file.
    pub(crate) path: PathBuf,
    /// What it is called, if it has a name.
    pub(crate) name: Option<String>,
    /// How many steps it has.
    pub(crate) steps: usize,
    /// How long it took to read and run it.
    pub(crate) elapsed: Duration,
    /// What its device's descriptions gave cause to say.
    pub(crate) warnings: Vec<String>,
    /// Whether it passed.
    pub(crate) verdict: Verdict,
}

/// Whether a scenario passed.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Everything was as expected.
    Passed,
    /// The steps at which something was not.
    Failed(Vec<StepFailure>),
    /// It could not be run.
    Unusable(Failure),
}

/// Runs the scenarios of `files` and tells of each in order. What the plan leaves out is not told of.
pub(crate) fn run(files: &[PathBuf], plan: &Plan, mut tell: impl FnMut(Outcome)) {
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..plan.jobs.get().min(files.len()) {
            let sender = sender.clone();
            let (next, stopped) = (&next, &stopped);
            scope.spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = files.get(index) else { return };
                    if sender.send((index, run_one(path, plan))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        in_order(receiver.into_iter(), |outcome| {
            let Some(outcome) = outcome else { return AfterFailure::GoOn };
            let passed = matches!(outcome.verdict, Verdict::Passed);
            tell(outcome);
            match plan.after_failure {
                AfterFailure::Stop if !passed => {
                    stopped.store(true, Ordering::Relaxed);
                    AfterFailure::Stop
                }
                AfterFailure::Stop | AfterFailure::GoOn => AfterFailure::GoOn,
            }
        });
    });
}

/// Hands out what comes with its number, in the order of the numbers, until it is enough.
fn in_order<T>(numbered: impl Iterator<Item = (usize, T)>, mut tell: impl FnMut(T) -> AfterFailure) {
    let mut early = BTreeMap::new();
    let mut next = 0;
    for (number, item) in numbered {
        early.insert(number, item);
        while let Some(item) = early.remove(&next) {
            if tell(item) == AfterFailure::Stop {
                return;
            }
            next += 1;
        }
    }
}

/// `None` for a scenario that the plan leaves out.
fn run_one(path: &Path, plan: &Plan) -> Option<Outcome> {
    let start = Instant::now();
    // A fault of ours in one scenario is no reason to know nothing of the others.
    let ran = panic::catch_unwind(AssertUnwindSafe(|| {
        let scenario = match Scenario::load(path) {
            Ok(scenario) => scenario,
            Err(failure) => {
                return plan.selects(path, None).then(|| unusable(path, failure, start.elapsed()));
            }
        };
        plan.selects(path, scenario.name.as_deref()).then(|| {
            let failures = match plan.mode {
                Mode::Run => failures(&scenario, &plan.tls),
                Mode::List => Vec::new(),
            };
            Outcome {
                path: path.to_owned(),
                steps: scenario.steps.len(),
                elapsed: start.elapsed(),
                warnings: scenario.warnings,
                verdict: if failures.is_empty() { Verdict::Passed } else { Verdict::Failed(failures) },
                name: scenario.name,
            }
        })
    }));
    ran.unwrap_or_else(|_| {
        let what =
            format!("cannot run {}: this is a fault in cspsim itself; please report it", path.display());
        Some(unusable(path, Failure::Input(what), start.elapsed()))
    })
}

fn unusable(path: &Path, failure: Failure, elapsed: Duration) -> Outcome {
    let verdict = Verdict::Unusable(failure);
    Outcome { path: path.to_owned(), name: None, steps: 0, elapsed, warnings: Vec::new(), verdict }
}

impl Plan {
    /// Whether a scenario of that path and name is meant.
    fn selects(&self, path: &Path, name: Option<&str>) -> bool {
        let path = path.to_string_lossy();
        let holds = |filter: &String| path.contains(filter) || name.is_some_and(|name| name.contains(filter));
        self.filters.is_empty() || self.filters.iter().any(holds)
    }
}

/// Takes every step of a scenario, whatever came of those before.
fn failures(scenario: &Scenario, tls: &TlsOptions) -> Vec<StepFailure> {
    let mut device = scenario.device.clone();
    let mut session = Session::new(&device);
    let mut failures = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        let exchange = match &step.action {
            Action::Send(_, message) => Exchange::of(message, &mut session, &mut device),
            Action::Connect(to) => Exchange::dialled(to, tls, &mut device),
            Action::Do(deed) => Exchange::of_deed(deed, &mut device),
        };
        let differences = check::differences(step, &exchange, &device);
        if !differences.is_empty() {
            failures.push(StepFailure::new(scenario, index + 1, step, differences));
        }
    }
    failures
}
