//! Status codes, and which one a fact about the tree becomes. The only file that knows both.

use csp_model::TreeError;
use csp_model::agent::HResult;

use crate::conformance::{self as rules, Rule};

/// A status code of OMA DM, with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode {
    text: &'static str,
    name: &'static str,
}

macro_rules! codes {
    ($($constant:ident $text:literal $name:literal)*) => {
        impl StatusCode {
            $(
                #[doc = concat!("`", $text, "` ", $name)]
                pub const $constant: Self = Self { text: $text, name: $name };
            )*

            /// Every code that the device gives.
            pub const ALL: &[Self] = &[$(Self::$constant),*];
        }
    };
}

codes! {
    OK "200" "OK"
    AUTHENTICATED "212" "authentication accepted"
    CHUNK_ACCEPTED "213" "chunked item accepted and buffered"
    NOT_EXECUTED "215" "not executed"
    ROLLED_BACK "216" "Atomic roll back OK"
    BAD_REQUEST "400" "bad request"
    INVALID_CREDENTIALS "401" "invalid credentials"
    NOT_FOUND "404" "not found"
    NOT_ALLOWED "405" "command not allowed"
    NOT_SUPPORTED "406" "optional feature not supported"
    MISSING_CREDENTIALS "407" "missing credentials"
    SIZE_REQUIRED "411" "size required"
    INCOMPLETE "412" "incomplete command"
    TOO_LARGE "413" "request entity too large"
    UNSUPPORTED_TYPE "415" "unsupported media type or format"
    ALREADY_EXISTS "418" "already exists"
    DEVICE_FULL "420" "device full"
    SIZE_MISMATCH "424" "size mismatch"
    COMMAND_FAILED "500" "command failed"
    ATOMIC_FAILED "507" "Atomic failed"
    ROLL_BACK_FAILED "516" "Atomic roll back failed"
    ATOMIC_TOO_LARGE "517" "Atomic response too large to fit"
}

impl StatusCode {
    /// The digits.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.text
    }

    /// What the code means, in a word or two.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether the command was not done: 400 and above.
    #[must_use]
    pub fn is_failure(self) -> bool {
        self.text >= "400"
    }
}

impl std::fmt::Display for StatusCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.text)
    }
}

/// What became of one command, or of one Item of it.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) code: StatusCode,
    pub(super) rule: &'static Rule,
    /// The Windows error behind a failure.
    pub(super) hresult: Option<HResult>,
    /// The fact that it rests on.
    pub(super) error: Option<TreeError>,
}

impl Outcome {
    pub(super) const fn new(code: StatusCode, rule: &'static Rule) -> Self {
        Self { code, rule, hresult: None, error: None }
    }

    pub(super) const fn done() -> Self {
        Self::new(StatusCode::OK, &rules::DONE)
    }

    pub(super) const fn because(mut self, bits: u32) -> Self {
        self.hresult = Some(HResult::from_bits(bits));
        self
    }
}

impl From<TreeError> for Outcome {
    fn from(error: TreeError) -> Self {
        let (code, rule, hresult) = match &error {
            TreeError::IllegalUri(_) => (StatusCode::NOT_FOUND, &rules::ILLEGAL_URI, 0x8600_0015),
            TreeError::NotFound => (StatusCode::NOT_FOUND, &rules::NOT_FOUND, 0x8600_0002),
            TreeError::AlreadyExists => (StatusCode::ALREADY_EXISTS, &rules::ALREADY_EXISTS, 0x8007_00B7),
            TreeError::NotAllowed { .. } => (StatusCode::NOT_ALLOWED, &rules::ACCESS, 0x8600_0011),
            TreeError::NotApplicable => (StatusCode::NOT_ALLOWED, &rules::NOT_APPLICABLE, 0x8600_0011),
            TreeError::WrongFormat { .. } => {
                (StatusCode::UNSUPPORTED_TYPE, &rules::WRONG_FORMAT, 0x8600_0001)
            }
            TreeError::BadValue { .. } => (StatusCode::UNSUPPORTED_TYPE, &rules::BAD_VALUE, 0x8600_0014),
            TreeError::Disallowed { .. } => (StatusCode::COMMAND_FAILED, &rules::DISALLOWED, 0x8007_0057),
            TreeError::InvalidName => (StatusCode::COMMAND_FAILED, &rules::BAD_NAME, 0x8007_0057),
            TreeError::TooMany(_) => (StatusCode::DEVICE_FULL, &rules::TOO_MANY, 0x8007_0070),
            TreeError::QueryNotSupported => {
                (StatusCode::NOT_SUPPORTED, &rules::QUERY_UNSUPPORTED, 0x8600_0013)
            }
            TreeError::AtomicRequired => (StatusCode::COMMAND_FAILED, &rules::ATOMIC_REQUIRED, 0x8600_0004),
            TreeError::RollbackRefused(_) => {
                (StatusCode::COMMAND_FAILED, &rules::ROLLBACK_REFUSED, 0x8007_0490)
            }
        };
        Self { code, rule, hresult: Some(HResult::from_bits(hresult)), error: Some(error) }
    }
}
