//! What time costs that passes: a year of one device, a month of many, and how that grows.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::alloc::System;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use benches::{Table, allocations, median};
use chrono::TimeDelta;
use criterion::Criterion;
use csp_model::agent::UpdateSet;
use csp_model::device::{Instance, Profile};
use csp_model::tree::{Setting, Transaction};
use csp_model::{Device, DeviceFile, LocUri};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut table = Table::default();

    let device = Device::new(weekly(50));
    let policy: LocUri =
        "./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart".parse().expect("a legal address");
    assert_eq!(year(&device, &policy).agent().updates_in(UpdateSet::Installed).count(), 50);
    criterion.bench_function("agent/year", |bencher| bencher.iter(|| year(black_box(&device), &policy)));
    let years = (0..21).map(|_| seconds(|| year(&device, &policy)) * 1e3);
    table.row("a year of a device, 50 updates, a policy a day", median(years), 5.0, "ms");

    let profile = weekly(50);
    let month = |count| {
        let devices: Vec<_> = (0..count).map(|seed| of(&profile, seed)).collect();
        seconds(|| devices.into_iter().for_each(|device| drop(black_box(after_a_month(device)))))
    };
    let fleets = [1_000, 10_000, 100_000].map(|count| (count, month(count)));
    table.row("a month of 10,000 devices, 50 updates", fleets[1].1, 5.0, "s");
    for [(few, before), (many, after)] in [[fleets[0], fleets[1]], [fleets[1], fleets[2]]] {
        table.row(&format!("{many} devices / {few}, each device"), after / before / 10.0, 1.25, "times");
    }

    let (_, kept, own) = allocations(ALLOCATOR, || after_a_month(of(&profile, 1)));
    assert!(own.agent().last_scan.is_some());
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    table.row("a device after the month, beside its profile: heap", kept as f64, 6144.0, "bytes");

    let catalogs = [1_000, 10_000, 100_000].map(|count| {
        let device = Device::new(crowded(count));
        (count, median((0..3).map(|_| seconds(|| after_a_month(device.clone())))))
    });
    for (count, time) in catalogs {
        table.note(&format!("a month of a device with {count} updates"), time * 1e3, "ms");
    }
    for [(few, before), (many, after)] in [[catalogs[0], catalogs[1]], [catalogs[1], catalogs[2]]] {
        table.row(&format!("{many} updates / {few}, each update"), after / before / 10.0, 2.0, "times");
    }

    println!("{table}");
    criterion.final_summary();
}

/// A year in which a server sets a policy each day.
fn year(device: &Device, policy: &LocUri) -> Device {
    let mut device = device.clone();
    for day in 0..365 {
        let hour = (day % 12).to_string();
        let setting = Setting { data: Some(&hour), ..Setting::default() };
        device.replace(policy, setting, Transaction::None).expect("a policy");
        black_box(device.advance_to(device.clock() + TimeDelta::days(1)));
    }
    device
}

fn after_a_month(mut device: Device) -> Device {
    black_box(device.advance_to(device.clock() + TimeDelta::days(30)));
    device
}

fn of(profile: &Arc<Profile>, seed: u64) -> Device {
    Device::of_profile(Arc::clone(profile), Instance { id: "lab".into(), name: "lab".into(), seed })
}

/// Updates that come week by week, the first of them before the clock starts; each needs a restart.
fn weekly(count: u32) -> Arc<Profile> {
    profile(&format!(
        "first = \"2023-12-12T18:00:00Z\"\nevery = \"P7D\"\ncount = {count}\n\
         size = \"600MB\"\ninstall = \"12m\"\nrestart = true\ncumulative = false\n"
    ))
}

/// Updates that are all there from the start, and none of which needs a restart.
fn crowded(count: u32) -> Arc<Profile> {
    profile(&format!(
        "first = \"2023-12-12T18:00:00Z\"\nevery = \"1s\"\ncount = {count}\n\
         size = \"6MB\"\ninstall = \"1s\"\ncumulative = false\n"
    ))
}

fn profile(series: &str) -> Arc<Profile> {
    let text = format!(
        "clock = \"2024-01-01T08:00:00Z\"\n[[series]]\ntitle = \"Update {{n}}\"\n\
         classification = \"Security Updates\"\n{series}"
    );
    let file = DeviceFile::from_toml(&text).expect("the file is well-formed");
    Arc::new(Profile::new(file).expect("the file makes sense"))
}

fn seconds<T>(call: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(call());
    start.elapsed().as_secs_f64()
}
