//! What a device can do wrong on purpose, so that a server can be tested with it.

use crate::message::{Alert, Cred, Kind, Message, Text};
use crate::session::answering;

/// One thing that the device does wrong in one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misbehaviour {
    /// Every Status refers to a message that the server has not sent.
    WrongMsgRef,
    /// The last Status is left out.
    LostStatus,
    /// The credentials are those of the message before, whose nonce is used up.
    StaleNonce,
    /// The session is aborted with Alert 1223.
    Abort,
}

impl Misbehaviour {
    /// Does it to a message. `stale` are the credentials of the message before.
    pub(super) fn spoil(self, message: &mut Message, stale: Option<&Cred>) {
        let commands = &mut message.body.commands;
        match self {
            Self::WrongMsgRef => {
                for command in commands {
                    if let Kind::Status(status) = &mut command.kind {
                        status.msg_ref = Some(Text::from_static("4711"));
                    }
                }
            }
            Self::LostStatus => {
                let last = commands.iter().rposition(|command| matches!(command.kind, Kind::Status(_)));
                last.map(|last| commands.remove(last));
            }
            Self::StaleNonce => {
                if let (Some(header), Some(stale)) = (&mut message.header, stale) {
                    header.cred = Some(Box::new(stale.clone()));
                }
            }
            Self::Abort => {
                commands.retain(
                    |command| matches!(&command.kind, Kind::Status(status) if status.is_of_sync_hdr()),
                );
                answering::push_alert(message, Alert::SESSION_ABORT);
                message.body.is_final = true;
            }
        }
    }
}
