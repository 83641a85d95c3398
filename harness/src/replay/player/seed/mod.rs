//! A device that has what the captured one had: every leaf that it answered becomes the value.
//!
//! What the server had written before it asked says nothing of the device, and is left out. CSPs that are not known
//! become nodes that keep what they are given. `updates.rs` knows what the Update CSP lists, `nodes.rs` what other nodes
//! have, `proof.rs` how a side proves itself. Deliberately absent: how the values came about.

mod nodes;
mod proof;
mod updates;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use csp_model::csp::dmacc::AuthType;
use csp_model::device::{AuthEntry, DeviceFile, Profile};
use csp_model::schema::ddf;
use csp_model::{Device, Format, LocUri};
use syncml::codec::{self, Limits};
use syncml::message::{Command, Data, Item, Kind, Message, Meta, Verb};

use self::proof::Proof;
use super::super::capture::{Note, Session, Side};
use super::super::compare::markup;

/// What the captured device was seen to have.
#[derive(Debug, Default)]
pub(super) struct Seed {
    /// By address, in order: the format and the value.
    values: BTreeMap<LocUri, (Option<Format>, String)>,
    /// What the server has written, and so is no longer the device's own.
    written: BTreeSet<LocUri>,
    /// What the device has done to nodes, the first of each: they are there, or can be.
    done: BTreeMap<LocUri, (Verb, Option<Format>)>,
    /// What the device calls itself.
    id: Option<String>,
    /// A value of which more is to come.
    begun: Option<(LocUri, Option<Format>, String)>,
    /// Whether the device says values in pieces.
    has_large_objects: bool,
    /// How the device proves itself.
    proof: Option<Proof>,
    /// How the server does, where that can be read.
    server: Option<Proof>,
    /// Whether the device has asked it to.
    challenges: bool,
}

impl Seed {
    /// Takes in what a session shows.
    pub(super) fn session(&mut self, session: &Session) {
        let mut asked = BTreeMap::new();
        for message in &session.messages {
            let Ok(said) = codec::decode(&message.body, &Limits::default()) else { continue };
            match message.from {
                Some(Side::Device) => {
                    self.done(&said, &asked);
                    self.device_said(&said);
                }
                Some(Side::Server) => {
                    let cred = said.header.as_ref().and_then(|header| header.cred.as_deref());
                    let seen = || Proof::seen(cred?, "", false).filter(|proof| proof.kind == AuthType::Basic);
                    self.server = self.server.take().or_else(seen);
                    asked.clear();
                    commands(&said.body.commands, &mut asked);
                    self.written(&said.body.commands);
                }
                None => {}
            }
        }
    }

    /// The device that `start` is with what was seen.
    pub(super) fn device(&self, start: &Device, notes: &mut Vec<Note>) -> Device {
        let mut file = start.profile().file().clone().of(start.instance());
        self.identify(&mut file);
        file.large_objects |= self.has_large_objects;
        self.updates(&mut file);
        if let Some(proof) = &self.proof {
            proof.of(&mut file.account);
        }
        if let Some(Proof { kind, name, secret, .. }) = self.server.as_ref().filter(|_| self.challenges) {
            let (name, secret) = (Some(name.clone()), Some(secret.clone().into()));
            let entry = AuthEntry { kind: *kind, name, secret, nonce: None };
            file.account.client.get_or_insert(entry);
        }
        let unknown = self.unknown(start);
        if !unknown.is_empty() {
            file.ddf.push(ddf::write(&unknown));
        }
        let profile = match Profile::new(file) {
            Ok(profile) => profile,
            Err(error) => {
                let text = format!("the device is not seeded from the capture: {error}");
                notes.push(Note { place: None, text });
                return start.clone();
            }
        };
        let mut device = Device::new(Arc::new(profile));
        self.give(&mut device, notes);
        device
    }

    /// Takes in what the device says it has done of what it was asked.
    fn done(&mut self, message: &Message, asked: &BTreeMap<String, Asked>) {
        for command in &message.body.commands {
            let Kind::Status(status) = &command.kind else { continue };
            self.challenges |= status.is_of_sync_hdr() && status.chal.is_some();
            let Some(asked) = status.cmd_ref.as_deref().and_then(|id| asked.get(id.trim())) else { continue };
            // 418: it was there already.
            let is_done = status.number().is_some_and(|code| (200..300).contains(&code) || code == 418);
            let verb = if status.number() == Some(418) { Verb::Replace } else { asked.verb };
            for (uri, format) in asked.nodes.iter().filter(|_| is_done && !status.is_of_sync_hdr()) {
                self.done.entry(uri.clone()).or_insert((verb, *format));
            }
        }
    }

