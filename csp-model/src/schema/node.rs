//! The description of one node, as a device description file gives it.

use super::allowed::AllowedValues;
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
    pub children: Vec<Node>,
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
    /// Exactly one.
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
}

/// `MSFT:Applicability`: which devices have the node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applicability {
    /// `MSFT:OsBuildVersion`: the first builds that have it, each `major.minor.build[.revision]`.
    pub os_builds: Vec<Box<str>>,
    /// `MSFT:CspVersion`
    pub csp_version: Option<Box<str>>,
    /// `MSFT:EditionAllowList`: SKU numbers; empty means every edition.
    pub editions: Vec<u32>,
}

/// `MSFT:DynamicNodeNaming`: how the name of a dynamic node comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// `MSFT:ServerGeneratedUniqueIdentifier`: the server makes it up.
    ServerGenerated,
    /// `MSFT:ClientInventory`: the device names what it has.
    ClientInventory,
    /// `MSFT:UniqueName`: the server chooses it; a pattern or a list that it must match may be given.
    UniqueName(Box<str>),
}

/// `MSFT:ReplaceBehavior`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaceBehavior {
    /// What is written is added to what is there.
    Append,
    /// What is written takes the place of what is there.
    Replace,
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

/// `MSFT:Deprecated`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deprecated {
    /// `OsBuildDeprecated`
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
