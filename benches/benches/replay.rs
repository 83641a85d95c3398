//! How fast a transcript is lived through again: 10,000 sessions that `cspsim serve` has written, beside the same lines
//! merely read as JSON; and how much memory the program takes for them.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use benches::load::{self, Server};
use benches::{Table, median, messages};
use cspsim::replay::Replay;
use serde::de::IgnoredAny;

const MEDIA_TYPE: &str = "application/vnd.syncml.dm+xml";

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::var_os(load::ROLE).is_some() {
        // A server returns when it is killed, a replay when it is over.
        let _ = cspsim::cli::main();
        return Ok(());
    }
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let (sessions, rounds) = if quick { (200, 1) } else { (10_000, 5) };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-replay");
    // It is not there the first time.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;

    let long = transcript(&folder.join("long.jsonl"), sessions)?;
    let short = transcript(&folder.join("short.jsonl"), sessions / 10)?;
    let megabytes = megabytes(&long)?;
    let mut table = Table::default();
    table.note(&format!("replay: a transcript of {sessions} sessions"), megabytes, "MB");
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let floor = seconds(|| lines(&long))?;
        let replayed = seconds(|| {
            let report = Replay::of(&long).run();
            if report.is_same() { Ok(()) } else { Err(io::Error::other(report.in_words())) }
        })?;
        rates.push(megabytes / replayed);
        ratios.push(replayed / floor);
    }
    table.at_least("replay: lived through in a second", median(rates), 50.0, "MB");
    table.ratio("replay: time / its lines read as JSON", median(ratios));
    let (most, least) = (peak_kib(&long)?, peak_kib(&short)?);
    table.note("replay: memory at most", most / 1024.0, "MiB");
    table.row("replay: memory / that of a tenth of the sessions", most / least, 1.2, "times");
    println!("{table}");
    Ok(())
}

/// A transcript of sessions of two messages each.
fn transcript(path: &Path, sessions: usize) -> io::Result<PathBuf> {
    let name = path.to_string_lossy();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--clock", "frozen", "--transcript", &name];
    let server = Server::start("cspsim", &arguments)?;
    let [first, second] = [messages::eight_gets(), messages::five_gets_twelve_adds()];
    let all = (1..=sessions).flat_map(|session| {
        let session = format!("<SessionID>{session}</SessionID>");
        let of = |message: &str| message.replace("<SessionID>7</SessionID>", &session);
        [of(&first).replace("<MsgID>2</MsgID>", "<MsgID>1</MsgID>"), of(&second)]
    });
    load::post_each(server.address, MEDIA_TYPE, all)?;
    Ok(path.to_owned())
}

/// The floor: every line is JSON.
fn lines(path: &Path) -> io::Result<()> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line)? > 0 {
        serde_json::from_slice::<IgnoredAny>(&line)?;
        line.clear();
    }
    Ok(())
}

/// The most memory, in kilobytes, that the program has while it replays the file.
fn peak_kib(path: &Path) -> io::Result<f64> {
    let mut program = Command::new(std::env::current_exe()?)
        .args(["replay", &path.to_string_lossy()])
        .env(load::ROLE, "cspsim")
        .stdout(Stdio::null())
        .spawn()?;
    let mut most = 0.0_f64;
    while program.try_wait()?.is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        most = most.max(kib.unwrap_or_default());
        thread::sleep(Duration::from_millis(5));
    }
    Ok(most)
}

#[expect(clippy::cast_precision_loss, reason = "files are smaller than that")]
fn megabytes(path: &Path) -> io::Result<f64> {
    Ok(fs::metadata(path)?.len() as f64 / 1e6)
}

fn seconds(call: impl FnOnce() -> io::Result<()>) -> io::Result<f64> {
    let start = Instant::now();
    call()?;
    Ok(start.elapsed().as_secs_f64())
}
