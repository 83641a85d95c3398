//! What the agent has made of its policies: the verdict that tools read in the registry.
//!
//! Source: Microsoft, "Integrate Windows Update client policies with Configuration Manager" (2026).
//!
//! Deliberately absent: values of the key that are about anything but scan sources. Nothing here is stored: it follows from
//! what is.

use std::borrow::Cow;

use super::resolve::{resolve, resolve_online};
use super::{ScanSources, Source, UpdateClass};
use crate::Device;
use crate::csp::policy::GATE;
use crate::device::Scalar;
use crate::device::registry::{is_same, is_same_key};

/// The agent's verdict on its policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyState {
    /// `UseUpdateClassPolicySource`: whether any scan source policy counts, however it came.
    pub uses_scan_sources: bool,
    /// `SetPolicyDrivenUpdateSourceForFeatureUpdates`, if it counts.
    pub feature: Option<Source>,
    /// `SetPolicyDrivenUpdateSourceForQualityUpdates`, if it counts.
    pub quality: Option<Source>,
    /// `SetPolicyDrivenUpdateSourceForDriverUpdates`, if it counts.
    pub driver: Option<Source>,
    /// `SetPolicyDrivenUpdateSourceForOtherUpdates`, if it counts.
    pub other: Option<Source>,
    /// `IsDeferralIsActive`: whether a Windows Update client policy is set, or something is left of one.
    pub is_deferral_active: bool,
    /// `IsWUfBDualScanActive`: whether updates of Windows come from Windows Update in spite of a WSUS server.
    pub is_dual_scan_active: bool,
}

impl PolicyState {
    /// The registry key that has it.
    pub const KEY: &str = r"HKLM\SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\PolicyState";

    /// The values of that key, by name. A class is 0 for Windows Update and 1 for WSUS; one without a policy that counts has
    /// no value.
    pub fn values(self) -> impl Iterator<Item = (&'static str, Scalar)> {
        let class = |class: UpdateClass, source: Option<Source>| {
            let number = source.map(|source| match source {
                Source::WindowsUpdate => 0,
                Source::Wsus => 1,
            });
            (class.policy(), number)
        };
        let flag = |is_on| Some(i64::from(is_on));
        let values = [
            ("IsDeferralIsActive", flag(self.is_deferral_active)),
            ("IsWUfBDualScanActive", flag(self.is_dual_scan_active)),
            class(UpdateClass::Driver, self.driver),
            class(UpdateClass::Feature, self.feature),
            class(UpdateClass::Other, self.other),
            class(UpdateClass::Quality, self.quality),
            (GATE, flag(self.uses_scan_sources)),
        ];
        values.into_iter().filter_map(|(name, number)| Some((name, Scalar::Int(number?))))
    }
}

impl Device {
    /// What the agent makes of its policies.
    #[must_use]
    pub fn policy_state(&self) -> PolicyState {
        let verdict = resolve(self);
        let source = |class| verdict.chosen.source(class);
        PolicyState {
            uses_scan_sources: UpdateClass::ALL.into_iter().any(|class| source(class).is_some()),
            feature: source(UpdateClass::Feature),
            quality: source(UpdateClass::Quality),
            driver: source(UpdateClass::Driver),
            other: source(UpdateClass::Other),
            is_deferral_active: self.effective_policy().triggers().next().is_some(),
            is_dual_scan_active: verdict.meant.is_dual_scan(),
        }
    }

    /// The services that are scanned once when a user checks online for updates, which a WSUS server does not keep from
    /// Windows Update.
    #[must_use]
    pub fn online_scan_sources(&self) -> ScanSources {
        resolve_online(self)
    }

    /// A registry value as a tool would read it: one that is there, or one of [`PolicyState`].
    #[must_use]
    pub fn registry_value(&self, key: &str, name: &str) -> Option<Cow<'_, Scalar>> {
        if is_same_key(key, PolicyState::KEY) {
            let mut values = self.policy_state().values();
            let known = values.find(|(known, _)| is_same(known, name));
            if let Some((_, value)) = known {
                return Some(Cow::Owned(value));
            }
        }
        self.registry().get(key, name).map(Cow::Borrowed)
    }
}
