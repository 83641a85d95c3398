//! Text that shares the body of the message it came from.

use std::ops::{Deref, Range};
use std::sync::Arc;

/// A piece of text: a slice of a shared body, a shared string, or a constant.
///
/// Cloning never copies characters. Equality and order are those of the characters.
#[derive(Clone)]
pub struct Text(Repr);

/// No variant is larger than two words, which leaves the tag room for the `None` of an `Option`: messages hold dozens
/// of them.
#[derive(Clone)]
enum Repr {
    Static(&'static str),
    Shared(Arc<str>),
    Slice { body: Arc<String>, start: u32, end: u32 },
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
    pub fn slice(body: &Arc<String>, range: Range<usize>) -> Self {
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
    pub fn number(number: impl Copy + std::fmt::Display + TryInto<usize>) -> Self {
        let small = number.try_into().ok().and_then(numbers::small);
        small.map_or_else(|| Self::from(number.to_string()), Self::from_static)
    }

    /// The constant for `text`, if it is a small number as [`number`](Self::number) writes it, or a usual Format: a
    /// constant is cheaper than a share in a body.
    #[inline]
    pub(crate) fn known(text: &str) -> Option<Self> {
        let number = match text.as_bytes() {
            [digit @ b'0'..=b'9'] => usize::from(digit - b'0'),
            b"chr" => return Some(Self::from_static("chr")),
            b"int" => return Some(Self::from_static("int")),
            b"node" => return Some(Self::from_static("node")),
            [b'1'..=b'9', ..] if text.len() <= numbers::WIDTH => text.parse().ok()?,
            _ => return None,
        };
        numbers::small(number).map(Self::from_static)
    }

    /// The characters.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Static(text) => text,
            Repr::Shared(text) => text,
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
        Self(Repr::Shared(body))
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

/// The small numbers, written one behind the other.
mod numbers {
    /// How many digits they have at most.
    pub(super) const WIDTH: usize = 4;
    const COUNT: usize = 10_usize.pow(WIDTH as u32);

    /// The digits of each, with zeros before them.
    static PADDED: [u8; COUNT * WIDTH] = {
        let mut digits = [b'0'; COUNT * WIDTH];
        let mut at = 0;
        while at < digits.len() {
            let power = 10_usize.pow((WIDTH - 1 - at % WIDTH) as u32);
            digits[at] += (at / WIDTH / power % 10) as u8;
            at += 1;
        }
        digits
    };

    static TEXT: &str = match std::str::from_utf8(&PADDED) {
        Ok(text) => text,
        Err(_) => "",
    };

    /// The digits of `number`, if it is a small one.
    pub(super) fn small(number: usize) -> Option<&'static str> {
        let zeros = match number {
            0..10 => 3,
            10..100 => 2,
            100..1_000 => 1,
            1_000..COUNT => 0,
            _ => return None,
        };
        TEXT.get(number * WIDTH + zeros..(number + 1) * WIDTH)
    }
}
