//! `cspsim tree`: what the device holds.

use std::fmt::Write as _;

use clap::Args;
use csp_model::tree::{Leaves, Listed};
use csp_model::{Format, TreeError};
use serde_json::json;

use crate::Failure;
use crate::kept::KeptDevice;
use crate::output::Output;
use crate::tree_json::{Node, address};

/// Show the device's tree, or the part below a node
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim tree ./Vendor/MSFT/Update
  cspsim tree ./DevDetail/SwV --json")]
pub(super) struct Tree {
    /// The node
    #[arg(value_name = "LOCURI", default_value = ".")]
    uri: String,
    #[command(flatten)]
    device: KeptDevice,
    /// Print JSON: every node with its name, address, format, value and children
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    output: Output,
}

impl Tree {
    pub(super) fn run(self) -> Result<(), Failure> {
        let uri = address(&self.uri).map_err(Failure::Usage)?;
        let device = self.device.look()?;
        let listed = device.list(&uri, Leaves::WithData).map_err(|error| {
            let why = match error {
                TreeError::NotFound => "the device has no such node".to_owned(),
                other => other.to_string(),
            };
            Failure::Check(format!("`{}`: {why}", self.uri))
        })?;
        let base = uri.to_string();
        let text = if self.json { as_json(&base, &listed) } else { as_text(&base, &listed) };
        self.output.write(text.as_bytes())
    }
}

fn as_text(base: &str, listed: &[Listed]) -> String {
    let mut text = String::new();
    for node in listed {
        let depth = node.below.matches('/').count();
        let name = if depth == 0 { base } else { node.below.rsplit('/').next().unwrap_or_default() };
        let value = match (&node.value, node.format) {
            (Some(value), Format::Chr | Format::Xml) => format!(" = {:?}", value.text()),
            (Some(value), _) => format!(" = {value}"),
            (None, Format::Node) => String::new(),
            (None, format) => format!(" ({format})"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:indent$}{name}{value}", "", indent = depth * 2);
    }
    text
}

fn as_json(base: &str, listed: &[Listed]) -> String {
    format!("{:#}\n", json!(Node::nested(base, listed)))
}
