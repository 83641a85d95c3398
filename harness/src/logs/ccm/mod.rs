//! The logs of a ConfigMgr client, in `CCM/Logs`: what it does beside the update agent, and has the agent do.
//!
//! What the founding articles quote stands here word for word. Which log has what: Japanese ConfigMgr support blog,
//! "Software update logs" (2026-08-12).
//!
//! Deliberately absent: state messages on their way to the site, and `DeltaDownload.log`: no simulated device downloads
//! through Delivery Optimization.

mod content;
mod policy;
mod scan;
mod update;

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use csp_model::Device;
use csp_model::agent::site::ConfigMgr;
use csp_model::agent::{Caller, Event, EventKind, HResult, UpdateId};
use csp_model::device::UpdateEntry;

use super::cmtrace::{CmTrace, Gravity, Log, Origin};
use super::draw::{Draw, Guid, Purpose};
use super::stamp::Clock;

pub(super) use scan::verdicts;

/// The logs.
#[derive(Debug)]
pub(super) struct Client {
    logs: [CmTrace; Book::ALL.len()],
    threads: Draw,
    jobs: Draw,
    /// Whether the management point answered last, and if not, why.
    messaging: Result<(), HResult>,
    /// When the client last asked for policy, as far as that is written.
    polled: Option<DateTime<Utc>>,
    /// The updates that were added to a deployment's list.
    targeted: BTreeSet<UpdateId>,
    scans: u64,
    /// Whether the scan that has begun has told how it came to its source.
    is_source_told: bool,
    folders: u32,
}

/// A log of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Book {
    CcmMessaging,
    PolicyAgent,
    Scheduler,
    LocationServices,
    ScanAgent,
    WuaHandler,
    UpdatesDeployment,
    UpdatesHandler,
    Cas,
    ContentTransferManager,
    DataTransferService,
}

/// What a line is about: when, on which device, and what has happened.
pub(super) struct Scene<'a> {
    pub(super) clock: &'a mut Clock,
    pub(super) device: &'a Device,
    pub(super) event: &'a Event,
}

impl Client {
    /// The logs of a device from now on; `None` when it is no client.
    pub(super) fn new(device: &Device) -> Option<Self> {
        let configmgr = device.site().configmgr.as_ref()?;
        let most = usize::try_from(configmgr.log_max_size.bytes()).unwrap_or(usize::MAX);
        let history = usize::try_from(configmgr.log_max_history).unwrap_or(usize::MAX);
        let client = &device.agent().client;
        let messaging = match client.polled {
            Some(check) if !check.succeeded => Err(policy::error(device)),
            Some(_) | None => Ok(()),
        };
        Some(Self {
            logs: Book::ALL.map(|book| CmTrace::new(book.log(), most, history)),
            threads: Draw::of(device, Purpose::Thread),
            jobs: Draw::of(device, Purpose::Job),
            messaging,
            polled: client.polled.map(|check| check.at),
            targeted: BTreeSet::new(),
            scans: 0,
            is_source_told: false,
            folders: 0,
        })
    }

    /// Writes what the client does with an event, after the polls before it.
    pub(super) fn event(&mut self, mut scene: Scene<'_>, update: Option<&UpdateEntry>) {
        let Some(configmgr) = scene.device.site().configmgr.as_ref() else { return };
        match scene.event.kind {
            EventKind::PolicyReceived { .. } => self.policy_received(&mut scene, configmgr),
            EventKind::PolicyFailed => self.policy_failed(&mut scene, configmgr),
            EventKind::SourceSet => self.source_set(&mut scene, configmgr),
            EventKind::SourceFailed => self.source_failed(&mut scene, configmgr),
            EventKind::ScanSucceeded { .. } if scene.event.caller == Caller::CcmExec => {
                self.scan_succeeded(&mut scene, configmgr);
            }
            EventKind::ScanFailed if scene.event.caller == Caller::CcmExec => {
                self.scan_failed(&mut scene, configmgr);
            }
            _ => {}
        }
        if let Some(entry) = update
            && scene.event.caller == Caller::CcmExec
            && let Some(deployment) = scene.device.deployment_of(entry)
        {
            self.update(&mut scene, configmgr, entry, deployment);
        }
    }

