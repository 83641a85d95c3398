//! `WindowsUpdate.log`: what the update agent does, in the text that `Get-WindowsUpdateLog` makes of its trace.
//!
//! Each line: time, process, thread, component, message.

use std::fmt::{self, Write as _};

use csp_model::Device;
use csp_model::agent::{Caller, Event, EventKind, HResult, ScanSource, ScanSources, UpdateClass, UpdateSet};
use csp_model::device::UpdateEntry;
use csp_model::schema::OsVersion;

use super::draw::{Braced, Draw, Plain, Purpose};
use super::stamp::Clock;

/// The log.
#[derive(Debug)]
pub(super) struct WindowsUpdate {
    text: String,
    draw: Draw,
    /// The process that the agent runs in, another after each restart.
    process: u32,
    starts: u64,
    calls: u32,
    /// What the log said last of the WSUS server.
    server: Option<String>,
}

/// A service that can be scanned.
///
/// Source of the ids: Microsoft, "Integrate Windows Update client policies with Configuration Manager".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    WindowsUpdate,
    MicrosoftUpdate,
    Managed,
}

/// The category of products under which a device with dual scan filters what its WSUS server has for Windows.
const FILTERED: &str = "6964AAB4-C5B5-43BD-A17D-FFB4346A8E1D.100";

impl WindowsUpdate {
    pub(super) fn new(device: &Device) -> Self {
        let draw = Draw::of(device, Purpose::Thread);
        let text = String::new();
        Self { text, draw, process: 0, starts: 0, calls: 0, server: None }
    }

    /// Writes what the agent does with an event.
    pub(super) fn event(
        &mut self,
        clock: &mut Clock,
        device: &Device,
        event: &Event,
        caller: &str,
        update: Option<(&UpdateEntry, u32)>,
    ) {
        if self.starts == 0 || event.kind == EventKind::Restarted {
            self.start(clock, device);
        }
        let code = event.hresult.unwrap_or(HResult::OK).bits();
        match event.kind {
            EventKind::ScanSucceeded { .. } | EventKind::ScanFailed => {
                self.scan(clock, device, event, caller)
            }
            EventKind::PolicyRefreshed => {
                self.line(clock, "Agent", format_args!("Refreshing global settings cache"));
                self.servers(clock, device);
            }
            EventKind::ClientReset => {
                self.line(clock, "DataStore", format_args!("The data store is created anew"));
            }
            EventKind::Paused => {
                self.line(clock, "Agent", format_args!("Updates are paused by policy or user"))
            }
            EventKind::Resumed => self.line(clock, "Agent", format_args!("Updates are no longer paused")),
            _ => {}
        }
        let Some((entry, revision)) = update else { return };
        let id = Braced(Some(entry.id));
        match event.kind {
            EventKind::DownloadStarted => {
                self.calls += 1;
                let call = self.calls;
                self.line(
                    clock,
                    "DownloadManager",
                    format_args!(
                        "* START * Begin Downloading Updates [CallerId = {caller}] [Call ID = {call}]"
                    ),
                );
                self.line(clock, "DownloadManager", format_args!("Updates to download = 1"));
                self.named(clock, "DownloadManager", entry, revision);
            }
            EventKind::DownloadSucceeded => {
                self.line(
                    clock,
                    "DownloadManager",
                    format_args!("Download job for update {id}.{revision} completed"),
                );
                self.end_of(clock, "DownloadManager", "Downloading Updates", caller, code);
            }
            EventKind::DownloadFailed => {
                self.failed(
                    clock,
                    "DownloadManager",
                    code,
                    format_args!("Download of update {id}.{revision}"),
                );
                self.end_of(clock, "DownloadManager", "Downloading Updates", caller, code);
            }
            EventKind::DownloadBlocked => self.line(
                clock,
                "DownloadManager",
                format_args!("Download of update {id}.{revision} is suspended, hr=0x{code:08x}"),
            ),
            EventKind::DownloadUnblocked => self.line(
                clock,
                "DownloadManager",
                format_args!("Download of update {id}.{revision} is resumed"),
            ),
            EventKind::InstallStarted => {
                self.calls += 1;
                let call = self.calls;
                self.line(
                    clock,
                    "Agent",
                    format_args!("* START * Installing updates CallerId = {caller}  Id = {call}"),
                );
                self.line(clock, "Agent", format_args!("Updates to install = 1"));
                self.named(clock, "Agent", entry, revision);
                self.line(
                    clock,
                    "Handler",
                    format_args!("Starting install of {} update {id}", handler(entry)),
                );
            }
            EventKind::InstallSucceeded => self.installed(clock, entry, caller, false, 0),
            EventKind::RestartRequired => self.installed(clock, entry, caller, true, 0),
            EventKind::InstallFailed => self.installed(clock, entry, caller, false, code),
            EventKind::InstallCancelled => {
                self.line(clock, "Agent", format_args!("Install of update {id}.{revision} is cancelled"));
            }
            EventKind::InstallBlocked => self.line(
                clock,
                "Agent",
                format_args!("Install of update {id}.{revision} is not allowed now, hr=0x{code:08x}"),
            ),
            EventKind::CommitStarted => {
                self.line(clock, "Handler", format_args!("Post-reboot status is checked for update {id}"));
            }
            EventKind::CommitSucceeded | EventKind::CommitFailed => self.line(
                clock,
                "Handler",
                format_args!("Completed post-reboot work of update {id}, hr=0x{code:x}"),
            ),
            EventKind::RollbackStarted => self.line(
                clock,
                "Handler",
                format_args!("Starting uninstall of {} update {id}", handler(entry)),
            ),
            EventKind::RollbackSucceeded => self.line(
                clock,
                "Handler",
                format_args!("Completed uninstall of {} update {id}, hr=0x{code:x}", handler(entry)),
            ),
            _ => {}
        }
    }

