//! `MSFT:DependencyBehavior`: what a node asks of other nodes.
//!
//! Kept and written back. Deliberately absent: any check of it when a value is written.

use super::AllowedValues;

/// `MSFT:DependencyGroup`: dependencies that hold together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DependencyGroup {
    /// `FriendlyId`: the group's name.
    pub friendly_id: Box<str>,
    /// `MSFT:DependencyChangedAllowedValues`: what the node takes while the group holds.
    pub changed_values: Option<AllowedValues>,
    /// `MSFT:Dependency`
    pub dependencies: Vec<Dependency>,
}

/// `MSFT:Dependency`
#[derive(Debug, Clone, PartialEq)]
pub struct Dependency {
    /// `Type`
    pub kind: DependencyKind,
    /// `MSFT:DependencyUri`: the other node.
    pub uri: Box<str>,
    /// `MSFT:DependencyAllowedValue`: the values of the other node that are meant.
    pub values: Option<AllowedValues>,
}

/// Whether a dependency asks for a value or forbids it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DependencyKind {
    /// `DependsOn`: the other node has one of the values.
    DependsOn,
    /// `Not`: it has none of them.
    Not,
}

impl DependencyKind {
    /// Every kind with its name.
    pub const NAMED: [(Self, &'static str); 2] =
        [(Self::DependsOn, Self::DependsOn.name()), (Self::Not, Self::Not.name())];

    /// The name in a description.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DependsOn => "DependsOn",
            Self::Not => "Not",
        }
    }
}
