//! A device that has what the captured one had: every leaf that it answered becomes the value.
//!
//! What the server had written before it asked says nothing of the device, and is left out. CSPs that are not known
//! become nodes that keep what they are given. Deliberately absent: how the values came about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use csp_model::agent::{HResult, UpdateId, UpdateState};
use csp_model::csp::dmacc::AuthType;
use csp_model::device::{
    AccountEntry, Approval, AuthEntry, DeviceFile, InitialState, Nonce, Profile, Scalar, UpdateEntry,
};
use csp_model::schema::ddf;
use csp_model::schema::{CaseSense, Kind as DfType, Node, Occurrence, Properties, Scope};
use csp_model::tree::{Described, Setting, Transaction};
use csp_model::units::Instant;
use csp_model::uri::UriScope;
use csp_model::{Access, Device, Format, LocUri, Value};
use syncml::codec::{self, Limits};
use syncml::message::{Command, Cred, Data, Item, Kind, Message, Meta, Verb};

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

    /// The updates that the sets of the Update CSP list.
    fn updates(&self, file: &mut DeviceFile) {
        const SETS: [(&str, InitialState); 4] = [
            ("installableupdates", InitialState::Installable),
            ("failedupdates", InitialState::Failed),
            ("pendingrebootupdates", InitialState::PendingRestart),
            ("installedupdates", InitialState::Installed),
        ];
        let mut found: BTreeMap<UpdateId, UpdateEntry> = BTreeMap::new();
        let mut sets = BTreeSet::new();
        let clock = file.clock;
        for (uri, (_, value)) in &self.values {
            let names: Vec<_> = uri.segments().map(str::to_ascii_lowercase).collect();
            let [vendor, msft, csp, set, rest @ ..] = names.as_slice() else { continue };
            if [vendor.as_str(), msft, csp] != ["vendor", "msft", "update"] {
                continue;
            }
            let Some((_, state)) = SETS.into_iter().find(|(name, _)| name == set) else { continue };
            sets.insert(state.name());
            let (listed, leaf) = match rest {
                [] => (value.as_str(), ""),
                [id] => (id.as_str(), ""),
                [id, leaf, ..] => (id.as_str(), leaf.as_str()),
            };
            for id in listed.split('/').filter_map(|id| UpdateId::parse(id.trim())) {
                let entry = found.entry(id).or_insert_with(|| update(id, clock));
                // One that has failed is still installable.
                if (entry.state, state) != (InitialState::Failed, InitialState::Installable) {
                    entry.state = state;
                }
                match leaf {
                    "revisionnumber" => entry.revision = value.trim().parse().unwrap_or(entry.revision),
                    "state" | "status" => entry.status = status(value),
                    "hresult" => {
                        let code = value.trim().parse::<i64>().ok();
                        entry.hresult = code.and_then(|code| i32::try_from(code).ok()).map(HResult);
                    }
                    _ => {}
                }
            }
        }
        self.approvals(file);
        // What was not asked for stays as it was.
        if sets.is_empty() {
            return;
        }
        if found.values().any(|entry| entry.state == InitialState::Installable) {
            // Without approvals to wait for a device would not leave them so.
            let policies = file.policy.entry("Update".to_owned()).or_default();
            policies.entry("RequireUpdateApproval".to_owned()).or_insert(Scalar::Int(1));
        }
        file.update.retain(|update| !sets.contains(update.state.name()) && !found.contains_key(&update.id));
        file.update.extend(found.into_values().map(complete));
        // What is gone is not referred to.
        let known: BTreeSet<_> = file.update.iter().map(|update| update.id).collect();
        for update in &mut file.update {
            update.supersedes.retain(|id| known.contains(id));
            update.prerequisites.retain(|one| one.any_of().iter().all(|id| known.contains(id)));
        }
        file.fault.retain(|fault| fault.update.is_none_or(|id| known.contains(&id)));
    }

    /// The updates and classifications that were approved before the server has approved any.
    fn approvals(&self, file: &mut DeviceFile) {
        let Ok(list) = LocUri::parse("./Vendor/MSFT/Update/ApprovedUpdates") else { return };
        let Some((_, listed)) = self.values.get(&list) else { return };
        let is_old = |name: &&str| {
            let uri = LocUri::parse(&format!("./Vendor/MSFT/Update/ApprovedUpdates/{name}"));
            !uri.is_ok_and(|uri| self.written.contains(&uri))
        };
        let names = listed.split('/').map(str::trim).filter(is_old);
        file.approval = names.filter_map(UpdateId::parse).map(|id| Approval { id, at: None }).collect();
    }

    /// Descriptions of the nodes that the device does not know.
    fn unknown(&self, device: &Device) -> Vec<Node> {
        let mut roots = Vec::new();
        for (uri, (format, value)) in &self.values {
            match device.described(uri) {
                Described::NoCsp | Described::NoNode => {
                    describe(&mut roots, uri, *format, value, Scope::Permanent)
                }
                Described::OtherName | Described::Interior | Described::Leaf => {}
            }
        }
        for (uri, (verb, format)) in self.done.iter().filter(|(uri, _)| !self.values.contains_key(uri)) {
            let scope = match verb {
                Verb::Add | Verb::Copy => Scope::Dynamic,
                Verb::Delete | Verb::Exec | Verb::Get | Verb::Replace => Scope::Permanent,
            };
            match device.described(uri) {
                Described::NoCsp | Described::NoNode => describe(&mut roots, uri, *format, "", scope),
                Described::OtherName | Described::Interior | Described::Leaf => {}
            }
        }
        roots
    }

    /// Gives the device the values of nodes that it knows.
    fn give(&self, device: &mut Device, notes: &mut Vec<Note>) {
        let mut kept = Vec::new();
        for (uri, (format, value)) in &self.values {
            match device.described(uri) {
                Described::Leaf => {}
                Described::Interior | Described::NoCsp | Described::NoNode | Described::OtherName => continue,
            }
            let same = |device: &Device| matches!(device.get(uri), Ok(csp_model::tree::Reading::Leaf(own, _)) if own.text().trim() == value.trim());
            if same(device) {
                continue;
            }
            let setting = Setting { format: None, media_type: None, data: Some(value) };
            let given = device.replace(uri, setting, Transaction::Atomic);
            if given.or_else(|_| device.add(uri, setting, Transaction::Atomic)).is_err() || !same(device) {
                kept.push((uri, *format, value));
            }
        }
        for (uri, format, value) in kept {
            let mut state = device.state();
            let value = Value::parse(format.unwrap_or_default(), value);
            state.stored.insert(uri.to_string(), value);
            match Device::from_state(device.profile_arc(), device.instance().clone(), state) {
                Ok(seeded) => *device = seeded,
                Err(_) => {
                    let text = format!(
                        "\"{uri}\" is not seeded from the capture: the device itself knows its value"
                    );
                    notes.push(Note { place: None, text });
                }
            }
        }
    }
}

