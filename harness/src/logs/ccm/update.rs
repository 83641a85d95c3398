//! What becomes of an update that is deployed to a client: UpdatesDeployment.log, UpdatesHandler.log, and what the update
//! agent is asked to install in WUAHandler.log.

use csp_model::agent::site::{ConfigMgr, Deployment};
use csp_model::agent::{EventKind, HResult};
use csp_model::device::UpdateEntry;

use super::super::cmtrace::Gravity;
use super::super::draw::{Braced, Guid, Plain};
use super::super::stamp::Clock;
use super::content::is_missing;
use super::{Book, Client, SITE, Scene, of_site};

/// The job of an update in `UpdatesHandler.log`.
const JOB: u64 = 20;

/// Where an update stands for its deployment.
struct Progress {
    state: &'static str,
    percent: u32,
    code: u32,
}

/// A state message of an assignment.
struct Told {
    topic: &'static str,
    state: &'static str,
}

impl Client {
    pub(super) fn update(
        &mut self,
        scene: &mut Scene<'_>,
        configmgr: &ConfigMgr,
        entry: &UpdateEntry,
        deployment: &Deployment,
    ) {
        let code = scene.event.hresult.unwrap_or(HResult::OK);
        let missing = is_missing(scene, configmgr, entry, deployment);
        let kind = scene.event.kind;
        let clock = &mut *scene.clock;
        self.target(clock, configmgr, entry, deployment);
        let (id, job, bits) = (entry.id, self.job(entry.id, JOB), code.bits());
        let progress = |state, percent| Progress { state, percent, code: 0 };
        match kind {
            EventKind::ReadyToDownload => {
                self.progress(clock, configmgr, entry, progress("ciStateDetecting", 0));
            }
            EventKind::DownloadStarted => {
                self.write(
                    clock,
                    Book::UpdatesHandler,
                    format_args!("Initiating download for the job ({job})."),
                );
                self.content_asked(clock, entry);
                self.content_found(clock, configmgr, entry, deployment);
                self.progress(clock, configmgr, entry, progress("ciStateDownloading", 0));
            }
            EventKind::DownloadBlocked if missing => {
                self.content_asked(clock, entry);
                self.content_missing(clock, entry);
                self.progress(clock, configmgr, entry, progress("ciStateDownloading", 0));
            }
            EventKind::DownloadBlocked => self.suspended(clock, entry),
            EventKind::DownloadUnblocked => self.resumed(clock, entry),
            EventKind::DownloadSucceeded => {
                self.content_complete(clock, entry);
                self.downloaded(clock, entry, job);
                self.progress(clock, configmgr, entry, progress("ciStateDownloading", 100));
                let told = Told {
                    topic: "Enforce, StateId = 8",
                    state: "ASSIGNMENT_ENFORCE_ADVANCE_DOWNLOAD_SUCCESS",
                };
                self.told(clock, deployment, told);
                self.progress(clock, configmgr, entry, progress("ciStateWaitInstall", 0));
            }
            EventKind::DownloadFailed => {
                self.content_failed(clock, entry, code);
                self.write_as(
                    clock,
                    Book::UpdatesHandler,
                    Gravity::Error,
                    format_args!("Download failed for update ({id}). Error = 0x{bits:08x}"),
                );
                self.progress(
                    clock,
                    configmgr,
                    entry,
                    Progress { state: "ciStateError", percent: 0, code: bits },
                );
            }
            EventKind::InstallBlocked => self.blocked(clock, configmgr, entry, bits),
            EventKind::InstallStarted => {
                self.write(
                    clock,
                    Book::UpdatesHandler,
                    format_args!("Starting or resuming a thread for job ({job})."),
                );
                self.write(clock, Book::WuaHandler, format_args!("Async installation of updates started."));
                self.progress(clock, configmgr, entry, progress("ciStateInstalling", 0));
            }
            EventKind::RestartRequired => {
                self.finished(clock, entry, 0, true);
                self.write(
                    clock,
                    Book::UpdatesHandler,
                    format_args!("Update ({id}) execution completed with state COMPLETE_SOFT_REBOOT_NEEDED."),
                );
                self.progress(clock, configmgr, entry, progress("ciStateInstalling", 100));
                self.progress(clock, configmgr, entry, progress("ciStatePendingSoftReboot", 0));
                let told = Told { topic: "Enforce, StateId = 5", state: "ASSIGNMENT_ENFORCE_PENDING_REBOOT" };
                self.told(clock, deployment, told);
            }
            EventKind::InstallSucceeded => {
                self.finished(clock, entry, 0, false);
                self.progress(clock, configmgr, entry, progress("ciStateInstalling", 100));
                self.done(clock, configmgr, entry, deployment);
            }
            EventKind::InstallFailed => {
                self.finished(clock, entry, bits, false);
                self.progress(
                    clock,
                    configmgr,
                    entry,
                    Progress { state: "ciStateError", percent: 0, code: bits },
                );
            }
            EventKind::CommitSucceeded => {
                self.after_restart(clock, entry, 0);
                self.done(clock, configmgr, entry, deployment);
            }
            EventKind::CommitFailed => {
                self.after_restart(clock, entry, bits);
                self.progress(
                    clock,
                    configmgr,
                    entry,
                    Progress { state: "ciStateError", percent: 0, code: bits },
                );
            }
            _ => {}
        }
    }

