//! What is wrong with a server's message as it stands.
//!
//! Deliberately absent: what was said before, and what a device makes of it.

use std::collections::BTreeSet;

use super::rules;
use super::{Findings, shown};
use crate::message::{
    Alert, Chal, Command, Container, ContainerKind, Data, Element, Header, Item, Kind, Location, Message,
    Meta, Namespace, Request, Span, Status, Verb,
};

/// Adds what is wrong with `message`.
pub(super) fn judge(message: &Message, findings: &mut Findings) {
    match message.namespace {
        Namespace::SyncMl12 => {}
        // The local management API is given bodies without one.
        Namespace::None if message.bare_body => {}
        Namespace::SyncMl11 | Namespace::None => {
            let found = message.namespace.uri();
            let text = format!("found the root element in {found:?}, expected \"SYNCML:SYNCML1.2\"");
            findings.add(&rules::NAMESPACE, text, Span::default());
        }
    }
    if !message.odd_meta.is_empty() {
        let text = "found an element of Meta in another namespace, expected \"syncml:metinf\"".to_owned();
        findings.add(&rules::META_NAMESPACE, text, message.odd_meta);
    }
    if let Some(header) = &message.header {
        self::header(header, findings);
    }
    let commands = &message.body.commands;
    let mut numbers = Numbers { last: 0, ascends: true };
    for command in commands {
        self::command(command, &mut numbers, findings);
    }
    if !numbers.ascends {
        cmd_ids(commands, findings);
    }
    refusal(commands, findings);
}

/// Visits commands with the members of containers, each behind its container.
fn each<'m>(commands: &'m [Command], visit: &mut dyn FnMut(&'m Command)) {
    for command in commands {
        visit(command);
        if let Kind::Container(container) = &command.kind {
            each(&container.commands, visit);
        }
    }
}

fn header(header: &Header, findings: &mut Findings) {
    let version = |found: Option<&str>, expected: &str| found.map(str::trim) == Some(expected);
    let located = |location: Option<&Location>| location.is_some_and(|location| location.loc_uri.is_some());
    let parts = [
        ("VerDTD 1.2", version(header.ver_dtd.as_deref(), "1.2")),
        ("VerProto DM/1.2", version(header.ver_proto.as_deref(), "DM/1.2")),
        ("SessionID", header.session_id.is_some()),
        ("MsgID", header.msg_id.is_some()),
        ("Target/LocURI", located(header.target.as_ref())),
        ("Source/LocURI", located(header.source.as_ref())),
    ];
    let missing: Vec<_> = parts.iter().filter(|(_, is_there)| !is_there).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        let text = format!("found a SyncHdr without {}, expected it to have them", missing.join(", "));
        findings.add(&rules::SYNC_HDR, text, header.span);
    }
    if header.no_resp {
        no_resp("SyncHdr", header.span, findings);
    }
    unknown(&header.unknown, "SyncHdr", findings);
    meta(header.meta.as_deref(), findings);
}

/// CmdIDs so far. Nearly all messages count upwards, which shows that there are no two of one without remembering any.
struct Numbers {
    last: u64,
    ascends: bool,
}

impl Numbers {
    fn add(&mut self, id: Option<&str>) {
        let number = id.and_then(|id| id.parse::<u64>().ok());
        self.ascends = self.ascends && number.is_some_and(|number| number > self.last);
        self.last = number.unwrap_or(self.last);
    }
}

/// Judges a command, and its members behind it.
fn command(command: &Command, numbers: &mut Numbers, findings: &mut Findings) {
    numbers.add(command.cmd_id.as_deref());
    match command.cmd_id.as_ref().map(|id| id.trim()) {
        // Of a stray element that is said which matters more.
        None | Some("") if !matches!(command.kind, Kind::Unknown(_)) => {
            let text = format!("found {} without CmdID, expected one", command.name());
            findings.add(&rules::NO_CMD_ID, text, command.span);
        }
        Some("0") => {
            let text = format!("found CmdID \"0\" for {}, expected one from 1", command.name());
            findings.add(&rules::ZERO_CMD_ID, text, command.span);
        }
        Some(_) | None => {}
    }
    if command.continued {
        let text = format!(
            "found CmdID {} in a {} that has one already",
            shown(command.cmd_id.as_deref().unwrap_or_default()),
            command.name()
        );
        findings.add(&rules::SEVERAL_CMD_IDS, text, command.span);
    }
    if command.no_resp {
        no_resp(&command.name(), command.span, findings);
    }
    if !command.unknown.is_empty() {
        unknown(&command.unknown, &command.name(), findings);
    }
    match &command.kind {
        Kind::Request(request) => self::request(request, command.span, findings),
        Kind::Alert(alert) => self::alert(alert, command.span, findings),
        Kind::Container(container) => {
            meta(container.meta.as_deref(), findings);
            if container.kind == ContainerKind::Atomic {
                atomic(container, findings);
            }
            for member in &container.commands {
                self::command(member, numbers, findings);
            }
        }
        Kind::Status(status) => self::status(status, command.span, findings),
        Kind::Results(_) => {}
        Kind::Unknown(element) => stray(element, "SyncBody, Atomic or Sequence", findings),
    }
}

