//! The size of an answer, against what the server says it takes.
//!
//! Deliberately absent: what becomes of a session whose answer was too large.

use std::collections::VecDeque;

use super::chunk;
use super::turn::Reason;
use crate::codec::{self, Encoding};
use crate::message::{Command, Item, Items, Kind, Message, Results, Text};

/// A command of an answer that has not gone out yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pending {
    pub(super) command: Command,
    /// Why a Status is what it is.
    pub(super) reason: Option<Reason>,
    /// Whether the first piece of its first Item has gone out: the Size of the object has been said.
    pub(super) is_begun: bool,
}

/// The bytes that a message may take up, and what it is encoded in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) bytes: usize,
    pub(super) encoding: Encoding,
}

/// How many bytes a message takes up.
fn length(message: &Message, encoding: Encoding) -> usize {
    codec::encode_as(message, encoding).len()
}

/// What commands add to a message. The message has no commands of its own.
struct Frame {
    message: Message,
    length: usize,
    encoding: Encoding,
}

impl Frame {
    fn of(answer: &Message, encoding: Encoding) -> Self {
        let mut message = answer.clone();
        message.body.commands.clear();
        Self { length: length(&message, encoding), message, encoding }
    }

    /// What the command adds, and the command again.
    fn measure(&mut self, command: Command) -> (Command, usize) {
        self.message.body.commands.push(command);
        let added = length(&self.message, self.encoding) - self.length;
        let command = self.message.body.commands.pop().expect("it was just put there");
        (command, added)
    }
}

/// Leaves out the Results that do not fit into `limit`. Whether the answer was larger than that.
pub(super) fn fit(answer: &mut Message, limit: Limit) -> bool {
    if length(answer, limit.encoding) <= limit.bytes {
        return false;
    }
    let commands = std::mem::take(&mut answer.body.commands);
    let mut frame = Frame::of(answer, limit.encoding);
    let measured: Vec<_> = commands.into_iter().map(|command| frame.measure(command)).collect();
    let is_results = |command: &Command| matches!(command.kind, Kind::Results(_));
    let statuses = measured.iter().filter(|(command, _)| !is_results(command));
    let mut room =
        limit.bytes.saturating_sub(frame.length).saturating_sub(statuses.map(|(_, length)| length).sum());
    for (command, length) in measured {
        if is_results(&command) {
            match room.checked_sub(length) {
                Some(left) => room = left,
                None => continue,
            }
        }
        answer.body.commands.push(command);
    }
    number(&mut answer.body.commands);
    true
}

/// Whether commands fit beside those that `answer` has into `limit`.
pub(super) fn fits(answer: &Message, commands: Vec<Command>, limit: Limit) -> bool {
    let mut answer = answer.clone();
    answer.body.commands.extend(commands);
    length(&answer, limit.encoding) <= limit.bytes
}

/// Takes commands from the front of `queue` into `answer` for as long as they fit into `limit`; what does not fit
/// is divided where that can be done. At least one piece is taken: a message that says nothing would never end. Gives
/// the reasons of the Statuses that were taken.
pub(super) fn fill(answer: &mut Message, queue: &mut VecDeque<Pending>, limit: Limit) -> Vec<Reason> {
    let mut frame = Frame::of(answer, limit.encoding);
    let mut reasons = Vec::new();
    let mut room = limit.bytes.saturating_sub(length(answer, limit.encoding));
    while let Some(pending) = queue.pop_front() {
        let (command, length) = frame.measure(pending.command);
        let pending = Pending { command, ..pending };
        if let Some(left) = room.checked_sub(length) {
            room = left;
            answer.body.commands.push(pending.command);
            reasons.extend(pending.reason);
            continue;
        }
        // The Status of the SyncHdr is no progress.
        let is_forced = answer.body.commands.len() < 2;
        let last = match divide(&mut frame, &pending, room, is_forced) {
            Some((first, rest)) => {
                queue.push_front(rest);
                Some(first)
            }
            None if is_forced => Some(pending),
            None => {
                queue.push_front(pending);
                None
            }
        };
        if let Some(last) = last {
            answer.body.commands.push(last.command);
            reasons.extend(last.reason);
        }
        break;
    }
    number(&mut answer.body.commands);
    reasons
}

/// CmdIDs are counted from 1 in every message.
pub(super) fn number(commands: &mut [Command]) {
    for (index, command) in commands.iter_mut().enumerate() {
        command.cmd_id = Some(Text::number(index + 1));
    }
}

/// Divides Results between its Items, or in the data of the first. `is_forced` divides also where the first part is too
/// large.
fn divide(frame: &mut Frame, pending: &Pending, room: usize, is_forced: bool) -> Option<(Pending, Pending)> {
    let Kind::Results(results) = &pending.command.kind else { return None };
    let with = |items: Items, is_begun: bool| {
        let kind = Kind::Results(Results { items, ..results.clone() });
        Pending { command: Command { kind, ..pending.command.clone() }, reason: None, is_begun }
    };
    let mut fits = |items: &[Item]| frame.measure(with(items.into(), false).command).1 <= room;
    // More Items never take less.
    let count = partition(results.items.len(), |count| results.items.get(..count).is_some_and(&mut fits));
    let (first, rest) = results.items.split_at_checked(count)?;
    if !first.is_empty() {
        return (!rest.is_empty()).then(|| (with(first.into(), pending.is_begun), with(rest.into(), false)));
    }
    let (item, others) = rest.split_first()?;
    let divided = |most| chunk::divide(item, !pending.is_begun, most);
    let most = partition(room, |most| divided(most).is_some_and(|(first, _)| fits(&[first])));
    let (first, rest) = divided(most)?;
    if !is_forced && !fits(std::slice::from_ref(&first)) {
        return None;
    }
    let rest = std::iter::once(rest).chain(others.iter().cloned()).collect();
    Some((with(smallvec::smallvec![first], true), with(rest, true)))
}

/// The largest number up to `most` for which `holds`, if it holds for all below as well; 0 if for none.
pub(super) fn partition(most: usize, mut holds: impl FnMut(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if holds(middle) { low = middle } else { high = middle - 1 }
    }
    low
}
