//! The descriptions of the configuration service providers that the simulator has of its own.
//!
//! They are files of this crate, `data/*.xml`, in the project's own words; `cspsim ddf` prints them, and
//! `data/README.md` says where each comes from. Deliberately absent: what the providers do.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Node, ddf};
use crate::Access;

/// Which edition of Microsoft's descriptions the device follows where editions differ.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema,
)]
pub enum Edition {
    /// The Update DDF file of Windows 10, version 1803: `FailedUpdates/{guid}/Status`, approvals are Get only.
    #[serde(rename = "1803")]
    V1803,
    /// The Update CSP page of November 2023: `FailedUpdates/{guid}/State`, approvals take Get and Add.
    #[default]
    #[serde(rename = "2023")]
    V2023,
}

impl Edition {
    /// Every edition.
    pub const ALL: [Self; 2] = [Self::V1803, Self::V2023];

    /// The edition's name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1803 => "1803",
            Self::V2023 => "2023",
        }
    }
}

impl std::fmt::Display for Edition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Every provider with its name, in alphabetical order.
#[must_use]
pub fn all(edition: Edition) -> [(&'static str, &'static [Node]); 9] {
    [
        ("DMAcc", dm_acc()),
        ("DMClient", dm_client()),
        ("DevDetail", dev_detail()),
        ("DevInfo", dev_info()),
        ("DeviceManageability", device_manageability()),
        ("NodeCache", node_cache()),
        ("Policy", policy()),
        ("Reboot", reboot()),
        ("Update", update(edition)),
    ]
}

/// `./SyncML/DMAcc`
#[must_use]
pub fn dm_acc() -> &'static [Node] {
    static ROOTS: LazyLock<Vec<Node>> = LazyLock::new(|| parse(include_str!("../../data/DMAcc.xml")));
    &ROOTS
}

/// `./Vendor/MSFT/DMClient`, and the same below `./User`.
#[must_use]
pub fn dm_client() -> &'static [Node] {
    static ROOTS: LazyLock<Vec<Node>> = LazyLock::new(|| parse(include_str!("../../data/DMClient.xml")));
    &ROOTS
}

/// `./DevDetail`
#[must_use]
pub fn dev_detail() -> &'static [Node] {
    static ROOTS: LazyLock<Vec<Node>> = LazyLock::new(|| parse(include_str!("../../data/DevDetail.xml")));
    &ROOTS
}

/// `./DevInfo`
#[must_use]
pub fn dev_info() -> &'static [Node] {
    static ROOTS: LazyLock<Vec<Node>> = LazyLock::new(|| parse(include_str!("../../data/DevInfo.xml")));
    &ROOTS
}

/// `./Vendor/MSFT/DeviceManageability`
#[must_use]
pub fn device_manageability() -> &'static [Node] {
    static ROOTS: LazyLock<Vec<Node>> =
        LazyLock::new(|| parse(include_str!("../../data/DeviceManageability.xml")));
    &ROOTS
}

/// `./Vendor/MSFT/NodeCache`, and the same below `./User`.
#[must_use]
pub fn node_cache() -> &'static [Node] {
    static ROOTS: LazyLock<Vec<Node>> = LazyLock::new(|| parse(include_str!("../../data/NodeCache.xml")));
    &ROOTS
}

/// `./Vendor/MSFT/Policy`: the area Update under `Config`, and the same under `Result`.
#[must_use]
pub fn policy() -> &'static [Node] {
    static ROOTS: LazyLock<Vec<Node>> =
        LazyLock::new(|| with_result(parse(include_str!("../../data/Policy-Update.xml"))));
    &ROOTS
}

/// `./Vendor/MSFT/Reboot`
#[must_use]
pub fn reboot() -> &'static [Node] {
    static ROOTS: LazyLock<Vec<Node>> = LazyLock::new(|| parse(include_str!("../../data/Reboot.xml")));
    &ROOTS
}

/// `./Vendor/MSFT/Update`
#[must_use]
pub fn update(edition: Edition) -> &'static [Node] {
    static V1803: LazyLock<Vec<Node>> = LazyLock::new(|| parse(include_str!("../../data/Update-1803.xml")));
    static V2023: LazyLock<Vec<Node>> = LazyLock::new(|| parse(include_str!("../../data/Update-2023.xml")));
    match edition {
        Edition::V1803 => &V1803,
        Edition::V2023 => &V2023,
    }
}

fn parse(text: &str) -> Vec<Node> {
    ddf::read(text).unwrap_or_else(|error| panic!("a description of this crate: {error}")).roots
}

/// Adds `Result` beside `Config`: the same policies, to be read only (Policy CSP). What a policy takes is said once.
fn with_result(mut roots: Vec<Node>) -> Vec<Node> {
    for root in &mut roots {
        if let Some(mut result) = root.find(&["Config"]).cloned() {
            result.name = Some("Result".into());
            result.properties.description = Some("The policies as they are in force.".into());
            make_read_only(&mut result);
            root.children.push(result);
        }
    }
    roots
}

fn make_read_only(node: &mut Node) {
    node.properties.access &= Access::GET;
    node.properties.msft = node.properties.msft.take().and_then(|mut msft| {
        msft.allowed = None;
        msft.conflict_resolution = None;
        msft.gp_mapping = None;
        Some(msft).filter(|msft| !msft.is_empty())
    });
    node.children.iter_mut().for_each(make_read_only);
}