fn request(request: &Request, span: Span, findings: &mut Findings) {
    let name = request.verb.name();
    if request.verb == Verb::Copy {
        findings.add(&rules::COPY, "found Copy, expected Get and then Add or Replace".to_owned(), span);
    }
    if request.items.is_empty() {
        findings.add(&rules::NO_TARGET, format!("found {name} without an Item, expected one"), span);
    }
    if request.verb == Verb::Exec && request.items.len() > 1 {
        let text = format!("found Exec with {} Items, expected one", request.items.len());
        findings.add(&rules::NO_TARGET, text, span);
    }
    correlator(request.correlator.is_some(), span, findings);
    meta(request.meta.as_deref(), findings);
    for item in &request.items {
        self::item(item, name, findings);
    }
}

fn item(item: &Item, command: &str, findings: &mut Findings) {
    match item.target.as_ref().and_then(|target| Some((target.loc_uri.as_deref()?, target.span))) {
        Some((address, span)) => self::address(address, span, findings),
        None => {
            let text = format!("found an Item of {command} without Target/LocURI, expected its address");
            findings.add(&rules::NO_TARGET, text, item.span);
        }
    }
    if let Some(Data::Markup(_)) = item.data {
        let text = "found elements in Data, expected text that is escaped or in CDATA".to_owned();
        findings.add(&rules::MARKUP_IN_DATA, text, item.span);
    }
    unknown(&item.unknown, "Item", findings);
    meta(item.meta.as_ref(), findings);
}

fn address(address: &str, span: Span, findings: &mut Findings) {
    if address.bytes().all(|byte| byte.is_ascii_graphic()) {
        return;
    }
    if address.contains(char::is_whitespace) {
        let text = format!("found LocURI {}, expected no blanks", shown(address));
        findings.add(&rules::LOC_URI_BLANKS, text, span);
    }
    if !address.is_ascii() {
        let text = format!("found LocURI {}, expected percent-encoded UTF-8", shown(address));
        findings.add(&rules::LOC_URI_ESCAPES, text, span);
    }
}

fn alert(alert: &Alert, span: Span, findings: &mut Findings) {
    correlator(alert.correlator.is_some(), span, findings);
    for item in &alert.items {
        unknown(&item.unknown, "Item", findings);
        meta(item.meta.as_ref(), findings);
    }
    match alert.code.as_ref().map(|code| code.trim()) {
        Some(code) if Alert::KNOWN.contains(&code) => {}
        Some(code) => {
            let text = format!("found Alert {}, expected 1222 or 1223", shown(code));
            findings.add(&rules::ALERT_CODE, text, span);
        }
        None => {
            let text = "found an Alert without Data, expected its code".to_owned();
            findings.add(&rules::ALERT_CODE, text, span);
        }
    }
}

fn status(status: &Status, span: Span, findings: &mut Findings) {
    let code = status.code.as_ref().map(|code| code.trim());
    // OMA's own examples leave CmdRef out of the SyncHdr's.
    let parts = [
        ("MsgRef", status.msg_ref.is_some()),
        ("CmdRef", status.cmd_ref.is_some() || status.is_of_sync_hdr()),
        ("Cmd", status.cmd.is_some()),
        ("Data", code.is_some()),
    ];
    let missing: Vec<_> = parts.iter().filter(|(_, is_there)| !is_there).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        let text = format!("found a Status without {}, expected it to have them", missing.join(", "));
        findings.add(&rules::STATUS_INCOMPLETE, text, span);
    }
    if let Some(code) = code.filter(|code| code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_digit()))
    {
        let text = format!("found Data {} in a Status, expected three digits", shown(code));
        findings.add(&rules::STATUS_INCOMPLETE, text, span);
    }
    if status.is_of_sync_hdr() && matches!(status.number(), Some(401 | 407)) {
        challenge(status.chal.as_deref(), span, findings);
    }
}

