//! The states of an update, as the Update CSP numbers them.

use bitflags::bitflags;

bitflags! {
    /// `FailedUpdates/{guid}/State` (Microsoft, Update CSP, 11/2023): one of thirteen flags. No text says that
    /// they combine.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub struct UpdateState: u16 {
        /// `UpdateStatusNewUpdate`
        const NEW_UPDATE = 1;
        /// `UpdateStatusReadyToDownload`
        const READY_TO_DOWNLOAD = 2;
        /// `UpdateStatusDownloading`
        const DOWNLOADING = 4;
        /// `UpdateStatusDownloadBlocked`
        const DOWNLOAD_BLOCKED = 8;
        /// `UpdateStatusDownloadFailed`
        const DOWNLOAD_FAILED = 16;
        /// `UpdateStatusReadyToInstall`
        const READY_TO_INSTALL = 32;
        /// `UpdateStatusInstalling`
        const INSTALLING = 64;
        /// `UpdateStatusInstallBlocked`
        const INSTALL_BLOCKED = 128;
        /// `UpdateStatusInstallFailed`
        const INSTALL_FAILED = 256;
        /// `UpdateStatusRebootRequired`
        const REBOOT_REQUIRED = 512;
        /// `UpdateStatusUpdateCompleted`
        const UPDATE_COMPLETED = 1024;
        /// `UpdateStatusCommitFailed`
        const COMMIT_FAILED = 2048;
        /// `UpdateStatusPostReboot`
        const POST_REBOOT = 4096;
    }
}

impl UpdateState {
    /// Every state with its documented name, without the prefix `UpdateStatus` that all of them have.
    pub const NAMED: [(Self, &'static str); 13] = [
        (Self::NEW_UPDATE, "NewUpdate"),
        (Self::READY_TO_DOWNLOAD, "ReadyToDownload"),
        (Self::DOWNLOADING, "Downloading"),
        (Self::DOWNLOAD_BLOCKED, "DownloadBlocked"),
        (Self::DOWNLOAD_FAILED, "DownloadFailed"),
        (Self::READY_TO_INSTALL, "ReadyToInstall"),
        (Self::INSTALLING, "Installing"),
        (Self::INSTALL_BLOCKED, "InstallBlocked"),
        (Self::INSTALL_FAILED, "InstallFailed"),
        (Self::REBOOT_REQUIRED, "RebootRequired"),
        (Self::UPDATE_COMPLETED, "UpdateCompleted"),
        (Self::COMMIT_FAILED, "CommitFailed"),
        (Self::POST_REBOOT, "PostReboot"),
    ];

    /// The state of that documented name, with or without the prefix.
    #[must_use]
    pub fn from_documented_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix("UpdateStatus").unwrap_or(name);
        Self::NAMED.into_iter().find(|(_, known)| *known == name).map(|(state, _)| state)
    }

    /// The documented name without its prefix; `None` for no flag or several.
    #[must_use]
    pub fn documented_name(self) -> Option<&'static str> {
        Self::NAMED.into_iter().find(|(state, _)| *state == self).map(|(_, name)| name)
    }
}

/// Written as its documented name; no flag, and several, as a number.
impl serde::Serialize for UpdateState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.documented_name() {
            Some(name) => serializer.serialize_str(name),
            None => serializer.collect_str(&self.bits()),
        }
    }
}

impl<'de> serde::Deserialize<'de> for UpdateState {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let bits = || name.parse().ok().and_then(Self::from_bits);
        Self::from_documented_name(&name).or_else(bits).ok_or_else(|| {
            serde::de::Error::custom(format_args!("`{name}` is not a documented update state or its number"))
        })
    }
}
