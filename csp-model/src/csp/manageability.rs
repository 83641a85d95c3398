//! `./Vendor/MSFT/DeviceManageability`: which CSPs the device has, in which versions.
//!
//! Source: Microsoft, "DeviceManageability CSP"; the document's shape is that of real devices' answers, and the
//! versions are those that clients of several servers report.

use std::fmt::Write as _;

use crate::device::Device;
use crate::schema::{self, Schema};
use crate::{LocUri, Value};

/// The leaves of the CSP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// `Capabilities/CSPVersions`
    CspVersions,
    /// Any other.
    Other,
}

impl Node {
    /// The leaf with these names, from `DeviceManageability` down.
    #[must_use]
    pub fn at(names: &[&str]) -> Option<Self> {
        match names {
            [_] | [_, "Capabilities"] | [_, "Provider"] => None,
            [_, "Capabilities", "CSPVersions"] => Some(Self::CspVersions),
            _ => Some(Self::Other),
        }
    }
}

pub(super) fn read(device: &Device, node: Node) -> Value {
    match node {
        Node::CspVersions => Value::Xml(versions(device.profile().schema()).into()),
        Node::Other => Value::chr(""),
    }
}

/// One line a CSP, by address. A CSP is a node whose description names it as one.
fn versions(schema: &Schema) -> String {
    let mut lines = std::collections::BTreeMap::new();
    for id in schema.subtree(schema.root(crate::uri::UriScope::Device)) {
        let def = schema.def(id);
        let is_below_root = def.parent.is_some_and(|parent| schema.def(parent).name.as_deref() == Some("."));
        let version = match &def.properties.kind {
            schema::Kind::Mime(name) => {
                name.strip_prefix("com.microsoft/").and_then(|rest| rest.split('/').next())
            }
            schema::Kind::DdfName(_) => None,
        };
        let version = match (version, &def.properties.msft) {
            (Some(version), _) => Some(version),
            (None, Some(msft)) if is_below_root || is_csp_root(schema, id) => {
                msft.applicability.as_ref().and_then(|rule| rule.csp_version.as_deref())
            }
            (None, _) => None,
        };
        if let Some(version) = version {
            let names = schema.path(id).into_iter().skip(1).filter_map(|id| schema.def(id).name.as_deref());
            let uri = names.fold(LocUri::root(), |uri, name| uri.child(name));
            lines.insert(uri.to_string(), version.to_owned());
        }
    }
    let mut text = concat!(
        r#"<?xml version="1.0" encoding="utf-8"?>"#,
        r#"<DeviceManageability Version="com.microsoft/1.1/MDM/DeviceManageability"><Capabilities><CSPVersions>"#,
    )
    .to_owned();
    for (uri, version) in lines {
        // Writing to a String cannot fail.
        let _ = write!(text, r#"<CSP Node="{uri}" Version="{version}"/>"#);
    }
    text.push_str("</CSPVersions></Capabilities></DeviceManageability>");
    text
}

/// Whether the node hangs directly below `./Vendor/MSFT`.
fn is_csp_root(schema: &Schema, id: schema::NodeId) -> bool {
    let names: Vec<_> =
        schema.path(id).iter().map(|id| schema.def(*id).name.as_deref().unwrap_or_default()).collect();
    matches!(names[..], [".", "Vendor", "MSFT", _])
}