    /// An update is met for the first time under a deployment.
    fn target(
        &mut self,
        clock: &mut Clock,
        configmgr: &ConfigMgr,
        entry: &UpdateEntry,
        deployment: &Deployment,
    ) {
        if !self.targeted.insert(entry.id) {
            return;
        }
        let (site, id) = (SiteName(of_site(configmgr, SITE)), entry.id);
        let article = entry.kb.as_deref().unwrap_or_default();
        let article = Plain(article.trim_start_matches(|symbol: char| !symbol.is_ascii_digit()));
        let assignment = Braced(Some(deployment.assignment_id()));
        self.write(
            clock,
            Book::UpdatesDeployment,
            format_args!(
                "Update ({site}/SUM_{id}) Name ({}) ArticleID ({article}) added to the targeted list of deployment \
                 ({assignment})",
                Plain(&entry.title)
            ),
        );
        let told = Told { topic: "Evaluate, StateId = 2", state: "ASSIGNMENT_EVALUATE_SUCCESS" };
        self.told(clock, deployment, told);
    }

    fn progress(
        &mut self,
        clock: &mut Clock,
        configmgr: &ConfigMgr,
        entry: &UpdateEntry,
        progress: Progress,
    ) {
        let (site, id) = (SiteName(of_site(configmgr, SITE)), entry.id);
        let Progress { state, percent, code } = progress;
        self.write(
            clock,
            Book::UpdatesDeployment,
            format_args!(
                "Update ({site}/SUM_{id}) Progress: Status = {state}, PercentComplete = {percent}, DownloadSize = 0, \
                 Result = 0x{code:x}"
            ),
        );
    }

    fn told(&mut self, clock: &mut Clock, deployment: &Deployment, Told { topic, state }: Told) {
        let assignment = Braced(Some(deployment.assignment_id()));
        self.write(
            clock,
            Book::UpdatesDeployment,
            format_args!(
                "Raised assignment ({assignment}) state message successfully. TopicType = {topic}, StateName = {state}"
            ),
        );
    }

    fn downloaded(&mut self, clock: &mut Clock, entry: &UpdateEntry, job: Guid) {
        let (book, id) = (Book::UpdatesHandler, entry.id);
        self.write(clock, book, format_args!("Contents downloaded successfully for Update ({id})."));
        self.write(clock, book, format_args!("Download completed for the job ({job})."));
    }

