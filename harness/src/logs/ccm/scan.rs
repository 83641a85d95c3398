//! How a client comes to its update server and scans it: LocationServices.log, ScanAgent.log and WUAHandler.log.

use csp_model::Device;
use csp_model::agent::site::{ConfigMgr, Url};
use csp_model::agent::{HResult, ScanSource, UpdateState};
use csp_model::device::UpdateEntry;

use super::super::agent::CRITERIA;
use super::super::cmtrace::Gravity;
use super::super::draw::{Guid, Plain};
use super::super::stamp::Clock;
use super::{Book, Client, SOURCE, Scene, of_site};

/// The version of the catalog of a software update point.
const CONTENT_VERSION: u32 = 38;

/// The classification and the product of definitions of Defender: what a client asks the agent not to report on.
const UNREPORTED: &str = "E0789628-CE08-4437-BE74-2495B842F43B,A38C835C-2950-4E87-86CC-6911A52C34A3";

impl Client {
    /// A scan that could set its source anew, and has.
    pub(super) fn source_set(&mut self, scene: &mut Scene<'_>, configmgr: &ConfigMgr) {
        self.begin_scan(scene.clock, configmgr);
        self.named(scene.clock, configmgr);
        self.added(scene.clock, configmgr);
        self.is_source_told = true;
    }

    pub(super) fn source_failed(&mut self, scene: &mut Scene<'_>, configmgr: &ConfigMgr) {
        let Scene { clock, device, event } = scene;
        let source = of_site(configmgr, SOURCE);
        let job = self.begin_scan(clock, configmgr);
        let book = Book::WuaHandler;
        let Some(code) = event.hresult else {
            self.write(
                clock,
                book,
                format_args!(
                    "CWuaHandler::SetCategoriesForStateReportingExclusion called with {UNREPORTED}; for leaves and \
                     {UNREPORTED}; for bundles"
                ),
            );
            return;
        };
        let bits = code.bits();
        match bits {
            0x87d0_0692 => {
                self.named(clock, configmgr);
                let server = device.effective_policy().text("UpdateServiceUrl").unwrap_or_default();
                self.write_as(
                    clock,
                    book,
                    Gravity::Error,
                    format_args!(
                        "Group policy settings were overwritten by a higher authority (Domain Controller) to: Server \
                         {} and Policy ENABLED",
                        Plain(&server)
                    ),
                );
            }
            _ => {
                self.write(clock, book, format_args!("Its a WSUS Update Source type ({source}), adding it."));
                self.write_as(
                    clock,
                    book,
                    Gravity::Error,
                    format_args!("Unable to read existing WUA Group Policy object. Error = 0x{bits:08x}."),
                );
            }
        }
        self.write_as(
            clock,
            book,
            Gravity::Error,
            format_args!(
                "Failed to Add Update Source for WUAgent of type (2) and id ({source}). Error = 0x{bits:08x}."
            ),
        );
        self.end_scan(clock, job, Some(code));
    }

    pub(super) fn scan_succeeded(&mut self, scene: &mut Scene<'_>, configmgr: &ConfigMgr) {
        let Scene { clock, device, .. } = scene;
        let job = self.begin_search(clock, device, configmgr);
        let book = Book::WuaHandler;
        self.write(clock, book, format_args!("Async searching completed."));
        self.write(clock, book, format_args!("Finished searching for everything in single call."));
        for (entry, _) in verdicts(device) {
            for id in &entry.supersedes {
                self.write(
                    clock,
                    book,
                    format_args!("Pruning: update id ({id}) is superseded by ({}).", entry.id),
                );
            }
        }
        for (entry, is_installed) in verdicts(device) {
            let status = if is_installed { "Installed" } else { "Missing" };
            let revision = super::super::revision_of(device, entry);
            let (title, id) = (Plain(&entry.title), entry.id);
            self.write(clock, book, format_args!("Update ({status}): {title} ({id}, {revision})"));
        }
        self.write(clock, book, format_args!("Successfully completed scan."));
        self.end_scan(clock, job, None);
    }

    pub(super) fn scan_failed(&mut self, scene: &mut Scene<'_>, configmgr: &ConfigMgr) {
        let code = scene.event.hresult.unwrap_or(HResult::OK);
        let clock = &mut *scene.clock;
        let job = self.begin_search(clock, scene.device, configmgr);
        let (book, bits) = (Book::WuaHandler, code.bits());
        self.write_as(
            clock,
            book,
            Gravity::Error,
            format_args!("OnSearchComplete - Failed to end search job. Error = 0x{bits:08x}."),
        );
        self.write_as(clock, book, Gravity::Error, format_args!("Scan failed with error = 0x{bits:08x}."));
        self.end_scan(clock, job, Some(code));
    }

