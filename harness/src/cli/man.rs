//! `cspsim man`: the manual pages, from the same words as `--help`.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man as Page;
use clap_mangen::roff::{Roff, roman};

use super::Cli;
use crate::Failure;
use crate::output;

/// Print a manual page, or write them all into a folder
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim man | man -l -
  cspsim man answer | man -l -
  cspsim man --out ~/.local/share/man/man1")]
pub(super) struct Man {
    /// The page of this command, rather than that of cspsim
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    command: Option<String>,
    /// Write the pages of cspsim and of every command into DIR, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self) -> Result<(), Failure> {
        // `help` repeats what the pages say.
        let mut whole = Cli::command().disable_help_subcommand(true);
        whole.build();
        if let Some(folder) = &self.out {
            let failed = |error| Failure::Output(format!("cannot write into {}: {error}", folder.display()));
            fs::create_dir_all(folder).map_err(failed)?;
            for command in std::iter::once(&whole).chain(whole.get_subcommands()) {
                let path = folder.join(Page::new(command.clone()).get_filename());
                output::write(&path, &page(command))?;
            }
            return Ok(());
        }
        let shown = match &self.command {
            None => &whole,
            Some(name) => whole.find_subcommand(name).ok_or_else(|| {
                let names: Vec<_> = whole.get_subcommands().map(Command::get_name).collect();
                Failure::Usage(format!("there is no command `{name}`: expected one of {}", names.join(", ")))
            })?,
        };
        output::print(&page(shown))
    }
}

/// The page of one command in roff. What its help says at the end becomes sections of their own.
fn page(command: &Command) -> Vec<u8> {
    let ending = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    // Absent: dates, which would differ from build to build.
    let main = Page::new(command.clone().after_long_help(None::<&str>))
        .source(concat!("cspsim ", env!("CARGO_PKG_VERSION")))
        .manual("cspsim");
    let mut bytes = Vec::new();
    main.render(&mut bytes)
        .and_then(|()| sections(&ending).to_writer(&mut bytes))
        .expect("memory takes whatever is written");
    bytes
}

/// A paragraph that begins as `Examples:` does is a section of that name; its lines stay as they are.
fn sections(ending: &str) -> Roff {
    let mut roff = Roff::new();
    for paragraph in ending.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        let text = match paragraph.split_once(':') {
            Some((heading, text)) if is_heading(heading) => {
                roff.control("SH", [heading.to_uppercase().as_str()]);
                text.trim_start_matches([' ', '\n'])
            }
            _ => {
                roff.control("PP", []);
                paragraph
            }
        };
        roff.control("nf", []);
        for line in text.lines() {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        roff.control("fi", []);
    }
    roff
}

/// Words, the first one with a capital: an indented line is none.
fn is_heading(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_alphabetic() || c == ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_become_sections_and_examples_stay_as_they_are() {
        let ending = "Examples:\n  cspsim serve\n    .more\n\n  curl http://127.0.0.1:8080/\n\nExit codes: 0 done,\n1 not.";
        let roff = sections(ending).to_roff();
        let expected = ".SH EXAMPLES\n.nf\ncspsim serve\n  .more\n.fi\n\
                        .PP\n.nf\ncurl http://127.0.0.1:8080/\n.fi\n\
                        .SH \"EXIT CODES\"\n.nf\n0 done,\n1 not.\n.fi\n";
        assert_eq!(roff, expected);
    }
}
