//! What happens on a device: the entries of its event log, as facts.
//!
//! The numbers are those of \[MS-WUSP\] 2.2.2.3.1 where the text has one. Deliberately absent: where events are written.

use chrono::{DateTime, Utc};

use super::{HResult, Refusal, UpdateId, UpdateState};
use crate::device::Profile;

/// Something that has happened on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// When, by the device's clock.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: EventKind,
    /// The update that it happened to, if it was one.
    pub update: Option<UpdateId>,
    /// The error or the reason, if there is one.
    pub hresult: Option<HResult>,
    /// Who had the agent do it.
    pub caller: Caller,
}

/// Who has the update agent do something: `CallerId` in its logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Caller {
    /// The update orchestrator, by itself.
    #[default]
    UpdateOrchestrator,
    /// The client of Configuration Manager.
    CcmExec,
    /// A user.
    User,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// A scan found so many updates applicable.
    ScanSucceeded {
        /// How many.
        updates: u32,
    },
    /// A scan failed.
    ScanFailed,
    /// A scan found an update that the device did not know, or one again that could not be committed.
    Offered,
    /// The services have a new revision of an update.
    Revised {
        /// RevisionNumber
        revision: u32,
    },
    /// The services offer an update no longer, or the device may not have it any more.
    Withdrawn,
    /// An update that was on its way may not go on for now.
    Held,
    /// An update may be downloaded: it is approved, not deferred and not paused.
    ReadyToDownload,
    /// A download began.
    DownloadStarted,
    /// A download does not begin, or stopped, for a reason that may pass.
    DownloadBlocked,
    /// A download that was blocked may go on.
    DownloadUnblocked,
    /// A download is complete.
    DownloadSucceeded,
    /// A download failed.
    DownloadFailed,
    /// An update may be installed: its content is there already.
    ReadyToInstall,
    /// Downloaded content was kept too long.
    ContentExpired,
    /// An installation began.
    InstallStarted,
    /// An installation does not begin for a reason that may pass.
    InstallBlocked,
    /// An installation that was blocked may begin.
    InstallUnblocked,
    /// An installation was given up because updates were paused or may not be installed any more.
    InstallCancelled,
    /// An update is installed.
    InstallSucceeded,
    /// An update is installed and needs a restart.
    RestartRequired,
    /// An installation failed.
    InstallFailed,
    /// The device restarted.
    Restarted,
    /// After a restart, what was installed began to be committed.
    CommitStarted,
    /// What was installed is committed.
    CommitSucceeded,
    /// What was installed could not be committed, and is gone again.
    CommitFailed,
    /// A rollback was refused.
    RollbackRefused {
        /// Why.
        why: Refusal,
    },
    /// An update is being rolled back.
    RollbackStarted,
    /// An update has been rolled back.
    RollbackSucceeded,
    /// A pause began.
    Paused,
    /// A pause is over.
    Resumed,
    /// Group Policy has been read again.
    PolicyRefreshed,
    /// The ConfigMgr client has policy from its management point that says something else than before.
    PolicyReceived {
        /// How many deployments are to collections that the device is in.
        deployments: u32,
    },
    /// The management point does not answer the ConfigMgr client. It is told once for each reason.
    PolicyFailed,
    /// The ConfigMgr client has made its software update point the update server.
    SourceSet,
    /// The ConfigMgr client could not do so.
    SourceFailed,
    /// The agent's own store was made anew.
    ClientReset,
}

impl Caller {
    /// Its name as the agent's logs have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UpdateOrchestrator => "UpdateOrchestrator",
            Self::CcmExec => "CcmExec",
            Self::User => "Update;Scan",
        }
    }
}

impl EventKind {
    /// The names of all, in the order in which updates meet them.
    pub const NAMES: [&'static str; 36] = [
        "scan-succeeded",
        "scan-failed",
        "offered",
        "revised",
        "withdrawn",
        "held",
        "ready-to-download",
        "download-started",
        "download-blocked",
        "download-unblocked",
        "download-succeeded",
        "download-failed",
        "ready-to-install",
        "content-expired",
        "install-started",
        "install-blocked",
        "install-unblocked",
        "install-cancelled",
        "install-succeeded",
        "restart-required",
        "install-failed",
        "restarted",
        "commit-started",
        "commit-succeeded",
        "commit-failed",
        "rollback-refused",
        "rollback-started",
        "rollback-succeeded",
        "paused",
        "resumed",
        "policy-refreshed",
        "policy-received",
        "policy-failed",
        "update-source-set",
        "update-source-failed",
        "client-reset",
    ];

