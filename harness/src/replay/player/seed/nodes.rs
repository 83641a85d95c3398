//! Nodes of the captured device: those that the device of the player's knows get their values, and others are described.
//!
//! Deliberately absent: what updates there are.

use csp_model::schema::{CaseSense, Kind as DfType, Node, Occurrence, Properties, Scope};
use csp_model::tree::{Described, Setting, Transaction};
use csp_model::uri::UriScope;
use csp_model::{Access, Device, Format, LocUri, Value};
use syncml::message::Verb;

use super::super::super::capture::Note;
use super::Seed;

impl Seed {
    /// Descriptions of the nodes that the device does not know.
    pub(super) fn unknown(&self, device: &Device) -> Vec<Node> {
        let mut roots = Vec::new();
        for (uri, (format, value)) in &self.values {
            match device.described(uri) {
                Described::NoCsp | Described::NoNode => {
                    describe(&mut roots, uri, *format, value, Scope::Permanent)
                }
                Described::OtherName | Described::Interior | Described::Leaf => {}
            }
        }
        for (uri, (verb, format)) in self.done.iter().filter(|(uri, _)| !self.values.contains_key(uri)) {
            let scope = match verb {
                Verb::Add | Verb::Copy => Scope::Dynamic,
                Verb::Delete | Verb::Exec | Verb::Get | Verb::Replace => Scope::Permanent,
            };
            match device.described(uri) {
                Described::NoCsp | Described::NoNode => describe(&mut roots, uri, *format, "", scope),
                Described::OtherName | Described::Interior | Described::Leaf => {}
            }
        }
        roots
    }

    /// Gives the device the values of nodes that it knows.
    pub(super) fn give(&self, device: &mut Device, notes: &mut Vec<Note>) {
        let mut kept = Vec::new();
        for (uri, (format, value)) in &self.values {
            match device.described(uri) {
                Described::Leaf => {}
                Described::Interior | Described::NoCsp | Described::NoNode | Described::OtherName => continue,
            }
            let same = |device: &Device| matches!(device.get(uri), Ok(csp_model::tree::Reading::Leaf(own, _)) if own.text().trim() == value.trim());
            if same(device) {
                continue;
            }
            let setting = Setting { format: None, media_type: None, data: Some(value) };
            let given = device.replace(uri, setting, Transaction::Atomic);
            if given.or_else(|_| device.add(uri, setting, Transaction::Atomic)).is_err() || !same(device) {
                kept.push((uri, *format, value));
            }
        }
        for (uri, format, value) in kept {
            let mut state = device.state();
            let value = Value::parse(format.unwrap_or_default(), value);
            state.stored.insert(uri.to_string(), value);
            match Device::from_state(device.profile_arc(), device.instance().clone(), state) {
                Ok(seeded) => *device = seeded,
                Err(_) => {
                    let text = format!(
                        "\"{uri}\" is not seeded from the capture: the device itself knows its value"
                    );
                    notes.push(Note { place: None, text });
                }
            }
        }
    }
}

/// Adds the node at an address to the descriptions, with those on the way to it.
/// One that is dynamic is not there until it is added.
fn describe(roots: &mut Vec<Node>, uri: &LocUri, format: Option<Format>, value: &str, lasts: Scope) {
    let scope = match uri.scope() {
        UriScope::Device => "./Device",
        UriScope::User => "./User",
    };
    let names: Vec<_> = uri.segments().collect();
    let (path, names) = match names.as_slice() {
        ["Vendor", "MSFT", names @ ..] => (format!("{scope}/Vendor/MSFT"), names),
        names => (scope.to_owned(), names),
    };
    let Some((first, rest)) = names.split_first() else { return };
    let known = roots
        .iter()
        .position(|root| root.name.as_deref() == Some(*first) && root.path.as_deref() == Some(path.as_str()));
    let index = known.unwrap_or_else(|| {
        roots.push(Node { path: Some(path.as_str().into()), ..node(first) });
        roots.len() - 1
    });
    let Some(mut at) = roots.get_mut(index) else { return };
    for name in rest {
        let known = at.children.iter().position(|child| child.name.as_deref() == Some(*name));
        let index = known.unwrap_or_else(|| {
            at.children.push(node(name));
            at.children.len() - 1
        });
        let Some(child) = at.children.get_mut(index) else { return };
        at = child;
    }
    if lasts == Scope::Dynamic && !rest.is_empty() && at.children.is_empty() {
        at.properties.scope = lasts;
        at.properties.occurrence = Occurrence::ZeroOrOne;
    }
    let format = format.unwrap_or_default();
    if format == Format::Node {
        for name in value.split('/').filter(|name| !name.is_empty()) {
            if !at.children.iter().any(|child| child.name.as_deref() == Some(name)) {
                at.children.push(node(name));
            }
        }
    } else if at.children.is_empty() {
        at.properties.format = format;
        at.properties.default = Some(value.into());
        at.properties.kind = DfType::Mime("text/plain".into());
    }
}

/// An interior node that is always there.
fn node(name: &str) -> Node {
    Node {
        name: Some(name.into()),
        path: None,
        properties: Properties {
            access: Access::ADD | Access::DELETE | Access::EXEC | Access::GET | Access::REPLACE,
            default: None,
            description: None,
            format: Format::Node,
            occurrence: Occurrence::One,
            scope: Scope::Permanent,
            title: None,
            kind: DfType::DdfName("".into()),
            case_sense: CaseSense::default(),
            msft: None,
        },
        children: Vec::new(),
    }
}
