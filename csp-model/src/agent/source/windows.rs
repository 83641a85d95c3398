//! What a version of Windows makes of a WSUS server beside policies for Windows Update.
//!
//! Sources: WSUS team, "Demystifying Dual Scan" and "Improving Dual Scan on 1607" (2017); Microsoft, "Use Windows Update
//! client policies and WSUS together", "Integrate Windows Update client policies with Configuration Manager" (2026).
//!
//! Deliberately absent: servers whose build is a client's as well (2016, 2019, 2025). No edition of the device file is a
//! server's, and the build is all that tells one.

use crate::Device;
use crate::csp::policy::Gate;
use crate::device::Win11Before202307;
use crate::schema::OsVersion;

/// The version of Windows, as far as scan sources go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows {
    os: OsVersion,
    /// What the device file says of Windows 11, while it is older than July 2023.
    before_2023_07: Option<Win11Before202307>,
}

/// How Windows chooses a source where a WSUS server is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// Before Windows 10 1607: WSUS for everything.
    WsusOnly,
    /// Windows 10 1607 to 1909, and later until September 2021: client policies turn dual scan on.
    DualScan,
    /// Windows 10 2004 and later: scan source policies go before.
    ScanSourceOrDualScan,
    /// Windows 11: the same, and nothing turns dual scan off.
    ScanSource,
}

impl Windows {
    pub(super) fn of(device: &Device) -> Self {
        let os = device.os();
        let switch = device.profile().file().win11_before_2023_07;
        Self { os, before_2023_07: switch.filter(|_| is_windows_11_before_2023_07(os)) }
    }

    /// The rule that holds, whatever the device file says of July 2023.
    pub(crate) const fn rule(self) -> Rule {
        match (self.os.build, self.os.revision) {
            (..14_393, _) => Rule::WsusOnly,
            // Scan source policies came with KB5005101.
            (..19_041, _) | (19_041..=19_043, ..1_202) => Rule::DualScan,
            (..22_000, _) => Rule::ScanSourceOrDualScan,
            _ => Rule::ScanSource,
        }
    }

    /// Whether DisableDualScan has an effect.
    pub(crate) const fn heeds_disable_dual_scan(self) -> bool {
        match self.rule() {
            Rule::WsusOnly => false,
            Rule::DualScan => match (self.os.build, self.os.revision) {
                // The policy came with KB4025334 and KB4041676; 1709 has it from the start.
                (14_393, ..1_532) | (15_063, ..674) => false,
                _ => true,
            },
            Rule::ScanSourceOrDualScan => true,
            Rule::ScanSource => matches!(self.before_2023_07, Some(Win11Before202307::DisableDualScan)),
        }
    }

    /// Whether there are scan source policies.
    pub(crate) const fn has_scan_sources(self) -> bool {
        match self.rule() {
            Rule::WsusOnly | Rule::DualScan => false,
            Rule::ScanSourceOrDualScan | Rule::ScanSource => true,
        }
    }

    /// Whether those of Group Policy need their gate.
    pub(crate) const fn gate(self) -> Gate {
        match self.before_2023_07 {
            Some(Win11Before202307::NoGate) => Gate::NotNeeded,
            Some(Win11Before202307::DisableDualScan) | None => Gate::Needed,
        }
    }

    /// Whether approvals of the Update CSP are advised against: the pages of devices that live by them end with build 17763.
    pub(crate) const fn outgrew_approvals(self) -> bool {
        self.os.build >= 18_362
    }

    /// Whether it is a server for sure: 2022, and the annual channel's 23H2.
    pub(super) const fn is_server(self) -> bool {
        matches!(self.os.build, 20_348 | 25_398)
    }
}

/// The updates of July 2023 are KB5028182 for 21H2 and KB5028185 for 22H2 and what shares its revisions.
const fn is_windows_11_before_2023_07(os: OsVersion) -> bool {
    matches!((os.build, os.revision), (22_000, ..2_176) | (22_001..22_621, _) | (22_621..=22_631, ..1_992))
}
