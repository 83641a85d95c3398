//! The time of a line, as each log writes it: always the device's local time.
//!
//! Digits are written by hand: half of a log is times, and format strings would be most of what it costs.

use chrono::{
    DateTime, Datelike as _, FixedOffset, NaiveDateTime, Offset as _, TimeDelta, Timelike as _, Utc,
};

use super::draw::Draw;

/// The clock by which lines are written. Lines of one instant come one after another within its second.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    zone: FixedOffset,
    draw: Draw,
    at: DateTime<Utc>,
    now: Stamp,
    lines: u64,
}

/// When a line is written: local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    local: NaiveDateTime,
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    milli: u32,
    /// How far local time is ahead of UTC, in minutes.
    ahead: i32,
}

impl Clock {
    pub(super) fn new(zone: FixedOffset, draw: Draw, at: DateTime<Utc>) -> Self {
        Self { zone, draw, at, now: Stamp::new(at, zone), lines: 0 }
    }

    /// Goes to another instant.
    pub(super) fn set(&mut self, at: DateTime<Utc>) {
        if at != self.at {
            (self.at, self.now) = (at, Stamp::new(at, self.zone));
        }
    }

    /// The instant that it stands at.
    pub(super) const fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The time of the next line.
    pub(super) fn tick(&mut self) -> Stamp {
        self.lines += 1;
        let step = self.draw.number(self.lines).below(4) + 1;
        self.now.milli = (self.now.milli + step).min(999);
        self.now
    }

    /// The same instant in UTC.
    pub(super) fn universal(&self) -> Stamp {
        Stamp::new(self.at, Utc.fix())
    }

    /// The same for a time that stands within a line.
    pub(super) fn shown(&self, at: DateTime<Utc>) -> Stamp {
        Stamp::new(at, self.zone)
    }
}

impl Stamp {
    fn new(at: DateTime<Utc>, zone: FixedOffset) -> Self {
        let local = at.naive_utc().checked_add_offset(zone).filter(|local| local.year() <= 9_999);
        let local = local.unwrap_or(at.naive_utc());
        Self::of_local(local, zone.local_minus_utc() / 60)
    }

    fn of_local(local: NaiveDateTime, ahead: i32) -> Self {
        Self {
            local,
            year: u32::try_from(local.year()).unwrap_or_default(),
            month: local.month(),
            day: local.day(),
            hour: local.hour(),
            minute: local.minute(),
            second: local.second(),
            milli: local.nanosecond() / 1_000_000,
            ahead,
        }
    }

    /// The same, or the second after `other` where it would not be later than that one.
    pub(super) fn after(self, other: Self) -> Self {
        let least = other.local + TimeDelta::seconds(1);
        if self.local < least { Self::of_local(least, self.ahead) } else { self }
    }

    /// `yyyy-MM-dd HH:mm:ss:fff±hhmm`: ReportingEvents.log.
    pub(super) fn reporting(self, out: &mut String) {
        self.date(out, '-');
        out.push(' ');
        self.time(out, ':');
        let minutes = self.ahead.unsigned_abs();
        out.push(if self.ahead < 0 { '-' } else { '+' });
        digits(out, minutes / 60, 2);
        digits(out, minutes % 60, 2);
    }

    /// `yyyy-MM-dd HH:mm:ss`: CBS.log.
    pub(super) fn servicing(self, out: &mut String) {
        self.date(out, '-');
        out.push(' ');
        for (number, after) in [(self.hour, ':'), (self.minute, ':')] {
            digits(out, number, 2);
            out.push(after);
        }
        digits(out, self.second, 2);
    }

    /// `yyyy/MM/dd HH:mm:ss.fffffff`: WindowsUpdate.log. The last four digits are `fine`'s.
    pub(super) fn trace(self, fine: u32, out: &mut String) {
        self.date(out, '/');
        out.push(' ');
        self.time(out, '.');
        digits(out, fine % 10_000, 4);
    }

    /// `time="HH:mm:ss.fff±BBB" date="MM-dd-yyyy"`: the logs of a ConfigMgr client. UTC is local time and bias together.
    pub(super) fn cmtrace(self, out: &mut String) {
        out.push_str("time=\"");
        self.time(out, '.');
        out.push(if self.ahead > 0 { '-' } else { '+' });
        let bias = self.ahead.unsigned_abs();
        digits(out, bias, bias.checked_ilog10().map_or(1, |ten| ten as usize + 1));
        out.push_str("\" date=\"");
        digits(out, self.month, 2);
        out.push('-');
        digits(out, self.day, 2);
        out.push('-');
        digits(out, self.year, 4);
        out.push('"');
    }

    /// `yyyymmdd-hhmmss`: in the name of a log that was rolled over.
    pub(super) fn name(self, out: &mut String) {
        digits(out, self.year, 4);
        digits(out, self.month, 2);
        digits(out, self.day, 2);
        out.push('-');
        digits(out, self.hour, 2);
        digits(out, self.minute, 2);
        digits(out, self.second, 2);
    }

    /// `yyyymmddhhmmss.ffffff+000`, which is UTC: in an instance of WMI.
    pub(super) fn instance(self, out: &mut String) {
        let Self { year, month, day, hour, minute, second, milli, .. } = self;
        digits(out, year, 4);
        for number in [month, day, hour, minute, second] {
            digits(out, number, 2);
        }
        out.push('.');
        digits(out, milli, 3);
        out.push_str("000+000");
    }

    /// `MM/dd/yyyy HH:mm:ss`: within a line.
    pub(super) fn spelled(self, out: &mut String) {
        for (number, after) in [(self.month, '/'), (self.day, '/')] {
            digits(out, number, 2);
            out.push(after);
        }
        digits(out, self.year, 4);
        for (number, before) in [(self.hour, ' '), (self.minute, ':'), (self.second, ':')] {
            out.push(before);
            digits(out, number, 2);
        }
    }

    fn date(self, out: &mut String, between: char) {
        digits(out, self.year, 4);
        out.push(between);
        digits(out, self.month, 2);
        out.push(between);
        digits(out, self.day, 2);
    }

    fn time(self, out: &mut String, before_fraction: char) {
        digits(out, self.hour, 2);
        out.push(':');
        digits(out, self.minute, 2);
        out.push(':');
        digits(out, self.second, 2);
        out.push(before_fraction);
        digits(out, self.milli, 3);
    }
}

/// A number with at least so many digits.
fn digits(out: &mut String, number: u32, width: usize) {
    let mut text = [b'0'; 10];
    let mut left = number;
    let mut start = text.len();
    while left > 0 || text.len() - start < width {
        start -= 1;
        // One digit fits.
        text[start] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    out.push_str(str::from_utf8(&text[start..]).unwrap_or_default());
}
