//! From policies, Group Policy and the version of Windows to the service that is scanned for each class.
//!
//! Sources: those of [`windows`](super::windows). The order of the branches is decided; `fixtures/scan-source` has a case
//! for each row of the table that they come from.

use super::windows::{Rule, Windows};
use super::{ScanSource, ScanSources, Source, UpdateClass};
use crate::Device;
use crate::csp::policy::EffectivePolicy;

/// Which services are scanned, and why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    /// The version of Windows.
    pub(crate) windows: Windows,
    /// What decided.
    pub(crate) grounds: Grounds,
    /// The scan source policies that count.
    pub(crate) chosen: Chosen,
    /// The services that policies choose.
    pub(crate) meant: ScanSources,
    /// The services that are scanned.
    pub(crate) scanned: ScanSources,
}

/// What decides on the source of updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grounds {
    /// No WSUS server is set.
    NoWsus,
    /// A WSUS server is set, and nothing that speaks for Windows Update has an effect.
    WsusAlone,
    /// Windows Update client policies turn dual scan on.
    ClientPolicies,
    /// DisableDualScan keeps client policies from turning dual scan on.
    DualScanDisabled,
    /// Scan source policies of every class.
    ScanSources,
    /// The same, but DisableDualScan cuts updates of Windows off from Windows Update.
    Severed,
    /// Scan source policies of some classes only.
    Partial,
}

/// The scan source policies that count, by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Chosen {
    feature: Option<Source>,
    quality: Option<Source>,
    driver: Option<Source>,
    other: Option<Source>,
}

impl Chosen {
    fn of(policy: &EffectivePolicy<'_>, windows: Windows) -> Self {
        let chosen = |class: UpdateClass| match policy.scan_source(class.policy(), windows.gate()) {
            Some(0) => Some(Source::WindowsUpdate),
            Some(_) => Some(Source::Wsus),
            None => None,
        };
        Self {
            feature: chosen(UpdateClass::Feature),
            quality: chosen(UpdateClass::Quality),
            driver: chosen(UpdateClass::Driver),
            other: chosen(UpdateClass::Other),
        }
    }

    /// The source that is chosen for `class`.
    pub(crate) const fn source(&self, class: UpdateClass) -> Option<Source> {
        match class {
            UpdateClass::Feature => self.feature,
            UpdateClass::Quality => self.quality,
            UpdateClass::Driver => self.driver,
            UpdateClass::Other => self.other,
        }
    }

    fn count(&self) -> usize {
        UpdateClass::ALL.iter().filter(|class| self.source(**class).is_some()).count()
    }
}

/// What `device` scans as it is configured now.
pub(crate) fn resolve(device: &Device) -> Verdict {
    let policy = device.effective_policy();
    let windows = Windows::of(device);
    // The ConfigMgr client has the agent ask that server whether updates are automatic or not.
    let has_wsus = policy.uses_wsus() || (device.site().configmgr.is_some() && policy.names_wsus());
    let chosen =
        if has_wsus && windows.has_scan_sources() { Chosen::of(&policy, windows) } else { Chosen::default() };
    let grounds = if has_wsus { grounds(&policy, windows, chosen) } else { Grounds::NoWsus };
    let meant = sources(grounds, chosen);
    Verdict { windows, grounds, chosen, meant, scanned: allowed(meant, &policy, windows) }
}

/// What `device` scans once when its user checks online for updates: Windows Update, whatever policies choose.
pub(super) fn resolve_online(device: &Device) -> ScanSources {
    let policy = device.effective_policy();
    let all = ScanSources { uses_wsus: policy.uses_wsus(), ..ScanSources::all(ScanSource::WindowsUpdate) };
    allowed(all, &policy, Windows::of(device))
}

/// What decides where a WSUS server is set.
fn grounds(policy: &EffectivePolicy<'_>, windows: Windows, chosen: Chosen) -> Grounds {
    let is_disabled = || windows.heeds_disable_dual_scan() && policy.int("DisableDualScan") == Some(1);
    match chosen.count() {
        _ if windows.rule() == Rule::WsusOnly => Grounds::WsusAlone,
        4 if is_disabled() => Grounds::Severed,
        4 => Grounds::ScanSources,
        0 if policy.triggers().next().is_none() => Grounds::WsusAlone,
        0 if is_disabled() => Grounds::DualScanDisabled,
        0 => Grounds::ClientPolicies,
        _ => Grounds::Partial,
    }
}

/// The services that follow.
fn sources(grounds: Grounds, chosen: Chosen) -> ScanSources {
    let of = |class| chosen.source(class).map_or(ScanSource::Wsus, ScanSource::from);
    let wsus = ScanSources { uses_wsus: true, ..ScanSources::all(ScanSource::Wsus) };
    // Where scan source policies count, definitions are another product's updates; else updates of Windows (decided).
    match grounds {
        Grounds::NoWsus => ScanSources::all(ScanSource::WindowsUpdate),
        Grounds::WsusAlone | Grounds::DualScanDisabled => wsus,
        Grounds::ClientPolicies => ScanSources {
            feature: ScanSource::WindowsUpdate,
            quality: ScanSource::WindowsUpdate,
            definitions: ScanSource::WindowsUpdate,
            ..wsus
        },
        Grounds::ScanSources | Grounds::Severed => {
            let other = of(UpdateClass::Other);
            let cut = |class| if grounds == Grounds::Severed { ScanSource::Wsus } else { of(class) };
            ScanSources {
                feature: cut(UpdateClass::Feature),
                quality: cut(UpdateClass::Quality),
                driver: of(UpdateClass::Driver),
                other,
                definitions: other,
                ..wsus
            }
        }
        // Windows does not support it; what was seen is that every class follows one.
        Grounds::Partial => ScanSources { uses_wsus: true, ..ScanSources::all(of(UpdateClass::Other)) },
    }
}

/// What is left of the services that policies choose: a device may be kept from Windows Update, and Windows Update has no
/// feature updates for servers.
///
/// Source: Microsoft, "Configure Windows Update client policies", for servers.
fn allowed(meant: ScanSources, policy: &EffectivePolicy<'_>, windows: Windows) -> ScanSources {
    let is_forbidden = meant.uses_wsus && policy.forbids_windows_update();
    let without = |source, nothing: bool| match source {
        ScanSource::WindowsUpdate if nothing => ScanSource::None,
        ScanSource::WindowsUpdate | ScanSource::Wsus | ScanSource::None => source,
    };
    ScanSources {
        feature: without(meant.feature, is_forbidden || windows.is_server()),
        quality: without(meant.quality, is_forbidden),
        driver: without(meant.driver, is_forbidden),
        other: without(meant.other, is_forbidden),
        definitions: without(meant.definitions, is_forbidden),
        uses_wsus: meant.uses_wsus,
    }
}