    /// Each file by its name, as far as there is anything in it.
    pub(super) fn files(&self, mut each: impl FnMut(&str, &[u8])) {
        for log in &self.logs {
            log.files(&mut each);
        }
    }

    fn write(&mut self, clock: &mut Clock, book: Book, message: fmt::Arguments<'_>) {
        self.write_as(clock, book, Gravity::Information, message);
    }

    fn write_as(&mut self, clock: &mut Clock, book: Book, gravity: Gravity, message: fmt::Arguments<'_>) {
        let (file, place) = book.source();
        // A thread works for ten minutes or so.
        let span = clock.at().timestamp().cast_unsigned() / 600;
        let thread = (self.threads.number(span).number(place.into()).below(2_300) + 200) * 4;
        let origin = Origin { thread, file, line: place };
        self.logs[book as usize].record(clock.tick(), gravity, origin, message);
    }

    /// What the client calls something by: the same each time for one update.
    fn job(&self, id: UpdateId, what: u64) -> Guid {
        self.jobs.text(&id.to_string()).number(what).guid()
    }
}

impl Book {
    const ALL: [Self; 11] = [
        Self::CcmMessaging,
        Self::PolicyAgent,
        Self::Scheduler,
        Self::LocationServices,
        Self::ScanAgent,
        Self::WuaHandler,
        Self::UpdatesDeployment,
        Self::UpdatesHandler,
        Self::Cas,
        Self::ContentTransferManager,
        Self::DataTransferService,
    ];

    const fn log(self) -> Log {
        let (name, component) = match self {
            Self::CcmMessaging => ("CcmMessaging", "CcmMessaging"),
            Self::PolicyAgent => ("PolicyAgent", "PolicyAgent_RequestAssignments"),
            Self::Scheduler => ("Scheduler", "Scheduler"),
            Self::LocationServices => ("LocationServices", "LocationServices"),
            Self::ScanAgent => ("ScanAgent", "ScanAgent"),
            Self::WuaHandler => ("WUAHandler", "WUAHandler"),
            Self::UpdatesDeployment => ("UpdatesDeployment", "UpdatesDeploymentAgent"),
            Self::UpdatesHandler => ("UpdatesHandler", "UpdatesHandler"),
            Self::Cas => ("CAS", "ContentAccess"),
            Self::ContentTransferManager => ("ContentTransferManager", "ContentTransferManager"),
            Self::DataTransferService => ("DataTransferService", "DataTransferService"),
        };
        Log { name, component }
    }

    /// Where in the client's sources its lines come from; the numbers are of no version.
    const fn source(self) -> (&'static str, u32) {
        match self {
            Self::CcmMessaging => ("ccmmessaging.cpp", 413),
            Self::PolicyAgent => ("requestassignments.cpp", 96),
            Self::Scheduler => ("smstrigger.cpp", 218),
            Self::LocationServices => ("lsdatarequest.cpp", 540),
            Self::ScanAgent => ("cscanagent.cpp", 1_084),
            Self::WuaHandler => ("cwuahandler.cpp", 2_310),
            Self::UpdatesDeployment => ("updatesmanager.cpp", 420),
            Self::UpdatesHandler => ("updatesworker.cpp", 731),
            Self::Cas => ("downloadcontentrequest.cpp", 655),
            Self::ContentTransferManager => ("ctmjob.cpp", 1_207),
            Self::DataTransferService => ("dtsjob.cpp", 302),
        }
    }
}

/// A GUID that is the same on every device of a site.
fn of_site(configmgr: &ConfigMgr, what: u64) -> Guid {
    Draw::common(Purpose::Site).text(&configmgr.site).number(what).guid()
}

/// The id of the site, as the names of its updates have it.
const SITE: u64 = 0;
/// The id of the source of its updates.
const SOURCE: u64 = 1;
