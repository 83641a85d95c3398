//! What must become of a command, made out without a session.

use csp_model::device::{AtomicFailure, Profile};
use csp_model::tree::{Leaves, Setting, Transaction};
use csp_model::{Device, LocUri};
use syncml::message::{
    Body, Command, Container, ContainerKind, Data, Header, Item, Kind, Message, Request, Status, Text, Verb,
};
use syncml::session::Responder;

/// Two devices that get each command alone: one by a `Responder`, the other by its tree.
pub(crate) struct Expected {
    answering: Device,
    pub(crate) device: Device,
}

impl Expected {
    pub(crate) fn new(device: Device) -> Self {
        Self { answering: device.clone(), device }
    }

    /// The codes of the command and its members, in document order; the Items of all Results; and whether the command
    /// itself was done.
    pub(crate) fn take(&mut self, command: &Command) -> (Vec<Vec<u16>>, Vec<[String; 3]>, bool) {
        let mut count = 0;
        let command = numbered(command, &mut count);
        let is_done = apply(&mut self.device, &command);
        let message = Message {
            header: Some(Header { msg_id: Some("1".into()), ..Header::default() }),
            body: Body { commands: vec![command], is_final: true, ..Body::default() },
            ..Message::default()
        };
        let answer = Responder::new(&self.answering).receive(&message, &mut self.answering).answer;
        let mut codes = vec![Vec::new(); count];
        let mut results = vec![Vec::new(); count];
        let place = |text: &Option<Text>| text.as_ref().and_then(|text| text.parse::<usize>().ok());
        for command in &answer.body.commands {
            match &command.kind {
                Kind::Status(status) if place(&status.cmd_ref) != Some(0) => {
                    let at = place(&status.cmd_ref).expect("a CmdRef");
                    codes[at - 1].push(status.number().expect("a code"));
                }
                Kind::Results(found) => {
                    let at = place(&found.cmd_ref).expect("a CmdRef");
                    results[at - 1].extend(found.items.iter().map(described));
                }
                Kind::Status(Status { .. }) => {}
                Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Unknown(_) => {
                    panic!("a responder asks for something: {command:?}")
                }
            }
        }
        (codes, results.concat(), is_done)
    }
}

/// CmdIDs from 1 on, in document order.
fn numbered(command: &Command, count: &mut usize) -> Command {
    *count += 1;
    let mut command = Command { cmd_id: Some(Text::number(*count)), ..command.clone() };
    if let Kind::Container(container) = &mut command.kind {
        for member in &mut container.commands {
            *member = numbered(member, count);
        }
    }
    command
}

/// Does a command, and says whether it was done.
fn apply(device: &mut Device, command: &Command) -> bool {
    match &command.kind {
        Kind::Request(request) => {
            let done = request.items.iter().map(|item| apply_item(device, request, item, Transaction::None));
            done.fold(true, |all, one| all & one)
        }
        Kind::Container(Container { kind: ContainerKind::Sequence, commands, .. }) => {
            for member in commands {
                apply(device, member);
            }
            true
        }
        Kind::Container(Container { kind: ContainerKind::Atomic, commands, .. }) => {
            let mut trial = device.clone();
            let failure = mode(device);
            let is_done = Atomic { failure, added: Vec::new() }.run(&mut trial, commands);
            if is_done || failure == AtomicFailure::RollbackFailed {
                *device = trial;
            }
            is_done
        }
        Kind::Alert(alert) => alert.code.as_deref() == Some("1224"),
        Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => panic!("{command:?}"),
    }
}

fn mode(device: &Device) -> AtomicFailure {
    Profile::file(device.profile()).atomic_failure
}

/// An Atomic that is being done.
struct Atomic {
    failure: AtomicFailure,
    /// The addresses that it has added: no Replace of them (Microsoft, "OMA DM protocol support").
    added: Vec<LocUri>,
}

impl Atomic {
    fn run(&mut self, device: &mut Device, commands: &[Command]) -> bool {
        let mut is_done = true;
        for member in commands {
            if !is_done && self.failure != AtomicFailure::OwnCodes {
                break;
            }
            is_done &= match &member.kind {
                Kind::Request(request) => self.request(device, request),
                Kind::Container(Container { kind: ContainerKind::Sequence, commands, .. }) => {
                    self.run(device, commands)
                }
                Kind::Container(_) => false,
                Kind::Alert(_) => apply(device, member),
                Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => panic!("{member:?}"),
            };
        }
        is_done
    }

    fn request(&mut self, device: &mut Device, request: &Request) -> bool {
        if request.verb == Verb::Get {
            return false;
        }
        let is_done = request.items.iter().all(|item| {
            let uri = address(item);
            let is_replaced = request.verb == Verb::Replace && self.added.contains(&uri);
            !is_replaced && apply_item(device, request, item, Transaction::Atomic)
        });
        if request.verb == Verb::Add {
            self.added.extend(request.items.iter().map(address));
        }
        is_done
    }
}

fn apply_item(device: &mut Device, request: &Request, item: &Item, transaction: Transaction) -> bool {
    let uri = address(item);
    let meta = item.meta.as_ref();
    let data = data(item);
    let setting = Setting {
        format: meta.and_then(|meta| meta.format.as_deref()),
        media_type: meta.and_then(|meta| meta.media_type.as_deref()),
        data: data.as_deref(),
    };
    match request.verb {
        Verb::Get if uri.query().is_some() => device.list(&uri, Leaves::WithData).is_ok(),
        Verb::Get => device.get(&uri).is_ok(),
        Verb::Add => device.add(&uri, setting, transaction).is_ok(),
        Verb::Replace => device.replace(&uri, setting, transaction).is_ok(),
        Verb::Delete => device.delete(&uri, transaction).is_ok(),
        Verb::Exec => device.exec(&uri).is_ok(),
        Verb::Copy => false,
    }
}

fn address(item: &Item) -> LocUri {
    let text = item.target.as_ref().and_then(|target| target.loc_uri.as_ref()).expect("an address");
    LocUri::parse(text.trim()).expect("an address")
}

fn data(item: &Item) -> Option<String> {
    match &item.data {
        Some(Data::Text(text)) => Some(text.to_string()),
        Some(Data::Markup(_)) => panic!("no case has markup"),
        None => None,
    }
}

/// Address, Format and Data of what a Get has found.
pub(crate) fn described(item: &Item) -> [String; 3] {
    let uri = item.source.as_ref().and_then(|source| source.loc_uri.as_ref()).map(ToString::to_string);
    let format = item.meta.as_ref().and_then(|meta| meta.format.as_ref()).map(ToString::to_string);
    [uri, format, data(item)].map(Option::unwrap_or_default)
}

/// Everything that a device is, but for what sessions themselves leave behind: their number and the nonces.
pub(crate) fn shown(device: &Device) -> String {
    let mut state = device.state();
    state.sessions = 0;
    state.stored.retain(|uri, _| !uri.to_string().ends_with("/AAuthData"));
    format!("{state:#?}")
}
