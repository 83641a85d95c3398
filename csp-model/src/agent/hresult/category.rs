//! What an error code is about.

/// What an error code is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Category {
    /// Connections, names and time-outs.
    Network,
    /// A proxy, or the settings for one.
    Proxy,
    /// The update server answers, and cannot serve.
    Server,
    /// What is said between agent and server.
    Protocol,
    /// The secure channel, and the certificates for it.
    Tls,
    /// How the agent finds its services, and how it is healed.
    RedirectorSls,
    /// Getting the content.
    Download,
    /// Room on the disk or in the cache.
    Disk,
    /// The agent's data store.
    Datastore,
    /// Installing what has been downloaded.
    Install,
    /// The component store and its packages.
    Servicing,
    /// A restart is needed, or did not do its part.
    Reboot,
    /// Somebody or something called it off.
    Cancel,
    /// Policy, a setting or a maintenance window says no.
    Policy,
    /// A right is missing.
    Permission,
    /// Drivers.
    Driver,
    /// Updating the agent itself.
    Selfupdate,
    /// Signatures and certificates of files and metadata.
    Trust,
    /// Licence terms.
    Eula,
    /// Rules that say whether an update applies.
    Applicability,
    /// Automatic Updates.
    AutomaticUpdates,
    /// The agent and the services it needs.
    Agent,
    /// Events and inventory for the server.
    Reporting,
    /// A scan by a file.
    OfflineScan,
    /// Memory and other resources.
    Resource,
    /// The ConfigMgr client.
    ConfigMgr,
    /// Anything at all.
    Generic,
    /// No failure.
    Success,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 28] = [
        Self::Network,
        Self::Proxy,
        Self::Server,
        Self::Protocol,
        Self::Tls,
        Self::RedirectorSls,
        Self::Download,
        Self::Disk,
        Self::Datastore,
        Self::Install,
        Self::Servicing,
        Self::Reboot,
        Self::Cancel,
        Self::Policy,
        Self::Permission,
        Self::Driver,
        Self::Selfupdate,
        Self::Trust,
        Self::Eula,
        Self::Applicability,
        Self::AutomaticUpdates,
        Self::Agent,
        Self::Reporting,
        Self::OfflineScan,
        Self::Resource,
        Self::ConfigMgr,
        Self::Generic,
        Self::Success,
    ];

    /// Its name, in small letters with hyphens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Proxy => "proxy",
            Self::Server => "server",
            Self::Protocol => "protocol",
            Self::Tls => "tls",
            Self::RedirectorSls => "redirector-sls",
            Self::Download => "download",
            Self::Disk => "disk",
            Self::Datastore => "datastore",
            Self::Install => "install",
            Self::Servicing => "servicing",
            Self::Reboot => "reboot",
            Self::Cancel => "cancel",
            Self::Policy => "policy",
            Self::Permission => "permission",
            Self::Driver => "driver",
            Self::Selfupdate => "selfupdate",
            Self::Trust => "trust",
            Self::Eula => "eula",
            Self::Applicability => "applicability",
            Self::AutomaticUpdates => "automatic-updates",
            Self::Agent => "agent",
            Self::Reporting => "reporting",
            Self::OfflineScan => "offline-scan",
            Self::Resource => "resource",
            Self::ConfigMgr => "configmgr",
            Self::Generic => "generic",
            Self::Success => "success",
        }
    }
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