fn challenge(chal: Option<&Chal>, span: Span, findings: &mut Findings) {
    let Some(Chal { meta }) = chal else {
        let text = "found credentials refused without Chal, expected the scheme that is wanted".to_owned();
        findings.add(&rules::CHALLENGE, text, span);
        return;
    };
    let Some(scheme) = meta.media_type.as_ref().map(|scheme| scheme.trim()) else {
        let text = "found a Chal without Meta/Type, expected the scheme that is wanted".to_owned();
        findings.add(&rules::CHALLENGE, text, span);
        return;
    };
    let is_digest = ["syncml:auth-md5", "syncml:auth-MAC"].iter().any(|own| scheme.eq_ignore_ascii_case(own));
    let nonce = meta.more.as_ref().and_then(|more| more.next_nonce.as_ref());
    if is_digest && nonce.is_none_or(|nonce| nonce.trim().is_empty()) {
        let text = format!("found a Chal for {} without NextNonce, expected one", shown(scheme));
        findings.add(&rules::CHALLENGE, text, span);
    }
    let format = meta.format.as_ref().map(|format| format.trim());
    if is_digest && format != Some("b64") {
        let found =
            format.map_or_else(|| "no Format".to_owned(), |format| format!("Format {}", shown(format)));
        findings.add(&rules::CHALLENGE, format!("found {found} in a Chal, expected b64"), span);
    }
}

/// What an Atomic cannot hold, whatever nests its members; another Atomic is looked at by itself.
fn atomic(atomic: &Container, findings: &mut Findings) {
    let mut added = BTreeSet::new();
    members(&atomic.commands, &mut |command| match &command.kind {
        Kind::Request(Request { verb: Verb::Get, .. }) => {
            let text = "found Get in an Atomic, expected it outside".to_owned();
            findings.add(&rules::GET_IN_ATOMIC, text, command.span);
        }
        Kind::Request(Request { verb, items, .. }) => {
            for item in items {
                let Some(address) = item.target.as_ref().and_then(|target| target.loc_uri.as_deref()) else {
                    continue;
                };
                match verb {
                    Verb::Add => _ = added.insert(address.trim()),
                    Verb::Replace if added.contains(address.trim()) => {
                        let text =
                            format!("found Replace of {}, which the same Atomic adds", shown(address.trim()));
                        findings.add(&rules::REPLACE_AFTER_ADD, text, item.span);
                    }
                    Verb::Replace | Verb::Copy | Verb::Delete | Verb::Exec | Verb::Get => {}
                }
            }
        }
        Kind::Container(Container { kind: ContainerKind::Atomic, .. }) => {
            let text = "found Atomic in an Atomic, expected one alone".to_owned();
            findings.add(&rules::ATOMIC_IN_ATOMIC, text, command.span);
        }
        Kind::Container(_) | Kind::Alert(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => {}
    });
}

fn members<'m>(commands: &'m [Command], visit: &mut dyn FnMut(&'m Command)) {
    for command in commands {
        visit(command);
        if let Kind::Container(Container { kind: ContainerKind::Sequence, commands, .. }) = &command.kind {
            members(commands, visit);
        }
    }
}

fn refusal(commands: &[Command], findings: &mut Findings) {
    let refuses = |command: &Command| match &command.kind {
        Kind::Status(status) => status.is_of_sync_hdr() && matches!(status.number(), Some(401 | 407)),
        Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Results(_) | Kind::Unknown(_) => false,
    };
    let asks = |command: &&Command| !matches!(command.kind, Kind::Status(_));
    if let Some(command) = commands.iter().find(asks)
        && commands.iter().any(refuses)
    {
        let text =
            format!("found {} beside a refusal of credentials, expected Statuses alone", command.name());
        findings.add(&rules::COMMANDS_WITH_REFUSAL, text, command.span);
    }
}

/// CmdIDs that stand more than once.
fn cmd_ids(commands: &[Command], findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    each(commands, &mut |command| {
        let Some(id) = command.cmd_id.as_ref().map(|id| id.trim()).filter(|id| !id.is_empty()) else {
            return;
        };
        if !seen.insert(id) {
            let text = format!("found CmdID {} once more, for {}", shown(id), command.name());
            findings.add(&rules::DUPLICATE_CMD_ID, text, command.span);
        }
    });
}

fn correlator(is_there: bool, span: Span, findings: &mut Findings) {
    if is_there {
        findings.add(&rules::CORRELATOR, "found a Correlator, expected none".to_owned(), span);
    }
}

fn no_resp(name: &str, span: Span, findings: &mut Findings) {
    findings.add(&rules::NO_RESP, format!("found NoResp in {name}, expected none"), span);
}

fn meta(meta: Option<&Meta>, findings: &mut Findings) {
    if let Some(more) = meta.and_then(|meta| meta.more.as_ref()) {
        unknown(&more.unknown, "Meta", findings);
    }
}

fn unknown(elements: &[Element], parent: &str, findings: &mut Findings) {
    for element in elements {
        stray(element, parent, findings);
    }
}

fn stray(element: &Element, parent: &str, findings: &mut Findings) {
    let name = shown(&element.name);
    let text = format!("found element {name} in {parent}, which has none of that name, or one already");
    findings.add(&rules::UNKNOWN_ELEMENT, text, element.span);
}
