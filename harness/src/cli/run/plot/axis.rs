//! Time, from left to right, by the device's time zone.

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, Utc,
};
use csp_model::device::TimeZone;
use svg::node::element::Group;

use super::text::{self, label};
use super::{line, round};

/// Where which time is.
pub(super) struct Axis {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    zone: FixedOffset,
    /// Where it begins and ends in the picture.
    left: f64,
    right: f64,
}

impl Axis {
    pub(super) const fn new(
        (start, end): (DateTime<Utc>, DateTime<Utc>),
        zone: TimeZone,
        (left, right): (f64, f64),
    ) -> Self {
        Self { start, end, zone: zone.offset(), left, right }
    }

    pub(super) fn x(&self, at: DateTime<Utc>) -> f64 {
        let all = (self.end - self.start).num_seconds().max(1) as f64;
        let passed = (at - self.start).num_seconds() as f64;
        round(self.left + (self.right - self.left) * (passed / all).clamp(0.0, 1.0))
    }

    pub(super) const fn left(&self) -> f64 {
        self.left
    }

    pub(super) const fn right(&self) -> f64 {
        self.right
    }

    /// Whether that time is one that the picture shows.
    pub(super) fn has(&self, at: DateTime<Utc>) -> bool {
        self.start <= at && at <= self.end
    }

    /// Whether something that lasts so long is to be seen.
    pub(super) fn overlaps(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        from <= self.end && to > self.start
    }

    /// A time as people at the device read it.
    pub(super) fn told(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    /// From when to when it goes, and by whose clock.
    pub(super) fn period(&self) -> String {
        let form = |at: DateTime<Utc>| at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M").to_string();
        let zone = match self.zone.local_minus_utc() {
            0 => "UTC".to_owned(),
            _ => format!("UTC{}", self.zone),
        };
        format!("{} to {}, the device's time ({zone})", form(self.start), form(self.end))
    }

    /// As many lines from `top` to `bottom` as can be told apart.
    pub(super) fn grid(&self, top: f64, bottom: f64) -> Group {
        let lines = self.ticks().into_iter().map(|(x, _)| line(x, top, bottom));
        lines.fold(Group::new().set("stroke", "#e0e0e0"), Group::add)
    }

    /// The times of the lines.
    pub(super) fn times(&self, y: f64) -> Group {
        const SIZE: f64 = 11.0;
        let mut group = Group::new().set("fill", "#595959").set("font-size", SIZE);
        for (x, time) in self.ticks() {
            let most = self.right - text::width(&time, SIZE) / 2.0 + 8.0;
            group = group.add(label(round(x.min(most)), y, &time).set("text-anchor", "middle"));
        }
        group
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        let [start, end] = [self.start, self.end].map(|at| at.with_timezone(&self.zone).naive_local());
        let step = Step::of(end - start, self.right - self.left);
        let mut ticks = Vec::new();
        let mut next = step.first(start);
        while let Some(at) = next.filter(|at| *at <= end) {
            if let Some(utc) = at.and_local_timezone(self.zone).earliest() {
                ticks.push((self.x(utc.to_utc()), at.format(step.form()).to_string()));
            }
            next = step.after(at);
        }
        ticks
    }
}

/// How far lines are from each other.
#[derive(Debug, Clone, Copy)]
enum Step {
    Minutes(i64),
    Hours(i64),
    Days(i64),
    /// From Monday to Monday.
    Weeks(i64),
    Months(i32),
    Years(i32),
}

impl Step {
    const ALL: [Self; 22] = [
        Self::Minutes(1),
        Self::Minutes(5),
        Self::Minutes(15),
        Self::Minutes(30),
        Self::Hours(1),
        Self::Hours(2),
        Self::Hours(3),
        Self::Hours(6),
        Self::Hours(12),
        Self::Days(1),
        Self::Days(2),
        Self::Weeks(1),
        Self::Weeks(2),
        Self::Months(1),
        Self::Months(2),
        Self::Months(3),
        Self::Months(6),
        Self::Years(1),
        Self::Years(2),
        Self::Years(5),
        Self::Years(10),
        Self::Years(1_000),
    ];

    /// The shortest whose times do not touch each other where so much time takes so much room.
    fn of(length: TimeDelta, width: f64) -> Self {
        let fits = |step: &Self| length.num_minutes() as f64 / step.minutes() * step.room() <= width;
        Self::ALL.into_iter().find(fits).unwrap_or(Self::Years(1_000))
    }

    /// About.
    fn minutes(self) -> f64 {
        const DAY: f64 = 1_440.0;
        match self {
            Self::Minutes(count) => count as f64,
            Self::Hours(count) => count as f64 * 60.0,
            Self::Days(count) => count as f64 * DAY,
            Self::Weeks(count) => count as f64 * 7.0 * DAY,
            Self::Months(count) => f64::from(count) * 30.4 * DAY,
            Self::Years(count) => f64::from(count) * 365.2 * DAY,
        }
    }

    /// What a time needs.
    const fn room(self) -> f64 {
        match self {
            Self::Minutes(_) | Self::Months(_) | Self::Years(_) => 64.0,
            Self::Hours(_) | Self::Days(_) | Self::Weeks(_) => 90.0,
        }
    }

    const fn form(self) -> &'static str {
        match self {
            Self::Minutes(_) => "%H:%M",
            Self::Hours(_) => "%m-%d %H:%M",
            Self::Days(_) | Self::Weeks(_) => "%Y-%m-%d",
            Self::Months(_) => "%Y-%m",
            Self::Years(_) => "%Y",
        }
    }

    /// The first line at `start` or later.
    fn first(self, start: NaiveDateTime) -> Option<NaiveDateTime> {
        let at_or_before = match self {
            Self::Minutes(_) | Self::Hours(_) => start.date().and_time(NaiveTime::MIN),
            Self::Days(count) => {
                let since = i64::from(start.date().num_days_from_ce()).rem_euclid(count);
                (start.date() - TimeDelta::days(since)).and_time(NaiveTime::MIN)
            }
            Self::Weeks(count) => {
                // The first of January of the year 1 was a Monday.
                let since = (i64::from(start.date().num_days_from_ce()) - 1).rem_euclid(7 * count);
                (start.date() - TimeDelta::days(since)).and_time(NaiveTime::MIN)
            }
            Self::Months(count) => {
                let month = start.date().month0() - start.date().month0() % count.unsigned_abs();
                first_of(start.date().year(), month)?
            }
            Self::Years(count) => first_of(start.date().year() - start.date().year().rem_euclid(count), 0)?,
        };
        let mut at = at_or_before;
        while at < start {
            at = self.after(at)?;
        }
        Some(at)
    }

    fn after(self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        let by = match self {
            Self::Minutes(count) => TimeDelta::minutes(count),
            Self::Hours(count) => TimeDelta::hours(count),
            Self::Days(count) => TimeDelta::days(count),
            Self::Weeks(count) => TimeDelta::weeks(count),
            Self::Months(count) => {
                let month = at.date().month0() + count.unsigned_abs();
                let years = i32::try_from(month / 12).ok()?;
                return first_of(at.date().year() + years, month % 12);
            }
            Self::Years(count) => return first_of(at.date().year() + count, 0),
        };
        at.checked_add_signed(by)
    }
}

fn first_of(year: i32, month0: u32) -> Option<NaiveDateTime> {
    Some(NaiveDate::from_ymd_opt(year, month0 + 1, 1)?.and_time(NaiveTime::MIN))
}
