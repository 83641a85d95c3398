//! The device's own logs: what Windows and a ConfigMgr client would have written of what happened, in their formats.
//!
//! Logs follow from the device and its events alone, so the same life gives the same bytes. A life is told piece by piece:
//! each piece comes with the device as it was left by it. Nothing is written here: files are given to whoever asks for them.
//!
//! Deliberately absent: logs of what no simulated device does (`DeltaDownload.log`, `setupact.log`, …), and captured ones: what
//! stands in them is made here, in the forms that are documented.

mod agent;
mod cbs;
mod ccm;
mod cmtrace;
mod commands;
mod draw;
mod registry;
mod reporting;
mod stamp;
#[cfg(test)]
mod tests;
mod utf16;

use chrono::{DateTime, Utc};
use csp_model::Device;
use csp_model::agent::{Event, EventKind};
use csp_model::device::UpdateEntry;

use draw::{Draw, Purpose};
use stamp::Clock;

/// Where Group Policy of Windows Update stands.
const POLICY_KEY: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate";

/// A file among a device's logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Its path below the folder of the logs, with `/` between the names.
    pub name: String,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

/// The language of Windows, where its texts differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Any that has no texts of its own here.
    English,
    /// `ja`, `ja-JP`
    Japanese,
}

/// The logs of one device, while it lives.
#[derive(Debug)]
pub struct Logs {
    clock: Clock,
    reporting: reporting::ReportingEvents,
    agent: agent::WindowsUpdate,
    servicing: cbs::Servicing,
    client: Option<ccm::Client>,
}

impl Language {
    /// The language of a device: by its `DevInfo/Lang`.
    #[must_use]
    pub fn of(device: &Device) -> Self {
        let language = &device.profile().file().device.language;
        match language.split(['-', '_']).next() {
            Some(first) if first.eq_ignore_ascii_case("ja") => Self::Japanese,
            Some(_) | None => Self::English,
        }
    }
}

impl Logs {
    /// The logs of a device from now on.
    #[must_use]
    pub fn new(device: &Device) -> Self {
        let zone = device.profile().file().time_zone.offset();
        Self {
            clock: Clock::new(zone, Draw::of(device, Purpose::Tick), device.clock()),
            reporting: reporting::ReportingEvents::new(device),
            agent: agent::WindowsUpdate::new(device),
            servicing: cbs::Servicing::default(),
            client: ccm::Client::new(device),
        }
    }

    /// Writes what has happened since the last call; `device` is as that has left it.
    pub fn tell(&mut self, device: &Device, events: &[Event]) {
        for event in events {
            if let Some(client) = &mut self.client {
                let of_policy = |event: &Event| {
                    matches!(event.kind, EventKind::PolicyReceived { .. } | EventKind::PolicyFailed)
                };
                let told = events.iter().any(|other| other.at == event.at && of_policy(other));
                client.polls(&mut self.clock, device, event.at, told);
            }
            self.clock.set(event.at);
            let entry = event.update.and_then(|id| device.profile().update(id));
            let update = entry.map(|entry| (entry, revision_of(device, entry)));
            let caller = event.caller.name();
            self.reporting.event(&mut self.clock, event, caller, update);
            self.agent.event(&mut self.clock, device, event, caller, update);
            self.servicing.event(&mut self.clock, event, entry);
            if let Some(client) = &mut self.client {
                client.event(ccm::Scene { clock: &mut self.clock, device, event }, entry);
            }
        }
        if let Some(client) = &mut self.client {
            client.polls(&mut self.clock, device, device.clock(), false);
        }
    }

    /// The files as they stand, with what is read off the device itself as it is now; each is shown to `each` by its name.
    pub fn files(&self, device: &Device, mut each: impl FnMut(&str, &[u8])) {
        let mut bytes = Vec::new();
        let mut file = |name: &str, write: &dyn Fn(&mut Vec<u8>)| {
            bytes.clear();
            write(&mut bytes);
            each(name, &bytes);
        };
        file("SoftwareDistribution/ReportingEvents.log", &|bytes| self.reporting.file(bytes));
        if self.reporting.has_old() {
            file("SoftwareDistribution.old/ReportingEvents.log", &|bytes| self.reporting.old_file(bytes));
        }
        file("WindowsUpdate.log", &|bytes| self.agent.file(bytes));
        if self.servicing.has_lines() {
            file("CBS/CBS.log", &|bytes| self.servicing.file(bytes));
        }
        file("registry.reg", &|bytes| registry::file(device, bytes));
        if let Some(client) = &self.client {
            client.files(&mut each);
        }
        commands::files(device, Language::of(device), &mut each);
    }
}

/// The logs of what has happened between two states of a device.
///
/// What a device goes by may have changed in between: then [`live`] is more exact.
#[must_use]
pub fn of(before: &Device, events: &[Event], after: &Device) -> Vec<LogFile> {
    let mut logs = Logs::new(before);
    logs.tell(after, events);
    collected(&logs, after)
}

/// Lets a device live until then, and gives what happened, and its logs.
///
/// ```
/// use cspsim::{Device, logs};
///
/// let mut device = Device::builtin();
/// let day = device.clock() + chrono::TimeDelta::days(1);
/// let (events, files) = logs::live(&mut device, day);
/// assert_eq!(events.last().map(|event| event.at <= day), Some(true));
/// assert!(files.iter().any(|file| file.name == "SoftwareDistribution/ReportingEvents.log"));
/// ```
pub fn live(device: &mut Device, until: DateTime<Utc>) -> (Vec<Event>, Vec<LogFile>) {
    let mut logs = Logs::new(device);
    let events = device.clone().advance_to(until);
    // A device that is moved in many steps does the same as in one: so each instant is told with what held then.
    for instant in events.chunk_by(|one, other| one.at == other.at) {
        let happened = device.advance_to(instant[0].at);
        logs.tell(device, &happened);
    }
    let rest = device.advance_to(until);
    logs.tell(device, &rest);
    (events, collected(&logs, device))
}

/// The revision of an update that a device has; of one that it does not know any more, the first.
fn revision_of(device: &Device, entry: &UpdateEntry) -> u32 {
    device.agent().records.get(&entry.id).map_or(entry.revision, |record| record.revision)
}

fn collected(logs: &Logs, device: &Device) -> Vec<LogFile> {
    let mut files = Vec::new();
    logs.files(device, |name, bytes| files.push(LogFile { name: name.to_owned(), bytes: bytes.to_owned() }));
    files
}
