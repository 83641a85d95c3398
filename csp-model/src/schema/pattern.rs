//! Regular expressions of device descriptions.
//!
//! Deliberately absent: .NET's own syntax. A pattern that cannot be used here allows everything, and is a warning
//! when the description is read.

use fancy_regex::{Expr, Regex, RegexBuilder};

/// A regular expression that a whole text must match.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: Box<str>,
    regex: Option<Regex>,
}

impl Pattern {
    /// The pattern `text`, and why it cannot be used when it cannot: it then matches everything.
    #[must_use]
    pub fn new(text: &str) -> (Self, Option<String>) {
        let compiled = if text.len() > LONGEST {
            Err(format!("is longer than {LONGEST} bytes"))
        } else {
            // First on its own: what follows puts it between brackets, which could close one of its own.
            Expr::parse_tree(text).and_then(|_| compile(text)).map_err(|error| error.to_string())
        };
        let (regex, trouble) = match compiled {
            Ok(regex) => (Some(regex), None),
            Err(trouble) => (None, Some(trouble)),
        };
        (Self { text: text.into(), regex }, trouble)
    }

    /// A text that describes values in words and matches everything.
    #[must_use]
    pub fn prose(text: &str) -> Self {
        Self { text: text.into(), regex: None }
    }

    /// What the description says.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the pattern can be used; one that cannot matches everything.
    #[must_use]
    pub const fn is_used(&self) -> bool {
        self.regex.is_some()
    }

    /// Whether the whole of `value` matches. A match that takes too many steps to decide is a match.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        self.regex.as_ref().is_none_or(|regex| regex.is_match(value).unwrap_or(true))
    }
}

impl PartialEq for Pattern {
    /// By text: one text makes one pattern.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

/// Descriptions mean the whole value whether or not they write anchors.
fn compile(text: &str) -> fancy_regex::Result<Regex> {
    RegexBuilder::new(&format!(r"\A(?:{text})\z"))
        .backtrack_limit(BACKTRACKS)
        .delegate_size_limit(SIZE)
        .delegate_dfa_size_limit(SIZE)
        .build()
}

const LONGEST: usize = 16 * 1024;
const BACKTRACKS: usize = 100_000;
const SIZE: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_whole_text() {
        let (pattern, trouble) = Pattern::new("a|bc");
        assert_eq!(trouble, None);
        assert!(pattern.matches("a") && pattern.matches("bc"));
        assert!(!pattern.matches("ac") && !pattern.matches("a\n"));
        let (anchored, _) = Pattern::new(r"^(\d\.)?(\d)$");
        assert!(anchored.matches("5.0") && !anchored.matches("50"));
    }

    #[test]
    fn a_pattern_out_of_use_matches_everything() {
        for text in ["(", "[a-", &"x".repeat(LONGEST + 1), &"(".repeat(5000), "a)(b"] {
            let (pattern, trouble) = Pattern::new(text);
            assert!(trouble.is_some() && !pattern.is_used() && pattern.matches("anything"), "{text:.40}");
        }
    }

    #[test]
    fn a_hard_match_ends() {
        let (pattern, trouble) = Pattern::new(r"(?=(a+)+$)(a|aa)+\1b");
        assert_eq!(trouble, None);
        let _decided_or_given_up = pattern.matches(&"a".repeat(200));
    }
}
