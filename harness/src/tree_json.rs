//! A listed tree, nested as its nodes are: what `cspsim tree --json` and the control API show.

use csp_model::tree::Listed;
use csp_model::{Format, LocUri, Value};
use serde::Serialize;
use utoipa::ToSchema;

/// A node of a device's tree.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Node {
    /// Its name; that of the listed node is the last of its address.
    name: String,
    /// Its address.
    #[schema(example = "./Vendor/MSFT/Update/InstallableUpdates")]
    uri: String,
    /// Its format: `node`, `chr`, `int`, `bool`, …
    #[schema(example = "node")]
    format: &'static str,
    /// Its value, if it is a leaf that can be read: a boolean, a number, or text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    value: Option<serde_json::Value>,
    /// What is below it, if it is no leaf.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    children: Option<Vec<Self>>,
}

/// The address of the node that somebody asks for.
///
/// # Errors
/// When it is none, in words.
pub(crate) fn address(text: &str) -> Result<LocUri, String> {
    let uri = LocUri::parse(text.trim()).map_err(|error| format!("`{text}` is no LocURI: {error}"))?;
    match uri.query() {
        None => Ok(uri),
        Some(_) => Err(format!("`{text}`: the address of a node is expected, without a query")),
    }
}

impl Node {
    /// The node at `base` with what is listed below it; `None` when nothing is listed, not even the node itself.
    pub(crate) fn nested(base: &str, listed: &[Listed]) -> Option<Self> {
        // A listing has parents first: the nodes from the first one down to the last one that was taken.
        let mut open: Vec<Self> = Vec::new();
        for node in listed {
            let depth = node.below.matches('/').count();
            close(&mut open, depth);
            open.push(Self::new(base, node));
        }
        close(&mut open, 1);
        open.pop()
    }

    fn new(base: &str, node: &Listed) -> Self {
        let uri = format!("{base}{}", node.below);
        Self {
            name: uri.rsplit('/').next().unwrap_or_default().to_owned(),
            uri,
            format: node.format.name(),
            value: node.value.as_ref().map(|value| match value {
                Value::Bool(value) => (*value).into(),
                Value::Int(number) => (*number).into(),
                other => other.text().into(),
            }),
            children: (node.format == Format::Node).then(Vec::new),
        }
    }
}

/// Puts what is deeper than `depth` nodes where it belongs.
fn close(open: &mut Vec<Node>, depth: usize) {
    while open.len() > depth.max(1) {
        let node = open.pop();
        if let Some(parent) = open.last_mut() {
            parent.children.get_or_insert_default().extend(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use csp_model::tree::Leaves;
    use csp_model::{Device, LocUri};

    use super::*;

    fn count(node: &Node) -> usize {
        1 + node.children.iter().flatten().map(count).sum::<usize>()
    }

    #[test]
    fn every_listed_node_is_below_its_parent() {
        for base in [".", "./Vendor/MSFT/Update", "./DevDetail/SwV"] {
            let uri = LocUri::parse(base).expect("an address");
            let listed = Device::builtin().list(&uri, Leaves::WithData).expect("a node");
            let node = Node::nested(base, &listed).expect("the node itself");
            assert_eq!(node.uri, base);
            assert_eq!(count(&node), listed.len());
            check(&node);
        }
        assert_eq!(Node::nested(".", &[]), None);
    }

    fn check(node: &Node) {
        for child in node.children.iter().flatten() {
            assert_eq!(child.uri, format!("{}/{}", node.uri, child.name));
            check(child);
        }
    }
}
