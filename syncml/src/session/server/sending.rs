//! Commands on their way out: their numbers, and objects that are larger than a message.

use super::{Answer, Handle, Package, Place, Room, ServerSession};
use crate::message::{Command, Data, Item, Kind, Meta, MoreMeta, Request, Text, Verb};
use crate::session::size;

/// A large object that is being sent.
#[derive(Debug, Clone)]
pub(super) struct Sending {
    pub(super) handle: Handle,
    /// The command without its data.
    frame: Command,
    data: Text,
    /// How much has been sent.
    sent: usize,
    accepted: Accepted,
}

/// Whether the device has taken the last part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accepted {
    Waiting,
    Yes,
}

impl Sending {
    /// The large object in `command`, if it is one that can be cut: the data of one Item of an Add or a Replace.
    pub(super) fn of(handle: Handle, command: &Command) -> Option<Self> {
        let mut frame = command.clone();
        frame.continued = false;
        let item = only_item(&mut frame)?;
        match item.data.take() {
            Some(Data::Text(data)) if !item.more_data && !data.is_empty() => {
                Some(Self { handle, frame, data, sent: 0, accepted: Accepted::Yes })
            }
            Some(Data::Text(_) | Data::Markup(_)) | None => None,
        }
    }

    /// Whether the next part can go.
    pub(super) fn is_accepted(&self) -> bool {
        self.accepted == Accepted::Yes
    }

    /// The next part with as much of the data as fits, by `fits`, which is told a command, and at most `most` bytes of
    /// it. `None` when nothing does.
    pub(super) fn next(
        &mut self,
        cmd_id: &Text,
        most: usize,
        fits: impl Fn(&Command) -> bool,
    ) -> Option<Command> {
        let rest = self.data.len() - self.sent;
        if rest <= most {
            let whole = self.part(cmd_id, rest);
            if fits(&whole) {
                return Some(self.went(rest, whole));
            }
        }
        // More bytes never make a shorter command.
        let most = most.min(rest.saturating_sub(1));
        let most = size::partition(most, |length| fits(&self.part(cmd_id, self.floor(length))));
        let length = self.floor(most);
        (length > 0).then(|| {
            let part = self.part(cmd_id, length);
            self.went(length, part)
        })
    }

    /// Whether all of the data has been sent.
    pub(super) fn is_complete(&self) -> bool {
        self.sent == self.data.len()
    }

    fn went(&mut self, length: usize, part: Command) -> Command {
        self.sent += length;
        self.accepted = Accepted::Waiting;
        part
    }

    /// The longest start of the rest that has at most `length` bytes and ends between characters.
    fn floor(&self, length: usize) -> usize {
        let end = self.data.floor_char_boundary(self.sent + length);
        end.saturating_sub(self.sent)
    }

    /// `length` bytes of the rest as a command. The first part tells the size of the whole.
    fn part(&self, cmd_id: &Text, length: usize) -> Command {
        let mut command = self.frame.clone();
        command.cmd_id = Some(cmd_id.clone());
        let end = self.sent + length;
        let piece = self.data.get(self.sent..end).unwrap_or_default();
        if let Some(item) = only_item(&mut command) {
            item.data = Some(Data::Text(piece.into()));
            item.more_data = end < self.data.len();
            if self.sent == 0 && item.more_data {
                let more = item.meta.get_or_insert_with(Meta::default).more.get_or_insert_with(Box::default);
                let MoreMeta { size, .. } = &mut **more;
                *size = Some(Text::number(self.data.len()));
            }
        }
        command
    }
}

impl ServerSession {
    /// The device has taken the last part.
    pub(super) fn go_on_sending(&mut self) {
        if let Some(sending) = &mut self.sending {
            sending.accepted = Accepted::Yes;
        }
    }

    /// The last message was refused: its commands are to be sent once more.
    pub(super) fn take_back(&mut self) {
        self.references.clear();
        self.sending = None;
        for handle in std::mem::take(&mut self.outstanding).into_iter().rev() {
            if let Some(work) = self.works.get_mut(handle.0) {
                work.answer = blank(work.command.as_message());
                self.queue.push_front(handle);
            }
        }
        self.package = Package::GoesOn(Room::Unasked);
    }
}

/// `command` with CmdIDs from `next` on, which is then the one that follows; and the places of its members.
pub(super) fn number(
    command: &Command,
    next: &mut u64,
    place: Place,
    places: &mut Vec<(u64, Place)>,
) -> Command {
    let mut numbered = command.clone();
    let id = *next;
    numbered.cmd_id = Some(Text::number(id));
    numbered.continued = false;
    *next += 1;
    if let Kind::Container(container) = &mut numbered.kind {
        for (index, member) in container.commands.iter_mut().enumerate() {
            let mut path = place.path.clone();
            path.push(index);
            *member = number(member, next, Place { handle: place.handle, path }, places);
        }
    }
    places.push((id, place));
    numbered
}

/// An answer in which nothing is said yet.
pub(super) fn blank(command: &Command) -> Answer {
    let members = match &command.kind {
        Kind::Container(container) => container.commands.iter().map(blank).collect(),
        Kind::Request(_) | Kind::Alert(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => {
            Vec::new()
        }
    };
    Answer { members, ..Answer::default() }
}

fn only_item(command: &mut Command) -> Option<&mut Item> {
    match &mut command.kind {
        Kind::Request(Request { verb: Verb::Add | Verb::Replace, items, .. }) => match items.as_mut_slice() {
            [item] => Some(item),
            _ => None,
        },
        Kind::Request(_)
        | Kind::Alert(_)
        | Kind::Container(_)
        | Kind::Status(_)
        | Kind::Results(_)
        | Kind::Unknown(_) => None,
    }
}
