//! What is no message is refused, with the place and the reason.
//!
//! A case is `message.xml`, the bytes, and `error.txt`, the error as it is shown. With `UPDATE=1` in the
//! environment, errors that are missing are written.

#![expect(clippy::disallowed_methods, reason = "a test reads and writes its cases")]

use std::fs;

use syncml::codec::{DecodeErrorKind, Limits, Place, decode, encode};

#[test]
fn each_case_gives_its_error() {
    let mut wrong = Vec::new();
    for case in fixtures::cases("malformed") {
        let bytes = case.bytes("message.xml").unwrap_or_else(|| panic!("{} has no message", case.name));
        let found = match decode(&bytes, &Limits::default()) {
            Ok(message) => format!("no error, but {message:?}\n"),
            Err(error) => {
                assert!(error.span.end <= bytes.len().max(error.span.start), "{}: {error:?}", case.name);
                format!("{error}\n")
            }
        };
        match case.text("error.txt") {
            Some(expected) if expected == found => {}
            None if std::env::var_os("UPDATE").is_some() => {
                fs::write(case.path.join("error.txt"), found).expect("a folder to write to");
            }
            expected => wrong.push(format!("{}:\n  expected {expected:?}\n  found    {found:?}", case.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn limit(text: &str, limits: &Limits) -> String {
    let error = decode(text.as_bytes(), limits).expect_err("more than the limit");
    assert!(matches!(*error.kind, DecodeErrorKind::Limit { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| {
        format!("<SyncBody>{}{}</SyncBody>", "<Atomic>".repeat(depth - 1), "</Atomic>".repeat(depth - 1))
    };
    let limits = Limits::default();
    assert!(decode(nested(32).as_bytes(), &limits).is_ok());
    assert_eq!(limit(&nested(33), &limits), "1:259: found more than 32 nested elements, expected fewer");
    let markup = format!("<SyncBody><Add><Item><Data>{}", "<a>".repeat(100_000));
    assert_eq!(limit(&markup, &limits), "1:112: found more than 32 nested elements, expected fewer");
    let limits = Limits { depth: usize::MAX, ..limits };
    let deepest = decode(nested(256).as_bytes(), &limits).expect("recursion has room for that");
    assert_eq!(decode(&encode(&deepest), &limits).as_ref(), Ok(&deepest));
    assert_eq!(limit(&markup, &limits), "1:784: found more than 256 nested elements, expected fewer");
}

#[test]
fn commands_are_limited_wherever_they_stand() {
    let limits = Limits { commands: 3, ..Limits::default() };
    assert!(decode(b"<SyncBody><Get/><Atomic><Get/></Atomic></SyncBody>", &limits).is_ok());
    let text = "<SyncBody><Get/><Atomic><Get/><Vendor/></Atomic></SyncBody>";
    assert_eq!(limit(text, &limits), "1:17: found more than 3 commands, expected fewer");
    let text = format!("<SyncBody><Get>{}</Get></SyncBody>", "<CmdID/>".repeat(4));
    assert_eq!(limit(&text, &limits), "1:40: found more than 3 commands, expected fewer");
    let text = format!("<SyncBody>{}</SyncBody>", "<Get/>".repeat(5_001));
    assert_eq!(limit(&text, &Limits::default()), "1:30011: found more than 5000 commands, expected fewer");
}

#[test]
fn items_are_limited() {
    let text =
        format!("<SyncBody>{}</SyncBody>", format!("<Get>{}</Get>", "<Item/>".repeat(4_001)).repeat(5));
    assert_eq!(limit(&text, &Limits::default()), "1:140060: found more than 20000 items, expected fewer");
}

#[test]
fn bytes_are_limited() {
    let text = format!("<SyncBody>{}</SyncBody>", " ".repeat(4 * 1024 * 1024));
    assert_eq!(limit(&text, &Limits::default()), "1:1: found more than 4194304 bytes, expected fewer");
    let limits = Limits { bytes: text.len(), ..Limits::default() };
    assert!(decode(text.as_bytes(), &limits).is_ok());
}

/// The place is one that a tool can underline: characters, not bytes, and the span is of the decoded text.
#[test]
fn places_are_counted_in_characters() {
    let text = "<SyncBody>\r\n<Get>\u{e9}\u{1f600}<CmdID/>oops </Get></SyncBody>";
    let error = decode(text.as_bytes(), &Limits::default()).expect_err("text in Get");
    assert_eq!(error.to_string(), "2:6: found text in `<Get>`, expected elements alone");
    assert_eq!(&text[error.span], "\u{e9}\u{1f600}");
    let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let error = decode(&wide, &Limits::default()).expect_err("text in Get");
    assert_eq!((error.place, &text[error.span]), (Place::Text { line: 2, column: 6 }, "\u{e9}\u{1f600}"));
}
