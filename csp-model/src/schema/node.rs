//! The description of one node, as a device description file gives it.

use super::{AllowedValues, Applicability, DependencyGroup, Disallowed, Naming};
use crate::{Access, Format};

/// A node of a device description, with everything below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// `NodeName`; `None` where the device's user or server names the node.
    pub name: Option<Box<str>>,
    /// `Path`: where the node hangs. Only on the roots of a description.
    pub path: Option<Box<str>>,
    /// What the node is.
    pub properties: Properties,
    /// The nodes below, in document order.
    pub children: Vec<Self>,
}

impl Node {
    /// The description of the node at `path` below this one. An empty segment is the node that has no name of its own.
    #[must_use]
    pub fn find(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        self.children.iter().find(|child| child.name.as_deref().unwrap_or("") == *first)?.find(rest)
    }

    /// Which devices have the node; `None` where the node itself says nothing.
    #[must_use]
    pub fn applicability(&self) -> Option<&Applicability> {
        self.properties.msft.as_ref()?.applicability.as_ref()
    }

    /// The values that the node takes; `None` where nothing is said.
    #[must_use]
    pub fn allowed(&self) -> Option<&AllowedValues> {
        self.properties.msft.as_ref()?.allowed.as_ref()
    }
}

/// `DFProperties`: what a node is (OMA DM DDF 1.2 section 5, and Microsoft's `MSFT:` extensions).
#[derive(Debug, Clone, PartialEq)]
pub struct Properties {
    /// `AccessType`
    pub access: Access,
    /// `DefaultValue`
    pub default: Option<Box<str>>,
    /// `Description`
    pub description: Option<Box<str>>,
    /// `DFFormat`
    pub format: Format,
    /// `Occurrence`; one where the description is silent.
    pub occurrence: Occurrence,
    /// `Scope`
    pub scope: Scope,
    /// `DFTitle`
    pub title: Option<Box<str>>,
    /// `DFType`
    pub kind: Kind,
    /// `CaseSense`: whether names below are compared by case; they are where the description is silent.
    pub case_sense: CaseSense,
    /// The `MSFT:` extensions. Boxed: most nodes have none.
    pub msft: Option<Box<Msft>>,
}

/// `Occurrence`: how many of a node there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Occurrence {
    /// Exactly one; what a description that says nothing means.
    #[default]
    One,
    /// One or none.
    ZeroOrOne,
    /// Any number.
    ZeroOrMore,
    /// At least one.
    OneOrMore,
    /// Up to this many.
    ZeroOrN(u32),
    /// At least one and up to this many.
    OneOrN(u32),
}

/// `Scope`: who decides that a node is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// Always there.
    Permanent,
    /// Comes and goes.
    #[default]
    Dynamic,
}

impl Scope {
    /// Every scope with its name.
    pub const NAMED: [(Self, &'static str); 2] =
        [(Self::Permanent, Self::Permanent.name()), (Self::Dynamic, Self::Dynamic.name())];

    /// The name in a description.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permanent => "Permanent",
            Self::Dynamic => "Dynamic",
        }
    }
}

/// `DFType`: the type of a leaf's data, or what an interior node is an instance of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A media type; an interior node's names its CSP.
    Mime(Box<str>),
    /// The name of a description.
    DdfName(Box<str>),
}

/// `CaseSense`: how names are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CaseSense {
    /// By case.
    #[default]
    Sensitive,
    /// Without case.
    Insensitive,
}

impl CaseSense {
    /// Every comparison with its name.
    pub const NAMED: [(Self, &'static str); 2] =
        [(Self::Sensitive, Self::Sensitive.name()), (Self::Insensitive, Self::Insensitive.name())];

    /// The name in a description.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sensitive => "CS",
            Self::Insensitive => "CIS",
        }
    }
}

/// Microsoft's extensions of a node's description.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Msft {
    /// `MSFT:Applicability`; inherited by the nodes below that have none.
    pub applicability: Option<Applicability>,
    /// `MSFT:AllowedValues`
    pub allowed: Option<AllowedValues>,
    /// `MSFT:DynamicNodeNaming`
    pub naming: Option<Naming>,
    /// `MSFT:AtomicRequired`: writes must stand in an Atomic.
    pub atomic_required: bool,
    /// `MSFT:ReplaceBehavior`
    pub replace_behavior: Option<ReplaceBehavior>,
    /// `MSFT:RebootBehavior`
    pub reboot_behavior: Option<RebootBehavior>,
    /// `MSFT:Deprecated`: the OS build from which the node is deprecated, when it is said.
    pub deprecated: Option<Deprecated>,
    /// `MSFT:ConflictResolution`
    pub conflict_resolution: Option<Box<str>>,
    /// `MSFT:GpMapping`
    pub gp_mapping: Option<GpMapping>,
    /// `MSFT:DependencyBehavior`
    pub dependencies: Vec<DependencyGroup>,
    /// `MSFT:CommonErrorResults`: error codes and what they mean here. No published file has any.
    pub common_errors: Vec<Box<str>>,
}

impl Msft {
    /// Whether nothing is said at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a dynamic node may have this name. Published files say so in two places: `MSFT:DynamicNodeNaming`,
    /// and the `MSFT:AllowedValues` of the interior node.
    ///
    /// # Errors
    /// What names are allowed, when this one is not.
    pub fn check_name(&self, name: &str) -> Result<(), Disallowed> {
        if let Some(Naming::UniqueName(pattern)) = &self.naming
            && !pattern.matches(name)
        {
            return Err(Disallowed { allowed: format!("a name that matches `{}`", pattern.text()) });
        }
        self.allowed.as_ref().map_or(Ok(()), |allowed| allowed.check_text(name))
    }
}

/// `MSFT:ReplaceBehavior`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaceBehavior {
    /// What is written is added to what is there.
    Append,
    /// What is written takes the place of what is there.
    Replace,
}

impl ReplaceBehavior {
    /// Every behaviour with its name.
    pub const NAMED: [(Self, &'static str); 2] =
        [(Self::Append, Self::Append.name()), (Self::Replace, Self::Replace.name())];

    /// The name in a description.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Append => "Append",
            Self::Replace => "Replace",
        }
    }
}

/// `MSFT:RebootBehavior`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebootBehavior {
    /// No restart is needed.
    None,
    /// The device restarts by itself.
    Automatic,
    /// The server must ask for the restart.
    ServerInitiated,
}

impl RebootBehavior {
    /// Every behaviour with its name.
    pub const NAMED: [(Self, &'static str); 3] = [
        (Self::None, Self::None.name()),
        (Self::Automatic, Self::Automatic.name()),
        (Self::ServerInitiated, Self::ServerInitiated.name()),
    ];

    /// The name in a description.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Automatic => "Automatic",
            Self::ServerInitiated => "ServerInitiated",
        }
    }
}

/// `MSFT:Deprecated`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deprecated {
    /// `OsBuildDeprecated`: the version from which the node should no longer be set.
    pub os_build: Option<Box<str>>,
}

/// `MSFT:GpMapping`: the Group Policy that sets the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GpMapping {
    /// `GpEnglishName`
    pub english_name: Option<Box<str>>,
    /// `GpAreaPath`
    pub area_path: Option<Box<str>>,
    /// `GpElement`
    pub element: Option<Box<str>>,
}
