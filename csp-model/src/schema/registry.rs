//! Where Group Policy keeps what the policies of the Update area say.
//!
//! From the GP columns of Policy CSP – Update and from Microsoft's `WindowsUpdate.admx` (Windows 11 build 25381).
//! Deliberately absent: values of Group Policy that no policy of the area has a name for (`WUStatusServer`,
//! `TargetGroup`, `NoAutoRebootWithLoggedOnUsers`, …), and the registry itself.

use GpKey::{Au, WindowsUpdate};

/// A registry key of Group Policy, below `HKLM\SOFTWARE\Policies\Microsoft\Windows`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GpKey {
    /// `WindowsUpdate`
    WindowsUpdate,
    /// `WindowsUpdate\AU`
    Au,
}

impl GpKey {
    /// The whole key.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::WindowsUpdate => r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate",
            Self::Au => r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU",
        }
    }
}

/// The registry value that sets a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpValue {
    /// The policy's name in the Update area.
    pub policy: &'static str,
    /// The key.
    pub key: GpKey,
    /// The name of the value.
    pub value: &'static str,
    /// What must be 1 for the value to count.
    pub switch: Option<Switch>,
    /// How the value's number becomes the policy's.
    pub meaning: Meaning,
}

/// A registry value that switches another one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// The key.
    pub key: GpKey,
    /// The name of the value, which must be 1.
    pub value: &'static str,
}

/// How a registry value becomes a policy's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The value itself.
    Same,
    /// By these pairs of registry value and policy value; any other registry value sets nothing.
    Mapped(&'static [(u32, i64)]),
}

impl Meaning {
    /// The policy's number for a number in the registry.
    #[must_use]
    pub fn policy(self, registry: u32) -> Option<i64> {
        match self {
            Self::Same => Some(registry.into()),
            Self::Mapped(pairs) => pairs.iter().find(|(own, _)| *own == registry).map(|(_, policy)| *policy),
        }
    }

    /// A number in the registry for the policy's number: the first that means it.
    #[must_use]
    pub fn registry(self, policy: i64) -> Option<u32> {
        match self {
            Self::Same => u32::try_from(policy).ok(),
            Self::Mapped(pairs) => {
                pairs.iter().find(|(_, own)| *own == policy).map(|(registry, _)| *registry)
            }
        }
    }
}

/// Every registry value that sets a policy, by policy. Where one policy has several, the first that sets anything counts.
#[must_use]
pub const fn gp_values() -> &'static [GpValue] {
    GP_VALUES
}

/// The registry values of one policy, in the order in which they count.
pub fn gp_values_of(policy: &str) -> impl Iterator<Item = &'static GpValue> {
    let rest = &GP_VALUES[GP_VALUES.partition_point(|row| row.policy < policy)..];
    rest.iter().take_while(move |row| row.policy == policy)
}

/// A value in `WindowsUpdate` with the policy's own name.
const fn own(policy: &'static str) -> GpValue {
    GpValue { policy, key: WindowsUpdate, value: policy, switch: None, meaning: Meaning::Same }
}

/// A value in `WindowsUpdate\AU` with the policy's own name.
const fn au(policy: &'static str) -> GpValue {
    GpValue { key: Au, ..own(policy) }
}

impl GpValue {
    const fn named(self, value: &'static str) -> Self {
        Self { value, ..self }
    }

    const fn if_one(self, key: GpKey, value: &'static str) -> Self {
        Self { switch: Some(Switch { key, value }), ..self }
    }

    const fn meaning(self, pairs: &'static [(u32, i64)]) -> Self {
        Self { meaning: Meaning::Mapped(pairs), ..self }
    }
}

const UPDATE_SOURCE: &str = "UseUpdateClassPolicySource";
const ENGAGED: &str = "SetEngagedRestartTransitionSchedule";

