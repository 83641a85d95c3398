//! `./Vendor/MSFT/Policy`, area Update: what the server sets, and what holds.
//!
//! `Config` holds what the server has set; `Result` shows what holds when the registry's Group Policy is merged
//! with it, Group Policy winning where both set the same (decided; MDMWinsOverGP does not cover this area).
//! A policy that is not set has no node in either.
//!
//! Source: Microsoft, "Policy CSP" and "Policy CSP - Update" (09/27/2024).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::device::{Registry, Scalar};
use crate::schema::NodeId;
use crate::schema::registry::{GpKey, GpValue, Meaning, gp_values_of};
use crate::{Device, Format, Value};

/// The nodes of the CSP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// An interior node that is always there.
    Interior,
    /// `Config/Update/{policy}`
    Config,
    /// `Result/Update/{policy}`
    Result,
}

impl Node {
    /// The node with these names below `./Vendor/MSFT`.
    #[must_use]
    pub fn at(names: &[&str]) -> Option<Self> {
        match names {
            [_] | [_, _] | [_, _, _] => Some(Self::Interior),
            [_, "Config", _, _] => Some(Self::Config),
            [_, "Result", _, _] => Some(Self::Result),
            _ => None,
        }
    }
}

/// The policies of the Update area that the server has set, by name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Policy {
    update: BTreeMap<Box<str>, Value>,
}

/// The switch under `AU` that opens the scan source policies of Group Policy.
pub(crate) const GATE: &str = "UseUpdateClassPolicySource";

/// The value of Group Policy that keeps a device with a WSUS server from Windows Update.
pub(crate) const DO_NOT_CONNECT: &str = "DoNotConnectToWindowsUpdateInternetLocations";

/// Where Settings keeps the pause that a user has made.
pub(crate) const USER_SETTINGS: &str = r"HKLM\SOFTWARE\Microsoft\WindowsUpdate\UX\Settings";

/// Where the agent keeps copies of Group Policy.
pub(crate) const CACHES: [&str; 2] = [
    r"HKLM\SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\GPCache\CacheSet001\WindowsUpdate",
    r"HKLM\SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\GPCache\CacheSet002\WindowsUpdate",
];

/// Something that turns dual scan on where a WSUS server is set. Being there counts, whatever the value (decided).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trigger {
    /// Where it stands.
    pub(crate) place: Place,
    /// Its name there.
    pub(crate) name: &'static str,
}

/// Where a trigger of dual scan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In Group Policy.
    GroupPolicy,
    /// Among the policies that the server has set.
    Mdm,
    /// In a copy of Group Policy only.
    PolicyCache,
    /// In Settings, where a user has paused updates.
    UserPause,
}

/// Whether scan source policies of Group Policy need their gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// They count when it is open.
    Needed,
    /// They count as they are.
    NotNeeded,
}

/// Sources: WSUS team, "Demystifying Dual Scan" (2017); Microsoft, "Integrate Windows Update client policies with
/// Configuration Manager" (2026), the values to remove; Windows support blog, 2026-03-18.
const GROUP_POLICY_TRIGGERS: [&str; 12] = [
    "BranchReadinessLevel",
    "DeferFeatureUpdates",
    "DeferFeatureUpdatesPeriodInDays",
    "DeferQualityUpdates",
    "DeferQualityUpdatesPeriodInDays",
    "DeferUpgrade",
    "ExcludeWUDriversInQualityUpdate",
    "PauseFeatureUpdates",
    "PauseFeatureUpdatesStartTime",
    "PauseQualityUpdates",
    "PauseQualityUpdatesStartTime",
    "TargetReleaseVersionInfo",
];

/// The same policies, by the names that MDM has for them.
const MDM_TRIGGERS: [&str; 9] = [
    "BranchReadinessLevel",
    "DeferFeatureUpdatesPeriodInDays",
    "DeferQualityUpdatesPeriodInDays",
    "ExcludeWUDriversInQualityUpdate",
    "PauseFeatureUpdates",
    "PauseFeatureUpdatesStartTime",
    "PauseQualityUpdates",
    "PauseQualityUpdatesStartTime",
    "TargetReleaseVersion",
];

const USER_PAUSE: [&str; 6] = [
    "PauseFeatureUpdatesEndTime",
    "PauseFeatureUpdatesStartTime",
    "PauseQualityUpdatesEndTime",
    "PauseQualityUpdatesStartTime",
    "PauseUpdatesExpiryTime",
    "PauseUpdatesStartTime",
];