    /// An installation does not begin: for want of a maintenance window, or for what the agent says by itself.
    fn blocked(&mut self, clock: &mut Clock, configmgr: &ConfigMgr, entry: &UpdateEntry, code: u32) {
        const NO_WINDOW: u32 = 0x87d0_0667;
        let (id, length) = (entry.id, entry.max_run_time.unwrap_or(configmgr.max_run_time).as_secs());
        if code != NO_WINDOW {
            let progress = Progress { state: "ciStateWaitInstall", percent: 0, code };
            self.progress(clock, configmgr, entry, progress);
            return;
        }
        let minutes = length / 60;
        for line in [
            format_args!(
                "No current service window available to run updates assignment with time required = {length}"
            ),
            format_args!(
                "Update ({id}) waits: no maintenance window is as long as its maximum run time, {minutes} minutes"
            ),
        ] {
            self.write_as(clock, Book::UpdatesDeployment, Gravity::Warning, line);
        }
        let progress = Progress { state: "ciStateWaitServiceWindow", percent: 0, code };
        self.progress(clock, configmgr, entry, progress);
    }

    /// The agent has installed an update, or has not.
    fn finished(&mut self, clock: &mut Clock, entry: &UpdateEntry, code: u32, restart: bool) {
        let id = entry.id;
        let (required, state) = if restart { ("Yes", "SoftReboot") } else { ("No", "NoReboot") };
        let gravity = if code == 0 { Gravity::Information } else { Gravity::Error };
        let book = Book::WuaHandler;
        self.write_as(
            clock,
            book,
            gravity,
            format_args!("Update 1 ({id}) finished installing (0x{code:08x}), Reboot Required? {required}"),
        );
        self.write(clock, book, format_args!("Async install completed."));
        match code {
            0 => self.write(clock, book, format_args!("Installation of updates completed.")),
            _ => self.write_as(
                clock,
                book,
                gravity,
                format_args!("Installation job encountered some failures. Error = 0x{code:08x}."),
            ),
        }
        self.write_as(
            clock,
            Book::UpdatesHandler,
            gravity,
            format_args!("WSUS update ({id}) installation result = 0x{code:x}, Reboot State = {state}"),
        );
    }

    fn after_restart(&mut self, clock: &mut Clock, entry: &UpdateEntry, code: u32) {
        let id = entry.id;
        let gravity = if code == 0 { Gravity::Information } else { Gravity::Error };
        self.write_as(
            clock,
            Book::WuaHandler,
            gravity,
            format_args!("Update ({id}) has finished the post reboot operation. HResult: 0x{code:08x}."),
        );
    }

    fn done(
        &mut self,
        clock: &mut Clock,
        configmgr: &ConfigMgr,
        entry: &UpdateEntry,
        deployment: &Deployment,
    ) {
        let progress = Progress { state: "ciStateInstallComplete", percent: 0, code: 0 };
        self.progress(clock, configmgr, entry, progress);
        let (site, id) = (SiteName(of_site(configmgr, SITE)), entry.id);
        self.write(
            clock,
            Book::UpdatesDeployment,
            format_args!(
                "Raised update ({site}/SUM_{id}) enforcement state message successfully. StateId = 10, StateName = \
                 CI_ENFORCEMENT_SUCCESSFULL"
            ),
        );
        let told = Told { topic: "Enforce, StateId = 4", state: "ASSIGNMENT_ENFORCE_SUCCESS" };
        self.told(clock, deployment, told);
        let told =
            Told { topic: "Compliance, IsCompliant = True, StateId = 1", state: "ASSIGNMENT_COMPLIANT" };
        self.told(clock, deployment, told);
    }
}

/// The name of a site's catalog: `Site_` and its GUID without braces.
#[derive(Clone, Copy)]
struct SiteName(Guid);

impl std::fmt::Display for SiteName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.0.to_string();
        write!(f, "Site_{}", text.trim_matches(['{', '}']))
    }
}
