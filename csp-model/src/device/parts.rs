//! The parts in which one device differs from another: what must be written when a message has been applied.

use std::sync::Arc;

use bitflags::bitflags;

use super::Device;
use crate::Value;
use crate::csp::stored::{MountId, Stored};

bitflags! {
    /// The parts of a device that are shared until they are written to.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub struct Parts: u8 {
        /// The clock.
        const CLOCK = 1;
        /// The update agent.
        const AGENT = 2;
        /// The policies that the server has set.
        const POLICY = 4;
        /// The registry.
        const REGISTRY = 8;
        /// The device's name.
        const NAME = 16;
        /// What mounted CSPs keep; [`Device::changed_mounts`] says which of them.
        const STORED = 32;
        /// How many sessions it has opened.
        const SESSIONS = 64;
    }
}

/// What has become of a node that a mounted CSP keeps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NodeChange<'a> {
    /// It is kept with this value; an interior node has none.
    Kept(Option<&'a Value>),
    /// It is gone.
    Removed,
}

impl Device {
    /// The parts that have been written to since `before` was copied from this device.
    ///
    /// A part that was written to counts, even if the same was written; two devices that are no copies of each
    /// other share nothing.
    ///
    /// ```
    /// use csp_model::device::Parts;
    /// use csp_model::tree::{Setting, Transaction};
    /// use csp_model::{Device, LocUri};
    ///
    /// let mut device = Device::builtin();
    /// let before = device.clone();
    /// assert_eq!(device.changed_parts(&before), Parts::empty());
    /// let uri = LocUri::parse("./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart")?;
    /// let setting = Setting { format: Some("int"), data: Some("7"), ..Setting::default() };
    /// device.add(&uri, setting, Transaction::None)?;
    /// assert_eq!(device.changed_parts(&before), Parts::POLICY);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn changed_parts(&self, before: &Self) -> Parts {
        let mut changed = Parts::empty();
        changed.set(Parts::CLOCK, self.clock != before.clock);
        changed.set(Parts::AGENT, !Arc::ptr_eq(&self.agent, &before.agent));
        changed.set(Parts::POLICY, !Arc::ptr_eq(&self.policy, &before.policy));
        changed.set(Parts::REGISTRY, !Arc::ptr_eq(&self.registry, &before.registry));
        changed.set(Parts::NAME, !Arc::ptr_eq(&self.name, &before.name));
        changed.set(Parts::STORED, self.changed_mounts(before).next().is_some());
        changed.set(Parts::SESSIONS, self.sessions != before.sessions);
        changed
    }

    /// The mounted CSPs whose part has been written to since `before` was copied from this device.
    pub fn changed_mounts(&self, before: &Self) -> impl Iterator<Item = MountId> {
        let shared = |mount, stored| before.stored.get(mount).is_some_and(|other| Arc::ptr_eq(stored, other));
        let changed = self.stored.iter().filter(move |(mount, stored)| !shared(*mount, *stored));
        changed.map(|(mount, _)| *mount)
    }

    /// The nodes that mounted CSPs keep otherwise than in `before`, a device of the same profile, by address.
    #[must_use]
    pub fn changed_nodes<'a>(&'a self, before: &'a Self) -> Vec<(String, NodeChange<'a>)> {
        let mut changes = Vec::new();
        for mount in self.changed_mounts(before) {
            let (now, then) = (self.stored(mount), before.stored(mount));
            let kept = now.into_iter().flat_map(Stored::iter);
            let kept = kept.filter(|(key, value)| then.and_then(|then| then.get(key)) != Some(*value));
            changes.extend(kept.map(|(key, value)| (self.address_of(key), NodeChange::Kept(value))));
            let former = then.into_iter().flat_map(Stored::iter);
            let removed = former.filter(|(key, _)| now.and_then(|now| now.get(key)).is_none());
            changes.extend(removed.map(|(key, _)| (self.address_of(key), NodeChange::Removed)));
        }
        changes
    }
}
