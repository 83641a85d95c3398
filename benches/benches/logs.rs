//! What a device's own logs cost: a month of 1,000 devices, beside the same bytes merely copied and merely encoded.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use benches::{Table, median, paired};
use chrono::TimeDelta;
use criterion::{Criterion, Throughput};
use csp_model::agent::Event;
use csp_model::device::{Instance, Profile};
use csp_model::{Device, DeviceFile};
use cspsim::logs::{self, Logs};

/// A client of ConfigMgr that gets a cumulative update and one of .NET each week, and definitions each day.
const CLIENT: &str = r#"
clock = "2024-01-01T08:00:00Z"
time_zone = "+09:00"
[configmgr]
address = "192.168.10.1/24"
log_max_size = "10MB"
[[configmgr.boundary_group]]
name = "Tokyo"
boundaries = ["192.168.10.0/24"]
software_update_point = "http://sup.contoso.com:8530"
distribution_points = ["dp.contoso.com"]
[[configmgr.collection]]
name = "All"
[[configmgr.deployment]]
name = "All updates"
collection = "All"
purpose = "required"
updates = ["0fa1201d-4330-4fa8-8ae9-b877473b6441"]
[[series]]
title = "{date} Cumulative Update for Windows 11"
classification = "Security Updates"
first = "2023-12-12T18:00:00Z"
every = "P7D"
count = 50
size = "600MB"
install = "12m"
restart = true
sources = ["WSUS"]
[[series]]
title = "Update {n}"
classification = "Security Updates"
first = "2023-12-12T18:00:00Z"
every = "P1D"
count = 50
size = "70MB"
install = "2m"
sources = ["WSUS"]
"#;

/// A month of a device.
struct Month {
    before: Device,
    events: Vec<Event>,
    after: Device,
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut table = Table::default();

    let months: Vec<_> = (0..1_000).map(month).collect();
    let (_, bytes) = seconds(|| written(&months));
    let megabytes = bytes as f64 / 1e6;
    let rates = (0..5).map(|_| megabytes / seconds(|| written(&months)).0);
    table.note("logs of 1,000 device-months", megabytes, "MB");
    table.at_least("written in a second", median(rates), 50.0, "MB");

    let one = &months[0];
    let files = logs::of(&one.before, &one.events, &one.after);
    let length: usize = files.iter().map(|file| file.bytes.len()).sum();
    let mut group = criterion.benchmark_group("logs");
    group.throughput(Throughput::Bytes(length as u64));
    group.bench_function("month", |bencher| bencher.iter(|| logs::of(&one.before, &one.events, &one.after)));
    group.finish();
    let copied = || files.iter().map(|file| file.bytes.clone()).collect::<Vec<_>>();
    let subject = || logs::of(&one.before, &one.events, &one.after);
    table.ratio("a device-month / its bytes copied", paired(20, copied, subject).ratio);
    let text: String = files.iter().filter_map(|file| str::from_utf8(&file.bytes).ok()).collect();
    let encoded = || text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    table.row("a device-month / its text in UTF-16", paired(20, encoded, subject).ratio, 20.0, "times");

    println!("{table}");
    criterion.final_summary();
}

/// Every month written, and how many bytes that is.
fn written(months: &[Month]) -> usize {
    let mut bytes = 0;
    for Month { before, events, after } in months {
        let mut logs = Logs::new(before);
        logs.tell(after, events);
        logs.files(after, |name, file| bytes += black_box(name).len() + black_box(file).len());
    }
    bytes
}

fn month(seed: u64) -> Month {
    thread_local! {
        static PROFILE: Arc<Profile> = {
            let file = DeviceFile::from_toml(CLIENT).expect("the file is well-formed");
            Arc::new(Profile::new(file).expect("the file makes sense"))
        };
    }
    let id = format!("{seed:032X}").into();
    let instance = Instance { id, name: "lab".into(), seed };
    let before = PROFILE.with(|profile| Device::of_profile(Arc::clone(profile), instance));
    let mut after = before.clone();
    let events = after.advance_to(before.clock() + TimeDelta::days(30));
    Month { before, events, after }
}

fn seconds<T>(call: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = black_box(call());
    (start.elapsed().as_secs_f64(), result)
}
