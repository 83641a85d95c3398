//! What the benches share: pairs measured side by side, allocations counted, and the table that is printed.
//!
//! A time is worth something beside another one from the same run on the same machine, so a subject and its floor
//! alternate in short rounds, and the median of the rounds counts.

use std::alloc::System;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use stats_alloc::{Region, StatsAlloc};

pub mod load;
pub mod messages;

/// How many rounds a pair is measured in.
const ROUNDS: usize = 101;

/// What a subject costs beside its floor.
#[derive(Debug, Clone, Copy)]
pub struct Paired {
    /// Nanoseconds of the floor, the median of the rounds.
    pub floor: f64,
    /// Nanoseconds of the subject.
    pub subject: f64,
    /// The median of the rounds' ratios.
    pub ratio: f64,
}

/// Measures `subject` beside `floor`, `times` calls of each a round.
pub fn paired<A, B>(times: u32, mut floor: impl FnMut() -> A, mut subject: impl FnMut() -> B) -> Paired {
    let rounds: Vec<_> = (0..ROUNDS).map(|_| (time(times, &mut floor), time(times, &mut subject))).collect();
    Paired {
        floor: median(rounds.iter().map(|round| round.0)),
        subject: median(rounds.iter().map(|round| round.1)),
        ratio: median(rounds.iter().map(|round| round.1 / round.0)),
    }
}

/// The median of `figures`; not a number of none.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The allocations (new and grown) of one call, and the bytes that its result keeps.
pub fn allocations<T>(allocator: &StatsAlloc<System>, call: impl FnOnce() -> T) -> (usize, isize, T) {
    let region = Region::new(allocator);
    let result = call();
    let change = region.change();
    let kept = change.bytes_allocated.cast_signed() - change.bytes_deallocated.cast_signed();
    (change.allocations + change.reallocations, kept, result)
}

/// The table of a bench: what was measured, the figure, and what it may be at most.
#[derive(Debug, Default)]
pub struct Table(Vec<[String; 3]>);

impl Table {
    /// Adds a figure and its bound.
    pub fn row(&mut self, what: &str, figure: f64, bound: f64, unit: &str) {
        let verdict = if figure <= bound { "" } else { "  <-- above" };
        self.0.push([what.to_owned(), format!("{figure:.2} {unit}"), format!("{bound} {unit}{verdict}")]);
    }

    /// Adds a figure that may not be smaller than its bound.
    pub fn at_least(&mut self, what: &str, figure: f64, bound: f64, unit: &str) {
        let verdict = if figure >= bound { "" } else { "  <-- below" };
        self.0.push([
            what.to_owned(),
            format!("{figure:.2} {unit}"),
            format!("at least {bound} {unit}{verdict}"),
        ]);
    }

    /// Adds a ratio that only informs.
    pub fn ratio(&mut self, what: &str, figure: f64) {
        self.0.push([what.to_owned(), format!("{figure:.2} "), "-".to_owned()]);
    }

    /// Adds a figure that only informs.
    pub fn note(&mut self, what: &str, figure: f64, unit: &str) {
        self.0.push([what.to_owned(), format!("{figure:.0} {unit}"), "-".to_owned()]);
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = format!("\n{:<58} {:>16}   {}\n", "what", "measured", "at most");
        for [what, figure, bound] in &self.0 {
            writeln!(text, "{what:<58} {figure:>16}   {bound}")?;
        }
        f.write_str(&text)
    }
}

fn time<T>(times: u32, call: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        black_box(call());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
}
