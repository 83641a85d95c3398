//! Messages with random damage: nothing panics, and what is taken for XML is XML, and the other way round.
//!
//! The same without that last of WBXML.
//!
//! xmllint is the judge of what XML is. Where it is not installed, only panics are looked for.

#![expect(clippy::disallowed_methods, reason = "a test reads and writes its cases")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use csp_model::Device;
use csp_model::xml::XmlErrorKind;
use syncml::codec::{
    DecodeError, DecodeErrorKind, Encoding, Limits, Place, decode, encode, encode_as, wbxml,
};
use syncml::session::Responder;

const MUTATIONS: usize = 20_000;

#[test]
fn damaged_messages_are_judged_as_xmllint_judges_them() {
    let seeds: Vec<Vec<u8>> =
        fixtures::cases("mutation-seeds").iter().filter_map(|case| case.bytes("message.xml")).collect();
    let device = Device::builtin();
    let mut random = Random(0x5eed);
    // By content, so that nothing is judged twice.
    let mut verdicts = BTreeMap::new();
    for _ in 0..MUTATIONS {
        let mut bytes = random.choose(&seeds).clone();
        for _ in 0..*random.choose(&[1, 1, 1, 2, 3]) {
            mutate(&mut bytes, &seeds, &mut random);
        }
        let decoded = decode(&bytes, &Limits::default());
        if let Ok(message) = &decoded {
            let again = decode(&encode(message), &Limits::default());
            assert_eq!(again.as_ref(), Ok(message), "{}", String::from_utf8_lossy(&bytes));
            // Whatever it asks for, it is answered.
            let mut device = device.clone();
            let turn = Responder::new(&device).receive(message, &mut device);
            assert!(decode(&encode(&turn.answer), &Limits::default()).is_ok());
        }
        if let Some(is_xml) = is_xml(decoded.as_ref().err())
            && !declares_utf16_falsely(&bytes)
        {
            verdicts.insert(bytes, is_xml);
        }
    }
    let accepted = verdicts.values().filter(|is_xml| **is_xml).count();
    assert!(accepted > 3_000 && verdicts.len() - accepted > 3_000, "{accepted} of {}", verdicts.len());
    let wrong = xmllint(&verdicts);
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), verdicts.len(), wrong.join("\n"));
}

/// Bytes of WBXML are changed and moved; what is still a message can be written, and is answered.
#[test]
fn damaged_wbxml_is_refused_where_it_is_damaged_or_is_another_message() {
    let cases = fixtures::cases("mutation-seeds").into_iter().chain(fixtures::cases("wbxml"));
    let seeds: Vec<Vec<u8>> = cases
        .filter_map(|case| decode(&case.bytes("message.xml")?, &Limits::default()).ok())
        .map(|message| encode_as(&message, Encoding::Wbxml))
        .chain(fixtures::cases("wbxml").iter().filter_map(|case| case.hex("message.hex")))
        .collect();
    let device = Device::builtin();
    let mut random = Random(0xb17e5);
    let mut accepted = 0;
    for _ in 0..MUTATIONS {
        let mut bytes = random.choose(&seeds).clone();
        for _ in 0..*random.choose(&[1, 1, 1, 2, 3]) {
            mutate_wbxml(&mut bytes, &seeds, &mut random);
        }
        if Encoding::of(&bytes) != Encoding::Wbxml {
            continue;
        }
        let listing = wbxml::dump(&bytes);
        match decode(&bytes, &Limits::default()) {
            Err(error) => {
                assert!(
                    error.span.start <= error.span.end && error.span.end <= bytes.len(),
                    "{error:?}\n{listing}"
                );
                assert_eq!(error.place, Place::Byte(error.span.start));
            }
            Ok(message) => {
                accepted += 1;
                for encoding in Encoding::ALL {
                    let again = decode(&encode_as(&message, encoding), &Limits::default());
                    assert_eq!(again.as_ref(), Ok(&message), "in {encoding:?}: {bytes:02x?}\n{listing}");
                }
                let mut device = device.clone();
                let turn = Responder::new(&device).receive(&message, &mut device);
                let answer = encode_as(&turn.answer, Encoding::Wbxml);
                assert!(decode(&answer, &Limits::default()).is_ok());
            }
        }
    }
    assert!(accepted > 1_000 && MUTATIONS - accepted > 1_000, "{accepted} were accepted");
}

