//! The size of an answer, against what the server says it takes.
//!
//! Deliberately absent: cutting an answer with MoreData, which Windows was not seen to do.

use crate::codec;
use crate::message::{Command, Header, Kind, Message, Text};

/// The server's MaxMsgSize, in bytes.
pub(super) fn limit(header: &Header) -> Option<usize> {
    header.meta.as_ref()?.more.as_ref()?.max_msg_size.as_ref()?.trim().parse().ok()
}

/// Leaves out the Results that do not fit into `limit` bytes. Whether the answer was larger than that.
pub(super) fn fit(answer: &mut Message, limit: usize) -> bool {
    if length(answer) <= limit {
        return false;
    }
    let commands = std::mem::take(&mut answer.body.commands);
    let frame = length(answer);
    let mut alone = answer.clone();
    // What each command adds to a message that is otherwise empty.
    let mut length_of = |command: Command| {
        alone.body.commands.push(command);
        let length = length(&alone) - frame;
        (alone.body.commands.pop(), length)
    };
    let measured: Vec<_> = commands.into_iter().map(&mut length_of).collect();
    let is_results = |command: &Command| matches!(command.kind, Kind::Results(_));
    let statuses = measured.iter().filter(|(command, _)| !command.as_ref().is_some_and(is_results));
    let mut room = limit.saturating_sub(frame).saturating_sub(statuses.map(|(_, length)| length).sum());
    for (command, length) in measured {
        let Some(command) = command else { continue };
        if is_results(&command) {
            match room.checked_sub(length) {
                Some(left) => room = left,
                None => continue,
            }
        }
        answer.body.commands.push(command);
    }
    for (index, command) in answer.body.commands.iter_mut().enumerate() {
        command.cmd_id = Some(Text::number(index + 1));
    }
    true
}

fn length(message: &Message) -> usize {
    codec::encode(message).len()
}
