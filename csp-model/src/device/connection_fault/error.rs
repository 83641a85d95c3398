//! What can be wrong with a connection fault as it is written.

use super::written::Kind;

/// A connection fault that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAConnectionFault {
    /// A word that is no kind.
    #[error("`{0}` is no fault of a connection: expected one of {kinds}", kinds = kinds())]
    Kind(String),
    /// A parameter that does not exist.
    #[error("`{0}` is no parameter of a fault: expected one of {keys}, as in `{EXAMPLE}`", keys = KEYS.join(", "))]
    Key(String),
    /// A parameter without a value.
    #[error("`{0}` has no value: expected `KEY=VALUE`, as in `{EXAMPLE}`")]
    NoValue(String),
    /// A parameter that stands there twice.
    #[error("`{0}` stands there twice")]
    Twice(&'static str),
    /// A value that is none.
    #[error("`{key}`: {what}")]
    Value {
        /// The parameter.
        key: &'static str,
        /// What is wrong, and what is expected.
        what: String,
    },
    /// A parameter that the kind needs.
    #[error("`{key}` is missing: `{kind}` needs {what}")]
    Missing {
        /// The kind.
        kind: &'static str,
        /// The parameter.
        key: &'static str,
        /// What it says.
        what: &'static str,
    },
    /// A parameter of another kind.
    #[error("`{key}` is no parameter of `{kind}`: {expected}")]
    Foreign {
        /// The kind.
        kind: &'static str,
        /// The parameter.
        key: &'static str,
        /// What the kind has instead.
        expected: &'static str,
    },
}

const EXAMPLE: &str = "truncate,message=2,bytes=100";
pub(super) const KEYS: [&str; 7] = ["message", "probability", "count", "by", "to", "mean", "bytes"];

fn kinds() -> String {
    Kind::ALL.map(Kind::name).join(", ")
}