fn mutate_wbxml(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    /// What a reader is sensitive to.
    const PIECES: [&[u8]; 22] = [
        b"\x00\x01",
        b"\x00\x00",
        b"\x01",
        b"\x02\x80\x00",
        b"\x02\x41",
        b"\x03a\x00",
        b"\x03\xc3\xa9\x00",
        b"\x04\x00",
        b"\x44\x00",
        b"\x84\x05",
        b"\x43\x05\x01",
        b"\x83\x00",
        b"\x83\xff\xff\xff\xff\x7f",
        b"\xc3\x02ab",
        b"\xc3\x04\x00\xff\x00\xff",
        b"\xc3\x06\x03\xa4\x03\x6a\x00\x0a",
        b"\x40",
        b"\x80",
        b"\xff",
        b"\x3f",
        b"\xbf\x05\x03b\x00\x01",
        b"\x03\x20\x00",
    ];
    let at = random.below(bytes.len() + 1);
    let length = random.below(12).min(bytes.len() - at);
    match random.below(7) {
        0 | 1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        2 => drop(bytes.drain(at..at + length)),
        3 | 4 => drop(bytes.splice(at..at, random.choose(&PIECES).iter().copied())),
        5 => {
            let copy = bytes[at..at + length].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        _ => {
            let other = random.choose(seeds);
            let from = random.below(other.len());
            let to = (from + random.below(20)).min(other.len());
            bytes.splice(at..at, other[from..to].iter().copied());
        }
    }
}

/// What decoding says about the bytes being XML; `None` when it does not say.
fn is_xml(error: Option<&DecodeError>) -> Option<bool> {
    let Some(error) = error else { return Some(true) };
    match &*error.kind {
        // The declared version: xmllint takes any.
        DecodeErrorKind::Xml(XmlErrorKind::Syntax { expected: "a version such as `1.0`", .. }) => None,
        // Entities may be declared in XML, but not here.
        DecodeErrorKind::Xml(XmlErrorKind::Subset) => None,
        DecodeErrorKind::Xml(_) => Some(false),
        // xmllint and the WHATWG know different encodings.
        DecodeErrorKind::Encoding(_) | DecodeErrorKind::Bytes(_) => None,
        // Found before the end of the document was seen.
        _ => None,
    }
}

/// The one leniency: such bytes are read as UTF-8.
fn declares_utf16_falsely(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).to_ascii_lowercase();
    head.starts_with("<?xml") && head.contains("utf-16")
}

