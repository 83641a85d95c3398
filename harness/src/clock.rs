//! The one place that reads this machine's time: how fast a device's clock runs.

use std::str::FromStr;
use std::time::Instant;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

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

#[cfg(test)]
mod tests {
    use super::*;

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
