//! What is wrong with how a server's message came.

use super::{Findings, rules};
use crate::message::{Kind, Message, Meta, Span};

/// How a message came, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrival {
    /// How many bytes it had.
    pub bytes: Option<usize>,
    /// Who could read along.
    pub channel: Channel,
}

/// Who can read what goes over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Channel {
    /// Nobody but the two sides: it is encrypted, or does not leave the machine.
    Private,
    /// Whoever is on the way.
    Clear,
    /// It came by no connection, or by one that stands for another.
    #[default]
    Unknown,
}

/// Adds what is wrong with how `message` came; `limit` is the device's MaxMsgSize.
pub(super) fn judge(message: &Message, arrival: Arrival, limit: Option<usize>, findings: &mut Findings) {
    if let (Some(bytes), Some(limit)) = (arrival.bytes, limit)
        && bytes > limit
    {
        let text = format!("found a message of {bytes} bytes, expected at most {limit}");
        findings.add(&rules::MAX_MSG_SIZE, text, Span::default());
    }
    match arrival.channel {
        Channel::Clear => credentials(message, findings),
        Channel::Private | Channel::Unknown => {}
    }
}

fn credentials(message: &Message, findings: &mut Findings) {
    let is_basic = |meta: Option<&Meta>| {
        let scheme = meta.and_then(|meta| meta.media_type.as_ref()).map(|scheme| scheme.trim());
        // Without a Type the scheme is basic (OMA SyncML Representation Protocol 1.2, Cred).
        scheme.is_none_or(|scheme| scheme.eq_ignore_ascii_case("syncml:auth-basic"))
    };
    let header = message.header.as_ref();
    if let Some(header) = header
        && header.cred.as_ref().is_some_and(|cred| is_basic(cred.meta.as_ref()))
    {
        let text = "found basic credentials over HTTP, expected HTTPS or a digest".to_owned();
        findings.add(&rules::CREDENTIALS_IN_CLEAR, text, header.span);
    }
    for command in &message.body.commands {
        let Kind::Status(status) = &command.kind else { continue };
        if status.chal.as_ref().is_some_and(|chal| is_basic(Some(&chal.meta))) {
            let text = "found basic credentials asked for over HTTP, expected HTTPS or a digest".to_owned();
            findings.add(&rules::CREDENTIALS_IN_CLEAR, text, command.span);
        }
    }
}
