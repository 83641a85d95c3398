//! The static shape of a device's tree: which nodes there can be, and what may be done to them.
//!
//! A device description ([`Node`]s, read by [`ddf`]) is *mounted* into a [`Schema`], which numbers its nodes so
//! that an address is resolved by walking numbers. A node that is there keeps its meaning when a later
//! description names it again; what a description adds is added below it.

mod allowed;
mod applicability;
pub mod builtin;
pub mod ddf;
mod dependency;
mod element;
mod interval;
mod list;
mod naming;
mod node;
mod os_version;
mod pattern;
pub mod registry;
#[cfg(feature = "proptest")]
pub mod strategies;
mod warning;

pub use allowed::{AdmxPolicy, AllowedValues, Disallowed, EnumValue, Rule};
pub use applicability::Applicability;
pub use dependency::{Dependency, DependencyGroup, DependencyKind};
pub use interval::Interval;
pub use list::Delimiter;
pub use naming::Naming;
pub use node::{
    CaseSense, Deprecated, GpMapping, Kind, Msft, Node, Occurrence, Properties, RebootBehavior,
    ReplaceBehavior, Scope,
};
pub use os_version::{OsVersion, OsVersionError};
pub use pattern::Pattern;
pub use warning::Warning;

use crate::uri::UriScope;
use crate::{Access, Format};

/// The number of a node in its [`Schema`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// The number: nodes count from 0 without a gap.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A node, numbered.
#[derive(Debug, Clone, PartialEq)]
pub struct Def {
    /// The name; `None` where it is the user's or server's to choose.
    pub name: Option<Box<str>>,
    /// The node above; `None` for a root.
    pub parent: Option<NodeId>,
    /// What the description says of it. Applicability is inherited from above.
    pub properties: Properties,
    /// Whether a description names the node; if not, it is only a place above one that does.
    is_described: bool,
    /// The named nodes below, in document order.
    fixed: Vec<NodeId>,
    /// The same, sorted by length and name: most comparisons then look at a number.
    by_name: Vec<(Box<str>, NodeId)>,
    /// The unnamed node below.
    dynamic: Option<NodeId>,
}

/// Every node that a device can have.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    defs: Vec<Def>,
}

/// What a mounted description has brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mounted {
    /// The nodes that it describes and nobody had described before, parents first.
    pub described: Vec<NodeId>,
    /// The addresses of those that were not there at all; a free name is `{}`.
    pub added: Vec<String>,
}

/// A description that cannot be mounted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MountError {
    /// A root without a place to hang it.
    #[error("the root node `{0}` has no Path")]
    NoPath(String),
    /// A place that is no address.
    #[error("the Path `{0}` is not an address: {1}")]
    BadPath(String, crate::uri::UriError),
    /// A place below a leaf.
    #[error("`{0}` is a leaf: nothing can be mounted below it")]
    BelowLeaf(String),
}

impl Schema {
    const DEVICE: NodeId = NodeId(0);
    const USER: NodeId = NodeId(1);

    /// The two empty trees, the device's and the user's.
    #[must_use]
    pub fn new() -> Self {
        Self { defs: vec![Def::place(Some("."), None), Def::place(Some("User"), None)] }
    }

    /// The root of a scope's tree.
    #[must_use]
    pub const fn root(&self, scope: UriScope) -> NodeId {
        match scope {
            UriScope::Device => Self::DEVICE,
            UriScope::User => Self::USER,
        }
    }

