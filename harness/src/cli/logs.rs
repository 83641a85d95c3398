//! `cspsim logs`: a device lives for a while, and its own logs are written.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::run::Length;
use crate::Failure;
use crate::kept::KeptDevice;
use crate::logs::{self, LogFile};
use crate::output;

/// Let a device live for a while, and write its own logs
///
/// What Windows would have written of it: ReportingEvents.log, WindowsUpdate.log, an export of the registry, and, on a
/// device with a ConfigMgr client, the client's logs and what the commands print that one looks for a fault with. No time
/// passes outside. The same device writes the same each time.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim logs --out logs
  cspsim logs --device lab.toml --for P60D --out logs
  cspsim logs --device lab.toml --until 2024-03-01T00:00:00Z --out logs
  cspsim logs --state lab.db --for 6h --out logs")]
pub(super) struct Logs {
    #[command(flatten)]
    length: Length,
    #[command(flatten)]
    device: KeptDevice,
    /// The folder to write into, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Logs {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut kept = self.device.one()?;
        let end = self.length.end(&kept.device)?;
        let (_, files) = logs::live(&mut kept.device, end);
        kept.keep()?;
        write(&self.out, &files)?;
        let names: String = files.iter().map(|file| format!("{}\n", file.name)).collect();
        output::print(names.as_bytes())
    }
}

/// Writes logs into a folder.
pub(super) fn write(folder: &Path, files: &[LogFile]) -> Result<(), Failure> {
    for file in files {
        let path = folder.join(&file.name);
        let parent = path.parent().unwrap_or(folder);
        let failed = |error| Failure::Output(format!("cannot write into {}: {error}", parent.display()));
        fs::create_dir_all(parent).map_err(failed)?;
        output::write(&path, &file.bytes)?;
    }
    Ok(())
}
