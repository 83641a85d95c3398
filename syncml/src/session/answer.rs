//! An answer that is being written: the commands of a message, done in order, and what each is answered.
//!
//! Deliberately absent: headers, and what a session keeps from one message to the next.

use std::iter;

use csp_model::tree::Effect;
use csp_model::{Device, LocUri};

use super::answering::{Judging, Pull};
use super::apply::{self, Applied, Way};
use super::atomic;
use super::chunk::{self, Incoming, Interrupted};
use super::size::{self, Limit};
use super::status::{Outcome, StatusCode};
use super::turn::Reason;
use crate::conformance as rules;
use crate::judge::{self, Finding};
use crate::message::{
    Alert, Chal, Command, Container, ContainerKind, Item, Kind, Location, Message, Results, Span, Status,
    Text, Verb,
};

/// An answer that is being written.
pub(super) struct Answer<'s> {
    pub(super) msg_ref: Text,
    pub(super) explains: bool,
    pub(super) room: Option<Room>,
    /// Who has opened the session shows in what the device asks for.
    pub(super) pull: Pull,
    pub(super) incoming: &'s mut Incoming,
    pub(super) commands: Vec<Command>,
    pub(super) reasons: Vec<Reason>,
    pub(super) effects: Vec<Effect>,
    pub(super) judging: Judging,
    /// What is wrong with the commands, or doubtful.
    pub(super) findings: Vec<Finding>,
    /// The last address.
    uri: LocUri,
}

/// Whether the address that was read last is that of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    Last,
    Others,
}

/// How large an answer may be.
pub(super) struct Room {
    /// An answer that holds what every one must.
    pub(super) least: Message,
    /// The largest message.
    pub(super) message: Limit,
    /// The bytes of the largest object.
    pub(super) object: Option<usize>,
}

/// What a Status refers to: CmdRef, Cmd, and where the command stood.
pub(super) type Reference = (Option<Text>, Text, Span);

impl<'s> Answer<'s> {
    /// An answer to the message `msg_ref` with `commands` commands.
    pub(super) fn new(
        msg_ref: Text,
        explains: bool,
        room: Option<Room>,
        pull: Pull,
        incoming: &'s mut Incoming,
        commands: usize,
    ) -> Self {
        Self {
            msg_ref,
            explains,
            room,
            pull,
            incoming,
            commands: Vec::with_capacity(1 + 2 * commands),
            reasons: Vec::with_capacity(1 + commands),
            effects: Vec::new(),
            judging: Judging::On,
            findings: Vec::new(),
            uri: LocUri::root(),
        }
    }

    /// Does commands in order, and answers each.
    pub(super) fn commands(&mut self, commands: &[Command], device: &mut Device) {
        for command in commands {
            if self.leaves() {
                break;
            }
            self.command(command, device);
        }
    }

    /// Whether the server has taken the device out of its management, which ends the session that the device has opened
    /// at once.
    fn leaves(&self) -> bool {
        let leaves = |effect: &Effect| match effect {
            Effect::Unenroll { .. } => true,
            Effect::Executed | Effect::Restart | Effect::RollbackStarted(_) => false,
        };
        self.pull == Pull::Packages && self.effects.iter().any(leaves)
    }

    /// Answers every command with the same, and does none of them.
    pub(super) fn refuse(&mut self, commands: &[Command], outcome: &Outcome) {
        for command in commands {
            match &command.kind {
                Kind::Status(_) | Kind::Results(_) => continue,
                Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Unknown(_) => {
                    self.status(&reference(command), None, outcome.clone());
                }
            }
            if let Kind::Container(container) = &command.kind {
                self.refuse(&container.commands, outcome);
            }
        }
    }

    fn command(&mut self, command: &Command, device: &mut Device) {
        if matches!(command.kind, Kind::Status(_) | Kind::Results(_)) {
            return;
        }
        if command.cmd_id.is_none() {
            let unknown = matches!(command.kind, Kind::Unknown(_));
            let rule = if unknown { &rules::UNKNOWN_ELEMENT } else { &rules::NO_CMD_ID };
            self.status(&reference(command), None, Outcome::new(StatusCode::BAD_REQUEST, rule));
            return;
        }
        match &command.kind {
            Kind::Request(request) => {
                let applied = apply::apply(device, request, Way::Alone(self.incoming), &mut self.uri);
                self.judge(command, &applied, device, Read::Last);
                self.applied(command, applied);
            }
            Kind::Alert(alert) => self.status(&reference(command), None, apply::alert(alert)),
            Kind::Container(container) => self.container(command, container, device),
            Kind::Unknown(_) => {
                self.status(
                    &reference(command),
                    None,
                    Outcome::new(StatusCode::BAD_REQUEST, &rules::UNKNOWN_ELEMENT),
                );
            }
            Kind::Status(_) | Kind::Results(_) => {}
        }
    }

    fn container(&mut self, command: &Command, container: &Container, device: &mut Device) {
        match container.kind {
            ContainerKind::Sequence => {
                self.status(&reference(command), None, Outcome::new(StatusCode::OK, &rules::SEQUENCE));
                self.commands(&container.commands, device);
            }
            ContainerKind::Atomic => {
                let before = self.room.is_some().then(|| device.clone());
                let written = (self.commands.len(), self.reasons.len());
                let tried = atomic::run(device, container);
                self.status(&reference(command), None, tried.own);
                for (member, applied) in tried.members {
                    self.judge(member, &applied, device, Read::Others);
                    self.applied(member, applied);
                }
                match before {
                    Some(before) if !self.fits_alone(written.0) => {
                        *device = before;
                        self.commands.truncate(written.0);
                        self.reasons.truncate(written.1);
                        let outcome = Outcome::new(StatusCode::ATOMIC_TOO_LARGE, &rules::ATOMIC_TOO_LARGE);
                        self.status(&reference(command), None, outcome);
                    }
                    Some(_) | None => self.effects.extend(tried.effects),
                }
            }
        }
    }

