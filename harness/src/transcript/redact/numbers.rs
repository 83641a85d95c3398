//! Which secret has which number.
//!
//! Deliberately absent: where secrets stand.

use std::collections::BTreeMap;
use std::mem;

use memchr::memmem;
use sha2::{Digest as _, Sha256};

/// What stands for secrets, without its number.
pub(super) const PLACEHOLDER: &str = "REDACTED";

/// The most digits of a number that is read: counting on from there never ends.
const LONGEST: usize = 12;

/// What a secret is that looks like what stands for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Placeholders {
    /// A secret like any other, with a number of its own: a peer can say what it likes.
    #[default]
    Secret,
    /// What was put there before: it stays.
    Kept,
    /// The same, but it is only looked for: no secret has a number yet.
    Sought,
}

/// Gives numbers to secrets.
///
/// Memory is bounded: a secret that was not met among the last [`Numbers::REMEMBERED`] different ones is forgotten,
/// and has another number when it comes again.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    placeholders: Placeholders,
    last: u64,
    recent: BTreeMap<[u8; 32], u64>,
    older: BTreeMap<[u8; 32], u64>,
}

impl Numbers {
    const REMEMBERED: usize = 32_768;

    /// Numbers that are only looked for.
    pub(super) fn sought() -> Self {
        Self { placeholders: Placeholders::Sought, ..Self::default() }
    }

    /// The numbers above those that were found.
    pub(super) fn above(found: &Self) -> Self {
        Self { placeholders: Placeholders::Kept, last: found.last, ..Self::default() }
    }

    /// Looks for numbers that the text has, wherever they stand.
    pub(super) fn seek(&mut self, text: &[u8]) {
        if self.placeholders == Placeholders::Sought {
            for at in memmem::find_iter(text, PLACEHOLDER) {
                let digits = text.get(at + PLACEHOLDER.len()..).unwrap_or_default();
                let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let found = text.get(at..at + PLACEHOLDER.len() + length).and_then(number_of);
                self.last = self.last.max(found.unwrap_or_default());
            }
        }
    }

    /// What stands for a secret.
    pub(super) fn placeholder(&mut self, secret: &[u8]) -> String {
        match (self.placeholders, number_of(secret)) {
            (Placeholders::Kept | Placeholders::Sought, Some(number)) => {
                self.last = self.last.max(number);
                return String::from_utf8_lossy(secret).into_owned();
            }
            (Placeholders::Sought, None) => return format_of(0),
            (Placeholders::Secret, _) | (Placeholders::Kept, None) => {}
        }
        let digest = Sha256::digest(secret).into();
        let number = match self.recent.get(&digest).or_else(|| self.older.get(&digest)) {
            Some(number) => *number,
            None => {
                self.last = self.last.saturating_add(1);
                self.last
            }
        };
        self.recent.insert(digest, number);
        if self.recent.len() >= Self::REMEMBERED {
            self.older = mem::take(&mut self.recent);
        }
        format_of(number)
    }
}

/// As many digits as Base64 wants: a multiple of four.
fn format_of(number: u64) -> String {
    let digits = number.to_string();
    let width = digits.len().next_multiple_of(4);
    format!("{PLACEHOLDER}{digits:0>width$}")
}

/// The number that a placeholder has. None has the number 0.
pub(super) fn number_of(text: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(text).ok()?.strip_prefix(PLACEHOLDER)?;
    let number = digits.parse().ok().filter(|number| *number > 0 && digits.len() <= LONGEST)?;
    (format_of(number).as_bytes() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_says_is_no_number_of_ours() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.placeholder(b"one"), "REDACTED0001");
        assert_eq!(numbers.placeholder(b"REDACTED0001"), "REDACTED0002");
        assert_eq!(numbers.placeholder(b"REDACTED18446744073709551615"), "REDACTED0003");
        assert_eq!(numbers.placeholder(b"two"), "REDACTED0004");
    }

    #[test]
    fn numbers_go_on_above_those_that_are_there() {
        let mut sought = Numbers::sought();
        sought.seek(b"REDACTED0007 REDACTED18446744073709551615 REDACTED3");
        assert_eq!(sought.placeholder(b"REDACTED0009"), "REDACTED0009");
        assert_eq!(sought.placeholder(b"one"), "REDACTED0000");
        let mut kept = Numbers::above(&sought);
        assert_eq!(kept.placeholder(b"one"), "REDACTED0010");
        assert_eq!(kept.placeholder(b"REDACTED0009"), "REDACTED0009");
        assert_eq!(kept.placeholder(b"REDACTED18446744073709551615"), "REDACTED0011");
        let mut sought = Numbers::sought();
        sought.seek(b"REDACTED999999999999");
        let mut kept = Numbers::above(&sought);
        assert_eq!(kept.placeholder(b"one"), "REDACTED0001000000000000");
        assert_eq!(kept.placeholder(b"REDACTED0001000000000000"), "REDACTED0001000000000001");
    }
}
