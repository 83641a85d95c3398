//! Maintenance windows: when Configuration Manager may install and restart.
//!
//! Sources: Microsoft, "How to use maintenance windows in Configuration Manager"; the founding article on deployments that are
//! never applied. Deliberately absent: monthly recurrence, and daylight saving time, which a fixed offset does not have.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::wrong;
use crate::device::ProfileError;
use crate::units::Duration;

/// A maintenance window of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceWindow {
    /// When it begins for the first time, by the device's own clock: `2024-01-06T01:00:00`.
    pub starts: LocalTime,
    /// When it ends then: five minutes to a day later.
    pub ends: LocalTime,
    /// How long after each beginning it begins again: `P7D`; once when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Duration>,
    /// What it is for.
    #[serde(default)]
    pub applies_to: AppliesTo,
    /// Whether its times are UTC instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub utc: bool,
}

/// What a maintenance window is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AppliesTo {
    /// All deployments.
    #[default]
    AllDeployments,
    /// Software updates.
    SoftwareUpdates,
    /// Task sequences: nothing to updates.
    TaskSequences,
}

/// A time without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(pub NaiveDateTime);

/// A text that is no time without a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time of the device's own clock: expected one like `2024-01-06T01:00:00`")]
pub struct NotALocalTime(String);

impl MaintenanceWindow {
    pub(super) fn check(&self, path: &str) -> Result<(), ProfileError> {
        let length = self.length();
        if length <= TimeDelta::zero() {
            return Err(wrong(format!("{path}.ends"), "is not later than `starts`"));
        }
        if length < TimeDelta::minutes(5) || length > TimeDelta::days(1) {
            return Err(wrong(format!("{path}.ends"), "expected five minutes to a day after `starts`"));
        }
        if self.every.is_some_and(|every| every.as_secs() < 86_400) {
            return Err(wrong(format!("{path}.every"), "expected a day at least"));
        }
        Ok(())
    }

    /// How long it lasts.
    #[must_use]
    pub fn length(&self) -> TimeDelta {
        self.ends.0 - self.starts.0
    }

    fn first(&self, zone: FixedOffset) -> Option<DateTime<Utc>> {
        if self.utc {
            return Some(self.starts.0.and_utc());
        }
        self.starts.0.checked_sub_offset(zone).map(|starts| starts.and_utc())
    }
}

/// From when until when, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::agent) struct Span {
    pub(in crate::agent) starts: DateTime<Utc>,
    pub(in crate::agent) ends: DateTime<Utc>,
}

/// The maintenance windows that hold for software updates on a device; overlapping ones are one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::agent) struct Windows(Vec<Recurring>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Recurring {
    first: DateTime<Utc>,
    length: TimeDelta,
    every: Option<TimeDelta>,
}

