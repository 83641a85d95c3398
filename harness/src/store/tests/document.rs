//! `docs/state.md`: its queries run and find something, and it names every table.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;

use super::{Folder, Kept, approve, devices, set};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/state.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_query_of_the_page_finds_something() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    let mut kept = Kept::open(&path);
    let mut kept_devices = devices(2);
    let device = kept_devices.remove("lab-00001").unwrap();
    kept_devices.insert("default".into(), device);
    kept.commit(&kept_devices).unwrap();
    kept.change("default", |device| {
        approve(device, 1);
        set(device, "./Vendor/MSFT/Policy/Config/Update/DeferQualityUpdatesPeriodInDays", "7");
        set(device, "./Vendor/MSFT/DMClient/Provider/lab/SyncApplicationVersion", "3.0");
    })
    .unwrap();
    let reader = Connection::open(&path).unwrap();
    let page = page();
    let blocks: Vec<_> = page
        .split("```sql\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap_or_default().trim())
        .collect();
    assert!(blocks.len() >= 4, "{blocks:?}");
    for sql in blocks {
        let mut statement = reader.prepare(sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
        assert!(statement.exists([]).unwrap(), "nothing found: {sql}");
    }
}

#[test]
fn the_page_names_every_table_and_view() {
    let folder = Folder::new();
    let path = folder.file("state.db");
    drop(Kept::open(&path));
    let connection = Connection::open(&path).unwrap();
    let mut names =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").unwrap();
    let names: BTreeSet<String> =
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let page = page();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let named: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert_eq!(named, names);
}