/// What holds: policies and registry merged.
#[derive(Debug, Clone, Copy)]
pub struct EffectivePolicy<'d> {
    policy: &'d Policy,
    registry: &'d Registry,
}

impl Policy {
    /// What the server has set for a policy.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.update.get(name)
    }

    /// Every policy that the server has set, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.update.iter().map(|(name, value)| (&**name, value))
    }
}

impl FromIterator<(String, Value)> for Policy {
    /// Policies that a server has set, by name.
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(policies: I) -> Self {
        Self { update: policies.into_iter().map(|(name, value)| (name.into(), value)).collect() }
    }
}

impl<'d> EffectivePolicy<'d> {
    pub(crate) const fn new(policy: &'d Policy, registry: &'d Registry) -> Self {
        Self { policy, registry }
    }

    /// The number that holds for a policy; `None` when nobody has set it.
    #[must_use]
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name, Format::Int)? {
            Value::Int(number) => Some(number),
            other => other.text().trim().parse().ok(),
        }
    }

    /// The text that holds for a policy; `None` when nobody has set it.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name, Format::Chr).map(|value| value.text().into_owned())
    }

    /// The value that holds for a policy of that format. A registry value that does not fit is as good as none.
    fn get(&self, name: &str, format: Format) -> Option<Value> {
        let group_policy = || gp_values_of(name).find_map(|place| self.group_policy(place, format));
        // Most devices have no Group Policy.
        let from_registry = if self.registry.is_empty() { None } else { group_policy() };
        from_registry.or_else(|| self.policy.get(name).cloned())
    }

    /// What Group Policy says, if the value is there and the switch that goes with it is on.
    fn group_policy(&self, place: &GpValue, format: Format) -> Option<Value> {
        let is_on = place
            .switch
            .is_none_or(|switch| self.raw(switch.key, switch.value).and_then(Scalar::int) == Some(1));
        let value = self.raw(place.key, place.value).filter(|_| is_on)?;
        match place.meaning {
            Meaning::Same if format == Format::Int => value.int().map(Value::Int),
            Meaning::Same => Value::parse(format, &value.text()),
            Meaning::Mapped(_) => place.meaning.policy(u32::try_from(value.int()?).ok()?).map(Value::Int),
        }
    }

    /// A value of Group Policy, as it stands in the registry.
    pub(crate) fn raw(&self, key: GpKey, name: &str) -> Option<&'d Scalar> {
        self.registry.get(key.path(), name)
    }

    /// Whether a value of Group Policy is there and 1.
    pub(crate) fn is_one(&self, key: GpKey, name: &str) -> bool {
        self.raw(key, name).and_then(Scalar::int) == Some(1)
    }

    /// The policies for which Group Policy and the server say different things: the name, what Group Policy says, what the
    /// server has set. Group Policy wins (decided).
    pub(crate) fn conflicts(&self) -> impl Iterator<Item = (&'d str, Value, &'d Value)> {
        let policy = *self;
        self.policy.iter().filter_map(move |(name, own)| {
            let group = gp_values_of(name).find_map(|place| policy.group_policy(place, own.format()))?;
            (group != *own).then_some((name, group, own))
        })
    }

    /// Whether an organisation's WSUS server is to be used.
    #[must_use]
    pub fn uses_wsus(&self) -> bool {
        let by_mdm = self.policy.get("UpdateServiceUrl").is_some_and(|url| !url.text().trim().is_empty());
        by_mdm || (self.names_wsus() && !self.is_one(GpKey::Au, "NoAutoUpdate"))
    }

    /// Whether Group Policy names a WSUS server and says that it is to be used. With `NoAutoUpdate` that has no effect.
    ///
    /// Source: Microsoft, `WindowsUpdate.admx`, `CorpWuURL`.
    pub(crate) fn names_wsus(&self) -> bool {
        let server = self.raw(GpKey::WindowsUpdate, "WUServer");
        self.is_one(GpKey::Au, "UseWUServer") && server.is_some_and(|server| !server.text().trim().is_empty())
    }

    /// Whether any Windows Update client policy is set: with a WSUS server, one of them turns dual scan on.
    /// Being there counts, whatever the value.
    #[must_use]
    pub fn has_client_policy(&self) -> bool {
        self.triggers().any(|trigger| match trigger.place {
            Place::GroupPolicy | Place::Mdm => true,
            Place::PolicyCache | Place::UserPause => false,
        })
    }

    /// Everything that turns dual scan on where a WSUS server is set: Windows Update client policies, and what is left of
    /// them.
    pub(crate) fn triggers(&self) -> impl Iterator<Item = Trigger> {
        let policy = *self;
        let at = |place, names: &'static [&'static str]| {
            names.iter().copied().map(move |name| Trigger { place, name })
        };
        let all = at(Place::GroupPolicy, &GROUP_POLICY_TRIGGERS)
            .chain(at(Place::Mdm, &MDM_TRIGGERS))
            .chain(at(Place::PolicyCache, &GROUP_POLICY_TRIGGERS))
            .chain(at(Place::UserPause, &USER_PAUSE));
        all.filter(move |trigger| policy.has(*trigger))
    }

    fn has(&self, Trigger { place, name }: Trigger) -> bool {
        let in_group_policy = || self.raw(GpKey::WindowsUpdate, name).is_some();
        match place {
            Place::GroupPolicy => in_group_policy(),
            Place::Mdm => self.policy.get(name).is_some(),
            // A copy of what is still there tells nothing new.
            Place::PolicyCache => {
                CACHES.iter().any(|key| self.registry.get(key, name).is_some()) && !in_group_policy()
            }
            Place::UserPause => self.registry.get(USER_SETTINGS, name).is_some(),
        }
    }

    /// A scan source policy: by Group Policy, when its gate under `AU` is open or not needed, or by MDM.
    pub(crate) fn scan_source(&self, name: &str, gate: Gate) -> Option<i64> {
        let is_open = match gate {
            Gate::Needed => self.is_one(GpKey::Au, GATE),
            Gate::NotNeeded => true,
        };
        let by_group_policy = self.raw(GpKey::WindowsUpdate, name).filter(|_| is_open).and_then(Scalar::int);
        let by_mdm = || match self.policy.get(name) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        };
        by_group_policy.or_else(by_mdm)
    }

    /// Whether Windows Update may offer updates of other Microsoft products, which Microsoft Update has. What a WSUS server
    /// offers does not depend on it.
    #[must_use]
    pub fn offers_other_products(&self) -> bool {
        self.int("AllowMUUpdateService") == Some(1)
    }

    /// Whether the device is kept from Windows Update; of no effect without a WSUS server.
    ///
    /// Source: Microsoft, `WindowsUpdate.admx`, `DoNotConnectToWindowsUpdateInternetLocations`, whose words Policy CSP has
    /// for `AllowUpdateService`.
    #[must_use]
    pub fn forbids_windows_update(&self) -> bool {
        self.is_one(GpKey::WindowsUpdate, DO_NOT_CONNECT) || self.int("AllowUpdateService") == Some(0)
    }

    /// Whether upgrades wait for the next period: what `DeferUpgrade` of the Update CSP shows (decided: any of
    /// the policies that defer feature updates).
    #[must_use]
    pub fn defers_upgrades(&self) -> bool {
        const SEMI_ANNUAL: i64 = 32;
        self.int("RequireDeferUpgrade") == Some(1)
            || ["DeferFeatureUpdatesPeriodInDays", "DeferUpgradePeriod"]
                .iter()
                .any(|name| self.int(name).is_some_and(|length| length > 0))
            || self.int("BranchReadinessLevel") == Some(SEMI_ANNUAL)
    }
}

pub(super) fn read(device: &Device, node: Node, id: NodeId) -> Option<Value> {
    let def = device.profile().schema().def(id);
    let name = def.name.as_deref()?;
    match node {
        Node::Interior => None,
        Node::Config => device.policy().get(name).cloned(),
        Node::Result => device.effective_policy().get(name, def.properties.format),
    }
}

pub(super) fn write(device: &mut Device, id: NodeId, value: Option<Value>) {
    let name = device.profile().schema().def(id).name.clone();
    if let (Some(name), Some(value)) = (name, value) {
        device.policy_mut().update.insert(name, value);
    }
}

pub(super) fn remove(device: &mut Device, id: NodeId) {
    let name = device.profile().schema().def(id).name.clone();
    if let Some(name) = name {
        device.policy_mut().update.remove(&name);
    }
}
