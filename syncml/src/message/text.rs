//! Text that shares the body of the message it came from.

use std::ops::{Deref, Range};
use std::sync::{Arc, LazyLock};

/// A piece of text: a slice of a shared body, a shared string, or a constant.
///
/// Cloning never copies characters. Equality and order are those of the characters.
#[derive(Clone)]
pub struct Text(Repr);

#[derive(Clone)]
enum Repr {
    Static(&'static str),
    Slice { body: Arc<str>, start: u32, end: u32 },
}

impl Text {
    /// The empty text.
    pub const EMPTY: Self = Self::from_static("");

    /// A constant.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(Repr::Static(text))
    }

    /// The part `range` of `body`; the whole body when the range is not one of its character ranges.
    #[must_use]
    #[inline]
    pub fn slice(body: &Arc<str>, range: Range<usize>) -> Self {
        debug_assert!(
            body.get(range.clone()).is_some(),
            "{range:?} is not a range of characters of the body"
        );
        let (Ok(start), Ok(end)) = (u32::try_from(range.start), u32::try_from(range.end)) else {
            return body.get(range).map_or(Self::EMPTY, Self::from);
        };
        Self(Repr::Slice { body: Arc::clone(body), start, end })
    }

    /// A decimal number. Small ones, the CmdIDs of any ordinary answer, cost no allocation.
    #[must_use]
    pub fn number(number: usize) -> Self {
        const WIDTH: usize = 4;
        static DIGITS: LazyLock<String> =
            LazyLock::new(|| (0..10_000).map(|n| format!("{n:>WIDTH$}")).collect());
        DIGITS
            .get(number.saturating_mul(WIDTH)..number.saturating_add(1).saturating_mul(WIDTH))
            .map_or_else(|| Self::from(number.to_string()), |digits| Self::from_static(digits.trim_start()))
    }

    /// The characters.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Static(text) => text,
            Repr::Slice { body, start, end } => body.get(*start as usize..*end as usize).unwrap_or_default(),
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl From<Arc<str>> for Text {
    fn from(body: Arc<str>) -> Self {
        let end = body.len();
        Self::slice(&body, 0..end)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::EMPTY } else { Self::from(Arc::<str>::from(text)) }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self)
    }
}
