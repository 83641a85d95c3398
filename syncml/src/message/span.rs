//! Where a piece of a message stood in its bytes.

use std::ops::Range;

/// A range of byte offsets in the decoded text of a message.
///
/// Two spans are always equal: a message that was read equals one that was built, or read from another
/// encoding, when both say the same.
#[derive(Clone, Copy, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span as a range of offsets.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether nothing stood there.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// The span of `range`. Offsets beyond 4 GiB, which no message reaches, are clipped.
    #[must_use]
    pub fn new(range: Range<usize>) -> Self {
        let clip = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: clip(range.start), end: clip(range.end) }
    }
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Span {}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}
