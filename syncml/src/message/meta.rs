//! `Meta`: what OMA SyncML Meta-Information 1.2 says about data.

use super::{Element, Text};

/// `Meta`. Format and Type stand in nearly every one; the rest is rare and lives in a box.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Meta {
    /// `Format`: `chr`, `int`, `node`, …, as written.
    pub format: Option<Text>,
    /// `Type`: a media type, an alert type or an authentication scheme.
    pub media_type: Option<Text>,
    /// The other fields, when there are any.
    pub more: Option<Box<MoreMeta>>,
}

/// The rarer fields of `Meta`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MoreMeta {
    /// `FieldLevel`: the data are single fields of an object.
    pub field_level: bool,
    /// `Mark`: how urgent the item is; Windows writes `critical` at un-enrolment (observed).
    pub mark: Option<Text>,
    /// `Size`: the bytes of a large object.
    pub size: Option<Text>,
    /// `Anchor`.
    pub anchor: Option<Anchor>,
    /// `Version`.
    pub version: Option<Text>,
    /// `NextNonce`: base64.
    pub next_nonce: Option<Text>,
    /// `MaxMsgSize`: the largest message that the sender takes, in bytes.
    pub max_msg_size: Option<Text>,
    /// `MaxObjSize`: the largest object that the sender takes, in bytes.
    pub max_obj_size: Option<Text>,
    /// `EMI`: experimental meta-information.
    pub emi: Vec<Text>,
    /// `Mem`.
    pub mem: Option<Mem>,
    /// Elements that meta-information does not have.
    pub unknown: Vec<Element>,
}

/// `Anchor`: synchronisation state. OMA DM does not use it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Anchor {
    /// `Last`.
    pub last: Option<Text>,
    /// `Next`.
    pub next: Option<Text>,
}

/// `Mem`: free memory of a data store. OMA DM does not use it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mem {
    /// `SharedMem`.
    pub shared: bool,
    /// `FreeMem`, in bytes.
    pub free_mem: Option<Text>,
    /// `FreeID`.
    pub free_id: Option<Text>,
}

impl Meta {
    /// A `Meta` with a Format alone.
    #[must_use]
    pub const fn with_format(format: Text) -> Self {
        Self { format: Some(format), media_type: None, more: None }
    }

    /// Whether nothing stands in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
