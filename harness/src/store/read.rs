//! Rows into devices.

use std::collections::BTreeMap;
use std::sync::Arc;

use csp_model::Device;
use csp_model::agent::Agent;
use csp_model::device::{DeviceState, SnapshotError};
use rusqlite::Connection;

use super::error::Reason;
use super::table::{approval, device, node, policy, profile, registry, update_record};
use crate::fleet::Profiles;

/// Every device, by name.
///
/// # Errors
/// When the rows cannot be read, or make no sense.
pub(super) fn devices(
    connection: &mut Connection,
    profiles: &Profiles,
) -> Result<BTreeMap<Arc<str>, Device>, Reason> {
    // In one transaction all tables are of one moment, whoever else writes.
    let connection = &*connection.transaction()?;
    let profiles = profile::read(connection, profiles)?;
    let mut devices = BTreeMap::new();
    for row in device::read(connection)? {
        let wrong =
            |table, column, what| Reason::Value { table, device: Some(row.name.clone()), column, what };
        let profile = profiles.get(&row.profile);
        let profile =
            profile.ok_or_else(|| wrong("device", "profile", format!("there is no {}", row.profile)))?;
        let state = DeviceState {
            clock: row.clock,
            agent: Agent {
                records: update_record::read(connection, &row.name)?,
                approvals: approval::read(connection, &row.name)?,
                last_scan: row.last_scan,
                last_check: row.last_check,
                agreed: row.agreed,
                noticed: row.noticed,
                faults: row.faults,
                unread: row.unread,
                site: row.site,
                client: row.client,
                reset: row.reset,
                staled: row.staled,
                rollbacks: row.rollbacks,
            },
            policy: policy::read(connection, &row.name)?,
            registry: registry::read(connection, &row.name)?,
            name: row.device_name,
            stored: node::read(connection, &row.name)?,
            sessions: row.sessions,
        };
        let device = Device::from_state(Arc::clone(profile), row.instance, state);
        let device = device.map_err(|error| match error {
            SnapshotError::NoSuchNode(uri) => {
                wrong("node", "uri", format!("no CSP of the device has the node `{uri}`"))
            }
            other => wrong("device", "profile", other.to_string()),
        })?;
        devices.insert(Arc::from(row.name), device);
    }
    Ok(devices)
}
