//! What WBXML costs beside XML of the same message, and beside libwbxml on the same files.
//!
//! libwbxml runs in a C program that is compiled when `cc` and its headers are there; else that part is left out, and
//! said to be.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use benches::{Table, median, messages, paired};
use criterion::Criterion;
use csp_model::Device;
use syncml::codec::{Encoding, Limits, decode, encode, encode_as};
use syncml::message::Message;
use syncml::session::Responder;

/// How many files the batch has.
const FILES: usize = 1_000;
/// How often a round converts each of them.
const TIMES: usize = 4;
/// How many rounds there are; the median counts.
const ROUNDS: usize = 7;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut table = Table::default();
    let device = Device::builtin();
    for (name, request) in [
        ("wbxml/8-gets", messages::eight_gets()),
        ("wbxml/5-gets-12-adds", messages::five_gets_twelve_adds()),
    ] {
        let request = read(request.as_bytes());
        let answer = Responder::new(&device).receive(&request, &mut device.clone()).answer;
        for (name, message) in [(name.to_owned(), request), (format!("{name}, its answer"), answer)] {
            beside_xml(&name, &message, &mut table, &mut criterion);
        }
    }
    let texts: Vec<_> = (0..FILES).map(|index| text(index, &device)).collect();
    match Libwbxml::compile() {
        Ok(libwbxml) => beside_libwbxml(&libwbxml, &texts, &mut table),
        Err(why) => println!("libwbxml: skipped: {why}"),
    }
    println!("{table}");
    criterion.final_summary();
}

fn read(bytes: &[u8]) -> Message {
    decode(bytes, &Limits::default()).expect("a message")
}

/// Decoding and encoding a message, each beside the same in XML.
fn beside_xml(name: &str, message: &Message, table: &mut Table, criterion: &mut Criterion) {
    let [xml, wbxml] = Encoding::ALL.map(|encoding| encode_as(message, encoding));
    assert_eq!(read(&xml), read(&wbxml));
    let limits = Limits::default();
    let decoded = paired(400, || decode(&xml, &limits), || decode(&wbxml, &limits));
    table.row(&format!("{name}: decode / decode XML"), decoded.ratio, 1.0, "");
    let encoded = paired(400, || encode(message), || encode_as(message, Encoding::Wbxml));
    table.row(&format!("{name}: encode / encode XML"), encoded.ratio, 1.0, "");
    let both = [("decode XML", decoded.floor), ("decode", decoded.subject), ("encode XML", encoded.floor)];
    for (what, time) in both.into_iter().chain([("encode", encoded.subject)]) {
        table.note(&format!("{name}: {what}"), time, "ns");
    }
    #[expect(clippy::cast_precision_loss, reason = "a few thousand bytes")]
    table.ratio(&format!("{name}: bytes / bytes of XML"), wbxml.len() as f64 / xml.len() as f64);
    criterion.bench_function(&format!("{name}/decode"), |bencher| {
        bencher.iter(|| decode(black_box(&wbxml), &limits));
    });
    criterion.bench_function(&format!("{name}/encode"), |bencher| {
        bencher.iter(|| encode_as(black_box(message), Encoding::Wbxml));
    });
}

/// The text of a message, none like the other: what a server asks, or what a device answers.
fn text(index: usize, device: &Device) -> Vec<u8> {
    let request = if index % 4 < 2 { messages::eight_gets() } else { messages::five_gets_twelve_adds() };
    let number = (index + 1).to_string();
    let request = request.replacen("<SessionID>", &format!("<SessionID>{number}"), 1);
    if index.is_multiple_of(2) {
        return request.into_bytes();
    }
    let turn = Responder::new(device).receive(&read(request.as_bytes()), &mut device.clone());
    encode(&turn.answer)
}

/// Converting files, beside libwbxml.
fn beside_libwbxml(libwbxml: &Libwbxml, texts: &[Vec<u8>], table: &mut Table) {
    let files = libwbxml.files(texts);
    let wbxml: Vec<_> = texts.iter().map(|text| encode_as(&read(text), Encoding::Wbxml)).collect();
    let rounds = (0..ROUNDS).map(|_| {
        let (their_encode, their_decode) = libwbxml.run(&files);
        let our_encode = each(texts, |text| encode_as(&read(text), Encoding::Wbxml));
        let our_decode = each(&wbxml, |bytes| encode(&read(bytes)));
        (their_encode, our_encode, their_decode, our_decode)
    });
    let rounds: Vec<_> = rounds.collect();
    for (what, theirs, ours) in [
        (
            "XML to WBXML",
            rounds.iter().map(|it| it.0).collect::<Vec<_>>(),
            rounds.iter().map(|it| it.1).collect::<Vec<_>>(),
        ),
        ("WBXML to XML", rounds.iter().map(|it| it.2).collect(), rounds.iter().map(|it| it.3).collect()),
    ] {
        let ratios = theirs.iter().zip(&ours).map(|(theirs, ours)| theirs / ours);
        table.at_least(&format!("{FILES} files, {what}: libwbxml / ours"), median(ratios), 5.0, "");
        table.note(&format!("{FILES} files, {what}: libwbxml, each"), median(theirs.iter().copied()), "ns");
        table.note(&format!("{FILES} files, {what}: ours, each"), median(ours.iter().copied()), "ns");
    }
}

/// Nanoseconds for each of the bodies.
fn each<T>(bodies: &[Vec<u8>], convert: impl Fn(&[u8]) -> T) -> f64 {
    let start = Instant::now();
    for _ in 0..TIMES {
        for body in bodies {
            black_box(convert(black_box(body)));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let count = (TIMES * bodies.len()) as f64;
    start.elapsed().as_secs_f64() * 1e9 / count
}

/// The program that runs libwbxml.
struct Libwbxml {
    folder: PathBuf,
    program: PathBuf,
}

impl Libwbxml {
    fn compile() -> Result<Self, String> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wbxml");
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let (source, program) = (folder.join("libwbxml.c"), folder.join("libwbxml"));
        fs::write(&source, include_str!("libwbxml.c")).map_err(|error| error.to_string())?;
        let output = Command::new(env::var_os("CC").unwrap_or("cc".into()))
            .args(["-O2", "-I/usr/include/libwbxml-1.0", "-o"])
            .args([&program, &source])
            .args(["-lwbxml2"])
            .output();
        let output = output.map_err(|error| format!("cc: {error}"))?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(errors.lines().next().unwrap_or("cc failed").to_owned());
        }
        Ok(Self { folder, program })
    }

    fn files(&self, texts: &[Vec<u8>]) -> Vec<PathBuf> {
        let write = |(number, text): (usize, &Vec<u8>)| {
            let path = self.folder.join(format!("{number}.xml"));
            fs::write(&path, text).expect("a file to write");
            path
        };
        texts.iter().enumerate().map(write).collect()
    }

    /// The nanoseconds for each file: to WBXML, and to XML.
    fn run(&self, files: &[PathBuf]) -> (f64, f64) {
        let output = Command::new(&self.program).arg(TIMES.to_string()).args(files).output();
        let output = output.expect("it was just compiled");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut figures = text.split_whitespace().map(|figure| figure.parse::<f64>().expect("a figure"));
        (figures.next().expect("a figure"), figures.next().expect("another"))
    }
}
