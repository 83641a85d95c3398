//! The state file, from outside: what comes back, what is refused, and what happens when the disk fails.

mod damage;
mod document;
mod faults;
mod files;
mod killed;
mod properties;
mod rows;
mod speed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use csp_model::device::Profile;
use csp_model::tree::{Setting, Transaction};
use csp_model::{Device, DeviceFile, LocUri};
use rusqlite::Connection;

use super::Database;
use crate::fleet::{Change, Profiles, Storage as _};

type Devices = BTreeMap<Arc<str>, Device>;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cspsim-state-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Devices, and the file that is to follow them.
struct Kept {
    database: Database,
    devices: Devices,
}

impl Kept {
    fn open(path: &Path) -> Self {
        let mut database = Database::open(path).unwrap();
        let devices = database.devices(&Profiles::default()).unwrap();
        Self { database, devices }
    }

    /// Brings the file to `after`.
    fn commit(&mut self, after: &Devices) -> Result<(), super::StoreError> {
        let mut names: Vec<_> = self.devices.keys().chain(after.keys()).collect();
        names.sort();
        names.dedup();
        let changes: Vec<_> = names
            .iter()
            .map(|name| Change { name, before: self.devices.get(*name), after: after.get(*name) })
            .collect();
        self.database.commit(&changes)?;
        self.devices = after.clone();
        Ok(())
    }

    /// Changes one device, and keeps it.
    fn change(&mut self, name: &str, change: impl FnOnce(&mut Device)) -> Result<(), super::StoreError> {
        let mut after = self.devices.clone();
        change(after.get_mut(name).unwrap());
        self.commit(&after)
    }
}

/// What a file holds, by a program that has just started.
fn read(path: &Path) -> Devices {
    Kept::open(path).devices
}

/// `count` devices of the built-in file, each of its own name and seed.
fn devices(count: u64) -> Devices {
    let mut file = DeviceFile::from_toml(DeviceFile::BUILTIN).unwrap();
    file.device.id.clear();
    let (file, mut instance) = file.split();
    let profile = Arc::new(Profile::new(file).unwrap());
    let device = |number| {
        instance.id = format!("{number:032X}").into();
        instance.seed = number;
        (Arc::from(format!("lab-{number:05}")), Device::of_profile(Arc::clone(&profile), instance.clone()))
    };
    (1..=count).map(device).collect()
}

fn set(device: &mut Device, uri: &str, data: &str) {
    let uri = LocUri::parse(uri).unwrap();
    let setting = Setting { data: Some(data), ..Setting::default() };
    device
        .replace(&uri, setting, Transaction::None)
        .or_else(|_| device.add(&uri, setting, Transaction::None))
        .unwrap();
}

fn approve(device: &mut Device, number: u128) {
    let id = csp_model::agent::UpdateId::from_u128(number);
    let uri = LocUri::parse(&format!("./Vendor/MSFT/Update/ApprovedUpdates/{id}")).unwrap();
    device.add(&uri, Setting::default(), Transaction::None).unwrap();
}

/// Every row of every table, as text.
fn dump(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut tables =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(tables.len(), 8, "{tables:?}");
    let mut lines = Vec::new();
    for table in tables {
        let mut rows = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<_> = (0..columns).map(|column| row.get_ref(column).unwrap()).collect();
            lines.push(format!("{table} {cells:?}"));
        }
    }
    lines.sort();
    lines
}
