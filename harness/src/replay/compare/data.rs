//! Values of nodes, compared by what they mean.

use chrono::{DateTime, NaiveDateTime};
use csp_model::xml::{Doctype, Event, Reader};
use syncml::codec::Limits;
use syncml::message::{Element, Node};

use super::Maps;
use crate::transcript::is_redacted;

/// In what two values differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// In nothing that counts.
    Same,
    /// In how they are spelled.
    Shape,
    /// In what they mean.
    Meaning,
}

/// Compares two values. Without `maps` an identity is no other one.
pub(super) fn compare(one: &str, other: &str, mut maps: Option<&mut Maps>) -> Verdict {
    if let Some(maps) = maps.as_mut().filter(|_| is_redacted(one.trim())) {
        return if maps.secret(one.trim(), other.trim()) { Verdict::Same } else { Verdict::Meaning };
    }
    let mut is_other = |one: &str, other: &str| {
        maps.as_mut().is_some_and(|maps| match Maps::is_identity(one) && Maps::is_identity(other) {
            true => maps.identity(one, other),
            // Known before, as the device's own name for itself.
            false => maps.knows(one, other),
        })
    };
    if one == other {
        // From now on it stands for itself.
        is_other(one, other);
        return Verdict::Same;
    }
    let (trimmed, trimmed_other) = (one.trim(), other.trim());
    if trimmed == trimmed_other {
        return Verdict::Shape;
    }
    if is_other(trimmed, trimmed_other) {
        return Verdict::Same;
    }
    match (canonical(trimmed), canonical(trimmed_other)) {
        (Some(one), Some(other)) if one == other => Verdict::Shape,
        _ => Verdict::Meaning,
    }
}

/// Markup as the text that it stands for.
pub(crate) fn markup(nodes: &[Node]) -> String {
    let mut text = String::new();
    nodes.iter().for_each(|node| write_node(&mut text, node));
    text
}

fn write_node(text: &mut String, node: &Node) {
    match node {
        Node::Text(said) => text.push_str(&escaped(said)),
        Node::Element(element) => write_element(text, element),
    }
}

fn write_element(text: &mut String, element: &Element) {
    text.push('<');
    text.push_str(&element.name);
    for attribute in &element.attributes {
        text.push_str(&format!(" {}=\"{}\"", attribute.name, escaped(&attribute.value)));
    }
    if element.children.is_empty() {
        text.push_str("/>");
        return;
    }
    text.push('>');
    element.children.iter().for_each(|child| write_node(text, child));
    text.push_str(&format!("</{}>", element.name));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Whether two lists of the names below a node, as a Get of it has them, have the same names.
pub(super) fn same_names(one: &str, other: &str) -> bool {
    let names = |text: &'_ str| -> Vec<String> {
        let mut names: Vec<_> = text.trim().split('/').map(str::to_owned).collect();
        names.sort_unstable();
        names
    };
    names(one) == names(other)
}

/// Whether both are points in time.
pub(super) fn are_instants(one: &str, other: &str) -> bool {
    is_instant(one.trim()) && is_instant(other.trim())
}

/// Whether it is a point in time: a date with a time of day.
fn is_instant(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok()
        || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").is_ok()
}

/// A document without the white space between its elements, its comments and its ways to spell; `None` when it is none.
fn canonical(text: &str) -> Option<String> {
    if !text.starts_with('<') {
        return None;
    }
    // Data may hold several elements.
    let document = format!("<root>{text}</root>");
    let mut reader = Reader::new(&document, Doctype::NoSubset, Limits::DEEPEST);
    let mut canonical = String::new();
    loop {
        match reader.next().ok()? {
            Event::Start(start) => {
                let mut attributes: Vec<_> = reader
                    .attributes()
                    .iter()
                    .map(|attribute| format!(" {}={:?}", attribute.name, attribute.value))
                    .collect();
                attributes.sort();
                canonical.push_str(&format!("<{}{}>", start.name, attributes.concat()));
            }
            Event::End(_) => canonical.push_str("</>"),
            Event::Text(said) => canonical.push_str(&escaped(said.value.trim())),
            Event::Eof => return Some(canonical),
        }
    }
}
