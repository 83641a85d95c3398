//! What a session that the device opens costs beside as many single answers: package 1, and what is kept in mind.
//!
//! A session may have 64 messages, so the longest that comes to a good end is measured, and a short one.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::hint::black_box;

use benches::{Table, messages, paired};
use criterion::Criterion;
use csp_model::Device;
use syncml::codec::{self, Limits};
use syncml::message::Message;
use syncml::session::device::{Ending, Opening};
use syncml::session::server::{Command, ServerSession, Settings};
use syncml::session::{DeviceSession, Responder};

fn main() {
    let device = Device::builtin();
    let mut criterion = Criterion::default().configure_from_args();
    let mut table = Table::default();
    for (name, asks) in [("session/3 messages", 2), ("session/62 messages", 61)] {
        let said = server_says(&device, asks);
        let times = if asks < 10 { 100 } else { 4 };
        let cost = paired(times, || single(&device, &said), || session(&device, &said));
        let what = format!("{name} of 8 Gets / as many single answers");
        // A short one is package 1 above all, which no single answer has.
        if asks < 10 {
            table.ratio(&what, cost.ratio)
        } else {
            table.row(&what, cost.ratio, 1.2, "")
        }
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let count = said.len() as f64;
        table.note(&format!("{name}: a single answer"), cost.floor / count, "ns");
        table.note(&format!("{name}: an answer in the session"), cost.subject / count, "ns");
        criterion.bench_function(name, |bencher| bencher.iter(|| session(&device, black_box(&said))));
        criterion.bench_function(&format!("{name}/floor"), |bencher| {
            bencher.iter(|| single(&device, black_box(&said)))
        });
    }
    println!("{table}");
    criterion.final_summary();
}

fn decode(text: &[u8]) -> Message {
    codec::decode(text, &Limits::default()).expect("a message")
}

/// What a server says that asks so often, and the word that ends the session.
fn server_says(device: &Device, asks: usize) -> Vec<Vec<u8>> {
    let mut device = device.clone();
    let (mut session, first) = DeviceSession::open(Opening::default(), &mut device);
    let mut server = ServerSession::accept(&first, Settings::new("https://mdm.example.test/omadm"));
    let (mut message, mut said) = (first, Vec::new());
    for number in 0.. {
        if number < asks {
            for uri in messages::EIGHT {
                server.queue(Command::get(uri));
            }
        }
        let bytes = codec::encode(&server.receive(&decode(&codec::encode(&message)), None).message);
        let turn = session.receive(&decode(&bytes), &mut device);
        said.push(bytes);
        message = turn.answer;
        if session.ending().is_some() {
            break;
        }
    }
    assert_eq!(session.ending(), Some(&Ending::Complete), "the session is one that ends well");
    assert_eq!(said.len(), asks + 1, "every message of the server's asks, but for the last");
    said
}

/// The session, as the device holds it: each message on a copy of the device, which takes its place.
fn session(device: &Device, said: &[Vec<u8>]) -> usize {
    let mut device = device.clone();
    let (mut session, first) = DeviceSession::open(Opening::default(), &mut device);
    let mut bytes = codec::encode(&first).len();
    for text in said {
        let mut next = device.clone();
        let turn = session.receive(&decode(text), &mut next);
        device = next;
        bytes += codec::encode(&turn.answer).len();
    }
    bytes
}

/// The same messages, each as the first of a session.
fn single(device: &Device, said: &[Vec<u8>]) -> usize {
    let mut bytes = 0;
    for text in said {
        let mut device = device.clone();
        let turn = Responder::new(&device).receive(&decode(text), &mut device);
        bytes += codec::encode(&turn.answer).len();
    }
    bytes
}