    /// Whether what was written since the command numbered `from` would fit into one message.
    fn fits_alone(&self, from: usize) -> bool {
        self.room.as_ref().is_none_or(|room| {
            size::fits(&room.least, self.commands.get(from..).unwrap_or_default().to_vec(), room.message)
        })
    }

    /// Adds what is wrong with the Items of a command, as far as the device shows it.
    fn judge(&mut self, command: &Command, applied: &Applied, device: &Device, read: Read) {
        let (Kind::Request(request), Judging::On) = (&command.kind, self.judging) else { return };
        for (item, outcome) in request.items.iter().zip(&applied.outcomes) {
            match &outcome.error {
                Some(error) => self.findings.extend(judge::device::refused(device, request, item, error)),
                None if outcome.code == StatusCode::OK && request.verb == Verb::Add => {
                    let is_read = read == Read::Last && request.items.len() == 1;
                    let uri = is_read.then_some(&self.uri);
                    judge::device::added(device, request, item, uri, &mut self.findings);
                }
                None => self.findings.extend(chunk::mistake(outcome.rule).map(|text| Finding {
                    rule: &judge::rules::LARGE_OBJECT,
                    text: text.to_owned(),
                    span: item.span,
                })),
            }
        }
        for Interrupted(target) in &applied.interrupted {
            self.findings.push(unfinished(target, command.span));
        }
    }

    /// One Status an Item, with its TargetRef where there are several, and then what a Get has found.
    fn applied(&mut self, command: &Command, mut applied: Applied) {
        let reference = reference(command);
        let most = self.room.as_ref().and_then(|room| room.object);
        if most.is_some_and(|most| chunk::is_larger(&applied.results, most)) {
            applied = Applied::refused(Outcome::new(StatusCode::TOO_LARGE, &rules::OBJECT_TOO_LARGE));
        }
        // A command that was refused as a whole has one Status for all its Items.
        let items = match &command.kind {
            Kind::Request(request)
                if request.items.len() > 1 && request.items.len() == applied.outcomes.len() =>
            {
                request.items.as_slice()
            }
            _ => &[],
        };
        for (index, outcome) in applied.outcomes.into_iter().enumerate() {
            let target_ref = items.get(index).and_then(apply::address);
            self.status(&reference, target_ref, outcome);
        }
        for interrupted in applied.interrupted {
            self.interrupted(interrupted);
        }
        self.effects.extend(applied.effects);
        if !applied.results.is_empty() {
            let (cmd_ref, _, _) = reference;
            let msg_ref = Some(self.msg_ref.clone());
            self.push(|| {
                Kind::Results(Results { msg_ref, cmd_ref, items: applied.results, ..Results::default() })
            });
        }
    }

    /// Tells that an object has not come to its end.
    pub(super) fn interrupted(&mut self, Interrupted(target): Interrupted) {
        let item = Item { target: Some(Location::new(target)), ..Item::default() };
        self.push(|| {
            let code = Some(Text::from_static("1225"));
            Kind::Alert(Alert { code, items: smallvec::smallvec![item], ..Alert::default() })
        });
    }

    /// An Alert that is its code alone.
    pub(super) fn alert(&mut self, code: &'static str) {
        self.push(|| Kind::Alert(Alert::bare(code)));
    }

    /// What the SyncHdr of the message, which stood at `span`, is answered.
    pub(super) fn sync_hdr(&mut self, span: Span, outcome: Outcome, chal: Option<Chal>) {
        let reference = (Some(Text::from_static("0")), Text::from_static("SyncHdr"), span);
        self.status(&reference, None, outcome);
        let status = self.commands.last_mut().map(|command| &mut command.kind);
        if let (Some(Kind::Status(status)), Some(chal)) = (status, chal) {
            status.chal = Some(Box::new(chal));
        }
    }

    fn status(&mut self, reference: &Reference, target_ref: Option<&Text>, outcome: Outcome) {
        let (cmd_ref, cmd, span) = reference;
        let hresult = outcome.hresult.filter(|_| self.explains && outcome.code.is_failure());
        self.reasons.push(Reason { rule: outcome.rule, error: outcome.error, span: *span });
        let msg_ref = Some(self.msg_ref.clone());
        self.push(|| {
            Kind::Status(Status {
                msg_ref,
                cmd_ref: Some(cmd_ref.clone().unwrap_or_default()),
                cmd: Some(cmd.clone()),
                target_refs: target_ref.cloned().map_or_else(Vec::new, |text| vec![text]),
                code: Some(Text::from_static(outcome.code.text())),
                original_error: hresult.map(|hresult| hresult.to_string().into()),
                source_refs: Vec::new(),
                cred: None,
                chal: None,
                items: Vec::new(),
            })
        });
    }

    /// Adds a command. It is large: `kind` makes it in its place, from which it is not moved.
    #[inline]
    pub(super) fn push(&mut self, kind: impl FnOnce() -> Kind) {
        let cmd_id = Text::number(self.commands.len() + 1);
        self.commands.extend(iter::once_with(|| Command::new(Some(cmd_id), kind())));
    }
}

/// An object whose rest did not come where it was due.
pub(super) fn unfinished(target: &str, span: Span) -> Finding {
    let text = format!("found the object for {target} without its last piece, expected it here");
    Finding { rule: &judge::rules::LARGE_OBJECT, text, span }
}

fn reference(command: &Command) -> Reference {
    (command.cmd_id.clone(), command.name(), command.span)
}
