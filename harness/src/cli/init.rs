//! `cspsim init`: a commented file to start from.

use clap::{Args, ValueEnum};
use csp_model::DeviceFile;

use crate::Failure;
use crate::output::Output;
use crate::scenario;

/// Print a commented file to start from
///
/// The device file is that of the built-in device; the scenario passes as it stands.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim init device --out lab.toml
  cspsim answer --device lab.toml request.xml
  cspsim init scenario --out approve.toml
  cspsim test approve.toml")]
pub(super) struct Init {
    /// Which file
    #[arg(value_enum, default_value_t = Kind::Device)]
    kind: Kind,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// A device file
    Device,
    /// A scenario file
    Scenario,
}

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.kind {
            Kind::Device => self.output.write(DeviceFile::BUILTIN.as_bytes()),
            Kind::Scenario => self.output.write(scenario::EXAMPLE.as_bytes()),
        }
    }
}