const GP_VALUES: &[GpValue] = &[
    own("ActiveHoursEnd").if_one(WindowsUpdate, "SetActiveHours"),
    own("ActiveHoursMaxRange").if_one(WindowsUpdate, "SetActiveHoursMaxRange"),
    own("ActiveHoursStart").if_one(WindowsUpdate, "SetActiveHours"),
    // "Configure Automatic Updates" disabled is the policy's 5, whatever the options say.
    au("AllowAutoUpdate").named("NoAutoUpdate").meaning(&[(1, 5)]),
    // 5 leaves the choice to the local administrator, which is no policy; 7 is the 3 of servers.
    au("AllowAutoUpdate").named("AUOptions").meaning(&[(2, 0), (3, 1), (4, 3), (7, 1)]),
    own("AllowAutoWindowsUpdateDownloadOverMeteredNetwork"),
    au("AllowMUUpdateService"),
    own("AllowOptionalContent").if_one(WindowsUpdate, "SetAllowOptionalContent"),
    own("AllowTemporaryEnterpriseFeatureControl"),
    au("AlwaysAutoRebootAtScheduledTimeMinutes").if_one(Au, "AlwaysAutoRebootAtScheduledTime"),
    own("AutoRestartDeadlinePeriodInDays").if_one(WindowsUpdate, "SetAutoRestartDeadline"),
    own("AutoRestartDeadlinePeriodInDaysForFeatureUpdates").if_one(WindowsUpdate, "SetAutoRestartDeadline"),
    own("AutoRestartNotificationSchedule").if_one(WindowsUpdate, "SetAutoRestartNotificationConfig"),
    own("AutoRestartRequiredNotificationDismissal")
        .if_one(WindowsUpdate, "SetAutoRestartRequiredNotificationDismissal"),
    own("BranchReadinessLevel"),
    own("ConfigureDeadlineForFeatureUpdates").if_one(WindowsUpdate, "SetComplianceDeadlineForFU"),
    own("ConfigureDeadlineForQualityUpdates").if_one(WindowsUpdate, "SetComplianceDeadlineForQU"),
    own("ConfigureDeadlineGracePeriod"),
    own("ConfigureDeadlineGracePeriodForFeatureUpdates"),
    own("ConfigureDeadlineNoAutoReboot"),
    own("ConfigureDeadlineNoAutoRebootForFeatureUpdates"),
    own("ConfigureDeadlineNoAutoRebootForQualityUpdates"),
    own("DeferFeatureUpdatesPeriodInDays").if_one(WindowsUpdate, "DeferFeatureUpdates"),
    own("DeferQualityUpdatesPeriodInDays").if_one(WindowsUpdate, "DeferQualityUpdates"),
    own("DeferUpdatePeriod").if_one(WindowsUpdate, "DeferUpgrade"),
    own("DeferUpgradePeriod").if_one(WindowsUpdate, "DeferUpgrade"),
    au("DetectionFrequency").if_one(Au, "DetectionFrequencyEnabled"),
    own("DisableDualScan"),
    own("DisableWUfBSafeguards"),
    own("DoNotEnforceEnterpriseTLSCertPinningForUpdateDetection"),
    own("EngagedRestartDeadline").if_one(WindowsUpdate, ENGAGED),
    own("EngagedRestartDeadlineForFeatureUpdates").if_one(WindowsUpdate, ENGAGED),
    own("EngagedRestartSnoozeSchedule").if_one(WindowsUpdate, ENGAGED),
    own("EngagedRestartSnoozeScheduleForFeatureUpdates").if_one(WindowsUpdate, ENGAGED),
    own("EngagedRestartTransitionSchedule").if_one(WindowsUpdate, ENGAGED),
    own("EngagedRestartTransitionScheduleForFeatureUpdates").if_one(WindowsUpdate, ENGAGED),
    own("ExcludeWUDriversInQualityUpdate"),
    own("FillEmptyContentUrls"),
    own("ManagePreviewBuilds").named("ManagePreviewBuildsPolicyValue"),
    own("NoUpdateNotificationsDuringActiveHours"),
    own("PauseDeferrals"),
    own("PauseFeatureUpdates"),
    own("PauseFeatureUpdatesStartTime"),
    own("PauseQualityUpdates"),
    own("PauseQualityUpdatesStartTime"),
    own("ProductVersion").if_one(WindowsUpdate, "TargetReleaseVersion"),
    own("RequireDeferUpgrade").named("DeferUpgrade"),
    own("ScheduleImminentRestartWarning").if_one(WindowsUpdate, "SetRestartWarningSchd"),
    own("ScheduleRestartWarning").if_one(WindowsUpdate, "SetRestartWarningSchd"),
    au("ScheduledInstallDay"),
    au("ScheduledInstallEveryWeek"),
    au("ScheduledInstallFirstWeek"),
    au("ScheduledInstallFourthWeek"),
    au("ScheduledInstallSecondWeek"),
    au("ScheduledInstallThirdWeek"),
    // 24 is "automatic", which the policy has no number for.
    au("ScheduledInstallTime"),
    own("SetAutoRestartNotificationDisable"),
    own("SetDisablePauseUXAccess"),
    own("SetDisableUXWUAccess"),
    own("SetEDURestart"),
    own("SetPolicyDrivenUpdateSourceForDriverUpdates").if_one(Au, UPDATE_SOURCE),
    own("SetPolicyDrivenUpdateSourceForFeatureUpdates").if_one(Au, UPDATE_SOURCE),
    own("SetPolicyDrivenUpdateSourceForOtherUpdates").if_one(Au, UPDATE_SOURCE),
    own("SetPolicyDrivenUpdateSourceForQualityUpdates").if_one(Au, UPDATE_SOURCE),
    own("SetProxyBehaviorForUpdateDetection"),
    own("TargetReleaseVersion")
        .named("TargetReleaseVersionInfo")
        .if_one(WindowsUpdate, "TargetReleaseVersion"),
    own("UpdateNotificationLevel").if_one(WindowsUpdate, "SetUpdateNotificationLevel"),
    own("UpdateServiceUrl").named("WUServer").if_one(Au, "UseWUServer"),
    own("UpdateServiceUrlAlternate"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::builtin;

    #[test]
    fn every_row_is_about_a_policy() {
        let policies = builtin::policy()[0].find(&["Config", "Update"]).expect("the area");
        for row in gp_values() {
            assert!(policies.find(&[row.policy]).is_some(), "{}", row.policy);
        }
        assert!(gp_values().is_sorted_by_key(|row| row.policy));
    }

    #[test]
    fn meanings_go_both_ways() {
        let rows: Vec<_> = gp_values_of("AllowAutoUpdate").collect();
        assert_eq!(rows.iter().map(|row| row.meaning.policy(1)).collect::<Vec<_>>(), [Some(5), None]);
        assert_eq!(rows[1].meaning.policy(4), Some(3));
        assert_eq!(rows[1].meaning.registry(1), Some(3));
        assert_eq!(Meaning::Same.policy(7), Some(7));
        assert_eq!(Meaning::Same.registry(-1), None);
    }
}
