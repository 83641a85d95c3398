//! `SyncBody` and the commands in it.

use std::{iter, mem};

use super::{Decoder, Read, Source, Tag};
use crate::codec::DecodeErrorKind;
use crate::message::{
    Alert, Body, Chal, Command, Container, ContainerKind, Cred, Element, Items, Kind, Node, Request, Results,
    Span, Status, Text, Verb,
};

/// The shortest command that a server sends, about. Only a guess at how many there are.
const SHORT: usize = 112;

impl<S: Source> Decoder<'_, S> {
    pub(super) fn body(&mut self, body: &mut Body) -> Read<()> {
        let parent = self.source.opened();
        let room = self.source.rest(S::start(parent)) / SHORT + 1;
        body.commands.reserve(room.min(64));
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::FINAL => self.source.flag(&mut body.is_final)?,
                tag => self.command(tag, &mut body.commands)?,
            }
        }
        body.span = self.span(parent);
        Ok(())
    }

    fn command(&mut self, tag: Tag, commands: &mut Vec<Command>) -> Read<()> {
        let command = match tag {
            Tag::GET => return self.request(Verb::Get, commands),
            Tag::REPLACE => return self.request(Verb::Replace, commands),
            Tag::ADD => return self.request(Verb::Add, commands),
            Tag::EXEC => return self.request(Verb::Exec, commands),
            Tag::DELETE => return self.request(Verb::Delete, commands),
            Tag::COPY => return self.request(Verb::Copy, commands),
            Tag::STATUS => self.status()?,
            Tag::RESULTS => self.results()?,
            Tag::ALERT => self.alert()?,
            Tag::ATOMIC => self.container(ContainerKind::Atomic)?,
            Tag::SEQUENCE => self.container(ContainerKind::Sequence)?,
            _ => self.unknown_command()?,
        };
        self.push(command, commands)
    }

    /// Reads a request, or several in one element: each CmdID governs the Items after it.
    fn request(&mut self, verb: Verb, commands: &mut Vec<Command>) -> Read<()> {
        let parent = self.source.opened();
        let first = commands.len();
        let mut start_of_piece = S::start(parent);
        let mut common = Common::default();
        // Read in its place, since it is large. It stays the last one.
        commands.extend(iter::once_with(|| request(verb)));
        while let Some(Command { kind: Kind::Request(request), .. }) = commands.last_mut()
            && self.request_parts(parent, request, &mut common)?
        {
            let start = S::start(self.source.opened());
            let mut piece = self::request(verb);
            if let Kind::Request(piece) = &mut piece.kind {
                mem::swap(&mut piece.items, &mut request.items);
            }
            piece.cmd_id = common.cmd_id.take();
            piece.continued = commands.len() > first + 1;
            piece.span = Span::new(start_of_piece..start);
            start_of_piece = start;
            self.source.text(&mut common.cmd_id)?;
            self.count(piece.span)?;
            commands.insert(commands.len() - 1, piece);
        }
        let span = Span::new(start_of_piece..self.source.end());
        if let Some((last, pieces)) = commands.get_mut(first..).and_then(<[_]>::split_last_mut) {
            let Common { cmd_id, no_resp, cred, unknown } = common;
            (last.cmd_id, last.no_resp, last.cred, last.unknown) = (cmd_id, no_resp, cred, unknown);
            last.span = span;
            if !pieces.is_empty() {
                share_element(pieces, last);
            }
        }
        self.count(span)
    }

    /// Reads a request up to its end, or to another CmdID: then `true`.
    #[inline]
    fn request_parts(&mut self, parent: S::Open, request: &mut Request, common: &mut Common) -> Read<bool> {
        loop {
            match self.source.child(parent)? {
                Tag::END => return Ok(false),
                Tag::CMD_ID if common.cmd_id.is_some() => return Ok(true),
                Tag::ITEM => self.item(&mut request.items)?,
                Tag::META if request.meta.is_none() => self.meta(request.meta.insert(Box::default()))?,
                Tag::CORRELATOR if request.correlator.is_none() => {
                    self.source.text(&mut request.correlator)?
                }
                tag => self.common(tag, common)?,
            }
        }
    }

    fn alert(&mut self) -> Read<Command> {
        let parent = self.source.opened();
        let mut common = Common::default();
        let mut alert = Alert::default();
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::DATA if alert.code.is_none() => self.source.text(&mut alert.code)?,
                Tag::ITEM => self.item(&mut alert.items)?,
                Tag::CORRELATOR if alert.correlator.is_none() => self.source.text(&mut alert.correlator)?,
                tag => self.common(tag, &mut common)?,
            }
        }
        Ok(common.command(Kind::Alert(alert), self.span(parent)))
    }

    fn container(&mut self, kind: ContainerKind) -> Read<Command> {
        let parent = self.source.opened();
        let mut common = Common::default();
        let mut container = Container { kind, meta: None, commands: Vec::new() };
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::META if container.meta.is_none() => self.meta(container.meta.insert(Box::default()))?,
                tag @ (Tag::CMD_ID | Tag::NO_RESP | Tag::CRED | Tag::META) => {
                    self.common(tag, &mut common)?
                }
                tag => self.command(tag, &mut container.commands)?,
            }
        }
        Ok(common.command(Kind::Container(container), self.span(parent)))
    }

    fn status(&mut self) -> Read<Command> {
        let parent = self.source.opened();
        let mut common = Common::default();
        let mut status = Status::default();
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::MSG_REF if status.msg_ref.is_none() => self.source.text(&mut status.msg_ref)?,
                Tag::CMD_REF if status.cmd_ref.is_none() => self.source.text(&mut status.cmd_ref)?,
                Tag::CMD if status.cmd.is_none() => self.source.text(&mut status.cmd)?,
                Tag::DATA if status.code.is_none() => {
                    status.original_error = self.source.original_error();
                    self.source.text(&mut status.code)?;
                }
                Tag::TARGET_REF => self.texts(&mut status.target_refs)?,
                Tag::SOURCE_REF => self.texts(&mut status.source_refs)?,
                Tag::ITEM => {
                    let mut items = Items::new();
                    self.item(&mut items)?;
                    status.items.extend(items);
                }
                // Here `Cred` belongs to the status.
                Tag::CRED if status.cred.is_none() => {
                    self.cred(status.cred.insert(Box::default()), &mut common.unknown)?;
                }
                Tag::CRED => common.unknown.push(self.source.element()?),
                Tag::CHAL if status.chal.is_none() => {
                    self.chal(status.chal.insert(Box::default()), &mut common.unknown)?;
                }
                tag => self.common(tag, &mut common)?,
            }
        }
        Ok(common.command(Kind::Status(status), self.span(parent)))
    }

    fn results(&mut self) -> Read<Command> {
        let parent = self.source.opened();
        let mut common = Common::default();
        let mut results = Results::default();
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::MSG_REF if results.msg_ref.is_none() => self.source.text(&mut results.msg_ref)?,
                Tag::CMD_REF if results.cmd_ref.is_none() => self.source.text(&mut results.cmd_ref)?,
                Tag::CMD if results.cmd.is_none() => self.source.text(&mut results.cmd)?,
                Tag::META if results.meta.is_none() => self.meta(results.meta.insert(Box::default()))?,
                Tag::TARGET_REF => self.texts(&mut results.target_refs)?,
                Tag::SOURCE_REF => self.texts(&mut results.source_refs)?,
                Tag::ITEM => self.item(&mut results.items)?,
                tag => self.common(tag, &mut common)?,
            }
        }
        Ok(common.command(Kind::Results(results), self.span(parent)))
    }

    /// Reads what every command has, and what none has.
    #[inline]
    fn common(&mut self, tag: Tag, common: &mut Common) -> Read<()> {
        match tag {
            Tag::CMD_ID if common.cmd_id.is_none() => self.source.text(&mut common.cmd_id)?,
            Tag::NO_RESP => self.source.flag(&mut common.no_resp)?,
            Tag::CRED if common.cred.is_none() => {
                self.cred(common.cred.insert(Box::default()), &mut common.unknown)?;
            }
            _ => common.unknown.push(self.source.element()?),
        }
        Ok(())
    }

    #[cold]
    fn unknown_command(&mut self) -> Read<Command> {
        let element = self.source.element()?;
        let span = element.span;
        let command = Command::new(cmd_id(&element), Kind::Unknown(Box::new(element)));
        Ok(Command { span, ..command })
    }

    fn chal(&mut self, chal: &mut Chal, unknown: &mut Vec<Element>) -> Read<()> {
        let parent = self.source.opened();
        let mut has_meta = false;
        let mut left = Vec::new();
        loop {
            match self.source.child(parent)? {
                Tag::END => break,
                Tag::META if !has_meta => {
                    has_meta = true;
                    self.meta(&mut chal.meta)?;
                }
                _ => left.push(self.source.element()?),
            }
        }
        self.leave(parent, left, unknown);
        Ok(())
    }

    #[inline]
    fn push(&mut self, command: Command, commands: &mut Vec<Command>) -> Read<()> {
        self.count(command.span)?;
        commands.push(command);
        Ok(())
    }

    /// Counts a command.
    #[inline]
    fn count(&mut self, span: Span) -> Read<()> {
        self.commands += 1;
        if self.commands > self.limits.commands {
            let kind = DecodeErrorKind::Limit { what: "commands", limit: self.limits.commands };
            return Err(self.source.wrong(span.range(), kind));
        }
        Ok(())
    }
}

