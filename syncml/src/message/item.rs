//! `Item`: an address, what is known about the data, and the data.

use smallvec::SmallVec;

use super::{Element, Meta, Node, Span, Text};

/// The items of a command. Nearly always one.
pub type Items = SmallVec<[Item; 1]>;

/// `Item` (OMA SyncML Representation Protocol 1.2).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item {
    /// `Target`: the node a server's command is about.
    pub target: Option<Location>,
    /// `Source`: the node a device's result is about.
    pub source: Option<Location>,
    /// `SourceParent`/`LocURI`.
    pub source_parent: Option<Box<Location>>,
    /// `TargetParent`/`LocURI`.
    pub target_parent: Option<Box<Location>>,
    /// `Meta`; its fields win over the command's one by one.
    pub meta: Option<Meta>,
    /// `Data`.
    pub data: Option<Data>,
    /// `MoreData`: the object goes on in the next message.
    pub more_data: bool,
    /// Elements that the protocol does not have here.
    pub unknown: Vec<Element>,
    /// Where the item stood.
    pub span: Span,
}

/// `Target` or `Source`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Location {
    /// `LocURI`, as written: blanks around it and all.
    pub loc_uri: Option<Text>,
    /// `LocName`.
    pub loc_name: Option<Text>,
    /// Where the address stood.
    pub span: Span,
}

impl Location {
    /// An address without a name.
    #[must_use]
    pub fn new(loc_uri: impl Into<Text>) -> Self {
        Self { loc_uri: Some(loc_uri.into()), loc_name: None, span: Span::default() }
    }
}

/// `Data`: text, whether escaped or in CDATA, or markup that was not escaped.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Text.
    Text(Text),
    /// Markup: at least one element among the nodes.
    Markup(Vec<Node>),
}
