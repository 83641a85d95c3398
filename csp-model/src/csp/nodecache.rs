//! `./Vendor/MSFT/NodeCache`, and the same below `./User`: what a server knows of the device, and what of it is no
//! longer so.
//!
//! What is watched and expected is kept; what has changed is worked out from the tree whenever it is read.
//! Deliberately absent: digests of interior nodes, whose form no text gives. Such a node counts as changed.
//!
//! Source: Microsoft, "NodeCache CSP" and its DDF file.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use quick_xml::escape::escape;
use sha2::{Digest as _, Sha256};

use super::stored::{self, Key, MountId};
use super::{Address, Csp, Name, Names, dmacc};
use crate::schema::NodeId;
use crate::tree::{Reading, TreeError};
use crate::{Device, LocUri, Value};

/// The nodes that do more than keep a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// `{ProviderID}/Nodes/{NodeID}/AutoSetExpectedValue`
    AutoSetExpectedValue,
    /// `{ProviderID}/ChangedNodes`
    ChangedNodes,
    /// `{ProviderID}/ChangedNodesData`
    ChangedNodesData,
    /// `{ProviderID}/Nodes/{NodeID}/ExpectedValue`. It is kept as text, as nothing where no node is expected, and as
    /// binary data where it is a digest.
    ExpectedValue,
}

/// The media type of an ExpectedValue that says that there is no such node.
const NONEXISTENT: &str = "application/x-nodemon-nonexistent";

/// The media type of an ExpectedValue that is a digest of the value.
const SHA256: &str = "application/x-nodemon-sha256";

/// What a watched node is.
enum Actual {
    /// There is no such node.
    Absent,
    /// What a Get gives of a leaf.
    Leaf(String),
    /// What a Get gives of an interior node.
    Interior(String),
    /// No address is watched, or what is there cannot be read.
    Unknown,
}

/// A watched node that is not as it is expected.
struct Changed {
    id: String,
    uri: String,
    actual: Actual,
}

/// The leaves of a watched node.
struct Watch<'a> {
    uri: Address<'a>,
    expected: Address<'a>,
}

impl Node {
    /// The node with these names below `./Vendor/MSFT`; a free name is empty.
    #[must_use]
    pub fn at(names: &[&str]) -> Option<Self> {
        Some(match names {
            [_, "", "ChangedNodes"] => Self::ChangedNodes,
            [_, "", "ChangedNodesData"] => Self::ChangedNodesData,
            [_, "", "Nodes", "", "AutoSetExpectedValue"] => Self::AutoSetExpectedValue,
            [_, "", "Nodes", "", "ExpectedValue"] => Self::ExpectedValue,
            _ => return None,
        })
    }
}

/// What a value means that came with a media type.
pub(super) fn meant(node: Node, value: Value, media_type: Option<&str>) -> Value {
    match (node, media_type.map(str::trim)) {
        (Node::ExpectedValue, Some(NONEXISTENT)) => Value::Null,
        (Node::ExpectedValue, Some(SHA256)) => Value::Bin(value.text().trim().into()),
        _ => value,
    }
}