impl Windows {
    /// Windows for updates alone take the place of those for all deployments, unless a client setting adds these.
    pub(in crate::agent) fn of<'w>(
        windows: impl Iterator<Item = &'w MaintenanceWindow> + Clone,
        in_all_windows: bool,
        zone: FixedOffset,
    ) -> Self {
        let is_for_updates = |window: &MaintenanceWindow| window.applies_to == AppliesTo::SoftwareUpdates;
        let only_those = windows.clone().any(is_for_updates) && !in_all_windows;
        let holds = |window: &MaintenanceWindow| match window.applies_to {
            AppliesTo::AllDeployments => !only_those,
            AppliesTo::SoftwareUpdates => true,
            AppliesTo::TaskSequences => false,
        };
        let recurring = windows.filter(|window| holds(window)).filter_map(|window| {
            let every = window.every.and_then(|every| i64::try_from(every.as_secs()).ok());
            let every = every.and_then(TimeDelta::try_seconds);
            Some(Recurring { first: window.first(zone)?, length: window.length(), every })
        });
        Self(recurring.collect())
    }

    /// Whether there is none: then nothing is kept waiting.
    pub(in crate::agent) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first time from `from` on in which `length` fits: that part of a window that is not over then. `None` where
    /// there is none; a span without length says when to look again.
    ///
    /// Source: the sources have both "longer than" and "as long as" the maximum run time; equal is enough (decided).
    pub(in crate::agent) fn fitting(&self, from: DateTime<Utc>, length: TimeDelta) -> Option<Span> {
        /// So many are looked at in one go.
        const MOST: usize = 1_000;
        if !self.can_hold(from, length) {
            return None;
        }
        let mut at = from;
        for _ in 0..MOST {
            let window = self.next(at)?;
            let starts = window.starts.max(at);
            if window.ends - starts >= length {
                return Some(Span { starts, ends: window.ends });
            }
            at = window.ends;
        }
        Some(Span { starts: at, ends: at })
    }

    /// Whether a window from `from` on is that long: by itself, with those that overlap it, or because it goes over into
    /// its own next time.
    fn can_hold(&self, from: DateTime<Utc>, length: TimeDelta) -> bool {
        let live = Self(self.0.iter().copied().filter(|window| window.after(from).is_some()).collect());
        let is_endless = |window: &Recurring| window.every.is_some_and(|every| every <= window.length);
        if live.0.iter().any(|window| window.length >= length || is_endless(window)) {
            return true;
        }
        let all = live.0.iter().fold(TimeDelta::zero(), |sum, window| sum + window.length);
        all >= length && live.holds_together(length)
    }

    /// The same of windows that are each too short: everything that can overlap is looked at once.
    fn holds_together(&self, length: TimeDelta) -> bool {
        let day = TimeDelta::days(1);
        let (recurring, once): (Vec<_>, Vec<_>) =
            self.0.iter().copied().partition(|window| window.every.is_some());
        let Some(round) = round(&recurring) else {
            // They come together so seldom that nobody waits for it to be found out.
            return true;
        };
        let begun = recurring.iter().map(|window| window.first).max();
        let together = begun.map(|begun| (begun, later(begun, round + round + day)));
        let around = once.iter().map(|window| (later(window.first, -day), later(window.first, day + day)));
        together.into_iter().chain(around).any(|(starts, ends)| {
            let mut at = starts;
            while at < ends {
                let Some(window) = self.next(at) else { return false };
                if window.ends - window.starts >= length {
                    return true;
                }
                at = window.ends;
            }
            false
        })
    }

    /// The window that is open at `time`, or the next one, with those that overlap it.
    fn next(&self, time: DateTime<Utc>) -> Option<Span> {
        /// Longer than this no update takes.
        const LONGEST: TimeDelta = TimeDelta::days(14);
        let first = self.0.iter().filter_map(|window| window.after(time)).min_by_key(|span| span.starts)?;
        let mut merged = first;
        loop {
            let reaches = self.0.iter().filter_map(|window| window.after(merged.ends));
            let more = reaches.filter(|span| span.starts <= merged.ends).map(|span| span.ends).max();
            match more {
                Some(ends) if ends > merged.ends && merged.ends - time.max(merged.starts) < LONGEST => {
                    merged.ends = ends;
                }
                Some(_) | None => return Some(merged),
            }
        }
    }
}

/// After how long windows come round together; `None` where that is longer than a year.
fn round(recurring: &[Recurring]) -> Option<TimeDelta> {
    const LONGEST: i64 = 366 * 86_400;
    /// The greatest common divisor.
    const fn common(one: i64, other: i64) -> i64 {
        if other == 0 { one } else { common(other, one % other) }
    }
    let mut periods =
        recurring.iter().filter_map(|window| window.every).map(|every| every.num_seconds().max(1));
    let round = periods.try_fold(1, |round: i64, every| {
        let both = (round / common(round, every)).checked_mul(every)?;
        (both <= LONGEST).then_some(both)
    });
    round.map(TimeDelta::seconds)
}

fn later(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl Recurring {
    /// Its first time that is not over at `time`.
    fn after(self, time: DateTime<Utc>) -> Option<Span> {
        let span = |starts: DateTime<Utc>| {
            let ends = starts.checked_add_signed(self.length)?;
            Some(Span { starts, ends })
        };
        let first = span(self.first)?;
        if first.ends > time {
            return Some(first);
        }
        let every = self.every?.num_seconds().max(1);
        let passed = (time - first.ends).num_seconds();
        let step = TimeDelta::try_seconds((passed / every + 1).checked_mul(every)?)?;
        span(self.first.checked_add_signed(step)?)
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%dT%H:%M:%S").fmt(f)
    }
}

impl Serialize for LocalTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LocalTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = LocalTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time like `2024-01-06T01:00:00`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<LocalTime, E> {
                let forms = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
                // Four digits for the year, as everywhere else.
                let is_plain = |time: &NaiveDateTime| (1..=9998).contains(&chrono::Datelike::year(time));
                let time = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
                let time = time.filter(is_plain).map(LocalTime);
                time.ok_or_else(|| E::custom(NotALocalTime(text.to_owned())))
            }

            /// The toml crate hands its own times out as a map of one text.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LocalTime, A::Error> {
                match map.next_entry::<String, String>()? {
                    Some((key, text)) if key.starts_with("$__toml") => self.visit_str(&text),
                    _ => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
                }
            }
        }

        deserializer.deserialize_any(Text)
    }
}

