//! Commands: what one side asks the other to do, and what it reports.

use super::{Cred, Element, Items, Meta, Results, Span, Status, Text};

/// One element under `SyncBody`, `Atomic` or `Sequence`.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// `CmdID`: opaque text; real servers send GUIDs. `None` when the element is absent.
    pub cmd_id: Option<Text>,
    /// Whether this command shares its element with the one before it. Microsoft's own samples hold a Replace
    /// with three CmdIDs, each followed by its Items; such an element is read as three commands.
    pub continued: bool,
    /// `NoResp`: no Status is wanted.
    pub no_resp: bool,
    /// `Cred`: credentials of this command alone.
    pub cred: Option<Box<Cred>>,
    /// What is asked or reported.
    pub kind: Kind,
    /// Elements that the protocol does not have here.
    pub unknown: Vec<Element>,
    /// Where the command stood.
    pub span: Span,
}

/// What a command is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Add, Copy, Delete, Exec, Get or Replace.
    Request(Request),
    /// `Alert`.
    Alert(Alert),
    /// `Atomic` or `Sequence`.
    Container(Container),
    /// `Status`.
    Status(Status),
    /// `Results`.
    Results(Results),
    /// An element that the protocol does not have here.
    Unknown(Box<Element>),
}

/// The verbs that address nodes of the management tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// `Add`
    Add,
    /// `Copy`
    Copy,
    /// `Delete`
    Delete,
    /// `Exec`
    Exec,
    /// `Get`
    Get,
    /// `Replace`
    Replace,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 6] = [Self::Add, Self::Copy, Self::Delete, Self::Exec, Self::Get, Self::Replace];

    /// The element's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "Add",
            Self::Copy => "Copy",
            Self::Delete => "Delete",
            Self::Exec => "Exec",
            Self::Get => "Get",
            Self::Replace => "Replace",
        }
    }
}

/// A verb and the items it applies to.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The verb.
    pub verb: Verb,
    /// `Meta` for all items.
    pub meta: Option<Box<Meta>>,
    /// The items.
    pub items: Items,
    /// `Correlator`, which OMA DM 1.2 has for Exec and Windows does not support (\[MS-MDM\] 2.2.7.2).
    pub correlator: Option<Text>,
}

/// `Alert`: 1201 "client-initiated management", 1224 "client event", …
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alert {
    /// `Data`: the alert code.
    pub code: Option<Text>,
    /// The items.
    pub items: Items,
    /// `Correlator`.
    pub correlator: Option<Text>,
}

impl Alert {
    /// "Next message": the sender asks for the rest of the other side's package (OMA DM Protocol 1.2.1, multiple messages
    /// in a package).
    pub const NEXT_MESSAGE: &'static str = "1222";
    /// "Session abort": the session is over (OMA DM Protocol 1.2.1 section 8.1).
    pub const SESSION_ABORT: &'static str = "1223";
    /// The codes that Windows knows (\[MS-MDM\] 2.2.7.2).
    pub const KNOWN: [&'static str; 7] =
        ["1200", "1201", Self::NEXT_MESSAGE, Self::SESSION_ABORT, "1224", "1225", "1226"];

    /// An Alert that is its code alone.
    #[must_use]
    pub fn bare(code: &'static str) -> Self {
        Self { code: Some(Text::from_static(code)), ..Self::default() }
    }

    /// Whether `code` is its code; blanks around it do not count.
    #[must_use]
    pub fn is(&self, code: &str) -> bool {
        self.code.as_ref().is_some_and(|own| own.trim() == code)
    }
}

/// How the commands of a container belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerKind {
    /// All or nothing.
    Atomic,
    /// In order.
    Sequence,
}

impl ContainerKind {
    /// The element's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Atomic => "Atomic",
            Self::Sequence => "Sequence",
        }
    }
}

/// `Atomic` or `Sequence`.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    /// Which of the two.
    pub kind: ContainerKind,
    /// `Meta`.
    pub meta: Option<Box<Meta>>,
    /// The commands, in document order.
    pub commands: Vec<Command>,
}

impl Command {
    /// A command with an id, and nothing else but what it is.
    #[must_use]
    pub const fn new(cmd_id: Option<Text>, kind: Kind) -> Self {
        Self {
            cmd_id,
            continued: false,
            no_resp: false,
            cred: None,
            kind,
            unknown: Vec::new(),
            span: Span { start: 0, end: 0 },
        }
    }

    /// The name of the element.
    #[must_use]
    pub fn name(&self) -> Text {
        match &self.kind {
            Kind::Request(request) => Text::from_static(request.verb.name()),
            Kind::Alert(_) => Text::from_static("Alert"),
            Kind::Container(container) => Text::from_static(container.kind.name()),
            Kind::Status(_) => Text::from_static("Status"),
            Kind::Results(_) => Text::from_static("Results"),
            Kind::Unknown(element) => element.name.clone(),
        }
    }
}