/// The media type that a value was given with.
pub(super) fn media_type(device: &Device, node: Node, address: &Address<'_>) -> Option<&'static str> {
    match (node, stored::given(device, MountId::BUILTIN, address)) {
        (Node::ExpectedValue, Some(Value::Null)) => Some(NONEXISTENT),
        (Node::ExpectedValue, Some(Value::Bin(_))) => Some(SHA256),
        _ => None,
    }
}

pub(super) fn read(device: &Device, node: Node, address: &Address<'_>) -> Option<Value> {
    Some(match node {
        Node::AutoSetExpectedValue => Value::Null,
        Node::ChangedNodes => {
            let ids: Vec<_> = changed(device, address)?.into_iter().map(|changed| changed.id).collect();
            Value::chr(ids.join(","))
        }
        Node::ChangedNodesData => Value::Xml(data(changed(device, address)?).into()),
        Node::ExpectedValue => {
            let kept = stored::given(device, MountId::BUILTIN, address);
            Value::chr(kept.map_or_else(Default::default, Value::text))
        }
    })
}

pub(super) fn write(device: &mut Device, node: Node, address: &Address<'_>, value: Option<Value>) {
    match node {
        Node::ExpectedValue => stored::write(device, MountId::BUILTIN, address, value),
        Node::AutoSetExpectedValue => set_expected(device, address),
        // Only read: the gate refuses it before.
        Node::ChangedNodes | Node::ChangedNodesData => {}
    }
}

/// Expects of a watched node what it is now; nothing where that is unknown.
fn set_expected(device: &mut Device, address: &Address<'_>) {
    let above = device.profile().schema().def(address.node).parent;
    let Some(watch) = above.and_then(|above| Watch::of(device, above, address.names.clone())) else { return };
    let value = match actual(device, &watch.uri(device)) {
        Actual::Absent => Value::Null,
        Actual::Interior(text) | Actual::Leaf(text) => Value::chr(text),
        Actual::Unknown => return stored::remove(device, &watch.expected),
    };
    stored::write(device, MountId::BUILTIN, &watch.expected, Some(value));
}

/// The nodes of one server that are not as it expects them, by id; `address` is that of a node beside `Nodes`.
fn changed(device: &Device, address: &Address<'_>) -> Option<Vec<Changed>> {
    let schema = device.profile().schema();
    let nodes = schema.child(schema.def(address.node).parent?, "Nodes")?;
    let watch = schema.dynamic_child(nodes)?;
    let nodes = Address { node: nodes, names: address.names.clone() };
    let mut ids = Vec::new();
    stored::each_instance(device, MountId::BUILTIN, &nodes, watch, &mut |id| ids.push(id.to_owned()));
    let changed = ids.iter().filter_map(|id| {
        let names = nodes.names.iter().cloned().chain([Name::new(id)]).collect();
        let watch = Watch::of(device, watch, names)?;
        let uri = watch.uri(device);
        let actual = actual(device, &uri);
        let expected = stored::given(device, MountId::BUILTIN, &watch.expected);
        (!is_expected(expected, &actual)).then(|| Changed { id: id.clone(), uri, actual })
    });
    Some(changed.collect())
}

impl<'a> Watch<'a> {
    fn of(device: &Device, node: NodeId, names: Names<'a>) -> Option<Self> {
        let schema = device.profile().schema();
        let leaf = |name| Some(Address { node: schema.child(node, name)?, names: names.clone() });
        Some(Self { uri: leaf("NodeURI")?, expected: leaf("ExpectedValue")? })
    }

    /// The address that is watched; empty where none is. Servers put blanks around it.
    fn uri(&self, device: &Device) -> String {
        let kept = stored::given(device, MountId::BUILTIN, &self.uri);
        kept.map_or_else(String::new, |value| value.text().trim().to_owned())
    }
}

/// What the node at an address is.
fn actual(device: &Device, uri: &str) -> Actual {
    if uri.is_empty() {
        return Actual::Unknown;
    }
    let Ok(uri) = LocUri::parse(uri) else { return Actual::Absent };
    if uri.query().is_some() {
        return Actual::Absent;
    }
    // What has changed would be asked of itself.
    let profile = device.profile();
    let node = Key::at(profile.schema(), uri.scope(), uri.segments()).map(|key| profile.csp(key.node));
    if matches!(node, Some(Csp::NodeCache(Node::ChangedNodes | Node::ChangedNodesData))) {
        return Actual::Unknown;
    }
    match device.get(&uri) {
        Ok(Reading::Interior(names)) => Actual::Interior(names),
        Ok(Reading::Leaf(value, _)) => Actual::Leaf(value.text().into_owned()),
        Err(TreeError::NotAllowed { .. }) => Actual::Unknown,
        Err(_) => Actual::Absent,
    }
}

fn is_expected(expected: Option<&Value>, actual: &Actual) -> bool {
    match (expected, actual) {
        (None, _) | (_, Actual::Unknown) => false,
        (Some(Value::Null), actual) => matches!(actual, Actual::Absent),
        (Some(Value::Bin(digest)), Actual::Leaf(text)) => is_digest(digest, text),
        (Some(Value::Bin(_)), Actual::Interior(_)) | (Some(_), Actual::Absent) => false,
        (Some(value), Actual::Interior(text) | Actual::Leaf(text)) => *value.text() == **text,
    }
}

/// Whether `digest` is the SHA-256 of a text, in one of the forms in which servers may write it: no text says which.
fn is_digest(digest: &str, text: &str) -> bool {
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [text.as_bytes(), &utf_16]
        .into_iter()
        .map(Sha256::digest)
        .any(|own| digest.eq_ignore_ascii_case(&dmacc::hexadecimal(&own)) || digest == BASE64.encode(own))
}

/// Values are in Base64: the page's example has `SOMENEWVALUE` so.
fn data(changed: Vec<Changed>) -> String {
    let mut text = "<Nodes>".to_owned();
    for Changed { id, uri, actual } in changed {
        let value = match actual {
            Actual::Interior(text) | Actual::Leaf(text) => BASE64.encode(text),
            Actual::Absent | Actual::Unknown => String::new(),
        };
        // Writing to a String cannot fail.
        let _ = write!(text, r#"<Node Id="{}" Uri="{}">{value}</Node>"#, escape(&id), escape(&uri));
    }
    text.push_str("</Nodes>");
    text
}
