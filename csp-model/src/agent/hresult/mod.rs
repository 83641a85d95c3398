//! Windows error codes: the number, what is known of it, and how people and logs write it.
//!
//! Deliberately absent: codes of which nothing true could be said. Of those, [`Family`] says what the number itself tells.

mod catalogue;
mod category;
mod family;
mod reading;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use catalogue::{Entry, Remedy};
pub use category::Category;
pub use family::Family;
pub use reading::{Misspelling, NotACode, Notation, Reading, Written, read};

/// An HRESULT: a signed 32-bit number, shown in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HResult(pub i32);

/// A text that is no HRESULT.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an HRESULT: expected `0x` and up to eight hexadecimal digits, or a 32-bit decimal number"
)]
pub struct NotAnHResult(String);

impl HResult {
    /// `S_OK`
    pub const OK: Self = Self(0);
    /// `HRESULT_FROM_WIN32(ERROR_NOT_FOUND)`
    pub const NOT_FOUND: Self = Self::from_bits(0x8007_0490);

    /// The code with these bits, as it is written in hexadecimal.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(i32::from_ne_bytes(bits.to_ne_bytes()))
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        u32::from_ne_bytes(self.0.to_ne_bytes())
    }
}

impl std::fmt::Display for HResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0x{:08X}", self.bits())
    }
}

impl std::fmt::Debug for HResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for HResult {
    type Err = NotAnHResult;

    /// Reads `0x80240017`, `-2145124329` and `2149842967` alike.
    fn from_str(text: &str) -> Result<Self, NotAnHResult> {
        let error = || NotAnHResult(text.to_owned());
        let trimmed = text.trim();
        if let Some(digits) = trimmed.strip_prefix("0x").or_else(|| trimmed.strip_prefix("0X")) {
            // `from_str_radix` would take a sign.
            let all_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            return all_digits
                .then(|| u32::from_str_radix(digits, 16).ok())
                .flatten()
                .map(Self::from_bits)
                .ok_or_else(error);
        }
        trimmed.parse().map(Self).or_else(|_| trimmed.parse().map(Self::from_bits)).map_err(|_| error())
    }
}

impl Serialize for HResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
