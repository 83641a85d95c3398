//! What it costs that every answered message is on disk, beside bare SQLite that writes the same rows with the same
//! care.
//!
//! A message sets a policy: one row. Disks differ in what a commit takes, and from one moment to the next: subject and
//! floor take turns.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use benches::load::{self, Seen, Server};
use benches::{Table, median};
use rusqlite::Connection;

const POSTERS: usize = 64;
const POLICY: &str = "./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart";
/// Milliseconds that a slow disk takes longer for a commit.
const SLOW: &str = "5";

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::var_os(load::ROLE).is_some() {
        // Returns when it is killed.
        let _ = cspsim::cli::main();
        return Ok(());
    }
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let (rounds, duration) =
        if quick { (5, Duration::from_millis(200)) } else { (15, Duration::from_millis(500)) };
    let folder = folder()?;
    let mut table = Table::default();

    let state = folder.join("cspsim.db");
    let server = serve(&state, &[])?;
    let many = format!(r#"{{"from":"default","count":{POSTERS},"name":"lab-{{:02}}"}}"#);
    load::call(server.address, "POST", "/_cspsim/devices", "application/json", &many)?;
    let memory = Server::start("cspsim", &["serve", "--listen", "127.0.0.1:0", "--clock", "frozen"])?;
    load::call(memory.address, "POST", "/_cspsim/devices", "application/json", &many)?;
    // Every device has the row before anything is measured.
    for server in [&server, &memory] {
        load::post(server.address, POSTERS, duration, to_each)?;
        load::post(server.address, 1, duration, to_one)?;
    }
    let copy = folder.join("bare.db");
    Connection::open(&state)?.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    let bare = bare(&copy)?;

    for (name, posters, request, rows) in [
        ("one poster", 1, to_one as fn(usize, u64) -> (String, String), &[Some("default")][..]),
        ("64 posters, one device", POSTERS, to_one, &[Some("default"); POSTERS]),
        ("64 posters, 64 devices", POSTERS, to_each, &[None; POSTERS]),
    ] {
        let mut ratios = Vec::new();
        let mut beside_memory = Vec::new();
        let mut seen: Vec<(Seen, f64)> = Vec::new();
        let before = counts(&server)?;
        for _ in 0..rounds {
            let floor = transactions(&bare, rows, duration, Duration::ZERO)?;
            let subject = load::post(server.address, posters, duration, request)?;
            let in_memory = load::post(memory.address, posters, duration, request)?;
            ratios.push(subject.per_second / floor);
            beside_memory.push(subject.per_second / in_memory.per_second);
            seen.push((subject, floor));
        }
        let after = counts(&server)?;
        table.at_least(&format!("durable/{name}: answers a second / bare SQLite"), median(ratios), 0.5, "");
        table.note(
            &format!("durable/{name}: answers"),
            median(seen.iter().map(|seen| seen.0.per_second)),
            "/s",
        );
        table.note(
            &format!("durable/{name}: bare SQLite, rows"),
            median(seen.iter().map(|seen| seen.1)),
            "/s",
        );
        table.ratio(
            &format!("durable/{name}: answers a second / devices in memory alone"),
            median(beside_memory),
        );
        let per_commit = (after.answers - before.answers) / (after.commits - before.commits);
        if posters > 1 {
            table.at_least(&format!("durable/{name}: answers a commit"), per_commit, 16.0, "");
        }
    }
    drop((server, memory));

    let server = serve(&folder.join("slow.db"), &["--slow-commits", SLOW])?;
    let longer = Duration::from_millis(SLOW.parse()?);
    let (mut gains, mut ones, mut manies) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let one = load::post(server.address, 1, duration, to_one)?.per_second;
        let many = load::post(server.address, POSTERS, duration, to_one)?.per_second;
        gains.push(many / one);
        ones.push(one / transactions(&bare, &[Some("default")], duration, longer)?);
        manies.push(many / transactions(&bare, &[Some("default"); POSTERS], duration, longer)?);
    }
    let slow = format!("durable: commits that take {SLOW} ms longer,");
    table.at_least(&format!("{slow} 64 posters / one"), median(gains), 20.0, "");
    table.at_least(&format!("{slow} one poster / bare SQLite"), median(ones), 0.5, "");
    table.at_least(&format!("{slow} 64 posters / bare SQLite"), median(manies), 0.5, "");
    drop(server);
    fs::remove_dir_all(&folder)?;
    println!("{table}");
    Ok(())
}

/// A new folder on the disk that is measured: where the project is built.
fn folder() -> std::io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("durable-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn serve(state: &Path, more: &[&str]) -> std::io::Result<Server> {
    let state = state.to_string_lossy();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--clock", "frozen", "--state", &*state];
    Server::start("cspsim", &[&arguments, more].concat())
}

fn to_one(_: usize, nth: u64) -> (String, String) {
    ("/".to_owned(), set_policy(nth))
}

fn to_each(poster: usize, nth: u64) -> (String, String) {
    (format!("/devices/lab-{:02}", poster + 1), set_policy(nth))
}

/// The policy has another value each time.
fn set_policy(nth: u64) -> String {
    let verb = if nth == 0 { "Add" } else { "Replace" };
    let data = nth % 23;
    format!(
        "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncBody><{verb}><CmdID>2</CmdID><Item><Target><LocURI>{POLICY}</LocURI>\
         </Target><Meta><Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>{data}</Data></Item></{verb}><Final/>\
         </SyncBody></SyncML>"
    )
}

/// The same file, opened with the same care.
fn bare(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Rows a second, `devices.len()` a transaction, each of which takes so much longer; `None` is the device of that place.
fn transactions(
    bare: &Connection,
    devices: &[Option<&str>],
    duration: Duration,
    longer: Duration,
) -> rusqlite::Result<f64> {
    let mut update =
        bare.prepare("UPDATE policy SET value = ?1 WHERE device = ?2 AND name = 'ActiveHoursStart'")?;
    let start = Instant::now();
    let mut rows = 0_u32;
    for nth in 0_u32.. {
        if start.elapsed() > duration {
            break;
        }
        let transaction = bare.unchecked_transaction()?;
        for (index, device) in devices.iter().enumerate() {
            let own = format!("lab-{:02}", index + 1);
            let changed = update.execute((nth.wrapping_add(rows) % 24, device.unwrap_or(&own)))?;
            assert_eq!(changed, 1, "there is no such row");
            rows += 1;
        }
        thread::sleep(longer);
        transaction.commit()?;
    }
    Ok(f64::from(rows) / start.elapsed().as_secs_f64())
}

#[derive(Debug, Clone, Copy)]
struct Counts {
    commits: f64,
    answers: f64,
}

/// What the endpoint has counted.
fn counts(server: &Server) -> Result<Counts, Box<dyn Error>> {
    let metrics = String::from_utf8(load::call(server.address, "GET", "/metrics", "", "")?)?;
    let of = |name: &str| {
        let mut lines = metrics.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        lines.next().and_then(|number| number.parse().ok()).ok_or_else(|| format!("no {name} in {metrics}"))
    };
    Ok(Counts { commits: of("cspsim_commits_total")?, answers: of("cspsim_committed_answers_total")? })
}
