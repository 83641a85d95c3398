//! The size of an answer, against what the server says it takes.
//!
//! Deliberately absent: cutting an answer with MoreData, which Windows was not seen to do.

use crate::codec;
use crate::message::{Command, Header, Kind, Message, Text};

/// The server's MaxMsgSize, in bytes.
pub(super) fn limit(header: &Header) -> Option<usize> {
    header.meta.as_ref()?.more.as_ref()?.max_msg_size.as_ref()?.trim().parse().ok()
}

/// Leaves out the Results that do not fit into `limit` bytes. Whether any was left out.
pub(super) fn fit(answer: &mut Message, limit: usize) -> bool {
    if codec::encode(answer).len() <= limit {
        return false;
    }
    let commands = std::mem::take(&mut answer.body.commands);
    let (mut room, is_results) =
        (limit.saturating_sub(length(answer)), |command: &Command| matches!(command.kind, Kind::Results(_)));
    let statuses: usize = commands
        .iter()
        .filter(|command| !is_results(command))
        .map(|command| length_of(answer, command))
        .sum();
    room = room.saturating_sub(statuses);
    let before = commands.len();
    for command in commands {
        if is_results(&command) {
            match room.checked_sub(length_of(answer, &command)) {
                Some(left) => room = left,
                None => continue,
            }
        }
        answer.body.commands.push(command);
    }
    for (index, command) in answer.body.commands.iter_mut().enumerate() {
        command.cmd_id = Some(Text::number(index + 1));
    }
    answer.body.commands.len() < before
}

fn length(message: &Message) -> usize {
    codec::encode(message).len()
}

/// What one command adds to a message that is otherwise empty.
fn length_of(answer: &Message, command: &Command) -> usize {
    let empty = Message {
        body: crate::message::Body { commands: Vec::new(), ..answer.body.clone() },
        ..answer.clone()
    };
    let alone = Message {
        body: crate::message::Body { commands: vec![command.clone()], ..empty.body.clone() },
        ..empty.clone()
    };
    length(&alone) - length(&empty)
}
