//! The command line: one file a command.

mod answer;
mod completions;
mod connect;
mod convert;
mod ddf;
mod hresult;
mod init;
mod lint;
mod logs;
mod man;
mod record;
mod redact;
mod replay;
mod report_file;
mod run;
mod schema;
mod serve;
mod test;
mod tree;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::Failure;

/// An offline simulator of a Windows device under MDM.
///
/// It answers an MDM server's SyncML as Windows would: ./Vendor/MSFT/Update, policies, DevInfo, DevDetail, and any
/// CSP whose description file you mount.
#[derive(Debug, Parser)]
#[command(name = "cspsim", version, arg_required_else_help = true, max_term_width = 100, after_long_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cspsim serve                                a device at http://127.0.0.1:8080
  cspsim answer request.xml                   what would the device answer?
  cspsim answer --explain request.xml         … and why?
  cspsim connect https://mdm.example.test/    what does my MDM server do with it?
  cspsim record --upstream https://mdm.test/  what do my device and my server say?
  cspsim lint package2.xml                    what is wrong with my server's messages?
  cspsim tree ./Vendor/MSFT/Update            what does the device hold?
  cspsim convert package1.wbxml --pretty      what does that WBXML say?
  cspsim run --for P60D --plot updates.svg    what becomes of the updates in two months?
  cspsim logs --for P60D --out logs           what would its own logs say of it?
  cspsim hresult 0x80244022                   what does that error mean, and what helps?
  cspsim replay session.har                   does it answer as the captured device did?
  cspsim test scenarios/                      does everything go as expected?
  cspsim init device --out lab.toml           a device file to start from
  cspsim tree --device lab.toml --json        the tree of that device, for a script

Exit codes: 0 done, 1 a check failed or a node is absent, 2 wrong usage, 3 input unreadable or malformed,
4 network or peer failed.";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Answer(answer::Answer),
    Connect(Box<connect::Connect>),
    Convert(convert::Convert),
    Tree(tree::Tree),
    Ddf(ddf::Ddf),
    Hresult(hresult::Hresult),
    Init(init::Init),
    Lint(lint::Lint),
    Logs(logs::Logs),
    Record(record::Record),
    Redact(redact::Redact),
    Replay(Box<replay::Replay>),
    Run(run::Run),
    Schema(schema::Schema),
    Test(test::Test),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs the command that the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing is left to be said to when this fails.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let done = match cli.command {
        Command::Serve(command) => command.run(),
        Command::Answer(command) => command.run(),
        Command::Connect(command) => command.run(),
        Command::Convert(command) => command.run(),
        Command::Tree(command) => command.run(),
        Command::Ddf(command) => command.run(),
        Command::Hresult(command) => command.run(),
        Command::Init(command) => command.run(),
        Command::Lint(command) => command.run(),
        Command::Logs(command) => command.run(),
        Command::Record(command) => command.run(),
        Command::Redact(command) => command.run(),
        Command::Replay(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Schema(command) => command.run(),
        Command::Test(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            match &failure {
                Failure::OutputClosed => {}
                said => anstream::eprintln!("{said}"),
            }
            failure.code()
        }
    }
}
