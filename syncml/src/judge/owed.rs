//! The commands of the other side that have not been answered yet.

use std::collections::{BTreeMap, BTreeSet};

use super::sent::{id, is_pull, message_id};
use crate::message::{Kind, Message};

/// By MsgID the CmdIDs of the commands that wait for a Status. Those within containers are left to their containers:
/// who refuses a container does not speak of its members.
#[derive(Debug, Clone, Default)]
pub(super) struct Owed {
    messages: BTreeMap<String, BTreeSet<String>>,
    commands: usize,
}

/// How many are remembered, and the bytes of an id that is. Those beyond are taken for answered.
const MOST: usize = 65_536;
const LONGEST_ID: usize = 256;

impl Owed {
    pub(super) fn received(&mut self, message: &Message) {
        let message_id = message_id(message);
        if message.header.as_ref().is_some_and(|header| header.no_resp) || message_id.len() > LONGEST_ID {
            return;
        }
        let mut commands = BTreeSet::new();
        for command in &message.body.commands {
            let is_owed = match &command.kind {
                Kind::Alert(alert) => !is_pull(alert),
                Kind::Request(_) | Kind::Container(_) | Kind::Unknown(_) => true,
                Kind::Status(_) | Kind::Results(_) => false,
            };
            let id = id(command.cmd_id.as_ref());
            let has_room = id.len() <= LONGEST_ID && self.commands < MOST;
            if is_owed && !command.no_resp && has_room && commands.insert(id.to_owned()) {
                self.commands += 1;
            }
        }
        if let Some(known) = self.messages.get(&message_id) {
            self.commands -= known.intersection(&commands).count();
        }
        if !commands.is_empty() {
            self.messages.entry(message_id).or_default().append(&mut commands);
        }
    }

    pub(super) fn sent(&mut self, message: &Message) {
        for command in &message.body.commands {
            let Kind::Status(status) = &command.kind else { continue };
            let msg_ref = id(status.msg_ref.as_ref());
            let Some(commands) = self.messages.get_mut(msg_ref) else { continue };
            if commands.remove(id(status.cmd_ref.as_ref())) {
                self.commands -= 1;
            }
            if commands.is_empty() {
                self.messages.remove(msg_ref);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
