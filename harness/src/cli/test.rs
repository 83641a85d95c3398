//! `cspsim test`: scenario files, run.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use clap::Args;

use super::report_file::ReportFile;
use crate::Failure;
use crate::dial::TlsOptions;
use crate::report::{self, Human};
use crate::scenario::{self, AfterFailure, Mode, Plan};

/// Run scenario files: a device, what is sent to it, and what is expected
///
/// PATH is a scenario file, or a folder: every .toml and .json file in it that has a `step` is run, hidden ones left
/// out. Scenarios are run side by side and told of in order. Exit codes: 1 when one has failed, 3 when one could not be
/// run, 2 when none was found.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim init scenario --out approve.toml
  cspsim test approve.toml
  cspsim test scenarios/ --filter rollback
  cspsim test scenarios/ --report junit=junit.xml --report json=report.json")]
pub(super) struct Test {
    /// Scenario files, and folders of them; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Run only scenarios whose path or name holds TEXT; given several times, any of them
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Stop after the first scenario that does not pass, in order
    #[arg(long)]
    fail_fast: bool,
    /// Print the scenarios that would be run, one a line
    #[arg(long, conflicts_with = "report")]
    list: bool,
    /// How many scenarios are run at a time [default: the number of processors]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Write what became of the scenarios to a file: junit=FILE or json=FILE
    #[arg(long, value_name = "FORMAT=FILE")]
    report: Vec<ReportFile>,
    #[command(flatten)]
    tls: TlsOptions,
}

impl Test {
    pub(super) fn run(self) -> Result<(), Failure> {
        let files = scenario::find(&self.paths)?;
        let one = NonZeroUsize::MIN;
        let plan = Plan {
            tls: self.tls,
            jobs: self.jobs.unwrap_or_else(|| thread::available_parallelism().unwrap_or(one)),
            filters: self.filter,
            mode: if self.list { Mode::List } else { Mode::Run },
            after_failure: if self.fail_fast { AfterFailure::Stop } else { AfterFailure::GoOn },
        };
        let start = Instant::now();
        let mut human = Human::default();
        let mut told = Ok(());
        let mut outcomes = Vec::new();
        scenario::run(&files, &plan, |outcome| {
            let now = match plan.mode {
                Mode::Run => human.ran(&outcome),
                Mode::List => human.listed(&outcome),
            };
            if told.is_ok() {
                told = now;
            }
            outcomes.push(outcome);
        });
        let elapsed = start.elapsed();
        told?;
        if outcomes.is_empty() {
            return Err(Failure::Usage(format!(
                "no scenario found: none of {} holds {} in its path or name",
                files.len(),
                plan.filters.iter().map(|filter| format!("`{filter}`")).collect::<Vec<_>>().join(" or ")
            )));
        }
        if plan.mode == Mode::Run {
            human.sum(elapsed, files.len() - outcomes.len())?;
        }
        for file in &self.report {
            file.write(|| report::json(&outcomes, elapsed), || report::junit(&outcomes, elapsed))?;
        }
        let of = |count: usize| format!("{count} of {}", human.ran_at_all());
        match (human.failed, human.unusable) {
            (0, 0) => Ok(()),
            (failed, 0) => Err(Failure::Check(format!("{} scenarios failed", of(failed)))),
            (_, unusable) => Err(Failure::Input(format!("{} scenarios could not be run", of(unusable)))),
        }
    }
}
