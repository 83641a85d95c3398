//! What a device costs: its memory beside the shared profile, and a copy that is written to.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::alloc::System;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use benches::{Table, allocations, messages, paired};
use criterion::Criterion;
use csp_model::device::Profile;
use csp_model::tree::{Setting, Transaction};
use csp_model::{Device, DeviceFile, LocUri};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut table = Table::default();

    let profile = Arc::new(twenty_updates());
    let approval = uri("./Vendor/MSFT/Update/ApprovedUpdates/0fa1201d-4330-4fa8-8ae9-b877473b6441");
    let policy = uri("./Vendor/MSFT/Policy/Config/Update/DeferQualityUpdatesPeriodInDays");
    let (_, kept, own) = allocations(ALLOCATOR, || {
        // Every part that a server writes to is the device's own afterwards.
        let mut device = Device::new(Arc::clone(&profile));
        device.add(&approval, Setting::default(), Transaction::None).expect("an approval");
        device
            .replace(&policy, Setting { data: Some("7"), ..Setting::default() }, Transaction::None)
            .expect("a policy");
        device
    });
    assert_eq!(own.agent().records.len(), 20);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    table.row("device of 20 updates, beside its profile: heap", kept as f64, 4096.0, "bytes");

    let (device, node) = two_thousand_nodes();
    let setting = Setting { data: Some("4.0"), ..Setting::default() };
    let write = || {
        let mut copy = device.clone();
        copy.replace(&node, setting, Transaction::None).expect("the node is there");
        copy
    };
    let cost = paired(500, || black_box(&device).clone(), write);
    table.row("clone + one write, 2,000 stored nodes", cost.subject / 1000.0, 15.0, "us");
    table.note("clone alone", cost.floor, "ns");

    criterion.bench_function("device/clone-and-write", |bencher| bencher.iter(write));
    println!("{table}");
    criterion.final_summary();
}

/// The built-in device with updates up to twenty.
fn twenty_updates() -> Profile {
    let mut text = DeviceFile::BUILTIN.to_owned();
    let known = text.matches("[[update]]\n").count();
    for index in known..20 {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n[[update]]\nid = \"{}\"\nclassification = \"Updates\"\nstate = \"installable\"\n",
            messages::guid(index)
        );
    }
    text = text.replace("released = \"2023-11-01T06:00:00Z\"", "state = \"installable\"");
    Profile::new(DeviceFile::from_toml(&text).expect("the file is well-formed"))
        .expect("the file makes sense")
}

/// A device with a thousand servers in DMClient: an interior node and a leaf each.
fn two_thousand_nodes() -> (Device, LocUri) {
    let mut device = Device::builtin();
    let leaf = |index: usize| {
        uri(&format!("./Vendor/MSFT/DMClient/Provider/server-{index:04}/SyncApplicationVersion"))
    };
    for index in 0..1_000 {
        let setting = Setting { data: Some("3.0"), ..Setting::default() };
        device.add(&leaf(index), setting, Transaction::None).expect("the node is new");
    }
    (device, leaf(500))
}

fn uri(text: &str) -> LocUri {
    text.parse().expect("a legal address")
}
