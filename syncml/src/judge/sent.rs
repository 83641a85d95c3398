//! What has been sent, and which of it is answered.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::id::Id;
use super::rules::{self, Rule};
use super::shown;
use crate::message::{Alert, Command, Kind, Message, Results, Status, Text};

/// The messages that have been sent, oldest first. Only the last ones are remembered. A copy costs little: those that are
/// answered do not change any more.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Sent {
    messages: VecDeque<Arc<SentMessage>>,
    commands: usize,
    /// How many of the messages, from the oldest on, have nothing that is waited for.
    settled: usize,
    forgotten: Forgotten,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Forgotten {
    #[default]
    Nothing,
    Some,
}

/// How many messages and commands are remembered; the last message always is.
const MOST_MESSAGES: usize = 256;
const MOST_COMMANDS: usize = 65_536;

#[derive(Debug, Clone, PartialEq)]
struct SentMessage {
    id: Id,
    header: SentCommand,
    /// With the members of containers, each behind its container.
    commands: Vec<SentCommand>,
    /// Before it no Status can come any more: Statuses come in the order of the commands.
    next: usize,
    /// The furthest of the commands that is answered.
    furthest: usize,
    /// Where the commands of an id are, once a Status came out of order. Ids need not be unique.
    by_id: Option<BTreeMap<Id, Vec<usize>>>,
}

#[derive(Debug, Clone, PartialEq)]
struct SentCommand {
    id: Id,
    name: Text,
    expects: Expects,
    /// How many of the commands behind it are its members.
    members: usize,
    /// How many Statuses can speak of a part of it.
    items: usize,
    /// How many have done so.
    answered: usize,
    /// Whether one has spoken of it as a whole.
    whole: Answered,
}

/// Which answer a command expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expects {
    Status,
    /// A Status can come, but need not.
    Anything,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    No,
    Yes,
}