    pub(super) fn file(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.text.as_bytes());
    }

    /// The service starts, and reads its settings.
    fn start(&mut self, clock: &mut Clock, device: &Device) {
        self.starts += 1;
        self.process = (self.draw.number(self.starts).below(2_000) + 200) * 4;
        self.server = None;
        let OsVersion { major, minor, build, revision } = device.os();
        self.line(clock, "Agent", format_args!("WU client version {major}.{minor}.{build}.{revision}"));
        self.line(clock, "Agent", format_args!("Initializing global settings cache"));
        self.servers(clock, device);
        let forbidden = if device.effective_policy().forbids_windows_update() { "Yes" } else { "No" };
        self.line(clock, "Agent", format_args!("Windows Update access disabled: {forbidden}"));
    }

    /// The WSUS server, and whether it is another one than before.
    fn servers(&mut self, clock: &mut Clock, device: &Device) {
        let server = wsus(device);
        let status = device.registry_value(super::POLICY_KEY, "WUStatusServer");
        let status = status.map(|value| value.text().into_owned()).or_else(|| server.clone());
        let is_new = self.starts > 0 && self.server.as_ref().is_some_and(|before| *before != *shown(&server));
        let changed = if is_new { " (Changed)" } else { "" };
        self.line(clock, "Agent", format_args!("WSUS server: {}{changed}", Plain(shown(&server))));
        self.line(clock, "Agent", format_args!("WSUS status server: {}{changed}", Plain(shown(&status))));
        if is_new {
            self.line(clock, "AU", format_args!("Sus server changed through policy."));
        }
        self.server = Some(shown(&server).to_owned());
    }

    fn scan(&mut self, clock: &mut Clock, device: &Device, event: &Event, caller: &str) {
        let sources = device.scan_sources();
        let server = wsus(device);
        if self.server.as_deref() != Some(shown(&server)) {
            self.servers(clock, device);
        }
        let services = services(device, &sources, event.caller);
        let found = match event.kind {
            EventKind::ScanSucceeded { updates } => Some(updates),
            _ => None,
        };
        let mut left = found.unwrap_or_default();
        for (index, service) in services.iter().copied().enumerate() {
            self.calls += 1;
            let call = self.calls;
            let id = service.id();
            self.line(
                clock,
                "Agent",
                format_args!("* START * Finding updates CallerId = {caller}  Id = {call}"),
            );
            self.line(
                clock,
                "Agent",
                format_args!("Online = Yes; AllowCachedResults = No; Ignore download priority = No"),
            );
            self.line(clock, "Agent", format_args!("Criteria = \"{CRITERIA}\""));
            self.line(clock, "Agent", format_args!("ServiceID = {{{id}}} {}", service.name()));
            self.line(clock, "Agent", format_args!("Search Scope = {{Machine}}"));
            match service {
                Service::WindowsUpdate | Service::MicrosoftUpdate => {
                    let OsVersion { major, minor, build, revision } = device.os();
                    let file = device.profile().file();
                    self.line(
                        clock,
                        "SLS",
                        format_args!(
                            "[SLS] Making request with URL HTTPS://sls.update.microsoft.com/SLS/{{{id}}}/x64/\
                             {major}.{minor}.{build}.{revision}/0?CH=0&L={}&P=&PT=0x{:x}&WUA={major}.{minor}.{build}.{revision}",
                            Plain(&file.device.language),
                            file.device.edition.sku(),
                        ),
                    );
                }
                Service::Managed => {}
            }
            let url = match service {
                Service::Managed => shown(&server),
                Service::WindowsUpdate | Service::MicrosoftUpdate => "https://fe2cr.update.microsoft.com/v6",
            };
            self.line(
                clock,
                "ProtocolTalker",
                format_args!(
                    "ServiceId = {{{id}}}, Server URL = {}/ClientWebService/client.asmx",
                    Plain(url.trim_end_matches('/'))
                ),
            );
            let code = event.hresult.unwrap_or(HResult::OK).bits();
            if found.is_none() {
                self.failed(clock, "ProtocolTalker", code, format_args!("SyncUpdates_WithRecovery failed"));
                self.failed(clock, "Agent", code, format_args!("Scan for service {{{id}}}"));
            } else {
                if service == Service::Managed && sources.is_dual_scan() {
                    self.line(clock, "Agent", format_args!("Update filtered by policy: {FILTERED}"));
                }
                let own = if index + 1 == services.len() {
                    left
                } else {
                    here(device, &sources, service).min(left)
                };
                left -= own;
                let rules = device.profile().catalog().len();
                self.line(
                    clock,
                    "Agent",
                    format_args!(
                        "Found {own} updates and 70 categories in search; evaluated appl. rules of {rules} out of \
                         {rules} deployed entities"
                    ),
                );
            }
            self.line(
                clock,
                "Agent",
                format_args!(
                    "* END * Finding updates CallerId = {caller}, Id = {call}, Exit code = 0x{code:08X}"
                ),
            );
            // The one that does not answer ends the scan.
            if found.is_none() {
                return;
            }
        }
    }

    fn installed(&mut self, clock: &mut Clock, entry: &UpdateEntry, caller: &str, restart: bool, code: u32) {
        let id = Braced(Some(entry.id));
        let restart = u8::from(restart);
        self.line(
            clock,
            "Handler",
            format_args!(
                "Completed install of {} update {id} with type=0, requiresReboot={restart}, installerError={}, hr=0x{code:x}",
                handler(entry),
                u8::from(code != 0),
            ),
        );
        if code != 0 {
            self.failed(clock, "Agent", code, format_args!("Install of update {id}"));
        }
        let required = if restart == 1 { "Yes" } else { "No" };
        self.line(clock, "Agent", format_args!("Reboot required = {required}"));
        self.end_of(clock, "Agent", "Installing updates", caller, code);
    }

    fn named(&mut self, clock: &mut Clock, component: &str, entry: &UpdateEntry, revision: u32) {
        self.line(clock, component, format_args!("  Title = {}", Plain(&entry.title)));
        self.line(clock, component, format_args!("  UpdateId = {}.{revision}", Braced(Some(entry.id))));
    }

    fn end_of(&mut self, clock: &mut Clock, component: &str, what: &str, caller: &str, code: u32) {
        self.line(
            clock,
            component,
            format_args!("* END * {what} [CallerId = {caller}], Exit code = 0x{code:08X}"),
        );
    }

    fn failed(&mut self, clock: &mut Clock, component: &str, code: u32, what: fmt::Arguments<'_>) {
        self.line(clock, component, format_args!("*FAILED* [{code:08X}] {what}"));
    }

    fn line(&mut self, clock: &mut Clock, component: &str, message: fmt::Arguments<'_>) {
        let process = self.process;
        let length = self.text.len() as u64;
        let thread = self.draw.number(clock.at().timestamp().cast_unsigned() / 600);
        clock.tick().trace(self.draw.number(length).below(10_000), &mut self.text);
        let thread = (thread.below(2_000) + 1_000) * 4;
        // A String takes whatever is written.
        let _ = write!(self.text, " {process:<5} {thread:<5} {component:<15} ");
        let _ = self.text.write_fmt(message);
        self.text.push_str("\r\n");
    }
}

