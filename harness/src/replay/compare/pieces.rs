//! A body, taken to pieces, with the fields that each piece has.
//!
//! Deliberately absent: how fields are compared (`fields.rs`), and which piece of one body is which of the other
//! (`align.rs`).

use std::cmp::Ordering;
use std::collections::BTreeSet;

use csp_model::LocUri;
use syncml::message::{Alert, Command, Data, Item, Kind as Said, Message, Meta, Results, Status, Text};

use super::data;
use super::fields::{self, Field, Kind, Value};
use super::ignore::segments;
use super::unit::{Asked, Key, SYNC_HDR, Unit, What};
use super::{Difference, Maps, Weight, of_field};

/// The pieces of a body, in their order.
pub(super) fn units(message: &Message, asked: &Asked) -> Vec<Unit> {
    let mut units = Vec::new();
    add(&mut units, &message.body.commands, "", asked);
    units
}

/// CmdIDs that stand twice, which no answer could tell apart, in one message and not in the other.
pub(super) fn repeated_ids(expected: &Message, got: &Message) -> Vec<Difference> {
    fn walk(commands: &[Command], seen: &mut BTreeSet<String>, repeated: &mut BTreeSet<String>) {
        for command in commands {
            if let Some(id) = command.cmd_id.as_ref().filter(|_| !command.continued)
                && !seen.insert(id.trim().to_owned())
            {
                repeated.insert(id.trim().to_owned());
            }
            if let Said::Container(container) = &command.kind {
                walk(&container.commands, seen, repeated);
            }
        }
    }
    let of = |message: &Message| {
        let mut repeated = BTreeSet::new();
        walk(&message.body.commands, &mut BTreeSet::new(), &mut repeated);
        repeated
    };
    // Which ones they are is another matter: ids are another in every run.
    let again = |ids: &BTreeSet<String>| match ids.len() {
        0 => "each once".to_owned(),
        _ => format!("{} again", ids.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
    };
    let (before, now) = (of(expected), of(got));
    let weight = match before.len().cmp(&now.len()) {
        Ordering::Equal => return Vec::new(),
        Ordering::Less => Weight::BreaksProtocol,
        Ordering::Greater => Weight::DifferentShape,
    };
    let difference = of_field(weight, "CmdID", Some(&again(&before)), Some(&again(&now)));
    vec![Difference { command: "SyncBody".to_owned(), ..difference }]
}

fn add(units: &mut Vec<Unit>, commands: &[Command], within: &str, asked: &Asked) {
    let mut containers = 0;
    for command in commands {
        match &command.kind {
            Said::Status(status) => units.push(of_status(command, status, within, asked)),
            Said::Results(results) => add_results(units, command, results, within, asked),
            Said::Alert(alert) => add_alert(units, command, alert, within),
            Said::Request(request) => {
                let meta = request.meta.as_deref();
                let name = request.verb.name();
                let what = if name == "Get" { What::Get } else { What::Does(name.to_owned()) };
                let of_command = units.len();
                for (item, number) in request.items.iter().zip(1_usize..) {
                    units.push(of_item(command, item, meta, what.clone(), within, number));
                }
                if let Some(first) = units.get_mut(of_command) {
                    fields::push(&mut first.fields, "Correlator", request.correlator.as_ref(), Kind::Shape);
                    fields::rest_of_meta(&mut first.fields, meta.and_then(|meta| meta.more.as_deref()));
                }
            }
            Said::Container(container) => {
                containers += 1;
                let name = container.kind.name();
                let within = match within {
                    "" => format!("{name} {containers}"),
                    outer => format!("{outer}, {name} {containers}"),
                };
                let what = What::Container(name.to_owned());
                let mut unit = bare(command, what, &containers.to_string(), within.clone());
                if let Some(meta) = container.meta.as_deref() {
                    fields::push(&mut unit.fields, "Meta/Format", meta.format.as_ref(), Kind::Shape);
                    fields::push(&mut unit.fields, "Meta/Type", meta.media_type.as_ref(), Kind::Shape);
                    fields::rest_of_meta(&mut unit.fields, meta.more.as_deref());
                }
                units.push(unit);
                add(units, &container.commands, &within, asked);
            }
            Said::Unknown(element) => {
                let what = What::Unknown(element.name.as_str().to_owned());
                let mut unit = bare(command, what, "", within.to_owned());
                unit.fields.push(Field::new("content", data::markup(&element.children), Kind::Meaning));
                units.push(unit);
            }
        }
    }
}

fn bare(command: &Command, what: What, reference: &str, within: String) -> Unit {
    let key = Key { within, what, reference: reference.to_owned(), about: String::new() };
    let mut fields = Vec::new();
    of_command(&mut fields, command);
    Unit { key, fields, cmd_id: id(command), uri: None, of: None }
}

fn of_status(command: &Command, status: &Status, within: &str, asked: &Asked) -> Unit {
    let mut fields = Vec::new();
    of_command(&mut fields, command);
    fields::push(&mut fields, "MsgRef", status.msg_ref.as_ref(), Kind::Protocol);
    // By that of a command the piece is known.
    let of_sync_hdr = status.cmd_ref.as_ref().filter(|_| status.is_of_sync_hdr());
    fields::push(&mut fields, "CmdRef", of_sync_hdr, Kind::Protocol);
    fields::push(&mut fields, "Cmd", status.cmd.as_ref(), Kind::Protocol);
    let code = if status.is_of_sync_hdr() { Kind::Code } else { Kind::Meaning };
    fields::push(&mut fields, "Data", status.code.as_ref(), code);
    fields::push(&mut fields, "msft:originalerror", status.original_error.as_ref(), Kind::Shape);
    fields::cred(&mut fields, status.cred.as_deref());
    fields::chal(&mut fields, status.chal.as_deref());
    refs(&mut fields, "TargetRef", &status.target_refs);
    refs(&mut fields, "SourceRef", &status.source_refs);
    if let [_, further @ ..] = status.items.as_slice()
        && !further.is_empty()
    {
        let said = |item: &Item| match &item.data {
            Some(Data::Text(text)) => text.as_str().to_owned(),
            Some(Data::Markup(nodes)) => data::markup(nodes),
            None => String::new(),
        };
        let said: Vec<_> = further
            .iter()
            .map(|item| format!("{} {}", address(item).unwrap_or_default(), said(item)))
            .collect();
        fields.push(Field::new("further Items", said.join("; "), Kind::Meaning));
    }
    for item in status.items.iter().take(1) {
        fields::item(&mut fields, item, None, Value::Reported);
        // The code is the Data of a Status; that of its Item is another.
        if let Some(field) = fields.iter_mut().skip(1).rfind(|field| field.name == "Data") {
            field.name = "Item/Data";
        }
    }
    let of = asked.get(status.cmd_ref.as_ref()).cloned();
    let reference =
        if status.is_of_sync_hdr() { SYNC_HDR } else { status.cmd_ref.as_deref().map_or("", str::trim) };
    // One command may have a Status for each of its Items.
    let about = match status.target_refs.as_slice() {
        [only] => spelled(only),
        _ => String::new(),
    };
    let about = if of.as_ref().is_some_and(|(_, uri)| uri.as_deref().is_some_and(|uri| spelled(uri) == about))
    {
        String::new()
    } else {
        about
    };
    let key = Key { within: within.to_owned(), what: What::Status, reference: reference.to_owned(), about };
    Unit {
        key,
        fields,
        cmd_id: id(command),
        uri: status.target_refs.first().map(|uri| uri.as_str().to_owned()),
        of,
    }
}

fn add_results(units: &mut Vec<Unit>, command: &Command, results: &Results, within: &str, asked: &Asked) {
    let reference = results.cmd_ref.as_deref().map_or("1", str::trim).to_owned();
    for (item, number) in results.items.iter().zip(1_usize..) {
        let meta = results.meta.as_deref();
        let mut unit = of_item(command, item, meta, What::Results, within, number);
        // Absent means `1`.
        let msg_ref = results.msg_ref.as_deref().map_or("1", str::trim);
        unit.fields.push(Field::new("MsgRef", msg_ref, Kind::Protocol));
        if results.msg_ref.is_none() {
            unit.fields.push(Field::new("MsgRef left out", "", Kind::Shape));
        }
        fields::push(&mut unit.fields, "Cmd", results.cmd.as_ref(), Kind::Shape);
        refs(&mut unit.fields, "TargetRef", &results.target_refs);
        refs(&mut unit.fields, "SourceRef", &results.source_refs);
        unit.of = asked.get(results.cmd_ref.as_ref()).cloned();
        unit.key.reference.clone_from(&reference);
        units.push(unit);
    }
}

fn add_alert(units: &mut Vec<Unit>, command: &Command, alert: &Alert, within: &str) {
    let code = alert.code.as_deref().map_or("", str::trim);
    let mut add = |item: Option<&Item>, number: usize| {
        let mut fields = Vec::new();
        of_command(&mut fields, command);
        fields::push(&mut fields, "Correlator", alert.correlator.as_ref(), Kind::Shape);
        if let Some(item) = item {
            fields::item(&mut fields, item, None, Value::Reported);
            of_place(&mut fields, number);
        }
        let kind = item.and_then(|item| item.meta.as_ref()?.media_type.as_deref().map(str::trim));
        let reference = match kind.unwrap_or_default() {
            "" => code.to_owned(),
            kind => format!("{code} {kind}"),
        };
        let uri = item.and_then(address);
        let about = uri.as_deref().map(spelled).unwrap_or_default();
        let key = Key { within: within.to_owned(), what: What::Alert, reference, about };
        units.push(Unit { key, fields, cmd_id: id(command), uri, of: None });
    };
    if alert.items.is_empty() {
        add(None, 1);
    }
    for (item, number) in alert.items.iter().zip(1_usize..) {
        add(Some(item), number);
    }
}

fn of_item(
    command: &Command,
    item: &Item,
    meta: Option<&Meta>,
    what: What,
    within: &str,
    number: usize,
) -> Unit {
    let mut fields = Vec::new();
    of_command(&mut fields, command);
    let value = match what {
        What::Does(_) => Value::Given,
        What::Status | What::Results | What::Alert | What::Get | What::Container(_) | What::Unknown(_) => {
            Value::Reported
        }
    };
    fields::item(&mut fields, item, meta, value);
    let uri = address(item);
    of_place(&mut fields, number);
    if let Some(uri) = &uri {
        let side = if item.target.is_some() { "Target" } else { "Source" };
        fields.push(Field::new(side, plain(uri), Kind::Shape));
    }
    let about = uri.as_deref().map(spelled).unwrap_or_default();
    let key = Key { within: within.to_owned(), what, reference: String::new(), about };
    Unit { key, fields, cmd_id: id(command), uri, of: None }
}

fn of_command(fields: &mut Vec<Field>, command: &Command) {
    if command.no_resp {
        fields.push(Field::new("NoResp", "there", Kind::Meaning));
    }
    fields::cred(fields, command.cred.as_deref());
    fields::elements(fields, "unknown elements", &command.unknown);
}

/// Whether an Item begins its command: how Items are spread over commands is a matter of shape.
fn of_place(fields: &mut Vec<Field>, number: usize) {
    if number > 1 {
        fields.push(Field::new("place in its command", "after another Item", Kind::Shape));
    }
}

/// References repeat an address that the CmdRef tells already.
fn refs(fields: &mut Vec<Field>, name: &'static str, refs: &[Text]) {
    if !refs.is_empty() {
        let refs: Vec<_> = refs.iter().map(|text| plain(text)).collect();
        fields.push(Field::new(name, refs.join(" "), Kind::Shape));
    }
}

/// Has `maps` know the identities of a body that is said to the side whose messages are compared.
pub(super) fn say(commands: &[Command], maps: &mut Maps) {
    for command in commands {
        if let Said::Container(container) = &command.kind {
            say(&container.commands, maps);
        }
        for item in items_of(command) {
            if let Some(uri) = address(item) {
                maps.say(&uri);
            }
            if let Some(Data::Text(text)) = &item.data {
                maps.say(text);
            }
        }
    }
}

pub(super) fn items_of(command: &Command) -> &[Item] {
    match &command.kind {
        Said::Request(request) => &request.items,
        Said::Alert(alert) => &alert.items,
        Said::Results(results) => &results.items,
        Said::Status(status) => &status.items,
        Said::Container(_) | Said::Unknown(_) => &[],
    }
}

pub(super) fn address(item: &Item) -> Option<String> {
    let location = item.target.as_ref().or(item.source.as_ref())?;
    location.loc_uri.as_ref().map(|uri| uri.as_str().to_owned())
}

fn id(command: &Command) -> Option<String> {
    command.cmd_id.as_ref().map(|id| id.trim().to_owned())
}

/// An address in one spelling, by which it is known; its query counts.
fn spelled(uri: &str) -> String {
    let parsed = LocUri::parse(uri.trim()).ok();
    match (segments(uri), parsed.as_ref().and_then(LocUri::query)) {
        (Some(segments), None) => segments.join("/"),
        (Some(segments), Some(query)) => format!("{}?{query:?}", segments.join("/")),
        (None, _) => uri.trim().to_ascii_lowercase(),
    }
}

/// An address as it is compared for its spelling: identities in it are mapped elsewhere.
fn plain(uri: &str) -> String {
    Maps::blanked(uri.trim())
}
