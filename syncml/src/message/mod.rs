//! What a SyncML message says, as plain data.
//!
//! The model is complete and forgiving: whatever a peer wrote is kept, a wrong address as much as an unknown
//! element, because the wire does not judge. Judging happens when a command is applied. Every piece knows
//! where it stood ([`Span`]), and spans never make two messages different.
//!
//! Source of the vocabulary: OMA SyncML Representation Protocol 1.2 and its Device Management Usage,
//! OMA SyncML Meta-Information 1.2, \[MS-MDM\] section 2.2.

mod command;
mod element;
mod header;
mod item;
mod meta;
mod response;
mod span;
#[cfg(feature = "proptest")]
pub mod strategies;
mod text;

pub use command::{Alert, Command, Container, ContainerKind, Kind, Request, Verb};
pub use element::{Attribute, Element, Node};
pub use header::{Cred, Header};
pub use item::{Data, Item, Items, Location};
pub use meta::{Anchor, Mem, Meta, MoreMeta};
pub use response::{Chal, Results, Status};
pub use span::Span;
pub use text::Text;

/// The namespace that a message declares on its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Namespace {
    /// No namespace at all.
    None,
    /// `SYNCML:SYNCML1.1`, which Windows accepts (observed) and Microsoft's older samples use.
    SyncMl11,
    /// `SYNCML:SYNCML1.2`, which \[MS-MDM\] 2.2.1 requires and Windows always sends.
    #[default]
    SyncMl12,
}

impl Namespace {
    /// The name as it stands in `xmlns`; empty for none.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::None => "",
            Self::SyncMl11 => "SYNCML:SYNCML1.1",
            Self::SyncMl12 => "SYNCML:SYNCML1.2",
        }
    }
}

/// One SyncML message: a header and a body, or the bare `SyncBody` of the local management API.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Message {
    /// The namespace of the root element.
    pub namespace: Namespace,
    /// `SyncHdr`; absent in a bare `SyncBody`, and in some of Microsoft's own samples.
    pub header: Option<Header>,
    /// `SyncBody`.
    pub body: Body,
    /// Whether the document was a `SyncBody` without the `SyncML` around it.
    pub bare_body: bool,
}

/// `SyncBody`: commands in document order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Body {
    /// The commands, in document order.
    pub commands: Vec<Command>,
    /// Whether `Final` stood in the body: the last message of the package.
    pub is_final: bool,
    /// Where the body stood.
    pub span: Span,
}
