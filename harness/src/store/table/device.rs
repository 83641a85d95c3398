//! `device`: one row a device, with what each has once.

use chrono::{DateTime, Utc};
use csp_model::Device;
use csp_model::agent::{Rollback, Rollbacks};
use csp_model::device::Instance;
use rusqlite::{Connection, params};

use crate::store::column::{Cells, time};
use crate::store::error::Reason;

/// What a row says.
#[derive(Debug)]
pub(in crate::store) struct Row {
    pub(in crate::store) name: String,
    /// The digest of its profile.
    pub(in crate::store) profile: String,
    pub(in crate::store) instance: Instance,
    pub(in crate::store) device_name: String,
    pub(in crate::store) clock: DateTime<Utc>,
    pub(in crate::store) last_scan: Option<DateTime<Utc>>,
    pub(in crate::store) rollbacks: Rollbacks,
    pub(in crate::store) sessions: u32,
}

/// Every device, by name.
pub(in crate::store) fn read(connection: &Connection) -> Result<Vec<Row>, Reason> {
    let mut statement = connection.prepare("SELECT * FROM device ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = Cells { row, table: "device", device: None };
        let name = cells.text("name")?;
        read.push(self::row(&Cells { device: Some(name), ..cells }, name)?);
    }
    Ok(read)
}

pub(in crate::store) fn insert(
    connection: &Connection,
    name: &str,
    profile: &str,
    device: &Device,
) -> Result<(), Reason> {
    let instance = device.instance();
    connection
        .prepare_cached(
            "INSERT INTO device (name, profile, id, given_name, seed, device_name, clock, last_scan, \
             quality_rollback, quality_rollback_pending, feature_rollback, feature_rollback_pending, \
             sessions) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            name,
            profile,
            instance.id,
            instance.name,
            instance.seed.to_string(),
            device.name(),
            time(device.clock()),
            device.agent().last_scan.map(time),
            status(&device.agent().rollbacks.quality),
            pending(&device.agent().rollbacks.quality),
            status(&device.agent().rollbacks.feature),
            pending(&device.agent().rollbacks.feature),
            device.sessions(),
        ])?;
    Ok(())
}

/// Writes the row of a device anew, if it says something else now.
pub(in crate::store) fn update(
    connection: &Connection,
    name: &str,
    before: &Device,
    after: &Device,
) -> Result<(), Reason> {
    let said = |device: &Device| {
        let agent = device.agent();
        (device.clock(), agent.last_scan, agent.rollbacks.clone(), device.sessions())
    };
    if said(before) == said(after) && before.name() == after.name() {
        return Ok(());
    }
    let rows = connection
        .prepare_cached(
            "UPDATE device SET device_name = ?2, clock = ?3, last_scan = ?4, \
             quality_rollback = ?5, quality_rollback_pending = ?6, \
             feature_rollback = ?7, feature_rollback_pending = ?8, sessions = ?9 WHERE name = ?1",
        )?
        .execute(params![
            name,
            after.name(),
            time(after.clock()),
            after.agent().last_scan.map(time),
            status(&after.agent().rollbacks.quality),
            pending(&after.agent().rollbacks.quality),
            status(&after.agent().rollbacks.feature),
            pending(&after.agent().rollbacks.feature),
            after.sessions(),
        ])?;
    match rows {
        1 => Ok(()),
        _ => Err(Reason::Changed(format!("the device `{name}` is gone"))),
    }
}

/// Takes away a device with all its rows.
pub(in crate::store) fn delete(connection: &Connection, name: &str) -> Result<(), Reason> {
    connection.prepare_cached("DELETE FROM device WHERE name = ?1")?.execute([name])?;
    Ok(())
}

fn row(cells: &Cells<'_>, name: &str) -> Result<Row, Reason> {
    let rollback = |status, pending| {
        Ok::<_, Reason>(Rollback {
            status: cells.hresult_if_any(status)?,
            pending: cells.update_id_if_any(pending)?,
        })
    };
    Ok(Row {
        name: name.to_owned(),
        profile: cells.text("profile")?.to_owned(),
        instance: Instance {
            id: cells.text("id")?.into(),
            name: cells.text("given_name")?.into(),
            seed: cells.parsed("seed", |text| text.parse().ok(), "a whole number from 0")?,
        },
        device_name: cells.text("device_name")?.to_owned(),
        clock: cells.time("clock")?,
        last_scan: cells.time_if_any("last_scan")?,
        rollbacks: Rollbacks {
            quality: rollback("quality_rollback", "quality_rollback_pending")?,
            feature: rollback("feature_rollback", "feature_rollback_pending")?,
        },
        sessions: cells.number("sessions")?,
    })
}

fn status(rollback: &Rollback) -> Option<String> {
    rollback.status.map(|status| status.to_string())
}

fn pending(rollback: &Rollback) -> Option<String> {
    rollback.pending.map(|update| update.to_string())
}
