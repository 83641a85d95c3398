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
        let from_registry = gp_values_of(name).find_map(|place| self.group_policy(place, format));
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

    fn raw(&self, key: GpKey, name: &str) -> Option<&'d Scalar> {
        self.registry.get(key.path(), name)
    }

    /// Whether an organisation's WSUS server is to be used.
    #[must_use]
    pub fn uses_wsus(&self) -> bool {
        let is_one = |name| self.raw(GpKey::Au, name).and_then(Scalar::int) == Some(1);
        let by_group_policy = is_one("UseWUServer")
            && !is_one("NoAutoUpdate")
            && self
                .raw(GpKey::WindowsUpdate, "WUServer")
                .is_some_and(|server| !server.text().trim().is_empty());
        let by_mdm = self.policy.get("UpdateServiceUrl").is_some_and(|url| !url.text().trim().is_empty());
        by_group_policy || by_mdm
    }

    /// Whether any Windows Update client policy is set: with a WSUS server, one of them turns dual scan on.
    /// Being there counts, whatever the value.
    #[must_use]
    pub fn has_client_policy(&self) -> bool {
        const CLIENT_POLICIES: [&str; 9] = [
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
        const REGISTRY_ONLY: [&str; 4] =
            ["DeferFeatureUpdates", "DeferQualityUpdates", "DeferUpgrade", "TargetReleaseVersionInfo"];
        let in_registry = |name: &&str| self.raw(GpKey::WindowsUpdate, name).is_some();
        CLIENT_POLICIES.iter().any(|name| self.policy.get(name).is_some() || in_registry(name))
            || REGISTRY_ONLY.iter().any(in_registry)
    }

    /// A scan source policy: by Group Policy when its gate under `AU` is open, or by MDM.
    pub(crate) fn scan_source(&self, name: &str) -> Option<i64> {
        let gate = self.raw(GpKey::Au, "UseUpdateClassPolicySource").and_then(Scalar::int) == Some(1);
        let by_group_policy = self.raw(GpKey::WindowsUpdate, name).filter(|_| gate).and_then(Scalar::int);
        let by_mdm = || match self.policy.get(name) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        };
        by_group_policy.or_else(by_mdm)
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
