//! How a client comes to the content of an update: CAS.log, ContentTransferManager.log and DataTransferService.log.

use csp_model::agent::site::{ConfigMgr, Deployment};
use csp_model::agent::{FaultKind, HResult};
use csp_model::device::UpdateEntry;

use super::super::cmtrace::Gravity;
use super::super::draw::{Guid, Plain};
use super::super::stamp::Clock;
use super::{Book, Client, Scene};

/// What a client calls by GUIDs when it transfers content.
#[derive(Clone, Copy)]
enum Named {
    TransferJob = 10,
    TransferService = 11,
    LocationRequest = 12,
    CacheEntry = 13,
}

impl Client {
    /// The content of an update is asked for.
    pub(super) fn content_asked(&mut self, clock: &mut Clock, entry: &UpdateEntry) {
        let (id, job) = (entry.id, self.transfer(entry, Named::TransferJob));
        let request = self.transfer(entry, Named::LocationRequest);
        self.write(
            clock,
            Book::Cas,
            format_args!(
                "**** Received request for content {id}.1, size(KB) 0, under context System with priority Medium, \
                 persist duration 0"
            ),
        );
        self.write(
            clock,
            Book::Cas,
            format_args!("Submitted CTM job {job} to download Content {id}.1 under context System"),
        );
        let book = Book::ContentTransferManager;
        self.write(clock, book, format_args!("Starting CTM job {job}."));
        self.write(clock, book, format_args!("Queued location request '{request}' for CTM job '{job}'."));
        self.write(
            clock,
            book,
            format_args!("CCTMJob::EvaluateState(JobID={job}, State=RequestedLocations)"),
        );
    }

    /// No distribution point near the client has the content.
    pub(super) fn content_missing(&mut self, clock: &mut Clock, entry: &UpdateEntry) {
        let job = self.transfer(entry, Named::TransferJob);
        let book = Book::ContentTransferManager;
        self.write_as(
            clock,
            book,
            Gravity::Warning,
            format_args!("CCTMJob::UpdateLocations - Received empty location update for CTM Job {job}"),
        );
        self.suspended(clock, entry);
    }

    pub(super) fn suspended(&mut self, clock: &mut Clock, entry: &UpdateEntry) {
        let job = self.transfer(entry, Named::TransferJob);
        self.write(clock, Book::ContentTransferManager, format_args!("CTM job {job} suspended"));
    }

    pub(super) fn resumed(&mut self, clock: &mut Clock, entry: &UpdateEntry) {
        let job = self.transfer(entry, Named::TransferJob);
        self.write(clock, Book::ContentTransferManager, format_args!("CTM job {job} resumed"));
    }

    /// The content is found, and its transfer begins.
    pub(super) fn content_found(
        &mut self,
        clock: &mut Clock,
        configmgr: &ConfigMgr,
        entry: &UpdateEntry,
        deployment: &Deployment,
    ) {
        let (id, job) = (entry.id, self.transfer(entry, Named::TransferJob));
        let (service, cached) =
            (self.transfer(entry, Named::TransferService), self.transfer(entry, Named::CacheEntry));
        let points: Vec<_> = configmgr.content_locations(deployment).collect();
        let url = |point: &str| format!("http://{}/SMS_DP_SMSPKG$/{id}", Plain(point));
        let mut urls: Vec<_> = points.iter().map(|point| url(point)).collect();
        if urls.is_empty() {
            urls.push(format!("http://download.windowsupdate.com/d/msdownload/update/{id}"));
        }
        let book = Book::ContentTransferManager;
        let locations: String = urls.iter().map(|url| format!("\r\n\t(SUBNET) {url}")).collect();
        self.write(
            clock,
            book,
            format_args!("CTMJob({job}): CCTMJob::_PersistLocations - Persisted locations{locations}"),
        );
        self.write(
            clock,
            book,
            format_args!(
                "CTMJob({job}): CCTMJob::_DownloadContent - Created corresponding DTSJob({service})"
            ),
        );
        let from = &urls[0];
        self.write(
            clock,
            book,
            format_args!(
                "CTMJob({job}): CCTMJob::_DownloadContent - DTSJob({service}) started to download from '{from}' for \
                 full content download."
            ),
        );
        self.write(
            clock,
            book,
            format_args!(
                "CTMJob({job}): CCTMJob::ProcessProgress - entered phase CCM_DOWNLOADSTATUS_DOWNLOADING_DATA"
            ),
        );
        self.folders += 1;
        let (folder, size) = (self.folders, entry.size.bytes() / 1_024);
        self.write(
            clock,
            Book::Cas,
            format_args!(
                "CacheManager: ADD new cache entry {cached} for content {id}.1, Size : {size}K, RefCount : 1, LastRef \
                 Minutes : 0, State : ACTIVE, PersistDuration : 0, Location : C:\\Windows\\ccmcache\\{folder:x}."
            ),
        );
        let book = Book::DataTransferService;
        self.write(
            clock,
            book,
            format_args!(
                "DataTransferService: DTSJob({service}) - created to download from '{from}' to \
                 'C:\\Windows\\ccmcache\\{folder:x}'."
            ),
        );
        self.states(
            clock,
            service,
            &["DownloadingManifest", "RetrievedManifest", "PendingDownload", "DownloadingData"],
        );
    }

