//! The devices of one program, by name.
//!
//! A message is applied in memory, one after another for each device. Where devices are kept on disk, its answer
//! waits until a commit has what the message changed and what it saw; when the commit fails, every device of the
//! batch goes back to what the disk has, and the answers that waited become refusals.
//!
//! Locks are taken in this order: the list of devices, then the transcript or one device. No lock is held while
//! something is awaited, and the thread that commits holds none while it writes.
//!
//! Deliberately absent: HTTP, and what a row of the database is.

mod host;
mod live;
mod log;
mod pipeline;
mod profiles;
mod saving;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use csp_model::Device;
use parking_lot::{Mutex, RwLock};
use syncml::codec::Limits;

pub(crate) use host::{Done, Heard, Host, NotDone, Refused, say_again};
pub(crate) use live::{Live, Opened, Unable};
pub(crate) use pipeline::{Change, Counts, NotSaved, Slowed, Storage};
pub(crate) use profiles::{Content, Digest, Profiles};

use crate::clock::Pace;
use crate::transcript::{FileError as TranscriptError, Limits as JournalLimits, TranscriptFile};
use pipeline::Pipeline;

/// The name of the device that a program has without being asked for it.
pub(crate) const DEFAULT: &str = "default";

/// How many devices and sessions there may be, how large a message, and how fast the clocks run.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) pace: Pace,
    pub(crate) most_devices: usize,
    /// Open sessions a device; the one that was silent longest makes room.
    pub(crate) most_sessions: usize,
    pub(crate) message: Limits,
    /// How much of what was said is kept in memory.
    pub(crate) journal: JournalLimits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pace: Pace::default(),
            most_devices: 1_000,
            most_sessions: 64,
            message: Limits::default(),
            journal: JournalLimits::default(),
        }
    }
}

/// The devices of one program, by name. A copy is the same fleet.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    hosts: Arc<Hosts>,
    around: Arc<Around>,
    profiles: Arc<Profiles>,
}

/// What is around every device.
#[derive(Debug)]
struct Around {
    settings: Settings,
    /// To the disk, where devices are kept.
    pipeline: Option<Pipeline>,
    /// The file that keeps everything that is said, until it is closed.
    transcript: Mutex<Option<TranscriptFile>>,
}

/// The devices that are there, and those that are coming or going while the disk takes note.
type Hosts = RwLock<BTreeMap<Arc<str>, Arc<Host>>>;

/// Why the devices are not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FleetError {
    /// The name is taken.
    #[error("there is a device named `{0}` already")]
    Exists(Arc<str>),
    /// There is no device of that name.
    #[error("there is no device named `{0}`")]
    Absent(Arc<str>),
    /// There would be too many.
    #[error("there would be {asked} devices, and {most} are the most (`--max-devices`)")]
    Full {
        /// With those that were asked for.
        asked: usize,
        /// The most.
        most: usize,
    },
    /// The disk does not have it.
    #[error(transparent)]
    NotSaved(#[from] NotSaved),
}

/// Why not everything is on disk that should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StopError {
    /// A device.
    #[error("cannot save the devices: {0}")]
    NotSaved(#[from] NotSaved),
    /// What was said.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
}

impl Fleet {
    /// No devices yet, and none is kept.
    pub(crate) fn in_memory(
        settings: Settings,
        transcript: Option<TranscriptFile>,
        profiles: Arc<Profiles>,
    ) -> Self {
        let around = Around { settings, pipeline: None, transcript: Mutex::new(transcript) };
        Self { hosts: Arc::default(), around: Arc::new(around), profiles }
    }