impl JsonSchema for LocalTime {
    fn schema_name() -> Cow<'static, str> {
        "LocalTime".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(starts: &str, ends: &str, every: Option<&str>) -> MaintenanceWindow {
        let time = |text: &str| serde_json::from_value(text.into()).unwrap();
        let every = every.map(|every| every.parse().unwrap());
        MaintenanceWindow {
            starts: time(starts),
            ends: time(ends),
            every,
            applies_to: AppliesTo::AllDeployments,
            utc: false,
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn fitting(windows: &[MaintenanceWindow], from: &str, minutes: i64) -> Option<(String, String)> {
        let tokyo = FixedOffset::east_opt(9 * 3_600).unwrap();
        let windows = Windows::of(windows.iter(), false, tokyo);
        let span = windows.fitting(at(from), TimeDelta::minutes(minutes))?;
        let text = |time: DateTime<Utc>| time.format("%d %H:%M").to_string();
        Some((text(span.starts), text(span.ends)))
    }

    fn times(starts: &str, ends: &str) -> Option<(String, String)> {
        Some((starts.to_owned(), ends.to_owned()))
    }

    #[test]
    fn what_is_left_of_a_window_must_be_long_enough() {
        let daily = [window("2024-01-06T01:00", "2024-01-06T04:00", Some("P1D"))];
        assert_eq!(fitting(&daily, "2024-01-05T12:00:00Z", 60), times("05 16:00", "05 19:00"));
        assert_eq!(fitting(&daily, "2024-01-05T17:30:00Z", 60), times("05 17:30", "05 19:00"));
        assert_eq!(fitting(&daily, "2024-01-05T18:00:00Z", 60), times("05 18:00", "05 19:00"));
        assert_eq!(fitting(&daily, "2024-01-05T18:01:00Z", 60), times("06 16:00", "06 19:00"));
        assert_eq!(fitting(&daily, "2024-01-05T12:00:00Z", 181), None);
    }

    #[test]
    fn a_window_that_comes_once_is_over_then() {
        let once = [window("2024-01-06T01:00", "2024-01-06T04:00", None)];
        assert_eq!(fitting(&once, "2024-01-05T19:00:00Z", 5), None);
        assert_eq!(fitting(&once, "2024-01-05T18:55:00Z", 5), times("05 18:55", "05 19:00"));
    }

    #[test]
    fn windows_that_overlap_are_one() {
        let two = [
            window("2024-01-06T01:00", "2024-01-06T03:00", Some("P7D")),
            window("2024-01-06T02:00", "2024-01-06T05:00", Some("P7D")),
        ];
        assert_eq!(fitting(&two, "2024-01-05T12:00:00Z", 240), times("05 16:00", "05 20:00"));
        assert_eq!(fitting(&two, "2024-01-05T12:00:00Z", 241), None);
        let endless = [window("2024-01-06T00:00", "2024-01-07T00:00", Some("P1D"))];
        assert!(fitting(&endless, "2024-01-09T12:00:00Z", 9_999).is_some());
    }

    #[test]
    fn windows_that_never_meet_do_not_add_up() {
        let two = [
            window("2024-01-06T01:00", "2024-01-06T03:00", Some("P7D")),
            window("2024-01-07T01:00", "2024-01-07T03:00", Some("P7D")),
        ];
        assert_eq!(fitting(&two, "2024-01-05T12:00:00Z", 180), None);
        // They meet each seventh time.
        let apart = [
            window("2024-01-06T01:00", "2024-01-06T03:00", Some("P1D")),
            window("2024-01-05T03:00", "2024-01-05T05:00", Some("P7D")),
        ];
        assert_eq!(fitting(&apart, "2024-01-05T12:00:00Z", 240), times("11 16:00", "11 20:00"));
        // One that is far away is no reason to look at every day until then.
        let far = [
            window("2024-01-06T01:00", "2024-01-06T04:00", Some("P1D")),
            window("9998-01-06T01:00", "9998-01-06T04:00", None),
        ];
        assert_eq!(fitting(&far, "2024-01-05T12:00:00Z", 240), None);
        let meets = [
            window("2024-01-06T01:00", "2024-01-06T04:00", Some("P1D")),
            window("2028-01-06T04:00", "2028-01-06T06:00", None),
        ];
        let (starts, ends) = fitting(&meets, "2024-01-05T12:00:00Z", 240).unwrap();
        assert_eq!(starts, ends, "it is looked at again then");
    }

    #[test]
    fn windows_for_updates_take_the_place_of_those_for_all() {
        let mut own = window("2024-01-06T10:00", "2024-01-06T11:00", Some("P1D"));
        own.applies_to = AppliesTo::SoftwareUpdates;
        let all = window("2024-01-06T01:00", "2024-01-06T04:00", Some("P1D"));
        let both = [all, own];
        assert_eq!(fitting(&both, "2024-01-05T12:00:00Z", 60), times("06 01:00", "06 02:00"));
        assert_eq!(fitting(&both, "2024-01-05T12:00:00Z", 61), None);
        let utc = FixedOffset::east_opt(0).unwrap();
        let with_all = Windows::of(both.iter(), true, utc);
        assert!(with_all.fitting(at("2024-01-05T12:00:00Z"), TimeDelta::minutes(180)).is_some());
        let mut none = both;
        none.iter_mut().for_each(|window| window.applies_to = AppliesTo::TaskSequences);
        assert!(Windows::of(none.iter(), false, utc).is_empty());
    }
}
