//! What answering a message costs, beside the time that quick-xml takes to read the events of request and answer.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::alloc::System;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use benches::{Table, allocations, messages, paired};
use criterion::Criterion;
use csp_model::device::Profile;
use csp_model::{Device, DeviceFile};
use quick_xml::Reader;
use quick_xml::events::Event;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use syncml::codec::{self, Limits};
use syncml::session::Responder;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let device = device();
    let mut criterion = Criterion::default().configure_from_args();
    let mut table = Table::default();
    for (name, request, commands) in [
        ("answer/8-gets", messages::eight_gets(), 8),
        ("answer/5-gets-12-adds", messages::five_gets_twelve_adds(), 17),
    ] {
        let answered = String::from_utf8_lossy(&answer(&device, &request)).into_owned();
        let expected = answered.matches("<Data>200</Data></Status>").count();
        assert_eq!(expected, commands + 1, "a command of {name} was not done: {answered}");

        let floor = || events(&request) + events(&answered);
        let whole = paired(200, floor, || answer(&device, &request));
        table.row(&format!("{name}: decode + apply + encode / floor"), whole.ratio, 1.0, "");
        table.note(&format!("{name}: floor"), whole.floor, "ns");
        table.note(&format!("{name}: decode + apply + encode"), whole.subject, "ns");
        let decode =
            paired(200, || events(&request), || codec::decode(request.as_bytes(), &Limits::default()));
        table.note(&format!("{name}: of which decode"), decode.subject, "ns");
        let message = codec::decode(answered.as_bytes(), &Limits::default()).expect("an answer is a message");
        let encode = paired(200, || events(&answered), || codec::encode(&message));
        table.note(&format!("{name}: of which encode"), encode.subject, "ns");

        let silent = || answer_with(Responder::unjudging, &device, &request);
        let judged = paired(200, silent, || answer(&device, &request));
        table.row(&format!("{name}: judged / not judged"), judged.ratio, 1.15, "");

        let (count, _, _) = allocations(ALLOCATOR, || answer(&device, &request));
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        table.row(&format!("{name}: allocations"), count as f64, (3 * commands + 16) as f64, "");

        criterion.bench_function(name, |bencher| bencher.iter(|| answer(&device, black_box(&request))));
        criterion.bench_function(&format!("{name}/floor"), |bencher| {
            bencher.iter(|| events(black_box(&request)) + events(&answered))
        });
    }
    println!("{table}");
    criterion.final_summary();
}

/// The built-in device, with updates that the message of approvals is about: a server approves what it has found there.
fn device() -> Device {
    let mut text = DeviceFile::BUILTIN.to_owned();
    for index in 0..12 {
        let id = messages::guid(index);
        let _ = write!(
            text,
            "\n[[update]]\nid = \"{id}\"\nrevision = 1\ntitle = \"Update {index}\"\n\
             classification = \"Security Updates\"\nreleased = \"2023-10-10T17:00:00Z\"\nstate = \"installable\"\n"
        );
    }
    let file = DeviceFile::from_toml(&text).expect("the built-in device and some updates");
    Device::new(Arc::new(Profile::new(file).expect("updates that can be")))
}

/// One message as the endpoint will answer it: on a copy of the device, which takes its place.
fn answer(device: &Device, request: &str) -> Vec<u8> {
    answer_with(Responder::new, device, request)
}

fn answer_with(responder: fn(&Device) -> Responder, device: &Device, request: &str) -> Vec<u8> {
    let message = codec::decode(request.as_bytes(), &Limits::default()).expect("the request is a message");
    let mut device = device.clone();
    let turn = responder(&device).receive(&message, &mut device);
    codec::encode(&turn.answer)
}

fn events(text: &str) -> usize {
    let mut reader = Reader::from_str(text);
    let mut count = 0;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return count,
            Ok(event) => {
                black_box(event);
                count += 1;
            }
            Err(error) => panic!("the floor cannot read the message: {error}"),
        }
    }
}
