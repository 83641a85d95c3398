//! `SyncBody` and the commands in it.

use std::mem;

use csp_model::xml::Start;

use super::Decoder;
use crate::codec::xml::MSFT;
use crate::codec::{DecodeError, DecodeErrorKind};
use crate::message::{
    Alert, Body, Chal, Command, Container, ContainerKind, Cred, Element, Item, Items, Kind, Node, Request,
    Results, Span, Status, Text, Verb,
};

/// The shortest command that a server sends, about. Only a guess at how many there are.
const SHORT: usize = 112;

impl<'a> Decoder<'a> {
    pub(super) fn body(&mut self, parent: &Start<'a>) -> Result<Body, DecodeError> {
        let room = (self.text.len() - parent.span.start) / SHORT + 1;
        let mut body = Body { commands: Vec::with_capacity(room.min(64)), ..Body::default() };
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "Final" => body.is_final = self.flag(&start)?,
                name => {
                    if !self.command(name, &start, &mut body.commands)? {
                        let command = self.unknown_command(&start)?;
                        self.push(command, &mut body.commands)?;
                    }
                }
            }
        }
        body.span = self.span(parent);
        Ok(body)
    }

    /// Reads the command `name`; `false` when it is none.
    fn command(
        &mut self,
        name: &str,
        start: &Start<'a>,
        commands: &mut Vec<Command>,
    ) -> Result<bool, DecodeError> {
        let verb = match name {
            "Get" => Verb::Get,
            "Replace" => Verb::Replace,
            "Add" => Verb::Add,
            "Exec" => Verb::Exec,
            "Delete" => Verb::Delete,
            "Copy" => Verb::Copy,
            other => {
                let command = match other {
                    "Status" => self.status(start)?,
                    "Results" => self.results(start)?,
                    "Alert" => self.alert(start)?,
                    "Atomic" => self.container(ContainerKind::Atomic, start)?,
                    "Sequence" => self.container(ContainerKind::Sequence, start)?,
                    _ => return Ok(false),
                };
                self.push(command, commands)?;
                return Ok(true);
            }
        };
        self.request(verb, start, commands)?;
        Ok(true)
    }

    /// Reads a request, or several in one element: each CmdID governs the Items after it.
    fn request(
        &mut self,
        verb: Verb,
        parent: &Start<'a>,
        commands: &mut Vec<Command>,
    ) -> Result<(), DecodeError> {
        let first = commands.len();
        let mut start_of_piece = parent.span.start;
        let mut request = Request { verb, meta: None, items: Items::new(), correlator: None };
        let mut common = Common::default();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "CmdID" if common.cmd_id.is_some() => {
                    let next = self.text(&start)?;
                    let items = mem::take(&mut request.items);
                    let piece = Request { verb, meta: None, items, correlator: None };
                    let mut piece = Command::new(common.cmd_id.replace(next), Kind::Request(piece));
                    piece.continued = commands.len() > first;
                    piece.span = Span::new(start_of_piece..start.span.start);
                    start_of_piece = start.span.start;
                    self.push(piece, commands)?;
                }
                "Item" => request.items.push(self.item(&start)?),
                "Meta" if request.meta.is_none() => request.meta = Some(Box::new(self.meta(&start)?)),
                "Correlator" if request.correlator.is_none() => {
                    request.correlator = Some(self.text(&start)?);
                }
                name => self.common(name, &start, &mut common)?,
            }
        }
        let mut last = common.command(Kind::Request(request), Span::new(start_of_piece..self.xml.offset()));
        if commands.len() > first {
            share_element(commands.get_mut(first..).unwrap_or_default(), &mut last);
        }
        self.push(last, commands)
    }

    fn alert(&mut self, parent: &Start<'a>) -> Result<Command, DecodeError> {
        let mut common = Common::default();
        let mut alert = Alert::default();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "Data" if alert.code.is_none() => alert.code = Some(self.text(&start)?),
                "Item" => alert.items.push(self.item(&start)?),
                "Correlator" if alert.correlator.is_none() => alert.correlator = Some(self.text(&start)?),
                name => self.common(name, &start, &mut common)?,
            }
        }
        Ok(common.command(Kind::Alert(alert), self.span(parent)))
    }

    fn container(&mut self, kind: ContainerKind, parent: &Start<'a>) -> Result<Command, DecodeError> {
        let mut container = Container { kind, meta: None, commands: Vec::new() };
        let mut common = Common::default();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "Meta" if container.meta.is_none() => container.meta = Some(Box::new(self.meta(&start)?)),
                name @ ("CmdID" | "NoResp" | "Cred" | "Meta") => self.common(name, &start, &mut common)?,
                name => {
                    if !self.command(name, &start, &mut container.commands)? {
                        let unknown = self.unknown_command(&start)?;
                        self.push(unknown, &mut container.commands)?;
                    }
                }
            }
        }
        Ok(common.command(Kind::Container(container), self.span(parent)))
    }

    fn status(&mut self, parent: &Start<'a>) -> Result<Command, DecodeError> {
        let mut status = Status::default();
        let mut common = Common::default();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "MsgRef" if status.msg_ref.is_none() => status.msg_ref = Some(self.text(&start)?),
                "CmdRef" if status.cmd_ref.is_none() => status.cmd_ref = Some(self.text(&start)?),
                "Cmd" if status.cmd.is_none() => status.cmd = Some(self.text(&start)?),
                "Data" if status.code.is_none() => {
                    status.original_error = self.original_error();
                    status.code = Some(self.text(&start)?);
                }
                "TargetRef" => status.target_refs.push(self.text(&start)?),
                "SourceRef" => status.source_refs.push(self.text(&start)?),
                "Item" => status.items.push(self.item(&start)?),
                // Here `Cred` belongs to the status.
                "Cred" if status.cred.is_none() => {
                    status.cred = Some(Box::new(self.cred(&start, &mut common.unknown)?));
                }
                "Cred" => common.unknown.push(self.element(&start)?),
                "Chal" if status.chal.is_none() => {
                    status.chal = Some(Box::new(self.chal(&start, &mut common.unknown)?));
                }
                name => self.common(name, &start, &mut common)?,
            }
        }
        Ok(common.command(Kind::Status(status), self.span(parent)))
    }

    fn results(&mut self, parent: &Start<'a>) -> Result<Command, DecodeError> {
        let mut results = Results::default();
        let mut common = Common::default();
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "MsgRef" if results.msg_ref.is_none() => results.msg_ref = Some(self.text(&start)?),
                "CmdRef" if results.cmd_ref.is_none() => results.cmd_ref = Some(self.text(&start)?),
                "Cmd" if results.cmd.is_none() => results.cmd = Some(self.text(&start)?),
                "Meta" if results.meta.is_none() => results.meta = Some(Box::new(self.meta(&start)?)),
                "TargetRef" => results.target_refs.push(self.text(&start)?),
                "SourceRef" => results.source_refs.push(self.text(&start)?),
                "Item" => results.items.push(self.item(&start)?),
                name => self.common(name, &start, &mut common)?,
            }
        }
        Ok(common.command(Kind::Results(results), self.span(parent)))
    }

    /// Reads what every command has, and what none has.
    fn common(&mut self, name: &str, start: &Start<'a>, common: &mut Common) -> Result<(), DecodeError> {
        match name {
            "CmdID" if common.cmd_id.is_none() => common.cmd_id = Some(self.text(start)?),
            "NoResp" => common.no_resp = self.flag(start)?,
            "Cred" if common.cred.is_none() => {
                common.cred = Some(Box::new(self.cred(start, &mut common.unknown)?));
            }
            _ => common.unknown.push(self.element(start)?),
        }
        Ok(())
    }

    fn unknown_command(&mut self, start: &Start<'a>) -> Result<Command, DecodeError> {
        let element = self.element(start)?;
        let span = element.span;
        let command = Command::new(cmd_id(&element), Kind::Unknown(Box::new(element)));
        Ok(Command { span, ..command })
    }

    fn chal(&mut self, parent: &Start<'a>, unknown: &mut Vec<Element>) -> Result<Chal, DecodeError> {
        let (mut meta, mut left) = (None, Vec::new());
        while let Some(start) = self.child(parent)? {
            match self.name(&start) {
                "Meta" if meta.is_none() => meta = Some(self.meta(&start)?),
                _ => left.push(self.element(&start)?),
            }
        }
        self.leave(parent, left, unknown);
        Ok(Chal { meta: meta.unwrap_or_default() })
    }

    fn original_error(&self) -> Option<Text> {
        let mut attributes = self.xml.attributes().iter();
        attributes
            .find(|attribute| {
                attribute.local() == "originalerror" && self.xml.attribute_namespace(attribute) == MSFT
            })
            .map(|attribute| self.share(attribute.value.clone()))
    }

    fn item(&mut self, start: &Start<'a>) -> Result<Item, DecodeError> {
        self.items += 1;
        if self.items > self.limits.items {
            let kind = DecodeErrorKind::Limit { what: "items", limit: self.limits.items };
            return Err(self.wrong(start.span.clone(), kind));
        }
        self.item_parts(start)
    }

    #[inline]
    fn push(&mut self, command: Command, commands: &mut Vec<Command>) -> Result<(), DecodeError> {
        self.commands += 1;
        if self.commands > self.limits.commands {
            let kind = DecodeErrorKind::Limit { what: "commands", limit: self.limits.commands };
            return Err(self.wrong(command.span.range(), kind));
        }
        commands.push(command);
        Ok(())
    }
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
