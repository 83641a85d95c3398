//! The commands of the other side that have not been answered yet.

use std::collections::{BTreeMap, VecDeque};

use super::id::Id;
use super::sent::id;
use crate::message::{Alert, Kind, Message};

/// By MsgID the CmdIDs of the commands that wait for a Status. Those within containers are left to their containers:
/// who refuses a container does not speak of its members.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Owed {
    messages: BTreeMap<Id, Waiting>,
    commands: usize,
}

/// The commands of one message, in their order, which is that of their Statuses.
#[derive(Debug, Clone, PartialEq, Default)]
struct Waiting {
    commands: VecDeque<Id>,
    /// The last that was answered: of several Items each has a Status.
    last: Option<Id>,
}

/// How many are remembered, and the bytes of an id that is. Those beyond are taken for answered.
const MOST: usize = 65_536;
const LONGEST_ID: usize = 256;

impl Owed {
    pub(super) fn received(&mut self, message: &Message) {
        let msg_id = message.msg_ref();
        let msg_id = msg_id.trim();
        if message.header.as_ref().is_some_and(|header| header.no_resp) || msg_id.len() > LONGEST_ID {
            return;
        }
        let mut commands = VecDeque::new();
        for command in &message.body.commands {
            let is_owed = match &command.kind {
                Kind::Alert(alert) => !alert.is(Alert::NEXT_MESSAGE),
                Kind::Request(_) | Kind::Container(_) | Kind::Unknown(_) => true,
                Kind::Status(_) | Kind::Results(_) => false,
            };
            let id = id(command.cmd_id.as_ref());
            let has_room = id.len() <= LONGEST_ID && self.commands < MOST;
            if is_owed && !command.no_resp && has_room {
                commands.push_back(Id::of(id));
                self.commands += 1;
            }
        }
        if !commands.is_empty() {
            self.messages.entry(Id::of(msg_id)).or_default().commands.append(&mut commands);
        }
    }

    pub(super) fn sent(&mut self, message: &Message) {
        for command in &message.body.commands {
            let Kind::Status(status) = &command.kind else { continue };
            if self.messages.is_empty() {
                return;
            }
            let msg_ref = Id::of(id(status.msg_ref.as_ref()));
            let Some(waiting) = self.messages.get_mut(&msg_ref) else { continue };
            if waiting.answer(id(status.cmd_ref.as_ref())) {
                self.commands -= 1;
            }
            if waiting.commands.is_empty() {
                self.messages.remove(&msg_ref);
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

impl Waiting {
    /// Whether the command waited.
    fn answer(&mut self, cmd_ref: &str) -> bool {
        let is_next = self.commands.front().is_some_and(|next| next.is(cmd_ref));
        if !is_next && self.last.as_ref().is_some_and(|last| last.is(cmd_ref)) {
            return false;
        }
        let place = if is_next { Some(0) } else { self.commands.iter().position(|id| id.is(cmd_ref)) };
        let answered = place.and_then(|place| self.commands.remove(place));
        let has_waited = answered.is_some();
        self.last = answered.or(self.last.take());
        has_waited
    }
}
