//! `cspsim schema`: JSON Schemas, for editors.

use clap::{Args, ValueEnum};
use csp_model::DeviceFile;

use crate::Failure;
use crate::output::Output;
use crate::scenario;

/// Print the JSON Schema of a file, for editors
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim schema device --out device.schema.json
  cspsim schema scenario --out scenario.schema.json")]
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
    /// The scenario file
    Scenario,
}

impl Schema {
    pub(super) fn run(self) -> Result<(), Failure> {
        let schema = match self.kind {
            Kind::Device => schemars::schema_for!(DeviceFile),
            Kind::Scenario => scenario::schema(),
        };
        self.output.write(format!("{:#}\n", schema.as_value()).as_bytes())
    }
}
