//! The device's side of a conversation that somebody else opened: every message is new, and gets its answer.
//!
//! Deliberately absent: package 1, credentials, large objects and the end of a session, which belong to a session
//! that the device opens.

use std::iter;
use std::sync::Arc;

use csp_model::device::{MaxMsgSize, OriginalError};
use csp_model::tree::{Effect, Transaction};
use csp_model::{Device, LocUri, TreeError};

use super::apply::{self, Applied};
use super::atomic;
use super::size;
use super::status::{Outcome, StatusCode};
use crate::conformance::{self as rules, Rule};
use crate::message::{
    Alert, Body, Command, Container, ContainerKind, Header, Kind, Location, Message, Namespace, Results,
    Span, Status, Text,
};

/// The device as the one who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Responder {
    /// The MsgID of the device's last message. Package 1 counts, whoever sent it.
    last_msg_id: u64,
    /// Whether failures carry the Windows error behind them. What a server sets holds from the next session on.
    explains: bool,
    /// Whether the last answer was larger than the server takes: the session ends with the next one.
    aborts: bool,
}

/// What a message has brought about.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The answer.
    pub answer: Message,
    /// Whether the answer is due. One that would only say that the SyncHdr was understood is not; whoever must
    /// answer all the same sends it.
    pub is_due: bool,
    /// Why each Status is what it is, in the order of the answer.
    pub reasons: Vec<Reason>,
    /// What the commands have set in motion outside the tree.
    pub effects: Vec<Effect>,
}

/// Why a Status is what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The rule.
    pub rule: &'static Rule,
    /// The fact about the tree that it rests on, if it rests on one.
    pub error: Option<TreeError>,
    /// Where the command stood in the message.
    pub span: Span,
}

impl Turn {
    /// The Statuses of the answer, each with its reason.
    pub fn statuses(&self) -> impl Iterator<Item = (&Status, &Reason)> {
        let statuses = self.answer.body.commands.iter().filter_map(|command| match &command.kind {
            Kind::Status(status) => Some(status),
            Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Results(_) | Kind::Unknown(_) => {
                None
            }
        });
        statuses.zip(&self.reasons)
    }
}

impl Responder {
    /// A new session with `device`.
    #[must_use]
    pub fn new(device: &Device) -> Self {
        const EXPLAINS_SINCE: (u32, u32) = (3, 0);
        let explains = match device.profile().file().original_error {
            OriginalError::Always => true,
            OriginalError::WhenAsked => {
                device.sync_application_version().is_some_and(|version| version >= EXPLAINS_SINCE)
            }
        };
        Self { last_msg_id: 1, explains, aborts: false }
    }

    /// Applies a message to the device and gives the answer.
    pub fn receive(&mut self, message: &Message, device: &mut Device) -> Turn {
        let header = message.header.as_ref();
        let msg_ref = header.and_then(|header| header.msg_id.clone()).unwrap_or(Text::from_static("1"));
        let own_number = msg_ref.parse::<u64>().ok().and_then(|number| number.checked_add(1));
        let is_numbered = header.is_some_and(|header| header.msg_id.is_some());
        self.last_msg_id = own_number.filter(|_| is_numbered).unwrap_or(self.last_msg_id.saturating_add(1));
        let mut answer = Answer {
            msg_ref,
            explains: self.explains,
            commands: Vec::with_capacity(1 + 2 * message.body.commands.len()),
            reasons: Vec::with_capacity(1 + message.body.commands.len()),
            effects: Vec::new(),
            uri: LocUri::root(),
        };
        let sync_hdr = (
            Some(Text::from_static("0")),
            Text::from_static("SyncHdr"),
            header.map_or(message.body.span, |header| header.span),
        );
        answer.status(&sync_hdr, None, Outcome::new(StatusCode::OK, &rules::SYNC_HDR));
        if self.aborts {
            let code = Some(Text::from_static("1223"));
            answer.push(|| Kind::Alert(Alert { code, ..Alert::default() }));
        } else {
            answer.commands(&message.body.commands, device);
        }
        let is_due = answer.commands.len() > 1;
        let mut turn = Turn {
            answer: Message {
                namespace: Namespace::SyncMl12,
                header: Some(self.header(header, device)),
                body: Body { commands: answer.commands, is_final: true, span: Span::default() },
                bare_body: false,
            },
            is_due,
            reasons: answer.reasons,
            effects: answer.effects,
        };
        self.aborts = match device.profile().file().max_msg_size {
            MaxMsgSize::Abort => {
                header.and_then(size::limit).is_some_and(|limit| size::fit(&mut turn.answer, limit))
            }
            MaxMsgSize::Ignored => false,
        };
        turn
    }

    fn header(&self, request: Option<&Header>, device: &Device) -> Header {
        let sender = request.and_then(|header| header.source.as_ref()?.loc_uri.clone());
        let number = usize::try_from(self.last_msg_id)
            .map_or_else(|_| self.last_msg_id.to_string().into(), Text::number);
        Header {
            ver_dtd: Some(Text::from_static("1.2")),
            ver_proto: Some(Text::from_static("DM/1.2")),
            session_id: Some(
                request.and_then(|header| header.session_id.clone()).unwrap_or(Text::from_static("1")),
            ),
            msg_id: Some(number),
            target: sender.map(Location::new),
            source: Some(Location::new(Arc::clone(&device.instance().id))),
            ..Header::default()
        }
    }
}

/// An answer that is being written.
struct Answer {
    msg_ref: Text,
    explains: bool,
    commands: Vec<Command>,
    reasons: Vec<Reason>,
    effects: Vec<Effect>,
    /// The last address.
    uri: LocUri,
}

/// What a Status refers to: CmdRef, Cmd, and where the command stood.
type Reference = (Option<Text>, Text, Span);

impl Answer {
    fn commands(&mut self, commands: &[Command], device: &mut Device) {
        for command in commands {
            self.command(command, device);
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
                let applied = apply::apply(device, request, Transaction::None, false, &mut self.uri);
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
                let tried = atomic::run(device, container);
                self.status(&reference(command), None, tried.own);
                for (member, applied) in tried.members {
                    self.applied(member, applied);
                }
                self.effects.extend(tried.effects);
            }
        }
    }

    /// One Status an Item, with its TargetRef where there are several, and then what a Get has found.
    fn applied(&mut self, command: &Command, applied: Applied) {
        let reference = reference(command);
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
        self.effects.extend(applied.effects);
        if !applied.results.is_empty() {
            let (cmd_ref, _, _) = reference;
            let msg_ref = Some(self.msg_ref.clone());
            self.push(|| {
                Kind::Results(Results { msg_ref, cmd_ref, items: applied.results, ..Results::default() })
            });
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
    fn push(&mut self, kind: impl FnOnce() -> Kind) {
        let cmd_id = Text::number(self.commands.len() + 1);
        self.commands.extend(iter::once_with(|| Command::new(Some(cmd_id), kind())));
    }
}

fn reference(command: &Command) -> Reference {
    (command.cmd_id.clone(), command.name(), command.span)
}
