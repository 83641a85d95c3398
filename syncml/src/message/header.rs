//! `SyncHdr`: who speaks to whom, in which session.

use super::{Element, Location, Meta, Span, Text};

/// `SyncHdr` (OMA SyncML Representation Protocol 1.2, DM Usage; \[MS-MDM\] 2.2.4).
///
/// SessionID and MsgID are opaque text: real servers send `0`, `D` and GUIDs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    /// `VerDTD`, `1.2` for OMA DM 1.2.
    pub ver_dtd: Option<Text>,
    /// `VerProto`, `DM/1.2` for OMA DM 1.2.
    pub ver_proto: Option<Text>,
    /// `SessionID`.
    pub session_id: Option<Text>,
    /// `MsgID`.
    pub msg_id: Option<Text>,
    /// `Target`: the receiver.
    pub target: Option<Location>,
    /// `Source`: the sender.
    pub source: Option<Location>,
    /// `RespURI`: where the answer is to be sent.
    pub resp_uri: Option<Text>,
    /// `NoResp`: no Status is wanted for any command of the message.
    pub no_resp: bool,
    /// `Cred`.
    pub cred: Option<Box<Cred>>,
    /// `Meta`.
    pub meta: Option<Box<Meta>>,
    /// Elements that the protocol does not have here.
    pub unknown: Vec<Element>,
    /// Where the header stood.
    pub span: Span,
}

impl Header {
    /// The header of an OMA DM 1.2 message of `source`, but for whom it is to.
    #[must_use]
    pub fn new(session_id: Text, msg_id: u64, source: Location) -> Self {
        Self {
            ver_dtd: Some(Text::from_static("1.2")),
            ver_proto: Some(Text::from_static("DM/1.2")),
            session_id: Some(session_id),
            msg_id: Some(Text::number(msg_id)),
            source: Some(source),
            ..Self::default()
        }
    }

    /// The sender's MaxMsgSize, in bytes, when it is a number.
    #[must_use]
    pub fn max_msg_size(&self) -> Option<usize> {
        self.meta.as_ref()?.more.as_ref()?.max_msg_size.as_ref()?.trim().parse().ok()
    }

    /// The sender's `MaxObjSize`, in bytes, when it is a number.
    #[must_use]
    pub fn max_obj_size(&self) -> Option<usize> {
        self.meta.as_ref()?.more.as_ref()?.max_obj_size.as_ref()?.trim().parse().ok()
    }
}

/// `Cred`: what the sender proves itself with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cred {
    /// `Meta`: the scheme in `Type`, the encoding in `Format`.
    pub meta: Option<Meta>,
    /// `Data`: the credential itself.
    pub data: Option<Text>,
}
