//! Any CSP that keeps what it is given: its description is all there is to know of it.
//!
//! Nodes are kept by their number and the names that were chosen on the way, never by the text of an address.
//! The map is a persistent one: a copy of the device costs nothing, and a write copies the few entries on its
//! way.

use std::fmt;

use rpds::RedBlackTreeMapSync;

use super::{Address, Name};
use crate::schema::{NodeId, Schema};
use crate::uri::UriScope;
use crate::{Device, Format, LocUri, Value};

/// The number of a mounted description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MountId(pub(crate) u16);

impl MountId {
    /// The built-in CSPs that only keep what they are given.
    pub(crate) const BUILTIN: Self = Self(0);
}

/// The nodes that one mounted CSP keeps. An interior node is kept without a value. `{:?}` prints no values: some are
/// secret.
#[derive(Clone, PartialEq, Default)]
pub struct Stored {
    nodes: RedBlackTreeMapSync<Key, Option<Value>>,
}

/// A kept node: its number, and the names chosen on the way to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) node: NodeId,
    pub(crate) names: Box<[Box<str>]>,
}

/// A node that is kept from the start, by its names from the root of the device's tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    pub(crate) path: Vec<String>,
    pub(crate) value: Option<Value>,
}

impl Key {
    /// The key of the node with these names, from the root of a tree down; `None` where no description has one.
    pub(crate) fn at<'n>(
        schema: &Schema,
        scope: UriScope,
        path: impl IntoIterator<Item = &'n str>,
    ) -> Option<Self> {
        let mut node = schema.root(scope);
        let mut names = Vec::new();
        for name in path {
            node = schema.child(node, name)?;
            if schema.def(node).name.is_none() {
                names.push(Box::from(name));
            }
        }
        Some(Self { node, names: names.into() })
    }

    /// The key of a node. The name of an update, which a server may spell in several ways, is the one it is listed by.
    fn of(device: &Device, address: &Address<'_>) -> Self {
        let profile = device.profile();
        let schema = profile.schema();
        let free = schema.ancestry(address.node).filter(|id| schema.def(*id).name.is_none());
        let mut names: Vec<Box<str>> = free
            .zip(address.names.iter().rev())
            .map(|(id, name)| profile.csp(id).listed_name(name).into())
            .collect();
        names.reverse();
        Self { node: address.node, names: names.into() }
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.nodes.keys()).finish()
    }
}

impl Stored {
    /// How many nodes are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.size()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, Option<&Value>)> {
        self.nodes.iter().map(|(key, value)| (key, value.as_ref()))
    }

    /// What is kept at a node, if it is.
    pub(crate) fn get(&self, key: &Key) -> Option<Option<&Value>> {
        self.nodes.get(key).map(Option::as_ref)
    }

    /// The kept nodes of that number whose names begin with those of `parent`.
    fn below(&self, node: NodeId, parent: Key) -> impl Iterator<Item = &Key> {
        let first = Key { node, ..parent };
        let from = self.nodes.range(first.clone()..).map(|(key, _)| key);
        from.take_while(move |key| key.node == node && key.names.starts_with(&first.names))
    }

    pub(crate) fn insert(&mut self, key: Key, value: Option<Value>) {
        self.nodes.insert_mut(key, value);
    }
}

pub(super) fn takes_name(device: &Device, node: NodeId, name: &str) -> bool {
    let def = device.profile().schema().def(node);
    let Some(msft) = def.properties.msft.as_deref() else { return true };
    // The allowed values of a leaf are about its value.
    let of_leaf = || msft.naming.as_ref().is_none_or(|naming| naming.accepts(name));
    if def.is_interior() { msft.check_name(name).is_ok() } else { of_leaf() }
}

pub(super) fn exists(device: &Device, mount: MountId, address: &Address<'_>) -> bool {
    device.stored(mount).is_some_and(|stored| stored.nodes.contains_key(&Key::of(device, address)))
}

pub(super) fn each_instance(
    device: &Device,
    mount: MountId,
    parent: &Address<'_>,
    node: NodeId,
    visit: &mut dyn FnMut(&str),
) {
    let Some(stored) = device.stored(mount) else { return };
    let names = stored.below(node, Key::of(device, parent)).filter_map(|key| key.names.last());
    names.for_each(|name| visit(name));
}

