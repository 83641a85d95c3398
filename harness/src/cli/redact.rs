//! `cspsim redact`: a capture without its secrets.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::PathBuf;

use clap::Args;

use crate::Failure;
use crate::output::Output;
use crate::{input, redact};

/// The most bytes of a capture that is read whole.
const LARGEST: u64 = 1 << 30;

/// Take the secrets out of a capture
///
/// FILE is a transcript of cspsim's, a message in XML or WBXML, text that has messages in it, or HAR; `-` is standard
/// input. Credentials, tokens, certificates, keys and serial numbers become `REDACTED0001` and so on: equal ones have the
/// same number, everything else stays as it is. What is redacted already keeps its numbers. The same file gives the same output every time. Names of devices and
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
        let shown = self.file.display();
        let cannot = |what: String| Failure::Input(format!("cannot redact {shown}: {what}"));
        let notes = if self.is_transcript()? {
            let sought = redact::seek(self.open()?).map_err(cannot)?;
            let input = self.open()?;
            self.output.stream(|out| redact::transcript(input, out, &sought).map_err(io::Error::other))?
        } else {
            let bytes = input::bytes(&self.file, LARGEST)?;
            let redacted = redact::redact(bytes.into()).map_err(cannot)?;
            // What was no text before is none now.
            if std::str::from_utf8(&redacted.bytes).is_ok() {
                self.output.write(&redacted.bytes)?;
            } else {
                self.output.write_binary(&redacted.bytes)?;
            }
            redacted.notes
        };
        for note in &notes {
            anstream::eprintln!("warning: {shown}: {note}");
        }
        Ok(())
    }

    /// Whether the file is a transcript, which can be larger than anything else. What comes from a pipe comes once, and
    /// is read whole.
    fn is_transcript(&self) -> Result<bool, Failure> {
        let unreadable = |error: io::Error| Failure::unreadable(&self.file, &error);
        if !fs::metadata(&self.file).is_ok_and(|file| file.is_file()) {
            return Ok(false);
        }
        let mut line = Vec::new();
        self.open()?.take(LARGEST).read_until(b'\n', &mut line).map_err(unreadable)?;
        Ok(redact::is_transcript(&line))
    }

    /// The file from its beginning.
    fn open(&self) -> Result<impl BufRead + use<>, Failure> {
        let unreadable = |error: io::Error| Failure::unreadable(&self.file, &error);
        Ok(BufReader::new(File::open(&self.file).map_err(unreadable)?))
    }
}
