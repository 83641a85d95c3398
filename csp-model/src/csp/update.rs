//! `./Vendor/MSFT/Update`: a view of the update agent.
//!
//! Source: Microsoft, "Update CSP" (11/16/2023) and "Update DDF file" (version 1803).

use std::sync::Arc;

use super::{Address, Name};
use crate::agent::{self, HResult, Record, Reverting, RollbackKind, UpdateId, UpdateSet};
use crate::device::RevokeApproval;
use crate::schema::builtin::Edition;
use crate::tree::{Effect, TreeError};
use crate::uri::UriScope;
use crate::{Access, Device, LocUri, Value};

/// The nodes of the CSP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// An interior node that is always there.
    Interior,
    /// `ApprovedUpdates/{guid}`
    Approval,
    /// `ApprovedUpdates/{guid}/ApprovedTime`
    ApprovedTime,
    /// `{set}/{guid}`
    Member(UpdateSet),
    /// `{set}/{guid}/RevisionNumber`
    RevisionNumber(UpdateSet),
    /// `FailedUpdates/{guid}/HResult`
    HResult,
    /// `FailedUpdates/{guid}/State`, or `Status` in the older edition.
    State,
    /// `InstallableUpdates/{guid}/Type`
    Type,
    /// `PendingRebootUpdates/{guid}/InstalledTime`
    InstalledTime,
    /// `LastSuccessfulScanTime`
    LastSuccessfulScanTime,
    /// `DeferUpgrade`
    DeferUpgrade,
    /// `Rollback/QualityUpdate`, `Rollback/FeatureUpdate`
    Rollback(RollbackKind),
    /// `Rollback/QualityUpdateStatus`, `Rollback/FeatureUpdateStatus`
    RollbackStatus(RollbackKind),
}

impl Node {
    /// The node with these names below `./Vendor/MSFT`; a free name is empty.
    #[must_use]
    pub fn at(names: &[&str]) -> Option<Self> {
        Some(match names {
            ["Update"] | ["Update", "ApprovedUpdates" | "Rollback"] => Self::Interior,
            ["Update", set] if set_of(set).is_some() => Self::Interior,
            ["Update", "ApprovedUpdates", ""] => Self::Approval,
            ["Update", "ApprovedUpdates", "", "ApprovedTime"] => Self::ApprovedTime,
            ["Update", set, ""] => Self::Member(set_of(set)?),
            ["Update", set, "", "RevisionNumber"] => Self::RevisionNumber(set_of(set)?),
            ["Update", "FailedUpdates", "", "HResult"] => Self::HResult,
            ["Update", "FailedUpdates", "", "State" | "Status"] => Self::State,
            ["Update", "InstallableUpdates", "", "Type"] => Self::Type,
            ["Update", "PendingRebootUpdates", "", "InstalledTime"] => Self::InstalledTime,
            ["Update", "LastSuccessfulScanTime"] => Self::LastSuccessfulScanTime,
            ["Update", "DeferUpgrade"] => Self::DeferUpgrade,
            ["Update", "Rollback", "QualityUpdate"] => Self::Rollback(RollbackKind::Quality),
            ["Update", "Rollback", "FeatureUpdate"] => Self::Rollback(RollbackKind::Feature),
            ["Update", "Rollback", "QualityUpdateStatus"] => Self::RollbackStatus(RollbackKind::Quality),
            ["Update", "Rollback", "FeatureUpdateStatus"] => Self::RollbackStatus(RollbackKind::Feature),
            _ => return None,
        })
    }
}

/// The update or classification that the address `./Vendor/MSFT/Update/ApprovedUpdates/{guid}` approves; `None` of any
/// other.
#[must_use]
pub fn approved(uri: &LocUri) -> Option<UpdateId> {
    let mut segments = uri.segments();
    let is_there = uri.scope() == UriScope::Device
        && ["Vendor", "MSFT", "Update", "ApprovedUpdates"].iter().all(|name| segments.next() == Some(*name));
    let id = segments.next().filter(|_| is_there)?;
    if segments.next().is_none() { UpdateId::parse(id) } else { None }
}

/// Deleting an approval is described by its parent and denied by the newer page: the device file decides.
pub(super) fn access(device: &Device, node: Node, described: Access) -> Access {
    let file = device.profile().file();
    let revoke = file.revoke_approval.unwrap_or(match file.schema {
        Edition::V2023 => RevokeApproval::Refused,
        Edition::V1803 => RevokeApproval::Allowed,
    });
    match (node, revoke) {
        (Node::Approval, RevokeApproval::Refused) => described - Access::DELETE,
        _ => described,
    }
}