/// A request without anything.
#[inline]
fn request(verb: Verb) -> Command {
    let request = Request { verb, meta: None, items: Items::new(), correlator: None };
    Command::new(None, Kind::Request(request))
}

/// The pieces of one element share what is said in it once; what is unknown goes to the first.
fn share_element(pieces: &mut [Command], last: &mut Command) {
    last.continued = true;
    let unknown = mem::take(&mut last.unknown);
    for piece in &mut *pieces {
        piece.no_resp = last.no_resp;
        piece.cred.clone_from(&last.cred);
        if let (Kind::Request(piece), Kind::Request(last)) = (&mut piece.kind, &last.kind) {
            piece.meta.clone_from(&last.meta);
            piece.correlator.clone_from(&last.correlator);
        }
    }
    if let Some(head) = pieces.first_mut() {
        head.unknown = unknown;
    }
}

/// What every kind of command has.
#[derive(Default)]
struct Common {
    cmd_id: Option<Text>,
    no_resp: bool,
    cred: Option<Box<Cred>>,
    unknown: Vec<Element>,
}

impl Common {
    fn command(self, kind: Kind, span: Span) -> Command {
        let Self { cmd_id, no_resp, cred, unknown } = self;
        Command { cmd_id, continued: false, no_resp, cred, kind, unknown, span }
    }
}

/// The CmdID of an element that is no command: an answer can name it all the same.
fn cmd_id(element: &Element) -> Option<Text> {
    element.children.iter().find_map(|node| match node {
        Node::Element(child) if &*child.name == "CmdID" => match child.children.as_slice() {
            [] => Some(Text::EMPTY),
            [Node::Text(text)] => Some(text.clone()),
            [Node::Element(_)] | [_, _, ..] => None,
        },
        Node::Element(_) | Node::Text(_) => None,
    })
}