fn update(id: UpdateId, at: Instant) -> UpdateEntry {
    UpdateEntry {
        id,
        revision: 1,
        title: format!("Update {id}"),
        kb: None,
        classification: csp_model::agent::catalog::Classification::SECURITY_UPDATES,
        product: "Windows".to_owned(),
        released: None,
        size: Default::default(),
        install: Default::default(),
        restart: false,
        os: None,
        eula: None,
        supersedes: Vec::new(),
        prerequisites: Vec::new(),
        revisions: Vec::new(),
        max_run_time: None,
        hidden: false,
        safeguard: None,
        enablement_package: false,
        sources: vec![csp_model::agent::Source::WindowsUpdate],
        state: InitialState::NotOffered,
        hresult: None,
        status: None,
        at: Some(at),
    }
}

/// The step that failed, as a device file has it.
fn status(value: &str) -> Option<Scalar> {
    let state = UpdateState::from_bits(value.trim().parse().ok()?)?;
    Some(state.documented_name().map_or(Scalar::Int(0), |name| Scalar::Text(name.to_owned())))
}

/// What a device file asks for in the state of an update, and nothing else.
fn complete(entry: UpdateEntry) -> UpdateEntry {
    // WU_E_UNEXPECTED: it has failed, and the capture does not say how.
    const UNEXPECTED: HResult = HResult::from_bits(0x8024_ffff);
    match entry.state {
        InitialState::Failed => {
            let hresult = Some(entry.hresult.unwrap_or(UNEXPECTED));
            let status = entry.status.or_else(|| status("256"));
            UpdateEntry { hresult, status, at: None, ..entry }
        }
        InitialState::PendingRestart | InitialState::Installed => {
            UpdateEntry { hresult: None, status: None, ..entry }
        }
        InitialState::NotOffered | InitialState::Installable => {
            UpdateEntry { hresult: None, status: None, at: None, ..entry }
        }
    }
}

