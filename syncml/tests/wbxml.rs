//! WBXML that is a message means what its XML means; what is none is refused, with the place and the reason.
//!
//! A case is `message.hex`, the bytes as [`fixtures::hex`] reads them, and beside it the same message in XML and its
//! listing, or the error. With `UPDATE=1` in the environment, listings and errors that are missing are written.

#![expect(clippy::disallowed_methods, reason = "a test reads and writes its cases")]

use std::fs;

use fixtures::Case;
use syncml::codec::{
    DecodeError, DecodeErrorKind, Encoding, Limits, Place, decode, decode_with_text, encode_as, wbxml,
};
use syncml::message::{Kind, Message};

fn bytes(case: &Case) -> Vec<u8> {
    case.hex("message.hex").unwrap_or_else(|| panic!("{} has no message", case.name))
}

/// Compares `found` with the file, or writes it.
fn check(case: &Case, file: &str, found: &str, wrong: &mut Vec<String>) {
    match case.text(file) {
        Some(expected) if expected == found => {}
        _ if std::env::var_os("UPDATE").is_some() => {
            fs::write(case.path.join(file), found).expect("a folder to write to");
        }
        expected => wrong.push(format!("{}:\n  expected {expected:?}\n  found    {found:?}", case.name)),
    }
}

#[test]
fn each_case_is_its_xml() {
    let mut wrong = Vec::new();
    for case in fixtures::cases("wbxml") {
        let bytes = bytes(&case);
        let xml = case.bytes("message.xml").unwrap_or_else(|| panic!("{} has no XML", case.name));
        let expected =
            decode(&xml, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let found = decode(&bytes, &Limits::default());
        if found.as_ref() != Ok(&expected) {
            wrong.push(format!(
                "{}:\n  expected {expected:?}\n  found    {found:?}\n{}",
                case.name,
                wbxml::dump(&bytes)
            ));
            continue;
        }
        let again = encode_as(&expected, Encoding::Wbxml);
        assert_eq!(decode(&again, &Limits::default()).as_ref(), Ok(&expected), "{}", wbxml::dump(&again));
        check(&case, "dump.txt", &wbxml::dump(&bytes), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_malformed_case_gives_its_error() {
    let mut wrong = Vec::new();
    for case in fixtures::cases("malformed-wbxml") {
        let bytes = bytes(&case);
        let found = match decode(&bytes, &Limits::default()) {
            Ok(message) => format!("no error, but {message:?}\n"),
            Err(error) => {
                assert_located(&error, &bytes);
                format!("{error}\n")
            }
        };
        check(&case, "error.txt", &found, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn assert_located(error: &DecodeError, bytes: &[u8]) {
    let span = &error.span;
    assert!(span.start <= span.end && span.end <= bytes.len(), "{error:?} in {} bytes", bytes.len());
    assert_eq!(error.place, Place::Byte(span.start));
}

/// The messages of every case in XML that is one.
fn messages() -> Vec<(String, Message)> {
    let cases = ["mutation-seeds", "wbxml"].into_iter().flat_map(fixtures::cases);
    let messages = cases.filter_map(|case| {
        let message = decode(&case.bytes("message.xml")?, &Limits::default()).ok()?;
        Some((case.name, message))
    });
    let messages: Vec<_> = messages.collect();
    assert!(messages.len() > 30, "{} cases", messages.len());
    messages
}

#[test]
fn a_message_that_is_cut_anywhere_is_refused_there() {
    for (name, message) in messages() {
        let whole = encode_as(&message, Encoding::Wbxml);
        assert_eq!(decode(&whole, &Limits::default()).as_ref(), Ok(&message), "{name}");
        for length in 1..whole.len() {
            let cut = &whole[..length];
            let error = decode(cut, &Limits::default()).expect_err("half a message");
            assert_located(&error, cut);
            assert_eq!(error.span.end, length, "{name} at {length}: {error}");
            assert!(wbxml::dump(cut).contains("error at byte"), "{name} at {length}");
        }
    }
}

#[test]
fn spans_are_offsets_in_the_bytes() {
    let bytes = fixtures::hex("02 a4 01 6a 00 6d 6b 53 4b 03 \"7\" 00 01 01 10 01 01");
    let (message, input) = decode_with_text(&bytes, &Limits::default()).expect("a message");
    assert_eq!(input.text().len(), bytes.len());
    let spans: Vec<_> = message.body.commands.iter().map(|command| command.span.range()).collect();
    assert_eq!(spans, [7..14, 14..15]);
    assert_eq!(input.place(14), Place::Byte(14));
}

#[test]
fn texts_share_the_body() {
    let bytes = fixtures::hex("02 a4 01 6a 00 6d 6b 53 4b 03 \"no-number\" 00 01 01 01 01");
    let (message, input) = decode_with_text(&bytes, &Limits::default()).expect("a message");
    let cmd_id = message.body.commands[0].cmd_id.as_ref().expect("an id");
    assert!(input.text().as_bytes().as_ptr_range().contains(&cmd_id.as_ptr()), "no copy was made");
}

fn limit(bytes: &[u8], limits: &Limits) -> String {
    let error = decode(bytes, limits).expect_err("more than the limit");
    assert!(matches!(*error.kind, DecodeErrorKind::Limit { .. }), "{error:?}");
    assert_located(&error, bytes);
    error.to_string()
}

/// `head`, `many` times `middle`, `tail`.
fn document(head: &str, middle: &str, many: usize, tail: &str) -> Vec<u8> {
    let middle = fixtures::hex(middle).repeat(many);
    [fixtures::hex("02 a4 01 6a"), fixtures::hex(head), middle, fixtures::hex(tail)].concat()
}

#[test]
fn what_is_too_much_is_refused() {
    let limits = Limits::default();
    let nested = |many| document("00 6b", "48", many, &"01 ".repeat(many + 1));
    assert!(decode(&nested(31), &limits).is_ok());
    assert_eq!(limit(&nested(32), &limits), "byte 37: found more than 32 nested elements, expected fewer");
    let deep = Limits { depth: usize::MAX, ..limits };
    assert!(decode(&nested(255), &deep).is_ok());
    assert_eq!(
        limit(&nested(100_000), &deep),
        "byte 261: found more than 256 nested elements, expected fewer"
    );
    // Documents in documents nest too.
    let markup = document("00 6b 45 54 4f", "7f", 100_000, "");
    assert_eq!(limit(&markup, &deep), "byte 261: found more than 256 nested elements, expected fewer");
    assert_eq!(
        limit(&document("00 6b", "13", 5_001, "01"), &limits),
        "byte 5006: found more than 5000 commands, expected fewer"
    );
    assert_eq!(
        limit(&document("00 6b 53", "14", 20_001, "01 01"), &limits),
        "byte 20007: found more than 20000 items, expected fewer"
    );
    for (head, middle) in
        [("00 6b 53", "3f"), ("00 6b 69", "2f"), ("00 6b 53 5a 00 01", "06"), ("00 6b 45 54 4f", "05")]
    {
        let bytes = document(head, middle, 60_000, "");
        assert!(limit(&bytes, &limits).contains("found more than 50000 kept elements"), "{middle}");
    }
    let names = (0..257).map(|number| format!("a{number}\0")).collect::<String>();
    let mut bytes = fixtures::hex("02 a4 01 6a");
    push_number(&mut bytes, names.len());
    bytes.extend_from_slice(names.as_bytes());
    bytes.extend([0x6b, 0x93]);
    for name in (0..257).map(|number| names.find(&format!("a{number}\0")).expect("it is there")) {
        bytes.push(0x04);
        push_number(&mut bytes, name);
    }
    assert!(limit(&bytes, &limits).ends_with("found more than 256 attributes of an element, expected fewer"));
    let large = Limits { bytes: 20, ..limits };
    assert_eq!(
        limit(&document("00 6b", "13", 20, "01"), &large),
        "byte 20: found more than 20 bytes, expected fewer"
    );
}

fn push_number(bytes: &mut Vec<u8>, number: usize) {
    let septets = [number >> 21, number >> 14, number >> 7].map(|part| 0x80 | (part & 0x7f) as u8);
    bytes.extend(septets);
    bytes.push((number & 0x7f) as u8);
}

/// A few bytes refer to a long string again and again.
#[test]
fn a_string_table_adds_no_more_than_a_message_may_have() {
    const LENGTH: usize = 1 << 20;
    let mut head = fixtures::hex("02 a4 01 6a");
    push_number(&mut head, LENGTH + 1);
    head.extend(std::iter::repeat_n(b'a', LENGTH));
    let with = |body: &str, many: usize, tail: &str| {
        [
            &head[..],
            &[0],
            &fixtures::hex(body),
            &fixtures::hex("57 83 00 01").repeat(many),
            &fixtures::hex(tail),
        ]
        .concat()
    };
    let few = with("6b 53 54 6e", 1, "01 01 01 01");
    assert!(decode(&few, &Limits::default()).is_ok());
    let many = with("6b 53 54 6e", 4_096, "01 01 01 01");
    assert!(limit(&many, &Limits::default()).contains("bytes of the string table"));
    // A name of a MiB, given to many elements.
    let names = [&head[..], &[0], &fixtures::hex("6b 53"), &fixtures::hex("04 00").repeat(4_096)].concat();
    assert!(limit(&names, &Limits::default()).contains("bytes of the string table"));
}

#[test]
fn a_literal_of_a_mebibyte_is_a_name_like_another() {
    const LENGTH: usize = 1 << 20;
    let mut bytes = fixtures::hex("02 a4 01 6a");
    push_number(&mut bytes, LENGTH);
    bytes.extend(std::iter::repeat_n(b'a', LENGTH));
    bytes.extend(fixtures::hex("6b 04 00 01"));
    let message = decode(&bytes, &Limits::default()).expect("a message");
    let [command] = message.body.commands.as_slice() else { panic!("one command") };
    assert!(matches!(&command.kind, Kind::Unknown(element) if element.name.len() == LENGTH));
    assert_eq!(decode(&encode_as(&message, Encoding::Wbxml), &Limits::default()).as_ref(), Ok(&message));
}
