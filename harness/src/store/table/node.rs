//! `node`: what CSPs keep that only keep what they are given, by address.

use std::collections::BTreeMap;

use csp_model::Value;
use csp_model::device::NodeChange;
use rusqlite::{Connection, params};

use crate::store::column::{rows, value};
use crate::store::error::Reason;

pub(in crate::store) fn read(
    connection: &Connection,
    device: &str,
) -> Result<BTreeMap<String, Option<Value>>, Reason> {
    let sql = "SELECT uri, format, value FROM node WHERE device = ?1 ORDER BY uri";
    rows(connection, sql, "node", device, |cells| Ok((cells.text("uri")?.to_owned(), cells.value()?)))
}

pub(in crate::store) fn write<'a>(
    connection: &Connection,
    device: &str,
    changes: impl IntoIterator<Item = (String, NodeChange<'a>)>,
) -> Result<(), Reason> {
    for (uri, change) in changes {
        match change {
            NodeChange::Kept(kept) => {
                let (format, text) = value(kept);
                connection
                    .prepare_cached(
                        "INSERT INTO node (device, uri, format, value) VALUES (?1, ?2, ?3, ?4) \
                         ON CONFLICT DO UPDATE SET format = excluded.format, value = excluded.value",
                    )?
                    .execute(params![device, uri, format, text])?
            }
            NodeChange::Removed => connection
                .prepare_cached("DELETE FROM node WHERE device = ?1 AND uri = ?2")?
                .execute(params![device, uri])?,
        };
    }
    Ok(())
}