/// What was written, or the description's default, or what a node of its format is before anybody wrote it.
pub(super) fn read(device: &Device, mount: MountId, address: &Address<'_>) -> Option<Value> {
    let def = device.profile().schema().def(address.node);
    let format = def.properties.format;
    let default = || def.properties.default.as_deref().and_then(|text| Value::parse(format, text));
    given(device, mount, address).cloned().or_else(default).or_else(|| unset(format))
}

/// What was written.
pub(super) fn given<'d>(device: &'d Device, mount: MountId, address: &Address<'_>) -> Option<&'d Value> {
    device.stored(mount)?.get(&Key::of(device, address))?
}

pub(super) fn write(device: &mut Device, mount: MountId, address: &Address<'_>, value: Option<Value>) {
    let key = Key::of(device, address);
    device.stored_mut(mount).insert(key, value);
}

/// Forgets what any mounted CSP keeps at the node and below it.
pub(super) fn remove(device: &mut Device, address: &Address<'_>) {
    let profile = device.profile_arc();
    let top = Key::of(device, address);
    for node in profile.schema().subtree(address.node) {
        let Some(mount) = profile.csp(node).mount() else { continue };
        let doomed: Vec<Key> = device
            .stored(mount)
            .map_or_else(Vec::new, |stored| stored.below(node, top.clone()).cloned().collect());
        if !doomed.is_empty() {
            let stored = device.stored_mut(mount);
            for key in &doomed {
                stored.nodes.remove_mut(key);
            }
        }
    }
}

/// What is kept at a node of the device's tree, by its names from the root; `None` where nothing is.
pub(crate) fn value<'d>(device: &'d Device, path: &[&str]) -> Option<&'d Value> {
    let (mount, key) = place(device, UriScope::Device, path.iter().copied())?;
    device.stored(mount)?.get(&key)?
}

/// The names of the kept nodes below a node of the device's tree, where they are free, in order.
pub(super) fn names(device: &Device, path: &[&str]) -> Vec<String> {
    let schema = device.profile().schema();
    let found = || {
        let parent = Key::at(schema, UriScope::Device, path.iter().copied())?;
        let node = schema.dynamic_child(parent.node)?;
        let stored = device.stored(device.profile().csp(node).mount()?)?;
        let names = stored.below(node, parent).filter_map(|key| key.names.last());
        Some(names.map(|name| name.to_string()).collect())
    };
    found().unwrap_or_default()
}

/// Keeps a value at a node of the device's tree, whatever the server may do there.
pub(super) fn put(device: &mut Device, path: &[&str], value: Option<Value>) {
    if let Some((mount, key)) = place(device, UriScope::Device, path.iter().copied()) {
        device.stored_mut(mount).insert(key, value);
    }
}

/// Forgets what is kept at an address and below it, whatever the server may do there.
pub(super) fn remove_at(device: &mut Device, uri: &LocUri) {
    let key = Key::at(device.profile().schema(), uri.scope(), uri.segments());
    if let Some(Key { node, names }) = key {
        let names = names.iter().map(|name| Name::new(name)).collect();
        remove(device, &Address { node, names });
    }
}

fn place<'n>(
    device: &Device,
    scope: UriScope,
    path: impl IntoIterator<Item = &'n str>,
) -> Option<(MountId, Key)> {
    let key = Key::at(device.profile().schema(), scope, path)?;
    Some((device.profile().csp(key.node).mount()?, key))
}

fn unset(format: Format) -> Option<Value> {
    match format {
        Format::Int => Some(Value::Int(0)),
        Format::Bool => Some(Value::Bool(false)),
        Format::Float => Some(Value::Float("0".into())),
        Format::Node => None,
        Format::Null => Some(Value::Null),
        Format::Date => Some(Value::Date("".into())),
        Format::Time => Some(Value::Time("".into())),
        Format::B64 => Some(Value::B64("".into())),
        Format::Bin => Some(Value::Bin("".into())),
        Format::Chr => Some(Value::chr("")),
        Format::Xml => Some(Value::Xml("".into())),
    }
}