/// Adds the node at an address to the descriptions, with those on the way to it.
/// One that is dynamic is not there until it is added.
fn describe(roots: &mut Vec<Node>, uri: &LocUri, format: Option<Format>, value: &str, lasts: Scope) {
    let scope = match uri.scope() {
        UriScope::Device => "./Device",
        UriScope::User => "./User",
    };
    let names: Vec<_> = uri.segments().collect();
    let (path, names) = match names.as_slice() {
        ["Vendor", "MSFT", names @ ..] => (format!("{scope}/Vendor/MSFT"), names),
        names => (scope.to_owned(), names),
    };
    let Some((first, rest)) = names.split_first() else { return };
    let known = roots
        .iter()
        .position(|root| root.name.as_deref() == Some(*first) && root.path.as_deref() == Some(path.as_str()));
    let index = known.unwrap_or_else(|| {
        roots.push(Node { path: Some(path.as_str().into()), ..node(first) });
        roots.len() - 1
    });
    let Some(mut at) = roots.get_mut(index) else { return };
    for name in rest {
        let known = at.children.iter().position(|child| child.name.as_deref() == Some(*name));
        let index = known.unwrap_or_else(|| {
            at.children.push(node(name));
            at.children.len() - 1
        });
        let Some(child) = at.children.get_mut(index) else { return };
        at = child;
    }
    if lasts == Scope::Dynamic && !rest.is_empty() && at.children.is_empty() {
        at.properties.scope = lasts;
        at.properties.occurrence = Occurrence::ZeroOrOne;
    }
    let format = format.unwrap_or_default();
    if format == Format::Node {
        for name in value.split('/').filter(|name| !name.is_empty()) {
            if !at.children.iter().any(|child| child.name.as_deref() == Some(name)) {
                at.children.push(node(name));
            }
        }
    } else if at.children.is_empty() {
        at.properties.format = format;
        at.properties.default = Some(value.into());
        at.properties.kind = DfType::Mime("text/plain".into());
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

/// An interior node that is always there.
fn node(name: &str) -> Node {
    Node {
        name: Some(name.into()),
        path: None,
        properties: Properties {
            access: Access::ADD | Access::DELETE | Access::EXEC | Access::GET | Access::REPLACE,
            default: None,
            description: None,
            format: Format::Node,
            occurrence: Occurrence::One,
            scope: Scope::Permanent,
            title: None,
            kind: DfType::DdfName("".into()),
            case_sense: CaseSense::default(),
            msft: None,
        },
        children: Vec::new(),
    }
}

/// How a device proves itself: the scheme, and a name and secret that stand for its own. What they prove is never compared.
#[derive(Debug)]
struct Proof {
    kind: AuthType,
    name: String,
    secret: String,
    /// Whether it does so without being asked.
    is_unasked: bool,
}

impl Proof {
    fn seen(cred: &Cred, name: &str, is_unasked: bool) -> Option<Self> {
        let kind = cred.meta.as_ref()?.media_type.as_deref()?.trim();
        let kind = match kind.rsplit('-').next()? {
            "basic" => AuthType::Basic,
            "md5" => AuthType::Digest,
            "MAC" | "mac" => AuthType::Hmac,
            _ => return None,
        };
        let data = cred.data.as_deref().and_then(|data| BASE64.decode(data.trim()).ok());
        let plain = data.and_then(|data| String::from_utf8(data).ok()).filter(|_| kind == AuthType::Basic);
        let said = plain.as_deref().and_then(|plain| plain.split_once(':'));
        let (name, secret) = said.unwrap_or((name, "secret"));
        Some(Self { kind, name: name.to_owned(), secret: secret.to_owned(), is_unasked })
    }

    /// Has an account prove itself like that, unless it knows how to.
    fn of(&self, account: &mut AccountEntry) {
        let Self { kind, name, secret, is_unasked } = self;
        if account.appsrv.is_some() {
            return;
        }
        // Without a nonce a device that prefers MD5 waits until it is asked.
        let (preference, nonce) = match (is_unasked, kind) {
            (true, AuthType::Digest) => (Some(AuthType::Digest), Some(Nonce::from(b"captured".to_vec()))),
            (true, AuthType::Basic) => (Some(AuthType::Basic), None),
            (true, AuthType::Hmac | AuthType::Transport) => (None, None),
            (false, AuthType::Basic | AuthType::Digest | AuthType::Hmac | AuthType::Transport) => {
                (Some(AuthType::Digest), None)
            }
        };
        account.preference = preference;
        account.appsrv = Some(AuthEntry {
            kind: *kind,
            name: Some(name.clone()),
            secret: Some(secret.clone().into()),
            nonce,
        });
    }
}
