//! What answers a command: `Status` and `Results`.

use super::{Cred, Item, Items, Meta, Text};

/// `Status` (OMA SyncML Representation Protocol 1.2; \[MS-MDM\] 2.2.7.12).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Status {
    /// `MsgRef`: the message that held the command.
    pub msg_ref: Option<Text>,
    /// `CmdRef`: the command; `0` is the SyncHdr.
    pub cmd_ref: Option<Text>,
    /// `Cmd`: the command's name.
    pub cmd: Option<Text>,
    /// `TargetRef`s: the items' targets that it speaks of.
    pub target_refs: Vec<Text>,
    /// `SourceRef`s.
    pub source_refs: Vec<Text>,
    /// `Cred`.
    pub cred: Option<Box<Cred>>,
    /// `Chal`: the challenge to authenticate.
    pub chal: Option<Box<Chal>>,
    /// `Data`: the status code, as written.
    pub code: Option<Text>,
    /// `msft:originalerror` on `Data`: the Windows error behind the code (\[MS-MDM\] 2.2.7.12).
    pub original_error: Option<Text>,
    /// Items. Rare, and so not kept in place.
    pub items: Vec<Item>,
}

impl Status {
    /// The code as a number, when it is one.
    #[must_use]
    pub fn number(&self) -> Option<u16> {
        self.code.as_ref()?.trim().parse().ok()
    }

    /// Whether it is about the SyncHdr. OMA's own examples leave CmdRef out there.
    #[must_use]
    pub fn is_of_sync_hdr(&self) -> bool {
        match self.cmd_ref.as_ref().map(|id| id.trim()) {
            Some("0") => true,
            Some("") | None => self.cmd.as_ref().is_some_and(|name| name.trim() == "SyncHdr"),
            Some(_) => false,
        }
    }
}

/// `Chal`: what the other side must authenticate with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chal {
    /// `Meta`: scheme, format and next nonce.
    pub meta: Meta,
}

/// `Results`: the data of a Get.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Results {
    /// `MsgRef`; absent means `1` (\[MS-MDM\] 2.2.7.10).
    pub msg_ref: Option<Text>,
    /// `CmdRef`; absent means `1` (\[MS-MDM\] 2.2.7.10).
    pub cmd_ref: Option<Text>,
    /// `Cmd`, which \[MS-MDM\] asks for and Windows leaves out (observed).
    pub cmd: Option<Text>,
    /// `Meta` for all items.
    pub meta: Option<Box<Meta>>,
    /// `TargetRef`s.
    pub target_refs: Vec<Text>,
    /// `SourceRef`s.
    pub source_refs: Vec<Text>,
    /// The items.
    pub items: Items,
}
