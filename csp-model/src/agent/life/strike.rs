//! Faults that strike: whether what is tried fails now, and with which error.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::super::random::{Draw, Purpose};
use super::super::{Agent, Fault, FaultKind, HResult, UpdateId};
use super::pause::later;
use crate::Device;
use crate::units::Duration;

impl FaultKind {
    /// The error that it gives unless the plan says another; `None` where real devices show none: `FailedUpdates` of a download
    /// that is blocked has 8 and 0 (windows-itpro-docs issue 6954), of an installation 128 and 0 by analogy.
    ///
    /// Sources: Microsoft, "Windows Update error reference"; `wuerror.h`.
    #[must_use]
    pub const fn hresult(self) -> Option<HResult> {
        Some(HResult::from_bits(match self {
            Self::ServiceTimeout => 0x8007_2ee2,
            Self::ServiceUnavailable => 0x8024_4022,
            Self::ProxyAuth => 0x8024_401b,
            Self::NameNotResolved => 0x8007_2ee7,
            Self::Tls => 0x8007_2f8f,
            Self::DiskFull => 0x8007_0070,
            Self::CacheTooSmall => 0x87d0_1202,
            Self::MaxRunTimeExceeded => 0x8007_04c7,
            Self::MaintenanceWindowTooShort => 0x87d0_0667,
            Self::DownloadCorrupt => 0x8024_6002,
            // ERROR_INSTALL_FAILURE, the usual one.
            Self::InstallFailed => 0x8007_0643,
            Self::CommitFailed => 0x8024_2015,
            Self::MeteredNetwork
            | Self::BatteryLow
            | Self::EulaNotAccepted
            | Self::NoDistributionPoint
            | Self::NoPolicy
            | Self::NotInCollection => return None,
        }))
    }

    /// What makes a scan fail, and a download.
    pub(super) const NETWORK: [Self; 5] =
        [Self::ServiceTimeout, Self::ServiceUnavailable, Self::ProxyAuth, Self::NameNotResolved, Self::Tls];
    /// What makes a download fail.
    pub(super) const DOWNLOAD: [Self; 7] = [
        Self::ServiceTimeout,
        Self::ServiceUnavailable,
        Self::ProxyAuth,
        Self::NameNotResolved,
        Self::Tls,
        Self::DownloadCorrupt,
        Self::CacheTooSmall,
    ];
    /// What keeps a download from beginning.
    pub(super) const DOWNLOAD_GATE: [Self; 3] =
        [Self::MeteredNetwork, Self::DiskFull, Self::NoDistributionPoint];
    /// The same where policy allows downloads over metered networks.
    pub(super) const UNMETERED_GATE: [Self; 2] = [Self::DiskFull, Self::NoDistributionPoint];
    /// What makes an installation fail.
    pub(super) const INSTALL: [Self; 2] = [Self::InstallFailed, Self::MaxRunTimeExceeded];
    /// What keeps an installation from beginning.
    pub(super) const INSTALL_GATE: [Self; 3] =
        [Self::EulaNotAccepted, Self::BatteryLow, Self::MaintenanceWindowTooShort];
    /// The same where there are no terms, or somebody has accepted them.
    pub(super) const ACCEPTED_GATE: [Self; 2] = [Self::BatteryLow, Self::MaintenanceWindowTooShort];
}

/// A fault that has struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strike {
    /// The error, if it has one.
    pub(super) hresult: Option<HResult>,
}

/// The faults of a plan that can strike at one instant.
#[derive(Debug, Clone, Default)]
pub(super) struct InForce {
    /// Where they stand in the plan.
    places: Vec<u32>,
    /// What they are, and the update that they are of.
    kinds: BTreeSet<(FaultKind, Option<UpdateId>)>,
}

impl InForce {
    /// Whether one of `kinds` is planned for `update`, however likely.
    pub(super) fn is_planned(&self, kinds: &[FaultKind], update: UpdateId) -> bool {
        let has = |kind: &FaultKind| {
            self.kinds.contains(&(*kind, None)) || self.kinds.contains(&(*kind, Some(update)))
        };
        !self.kinds.is_empty() && kinds.iter().any(has)
    }

    /// Whether one of `kinds` is planned for any update.
    pub(super) fn has(&self, kinds: &[FaultKind]) -> bool {
        self.kinds.iter().any(|(kind, _)| kinds.contains(kind))
    }
}

/// The plan of a device, and where its clock started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan<'d> {
    faults: &'d [Fault],
    start: DateTime<Utc>,
    seed: u64,
}

impl<'d> Plan<'d> {
    pub(super) fn of(device: &'d Device) -> Self {
        let file = device.profile().file();
        let faults = device.agent().faults.plan.as_deref().unwrap_or(&file.fault);
        Self { faults, start: file.clock.0, seed: device.instance().seed }
    }

    /// The faults that can strike at `now`.
    pub(super) fn in_force(self, now: DateTime<Utc>) -> InForce {
        let mut in_force = InForce::default();
        for (fault, place) in self.faults.iter().zip(0..) {
            let begun = fault.from.is_none_or(|from| self.at(from) <= now);
            if begun && fault.until.is_none_or(|until| now < self.at(until)) {
                in_force.places.push(place);
                in_force.kinds.insert((fault.kind, fault.update));
            }
        }
        in_force
    }

    /// The fault of one of `kinds` that strikes `update` at `now`, or a scan where that is `None`, with its place: of those
    /// in force the first that strikes, and that `begins` lets through by when it began. A fault of one update does not
    /// strike scans; a fault of all does.
    pub(super) fn strike(
        self,
        agent: &Agent,
        in_force: &InForce,
        kinds: &[FaultKind],
        update: Option<UpdateId>,
        now: DateTime<Utc>,
        begins: impl Fn(Option<DateTime<Utc>>) -> bool,
    ) -> Option<(u32, Strike)> {
        let is_planned = match update {
            Some(update) => in_force.is_planned(kinds, update),
            None => in_force.has(kinds),
        };
        if !is_planned {
            return None;
        }
        let hits = |place: u32, fault: &Fault| {
            let chance = || Draw::new(self.seed, Purpose::Fault).number(place.into()).at(now);
            let chance = || update.map_or_else(chance, |id| chance().update(id));
            kinds.contains(&fault.kind)
                && (fault.update.is_none() || fault.update == update)
                && begins(fault.from.map(|from| self.at(from)))
                && fault
                    .count
                    .is_none_or(|count| agent.faults.struck.get(&place).is_none_or(|struck| *struck < count))
                && fault.probability.is_none_or(|probability| chance().happens(probability))
        };
        in_force.places.iter().find_map(|place| {
            let fault = usize::try_from(*place).ok().and_then(|index| self.faults.get(index))?;
            hits(*place, fault).then(|| (*place, Strike { hresult: fault.hresult.or(fault.kind.hresult()) }))
        })
    }

    /// When the next fault of the plan begins or ends.
    pub(super) fn edge_after(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let edges = self.faults.iter().flat_map(|fault| [fault.from, fault.until]);
        edges.flatten().map(|edge| self.at(edge)).filter(|edge| *edge > now).min()
    }

    fn at(self, since_start: Duration) -> DateTime<Utc> {
        later(self.start, since_start.delta())
    }

    /// Whether the fault in that place strikes only so often.
    pub(super) fn is_counted(self, place: u32) -> bool {
        let fault = usize::try_from(place).ok().and_then(|place| self.faults.get(place));
        fault.is_some_and(|fault| fault.count.is_some())
    }
}

impl Device {
    /// What goes wrong on the device, and when: its file's plan, or what has been put in its place.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        Plan::of(self).faults
    }
}
