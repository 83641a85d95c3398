//! How a command ends: the exit codes, and what is said before.

use std::io;
use std::path::Path;
use std::process::ExitCode;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// A check failed, or what was asked for is absent. Exit code 1.
    Check(String),
    /// The command line asks for what cannot be. Exit code 2.
    Usage(String),
    /// Input that cannot be read or makes no sense. Exit code 3.
    Input(String),
    /// The same, with its place: the text is ready to be shown, `error: ` included. Exit code 3.
    Located(String),
    /// The network or a peer failed; a port is in use. Exit code 4.
    Network(String),
    /// Whoever reads the output has gone. Exit code 0, and nothing is said.
    OutputClosed,
    /// The output cannot be written. Exit code 3.
    Output(String),
}

impl Failure {
    /// A file that cannot be read.
    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Input(format!("cannot read {}: {error}", path.display()))
    }

    /// The exit code.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::OutputClosed => 0,
            Self::Check(_) => 1,
            Self::Usage(_) => 2,
            Self::Input(_) | Self::Located(_) | Self::Output(_) => 3,
            Self::Network(_) => 4,
        })
    }
}

impl std::fmt::Display for Failure {
    /// What goes to standard error.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Check(what)
            | Self::Usage(what)
            | Self::Input(what)
            | Self::Output(what)
            | Self::Network(what) => write!(f, "error: {what}"),
            Self::Located(report) => f.write_str(report),
            Self::OutputClosed => Ok(()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Output(format!("cannot write to standard output: {error}")),
        }
    }
}
