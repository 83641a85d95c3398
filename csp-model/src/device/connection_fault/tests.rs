//! Faults as people write them, and what they are told of those that make no sense.

use super::*;
use crate::DeviceFile;

fn said(text: &str) -> String {
    text.parse::<ConnectionFault>().unwrap_err().to_string()
}

#[test]
fn command_lines() {
    for text in [
        "delay,by=50ms",
        "delay,by=50ms,to=2s",
        "delay,message=1,mean=100ms",
        "drop-before,probability=0.25,count=3",
        "drop-after",
        "reset,message=2",
        "truncate,message=2,bytes=100",
        "truncate,bytes=0",
        "duplicate",
        "slow-body,bytes=10",
        "wrong-msg-ref,message=3",
        "lost-status",
        "stale-nonce",
        "abort,message=4",
    ] {
        let fault: ConnectionFault = text.parse().unwrap();
        assert_eq!(fault.to_string(), text);
        let json = serde_json::to_string(&fault).unwrap();
        assert_eq!(serde_json::from_str::<ConnectionFault>(&json).unwrap(), fault, "{json}");
        assert_eq!(fault.kind().name(), text.split(',').next().unwrap());
    }
    let spaced: ConnectionFault = " delay , by = PT0.05S , to = 1500ms ".parse().unwrap();
    assert_eq!(spaced.to_string(), "delay,by=50ms,to=1500ms");
}

#[test]
fn command_lines_that_make_no_sense() {
    let cases = [
        (
            "",
            "`` is no fault of a connection: expected one of delay, drop-before, drop-after, reset, truncate, \
             duplicate, slow-body, wrong-msg-ref, lost-status, stale-nonce, abort",
        ),
        (
            "reset,after=1",
            "`after` is no parameter of a fault: expected one of message, probability, count, by, to, mean, bytes, \
             as in `truncate,message=2,bytes=100`",
        ),
        (
            "reset,message",
            "`message` has no value: expected `KEY=VALUE`, as in `truncate,message=2,bytes=100`",
        ),
        ("reset,message=0", "`message`: `0` is none: expected a number from 1"),
        ("reset,count=1,count=2", "`count` stands there twice"),
        ("reset,probability=1.5", "`probability`: expected a number from 0 to 1"),
        ("reset,probability=NaN", "`probability`: expected a number from 0 to 1"),
        ("delay", "`by` is missing: `delay` needs `by`, `by` and `to`, or `mean`"),
        ("delay,to=1s", "`by` is missing: `delay` needs the shortest, where `to` is the longest"),
        ("delay,by=2s,to=1s", "`to`: 1s is shorter than `by`, 2s"),
        ("delay,by=1s,mean=1s", "`by` is no parameter of `delay`: there is a `mean` already"),
        (
            "delay,by=1 fortnight",
            "`by`: `1 fortnight` is none: expected a length of time like `50ms` or `2s`",
        ),
        ("delay,by=-1s", "`by`: `-1s` is none: expected a length of time like `50ms` or `2s`"),
        ("delay,by=25h", "`by`: `25h` is none: expected a length of time like `50ms` or `2s`"),
        ("truncate", "`bytes` is missing: `truncate` needs the bytes that are left of the answer"),
        ("truncate,bytes=1,by=1s", "`by` is no parameter of `truncate`: expected `bytes`"),
        ("slow-body,bytes=0", "`bytes`: expected at least 1 byte a second"),
        ("duplicate,bytes=1", "`bytes` is no parameter of `duplicate`: it has none of its own"),
        ("abort,mean=1s", "`mean` is no parameter of `abort`: it has none of its own"),
    ];
    for (text, expected) in cases {
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn device_files() {
    let file = DeviceFile::from_toml(
        "[[connection_fault]]\nkind = \"reset\"\n\n[[connection_fault]]\nkind = \"delay\"\nby = \"50ms\"\nmessage = 2\n",
    );
    let faults = file.unwrap().connection_fault;
    assert_eq!(faults, ["reset".parse().unwrap(), "delay,message=2,by=50ms".parse().unwrap()]);
}

#[test]
fn device_files_that_make_no_sense() {
    let error = |text: &str| {
        let error = DeviceFile::from_toml(&format!("seed = 1\n[[connection_fault]]\n{text}")).unwrap_err();
        assert!(error.span.is_some(), "{error}");
        error.to_string()
    };
    assert_eq!(
        error("kind = \"truncate\""),
        "connection_fault[0]: `bytes` is missing: `truncate` needs the bytes that are left of the answer"
    );
    assert_eq!(
        error("kind = \"reset\"\nbytes = 1"),
        "connection_fault[0]: `bytes` is no parameter of `reset`: it has none of its own"
    );
    assert!(error("kind = \"restart\"").starts_with("connection_fault[0].kind: unknown variant `restart`"));
    assert!(
        error("kind = \"reset\"\nafter = 1").starts_with("connection_fault[0].after: unknown field `after`")
    );
    assert_eq!(
        error("kind = \"delay\"\nby = \"soon\""),
        "connection_fault[0].by: `soon` is no such length of time: expected one like `50ms`, `2s` or `PT1M`, at \
         most a day"
    );
}
