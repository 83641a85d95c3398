//! `cspsim schema`: JSON Schemas, for editors.

use clap::{Args, ValueEnum};
use csp_model::DeviceFile;

use crate::Failure;
use crate::output::Output;

/// Print the JSON Schema of a file, for editors
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim schema device --out device.schema.json")]
pub(super) struct Schema {
    /// Which file
    #[arg(value_enum)]
    kind: Kind,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// The device file
    Device,
}

impl Schema {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.kind {
            Kind::Device => {
                let schema = schemars::schema_for!(DeviceFile);
                self.output.write(format!("{:#}\n", schema.as_value()).as_bytes())
            }
        }
    }
}
