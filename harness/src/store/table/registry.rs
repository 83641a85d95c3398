//! `registry`: the part of the registry that management looks at.

use std::collections::BTreeMap;

use csp_model::device::{Registry, Scalar};
use rusqlite::{Connection, params};

use crate::store::column::{rows, scalar_type};
use crate::store::difference::differences;
use crate::store::error::Reason;

pub(in crate::store) fn read(connection: &Connection, device: &str) -> Result<Registry, Reason> {
    let sql = "SELECT key, name, type, value FROM registry WHERE device = ?1 ORDER BY key, name";
    let values: Vec<(String, String, Scalar)> = rows(connection, sql, "registry", device, |cells| {
        Ok((cells.text("key")?.to_owned(), cells.text("name")?.to_owned(), cells.scalar()?))
    })?;
    let mut keys: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for (key, name, value) in values {
        keys.entry(key).or_default().insert(name, value);
    }
    Ok(keys.into())
}

pub(in crate::store) fn write(
    connection: &Connection,
    device: &str,
    before: &Registry,
    after: &Registry,
) -> Result<(), Reason> {
    for ((key, name), value) in differences(places(before), places(after)) {
        match value {
            Some(value) => connection
                .prepare_cached(
                    "INSERT INTO registry (device, key, name, type, value) VALUES (?1, ?2, ?3, ?4, ?5) \
                     ON CONFLICT DO UPDATE SET type = excluded.type, value = excluded.value",
                )?
                .execute(params![device, key, name, scalar_type(value), value.text()])?,
            None => connection
                .prepare_cached("DELETE FROM registry WHERE device = ?1 AND key = ?2 AND name = ?3")?
                .execute(params![device, key, name])?,
        };
    }
    Ok(())
}

fn places(registry: &Registry) -> impl Iterator<Item = ((&str, &str), &Scalar)> {
    registry.iter().map(|(key, name, value)| ((key, name), value))
}
