//! `cspsim completions`: what a shell needs to complete the command line.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Cli;
use crate::Failure;
use crate::output::Output;

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim completions bash --out ~/.local/share/bash-completion/completions/cspsim
  cspsim completions zsh --out ~/.zfunc/_cspsim
  cspsim completions fish --out ~/.config/fish/completions/cspsim.fish
  cspsim completions powershell >> $PROFILE")]
pub(super) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
    #[command(flatten)]
    output: Output,
}

impl Completions {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "cspsim", &mut script);
        self.output.write(&script)
    }
}
