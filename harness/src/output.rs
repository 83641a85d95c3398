//! Where a command writes: standard output, or the file that `--out` names.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process;

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
        match &self.out {
            Some(path) => write(path, bytes),
            None => print(bytes),
        }
    }

    /// Writes bytes that are no text, as they are.
    ///
    /// # Errors
    /// When they cannot be written, or would go to a terminal.
    pub(crate) fn write_binary(&self, bytes: &[u8]) -> Result<(), Failure> {
        match &self.out {
            Some(path) => write(path, bytes),
            None => {
                self.check_binary()?;
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes)?;
                Ok(stdout.flush()?)
            }
        }
    }

    /// Writes what `give` gives, bit by bit: a file is there complete, or not at all.
    ///
    /// # Errors
    /// When it cannot be written, or `give` fails.
    pub(crate) fn stream<T>(&self, give: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> Result<T, Failure> {
        match &self.out {
            Some(path) => replace(path, |file| {
                let mut file = BufWriter::new(file);
                let given = give(&mut file)?;
                file.flush()?;
                Ok(given)
            })
            .map_err(|error| unwritten(path, &error)),
            None => {
                let mut stdout = BufWriter::new(io::stdout().lock());
                let given = give(&mut stdout)?;
                stdout.flush()?;
                Ok(given)
            }
        }
    }

    /// Refuses to write bytes that are no text to a terminal, as curl does.
    ///
    /// # Errors
    /// When they would go there.
    pub(crate) fn check_binary(&self) -> Result<(), Failure> {
        if self.out.is_none() && io::stdout().is_terminal() {
            let what = "WBXML is not for a terminal: expected --out FILE, or another program behind a pipe";
            return Err(Failure::Usage(what.to_owned()));
        }
        Ok(())
    }
}

/// Writes a file at once: it is there complete, or not at all.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, |file| file.write_all(bytes)).map_err(|error| unwritten(path, &error))
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::Output(format!("cannot write {}: {error}", path.display()))
}

/// Writes a file beside the one that is meant, which then takes its place. What is no ordinary file (a device, a pipe)
/// is written to as it is.
fn replace<T>(path: &Path, give: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    // A link stays one: what it points to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let existing = fs::metadata(&path).ok();
    if existing.as_ref().is_some_and(|existing| !existing.is_file()) {
        return give(&mut OpenOptions::new().write(true).open(&path)?);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", process::id()));
    let unfinished = path.with_file_name(name);
    let mut file = OpenOptions::new().write(true).create_new(true).open(&unfinished)?;
    let written = give(&mut file).and_then(|given| {
        if let Some(existing) = &existing {
            fs::set_permissions(&unfinished, existing.permissions())?;
        }
        fs::rename(&unfinished, &path)?;
        Ok(given)
    });
    written.inspect_err(|_| {
        // What was begun is of no use to anybody, and there is nothing else to be done about it.
        let _ = fs::remove_file(&unfinished);
    })
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
