//! `device`: one row a device, with what each has once.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use csp_model::Device;
use csp_model::agent::site::Site;
use csp_model::agent::{
    Agent, Check, ConfigMgrClient, Faults, Noticed, Refusal, Reverting, Rollback, Rollbacks, Unread,
};
use csp_model::device::Instance;
use rusqlite::{Connection, ToSql, params_from_iter};

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
    pub(in crate::store) site: Option<Box<Site>>,
    pub(in crate::store) client: ConfigMgrClient,
    pub(in crate::store) reset: Option<DateTime<Utc>>,
    pub(in crate::store) staled: Option<DateTime<Utc>>,
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
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let columns: Vec<_> = ["name"].into_iter().chain(CHANGES).chain(FIXED).collect();
        let places: Vec<_> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
        format!("INSERT INTO device ({}) VALUES ({})", columns.join(", "), places.join(", "))
    });
    let instance = device.instance();
    let fixed: [Box<dyn ToSql>; FIXED.len()] = [
        Box::new(profile.to_owned()),
        Box::new(instance.id.to_string()),
        Box::new(instance.name.to_string()),
        Box::new(instance.seed.to_string()),
    ];
    let (name, changes) = (&name as &dyn ToSql, changes(device));
    let values =
        [name].into_iter().chain(changes.iter().map(Box::as_ref)).chain(fixed.iter().map(Box::as_ref));
    connection.prepare_cached(&SQL)?.execute(params_from_iter(values))?;
    Ok(())
}

/// Writes the row of a device anew, if it says something else now.
pub(in crate::store) fn update(
    connection: &Connection,
    name: &str,
    before: &Device,
    after: &Device,
) -> Result<(), Reason> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let set: Vec<_> =
            CHANGES.iter().zip(2..).map(|(column, place)| format!("{column} = ?{place}")).collect();
        format!("UPDATE device SET {} WHERE name = ?1", set.join(", "))
    });
    if before.clock() == after.clock()
        && before.sessions() == after.sessions()
        && before.name() == after.name()
        && says_the_same(before.agent(), after.agent())
    {
        return Ok(());
    }
    let (name_of_it, changes) = (&name as &dyn ToSql, changes(after));
    let values = [name_of_it].into_iter().chain(changes.iter().map(Box::as_ref));
    match connection.prepare_cached(&SQL)?.execute(params_from_iter(values))? {
        1 => Ok(()),
        _ => Err(Reason::Changed(format!("the device `{name}` is gone"))),
    }
}

/// Takes away a device with all its rows.
pub(in crate::store) fn delete(connection: &Connection, name: &str) -> Result<(), Reason> {
    connection.prepare_cached("DELETE FROM device WHERE name = ?1")?.execute([name])?;
    Ok(())
}

/// What a device never changes, beside its name in the file.
const FIXED: [&str; 4] = ["profile", "id", "given_name", "seed"];

/// What it can change.
const CHANGES: [&str; 25] = [
    "device_name",
    "clock",
    "sessions",
    "last_scan",
    "last_check",
    "last_check_succeeded",
    "agreed",
    "quality_pause_noticed",
    "feature_pause_noticed",
    "quality_paused",
    "feature_paused",
    "faults",
    "unread",
    "site",
    "client",
    "client_reset",
    "client_staled",
    "quality_rollback",
    "quality_rollback_pending",
    "quality_rollback_since",
    "quality_rollback_refused",
    "feature_rollback",
    "feature_rollback_pending",
    "feature_rollback_since",
    "feature_rollback_refused",
];

/// What stands in the columns of [`CHANGES`], in their order.
fn changes(device: &Device) -> [Box<dyn ToSql + '_>; CHANGES.len()] {
    let agent = device.agent();
    let Rollbacks { quality, feature } = &agent.rollbacks;
    [
        Box::new(device.name()),
        Box::new(time(device.clock())),
        Box::new(device.sessions()),
        Box::new(agent.last_scan.map(time)),
        Box::new(agent.last_check.map(|check| time(check.at))),
        Box::new(agent.last_check.map(|check| check.succeeded)),
        Box::new(agent.agreed.map(time)),
        Box::new(agent.noticed.quality.map(time)),
        Box::new(agent.noticed.feature.map(time)),
        Box::new(agent.noticed.quality_paused),
        Box::new(agent.noticed.feature_paused),
        Box::new((agent.faults != Faults::default()).then_some(Json(&agent.faults))),
        Box::new(agent.unread.as_deref().map(Json)),
        Box::new(agent.site.as_deref().map(Json)),
        Box::new((agent.client != ConfigMgrClient::default()).then_some(Json(&agent.client))),
        Box::new(agent.reset.map(time)),
        Box::new(agent.staled.map(time)),
        Box::new(status(quality)),
        Box::new(pending(quality)),
        Box::new(since(quality)),
        Box::new(refused(quality)),
        Box::new(status(feature)),
        Box::new(pending(feature)),
        Box::new(since(feature)),
        Box::new(refused(feature)),
    ]
}

/// Whether what stands of an agent in a device's row is the same; what is in tables of its own is not looked at.
fn says_the_same(before: &Agent, after: &Agent) -> bool {
    let Agent {
        records: _,
        approvals: _,
        last_scan,
        last_check,
        agreed,
        noticed,
        faults,
        unread,
        site,
        client,
        reset,
        staled,
        rollbacks,
    } = after;
    before.last_scan == *last_scan
        && before.last_check == *last_check
        && before.agreed == *agreed
        && before.noticed == *noticed
        && before.faults == *faults
        && before.unread == *unread
        && before.site == *site
        && before.client == *client
        && before.reset == *reset
        && before.staled == *staled
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
        site: cells.json_if_any("site")?,
        client: cells.json_if_any("client")?.unwrap_or_default(),
        reset: cells.time_if_any("client_reset")?,
        staled: cells.time_if_any("client_staled")?,
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
