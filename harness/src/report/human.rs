//! What became of scenarios, for people: a line each as it ends, what failed below it, and the sum.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::Failure;
use crate::output;
use crate::scenario::{Outcome, Verdict};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const NAME: Style = Style::new().dimmed();

/// Tells people of scenarios, and counts them.
#[derive(Debug, Default)]
pub(crate) struct Human {
    /// How many were as expected.
    pub(crate) passed: usize,
    /// How many were not.
    pub(crate) failed: usize,
    /// How many could not be run.
    pub(crate) unusable: usize,
    /// Whether nobody reads any more. The scenarios are run all the same: their exit code and reports count.
    is_closed: bool,
}

impl Human {
    /// Tells what became of a scenario: on standard output; why one could not be run on standard error.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn ran(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        let (style, word) = match &outcome.verdict {
            Verdict::Passed => (GOOD, "PASS"),
            Verdict::Failed(_) => (BAD, "FAIL"),
            Verdict::Unusable(_) => (BAD, "ERROR"),
        };
        self.print(&format!("{style}{word:>12}{style:#} {} {}\n", time(outcome.elapsed), title(outcome)))?;
        warn(outcome);
        match &outcome.verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed(steps) => {
                self.failed += 1;
                let steps: String = steps.iter().map(|step| format!("\n{}\n", step.shown)).collect();
                self.print(&format!("{steps}\n"))?;
            }
            Verdict::Unusable(failure) => {
                self.unusable += 1;
                anstream::eprintln!("{failure}");
            }
        }
        Ok(())
    }

    /// Tells that there is a scenario.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn listed(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        match &outcome.verdict {
            Verdict::Unusable(failure) => {
                self.unusable += 1;
                anstream::eprintln!("{failure}");
                Ok(())
            }
            Verdict::Passed | Verdict::Failed(_) => {
                self.passed += 1;
                self.print(&format!("{}\n", title(outcome)))
            }
        }
    }

    /// Tells the sum.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn sum(&mut self, elapsed: Duration, left_out: usize) -> Result<(), Failure> {
        let ran = self.ran_at_all();
        let style = if self.passed == ran { GOOD } else { BAD };
        let counts = [(self.failed, "failed"), (self.unusable, "could not be run"), (left_out, "left out")];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts: String = counts.map(|(count, what)| format!(", {count} {what}")).collect();
        let scenarios = if ran == 1 { "scenario" } else { "scenarios" };
        let line = format!(
            "{:-<12}\n{style}{:>12}{style:#} {} {ran} {scenarios}: {} passed{counts}\n",
            "",
            "Summary",
            time(elapsed),
            self.passed
        );
        self.print(&line)
    }

    /// How many were told of.
    pub(crate) const fn ran_at_all(&self) -> usize {
        self.passed + self.failed + self.unusable
    }

    fn print(&mut self, text: &str) -> Result<(), Failure> {
        if self.is_closed {
            return Ok(());
        }
        match output::print(text.as_bytes()) {
            Err(Failure::OutputClosed) => {
                self.is_closed = true;
                Ok(())
            }
            other => other,
        }
    }
}

/// The path, and the name if there is one.
fn title(outcome: &Outcome) -> String {
    let path = outcome.path.display();
    match &outcome.name {
        None => path.to_string(),
        Some(name) => format!("{path}: {NAME}{name}{NAME:#}"),
    }
}

fn warn(outcome: &Outcome) {
    for warning in &outcome.warnings {
        anstream::eprintln!("{warning}");
    }
}

fn time(elapsed: Duration) -> String {
    format!("[{:>8.3}s]", elapsed.as_secs_f64())
}
