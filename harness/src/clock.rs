//! The one place that reads this machine's time: how fast a device's clock runs, and how it is moved on purpose.

use std::str::FromStr;
use std::time::{Instant, SystemTime};

use chrono::{DateTime, SecondsFormat, SubsecRound as _, TimeDelta, Utc};
use csp_model::units::{Duration, Instant as Point};

/// How fast the clocks of devices run beside that of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Pace {
    /// As fast.
    #[default]
    Real,
    /// Not at all: only what moves a device's clock on purpose does.
    Frozen,
    /// So many times as fast, up to [`FASTEST`](Self::FASTEST). A number that is not above 0 is [`Frozen`](Self::Frozen).
    Times(f64),
}

/// A pace that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected `real`, `frozen`, or `x` and how many times as fast, up to {most}: `x60`", most = Pace::FASTEST)]
pub struct NotAPace;

impl Pace {
    /// The most times as fast: eleven days a second.
    pub const FASTEST: f64 = 1e6;
}

impl FromStr for Pace {
    type Err = NotAPace;

    fn from_str(text: &str) -> Result<Self, NotAPace> {
        match text {
            "real" => Ok(Self::Real),
            "frozen" => Ok(Self::Frozen),
            _ => {
                let times = text.strip_prefix('x').and_then(|times| times.parse().ok());
                let sensible = times.filter(|times: &f64| *times > 0.0 && *times <= Self::FASTEST);
                sensible.map(Self::Times).ok_or(NotAPace)
            }
        }
    }
}

/// This machine's time, in whole seconds: that of a device that nobody can ask for its own.
pub(crate) fn now() -> DateTime<Utc> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, 0).map_or(Running::LAST, |now| now.min(Running::LAST))
}

/// A device's clock at work: where it stood at some instant, and how fast it has run since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Running {
    pace: Pace,
    from: DateTime<Utc>,
    since: Instant,
}

impl Running {
    /// 9999-12-31T23:59:59Z
    const LAST: DateTime<Utc> = DateTime::from_timestamp(253_402_300_799, 0).expect("a time of the calendar");

    /// A clock that stands at `from` now.
    pub(crate) fn start(pace: Pace, from: DateTime<Utc>) -> Self {
        Self { pace, from, since: Instant::now() }
    }

    /// The clock, set to `at` now.
    pub(crate) fn set(&mut self, at: DateTime<Utc>) {
        *self = Self::start(self.pace, at);
    }

    /// What it shows, in whole seconds: nothing that a device tells is finer, and a clock that shows the same has not
    /// to be written again.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let times = match self.pace {
            Pace::Real => 1.0,
            Pace::Times(times) if times > 0.0 => times.min(Pace::FASTEST),
            Pace::Frozen | Pace::Times(_) => return self.from,
        };
        let passed = self.since.elapsed().mul_f64(times);
        let passed = TimeDelta::from_std(passed).unwrap_or(TimeDelta::MAX);
        // A clock that has run to the last year of four digits stands still there: nobody could read more of it.
        let shown = self.from.checked_add_signed(passed).map_or(Self::LAST, |shown| shown.min(Self::LAST));
        shown.max(self.from).trunc_subsecs(0)
    }
}

/// How far a device's clock is moved on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advance {
    /// On by so much.
    By(Duration),
    /// To that time.
    To(Point),
}

/// A time that a device's clock cannot be moved to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAhead {
    /// It has passed.
    #[error("`{to}` has passed: the device's clock is at {clock} and never goes back; expected that time or a later one", to = shown(*to), clock = shown(*clock))]
    Past {
        /// The time.
        to: DateTime<Utc>,
        /// The device's clock.
        clock: DateTime<Utc>,
    },
    /// It is too far away.
    #[error("expected at most {most} days at a time, and no time after {last}", most = Advance::MOST_DAYS, last = shown(Running::LAST))]
    Far,
}

impl Advance {
    /// Ten years: how long that takes to be lived through can be waited for.
    const MOST_DAYS: i64 = 3_660;

    /// The time that is meant, for a device whose clock shows `clock`.
    ///
    /// # Errors
    /// When that has passed, or is too far away.
    pub(crate) fn from(self, clock: DateTime<Utc>) -> Result<DateTime<Utc>, NotAhead> {
        let to = match self {
            Self::To(Point(to)) if to < clock => return Err(NotAhead::Past { to, clock }),
            Self::To(Point(to)) => Some(to),
            Self::By(by) => i64::try_from(by.as_secs())
                .ok()
                .and_then(TimeDelta::try_seconds)
                .and_then(|by| clock.checked_add_signed(by)),
        };
        let is_near = |to: &DateTime<Utc>| {
            *to <= clock.max(Running::LAST) && *to - clock <= TimeDelta::days(Self::MOST_DAYS)
        };
        to.filter(is_near).ok_or(NotAhead::Far)
    }
}

fn shown(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_moved_on_and_not_too_far() {
        let clock = DateTime::<Utc>::UNIX_EPOCH;
        let by = |text: &str| Advance::By(text.parse().expect("a duration")).from(clock);
        assert_eq!(by("P1D"), Ok(clock + TimeDelta::days(1)));
        assert_eq!(by("0s"), Ok(clock));
        assert_eq!(by("P3661D"), Err(NotAhead::Far));
        assert_eq!(by("P1000000D"), Err(NotAhead::Far));
        let to = |days| Advance::To(Point(clock + TimeDelta::days(days))).from(clock);
        assert_eq!(to(2), Ok(clock + TimeDelta::days(2)));
        assert_eq!(to(4_000), Err(NotAhead::Far));
        let said = to(-1).expect_err("it has passed").to_string();
        assert!(
            said.starts_with("`1969-12-31T00:00:00Z` has passed: the device's clock is at 1970-"),
            "{said}"
        );
    }

    #[test]
    fn a_pace_is_a_word_or_a_factor() {
        for (text, pace) in [
            ("real", Ok(Pace::Real)),
            ("frozen", Ok(Pace::Frozen)),
            ("x60", Ok(Pace::Times(60.0))),
            ("x0.5", Ok(Pace::Times(0.5))),
            ("x0", Err(NotAPace)),
            ("x-1", Err(NotAPace)),
            ("xNaN", Err(NotAPace)),
            ("x2000000", Err(NotAPace)),
            ("60", Err(NotAPace)),
            ("", Err(NotAPace)),
        ] {
            assert_eq!(text.parse(), pace, "{text}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_is_no_trouble() {
        let late = DateTime::<Utc>::MAX_UTC;
        let running = Running::start(Pace::Times(Pace::FASTEST), late);
        assert_eq!(running.now(), late.trunc_subsecs(0));
        assert_eq!(Running::start(Pace::Frozen, late).now(), late);
    }

    #[test]
    fn a_factor_that_makes_no_sense_is_no_trouble() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        for times in [f64::NAN, f64::NEG_INFINITY, -1.0, 0.0] {
            assert_eq!(Running::start(Pace::Times(times), start).now(), start, "{times}");
        }
        assert!(Running::start(Pace::Times(f64::INFINITY), start).now() >= start);
    }
}