/// A rule that is broken, and how.
pub(super) type Breach = (&'static Rule, String);

impl Sent {
    /// One before which there have been messages that it does not know.
    pub(super) fn forgetful() -> Self {
        Self { forgotten: Forgotten::Some, ..Self::default() }
    }

    pub(super) fn record(&mut self, message: &Message) {
        let no_resp = message.header.as_ref().is_some_and(|header| header.no_resp);
        let expects = match message.header {
            Some(_) if !no_resp => Expects::Status,
            Some(_) | None => Expects::Anything,
        };
        let header = SentCommand::new("0", Text::from_static("SyncHdr"), expects, 1);
        let commands = Vec::with_capacity(message.body.commands.len());
        let id = Id::of(message.msg_ref().trim());
        let mut sent = SentMessage { id, header, commands, next: 0, furthest: 0, by_id: None };
        sent.record(&message.body.commands, no_resp);
        self.commands += sent.commands.len();
        self.messages.push_back(Arc::new(sent));
        while self.messages.len() > 1
            && (self.messages.len() > MOST_MESSAGES || self.commands > MOST_COMMANDS)
        {
            let oldest = self.messages.pop_front();
            self.commands -= oldest.map_or(0, |oldest| oldest.commands.len());
            self.settled = self.settled.saturating_sub(1);
            self.forgotten = Forgotten::Some;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Takes a Status of the other side.
    pub(super) fn status(&mut self, status: &Status) -> Option<Breach> {
        let cmd = status.cmd.as_ref().map(|name| name.trim());
        let msg_ref = status.msg_ref.as_ref().map(|id| id.trim());
        let Some(place) = self.place(msg_ref.unwrap_or_default()) else {
            return self.unknown_message(&describe(status), msg_ref);
        };
        let later =
            self.messages.back().filter(|_| place + 1 < self.messages.len()).map(|last| last.id.clone());
        let message = Arc::make_mut(self.messages.get_mut(place)?);
        if status.is_of_sync_hdr() {
            if cmd.is_some_and(|name| name != "SyncHdr") {
                let text = format!(
                    "found CmdRef \"0\" with Cmd {}, expected SyncHdr",
                    shown(cmd.unwrap_or_default())
                );
                return Some((&rules::CMD_REF, text));
            }
            let again = message.header.answer(status);
            // Ids need not be unique.
            if let Some(last) = later.filter(|last| *last != message.id) {
                let (found, last) = (shown(&message.id.text()), shown(&last.text()));
                let text = format!(
                    "found MsgRef {found} in the SyncHdr's Status, expected {last}, the last message"
                );
                return Some((&rules::MSG_REF, text));
            }
            return again;
        }
        let Some(cmd_ref) = status.cmd_ref.as_ref().map(|id| id.trim()) else {
            let text = format!("found {} without CmdRef, expected the CmdID of a command", describe(status));
            return Some((&rules::CMD_REF, text));
        };
        if let Some(place) = message.next_named(cmd_ref, cmd) {
            return message.answer(place, status);
        }
        let places = message.places(cmd_ref).to_vec();
        if places.is_empty() {
            let (id, cmd_ref) = (shown(&message.id.text()), shown(cmd_ref));
            let text =
                format!("found {} {cmd_ref} of message {id}, which has no such command", describe(status));
            return Some((&rules::UNSOLICITED_STATUS, text));
        }
        let named = |place: &&usize| {
            message.commands.get(**place).is_some_and(|command| cmd == Some(command.name.as_str()))
        };
        let named: Vec<usize> = places.iter().filter(named).copied().collect();
        let Some(first) = named.first().copied() else {
            let names = places.iter().filter_map(|place| message.commands.get(*place));
            let names: Vec<_> = names.map(|command| command.name.as_str()).collect();
            let found = cmd.map_or_else(|| "no Cmd".to_owned(), |cmd| format!("Cmd {}", shown(cmd)));
            let text =
                format!("found {found} with CmdRef {}, expected {}", shown(cmd_ref), names.join(" or "));
            return Some((&rules::CMD_REF, text));
        };
        // Of several commands with one id it is the first that is not answered.
        let is_open = |place: &usize| message.commands.get(*place).is_some_and(SentCommand::is_open);
        let place = named.iter().copied().find(is_open).unwrap_or(first);
        message.answer(place, status)
    }

    /// Takes Results of the other side. Without MsgRef or CmdRef they are about `1` (\[MS-MDM\] 2.2.7.10).
    pub(super) fn results(&mut self, results: &Results) -> Option<Breach> {
        let msg_ref = results.msg_ref.as_ref().map_or("1", |id| id.trim());
        let cmd_ref = results.cmd_ref.as_ref().map_or("1", |id| id.trim());
        let Some(place) = self.place(msg_ref) else {
            return self.unknown_message("Results", Some(msg_ref));
        };
        let message = Arc::make_mut(self.messages.get_mut(place)?);
        let is_get = results.cmd.as_ref().is_none_or(|cmd| cmd.trim() == "Get");
        if is_get && message.has_last(cmd_ref, "Get") {
            return None;
        }
        let places = message.places(cmd_ref).to_vec();
        let names = places.iter().filter_map(|place| message.commands.get(*place));
        let names: Vec<_> = names.map(|command| command.name.as_str()).collect();
        let text = if !names.contains(&"Get") {
            let found = if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") };
            format!("found Results with CmdRef {}, which is {found}, expected a Get", shown(cmd_ref))
        } else {
            let cmd = results.cmd.as_ref().filter(|cmd| cmd.trim() != "Get")?;
            format!("found Results with Cmd {}, expected Get", shown(cmd))
        };
        Some((&rules::CMD_REF, text))
    }

    /// The commands that should be answered and are not, described; they are not waited for any longer.
    pub(super) fn settle(&mut self) -> Option<String> {
        const MOST_NAMED: usize = 5;
        let mut named = Vec::new();
        let mut missing = 0_usize;
        for message in self.messages.iter_mut().skip(self.settled).map(Arc::make_mut) {
            for (index, command) in
                std::iter::once(&mut message.header).chain(&mut message.commands).enumerate()
            {
                let is_missing = command.expects == Expects::Status && command.is_open();
                command.expects = match command.expects {
                    Expects::Status => Expects::Anything,
                    Expects::Anything | Expects::Nothing => command.expects,
                };
                if !is_missing {
                    continue;
                }
                missing += 1;
                if named.len() < MOST_NAMED {
                    let id =
                        if index == 0 { String::new() } else { format!(" {}", shown(&command.id.text())) };
                    named.push(format!("{}{id} of message {}", command.name, shown(&message.id.text())));
                }
            }
        }
        self.settled = self.messages.len();
        let more = missing - named.len();
        if more > 0 {
            named.push(format!("{more} more"));
        }
        (missing > 0).then(|| named.join(", "))
    }

    /// Where the last message of that id is.
    fn place(&self, id: &str) -> Option<usize> {
        self.messages.iter().rposition(|message| message.id.is(id))
    }

    fn unknown_message(&self, what: &str, msg_ref: Option<&str>) -> Option<Breach> {
        let found = match (msg_ref, self.forgotten) {
            (None, _) => "without MsgRef".to_owned(),
            (Some(msg_ref), Forgotten::Nothing) => format!("with MsgRef {}", shown(msg_ref)),
            // It may be about one that is forgotten.
            (Some(_), Forgotten::Some) => return None,
        };
        let expected = match self.messages.back() {
            Some(last) => format!("expected that of a message: the last was {}", shown(&last.id.text())),
            None => "expected none before there was a message".to_owned(),
        };
        Some((&rules::MSG_REF, format!("found {what} {found}, {expected}")))
    }
}

impl SentMessage {
    fn record(&mut self, commands: &[Command], no_resp: bool) {
        for command in commands {
            let (expects, items, members) = match &command.kind {
                Kind::Request(request) => (Expects::Status, request.items.len(), &[][..]),
                Kind::Alert(alert) if alert.is(Alert::NEXT_MESSAGE) => {
                    (Expects::Anything, alert.items.len(), &[][..])
                }
                Kind::Alert(alert) => (Expects::Status, alert.items.len(), &[][..]),
                Kind::Container(container) => (Expects::Status, 1, container.commands.as_slice()),
                Kind::Status(_) | Kind::Results(_) => (Expects::Nothing, 0, &[][..]),
                Kind::Unknown(_) => (Expects::Anything, 1, &[][..]),
            };
            let no_resp = no_resp || command.no_resp;
            let expects = if no_resp && expects == Expects::Status { Expects::Anything } else { expects };
            let place = self.commands.len();
            let id = id(command.cmd_id.as_ref());
            self.commands.push(SentCommand::new(id, command.name(), expects, items.max(1)));
            self.record(members, no_resp);
            let members = self.commands.len() - place - 1;
            if let Some(command) = self.commands.get_mut(place) {
                command.members = members;
            }
        }
    }

    /// The first command that a Status can speak of, if it is that one: no other of its id is before it.
    fn next_named(&mut self, cmd_ref: &str, cmd: Option<&str>) -> Option<usize> {
        let rest = self.commands.get(self.next..).unwrap_or_default();
        self.next += rest.iter().position(SentCommand::is_open)?;
        let next = self.commands.get(self.next)?;
        (next.id.is(cmd_ref) && cmd == Some(next.name.as_str())).then_some(self.next)
    }

    /// Whether the command that was answered last is that one.
    fn has_last(&self, id: &str, name: &str) -> bool {
        let last = self.commands.get(..=self.next).unwrap_or(&self.commands);
        last.iter().rev().take(2).any(|command| command.id.is(id) && command.name == name)
    }

    /// Where the commands of an id are.
    fn places(&mut self, id: &str) -> &[usize] {
        let commands = &self.commands;
        let by_id = self.by_id.get_or_insert_with(|| {
            let mut by_id = BTreeMap::<Id, Vec<usize>>::new();
            for (place, command) in commands.iter().enumerate() {
                by_id.entry(command.id.clone()).or_default().push(place);
            }
            by_id
        });
        by_id.get(&Id::of(id)).map(Vec::as_slice).unwrap_or_default()
    }

    fn answer(&mut self, place: usize, status: &Status) -> Option<Breach> {
        let is_late = place < self.furthest;
        self.furthest = self.furthest.max(place);
        let command = self.commands.get_mut(place)?;
        let breach = command.answer(status).or_else(|| {
            let text = || {
                let (name, id) = (&command.name, shown(&command.id.text()));
                format!("found a Status for {name} {id} behind that of a later command, expected it before")
            };
            is_late.then(|| (&rules::STATUS_ORDER, text()))
        });
        // The Statuses of the members are what was too large.
        let members = if status.number() == Some(517) { command.members } else { 0 };
        for member in self.commands.iter_mut().skip(place + 1).take(members) {
            member.expects = match member.expects {
                Expects::Status => Expects::Anything,
                Expects::Anything | Expects::Nothing => member.expects,
            };
        }
        breach
    }
}

impl SentCommand {
    fn new(id: &str, name: Text, expects: Expects, items: usize) -> Self {
        Self { id: Id::of(id), name, expects, members: 0, items, answered: 0, whole: Answered::No }
    }

    /// Whether another Status can come.
    fn is_open(&self) -> bool {
        self.expects != Expects::Nothing && self.whole == Answered::No && self.answered < self.items
    }

    fn answer(&mut self, status: &Status) -> Option<Breach> {
        let refs = status.target_refs.len().max(status.source_refs.len());
        // Alerts and what has one Item can be named or not.
        let refs = if self.items == 1 { refs.min(1) } else { refs };
        let too_many = match self.expects {
            // A scheme that the other side does not know, and a part of a large object.
            Expects::Nothing if status.number() == Some(406) && self.name == "Status" => false,
            Expects::Nothing if matches!(status.number(), Some(213 | 424)) && self.name == "Results" => false,
            Expects::Nothing => {
                let text =
                    format!("found a Status for {} {}, expected none", self.name, shown(&self.id.text()));
                return Some((&rules::UNSOLICITED_STATUS, text));
            }
            Expects::Status | Expects::Anything => {
                !self.is_open() || (refs == 0 && self.answered > 0) || self.answered + refs > self.items
            }
        };
        self.answered = self.answered.saturating_add(refs);
        if refs == 0 {
            self.whole = Answered::Yes;
        }
        let text = || {
            format!("found one Status more for {} {}, which was answered", self.name, shown(&self.id.text()))
        };
        too_many.then(|| (&rules::UNSOLICITED_STATUS, text()))
    }
}

/// An id as it is compared: blanks around it do not count, and one that is absent is empty.
pub(super) fn id(text: Option<&Text>) -> &str {
    text.map(|text| text.trim()).unwrap_or_default()
}

fn describe(status: &Status) -> String {
    status
        .cmd
        .as_ref()
        .map_or_else(|| "a Status".to_owned(), |name| format!("a Status of {}", shown(name.trim())))
}
