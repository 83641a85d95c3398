//! Reading the tree.

use crate::csp::{Address, Name};
use crate::schema;
use crate::uri::{self, Property};
use crate::{Access, Device, Format, LocUri, TreeError, Value};

/// The bytes of half a dozen GUIDs. Few nodes have more below them, and these never make the text grow.
const A_FEW_NAMES: usize = 256;

/// What a Get gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// The names of the nodes below, escaped and joined by `/` (OMA DM Tree and Description 1.2.1 section 6.1;
    /// the escaping is Windows': "OMA DM protocol support").
    Interior(String),
    /// The value of a leaf, and its media type where that is not `text/plain`.
    Leaf(Value, Option<Box<str>>),
}

/// How the leaves of a listed subtree are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// Without their values: `?list=Struct`.
    Bare,
    /// With their values: `?list=StructData`.
    WithData,
}

/// One node of a listed subtree.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The escaped names from the listed node down to this one, each with a `/` before it.
    pub below: String,
    /// The node's format.
    pub format: Format,
    /// The media type, where it is not `text/plain`.
    pub media_type: Option<Box<str>>,
    /// The value, when values were asked for and the node is a leaf that can be read.
    pub value: Option<Value>,
}

impl Device {
    /// Reads a node; a query behind the address is not looked at.
    ///
    /// # Errors
    /// When the device has no such node, or it cannot be read.
    pub fn get(&self, uri: &LocUri) -> Result<Reading, TreeError> {
        let address = self.resolve_present(uri)?;
        let def = self.profile().schema().def(address.node);
        self.check_access(address.node, Access::GET)?;
        if !def.is_interior() {
            let value = self.profile().csp(address.node).read(self, &address).ok_or(TreeError::NotFound)?;
            return Ok(Reading::Leaf(value, self.media_type(&address)));
        }
        let mut names = String::new();
        self.each_child(&address, &mut |_, name| {
            if names.is_empty() {
                names.reserve(A_FEW_NAMES);
            } else {
                names.push('/');
            }
            names.push_str(&uri::escape(name));
        });
        Ok(Reading::Interior(names))
    }

    /// Lists a node and everything below it, parents first.
    ///
    /// # Errors
    /// When the device has no such node, or it cannot be read.
    pub fn list(&self, uri: &LocUri, leaves: Leaves) -> Result<Vec<Listed>, TreeError> {
        let address = self.resolve_present(uri)?;
        self.check_access(address.node, Access::GET)?;
        let mut listed = Vec::new();
        self.list_into(&address, String::new(), leaves, &mut listed);
        Ok(listed)
    }

    /// Reads a property of a node (`?prop=`). The text is what stands in the Data.
    ///
    /// # Errors
    /// When the device has no such node, or does not support the property (OMA DM makes ACL, Size, TStamp, Title
    /// and VerNo optional; Windows has no ACL: \[MS-MDM\] 3.1.7.1).
    pub fn property(&self, uri: &LocUri, property: Property) -> Result<String, TreeError> {
        let address = self.resolve_present(uri)?;
        let def = self.profile().schema().def(address.node);
        Ok(match property {
            Property::Format => def.properties.format.name().to_owned(),
            Property::Name => match &def.name {
                Some(name) => name.to_string(),
                None => {
                    self.profile().csp(address.node).listed_name(address.name().unwrap_or(&Name::new("")))
                }
            },
            Property::Size if def.is_interior() => return Err(TreeError::QueryNotSupported),
            Property::Size => self
                .profile()
                .csp(address.node)
                .read(self, &address)
                .ok_or(TreeError::NotFound)?
                .text()
                .len()
                .to_string(),
            Property::Title => def.properties.title.as_deref().unwrap_or_default().to_owned(),
            Property::Type => {
                let own = self.profile().csp(address.node).media_type(self, &address);
                own.unwrap_or(match &def.properties.kind {
                    schema::Kind::Mime(name) | schema::Kind::DdfName(name) => name,
                })
                .to_owned()
            }
            Property::Acl | Property::TStamp | Property::VerNo => {
                return Err(TreeError::QueryNotSupported);
            }
        })
    }

    fn list_into(&self, address: &Address<'_>, below: String, leaves: Leaves, listed: &mut Vec<Listed>) {
        let def = self.profile().schema().def(address.node);
        let readable = leaves == Leaves::WithData
            && !def.is_interior()
            && self.access(address.node).contains(Access::GET);
        let value = if readable { self.profile().csp(address.node).read(self, address) } else { None };
        let format = def.properties.format;
        listed.push(Listed { below: below.clone(), format, media_type: self.media_type(address), value });
        self.each_child(address, &mut |child, name| {
            let below = format!("{below}/{}", uri::escape(name));
            self.list_into(child, below, leaves, listed);
        });
    }

    /// Shows the nodes below `parent` that the device has: the named ones in the order of their description,
    /// then the free ones by name.
    fn each_child(&self, parent: &Address<'_>, visit: &mut dyn FnMut(&Address<'_>, &str)) {
        let schema = self.profile().schema();
        for id in schema.fixed_children(parent.node) {
            let def = schema.def(id);
            let child = parent.below(id, None);
            let is_there = self.profile().applies(id)
                && (def.comes_with_parent() || self.profile().csp(id).exists(self, &child));
            if let (true, Some(name)) = (is_there, &def.name) {
                visit(&child, name);
            }
        }
        if let Some(id) = schema.dynamic_child(parent.node) {
            self.profile().csp(id).each_instance(self, parent, id, &mut |name| {
                // The shared prefix is copied: the name lives only for this call.
                let mut names: smallvec::SmallVec<[Name<'_>; 4]> = parent.names.iter().cloned().collect();
                names.push(Name::new(name));
                visit(&Address { node: id, names }, name);
            });
        }
    }

    /// The media type of a leaf, where it is not `text/plain`.
    fn media_type(&self, address: &Address<'_>) -> Option<Box<str>> {
        let def = self.profile().schema().def(address.node);
        let described = || match &def.properties.kind {
            schema::Kind::Mime(name) if !def.is_interior() && !matches!(&**name, "" | "text/plain") => {
                Some(name.clone())
            }
            schema::Kind::Mime(_) | schema::Kind::DdfName(_) => None,
        };
        let own = self.profile().csp(address.node).media_type(self, address);
        own.map(Box::from).or_else(described)
    }
}
