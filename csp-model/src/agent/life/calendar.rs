//! Local time: active hours, scheduled installations, schedules of restarts.

use chrono::{
    DateTime, Datelike as _, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _, Utc,
};

/// When the device's user works: no restart comes then by itself.
///
/// Source: Microsoft, "Policy CSP - Update": `ActiveHoursStart`, `ActiveHoursEnd`, `ActiveHoursMaxRange`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ActiveHours {
    start: u32,
    length: u32,
}

impl ActiveHours {
    /// From one full hour to another, on the next day if that is earlier; never longer than `most` hours.
    pub(super) fn new(start: u32, end: u32, most: u32) -> Self {
        let (start, end) = (start % 24, end % 24);
        let length = (end + 24 - start) % 24;
        Self { start, length: length.min(most) }
    }

    /// The first instant from `time` on that is not within them.
    pub(super) fn outside(self, time: DateTime<Utc>, zone: FixedOffset) -> DateTime<Utc> {
        let local = local(time, zone);
        let since_start = (local.hour() + 24 - self.start) % 24;
        if since_start >= self.length {
            return time;
        }
        let into_hour = TimeDelta::minutes(local.minute().into())
            + TimeDelta::seconds(local.second().into())
            + TimeDelta::nanoseconds(local.nanosecond().into());
        time.checked_add_signed(TimeDelta::hours((self.length - since_start).into()) - into_hour)
            .unwrap_or(time)
    }
}

/// When scheduled installations begin.
///
/// Source: Microsoft, "Policy CSP - Update": `ScheduledInstallDay`, `ScheduledInstallTime` and the weeks of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InstallSchedule {
    /// The full hour.
    pub(super) hour: u32,
    /// 0 is every day, 1 Sunday, 7 Saturday.
    pub(super) day: u32,
    /// The weeks of the month: the days 1 to 7, 8 to 14, 15 to 21, and the rest. All when none is chosen.
    pub(super) weeks: [bool; 4],
}

impl InstallSchedule {
    /// The first one from `time` on. Every day of the week is in each week of a month, so there is one.
    pub(super) fn next(self, time: DateTime<Utc>, zone: FixedOffset) -> DateTime<Utc> {
        let from = local(time, zone);
        let at = NaiveTime::from_hms_opt(self.hour % 24, 0, 0).unwrap_or_default();
        let days = from.date().iter_days().take(64).filter(|day| self.is_on(*day));
        let found = days.map(|day| day.and_time(at)).find(|at| *at >= from);
        found.and_then(|at| utc(at, zone)).unwrap_or(time)
    }

    fn is_on(self, day: NaiveDate) -> bool {
        let week = (day.day0() / 7).min(3);
        let is_chosen = self.weeks.iter().zip(0..).any(|(chosen, number)| *chosen && number == week);
        (self.day == 0 || self.day == day.weekday().number_from_sunday())
            && (is_chosen || self.weeks == [false; 4])
    }
}

/// A time of the day that comes again each day, or each week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recurrence {
    /// The first time.
    pub(super) first: DateTime<Utc>,
    /// How long after it the next one is.
    pub(super) every: TimeDelta,
}

impl Recurrence {
    /// The first one after `time`.
    pub(super) fn after(self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.first > time {
            return Some(self.first);
        }
        let every = self.every.num_seconds().max(1);
        let passed = (time - self.first).num_seconds() / every + 1;
        self.first.checked_add_signed(TimeDelta::try_seconds(passed.checked_mul(every)?)?)
    }
}

/// The time on the device's own clock.
pub(super) fn local(time: DateTime<Utc>, zone: FixedOffset) -> NaiveDateTime {
    time.naive_utc().checked_add_offset(zone).unwrap_or(time.naive_utc())
}

/// The instant at which the device's own clock shows `time`.
pub(super) fn utc(time: NaiveDateTime, zone: FixedOffset) -> Option<DateTime<Utc>> {
    Some(time.checked_sub_offset(zone)?.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn zone(hours: i32) -> FixedOffset {
        FixedOffset::east_opt(hours * 3_600).expect("an offset")
    }

    #[test]
    fn active_hours_end_in_local_time() {
        let hours = ActiveHours::new(8, 17, 18);
        for (offset, from, until) in [
            (0, "2024-03-04T07:59:59Z", "2024-03-04T07:59:59Z"),
            (0, "2024-03-04T08:00:00Z", "2024-03-04T17:00:00Z"),
            (0, "2024-03-04T16:59:59Z", "2024-03-04T17:00:00Z"),
            (0, "2024-03-04T17:00:00Z", "2024-03-04T17:00:00Z"),
            (9, "2024-03-04T00:30:00Z", "2024-03-04T08:00:00Z"),
        ] {
            assert_eq!(hours.outside(at(from), zone(offset)), at(until), "{from} at {offset}");
        }
        let night = ActiveHours::new(22, 6, 18);
        assert_eq!(night.outside(at("2024-03-04T23:10:00Z"), zone(0)), at("2024-03-05T06:00:00Z"));
        assert_eq!(night.outside(at("2024-03-04T05:00:00Z"), zone(0)), at("2024-03-04T06:00:00Z"));
        let too_long = ActiveHours::new(0, 23, 8);
        assert_eq!(too_long.outside(at("2024-03-04T07:00:00Z"), zone(0)), at("2024-03-04T08:00:00Z"));
    }

    #[test]
    fn installations_come_on_the_days_of_the_schedule() {
        let every = InstallSchedule { hour: 3, day: 0, weeks: [false; 4] };
        assert_eq!(every.next(at("2024-03-04T03:00:00Z"), zone(0)), at("2024-03-04T03:00:00Z"));
        assert_eq!(every.next(at("2024-03-04T03:00:01Z"), zone(0)), at("2024-03-05T03:00:00Z"));
        let sundays = InstallSchedule { day: 1, ..every };
        assert_eq!(sundays.next(at("2024-03-04T00:00:00Z"), zone(0)), at("2024-03-10T03:00:00Z"));
        let second_tuesday = InstallSchedule { day: 3, weeks: [false, true, false, false], ..every };
        assert_eq!(second_tuesday.next(at("2024-03-13T00:00:00Z"), zone(0)), at("2024-04-09T03:00:00Z"));
        let fourth = InstallSchedule { day: 7, weeks: [false, false, false, true], ..every };
        assert_eq!(fourth.next(at("2024-03-01T00:00:00Z"), zone(9)), at("2024-03-22T18:00:00Z"));
    }

    #[test]
    fn a_recurrence_comes_after() {
        let daily = Recurrence { first: at("2024-03-04T03:00:00Z"), every: TimeDelta::days(1) };
        assert_eq!(daily.after(at("2024-03-01T00:00:00Z")), Some(daily.first));
        assert_eq!(daily.after(daily.first), Some(at("2024-03-05T03:00:00Z")));
        assert_eq!(daily.after(at("2024-03-09T02:59:59Z")), Some(at("2024-03-09T03:00:00Z")));
    }
}
