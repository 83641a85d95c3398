//! The commands of the other side that have not been answered yet.

use std::collections::BTreeSet;

use super::sent::{id, is_pull, message_id};
use crate::message::{Kind, Message};

/// MsgID and CmdID of the commands that wait for a Status. Those within containers are left to their containers: who
/// refuses a container does not speak of its members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Owed {
    commands: BTreeSet<(String, String)>,
}

/// How many are remembered. Those beyond are taken for answered.
const MOST: usize = 65_536;

impl Owed {
    pub(super) fn received(&mut self, message: &Message) {
        if message.header.as_ref().is_some_and(|header| header.no_resp) {
            return;
        }
        let message_id = message_id(message);
        for command in &message.body.commands {
            let is_owed = match &command.kind {
                Kind::Alert(alert) => !is_pull(alert),
                Kind::Request(_) | Kind::Container(_) | Kind::Unknown(_) => true,
                Kind::Status(_) | Kind::Results(_) => false,
            };
            if is_owed && !command.no_resp && self.commands.len() < MOST {
                self.commands.insert((message_id.clone(), id(command.cmd_id.as_ref()).to_owned()));
            }
        }
    }

    pub(super) fn sent(&mut self, message: &Message) {
        for command in &message.body.commands {
            if let Kind::Status(status) = &command.kind {
                let reference =
                    (id(status.msg_ref.as_ref()).to_owned(), id(status.cmd_ref.as_ref()).to_owned());
                self.commands.remove(&reference);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.commands.clear();
    }
}
