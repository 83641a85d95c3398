//! A message to a document, as Windows writes it: no XML declaration, no white space, one fixed order.
//!
//! The order was read off messages that Windows 11 sent. `Meta` has Format before Type, but in an Alert's Items
//! Type before Format.

mod escape;
mod parts;

use escape::attribute;
use parts::{MetaOrder, cred, element, elements, flag, item, meta, text};

use super::MSFT;
use crate::message::{Alert, Command, Container, Kind, Message, Node, Request, Results, Status};

/// Appends `message` to `out`.
///
/// Characters that XML cannot hold (controls, U+FFFE, U+FFFF) are written as U+FFFD. Names in unknown elements are
/// written as they are. A command that is `continued` is written into the element of the one before it, if that is
/// a request of the same verb and both have a CmdID; what it says about Meta, NoResp, Cred and Correlator is then
/// the element's, which the first one decides.
pub fn write(message: &Message, out: &mut Vec<u8>) {
    let commands = &message.body.commands;
    out.reserve(512 + commands.len() * 256);
    let namespace = message.namespace.uri();
    let root: &[u8] = if message.bare_body { b"<SyncBody" } else { b"<SyncML" };
    out.extend_from_slice(root);
    if !namespace.is_empty() {
        out.extend_from_slice(b" xmlns=\"");
        out.extend_from_slice(namespace.as_bytes());
        out.push(b'"');
    }
    if !message.bare_body {
        out.push(b'>');
        if let Some(header) = &message.header {
            parts::header(header, out);
        }
        out.extend_from_slice(b"<SyncBody");
    }
    if commands.iter().any(has_original_error) {
        out.extend_from_slice(b" xmlns:msft=\"");
        out.extend_from_slice(MSFT.as_bytes());
        out.push(b'"');
    }
    out.push(b'>');
    write_commands(commands, out);
    flag("<Final/>", message.body.is_final, out);
    out.extend_from_slice(if message.bare_body { b"</SyncBody>" } else { b"</SyncBody></SyncML>" });
}

/// The text of markup: what an unescaped `Data` means where text is expected.
pub(crate) fn markup_text(nodes: &[Node]) -> String {
    let mut out = Vec::new();
    parts::nodes(nodes, &mut out);
    // Only texts were written.
    String::from_utf8(out).unwrap_or_default()
}

fn has_original_error(command: &Command) -> bool {
    match &command.kind {
        Kind::Status(status) => status.original_error.is_some(),
        Kind::Container(container) => container.commands.iter().any(has_original_error),
        Kind::Request(_) | Kind::Alert(_) | Kind::Results(_) | Kind::Unknown(_) => false,
    }
}

fn write_commands(commands: &[Command], out: &mut Vec<u8>) {
    let mut rest = commands;
    while let [command, after @ ..] = rest {
        rest = after;
        match &command.kind {
            Kind::Request(first) => {
                let pieces = after.iter().take_while(|piece| goes_on(command, first, piece)).count();
                let (pieces, others) = after.split_at(pieces);
                request(command, first, pieces, out);
                rest = others;
            }
            Kind::Alert(it) => alert(command, it, out),
            Kind::Container(it) => container(command, it, out),
            Kind::Status(it) => status(command, it, out),
            Kind::Results(it) => results(command, it, out),
            Kind::Unknown(it) => element(it, out),
        }
    }
}

/// Whether `piece` is written into the element of `command`.
fn goes_on(command: &Command, first: &Request, piece: &Command) -> bool {
    let same = matches!(&piece.kind, Kind::Request(request) if request.verb == first.verb);
    same && piece.continued && piece.cmd_id.is_some() && command.cmd_id.is_some()
}

