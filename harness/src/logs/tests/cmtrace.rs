//! A strict reader of the form of `CMTrace`, and what it makes of the writer's records.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::super::cmtrace::{CmTrace, Gravity, Log, Origin};
use super::super::draw::{Draw, Plain, Purpose};
use super::super::stamp::Clock;
use super::{Cursor, number};

/// A record of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) message: String,
    pub(super) local: NaiveDateTime,
    /// Minutes: UTC is local time and bias together.
    pub(super) bias: i64,
    pub(super) component: String,
    pub(super) gravity: u32,
    pub(super) thread: u32,
    pub(super) file: String,
}

impl Record {
    /// When, in UTC and whole seconds.
    pub(super) fn second(&self) -> i64 {
        (self.local + TimeDelta::minutes(self.bias)).and_utc().timestamp()
    }
}

/// Every record of a log; a log that is anything else panics.
pub(super) fn read(bytes: &[u8]) -> Vec<Record> {
    let mut left = Cursor(str::from_utf8(bytes).expect("UTF-8"));
    let mut records = Vec::new();
    while !left.0.is_empty() {
        left.skip("<![LOG[");
        let message = left.until("]LOG]!><time=\"").to_owned();
        let (hour, minute) = (number(left.until(":"), 2), number(left.until(":"), 2));
        let second = number(left.until("."), 2);
        let time = left.until("\" date=\"");
        let (fraction, bias) = time.split_at(3);
        let milli = number(fraction, 3);
        assert!(bias.starts_with(['+', '-']), "{bias:?}");
        let bias: i64 = bias.parse().expect("a bias");
        let (month, day) = (number(left.until("-"), 2), number(left.until("-"), 2));
        let year = number(left.until("\" component=\""), 4);
        let component = left.until("\" context=\"\" type=\"").to_owned();
        let gravity = left.until("\" thread=\"").parse().expect("a type");
        let thread = left.until("\" file=\"").parse().expect("a thread");
        let file = left.until("\">\r\n").to_owned();
        let (source, line) = file.split_once(':').expect("a line of a file");
        assert!(source.ends_with(".cpp") && line.parse::<u32>().is_ok(), "{file}");
        for name in [&component, &file] {
            assert!(name.len() <= 100 && !name.contains('"'), "{name}");
        }
        assert!((1..=3).contains(&gravity), "{gravity}");
        let date = NaiveDate::from_ymd_opt(year.cast_signed(), month, day).expect("a date");
        let local = date.and_hms_milli_opt(hour, minute, second, milli).expect("a time");
        records.push(Record { message, local, bias, component, gravity, thread, file });
    }
    records
}

const LOG: Log = Log { name: "Test", component: "Test" };
const ORIGIN: Origin = Origin { thread: 4012, file: "test.cpp", line: 12 };

fn clock(at: DateTime<Utc>, minutes: i32) -> Clock {
    let zone = FixedOffset::east_opt(minutes * 60).expect("an offset");
    Clock::new(zone, Draw::common(Purpose::Tick), at)
}

#[test]
fn a_record_has_the_documented_form() {
    let at = DateTime::from_timestamp(1_675_415_832, 0).expect("a time");
    let mut log = CmTrace::new(LOG, 1_000, 1);
    log.record(clock(at, 540).tick(), Gravity::Warning, ORIGIN, format_args!("Success!"));
    let mut files = Vec::new();
    log.files(|name, bytes| {
        files.push((name.to_owned(), String::from_utf8(bytes.to_owned()).expect("UTF-8")))
    });
    let [(name, text)] = &files[..] else { panic!("{files:?}") };
    assert_eq!(name, "CCM/Logs/Test.log");
    let (start, end) = text.split_once("12.").expect("seconds");
    assert_eq!(start, "<![LOG[Success!]LOG]!><time=\"18:17:");
    assert_eq!(
        &end[3..],
        "-540\" date=\"02-03-2023\" component=\"Test\" context=\"\" type=\"2\" thread=\"4012\" file=\"test.cpp:12\">\r\n"
    );
}

proptest! {
    #[test]
    fn records_are_read_as_they_were_written(
        messages in prop::collection::vec(".{0,60}", 1..40),
        at in 0_i64..4_102_444_800,
        minutes in -14 * 60..=14 * 60,
        most in 150_usize..2_000,
        history in 0_usize..3,
    ) {
        let at = DateTime::from_timestamp(at, 0).expect("a time");
        let mut clock = clock(at, minutes);
        let mut log = CmTrace::new(LOG, most, history);
        for message in &messages {
            let message = Plain(message);
            log.record(clock.tick(), Gravity::Information, ORIGIN, format_args!("{message}"));
        }
        let mut names = Vec::new();
        let mut records = Vec::new();
        log.files(|name, bytes| {
            let read = read(bytes);
            assert!(bytes.len() <= most || read.len() == 1);
            names.push(name.to_owned());
            records.extend(read);
        });
        // Those that were rolled over come first, by their time; with a name each.
        let (last, aside) = names.split_last().expect("a file");
        prop_assert_eq!(last, "CCM/Logs/Test.log");
        prop_assert!(aside.len() <= history);
        prop_assert!(aside.iter().is_sorted_by(|one, other| one < other));
        let kept = &messages[messages.len() - records.len()..];
        prop_assert!(aside.len() == history || kept.len() == messages.len());
        for (record, message) in records.iter().zip(kept) {
            prop_assert_eq!(&record.message, &Plain(message).to_string());
            prop_assert_eq!(record.second(), at.timestamp());
        }
    }
}
