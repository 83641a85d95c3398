//! What is said of an exchange on the log: a line that tells what was asked and what became of it.

use std::fmt::Write as _;

use syncml::message::Message;
use syncml::session::Turn;
use tracing::Level;

/// How many commands the line names.
const MOST: usize = 12;

/// Says one exchange of the device `name`, where somebody listens.
pub(super) fn log(name: &str, message: Option<&Message>, turn: Option<&Turn>) {
    if !tracing::enabled!(Level::INFO) {
        return;
    }
    let (Some(message), Some(turn)) = (message, turn) else {
        tracing::info!(device = name, "opens a session");
        return;
    };
    let header = message.header.as_ref();
    let session = header.and_then(|header| header.session_id.as_deref());
    let number = header.and_then(|header| header.msg_id.as_deref());
    tracing::info!(device = name, session, message = number, "{}", summary(turn));
}

/// Each command with its status, without that of the SyncHdr: `Get 200, Add 418`.
fn summary(turn: &Turn) -> String {
    let mut text = String::new();
    let statuses = turn.statuses().skip(1);
    let mut more = 0_usize;
    for (index, (status, _)) in statuses.enumerate() {
        if index >= MOST {
            more += 1;
            continue;
        }
        let separator = if index == 0 { "" } else { ", " };
        let (cmd, code) = (status.cmd.as_deref(), status.code.as_deref());
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{} {}", cmd.unwrap_or_default(), code.unwrap_or_default());
    }
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    if text.is_empty() { "no commands".to_owned() } else { text }
}
