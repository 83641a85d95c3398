//! Composing a message: Statuses first, then as many commands as the device takes.

use super::sending::{Sending, number};
use super::{Ending, Handle, Outcome, Package, Place, Room, ServerSession};
use crate::codec;
use crate::judge::Side;
use crate::message::{
    Alert, Body, Chal, Command, Header, Kind, Location, Message, Meta, MoreMeta, Status, Text,
};
use crate::session::StatusCode;

/// What a message of the device is answered.
pub(super) struct Reply {
    msg_ref: Text,
    /// Statuses, in the order of the commands, and Alerts about large objects.
    commands: Vec<Command>,
    course: Course,
}

/// What else the answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Commands, as far as there are any.
    Commands,
    /// Alert 1222: the device has not finished.
    Pulls,
    /// Nothing.
    Completes,
}

impl Reply {
    pub(super) fn new(message: &Message) -> Self {
        Self { msg_ref: message.msg_ref(), commands: Vec::new(), course: Course::Commands }
    }

    /// A Status.
    pub(super) fn status(
        &mut self,
        cmd_ref: impl Into<Text>,
        cmd: impl Into<Text>,
        code: StatusCode,
        chal: Option<Chal>,
    ) {
        self.push(Kind::Status(Status {
            msg_ref: Some(self.msg_ref.clone()),
            cmd_ref: Some(cmd_ref.into()),
            cmd: Some(cmd.into()),
            code: Some(Text::from_static(code.text())),
            chal: chal.map(Box::new),
            ..Status::default()
        }));
    }

    /// The Status of a command, unless it wants none.
    pub(super) fn answer(&mut self, command: &Command, code: StatusCode) {
        if !command.no_resp {
            self.status(command.cmd_id.clone().unwrap_or_default(), command.name(), code, None);
        }
    }

    pub(super) fn alert(&mut self, alert: Alert) {
        self.push(Kind::Alert(alert));
    }

    /// The device is asked for its next message.
    pub(super) fn pulls(&mut self) {
        if self.course == Course::Commands {
            self.course = Course::Pulls;
        }
    }

    /// No commands go with it.
    pub(super) fn completes(&mut self) {
        self.course = Course::Completes;
    }

    /// Whether a part of a large object was taken.
    pub(super) fn has_part(&self) -> bool {
        self.commands.iter().any(|command| match &command.kind {
            Kind::Status(status) => status.code.as_deref() == Some(StatusCode::CHUNK_ACCEPTED.text()),
            Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Results(_) | Kind::Unknown(_) => {
                false
            }
        })
    }

    fn push(&mut self, kind: Kind) {
        let cmd_id = Text::number(self.commands.len() + 1);
        self.commands.push(Command::new(Some(cmd_id), kind));
    }
}

/// Whether a message has got what the device must answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    Yes,
    No,
}

/// A message that is being filled.
struct Filling {
    message: Message,
    next_id: u64,
    limit: Option<usize>,
    /// The bytes of the message, its Final counted.
    length: usize,
    /// Those of one with the SyncHdr's Status alone.
    least: usize,
    /// The commands of the queue in it, members counted.
    filled: usize,
}

/// How many commands go into a message whose size nothing limits, members counted: readers have limits.
const MOST_COMMANDS: usize = 1_000;

impl ServerSession {
    /// The message that answers, with what is next in the queue.
    pub(super) fn compose(&mut self, reply: Reply) -> Message {
        self.last_msg_id += 1;
        if self.last_msg_id > self.settings.most_messages && self.goes_on() {
            self.end(Ending::TooManyMessages);
        }
        let course = if self.goes_on() { reply.course } else { Course::Completes };
        let mut filling = Filling::new(self.header(), reply.commands, self.limit);
        match course {
            Course::Completes => {
                match self.ending {
                    Some(Ending::Aborted(Side::Server) | Ending::TooManyMessages) => {
                        filling.alert(Alert::SESSION_ABORT)
                    }
                    Some(Ending::Done | Ending::Aborted(Side::Device) | Ending::Refused) | None => {}
                }
                filling.message.body.is_final = true;
            }
            Course::Pulls => filling.alert(Alert::NEXT_MESSAGE),
            Course::Commands => self.fill(&mut filling),
        }
        filling.message
    }

    fn fill(&mut self, filling: &mut Filling) {
        let was = self.package;
        self.package = Package::Complete;
        let filled = match self.sending.take() {
            Some(sending) => self.send_part(sending, was, filling),
            None => Filled::No,
        };
        if filled == Filled::No {
            self.send_queue(was, filling);
        }
        filling.message.body.is_final = self.package == Package::Complete;
        if filling.message.body.is_final && self.outstanding.is_empty() {
            self.ending = Some(Ending::Done);
        }
    }

