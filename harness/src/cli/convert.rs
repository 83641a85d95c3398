//! `cspsim convert`: a message from XML to WBXML and back, and the tokens of WBXML as a list.

use std::path::PathBuf;

use clap::Args;
use syncml::codec::{self, Encoding, Limits, wbxml};

use crate::Failure;
use crate::input;
use crate::opening::Spoken;
use crate::output::Output;
use crate::pretty::pretty;

/// Turn a message from XML into WBXML, or from WBXML into XML
///
/// What FILE is in, its first byte says; `-` is standard input. Nothing that a message says is lost on the way; white
/// space between elements, comments and processing instructions are not part of it. WBXML goes to a file or a pipe, not to
/// a terminal.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim convert package1.xml --out package1.wbxml
  cspsim convert package1.wbxml --pretty
  cspsim convert --dump package1.wbxml             every token with its offset, also of what is broken
  cspsim convert --dump package1.xml               … of what it would be in WBXML

Exit codes: 0 done, 3 FILE cannot be read or is no message.")]
pub(super) struct Convert {
    /// The message
    file: PathBuf,
    /// The encoding to turn it into [default: the other one]
    #[arg(long, value_enum, conflicts_with = "dump")]
    to: Option<Spoken>,
    /// List the tokens of WBXML: offset, bytes, code page, meaning
    #[arg(long)]
    dump: bool,
    /// Indent the elements of XML; what is in Data stays as it is
    #[arg(long, conflicts_with = "dump")]
    pretty: bool,
    #[command(flatten)]
    output: Output,
}

impl Convert {
    pub(super) fn run(self) -> Result<(), Failure> {
        let limits = Limits::default();
        let bytes = input::bytes(&self.file, limits.bytes as u64)?;
        let decoded = codec::decode_with_text(&bytes, &limits);
        if self.dump {
            // What is broken is listed up to there.
            if Encoding::of(&bytes) == Encoding::Wbxml {
                self.output.write(wbxml::dump(&bytes).as_bytes())?;
            }
        }
        let (message, input) = decoded.map_err(|error| input::malformed(&self.file, &bytes, &error))?;
        let from = input.encoding();
        if self.dump {
            return match from {
                Encoding::Wbxml => Ok(()),
                Encoding::Xml => {
                    let bytes = codec::encode_as(&message, Encoding::Wbxml);
                    self.output.write(wbxml::dump(&bytes).as_bytes())
                }
            };
        }
        let to = self.to.map_or_else(|| other(from), Encoding::from);
        let converted = codec::encode_as(&message, to);
        match to {
            Encoding::Wbxml if self.pretty => {
                Err(Failure::Usage("--pretty is for XML, and this becomes WBXML".to_owned()))
            }
            Encoding::Wbxml => self.output.write_binary(&converted),
            Encoding::Xml => {
                let text = String::from_utf8_lossy(&converted);
                let text = if self.pretty { pretty(&text) } else { text.into_owned() + "\n" };
                self.output.write(text.as_bytes())
            }
        }
    }
}

const fn other(encoding: Encoding) -> Encoding {
    match encoding {
        Encoding::Xml => Encoding::Wbxml,
        Encoding::Wbxml => Encoding::Xml,
    }
}