pub(super) fn exists(device: &Device, node: Node, address: &Address<'_>) -> bool {
    let Some(id) = id(address) else { return false };
    match node {
        Node::Approval | Node::ApprovedTime => device.agent().approvals.contains_key(&id),
        Node::Member(set) | Node::RevisionNumber(set) => device.agent().update_in(set, id).is_some(),
        Node::HResult | Node::State => device.agent().update_in(UpdateSet::Failed, id).is_some(),
        Node::Type => device.agent().update_in(UpdateSet::Installable, id).is_some(),
        Node::InstalledTime => device.agent().update_in(UpdateSet::PendingReboot, id).is_some(),
        Node::Interior
        | Node::LastSuccessfulScanTime
        | Node::DeferUpgrade
        | Node::Rollback(_)
        | Node::RollbackStatus(_) => true,
    }
}

pub(super) fn each_instance(device: &Device, node: Node, visit: &mut dyn FnMut(&str)) {
    let agent = device.agent();
    match node {
        Node::Approval => agent.approvals.keys().for_each(|id| id.with_str(&mut *visit)),
        Node::Member(set) => agent.updates_in(set).for_each(|(id, _)| id.with_str(&mut *visit)),
        Node::Interior
        | Node::ApprovedTime
        | Node::RevisionNumber(_)
        | Node::HResult
        | Node::State
        | Node::Type
        | Node::InstalledTime
        | Node::LastSuccessfulScanTime
        | Node::DeferUpgrade
        | Node::Rollback(_)
        | Node::RollbackStatus(_) => {}
    }
}

pub(super) fn read(device: &Device, node: Node, address: &Address<'_>) -> Option<Value> {
    let record = |set| -> Option<&Record> { device.agent().update_in(set, id(address)?) };
    Some(match node {
        Node::Interior | Node::Approval | Node::Member(_) => return None,
        Node::Rollback(_) => Value::Null,
        Node::ApprovedTime => Value::instant(*device.agent().approvals.get(&id(address)?)?),
        Node::RevisionNumber(set) => Value::Int(record(set)?.revision.into()),
        Node::HResult => Value::Int(record(UpdateSet::Failed)?.failure()?.hresult.0.into()),
        Node::State => Value::Int(record(UpdateSet::Failed)?.failure()?.state.bits().into()),
        Node::Type => {
            record(UpdateSet::Installable)?;
            Value::Int(device.profile().update(id(address)?)?.kind())
        }
        Node::InstalledTime => Value::instant(record(UpdateSet::PendingReboot)?.since),
        Node::LastSuccessfulScanTime => device.agent().last_scan.map_or_else(never, Value::instant),
        Node::DeferUpgrade => Value::Bool(device.effective_policy().defers_upgrades()),
        Node::RollbackStatus(kind) => {
            let status = device.agent().rollbacks.of(kind).status;
            Value::chr(status.map_or_else(String::new, |status| status.to_string()))
        }
    })
}

/// Only approvals are ever written. The device's own time stands, whatever the server says.
pub(super) fn write(device: &mut Device, node: Node, address: &Address<'_>) {
    let now = device.clock();
    if let (Node::Approval | Node::ApprovedTime, Some(id)) = (node, id(address)) {
        device.agent_mut().approvals.entry(id).or_insert(now);
    }
}

pub(super) fn remove(device: &mut Device, address: &Address<'_>) {
    if let Some(id) = id(address) {
        device.agent_mut().approvals.remove(&id);
    }
}

/// Starts a rollback, or refuses it and says so in the status node (Microsoft, Update CSP, `Rollback`).
pub(super) fn exec(device: &mut Device, node: Node) -> Result<Effect, TreeError> {
    let Node::Rollback(kind) = node else { return Err(TreeError::not_allowed(Access::EXEC, Access::GET)) };
    match agent::rollback_candidate(device, kind) {
        Ok(update) => {
            // One that is under way goes on.
            let rollback = device.agent_mut().rollbacks.of_mut(kind);
            rollback.pending.get_or_insert(Reverting { update, since: None });
            Ok(Effect::RollbackStarted(update))
        }
        Err(refusal) => {
            let rollback = device.agent_mut().rollbacks.of_mut(kind);
            (rollback.status, rollback.refused) = (Some(HResult::NOT_FOUND), Some(refusal));
            Err(TreeError::RollbackRefused(refusal))
        }
    }
}

/// What the description gives for a time that has not come: `0`.
fn never() -> Value {
    Value::Time(Arc::from("0"))
}

fn id(address: &Address<'_>) -> Option<UpdateId> {
    address.name().and_then(Name::update)
}

fn set_of(name: &str) -> Option<UpdateSet> {
    match name {
        "FailedUpdates" => Some(UpdateSet::Failed),
        "InstalledUpdates" => Some(UpdateSet::Installed),
        "InstallableUpdates" => Some(UpdateSet::Installable),
        "PendingRebootUpdates" => Some(UpdateSet::PendingReboot),
        _ => None,
    }
}
