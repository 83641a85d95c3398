//! A message in the order in which Windows writes it, whatever it is encoded in.
//!
//! The order was read off messages that Windows 11 sent. `Meta` has Format before Type, but in an Alert's Items
//! Type before Format.

mod parts;

use parts::{MetaOrder, cred, elements, item, meta};

use super::tag::Tag;
use crate::message::{
    Alert, Command, Container, ContainerKind, Element, Kind, Message, Node, Request, Results, Status, Text,
    Verb,
};

/// What a message is written to, element by element.
pub(super) trait Sink {
    /// Opens the element.
    fn open(&mut self, tag: Tag);

    /// Opens `SyncBody`, which declares the prefix `msft` if that `is_needed`.
    fn open_body(&mut self, is_needed: bool);

    /// Closes the element that was opened last and is not closed.
    fn close(&mut self, tag: Tag);

    /// An element with text alone; nothing when there is none.
    fn text(&mut self, tag: Tag, text: Option<&Text>);

    /// An element that says all by being there.
    fn flag(&mut self, tag: Tag, is_set: bool);

    /// `Data` of a Status with `msft:originalerror`.
    fn code(&mut self, code: Option<&Text>, original_error: &Text);

    /// `Data` with markup, of which the Item says that it is of that media type.
    fn markup(&mut self, nodes: &[Node], media_type: Option<&str>);

    /// An element that is kept as it was written.
    fn element(&mut self, element: &Element);
}

/// Writes what stands in the root element, which is `SyncBody` in a bare body: then that element as well.
///
/// A command that is `continued` is written into the element of the one before it, if that is a request of the same
/// verb and both have a CmdID; what it says about Meta, NoResp, Cred and Correlator is then the element's, which the
/// first one decides.
pub(super) fn content(message: &Message, out: &mut impl Sink) {
    let commands = &message.body.commands;
    if let Some(header) = message.header.as_ref().filter(|_| !message.bare_body) {
        parts::header(header, out);
    }
    out.open_body(commands.iter().any(has_original_error));
    write_commands(commands, out);
    out.flag(Tag::FINAL, message.body.is_final);
    out.close(Tag::SYNC_BODY);
}

fn has_original_error(command: &Command) -> bool {
    match &command.kind {
        Kind::Status(status) => status.original_error.is_some(),
        Kind::Container(container) => container.commands.iter().any(has_original_error),
        Kind::Request(_) | Kind::Alert(_) | Kind::Results(_) | Kind::Unknown(_) => false,
    }
}

fn write_commands(commands: &[Command], out: &mut impl Sink) {
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
            Kind::Unknown(it) => out.element(it),
        }
    }
}

/// Whether `piece` is written into the element of `command`.
fn goes_on(command: &Command, first: &Request, piece: &Command) -> bool {
    let same = matches!(&piece.kind, Kind::Request(request) if request.verb == first.verb);
    same && piece.continued && piece.cmd_id.is_some() && command.cmd_id.is_some()
}

fn request(command: &Command, request: &Request, pieces: &[Command], out: &mut impl Sink) {
    let tag = verb(request.verb);
    out.open(tag);
    common(command, out);
    meta(request.meta.as_deref(), MetaOrder::FormatFirst, out);
    for it in &request.items {
        item(it, MetaOrder::FormatFirst, out);
    }
    for piece in pieces {
        out.text(Tag::CMD_ID, piece.cmd_id.as_ref());
        if let Kind::Request(request) = &piece.kind {
            for it in &request.items {
                item(it, MetaOrder::FormatFirst, out);
            }
        }
    }
    out.text(Tag::CORRELATOR, request.correlator.as_ref());
    elements(&command.unknown, out);
    out.close(tag);
}

fn alert(command: &Command, alert: &Alert, out: &mut impl Sink) {
    out.open(Tag::ALERT);
    common(command, out);
    out.text(Tag::DATA, alert.code.as_ref());
    out.text(Tag::CORRELATOR, alert.correlator.as_ref());
    for it in &alert.items {
        item(it, MetaOrder::TypeFirst, out);
    }
    elements(&command.unknown, out);
    out.close(Tag::ALERT);
}

fn container(command: &Command, container: &Container, out: &mut impl Sink) {
    let tag = match container.kind {
        ContainerKind::Atomic => Tag::ATOMIC,
        ContainerKind::Sequence => Tag::SEQUENCE,
    };
    out.open(tag);
    common(command, out);
    meta(container.meta.as_deref(), MetaOrder::FormatFirst, out);
    // Before the members: one of them may be unknown too.
    elements(&command.unknown, out);
    write_commands(&container.commands, out);
    out.close(tag);
}

fn status(command: &Command, status: &Status, out: &mut impl Sink) {
    out.open(Tag::STATUS);
    out.text(Tag::CMD_ID, command.cmd_id.as_ref());
    out.flag(Tag::NO_RESP, command.no_resp);
    out.text(Tag::MSG_REF, status.msg_ref.as_ref());
    out.text(Tag::CMD_REF, status.cmd_ref.as_ref());
    out.text(Tag::CMD, status.cmd.as_ref());
    for it in &status.target_refs {
        out.text(Tag::TARGET_REF, Some(it));
    }
    for it in &status.source_refs {
        out.text(Tag::SOURCE_REF, Some(it));
    }
    cred(status.cred.as_deref(), out);
    if let Some(chal) = &status.chal {
        out.open(Tag::CHAL);
        meta(Some(&chal.meta), MetaOrder::FormatFirst, out);
        out.close(Tag::CHAL);
    }
    match (&status.original_error, &status.code) {
        (None, code) => out.text(Tag::DATA, code.as_ref()),
        (Some(error), code) => out.code(code.as_ref(), error),
    }
    for it in &status.items {
        item(it, MetaOrder::FormatFirst, out);
    }
    elements(&command.unknown, out);
    out.close(Tag::STATUS);
}

fn results(command: &Command, results: &Results, out: &mut impl Sink) {
    out.open(Tag::RESULTS);
    common(command, out);
    out.text(Tag::MSG_REF, results.msg_ref.as_ref());
    out.text(Tag::CMD_REF, results.cmd_ref.as_ref());
    out.text(Tag::CMD, results.cmd.as_ref());
    meta(results.meta.as_deref(), MetaOrder::FormatFirst, out);
    for it in &results.target_refs {
        out.text(Tag::TARGET_REF, Some(it));
    }
    for it in &results.source_refs {
        out.text(Tag::SOURCE_REF, Some(it));
    }
    for it in &results.items {
        item(it, MetaOrder::FormatFirst, out);
    }
    elements(&command.unknown, out);
    out.close(Tag::RESULTS);
}

fn common(command: &Command, out: &mut impl Sink) {
    out.text(Tag::CMD_ID, command.cmd_id.as_ref());
    out.flag(Tag::NO_RESP, command.no_resp);
    cred(command.cred.as_deref(), out);
}

const fn verb(verb: Verb) -> Tag {
    match verb {
        Verb::Add => Tag::ADD,
        Verb::Copy => Tag::COPY,
        Verb::Delete => Tag::DELETE,
        Verb::Exec => Tag::EXEC,
        Verb::Get => Tag::GET,
        Verb::Replace => Tag::REPLACE,
    }
}
