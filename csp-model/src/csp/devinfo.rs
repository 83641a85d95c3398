//! `./DevInfo`: what a device says of itself at the start of every session.
//!
//! Source: OMA DM Standardized Objects 1.2.1; Microsoft, "DevInfo CSP".

use crate::{Device, Value};

/// The leaves of the CSP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// `DevId`
    DevId,
    /// `Man`
    Man,
    /// `Mod`
    Mod,
    /// `DmV`
    DmV,
    /// `Lang`
    Lang,
    /// `Ext/ICCID`: a device without a SIM card has none.
    Iccid,
}

impl Node {
    /// The leaf with these names, from `DevInfo` down.
    #[must_use]
    pub fn at(names: &[&str]) -> Option<Self> {
        Some(match names {
            [_, "DevId"] => Self::DevId,
            [_, "Man"] => Self::Man,
            [_, "Mod"] => Self::Mod,
            [_, "DmV"] => Self::DmV,
            [_, "Lang"] => Self::Lang,
            [_, "Ext", "ICCID"] => Self::Iccid,
            _ => return None,
        })
    }
}

pub(super) fn read(device: &Device, node: Node) -> Value {
    let identity = &device.profile().file().device;
    Value::chr(match node {
        Node::DevId => &*device.instance().id,
        Node::Man => &identity.manufacturer,
        Node::Mod => &identity.model,
        // The version that Windows 10 and 11 give (observed: package 1 of build 26200).
        Node::DmV => "1.3",
        Node::Lang => &identity.language,
        Node::Iccid => "",
    })
}