    /// The devices that `storage` has, which are kept there from now on.
    ///
    /// # Errors
    /// When no thread can be had for it.
    pub(crate) fn kept(
        settings: Settings,
        transcript: Option<TranscriptFile>,
        profiles: Arc<Profiles>,
        devices: BTreeMap<Arc<str>, Device>,
        storage: impl Storage + 'static,
    ) -> std::io::Result<Self> {
        let hosts: Arc<Hosts> = Arc::default();
        let pipeline = Some(Pipeline::start(storage, Arc::downgrade(&hosts))?);
        let around = Arc::new(Around { settings, pipeline, transcript: Mutex::new(transcript) });
        let loaded = devices.into_iter().map(|(name, device)| {
            let host = Host::saved(Arc::clone(&name), device, Arc::clone(&around));
            (name, Arc::new(host))
        });
        *hosts.write() = loaded.collect();
        Ok(Self { hosts, around, profiles })
    }

    /// What devices are made of.
    pub(crate) fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// The device of that name.
    pub(crate) fn host(&self, name: &str) -> Option<Arc<Host>> {
        self.hosts.read().get(name).cloned()
    }

    /// Every device, by name.
    pub(crate) fn hosts(&self) -> Vec<Arc<Host>> {
        self.hosts.read().values().cloned().collect()
    }

    /// How many devices there are.
    pub(crate) fn len(&self) -> usize {
        self.hosts.read().len()
    }

    /// Commits and the answers that waited for them; `None` when nothing is kept.
    pub(crate) fn counts(&self) -> Option<Counts> {
        self.around.pipeline.as_ref().map(Pipeline::counts)
    }

    /// Adds devices: all of them, or none.
    ///
    /// # Errors
    /// When a name is taken, there would be too many, or they cannot be saved.
    pub(crate) async fn add(&self, devices: Vec<(Arc<str>, Device)>) -> Result<(), FleetError> {
        let waits = {
            let mut hosts = self.hosts.write();
            let asked = hosts.len() + devices.len();
            let most = self.around.settings.most_devices;
            if asked > most {
                return Err(FleetError::Full { asked, most });
            }
            let mut added = BTreeMap::new();
            for (name, device) in devices {
                if hosts.contains_key(&name) || added.contains_key(&name) {
                    return Err(FleetError::Exists(name));
                }
                let (host, wait) = Host::new(Arc::clone(&name), device, Arc::clone(&self.around));
                added.insert(name, (Arc::new(host), wait));
            }
            let new: Vec<_> = added.values().map(|(host, _)| Arc::clone(host)).collect();
            let mut waits = Vec::with_capacity(added.len());
            for (name, (host, wait)) in added {
                hosts.insert(name, host);
                waits.push(wait);
            }
            // One job, so that one commit has them all. Nobody finds them before it is queued.
            if let Some(pipeline) = &self.around.pipeline {
                pipeline.save(new);
            }
            waits
        };
        for wait in waits {
            wait.done().await?;
        }
        Ok(())
    }

    /// Takes a device away.
    ///
    /// # Errors
    /// When there is none of that name, or that it is gone cannot be saved.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), FleetError> {
        let absent = || FleetError::Absent(name.into());
        let host = self.host(name).ok_or_else(absent)?;
        let wait = host.retire().map_err(|_| absent())?;
        if self.around.pipeline.is_none() {
            self.hosts.write().remove(name);
        }
        Ok(wait.done().await?)
    }

    /// Saves what is left to save, the clocks among it, and lets the disk go. Nothing is kept afterwards.
    ///
    /// # Errors
    /// When it cannot be saved. All that can be is.
    pub(crate) async fn stop(&self) -> Result<(), StopError> {
        let mut saved = Ok(());
        if let Some(pipeline) = &self.around.pipeline {
            let waits: Vec<_> = self.hosts().iter().map(|host| host.rest()).collect();
            pipeline.stop().await;
            for wait in waits {
                saved = saved.and(wait.done().await);
            }
        }
        let transcript = self.around.transcript.lock().take();
        let written = transcript.map_or(Ok(()), TranscriptFile::stop);
        saved.map_err(StopError::from).and(written.map_err(StopError::from))
    }
}
