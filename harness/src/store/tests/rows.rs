//! Rows that a person has changed: what makes sense is taken, what makes none is named with its place.

use csp_model::agent::UpdateState;
use rusqlite::Connection;

use super::{Folder, Kept, approve, devices, set};
use crate::fleet::Profiles;
use crate::store::Database;

const DDF_NODE: &str = "./Vendor/MSFT/DMClient/Provider/lab/SyncApplicationVersion";

fn prepared(folder: &Folder) -> std::path::PathBuf {
    let path = folder.file("state.db");
    let mut kept = Kept::open(&path);
    kept.commit(&devices(1)).unwrap();
    kept.change("lab-00001", |device| {
        approve(device, 1);
        set(device, "./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart", "7");
        set(device, DDF_NODE, "3.0");
    })
    .unwrap();
    path
}

#[test]
fn what_makes_no_sense_is_named() {
    let cases = [
        (
            "UPDATE device SET clock = 'noon'",
            "table device, device `lab-00001`, column clock: `noon` is not a time like 2024-01-01T00:00:00Z",
        ),
        (
            "UPDATE device SET last_scan = ''",
            "table device, device `lab-00001`, column last_scan: `` is not a time like 2024-01-01T00:00:00Z",
        ),
        (
            "UPDATE device SET seed = '-1'",
            "table device, device `lab-00001`, column seed: `-1` is not a whole number from 0",
        ),
        (
            "UPDATE device SET quality_rollback = 'x'",
            "table device, device `lab-00001`, column quality_rollback: `x` is not an HRESULT like 0x80240017",
        ),
        (
            "UPDATE device SET feature_rollback_pending = 'x'",
            "table device, device `lab-00001`, column feature_rollback_pending: `x` is not a GUID",
        ),
        (
            "UPDATE device SET id = CAST(x'ff' AS TEXT)",
            "table device, device `lab-00001`, column id: byte 0 is not UTF-8",
        ),
        (
            "UPDATE device SET feature_rollback_since = clock",
            "table device, device `lab-00001`, column feature_rollback_pending: missing beside a \
             feature_rollback_since",
        ),
        (
            "UPDATE device SET last_check_succeeded = NULL",
            "table device, device `lab-00001`, column last_check_succeeded: missing beside a last_check",
        ),
        (
            "UPDATE device SET faults = '{\"plan\":[{}]}'",
            "table device, device `lab-00001`, column faults: missing field `kind` at line 1 column 11",
        ),
        (
            "UPDATE device SET unread = 'x'",
            "table device, device `lab-00001`, column unread: expected value at line 1 column 1",
        ),
        ("UPDATE profile SET file = '{}'", "table profile, column file: its SHA-256 is not "),
        (
            "UPDATE approval SET id = 'x' WHERE id LIKE '00000000-%'",
            "table approval, device `lab-00001`, column id: `x` is not a GUID",
        ),
        (
            "UPDATE update_record SET revision = -1",
            "table update_record, device `lab-00001`, column revision: -1 is out of range",
        ),
        (
            "UPDATE update_record SET discovered = ''",
            "table update_record, device `lab-00001`, column discovered: `` is not a time like 2024-01-01T00:00:00Z",
        ),
        (
            "UPDATE update_record SET download_seconds = 1, downloaded_at = since",
            "table update_record, device `lab-00001`, column download_seconds: found beside a downloaded_at",
        ),
        (
            "UPDATE update_record SET state = 8192",
            "table update_record, device `lab-00001`, column state: 8192 has a flag that no state has",
        ),
        (
            "UPDATE policy SET format = 'number'",
            "table policy, device `lab-00001`, column format: `number` is not a format like `chr`",
        ),
        (
            "UPDATE policy SET format = 'node'",
            "table policy, device `lab-00001`, column format: a policy is no interior node",
        ),
        (
            "UPDATE policy SET value = 'seven' WHERE format = 'int'",
            "table policy, device `lab-00001`, column value: `seven` is not a whole number",
        ),
        ("UPDATE policy SET value = NULL", "table policy, device `lab-00001`, column value: expected a text"),
        (
            "INSERT INTO registry VALUES ('lab-00001', 'k', 'n', 'bool', 'maybe')",
            "table registry, device `lab-00001`, column value: `maybe` is not true or false",
        ),
        (
            "INSERT INTO node VALUES ('lab-00001', './Nowhere', 'chr', '')",
            "table node, device `lab-00001`, column uri: no CSP of the device has the node `./Nowhere`",
        ),
        (
            "INSERT INTO node VALUES ('lab-00001', '?', 'chr', '')",
            "table node, device `lab-00001`, column uri: no CSP of the device has the node `?`",
        ),
        (
            "INSERT INTO approval VALUES ('nobody', 'x', 'y')",
            "it is damaged: a row of the table approval belongs to no device",
        ),
        ("DELETE FROM profile", "it is damaged: a row of the table device belongs to no profile"),
    ];
    for (sql, expected) in cases {
        let folder = Folder::new();
        let path = prepared(&folder);
        let other = Connection::open(&path).unwrap();
        other.pragma_update(None, "foreign_keys", false).unwrap();
        assert_ne!(other.execute(sql, []).unwrap(), 0, "{sql}");
        drop(other);
        let opened = Database::open(&path).and_then(|mut database| database.devices(&Profiles::default()));
        let said = opened.expect_err(sql).to_string();
        let (_, what) = said.split_once("state.db: ").unwrap();
        assert!(what.starts_with(expected), "{sql}\n  {what}");
    }
}

#[test]
fn what_makes_sense_is_taken() {
    let folder = Folder::new();
    let path = prepared(&folder);
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch(
            "PRAGMA foreign_keys = ON; UPDATE device SET name = 'renamed', clock = '2030-01-01T00:00:00Z'; \
             UPDATE policy SET value = '8' WHERE name = 'ActiveHoursStart'",
        )
        .unwrap();
    let found = super::read(&path);
    let device = &found["renamed"];
    assert_eq!(device.clock().to_rfc3339(), "2030-01-01T00:00:00+00:00");
    assert_eq!(device.effective_policy().int("ActiveHoursStart"), Some(8));
    assert_eq!(device.sync_application_version(), Some((3, 0)));
}

#[test]
fn states_have_their_documented_names() {
    let folder = Folder::new();
    let connection = Connection::open(prepared(&folder)).unwrap();
    let mut rows = connection.prepare("SELECT state, name FROM update_state ORDER BY state").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get::<_, u16>(0)?, row.get::<_, String>(1)?))).unwrap();
    let named: Vec<_> = rows.map(Result::unwrap).collect();
    let expected: Vec<_> =
        UpdateState::NAMED.iter().map(|(state, name)| (state.bits(), (*name).to_owned())).collect();
    assert_eq!(named, expected);
}
