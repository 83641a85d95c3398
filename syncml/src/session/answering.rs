//! How the device answers within one session, whoever opened it.
//!
//! It keeps what outlives a message: an object of which pieces are still to come, what did not fit into the last
//! answer, and whether failures are explained. Deliberately absent: who may ask, and when a session ends.

use std::collections::VecDeque;

use csp_model::Device;
use csp_model::device::{MaxMsgSize, OriginalError};

use super::answer::{Answer, Room, unfinished};
use super::chunk::Incoming;
use super::size::{self, Limit, Pending};
use super::status::Outcome;
use super::turn::Turn;
use crate::codec::Encoding;
use crate::message::{Alert, Chal, Command, Header, Kind, Message, Text};

/// What the device keeps of a session from one message to the next.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answering {
    /// Whether failures carry the Windows error behind them. What a server sets holds from the next session on.
    explains: bool,
    /// Whether the last answer was larger than the server takes: the session ends with the next one.
    aborts: bool,
    incoming: Incoming,
    /// What did not fit into the last answer.
    waiting: VecDeque<Pending>,
    pub(super) judging: Judging,
}

/// Whether commands are judged while they are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judging {
    On,
    Off,
}

/// What becomes of a message, as its sender is told with the Status of the SyncHdr.
pub(super) struct Welcome {
    pub(super) outcome: Outcome,
    pub(super) chal: Option<Chal>,
    /// What the device asks for after a message without Final.
    pub(super) pull: Pull,
    /// What the answer will be encoded in.
    pub(super) encoding: Encoding,
}

/// When the device asks for the next message of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pull {
    /// When an object has not come to its end.
    Objects,
    /// When a message had no Final.
    Packages,
}

impl Answering {
    /// A new session with `device`.
    pub(super) fn new(device: &Device) -> Self {
        const EXPLAINS_SINCE: (u32, u32) = (3, 0);
        let explains = match device.profile().file().original_error {
            OriginalError::Always => true,
            OriginalError::WhenAsked => {
                device.sync_application_version().is_some_and(|version| version >= EXPLAINS_SINCE)
            }
        };
        Self {
            explains,
            aborts: false,
            incoming: Incoming::default(),
            waiting: VecDeque::new(),
            judging: Judging::On,
        }
    }

    /// Whether the next message ends the session: the last answer was larger than the server takes.
    pub(super) const fn aborts(&self) -> bool {
        self.aborts
    }

    /// Does what `request` asks, and answers it under `header`.
    pub(super) fn turn(
        &mut self,
        request: &Message,
        header: Header,
        welcome: Welcome,
        device: &mut Device,
    ) -> Turn {
        let Self { explains, aborts, incoming, waiting, judging } = self;
        let msg_ref = request.msg_ref();
        let file = device.profile().file();
        let (cuts, most) = (file.large_objects, file.max_msg_size);
        let sender = request.header.as_ref();
        let limit = sender.and_then(Header::max_msg_size).filter(|_| cuts || most == MaxMsgSize::Abort);
        let encoding = welcome.encoding;
        let limit = limit.map(|bytes| Limit { bytes, encoding });
        let room = limit.map(|message| Room {
            least: Message::new(header.clone(), Vec::new()),
            message,
            object: sender.and_then(Header::max_obj_size).filter(|_| cuts),
        });
        let commands = &request.body.commands;
        let mut answer = Answer::new(msg_ref, *explains, room, welcome.pull, incoming, commands.len());
        answer.judging = *judging;
        let span = sender.map_or(request.body.span, |header| header.span);
        let outcome = welcome.outcome;
        let is_refused = outcome.code.is_failure();
        answer.sync_hdr(span, outcome.clone(), welcome.chal);
        if is_refused {
            answer.refuse(commands, &outcome);
        } else if *aborts {
            answer.alert(Alert::SESSION_ABORT);
        } else {
            answer.commands(commands, device);
        }
        if let Some(interrupted) = answer.incoming.end_of_message() {
            answer.findings.push(unfinished(&interrupted.0, request.body.span));
            answer.interrupted(interrupted);
        }
        // Who asks for more itself is not in the middle of a package.
        let asks = !request.body.is_final
            && !request.has_alert(Alert::NEXT_MESSAGE)
            && match welcome.pull {
                Pull::Objects => answer.incoming.is_open(),
                Pull::Packages => !is_refused && !*aborts,
            };
        let Answer { commands, reasons, effects, findings, .. } = answer;
        let is_due = commands.len() > 1 || asks || !waiting.is_empty();
        let answer = Message::new(header, commands);
        let mut turn = Turn { answer, is_due, reasons, effects, repeats: false, findings };
        if cuts && limit.is_some() || !waiting.is_empty() {
            let bytes = limit.map_or(usize::MAX, |limit| limit.bytes);
            let bytes = bytes.saturating_sub(if asks { ALERT } else { 0 });
            cut(&mut turn, waiting, Limit { bytes, encoding });
        }
        if asks {
            turn.answer.body.is_final = false;
            push_alert(&mut turn.answer, Alert::NEXT_MESSAGE);
        }
        *aborts = match limit {
            Some(limit) if !cuts => size::fit(&mut turn.answer, limit),
            Some(_) | None => false,
        };
        turn
    }

    /// An answer that says no more than what became of the SyncHdr, and is not due.
    pub(super) fn acknowledge(
        &self,
        request: &Message,
        header: Header,
        outcome: Outcome,
        chal: Option<Chal>,
    ) -> Turn {
        let mut incoming = Incoming::default();
        let mut answer = Answer::new(request.msg_ref(), self.explains, None, Pull::Objects, &mut incoming, 0);
        let span = request.header.as_ref().map_or(request.body.span, |header| header.span);
        answer.sync_hdr(span, outcome, chal);
        let Answer { commands, reasons, effects, .. } = answer;
        let answer = Message::new(header, commands);
        Turn { answer, is_due: false, reasons, effects, repeats: false, findings: Vec::new() }
    }
}

/// The bytes of an Alert that is its code alone, or some more.
const ALERT: usize = 80;

/// Adds an Alert that is its code alone.
pub(super) fn push_alert(message: &mut Message, code: &'static str) {
    let commands = &mut message.body.commands;
    let cmd_id = Text::number(commands.len() + 1);
    commands.push(Command::new(Some(cmd_id), Kind::Alert(Alert::bare(code))));
}

/// Leaves what does not fit to the next answer, behind what waits already. The Status of the SyncHdr goes first.
fn cut(turn: &mut Turn, waiting: &mut VecDeque<Pending>, limit: Limit) {
    let mut commands = std::mem::take(&mut turn.answer.body.commands).into_iter();
    let mut reasons = std::mem::take(&mut turn.reasons).into_iter();
    turn.answer.body.commands.extend(commands.next());
    turn.reasons.extend(reasons.next());
    waiting.extend(commands.map(|command| {
        let is_status = matches!(command.kind, Kind::Status(_));
        Pending { command, reason: is_status.then(|| reasons.next()).flatten(), is_begun: false }
    }));
    turn.reasons.extend(size::fill(&mut turn.answer, waiting, limit));
    turn.answer.body.is_final = waiting.is_empty();
}
