//! Devices that survive the program: what `--state` names.
//!
//! The file wins: `--device` describes the device that is made where the file has none. Which device it is must be the
//! same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use csp_model::Device;

use crate::Failure;
use crate::fleet::{Change, DEFAULT, Profiles, Storage as _};
use crate::input::DeviceOptions;
use crate::store::{Database, StoreError};

/// Which device a command is about, and where it is kept.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct KeptDevice {
    #[command(flatten)]
    device: DeviceOptions,
    /// Keep the device in FILE from one run to the next; what FILE has wins over --device
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// The devices of a state file, ready to be written to.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) database: Database,
    pub(crate) devices: BTreeMap<Arc<str>, Device>,
}

/// One device, and where it is kept, if it is.
#[derive(Debug)]
pub(crate) struct One {
    /// The device.
    pub(crate) device: Device,
    database: Option<Database>,
    /// As the file has it.
    before: Option<Device>,
}

impl KeptDevice {
    /// Every device that the file has, if one is named; and the device that the options describe, if it is not there.
    ///
    /// # Errors
    /// When a file cannot be read, makes no sense, or keeps another device than the options describe.
    pub(crate) fn open(&self, profiles: &Profiles) -> Result<(Option<Kept>, Option<Device>), Failure> {
        let described = self.device.load_among(profiles)?;
        let Some(path) = &self.state else { return Ok((None, Some(described))) };
        let mut database = Database::open(path).map_err(unusable)?;
        let devices = database.devices(profiles).map_err(unusable)?;
        let missing = match devices.get(DEFAULT) {
            None => Some(described),
            Some(device) => {
                self.check(path, device, &described)?;
                None
            }
        };
        Ok((Some(Kept { database, devices }), missing))
    }

    /// The device that a command is about.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn one(&self) -> Result<One, Failure> {
        let (kept, described) = self.open(&Profiles::default())?;
        let (database, before) = match kept {
            None => (None, None),
            Some(Kept { database, mut devices }) => (Some(database), devices.remove(DEFAULT)),
        };
        let device = before.clone().or(described).expect("a device that is not kept is described");
        Ok(One { device, database, before })
    }

    /// The device as it is, for who only looks: a file that is not there yet is not made.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn look(&self) -> Result<Device, Failure> {
        if self.state.as_ref().is_some_and(|path| path.exists()) {
            return Ok(self.one()?.device);
        }
        self.device.load()
    }

    fn check(&self, path: &Path, kept: &Device, described: &Device) -> Result<(), Failure> {
        let [kept, described] = [kept, described].map(|device| &device.instance().id);
        if self.device.names_a_file() && kept != described {
            return Err(Failure::Input(format!(
                "cannot go on with {}: it keeps the device {kept}, and --device describes {described}",
                path.display()
            )));
        }
        if self.device.changes_the_file() {
            anstream::eprintln!(
                "warning: {} keeps the device already: --seed and --ddf change nothing",
                path.display()
            );
        }
        Ok(())
    }
}

impl One {
    /// Writes what has become of the device.
    ///
    /// # Errors
    /// When it cannot be written; the file is as it was.
    pub(crate) fn keep(&mut self) -> Result<(), Failure> {
        let Some(database) = &mut self.database else { return Ok(()) };
        let change = Change { name: DEFAULT, before: self.before.as_ref(), after: Some(&self.device) };
        database.commit(&[change]).map_err(|error| Failure::Output(error.to_string()))
    }
}

fn unusable(error: StoreError) -> Failure {
    Failure::Input(error.to_string())
}
