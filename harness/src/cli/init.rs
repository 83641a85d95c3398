//! `cspsim init`: a commented file to start from.

use clap::{Args, ValueEnum};
use csp_model::DeviceFile;

use crate::Failure;
use crate::output::Output;

/// Print a commented file to start from
///
/// The device file is that of the built-in device.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim init device --out lab.toml
  cspsim answer --device lab.toml request.xml")]
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
}

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.kind {
            Kind::Device => self.output.write(DeviceFile::BUILTIN.as_bytes()),
        }
    }
}
