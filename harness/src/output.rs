//! Where a command writes: standard output, or the file that `--out` names.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use crate::Failure;

/// Where the output goes.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Output {
    /// Write to FILE instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Output {
    /// Whether a file was named.
    pub(crate) const fn is_file(&self) -> bool {
        self.out.is_some()
    }

    /// Writes the whole output at once: a file is there complete, or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(path) = &self.out else { return print(bytes) };
        let mut unfinished = path.clone().into_os_string();
        unfinished.push(".part");
        let written = fs::write(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, path));
        written.map_err(|error| {
            // What was begun is of no use to anybody.
            let _ = fs::remove_file(&unfinished);
            Failure::Output(format!("cannot write {}: {error}", path.display()))
        })
    }
}

/// Writes to standard output; colours reach only a terminal that wants them.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(bytes)?;
    Ok(stdout.flush()?)
}
