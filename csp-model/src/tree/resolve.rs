//! From an address to a node: which description it falls under, and whether the device has it.

use smallvec::SmallVec;

use super::TreeError;
use crate::csp::{Address, Name};
use crate::schema::NodeId;
use crate::{Access, Device, LocUri};

/// What the descriptions of a device say of an address, whether or not the node is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Described {
    /// An interior node can be there.
    Interior,
    /// A leaf can be there.
    Leaf,
    /// A node can be there, but not under that name: no GUID where one is expected, say.
    OtherName,
    /// Its CSP is described, and has no such node.
    NoNode,
    /// No CSP is described there.
    NoCsp,
}

/// An address that falls under a description.
pub(super) struct Resolved<'u> {
    pub(super) address: Address<'u>,
    /// How many nodes on the way, counted from the root, are there; all of them when the node is.
    pub(super) depth_present: usize,
    pub(super) depth: usize,
}

impl Resolved<'_> {
    pub(super) const fn exists(&self) -> bool {
        self.depth_present == self.depth
    }
}

impl Device {
    /// Walks the names of `uri` down the schema.
    ///
    /// # Errors
    /// When no description has such a node, or this Windows does not have it.
    pub(super) fn resolve<'u>(&self, uri: &'u LocUri) -> Result<Resolved<'u>, TreeError> {
        let schema = self.profile().schema();
        let root = Address { node: schema.root(uri.scope()), names: SmallVec::new() };
        let mut found = Resolved { address: root, depth_present: 0, depth: 0 };
        let mut present = true;
        for name in uri.segments() {
            let node = schema.child(found.address.node, name).ok_or(TreeError::NotFound)?;
            let def = schema.def(node);
            found.address.node = node;
            if def.name.is_none() {
                found.address.names.push(Name::new(name));
            }
            found.depth += 1;
            present =
                present && (def.comes_with_parent() || self.profile().csp(node).exists(self, &found.address));
            found.depth_present += usize::from(present);
        }
        if self.profile().applies(found.address.node) { Ok(found) } else { Err(TreeError::NotApplicable) }
    }

    /// What the descriptions say of an address.
    #[must_use]
    pub fn described(&self, uri: &LocUri) -> Described {
        let schema = self.profile().schema();
        let mut node = schema.root(uri.scope());
        let mut is_within = false;
        for name in uri.segments() {
            let Some(child) = schema.child(node, name) else {
                return if is_within { Described::NoNode } else { Described::NoCsp };
            };
            node = child;
            is_within |= schema.def(node).is_described();
            if schema.def(node).name.is_none()
                && !self.profile().csp(node).takes_name(self, node, &Name::new(name))
            {
                return Described::OtherName;
            }
        }
        if schema.def(node).is_interior() { Described::Interior } else { Described::Leaf }
    }

    /// What may be done to the node that a description has for `uri`, whether or not it is there.
    #[must_use]
    pub fn access_of(&self, uri: &LocUri) -> Option<Access> {
        self.resolve(uri).ok().map(|found| self.access(found.address.node))
    }

    /// The node, if the device has it.
    pub(super) fn resolve_present<'u>(&self, uri: &'u LocUri) -> Result<Address<'u>, TreeError> {
        let found = self.resolve(uri)?;
        if found.exists() { Ok(found.address) } else { Err(TreeError::NotFound) }
    }

    /// What may be done to a node.
    ///
    /// Some descriptions give Add and Delete to the permanent node above instead of the free node that comes and
    /// goes (Update DDF, ApprovedUpdates): they mean that node.
    pub(super) fn access(&self, node: NodeId) -> Access {
        let def = self.profile().schema().def(node);
        let own = def.properties.access;
        let from_parent = match def.parent.map(|parent| self.profile().schema().def(parent)) {
            Some(parent) if def.name.is_none() && parent.comes_with_parent() => {
                parent.properties.access & (Access::ADD | Access::DELETE)
            }
            _ => Access::empty(),
        };
        self.profile().csp(node).access(self, own | from_parent)
    }

    /// # Errors
    /// When the node does not allow what is wanted.
    pub(super) fn check_access(&self, node: NodeId, wanted: Access) -> Result<(), TreeError> {
        let allowed = self.access(node);
        if allowed.contains(wanted) { Ok(()) } else { Err(TreeError::not_allowed(wanted, allowed)) }
    }
}