    fn send_queue(&mut self, was: Package, filling: &mut Filling) {
        while let Some(handle) = self.queue.front().copied() {
            let Some(work) = self.works.get(handle.0) else { break };
            let mut places = Vec::new();
            let mut next_id = filling.next_id;
            let place = Place { handle, path: Vec::new() };
            let command = number(work.command.as_message(), &mut next_id, place, &mut places);
            let length = filling.length_of(&command);
            let is_first = filling.filled == 0;
            if filling.fits(length) && (is_first || filling.filled + places.len() <= MOST_COMMANDS) {
                self.queue.pop_front();
                self.outstanding.push(handle);
                let message = self.last_msg_id;
                self.references.extend(places.iter().map(|(id, place)| ((message, *id), place.clone())));
                filling.push(command, length, next_id);
                filling.filled += places.len();
                continue;
            }
            if !is_first {
                break;
            }
            // It does not go with the Statuses of this message: it is alone in the next, or cut.
            let fits_alone = filling.limit.is_none_or(|limit| filling.least + length <= limit);
            if !fits_alone && let Some(sending) = Sending::of(handle, work.command.as_message()) {
                self.queue.pop_front();
                self.outstanding.push(handle);
                match self.send_part(sending, was, filling) {
                    Filled::Yes => break,
                    Filled::No => continue,
                }
            }
            if fits_alone && self.ask_for_room(was, filling) == Filled::Yes {
                break;
            }
            self.queue.pop_front();
            let limit = filling.limit.unwrap_or_default();
            self.finish(handle, Outcome::TooLarge { bytes: filling.least + length, limit });
        }
    }

    /// Sends the next part of a large object, which is alone in its message.
    fn send_part(&mut self, mut sending: Sending, was: Package, filling: &mut Filling) -> Filled {
        let handle = sending.handle;
        let id = filling.next_id;
        let most = filling.limit.unwrap_or(usize::MAX);
        let Some(part) = sending.next(&Text::number(id), most, |part| filling.fits(filling.length_of(part)))
        else {
            let asked = self.ask_for_room(was, filling);
            match asked {
                Filled::Yes => self.sending = Some(sending),
                Filled::No => self.give_up(handle, filling),
            }
            return asked;
        };
        let length = filling.length_of(&part);
        filling.push(part, length, id + 1);
        self.references.clear();
        self.references.insert((self.last_msg_id, id), Place { handle, path: Vec::new() });
        if !sending.is_complete() {
            self.sending = Some(sending);
            self.package = Package::GoesOn(Room::Unasked);
        }
        Filled::Yes
    }

    /// Spends the message on its Statuses, so that the next has room, unless that is tried already.
    fn ask_for_room(&mut self, was: Package, filling: &mut Filling) -> Filled {
        let has_room = filling.length == filling.least;
        if has_room || was == Package::GoesOn(Room::Asked) {
            return Filled::No;
        }
        filling.alert(Alert::NEXT_MESSAGE);
        self.package = Package::GoesOn(Room::Asked);
        Filled::Yes
    }

    /// Not even a part of a large object fits.
    fn give_up(&mut self, handle: Handle, filling: &Filling) {
        self.outstanding.retain(|waiting| *waiting != handle);
        let command = self.works.get(handle.0).map(|work| work.command.as_message().clone());
        let bytes = filling.least + command.map_or(0, |command| filling.length_of(&command));
        self.finish(handle, Outcome::TooLarge { bytes, limit: filling.limit.unwrap_or_default() });
    }

    fn header(&self) -> Header {
        let prover = &self.settings.prover;
        let more = self
            .settings
            .max_msg_size
            .map(|bytes| MoreMeta { max_msg_size: Some(Text::number(bytes)), ..MoreMeta::default() });
        let meta = more.map(|more| Meta { more: Some(Box::new(more)), ..Meta::default() });
        let source =
            Location { loc_name: prover.name().cloned(), ..Location::new(self.settings.address.clone()) };
        Header {
            target: self.device.clone().map(Location::new),
            cred: prover.cred().map(Box::new),
            meta: meta.map(Box::new),
            ..Header::new(self.session_id.clone(), self.last_msg_id, source)
        }
    }
}

impl Filling {
    fn new(header: Header, commands: Vec<Command>, limit: Option<usize>) -> Self {
        let next_id = commands.len() as u64 + 1;
        let message = Message::new(header, commands);
        let mut filling = Self { message, next_id, limit, length: 0, least: 0, filled: 0 };
        if limit.is_some() {
            let mut least = filling.message.clone();
            least.body.commands.truncate(1);
            filling.length = codec::encode(&filling.message).len();
            filling.least = codec::encode(&least).len();
        }
        filling.message.body.is_final = false;
        filling
    }

    /// The bytes that `command` adds. Nothing is measured where nothing is limited.
    fn length_of(&self, command: &Command) -> usize {
        if self.limit.is_none() {
            return 0;
        }
        let around = Body { commands: vec![command.clone()], ..Body::default() };
        let around = Message { body: around, ..Message::default() };
        codec::encode(&around).len() - codec::encode(&Message::default()).len()
    }

    fn fits(&self, length: usize) -> bool {
        self.limit.is_none_or(|limit| self.length + length <= limit)
    }

    fn push(&mut self, command: Command, length: usize, next_id: u64) {
        self.message.body.commands.push(command);
        self.length += length;
        self.next_id = next_id;
    }

    fn alert(&mut self, code: &'static str) {
        let command = Command::new(Some(Text::number(self.next_id)), Kind::Alert(Alert::bare(code)));
        self.push(command, 0, self.next_id + 1);
    }
}
