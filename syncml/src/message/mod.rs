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
    /// The namespace of that name, if it is one of SyncML's.
    #[must_use]
    pub fn of(uri: &str) -> Option<Self> {
        [Self::None, Self::SyncMl11, Self::SyncMl12].into_iter().find(|namespace| namespace.uri() == uri)
    }

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
    /// Where the first element of a `Meta` stood that was not in `syncml:metinf`; empty when all were. It means the same
    /// there.
    pub odd_meta: Span,
}

impl Message {
    /// An OMA DM 1.2 message that completes its package.
    #[must_use]
    pub const fn new(header: Header, commands: Vec<Command>) -> Self {
        Self {
            namespace: Namespace::SyncMl12,
            header: Some(header),
            body: Body { commands, is_final: true, span: Span { start: 0, end: 0 } },
            bare_body: false,
            odd_meta: Span { start: 0, end: 0 },
        }
    }

    /// Whether the body has an Alert of that code; members of an Atomic or a Sequence do not count.
    #[must_use]
    pub fn has_alert(&self, code: &str) -> bool {
        self.body.commands.iter().any(|command| match &command.kind {
            Kind::Alert(alert) => alert.is(code),
            Kind::Request(_) | Kind::Container(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => {
                false
            }
        })
    }

    /// The MsgRef of its answer: its MsgID, or `1` where it has none, as a body alone (\[MS-MDM\] 2.2.7.10).
    #[must_use]
    pub fn msg_ref(&self) -> Text {
        let msg_id = self.header.as_ref().and_then(|header| header.msg_id.clone());
        msg_id.unwrap_or(Text::from_static("1"))
    }
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