/// The cases that xmllint judges otherwise.
#[expect(clippy::print_stderr, reason = "a comparison that is left out must be seen")]
fn xmllint(verdicts: &BTreeMap<Vec<u8>, bool>) -> Vec<String> {
    if Command::new("xmllint").arg("--version").output().is_err() {
        eprintln!("xmllint is not installed: what is taken for XML was not compared with anything");
        return Vec::new();
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutations");
    fs::create_dir_all(&folder).expect("a folder for temporary files");
    let cases: Vec<_> = verdicts.iter().enumerate().collect();
    let mut wrong = Vec::new();
    for batch in cases.chunks(1_000) {
        for (number, (bytes, _)) in batch {
            fs::write(folder.join(format!("{number}.xml")), bytes).expect("a file to write");
        }
        let files = batch.iter().map(|(number, _)| format!("{number}.xml"));
        let output =
            Command::new("xmllint").args(["--noout", "--nonet"]).args(files).current_dir(&folder).output();
        let errors = String::from_utf8_lossy(&output.expect("xmllint runs").stderr).into_owned();
        let mut complaints = BTreeMap::new();
        for line in errors.lines().filter(|line| is_complaint(line)) {
            let number = line.split_once(".xml:").and_then(|(number, _)| number.parse::<usize>().ok());
            complaints.entry(number).or_insert(line);
        }
        for (number, (bytes, is_xml)) in batch {
            let complaint = complaints.get(&Some(*number));
            if **is_xml == complaint.is_some() {
                let ours =
                    decode(bytes, &Limits::default()).map(|_| "a message").map_err(|error| error.to_string());
                wrong.push(format!("{complaint:?} {ours:?}\n{}\n", String::from_utf8_lossy(bytes)));
            }
        }
    }
    fs::remove_dir_all(&folder).expect("the folder can go");
    wrong
}

/// Namespaces in XML 1.0 asks that a namespace's name be a URI reference, but not that a processor see to it.
fn is_complaint(line: &str) -> bool {
    line.contains("error :") && !line.ends_with("is not a valid URI")
}

fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    /// What XML is sensitive to.
    const PIECES: [&[u8]; 34] = [
        b"<",
        b">",
        b"&",
        b"\"",
        b"'",
        b"/",
        b"=",
        b" ",
        b"]]>",
        b"--",
        b"<!--",
        b"-->",
        b"<?",
        b"?>",
        b"<![CDATA[",
        b"&amp;",
        b"&#0;",
        b"&#x41;",
        b"<a/>",
        b"</a>",
        b"<Item>",
        b"</Item>",
        b"\r",
        b"\0",
        b"\xef\xbf\xbe",
        b"\xc3",
        b"xmlns:p=\"u\"",
        b" a='1'",
        b"p:",
        b"<!DOCTYPE a>",
        b"<?xml version='1.0'?>",
        b"\xef\xbb\xbf",
        b"\xc3\xa9",
        b":",
    ];
    /// What may stand where an element may.
    const WHOLE: [&[u8]; 10] = [
        b"\r\n",
        b"<a/>",
        b"<CmdID>9</CmdID>",
        b"<Item> <Data/></Item>",
        b"<v:a xmlns:v='u' v:b='>'></v:a >",
        b"<!-- - -->",
        b"<?p ?>",
        b"&#x41;",
        b"<![CDATA[]]]]>",
        b"<Data xmlns='u'>]]&gt;</Data>",
    ];
    let at = random.below(bytes.len() + 1);
    let length = random.below(12).min(bytes.len() - at);
    match random.below(14) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => drop(bytes.drain(at..at + length)),
        2 | 3 => drop(bytes.splice(at..at, random.choose(&PIECES).iter().copied())),
        4 => {
            let copy = bytes[at..at + length].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        5 => {
            if random.below(4) == 0 {
                bytes.truncate(at);
            }
        }
        6 => {
            // A whole tag or text, moved.
            let (from, to) = (span_of_tag(bytes, at), random.below(bytes.len() + 1));
            let piece = bytes[from.clone()].to_vec();
            if random.below(2) == 0 {
                bytes.drain(from);
            }
            let to = to.min(bytes.len());
            bytes.splice(to..to, piece);
        }
        7..=10 => {
            let to = span_of_tag(bytes, at).start;
            bytes.splice(to..to, random.choose(&WHOLE).iter().copied());
        }
        11 => {
            // Text is the least sensitive.
            if let Some(byte) = bytes.get_mut(at).filter(|byte| byte.is_ascii_alphanumeric()) {
                *byte = b'x';
            }
        }
        _ => {
            let other = random.choose(seeds);
            let from = span_of_tag(other, random.below(other.len()));
            let to = span_of_tag(bytes, at).start;
            bytes.splice(to..to, other[from].iter().copied());
        }
    }
}

/// From the `<` at or before `at` to the next one after it.
fn span_of_tag(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let start = bytes[..at].iter().rposition(|byte| *byte == b'<').unwrap_or(0);
    let rest = bytes.get(start + 1..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == b'<').map_or(bytes.len(), |end| start + 1 + end);
    start..end
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, and the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("below a usize")
    }

    fn choose<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