fn request(command: &Command, request: &Request, pieces: &[Command], out: &mut Vec<u8>) {
    let name = request.verb.name();
    open(name, out);
    common(command, out);
    meta(request.meta.as_deref(), MetaOrder::FormatFirst, out);
    for it in &request.items {
        item(it, MetaOrder::FormatFirst, out);
    }
    for piece in pieces {
        text("<CmdID>", piece.cmd_id.as_ref(), "</CmdID>", out);
        if let Kind::Request(request) = &piece.kind {
            for it in &request.items {
                item(it, MetaOrder::FormatFirst, out);
            }
        }
    }
    text("<Correlator>", request.correlator.as_ref(), "</Correlator>", out);
    elements(&command.unknown, out);
    close(name, out);
}

fn alert(command: &Command, alert: &Alert, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<Alert>");
    common(command, out);
    text("<Data>", alert.code.as_ref(), "</Data>", out);
    text("<Correlator>", alert.correlator.as_ref(), "</Correlator>", out);
    for it in &alert.items {
        item(it, MetaOrder::TypeFirst, out);
    }
    elements(&command.unknown, out);
    out.extend_from_slice(b"</Alert>");
}

fn container(command: &Command, container: &Container, out: &mut Vec<u8>) {
    let name = container.kind.name();
    open(name, out);
    common(command, out);
    meta(container.meta.as_deref(), MetaOrder::FormatFirst, out);
    // Before the members: one of them may be unknown too.
    elements(&command.unknown, out);
    write_commands(&container.commands, out);
    close(name, out);
}

fn status(command: &Command, status: &Status, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<Status>");
    text("<CmdID>", command.cmd_id.as_ref(), "</CmdID>", out);
    flag("<NoResp/>", command.no_resp, out);
    text("<MsgRef>", status.msg_ref.as_ref(), "</MsgRef>", out);
    text("<CmdRef>", status.cmd_ref.as_ref(), "</CmdRef>", out);
    text("<Cmd>", status.cmd.as_ref(), "</Cmd>", out);
    for it in &status.target_refs {
        text("<TargetRef>", Some(it), "</TargetRef>", out);
    }
    for it in &status.source_refs {
        text("<SourceRef>", Some(it), "</SourceRef>", out);
    }
    cred(status.cred.as_deref(), out);
    if let Some(chal) = &status.chal {
        out.extend_from_slice(b"<Chal>");
        meta(Some(&chal.meta), MetaOrder::FormatFirst, out);
        out.extend_from_slice(b"</Chal>");
    }
    match (&status.original_error, &status.code) {
        (None, code) => text("<Data>", code.as_ref(), "</Data>", out),
        (Some(error), code) => {
            out.extend_from_slice(b"<Data msft:originalerror=\"");
            attribute(error, out);
            out.extend_from_slice(b"\">");
            escape::content(code.as_deref().unwrap_or_default(), out);
            out.extend_from_slice(b"</Data>");
        }
    }
    for it in &status.items {
        item(it, MetaOrder::FormatFirst, out);
    }
    elements(&command.unknown, out);
    out.extend_from_slice(b"</Status>");
}

fn results(command: &Command, results: &Results, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<Results>");
    common(command, out);
    text("<MsgRef>", results.msg_ref.as_ref(), "</MsgRef>", out);
    text("<CmdRef>", results.cmd_ref.as_ref(), "</CmdRef>", out);
    text("<Cmd>", results.cmd.as_ref(), "</Cmd>", out);
    meta(results.meta.as_deref(), MetaOrder::FormatFirst, out);
    for it in &results.target_refs {
        text("<TargetRef>", Some(it), "</TargetRef>", out);
    }
    for it in &results.source_refs {
        text("<SourceRef>", Some(it), "</SourceRef>", out);
    }
    for it in &results.items {
        item(it, MetaOrder::FormatFirst, out);
    }
    elements(&command.unknown, out);
    out.extend_from_slice(b"</Results>");
}

fn common(command: &Command, out: &mut Vec<u8>) {
    text("<CmdID>", command.cmd_id.as_ref(), "</CmdID>", out);
    flag("<NoResp/>", command.no_resp, out);
    cred(command.cred.as_deref(), out);
}

fn open(name: &str, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

fn close(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}
