//! Why a command on the tree was not done.

use crate::agent::Refusal;
use crate::uri::UriError;
use crate::{Access, Format};

/// A command that was not done, as a fact about the tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The address is not one.
    #[error("{0}")]
    IllegalUri(#[from] UriError),
    /// There is no such node.
    #[error("there is no such node")]
    NotFound,
    /// The node to add is there.
    #[error("the node is there already")]
    AlreadyExists,
    /// The node does not allow it.
    #[error("the node does not allow {wanted}; it allows {allowed}")]
    NotAllowed {
        /// What was wanted.
        wanted: Access,
        /// What the node allows.
        allowed: Access,
    },
    /// This edition or version of Windows does not have the node.
    #[error("this edition or version of Windows does not have the node")]
    NotApplicable,
    /// The Format or the Data does not fit an interior node, or the Format is another than the node's.
    #[error("the node's format is {expected}")]
    WrongFormat {
        /// The node's format.
        expected: Format,
    },
    /// The Data does not spell a value of the node's format.
    #[error("the data spells no value of format {expected}")]
    BadValue {
        /// The node's format.
        expected: Format,
    },
    /// The value is not among the allowed ones.
    #[error("the value is not allowed: expected {expected}")]
    Disallowed {
        /// What is allowed.
        expected: String,
    },
    /// A node of that name cannot be.
    #[error("a node of that name cannot be")]
    InvalidName,
    /// There are as many nodes as there may be.
    #[error("there are {0} such nodes already, as many as there may be")]
    TooMany(u32),
    /// The property or query is not supported.
    #[error("the property or query is not supported")]
    QueryNotSupported,
    /// The node can only be written inside an Atomic.
    #[error("the node can only be written inside an Atomic")]
    AtomicRequired,
    /// The rollback was refused.
    #[error("the rollback was refused: {0}")]
    RollbackRefused(Refusal),
}

impl TreeError {
    /// A node that allows something else.
    pub(crate) const fn not_allowed(wanted: Access, allowed: Access) -> Self {
        Self::NotAllowed { wanted, allowed }
    }
}
