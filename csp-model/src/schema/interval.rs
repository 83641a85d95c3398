//! Ranges of numbers, as `MSFT:AllowedValues` writes them.

use std::fmt;

/// A range of numbers with both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The least.
    pub first: i64,
    /// The greatest.
    pub last: i64,
}

impl Interval {
    /// The intervals that a `Range` writes: `[0-23]`, `[-5--1]`, `[3]`, several of them with or without something
    /// between; brackets may be left out. `None` when the text is none of these.
    #[must_use]
    pub fn parse_all(text: &str) -> Option<Vec<Self>> {
        let between = |c: char| c.is_whitespace() || matches!(c, '[' | ']' | ',' | ';' | '|');
        let parts = text.split(between).filter(|part| !part.is_empty());
        let intervals: Vec<_> = parts.map(Self::parse).collect::<Option<_>>()?;
        (!intervals.is_empty()).then_some(intervals)
    }

    fn parse(text: &str) -> Option<Self> {
        // A dash at the start is a sign, not the dash between the ends.
        let dash = text.char_indices().skip(1).find(|(_, c)| *c == '-');
        let (first, last) = dash.map_or((text, text), |(at, _)| (&text[..at], &text[at + 1..]));
        let interval = Self { first: number(first)?, last: number(last)? };
        (interval.first <= interval.last).then_some(interval)
    }

    /// In words, to stand after "a number".
    pub(super) fn words(&self) -> String {
        if self.first == self.last {
            self.first.to_string()
        } else {
            format!("from {} to {}", self.first, self.last)
        }
    }
}

impl fmt::Display for Interval {
    /// As a `Range` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "[{}]", self.first)
        } else {
            write!(f, "[{}-{}]", self.first, self.last)
        }
    }
}

/// A decimal number, or a hexadecimal one as flags are written (`0x1F`).
pub(super) fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    hexadecimal.map_or_else(|| text.parse().ok(), |digits| i64::from_str_radix(digits, 16).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for (text, written) in [
            ("[0-23]", "[0-23]"),
            ("[-7--3],[0];[5-6]", "[-7--3][0][5-6]"),
            ("[0-4294967295]", "[0-4294967295]"),
            (" 1-2 | [0x10] ", "[1-2][16]"),
        ] {
            let intervals = Interval::parse_all(text).expect("intervals");
            assert_eq!(intervals.iter().map(ToString::to_string).collect::<String>(), written);
        }
        for text in ["", "[]", "[a-b]", "[5-1]", "[1-2-3]", "many"] {
            assert_eq!(Interval::parse_all(text), None, "{text}");
        }
    }
}