    /// Its name, in small letters with hyphens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScanSucceeded { .. } => "scan-succeeded",
            Self::ScanFailed => "scan-failed",
            Self::Offered => "offered",
            Self::Revised { .. } => "revised",
            Self::Withdrawn => "withdrawn",
            Self::Held => "held",
            Self::ReadyToDownload => "ready-to-download",
            Self::DownloadStarted => "download-started",
            Self::DownloadBlocked => "download-blocked",
            Self::DownloadUnblocked => "download-unblocked",
            Self::DownloadSucceeded => "download-succeeded",
            Self::DownloadFailed => "download-failed",
            Self::ReadyToInstall => "ready-to-install",
            Self::ContentExpired => "content-expired",
            Self::InstallStarted => "install-started",
            Self::InstallBlocked => "install-blocked",
            Self::InstallUnblocked => "install-unblocked",
            Self::InstallCancelled => "install-cancelled",
            Self::InstallSucceeded => "install-succeeded",
            Self::RestartRequired => "restart-required",
            Self::InstallFailed => "install-failed",
            Self::Restarted => "restarted",
            Self::CommitStarted => "commit-started",
            Self::CommitSucceeded => "commit-succeeded",
            Self::CommitFailed => "commit-failed",
            Self::RollbackRefused { .. } => "rollback-refused",
            Self::RollbackStarted => "rollback-started",
            Self::RollbackSucceeded => "rollback-succeeded",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::PolicyRefreshed => "policy-refreshed",
            Self::PolicyReceived { .. } => "policy-received",
            Self::PolicyFailed => "policy-failed",
            Self::SourceSet => "update-source-set",
            Self::SourceFailed => "update-source-failed",
            Self::ClientReset => "client-reset",
        }
    }

    /// The `EventID` that a client reports to its server; `None` where there is none.
    ///
    /// Source: \[MS-WUSP\] 2.2.2.3.1.
    #[must_use]
    pub const fn event_id(self) -> Option<u16> {
        Some(match self {
            Self::ScanSucceeded { .. } => 147,
            Self::ScanFailed => 148,
            Self::DownloadFailed => 161,
            Self::DownloadSucceeded => 162,
            Self::DownloadBlocked => 165,
            Self::DownloadUnblocked => 166,
            Self::DownloadStarted => 167,
            Self::InstallStarted => 181,
            Self::InstallFailed => 182,
            Self::InstallSucceeded => 183,
            Self::InstallCancelled => 186,
            Self::RestartRequired => 201,
            Self::Restarted => 202,
            Self::CommitStarted => 521,
            Self::CommitFailed => 522,
            Self::CommitSucceeded => 523,
            Self::RollbackSucceeded => 542,
            Self::RollbackStarted => 546,
            Self::Offered
            | Self::RollbackRefused { .. }
            | Self::Revised { .. }
            | Self::Withdrawn
            | Self::Held
            | Self::ReadyToDownload
            | Self::ReadyToInstall
            | Self::ContentExpired
            | Self::InstallBlocked
            | Self::InstallUnblocked
            | Self::Paused
            | Self::Resumed
            | Self::PolicyRefreshed
            | Self::PolicyReceived { .. }
            | Self::PolicyFailed
            | Self::SourceSet
            | Self::SourceFailed
            | Self::ClientReset => return None,
        })
    }
}

