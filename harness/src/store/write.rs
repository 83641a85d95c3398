//! What has become of devices, into rows: only those that are different.

use std::sync::Arc;

use csp_model::Device;
use csp_model::agent::Agent;
use csp_model::csp::policy::Policy;
use csp_model::device::{NodeChange, Parts, Registry};
use rusqlite::Connection;

use super::error::Reason;
use super::table::profile::Digests;
use super::table::{approval, device, node, policy, profile, registry, update_record};
use crate::fleet::Change;

/// Writes what each change says. Somebody else's are the transaction around it and what is done when it fails.
///
/// # Errors
/// When a row cannot be written; some may have been.
pub(super) fn changes(
    connection: &Connection,
    digests: &mut Digests,
    changes: &[Change<'_>],
) -> Result<(), Reason> {
    let mut has_removed = false;
    for Change { name, before, after } in changes {
        match (before, after) {
            (None, None) => {}
            (Some(before), Some(after)) if is_same_device(before, after) => {
                update(connection, name, before, after)?;
            }
            (before, after) => {
                if before.is_some() {
                    device::delete(connection, name)?;
                    has_removed = true;
                }
                if let Some(after) = after {
                    insert(connection, digests, name, after)?;
                }
            }
        }
    }
    // A device that was replaced may still have the profile: nothing goes before all are written.
    if has_removed { profile::purge(connection) } else { Ok(()) }
}

/// Whether rows of the one can stay for the other.
fn is_same_device(before: &Device, after: &Device) -> bool {
    Arc::ptr_eq(&before.profile_arc(), &after.profile_arc()) && before.instance() == after.instance()
}

fn insert(connection: &Connection, digests: &mut Digests, name: &str, after: &Device) -> Result<(), Reason> {
    let digest = profile::write(connection, digests, &after.profile_arc())?;
    device::insert(connection, name, &digest, after)?;
    agent(connection, name, &Agent::default(), after.agent())?;
    policy::write(connection, name, &Policy::default(), after.policy())?;
    registry::write(connection, name, &Registry::default(), after.registry())?;
    let kept = after.state().stored;
    let kept = kept.iter().map(|(uri, value)| (uri.clone(), NodeChange::Kept(value.as_ref())));
    node::write(connection, name, kept)
}

fn update(connection: &Connection, name: &str, before: &Device, after: &Device) -> Result<(), Reason> {
    let changed = after.changed_parts(before);
    if changed.intersects(Parts::CLOCK | Parts::NAME | Parts::AGENT | Parts::SESSIONS) {
        device::update(connection, name, before, after)?;
    }
    if changed.contains(Parts::AGENT) {
        agent(connection, name, before.agent(), after.agent())?;
    }
    if changed.contains(Parts::POLICY) {
        policy::write(connection, name, before.policy(), after.policy())?;
    }
    if changed.contains(Parts::REGISTRY) {
        registry::write(connection, name, before.registry(), after.registry())?;
    }
    if changed.contains(Parts::STORED) {
        node::write(connection, name, after.changed_nodes(before))?;
    }
    Ok(())
}

/// The agent's entries; what it has once stands in the device's row.
fn agent(connection: &Connection, name: &str, before: &Agent, after: &Agent) -> Result<(), Reason> {
    update_record::write(connection, name, &before.records, &after.records)?;
    approval::write(connection, name, &before.approvals, &after.approvals)
}
