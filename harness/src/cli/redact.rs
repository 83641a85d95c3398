//! `cspsim redact`: a capture without its secrets.

use std::path::PathBuf;

use clap::Args;

use crate::Failure;
use crate::output::Output;
use crate::{input, redact};

/// The most bytes of a capture.
const LARGEST: u64 = 1 << 30;

/// Take the secrets out of a capture
///
/// FILE is a transcript of cspsim's, a message in XML or WBXML, text that has messages in it, or HAR; `-` is standard
/// input. Credentials, tokens, certificates, keys and serial numbers become `REDACTED0001` and so on: equal ones have the
/// same number, everything else stays as it is. The same file gives the same output every time. Names of devices and
/// users stay: look at what is left before you give it away.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim redact --out public.jsonl session.jsonl
  cspsim redact --out public.har capture.har
  cspsim redact - < message.xml

Exit codes: 3 when nothing can be looked for in the file.")]
pub(super) struct Redact {
    /// The capture
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    output: Output,
}

impl Redact {
    pub(super) fn run(self) -> Result<(), Failure> {
        let bytes = input::bytes(&self.file, LARGEST)?;
        let shown = self.file.display();
        let redacted = redact::redact(bytes.into())
            .map_err(|what| Failure::Input(format!("cannot redact {shown}: {what}")))?;
        for note in &redacted.notes {
            anstream::eprintln!("warning: {shown}: {note}");
        }
        // What was no text before is none now.
        if std::str::from_utf8(&redacted.bytes).is_ok() {
            self.output.write(&redacted.bytes)
        } else {
            self.output.write_binary(&redacted.bytes)
        }
    }
}
