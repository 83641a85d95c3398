//! `policy`: what the server has set in the area Update of the Policy CSP.

use csp_model::csp::policy::Policy;
use rusqlite::{Connection, params};

use crate::store::column::{rows, value};
use crate::store::difference::differences;
use crate::store::error::Reason;

pub(in crate::store) fn read(connection: &Connection, device: &str) -> Result<Policy, Reason> {
    let sql = "SELECT name, format, value FROM policy WHERE device = ?1 ORDER BY name";
    rows(connection, sql, "policy", device, |cells| {
        let name = cells.text("name")?.to_owned();
        let value = cells.value()?;
        let value = value.ok_or_else(|| cells.wrong("format", "a policy is no interior node".to_owned()))?;
        Ok((name, value))
    })
}

pub(in crate::store) fn write(
    connection: &Connection,
    device: &str,
    before: &Policy,
    after: &Policy,
) -> Result<(), Reason> {
    for (name, set) in differences(before.iter(), after.iter()) {
        match set {
            Some(set) => {
                let (format, text) = value(Some(set));
                connection
                    .prepare_cached(
                        "INSERT INTO policy (device, name, format, value) VALUES (?1, ?2, ?3, ?4) \
                         ON CONFLICT DO UPDATE SET format = excluded.format, value = excluded.value",
                    )?
                    .execute(params![device, name, format, text])?
            }
            None => connection
                .prepare_cached("DELETE FROM policy WHERE device = ?1 AND name = ?2")?
                .execute(params![device, name])?,
        };
    }
    Ok(())
}