    /// Every node, in the order of their numbers.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> {
        (0..self.defs.len()).map(|index| NodeId(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// A node by its number.
    #[must_use]
    pub fn def(&self, id: NodeId) -> &Def {
        &self.defs[id.0 as usize]
    }

    /// The node below `parent` that `name` means: a named one (without case where its description says so),
    /// or else the one that takes any name.
    #[must_use]
    pub fn child(&self, parent: NodeId, name: &str) -> Option<NodeId> {
        let def = self.def(parent);
        let shorter = def.by_name.partition_point(|(known, _)| known.len() < name.len());
        let mut as_long = def.by_name[shorter..].iter().take_while(|(known, _)| known.len() == name.len());
        if let Some((_, id)) = as_long.find(|(known, _)| is_same(known, name)) {
            return Some(*id);
        }
        let without_case = def.by_name.iter().find(|(known, id)| {
            known.eq_ignore_ascii_case(name) && self.def(*id).properties.case_sense == CaseSense::Insensitive
        });
        without_case.map(|(_, id)| *id).or(def.dynamic)
    }

    /// The named nodes below `parent`, in the order of their description.
    pub fn fixed_children(&self, parent: NodeId) -> impl Iterator<Item = NodeId> {
        self.def(parent).fixed.iter().copied()
    }

    /// The node below `parent` whose name is free.
    #[must_use]
    pub fn dynamic_child(&self, parent: NodeId) -> Option<NodeId> {
        self.def(parent).dynamic
    }

    /// The node and everything below it, parents first.
    #[must_use]
    pub fn subtree(&self, root: NodeId) -> Vec<NodeId> {
        let mut found = vec![root];
        let mut next = 0;
        while let Some(&id) = found.get(next) {
            found.extend(self.def(id).fixed.iter().chain(&self.def(id).dynamic));
            next += 1;
        }
        found
    }

    /// The node and those above it, up to the root.
    pub fn ancestry(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(Some(id), |id| self.def(*id).parent)
    }

    /// The nodes from the root down to `id`, which is the last.
    #[must_use]
    pub fn path(&self, id: NodeId) -> Vec<NodeId> {
        let mut path: Vec<_> = self.ancestry(id).collect();
        path.reverse();
        path
    }

    /// Hangs a description into the tree, and gives what it has brought.
    ///
    /// # Errors
    /// When a root has no usable place; nothing is mounted then.
    pub fn mount(&mut self, roots: &[Node]) -> Result<Mounted, MountError> {
        let places = roots.iter().map(|root| self.place(root)).collect::<Result<Vec<_>, _>>()?;
        let mut mounted = Mounted::default();
        for (root, (scope, segments)) in roots.iter().zip(places) {
            let mut at = self.root(scope);
            let mut path = if scope == UriScope::User { "./User" } else { "." }.to_owned();
            for segment in &segments {
                path.extend(["/", segment]);
                at = match self.named(at, Some(segment)) {
                    Some(found) => found,
                    None => self.push(Def::place(Some(segment), Some(at))),
                };
            }
            self.graft(at, root, None, &mut path, &mut mounted);
        }
        Ok(mounted)
    }

    fn place(&self, root: &Node) -> Result<(UriScope, Vec<String>), MountError> {
        let name = root.name.as_deref().unwrap_or_default();
        // `.` is both a Path on its own and the name of some descriptions' root.
        let path =
            root.path.as_deref().ok_or_else(|| MountError::NoPath(name.to_owned()))?.trim_end_matches('/');
        let uri = crate::LocUri::parse(path).map_err(|error| MountError::BadPath(path.to_owned(), error))?;
        let segments: Vec<_> = uri.segments().map(str::to_owned).collect();
        let mut at = Some(self.root(uri.scope()));
        for segment in &segments {
            at = at.and_then(|id| self.named(id, Some(segment)));
            if at.is_some_and(|id| self.def(id).properties.format != Format::Node) {
                return Err(MountError::BelowLeaf(path.to_owned()));
            }
        }
        Ok((uri.scope(), segments))
    }

    /// Only what the description names itself: a free name above does not swallow it.
    fn named(&self, parent: NodeId, name: Option<&str>) -> Option<NodeId> {
        match name {
            None => self.def(parent).dynamic,
            Some(name) => self.fixed_children(parent).find(|id| self.def(*id).name.as_deref() == Some(name)),
        }
    }

    fn graft(
        &mut self,
        parent: NodeId,
        node: &Node,
        inherited: Option<&Applicability>,
        path: &mut String,
        mounted: &mut Mounted,
    ) {
        let own = node.properties.msft.as_ref().and_then(|msft| msft.applicability.as_ref());
        let applicability = own.or(inherited);
        let before = path.len();
        path.extend(["/", node.name.as_deref().unwrap_or("{}")]);
        let found = self.named(parent, node.name.as_deref());
        let id = found.unwrap_or_else(|| self.push(Def::place(node.name.as_deref(), Some(parent))));
        // The first description of a node is the one that holds; a place with nodes below it stays one for them.
        let is_place_of_others = found.is_some() && node.properties.format != Format::Node;
        if !self.def(id).is_described && !is_place_of_others {
            self.defs[id.0 as usize].describe(node, if found.is_some() { None } else { applicability });
            mounted.described.push(id);
        }
        if found.is_none() {
            mounted.added.push(path.clone());
        }
        if self.def(id).is_interior() {
            for child in &node.children {
                self.graft(id, child, applicability, path, mounted);
            }
        }
        path.truncate(before);
    }

    fn push(&mut self, def: Def) -> NodeId {
        let id = NodeId(u32::try_from(self.defs.len()).unwrap_or(u32::MAX));
        let name = def.name.clone();
        let parent = def.parent;
        self.defs.push(def);
        let Some(parent) = parent else { return id };
        match name {
            None => self.defs[parent.0 as usize].dynamic = Some(id),
            Some(name) => {
                let parent = &mut self.defs[parent.0 as usize];
                let at = parent.by_name.partition_point(|(known, _)| order(known, &name).is_lt());
                parent.fixed.push(id);
                parent.by_name.insert(at, (name, id));
            }
        }
        id
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self::new()
    }
}

impl Def {
    /// A place: always there, and nothing but a way down.
    fn place(name: Option<&str>, parent: Option<NodeId>) -> Self {
        let properties = Properties {
            access: Access::GET,
            default: None,
            description: None,
            format: Format::Node,
            occurrence: Occurrence::One,
            scope: Scope::Permanent,
            title: None,
            kind: Kind::DdfName(Box::from("")),
            case_sense: CaseSense::Sensitive,
            msft: None,
        };
        Self {
            name: name.map(Into::into),
            parent,
            properties,
            is_described: false,
            fixed: vec![],
            by_name: vec![],
            dynamic: None,
        }
    }

    fn describe(&mut self, node: &Node, applicability: Option<&Applicability>) {
        self.properties = node.properties.clone();
        if let Some(msft) = &mut self.properties.msft {
            msft.applicability = None;
        }
        if let Some(applicability) = applicability {
            self.properties.msft.get_or_insert_default().applicability = Some(applicability.clone());
        }
        self.is_described = true;
    }

    /// Whether a description names the node; if not, it is only a place above one that does.
    #[must_use]
    pub const fn is_described(&self) -> bool {
        self.is_described
    }

    /// Whether the node is an interior one.
    #[must_use]
    pub fn is_interior(&self) -> bool {
        self.properties.format == Format::Node
    }

    /// Whether the node is there whenever the one above it is.
    #[must_use]
    pub fn comes_with_parent(&self) -> bool {
        let at_least_one = match self.properties.occurrence {
            Occurrence::One | Occurrence::OneOrMore | Occurrence::OneOrN(_) => true,
            Occurrence::ZeroOrOne | Occurrence::ZeroOrMore | Occurrence::ZeroOrN(_) => false,
        };
        self.name.is_some() && (at_least_one || self.properties.scope == Scope::Permanent)
    }
}

/// Whether two names of one length are the same. Most have four to sixteen bytes, for which a call would cost more
/// than it does.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    match one.len() {
        4..8 => one.first_chunk::<4>() == other.first_chunk() && one.last_chunk::<4>() == other.last_chunk(),
        8..=16 => {
            one.first_chunk::<8>() == other.first_chunk() && one.last_chunk::<8>() == other.last_chunk()
        }
        _ => one == other,
    }
}

/// The order of named nodes for the look-up.
fn order(known: &str, name: &str) -> std::cmp::Ordering {
    known.len().cmp(&name.len()).then_with(|| known.cmp(name))
}
