//! A strict reader of ReportingEvents.log.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use csp_model::agent::UpdateId;

use super::{Cursor, number, utf16};

/// A line of the log.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) local: NaiveDateTime,
    /// How far local time is ahead of UTC, in minutes.
    pub(super) ahead: i64,
    pub(super) number: u16,
    pub(super) name: String,
    pub(super) update: Option<UpdateId>,
    pub(super) revision: u32,
    pub(super) hresult: u32,
    pub(super) caller: String,
    pub(super) succeeded: bool,
    pub(super) phase: String,
    pub(super) message: String,
    pub(super) vector: Option<String>,
}

impl Line {
    /// When, in UTC and whole seconds.
    pub(super) fn second(&self) -> i64 {
        (self.local - TimeDelta::minutes(self.ahead)).and_utc().timestamp()
    }
}

/// Every line of a log; a log that is anything else panics.
pub(super) fn read(bytes: &[u8]) -> Vec<Line> {
    let text = utf16(bytes);
    if text.is_empty() {
        return Vec::new();
    }
    let body = text.strip_suffix("\r\n").expect("a whole last line");
    body.split("\r\n").map(line).collect()
}

fn line(text: &str) -> Line {
    assert!(!text.contains(['\r', '\n']), "{text:?}");
    let fields: Vec<_> = text.split('\t').collect();
    assert!([12, 13].contains(&fields.len()), "{text:?}");
    let (local, ahead) = time(fields[1]);
    assert_eq!((fields[2], fields[4]), ("1", "101"));
    let (event, name) = fields[3].split_once(' ').expect("a number and a name");
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).expect("brackets");
    assert!(name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{name}");
    assert_eq!(fields[7], fields[7].to_lowercase());
    assert!(fields[7] == "0" || !fields[7].starts_with('0'), "{text:?}");
    assert!(["Software Synchronization", "Content Download", "Content Install"].contains(&fields[10]));
    let update = guid(fields[5]);
    Line {
        id: fields[0].to_owned(),
        local,
        ahead,
        number: event.parse().expect("a number"),
        name: name.to_owned(),
        update: (update != UpdateId::from_u128(0)).then_some(update),
        revision: fields[6].parse().expect("a revision"),
        hresult: u32::from_str_radix(fields[7], 16).expect("a code"),
        caller: fields[8].to_owned(),
        succeeded: match fields[9] {
            "Success" => true,
            "Failure" => false,
            other => panic!("{other:?}"),
        },
        phase: fields[10].to_owned(),
        message: fields[11].to_owned(),
        vector: fields.get(12).map(|vector| (*vector).to_owned()),
    }
}

/// In braces and capitals.
fn guid(text: &str) -> UpdateId {
    assert_eq!(text, text.to_uppercase());
    assert!(text.starts_with('{') && text.ends_with('}'), "{text:?}");
    text.parse().expect("a GUID")
}

/// `yyyy-MM-dd HH:mm:ss:fff±hhmm`
fn time(text: &str) -> (NaiveDateTime, i64) {
    let mut left = Cursor(text);
    let (year, month) = (number(left.until("-"), 4), number(left.until("-"), 2));
    let (day, hour) = (number(left.until(" "), 2), number(left.until(":"), 2));
    let (minute, second) = (number(left.until(":"), 2), number(left.until(":"), 2));
    let (milli, offset) = left.0.split_at(3);
    let (sign, offset) = offset.split_at(1);
    let (hours, minutes) = offset.split_at(2);
    let ahead = i64::from(number(hours, 2) * 60 + number(minutes, 2));
    let date = NaiveDate::from_ymd_opt(year.cast_signed(), month, day).expect("a date");
    let local = date.and_hms_milli_opt(hour, minute, second, number(milli, 3)).expect("a time");
    match sign {
        "+" => (local, ahead),
        "-" => (local, -ahead),
        other => panic!("{other:?}"),
    }
}
