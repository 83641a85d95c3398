//! `device`: one row a device, with what each has once.

use chrono::{DateTime, Utc};
use csp_model::Device;
use csp_model::agent::{Agent, Check, Faults, Noticed, Refusal, Reverting, Rollback, Rollbacks, Unread};
use csp_model::device::Instance;
use rusqlite::{Connection, params};

use crate::store::column::{Cells, Json, time};
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
    pub(in crate::store) last_check: Option<Check>,
    pub(in crate::store) agreed: Option<DateTime<Utc>>,
    pub(in crate::store) noticed: Noticed,
    pub(in crate::store) faults: Faults,
    pub(in crate::store) unread: Option<Box<Unread>>,
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
    let (instance, agent) = (device.instance(), device.agent());
    let Rollbacks { quality, feature } = &agent.rollbacks;
    connection
        .prepare_cached(
            "INSERT INTO device (name, profile, id, given_name, seed, device_name, clock, last_scan, \
             quality_rollback, quality_rollback_pending, quality_rollback_since, feature_rollback, \
             feature_rollback_pending, feature_rollback_since, sessions, last_check, last_check_succeeded, \
             agreed, quality_pause_noticed, feature_pause_noticed, faults, unread, quality_rollback_refused, \
             feature_rollback_refused, quality_paused, feature_paused) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, \
             ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)",
        )?
        .execute(params![
            name,
            profile,
            instance.id,
            instance.name,
            instance.seed.to_string(),
            device.name(),
            time(device.clock()),
            agent.last_scan.map(time),
            status(quality),
            pending(quality),
            since(quality),
            status(feature),
            pending(feature),
            since(feature),
            device.sessions(),
            agent.last_check.map(|check| time(check.at)),
            agent.last_check.map(|check| check.succeeded),
            agent.agreed.map(time),
            agent.noticed.quality.map(time),
            agent.noticed.feature.map(time),
            faults(agent),
            unread(agent),
            refused(quality),
            refused(feature),
            agent.noticed.quality_paused,
            agent.noticed.feature_paused,
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
    if before.clock() == after.clock()
        && before.sessions() == after.sessions()
        && before.name() == after.name()
        && says_the_same(before.agent(), after.agent())
    {
        return Ok(());
    }
    let agent = after.agent();
    let Rollbacks { quality, feature } = &agent.rollbacks;
    let rows = connection
        .prepare_cached(
            "UPDATE device SET device_name = ?2, clock = ?3, last_scan = ?4, \
             quality_rollback = ?5, quality_rollback_pending = ?6, quality_rollback_since = ?7, \
             feature_rollback = ?8, feature_rollback_pending = ?9, feature_rollback_since = ?10, \
             sessions = ?11, last_check = ?12, last_check_succeeded = ?13, agreed = ?14, \
             quality_pause_noticed = ?15, feature_pause_noticed = ?16, faults = ?17, unread = ?18, \
             quality_rollback_refused = ?19, feature_rollback_refused = ?20, quality_paused = ?21, \
             feature_paused = ?22 WHERE name = ?1",
        )?
        .execute(params![
            name,
            after.name(),
            time(after.clock()),
            agent.last_scan.map(time),
            status(quality),
            pending(quality),
            since(quality),
            status(feature),
            pending(feature),
            since(feature),
            after.sessions(),
            agent.last_check.map(|check| time(check.at)),
            agent.last_check.map(|check| check.succeeded),
            agent.agreed.map(time),
            agent.noticed.quality.map(time),
            agent.noticed.feature.map(time),
            faults(agent),
            unread(agent),
            refused(quality),
            refused(feature),
            agent.noticed.quality_paused,
            agent.noticed.feature_paused,
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

/// Whether what stands of an agent in a device's row is the same; what is in tables of its own is not looked at.
fn says_the_same(before: &Agent, after: &Agent) -> bool {
    let Agent { records: _, approvals: _, last_scan, last_check, agreed, noticed, faults, unread, rollbacks } =
        after;
    before.last_scan == *last_scan
        && before.last_check == *last_check
        && before.agreed == *agreed
        && before.noticed == *noticed
        && before.faults == *faults
        && before.unread == *unread
        && before.rollbacks == *rollbacks
}

fn row(cells: &Cells<'_>, name: &str) -> Result<Row, Reason> {
    let rollback = |status, pending, since, refused| {
        let update = cells.update_id_if_any(pending)?;
        let pending = match (update, cells.time_if_any(since)?) {
            (None, None) => None,
            (Some(update), since) => Some(Reverting { update, since }),
            (None, Some(_)) => return Err(cells.wrong(pending, format!("missing beside a {since}"))),
        };
        let refused = cells.parsed_if_any(
            refused,
            |text| text.parse().ok(),
            "why a rollback is refused, as `not-paused`",
        )?;
        Ok(Rollback { status: cells.hresult_if_any(status)?, pending, refused })
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
        last_check: last_check(cells)?,
        agreed: cells.time_if_any("agreed")?,
        noticed: Noticed {
            quality: cells.time_if_any("quality_pause_noticed")?,
            feature: cells.time_if_any("feature_pause_noticed")?,
            quality_paused: cells.flag_if_any("quality_paused")?.unwrap_or_default(),
            feature_paused: cells.flag_if_any("feature_paused")?.unwrap_or_default(),
        },
        faults: cells.json_if_any("faults")?.unwrap_or_default(),
        unread: cells.json_if_any("unread")?,
        rollbacks: Rollbacks {
            quality: rollback(
                "quality_rollback",
                "quality_rollback_pending",
                "quality_rollback_since",
                "quality_rollback_refused",
            )?,
            feature: rollback(
                "feature_rollback",
                "feature_rollback_pending",
                "feature_rollback_since",
                "feature_rollback_refused",
            )?,
        },
        sessions: cells.number("sessions")?,
    })
}

fn status(rollback: &Rollback) -> Option<String> {
    rollback.status.map(|status| status.to_string())
}

fn pending(rollback: &Rollback) -> Option<String> {
    rollback.pending.map(|reverting| reverting.update.to_string())
}

fn since(rollback: &Rollback) -> Option<String> {
    rollback.pending.and_then(|reverting| reverting.since).map(time)
}

fn refused(rollback: &Rollback) -> Option<&'static str> {
    rollback.refused.map(Refusal::name)
}

fn last_check(cells: &Cells<'_>) -> Result<Option<Check>, Reason> {
    match (cells.time_if_any("last_check")?, cells.flag_if_any("last_check_succeeded")?) {
        (None, None) => Ok(None),
        (Some(at), Some(succeeded)) => Ok(Some(Check { at, succeeded })),
        (Some(_), None) => Err(cells.wrong("last_check_succeeded", "missing beside a last_check".to_owned())),
        (None, Some(_)) => Err(cells.wrong("last_check", "missing beside a last_check_succeeded".to_owned())),
    }
}

fn faults(agent: &Agent) -> Option<Json<'_, Faults>> {
    (agent.faults != Faults::default()).then_some(Json(&agent.faults))
}

fn unread(agent: &Agent) -> Option<Json<'_, Unread>> {
    agent.unread.as_deref().map(Json)
}
