//! `approval`: which updates and classifications are approved, and since when.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use csp_model::agent::UpdateId;
use rusqlite::{Connection, params};

use crate::store::column::{rows, time};
use crate::store::difference::differences;
use crate::store::error::Reason;

type Approvals = BTreeMap<UpdateId, DateTime<Utc>>;

pub(in crate::store) fn read(connection: &Connection, device: &str) -> Result<Approvals, Reason> {
    let sql = "SELECT id, approved_at FROM approval WHERE device = ?1 ORDER BY id";
    rows(connection, sql, "approval", device, |cells| {
        Ok((cells.update_id("id")?, cells.time("approved_at")?))
    })
}

pub(in crate::store) fn write(
    connection: &Connection,
    device: &str,
    before: &Approvals,
    after: &Approvals,
) -> Result<(), Reason> {
    for (id, approved_at) in differences(before, after) {
        let id = id.to_string();
        match approved_at {
            Some(at) => connection
                .prepare_cached(
                    "INSERT INTO approval (device, id, approved_at) VALUES (?1, ?2, ?3) \
                     ON CONFLICT DO UPDATE SET approved_at = excluded.approved_at",
                )?
                .execute(params![device, id, time(*at)])?,
            None => connection
                .prepare_cached("DELETE FROM approval WHERE device = ?1 AND id = ?2")?
                .execute(params![device, id])?,
        };
    }
    Ok(())
}