/// What an agent asks a service for.
pub(super) const CRITERIA: &str =
    "(DeploymentAction=* AND Type='Software') OR (DeploymentAction=* AND Type='Driver')";

impl Service {
    const fn id(self) -> &'static str {
        match self {
            Self::WindowsUpdate => "9482F4B4-E343-43B6-B170-9A65BC822C77",
            Self::MicrosoftUpdate => "7971F918-A847-4430-9279-4A52D1EFE18D",
            Self::Managed => "3DA21691-E39D-4DA6-8A4B-B43877BCB1B7",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::WindowsUpdate => "Windows Update",
            Self::MicrosoftUpdate => "Microsoft Update",
            Self::Managed => "Managed",
        }
    }
}

/// The services that a scan asks: the WSUS server first, and for a ConfigMgr client nobody else.
fn services(device: &Device, sources: &ScanSources, caller: Caller) -> Vec<Service> {
    match caller {
        Caller::CcmExec => return vec![Service::Managed],
        Caller::UpdateOrchestrator | Caller::User => {}
    }
    let asks = |source| {
        UpdateClass::ALL.into_iter().any(|class| sources.of(class) == source) || sources.definitions == source
    };
    let public = match device.effective_policy().offers_other_products() {
        true => Service::MicrosoftUpdate,
        false => Service::WindowsUpdate,
    };
    let managed = asks(ScanSource::Wsus).then_some(Service::Managed);
    let mut services: Vec<_> =
        managed.into_iter().chain(asks(ScanSource::WindowsUpdate).then_some(public)).collect();
    if services.is_empty() {
        services.push(if sources.uses_wsus { Service::Managed } else { public });
    }
    services
}

/// How many of the updates that a device may still install come from a service.
fn here(device: &Device, sources: &ScanSources, service: Service) -> u32 {
    let source = match service {
        Service::Managed => ScanSource::Wsus,
        Service::WindowsUpdate | Service::MicrosoftUpdate => ScanSource::WindowsUpdate,
    };
    let entries =
        device.agent().updates_in(UpdateSet::Installable).filter_map(|(id, _)| device.profile().update(id));
    entries.filter(|entry| sources.of_update(entry) == source).count().try_into().unwrap_or(u32::MAX)
}

/// The WSUS server that the agent goes by.
fn wsus(device: &Device) -> Option<String> {
    let policy = device.effective_policy();
    policy.uses_wsus().then(|| policy.text("UpdateServiceUrl")).flatten()
}

fn shown(server: &Option<String>) -> &str {
    server.as_deref().unwrap_or("NULL")
}

/// What installs an update.
fn handler(entry: &UpdateEntry) -> &'static str {
    match entry.class() {
        UpdateClass::Feature | UpdateClass::Quality => "CBS",
        UpdateClass::Driver => "Driver",
        UpdateClass::Other => "Command Line",
    }
}