impl EventKind {
    /// The state that it brings an update to; `None` when it leaves the state as it is, or takes the update away.
    #[must_use]
    pub const fn state(self) -> Option<UpdateState> {
        Some(match self {
            Self::Offered | Self::Revised { .. } | Self::Held | Self::InstallCancelled => {
                UpdateState::NEW_UPDATE
            }
            Self::ReadyToDownload | Self::DownloadUnblocked | Self::ContentExpired => {
                UpdateState::READY_TO_DOWNLOAD
            }
            Self::DownloadStarted => UpdateState::DOWNLOADING,
            Self::DownloadBlocked => UpdateState::DOWNLOAD_BLOCKED,
            Self::DownloadFailed => UpdateState::DOWNLOAD_FAILED,
            Self::DownloadSucceeded | Self::ReadyToInstall | Self::InstallUnblocked => {
                UpdateState::READY_TO_INSTALL
            }
            Self::InstallStarted => UpdateState::INSTALLING,
            Self::InstallBlocked => UpdateState::INSTALL_BLOCKED,
            Self::InstallFailed => UpdateState::INSTALL_FAILED,
            Self::RestartRequired => UpdateState::REBOOT_REQUIRED,
            Self::CommitStarted => UpdateState::POST_REBOOT,
            Self::CommitFailed => UpdateState::COMMIT_FAILED,
            Self::InstallSucceeded | Self::CommitSucceeded => UpdateState::UPDATE_COMPLETED,
            Self::ScanSucceeded { .. }
            | Self::ScanFailed
            | Self::Withdrawn
            | Self::Restarted
            | Self::RollbackRefused { .. }
            | Self::RollbackStarted
            | Self::RollbackSucceeded
            | Self::Paused
            | Self::Resumed
            | Self::PolicyRefreshed
            | Self::PolicyReceived { .. }
            | Self::PolicyFailed
            | Self::SourceSet
            | Self::SourceFailed
            | Self::ClientReset => return None,
        })
    }

    /// Whether it takes an update away from the device.
    #[must_use]
    pub const fn removes(self) -> bool {
        matches!(self, Self::Withdrawn | Self::RollbackSucceeded)
    }
}

impl Event {
    /// The event in words, with the symbol of its error and the title of its update.
    #[must_use]
    pub fn text(&self, profile: &Profile) -> String {
        let what = match self.kind {
            EventKind::ScanSucceeded { updates: 1 } => "scan succeeded: 1 update is applicable".to_owned(),
            EventKind::ScanSucceeded { updates } => {
                format!("scan succeeded: {updates} updates are applicable")
            }
            EventKind::Revised { revision } => format!("new revision {revision}"),
            EventKind::RollbackRefused { why } => format!("rollback refused: {why}"),
            EventKind::ScanFailed => "scan failed".to_owned(),
            EventKind::ReadyToDownload => "ready to download".to_owned(),
            EventKind::RestartRequired => "installed, needs a restart".to_owned(),
            EventKind::ContentExpired => "downloaded content expired".to_owned(),
            EventKind::Restarted => "the device restarted".to_owned(),
            EventKind::Paused => "updates are paused".to_owned(),
            EventKind::Resumed => "the pause of updates is over".to_owned(),
            EventKind::PolicyRefreshed => "Group Policy was refreshed".to_owned(),
            EventKind::PolicyReceived { deployments: 1 } => "policy received: 1 deployment".to_owned(),
            EventKind::PolicyReceived { deployments } => {
                format!("policy received: {deployments} deployments")
            }
            EventKind::PolicyFailed => "the management point does not answer".to_owned(),
            EventKind::SourceSet => "the software update point is the update server".to_owned(),
            EventKind::SourceFailed => "no software update point was made the update server".to_owned(),
            EventKind::ClientReset => "the agent's store was made anew".to_owned(),
            kind => kind.name().replace('-', " "),
        };
        let reason = match (self.hresult, self.hresult.and_then(HResult::symbol)) {
            (Some(hresult), Some(symbol)) => format!(" ({hresult} {symbol})"),
            (Some(hresult), None) => format!(" ({hresult})"),
            (None, _) => String::new(),
        };
        let Some(id) = self.update else { return what + &reason };
        let title = profile.update(id).map(|update| update.title.as_str()).filter(|title| !title.is_empty());
        match title {
            Some(title) => format!("{what}{reason}: {title}"),
            None => format!("{what}{reason}: {id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Device;

    #[test]
    fn an_error_is_told_with_its_symbol() {
        let device = Device::builtin();
        let text = |hresult, update| {
            let caller = Caller::default();
            let event = Event { at: device.clock(), kind: EventKind::ScanFailed, update, hresult, caller };
            event.text(device.profile())
        };
        let code = |bits| Some(HResult::from_bits(bits));
        assert_eq!(text(code(0x8007_2ee2), None), "scan failed (0x80072EE2 ERROR_WINHTTP_TIMEOUT)");
        assert_eq!(text(code(0x87d0_0692), None), "scan failed (0x87D00692)");
        assert_eq!(text(None, None), "scan failed");
        let update = &device.profile().catalog()[0];
        let told = text(code(0x8024_2015), Some(update.id));
        let expected = format!("scan failed (0x80242015 WU_E_UH_POSTREBOOTRESULTUNKNOWN): {}", update.title);
        assert_eq!(told, expected);
    }
}
