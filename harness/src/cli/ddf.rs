//! `cspsim ddf`: the descriptions of the built-in CSPs.

use clap::Args;
use clap::builder::PossibleValuesParser;
use csp_model::schema::{builtin, ddf};

use crate::Failure;
use crate::output::Output;

/// Print the device description (DDF) of the built-in CSPs
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim ddf --csp Update
  cspsim ddf --csp Update --schema 1803 --out Update-1803.xml")]
pub(super) struct Ddf {
    /// One CSP only, by name
    #[arg(long, value_name = "NAME")]
    csp: Option<String>,
    /// The edition of the Update CSP
    #[arg(long, default_value = builtin::Edition::V2023.name(), value_parser = PossibleValuesParser::new(builtin::Edition::ALL.map(builtin::Edition::name)))]
    schema: String,
    #[command(flatten)]
    output: Output,
}

impl Ddf {
    pub(super) fn run(self) -> Result<(), Failure> {
        let edition = builtin::Edition::ALL
            .into_iter()
            .find(|edition| edition.name() == self.schema)
            .unwrap_or_default();
        let all = builtin::all(edition);
        let wanted = |name: &str| self.csp.as_ref().is_none_or(|csp| csp.eq_ignore_ascii_case(name));
        let roots: Vec<_> = all
            .iter()
            .filter(|(name, _)| wanted(name))
            .flat_map(|(_, roots)| roots.iter().cloned())
            .collect();
        if roots.is_empty() {
            let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
            let csp = self.csp.as_deref().unwrap_or_default();
            return Err(Failure::Usage(format!(
                "there is no built-in CSP `{csp}`: expected one of {}",
                names.join(", ")
            )));
        }
        self.output.write(ddf::write(&roots).as_bytes())
    }
}
