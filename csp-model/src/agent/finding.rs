//! What is odd about a device's configuration.

/// Something odd about a device's configuration, that explains why updates come otherwise than expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What it is, for programs: `partial-scan-source`.
    pub id: &'static str,
    /// What it is and what follows from it, for people.
    pub text: String,
}
