//! `update_record`: how far a device has come with the updates that it knows.

use std::collections::BTreeMap;

use csp_model::agent::{Failure, Record, UpdateId};
use rusqlite::{Connection, params};

use crate::store::column::{Cells, rows, time};
use crate::store::difference::differences;
use crate::store::error::Reason;

type Records = BTreeMap<UpdateId, Record>;

pub(in crate::store) fn read(connection: &Connection, device: &str) -> Result<Records, Reason> {
    let sql = "SELECT id, revision, state, since, failure_state, failure_hresult \
               FROM update_record WHERE device = ?1 ORDER BY id";
    rows(connection, sql, "update_record", device, |cells| {
        let record = Record {
            revision: cells.number("revision")?,
            state: cells.update_state("state")?,
            since: cells.time("since")?,
            failure: failure(cells)?,
        };
        Ok((cells.update_id("id")?, record))
    })
}

pub(in crate::store) fn write(
    connection: &Connection,
    device: &str,
    before: &Records,
    after: &Records,
) -> Result<(), Reason> {
    for (id, record) in differences(before, after) {
        let id = id.to_string();
        match record {
            Some(record) => connection
                .prepare_cached(
                    "INSERT INTO update_record \
                     (device, id, revision, state, since, failure_state, failure_hresult) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                     ON CONFLICT DO UPDATE SET revision = excluded.revision, state = excluded.state, \
                     since = excluded.since, failure_state = excluded.failure_state, \
                     failure_hresult = excluded.failure_hresult",
                )?
                .execute(params![
                    device,
                    id,
                    record.revision,
                    record.state.bits(),
                    time(record.since),
                    record.failure.map(|failure| failure.state.bits()),
                    record.failure.map(|failure| failure.hresult.to_string()),
                ])?,
            None => connection
                .prepare_cached("DELETE FROM update_record WHERE device = ?1 AND id = ?2")?
                .execute(params![device, id])?,
        };
    }
    Ok(())
}

fn failure(cells: &Cells<'_>) -> Result<Option<Failure>, Reason> {
    match (cells.update_state_if_any("failure_state")?, cells.hresult_if_any("failure_hresult")?) {
        (None, None) => Ok(None),
        (Some(state), Some(hresult)) => Ok(Some(Failure { state, hresult })),
        (Some(_), None) => Err(cells.wrong("failure_hresult", "missing beside a failure_state".to_owned())),
        (None, Some(_)) => Err(cells.wrong("failure_state", "missing beside a failure_hresult".to_owned())),
    }
}