    fn device_said(&mut self, message: &Message) {
        let header = message.header.as_ref();
        let source = header.and_then(|header| header.source.as_ref());
        let id = source.and_then(|source| source.loc_uri.as_deref());
        self.id = self.id.take().or_else(|| id.map(|id| id.trim().to_owned()));
        let name = source.and_then(|source| source.loc_name.as_deref());
        let cred = header.and_then(|header| header.cred.as_deref());
        let is_first = header.and_then(|header| header.msg_id.as_deref()).map(str::trim) == Some("1");
        self.proof = self.proof.take().or_else(|| Proof::seen(cred?, name.unwrap_or("device"), is_first));
        for command in &message.body.commands {
            match &command.kind {
                Kind::Results(results) => {
                    for item in &results.items {
                        self.answered(item, results.meta.as_deref());
                    }
                }
                // Package 1 says DevInfo in one.
                Kind::Request(request) => {
                    for item in request.items.iter().filter(|item| item.source.is_some()) {
                        self.answered(item, request.meta.as_deref());
                    }
                }
                Kind::Alert(_) | Kind::Status(_) | Kind::Container(_) | Kind::Unknown(_) => {}
            }
        }
    }

    fn answered(&mut self, item: &Item, meta: Option<&Meta>) {
        let location = item.source.as_ref().or(item.target.as_ref());
        let uri = location.and_then(|location| LocUri::parse(location.loc_uri.as_deref()?.trim()).ok());
        let Some(uri) = uri.filter(|uri| uri.query().is_none()) else { return };
        let own = item.meta.as_ref().and_then(|meta| meta.format.as_deref());
        let format = own.or_else(|| meta?.format.as_deref()).and_then(Format::from_name);
        let value = match &item.data {
            Some(Data::Text(text)) => text.as_str().to_owned(),
            Some(Data::Markup(nodes)) => markup(nodes),
            None => String::new(),
        };
        let (format, value) = match self.begun.take() {
            Some((known, format, begun)) if known == uri => (format, begun + &value),
            Some(_) | None => (format, value),
        };
        if item.more_data {
            self.has_large_objects = true;
            self.begun = Some((uri, format, value));
            return;
        }
        let is_written = self.written.contains(&uri);
        if !is_written {
            self.values.entry(uri).or_insert((format, value));
        }
    }

    fn written(&mut self, commands: &[Command]) {
        for command in commands {
            match &command.kind {
                Kind::Request(request) if request.verb.name() != "Get" => {
                    let items =
                        request.items.iter().filter_map(|item| item.target.as_ref()?.loc_uri.as_deref());
                    self.written.extend(items.filter_map(|uri| LocUri::parse(uri.trim()).ok()));
                }
                Kind::Container(container) => self.written(&container.commands),
                Kind::Request(_) | Kind::Alert(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => {
                }
            }
        }
    }

    fn value(&self, uri: &str) -> Option<&str> {
        let uri = LocUri::parse(uri).ok()?;
        self.values.get(&uri).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Who the device is: DevInfo and DevDetail.
    fn identify(&self, file: &mut DeviceFile) {
        let texts = [
            ("./DevInfo/Man", &mut file.device.manufacturer),
            ("./DevInfo/Mod", &mut file.device.model),
            ("./DevInfo/Lang", &mut file.device.language),
            ("./DevDetail/Ext/Microsoft/DeviceName", &mut file.device.name),
        ];
        for (uri, field) in texts {
            if let Some(value) = self.value(uri) {
                value.clone_into(field);
            }
        }
        if let Some(id) = self.value("./DevInfo/DevId").or(self.id.as_deref()) {
            id.clone_into(&mut file.device.id);
        }
        if let Some(os) = self.value("./DevDetail/SwV").and_then(|os| os.parse().ok()) {
            file.device.os = os;
        }
    }
}

/// What a server has asked for in one command.
#[derive(Debug)]
struct Asked {
    verb: Verb,
    nodes: Vec<(LocUri, Option<Format>)>,
}

/// The commands that are about nodes, by CmdID.
fn commands(all: &[Command], asked: &mut BTreeMap<String, Asked>) {
    for command in all {
        match (&command.kind, &command.cmd_id) {
            (Kind::Container(container), _) => commands(&container.commands, asked),
            (Kind::Request(request), Some(id)) => {
                let node = |item: &Item| {
                    let uri = LocUri::parse(item.target.as_ref()?.loc_uri.as_deref()?.trim()).ok()?;
                    let own = item.meta.as_ref().and_then(|meta| meta.format.as_deref());
                    let format = own.or_else(|| request.meta.as_ref()?.format.as_deref());
                    Some((uri, format.and_then(|format| Format::from_name(format.trim()))))
                };
                let nodes = request.items.iter().filter_map(node).collect();
                asked.insert(id.trim().to_owned(), Asked { verb: request.verb, nodes });
            }
            (
                Kind::Request(_) | Kind::Alert(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_),
                _,
            ) => {}
        }
    }
}
