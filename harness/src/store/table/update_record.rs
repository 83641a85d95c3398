//! `update_record`: how far a device has come with the updates that it knows.

use std::collections::BTreeMap;

use csp_model::agent::{Content, Failure, Record, UpdateId};
use rusqlite::{Connection, params};

use crate::store::column::{Cells, rows, time};
use crate::store::difference::differences;
use crate::store::error::Reason;

type Records = BTreeMap<UpdateId, Record>;

pub(in crate::store) fn read(connection: &Connection, device: &str) -> Result<Records, Reason> {
    let sql = "SELECT id, revision, state, since, discovered, download_seconds, downloaded_at, failure_state, \
               failure_hresult FROM update_record WHERE device = ?1 ORDER BY id";
    rows(connection, sql, "update_record", device, |cells| {
        let record = Record {
            revision: cells.number("revision")?,
            state: cells.update_state("state")?,
            since: cells.time("since")?,
            discovered: cells.time("discovered")?,
            content: content(cells)?,
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
                     (device, id, revision, state, since, discovered, download_seconds, downloaded_at, \
                     failure_state, failure_hresult) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
                     ON CONFLICT DO UPDATE SET revision = excluded.revision, state = excluded.state, \
                     since = excluded.since, discovered = excluded.discovered, \
                     download_seconds = excluded.download_seconds, downloaded_at = excluded.downloaded_at, \
                     failure_state = excluded.failure_state, \
                     failure_hresult = excluded.failure_hresult",
                )?
                .execute(params![
                    device,
                    id,
                    record.revision,
                    record.state.bits(),
                    time(record.since),
                    time(record.discovered),
                    seconds(record.content),
                    complete(record.content),
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

const fn seconds(content: Content) -> Option<u32> {
    match content {
        Content::Partial(seconds) => Some(seconds),
        Content::None | Content::Complete(_) => None,
    }
}

fn complete(content: Content) -> Option<String> {
    match content {
        Content::Complete(at) => Some(time(at)),
        Content::None | Content::Partial(_) => None,
    }
}

fn content(cells: &Cells<'_>) -> Result<Content, Reason> {
    match (cells.number_if_any("download_seconds")?, cells.time_if_any("downloaded_at")?) {
        (None, None) => Ok(Content::None),
        (Some(seconds), None) => Ok(Content::Partial(seconds)),
        (None, Some(at)) => Ok(Content::Complete(at)),
        (Some(_), Some(_)) => Err(cells.wrong("download_seconds", "found beside a downloaded_at".to_owned())),
    }
}

fn failure(cells: &Cells<'_>) -> Result<Option<Failure>, Reason> {
    match (cells.update_state_if_any("failure_state")?, cells.hresult_if_any("failure_hresult")?) {
        (None, None) => Ok(None),
        (Some(state), Some(hresult)) => Ok(Some(Failure { state, hresult })),
        (Some(_), None) => Err(cells.wrong("failure_hresult", "missing beside a failure_state".to_owned())),
        (None, Some(_)) => Err(cells.wrong("failure_state", "missing beside a failure_hresult".to_owned())),
    }
}