    pub(super) fn content_complete(&mut self, clock: &mut Clock, entry: &UpdateEntry) {
        let (id, job) = (entry.id, self.transfer(entry, Named::TransferJob));
        let service = self.transfer(entry, Named::TransferService);
        self.states(clock, service, &["DownloadingData", "RetrievedData"]);
        self.write(
            clock,
            Book::DataTransferService,
            format_args!("DTSJob({service}):CDTSJob::JobTransferred - Successfully completed download."),
        );
        self.write(
            clock,
            Book::ContentTransferManager,
            format_args!(
                "CTMJob({job}): CCTMJob::ProcessDownloadSuccess - successfully processed download completion."
            ),
        );
        self.write(
            clock,
            Book::Cas,
            format_args!("Download completed for content {id}.1 under context System"),
        );
        self.write(
            clock,
            Book::Cas,
            format_args!("Hash verification succeeded for content {id}.1 downloaded under context System"),
        );
    }

    pub(super) fn content_failed(&mut self, clock: &mut Clock, entry: &UpdateEntry, code: HResult) {
        let (id, bits) = (entry.id, code.bits());
        let size = entry.size.bytes() / 1_024;
        match bits {
            0x87d0_1201 | 0x87d0_1202 => self.write_as(
                clock,
                Book::Cas,
                Gravity::Error,
                format_args!(
                    "CacheManager: there is no room for {size} KB of content {id}.1. Error = 0x{bits:08x}"
                ),
            ),
            _ => self.write_as(
                clock,
                Book::Cas,
                Gravity::Error,
                format_args!("Download failed for content {id}.1 under context System, error 0x{bits:08x}"),
            ),
        }
    }

    fn states(&mut self, clock: &mut Clock, service: Guid, states: &[&str]) {
        for pair in states.windows(2) {
            self.write(
                clock,
                Book::DataTransferService,
                format_args!("DTSJob({service}): state changing from '{}' to state '{}'.", pair[0], pair[1]),
            );
        }
    }

    fn transfer(&self, entry: &UpdateEntry, what: Named) -> Guid {
        self.job(entry.id, what as u64)
    }
}

/// Whether the content of a deployment is nowhere to be had, by the site or by a fault.
pub(super) fn is_missing(
    scene: &Scene<'_>,
    configmgr: &ConfigMgr,
    entry: &UpdateEntry,
    deployment: &Deployment,
) -> bool {
    let has_location = configmgr.content_locations(deployment).next().is_some();
    let has_fault = |kind| scene.device.has_fault(kind, entry.id);
    let by_fault = has_fault(FaultKind::NoDistributionPoint) && !has_fault(FaultKind::MeteredNetwork);
    scene.event.hresult.is_none() && (by_fault || (!has_location && !deployment.from_microsoft_update))
}
