//! Chance, as a pure function: the same seed, purpose and occasion give the same number, whatever was drawn before.
//!
//! So a device draws the same whether its clock moves in one step or in many.

use chrono::{DateTime, TimeDelta, Utc};

use super::UpdateId;

/// What is left to chance.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// How long after a scan the next one comes.
    Detection = 1,
    /// When a scheduled installation begins.
    Schedule = 2,
    /// Whether a fault strikes; the number is its place in the plan.
    Fault = 3,
    /// How long after a change Group Policy is refreshed.
    PolicyRefresh = 4,
    /// The ids of the updates of a series.
    Series = 5,
    /// How long after its deadline a deployment is installed.
    Deadline = 6,
}

/// A draw: a seed, and what is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw(u64);

impl Draw {
    pub(super) const fn new(seed: u64, purpose: Purpose) -> Self {
        Self::of(seed, purpose as u64)
    }

    /// A draw for a purpose of somebody else's; the agent's own have numbers below 100.
    #[must_use]
    pub const fn of(seed: u64, purpose: u64) -> Self {
        Self(mix(seed ^ mix(purpose)))
    }

    /// The same for one of several occasions.
    #[must_use]
    pub const fn number(self, number: u64) -> Self {
        Self(mix(self.0 ^ number))
    }

    pub(super) const fn at(self, time: DateTime<Utc>) -> Self {
        self.number(time.timestamp().cast_unsigned())
    }

    pub(super) fn update(self, id: UpdateId) -> Self {
        let [high, low] = id.halves();
        self.number(high).number(low)
    }

    /// The number that was drawn.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether what has this probability comes about.
    pub(super) fn happens(self, probability: f64) -> bool {
        // 53 bits are as fine as a number from 0 to 1 can be.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let drawn = (self.0 >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < probability
    }

    /// A length of time from `least` to `most`, in whole seconds.
    pub(super) fn between(self, least: TimeDelta, most: TimeDelta) -> TimeDelta {
        let range = (most - least).num_seconds().max(0).cast_unsigned() + 1;
        least + TimeDelta::seconds((self.0 % range).cast_signed())
    }
}

/// `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
const fn mix(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
