//! `./Vendor/MSFT/DeviceManageability`: which CSPs the device has, in which versions.
//!
//! Source: Microsoft, "DeviceManageability CSP"; the document's shape is that of real devices' answers, and the
//! versions are those that clients of several servers report.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quick_xml::escape::escape;

use crate::schema::{Def, Kind, NodeId, Schema};
use crate::uri::UriScope;
use crate::{Device, LocUri, Value};

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

/// One line a CSP, by address: the nodes below the root and below `./Vendor/MSFT`.
fn versions(schema: &Schema) -> String {
    let root = schema.root(UriScope::Device);
    let vendor = schema.child(root, "Vendor").and_then(|vendor| schema.child(vendor, "MSFT"));
    let is_csp = |id: &NodeId| schema.def(*id).name.as_deref() != Some("Vendor");
    let standard = schema.fixed_children(root).filter(is_csp).map(|id| (LocUri::root(), id));
    let microsoft = LocUri::root().child("Vendor").child("MSFT");
    let vendors =
        vendor.into_iter().flat_map(|id| schema.fixed_children(id)).map(|id| (microsoft.clone(), id));
    let lines: BTreeMap<String, String> = standard
        .chain(vendors)
        .filter_map(|(above, id)| {
            let version = schema.subtree(id).into_iter().find_map(|id| version(schema.def(id)))?;
            Some((above.child(schema.def(id).name.as_deref()?).to_string(), version))
        })
        .collect();
    let mut text = concat!(
        r#"<?xml version="1.0" encoding="utf-8"?>"#,
        r#"<DeviceManageability Version="com.microsoft/1.1/MDM/DeviceManageability"><Capabilities><CSPVersions>"#,
    )
    .to_owned();
    for (uri, version) in lines {
        // Writing to a String cannot fail.
        let _ = write!(text, r#"<CSP Node="{}" Version="{}"/>"#, escape(&uri), escape(&version));
    }
    text.push_str("</CSPVersions></Capabilities></DeviceManageability>");
    text
}

/// The version in a type like `com.microsoft/1.1/MDM/Update`, or the one that the description gives.
fn version(def: &Def) -> Option<String> {
    let of_type = match &def.properties.kind {
        Kind::Mime(name) => name.strip_prefix("com.microsoft/").and_then(|rest| rest.split('/').next()),
        Kind::DdfName(_) => None,
    };
    let applicability = def.properties.msft.as_ref().and_then(|msft| msft.applicability.as_ref());
    of_type.or_else(|| applicability?.csp_version.as_deref()).map(str::to_owned)
}