    /// The agent is asked, by a scan whose source is set.
    fn begin_search(&mut self, clock: &mut Clock, device: &Device, configmgr: &ConfigMgr) -> Guid {
        // A scan that has set its source has begun with that.
        let job = match std::mem::take(&mut self.is_source_told) {
            true => self.scan_job(),
            false => {
                let job = self.begin_scan(clock, configmgr);
                let source = of_site(configmgr, SOURCE);
                let server = device.effective_policy().text("UpdateServiceUrl").unwrap_or_default();
                let server = Plain(&server);
                let book = Book::WuaHandler;
                self.write(clock, book, format_args!("Its a WSUS Update Source type ({source}), adding it."));
                self.write(
                    clock,
                    book,
                    format_args!(
                        "Existing WUA Managed server was already set ({server}), skipping Group Policy registration."
                    ),
                );
                self.added(clock, configmgr);
                job
            }
        };
        let book = Book::WuaHandler;
        self.write(
            clock,
            book,
            format_args!(
                "Scan results will include superseded updates only when they are superseded by service packs and \
                 definition updates."
            ),
        );
        self.write(clock, book, format_args!("Search Criteria is {CRITERIA}"));
        self.write(clock, book, format_args!("Running single-call scan of updates."));
        self.write(clock, book, format_args!("Async searching of updates using WUAgent started."));
        job
    }

    /// A scan begins: the client asks where to.
    fn begin_scan(&mut self, clock: &mut Clock, configmgr: &ConfigMgr) -> Guid {
        self.scans += 1;
        let (job, source) = (self.scan_job(), of_site(configmgr, SOURCE));
        let request = self.jobs.number(self.scans).number(3).guid();
        let book = Book::ScanAgent;
        self.write(clock, book, format_args!("Inside CScanAgent::ProcessScanRequest()"));
        self.write(clock, book, format_args!("CScanJobManager::Scan- entered"));
        for step in ["Initialize", "Scan", "RequestLocations"] {
            self.write(clock, book, format_args!("ScanJob({job}): CScanJob::{step}- entered"));
        }
        self.write(
            clock,
            book,
            format_args!(
                "- - - - - -Requesting WSUS Server Locations from LS for {source} version {CONTENT_VERSION}"
            ),
        );
        self.write(clock, book, format_args!("- - - - - -Location Request ID = {request}"));
        let book = Book::LocationServices;
        self.write(
            clock,
            book,
            format_args!("Created and Sent Location Request '{request}' for package {source}"),
        );
        let (site, answered) = (Plain(&configmgr.site), self.messaging.is_ok());
        match configmgr.software_update_point().filter(|_| answered && configmgr.software_updates) {
            Some(server) => {
                let host = Plain(Url::of(server).host);
                self.write(clock, book, format_args!("Calling back with the following WSUS locations"));
                self.write(
                    clock,
                    book,
                    format_args!(
                        "WSUS Path='{}', Server='{host}', Version='{CONTENT_VERSION}'",
                        Plain(server)
                    ),
                );
            }
            None => self.write_as(
                clock,
                book,
                Gravity::Warning,
                format_args!(
                    "No WSUS location was found for the boundary groups of this client in site {site}"
                ),
            ),
        }
        self.write(clock, book, format_args!("Calling back with locations for WSUS request {request}"));
        job
    }

    /// The software update point is written into local Group Policy.
    fn named(&mut self, clock: &mut Clock, configmgr: &ConfigMgr) {
        let source = of_site(configmgr, SOURCE);
        let server = Plain(configmgr.software_update_point().unwrap_or_default());
        let book = Book::WuaHandler;
        self.write(clock, book, format_args!("Its a WSUS Update Source type ({source}), adding it."));
        self.write(clock, book, format_args!("Enabling WUA Managed server policy to use server: {server}"));
        self.write(clock, book, format_args!("Policy refresh forced."));
        self.write(
            clock,
            book,
            format_args!("Waiting for 2 mins for Group Policy to notify of WUA policy change..."),
        );
        self.write(clock, book, format_args!("Waiting for 30 secs for policy to take effect on WU Agent."));
    }

    fn added(&mut self, clock: &mut Clock, configmgr: &ConfigMgr) {
        let source = of_site(configmgr, SOURCE);
        self.write(
            clock,
            Book::WuaHandler,
            format_args!("Added Update Source ({source}) of content type: 2"),
        );
    }

    fn end_scan(&mut self, clock: &mut Clock, job: Guid, error: Option<HResult>) {
        let book = Book::ScanAgent;
        match error {
            None => self.write(
                clock,
                book,
                format_args!(
                    "ScanJob({job}): CScanJob::OnScanComplete- Scan completed successfully, ScanType=1"
                ),
            ),
            Some(code) => self.write_as(
                clock,
                book,
                Gravity::Error,
                format_args!(
                    "ScanJob({job}): CScanJob::OnScanComplete- Scan Failed with Error=0x{:08x}",
                    code.bits()
                ),
            ),
        }
    }

    fn scan_job(&self) -> Guid {
        self.jobs.number(self.scans).number(2).guid()
    }
}

/// The updates that a client has verdicts on, with whether they are installed: those that its own scans have found.
pub(in super::super) fn verdicts(device: &Device) -> impl Iterator<Item = (&UpdateEntry, bool)> {
    let (sources, found) = (device.scan_sources(), device.agent().client.found);
    let catalog = device.profile().catalog().iter();
    let managed = catalog.filter(move |entry| sources.of_update(entry) == ScanSource::Wsus);
    managed.filter_map(move |entry| {
        let record = device.agent().records.get(&entry.id)?;
        let is_installed = record.state == UpdateState::UPDATE_COMPLETED;
        let is_known = found.is_some_and(|found| is_installed || record.discovered <= found);
        is_known.then_some((entry, is_installed))
    })
}
