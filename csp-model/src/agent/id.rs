//! What an update or a classification is known by.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::random::{Draw, Purpose};

/// The UpdateID of an update, or the GUID of a classification.
///
/// Read with or without braces and in any case; written in lower case without braces, as Windows lists it
/// (observed: iot-core-azure-dm-client's end-to-end tests).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UpdateId(Uuid);

/// A text that is no GUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a GUID")]
pub struct NotAGuid(String);

impl UpdateId {
    /// The id with these 128 bits.
    #[must_use]
    pub const fn from_u128(bits: u128) -> Self {
        Self(Uuid::from_u128(bits))
    }

    /// Reads a GUID; `None` when the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
        // `Uuid` would also take 32 digits without hyphens, and URNs.
        (bare.len() == uuid::fmt::Hyphenated::LENGTH).then(|| Uuid::try_parse(bare).ok().map(Self))?
    }
}

impl UpdateId {
    /// The id of the update numbered `number` of a series.
    pub(crate) fn of_series(title: &str, number: u32) -> Self {
        let start = Draw::new(number.into(), Purpose::Series);
        let draw = title.bytes().fold(start, |draw, byte| draw.number(byte.into()));
        let (high, low) = (draw.bits(), draw.number(1).bits());
        Self(
            uuid::Builder::from_random_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
                .into_uuid(),
        )
    }

    /// The upper and the lower 64 bits.
    pub(crate) const fn halves(self) -> [u64; 2] {
        let (high, low) = self.0.as_u64_pair();
        [high, low]
    }

    /// Shows the text to `visit` without an allocation.
    pub(crate) fn with_str(self, visit: impl FnOnce(&str)) {
        visit(self.0.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()));
    }
}

impl std::fmt::Display for UpdateId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl std::str::FromStr for UpdateId {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, NotAGuid> {
        Self::parse(text).ok_or_else(|| NotAGuid(text.to_owned()))
    }
}

impl TryFrom<String> for UpdateId {
    type Error = NotAGuid;

    fn try_from(text: String) -> Result<Self, NotAGuid> {
        text.parse()
    }
}

impl From<UpdateId> for String {
    fn from(id: UpdateId) -> Self {
        id.to_string()
    }
}
