//! What a device can do wrong on purpose, so that a server can be tested with it.

use crate::message::{Alert, Command, Cred, Kind, Message, Text};

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
                commands.retain(is_of_sync_hdr);
                let cmd_id = Text::number(commands.len() + 1);
                let alert = Alert { code: Some(Text::from_static("1223")), ..Alert::default() };
                commands.push(Command::new(Some(cmd_id), Kind::Alert(alert)));
                message.body.is_final = true;
            }
        }
    }
}

fn is_of_sync_hdr(command: &Command) -> bool {
    matches!(&command.kind, Kind::Status(status) if status.cmd_ref.as_deref() == Some("0"))
}
