//! The fields of headers and commands, and how a field of each kind is compared.

use syncml::message::{
    Anchor, Chal, Cred, Data, Element, Item, Location, Mem, Message, Meta, MoreMeta, Node, Text,
};

use super::data::{self, Verdict};
use super::maps::names_updates;
use super::{Difference, Maps, Weight, of_field, weight_of_presence};

/// A field with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) kind: Kind,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Another value is another meaning.
    Meaning,
    /// The status of a SyncHdr.
    Code,
    /// Another value says the same in another way.
    Shape,
    /// Another value is not allowed.
    Protocol,
    /// A value of a node that is reported: another point in time says the same.
    Data,
    /// A value that a node is given.
    Setting,
    /// The names below a node, in any order.
    Names,
    /// The same of updates, which have the same names everywhere, or a value that one of them has.
    Updates,
    /// An identity, which may be another one throughout.
    Identity,
    /// The SessionID: another one, but the same throughout.
    Session,
    /// A MsgID: another one, but the same throughout.
    Number,
    /// Another one in every run: only whether it is there counts.
    Masked,
}

impl Field {
    pub(super) fn new(name: &'static str, value: impl Into<String>, kind: Kind) -> Self {
        Self { name, value: value.into(), kind }
    }
}

/// Compares fields by their names.
pub(super) fn compare(expected: &[Field], got: &[Field], maps: &mut Maps, tell: &mut dyn FnMut(Difference)) {
    for field in expected {
        match got.iter().find(|other| other.name == field.name) {
            Some(other) => {
                if let Some(weight) = weight(field, other, maps) {
                    tell(of_field(weight, field.name, Some(&field.value), Some(&other.value)));
                }
            }
            None => tell(of_field(weight_of_presence(field.kind), field.name, Some(&field.value), None)),
        }
    }
    for field in got.iter().filter(|field| !expected.iter().any(|other| other.name == field.name)) {
        tell(of_field(weight_of_presence(field.kind), field.name, None, Some(&field.value)));
    }
}

/// How much the values of a field differ; `None` when they mean the same.
fn weight(expected: &Field, got: &Field, maps: &mut Maps) -> Option<Weight> {
    let (one, other) = (expected.value.as_str(), got.value.as_str());
    let differs = |weight| (one.trim() != other.trim()).then_some(weight);
    match expected.kind {
        Kind::Meaning => differs(Weight::DifferentMeaning),
        // A server that knows the device and one that does not ask are both content.
        Kind::Code if matches!((one.trim(), other.trim()), ("200", "212") | ("212", "200")) => None,
        Kind::Code => differs(Weight::DifferentMeaning),
        Kind::Shape => differs(Weight::DifferentShape),
        Kind::Protocol => differs(Weight::BreaksProtocol),
        Kind::Masked => None,
        Kind::Session => (!maps.session(one, other)).then_some(Weight::BreaksProtocol),
        Kind::Number => (!maps.number(one, other)).then_some(Weight::BreaksProtocol),
        Kind::Identity => {
            let agrees = maps.identity(one, other);
            (one != other && !agrees).then_some(Weight::DifferentMeaning)
        }
        Kind::Data if data::are_instants(one, other) => None,
        Kind::Data | Kind::Setting => of_verdict(data::compare(one, other, Some(maps))),
        Kind::Names if data::same_names(one, other) => differs(Weight::OrderOnly),
        Kind::Names => of_verdict(data::compare(one, other, Some(maps))),
        Kind::Updates if data::same_names(one, other) => differs(Weight::OrderOnly),
        Kind::Updates if data::are_instants(one, other) => None,
        Kind::Updates => of_verdict(data::compare(one, other, None)),
    }
}

const fn of_verdict(verdict: Verdict) -> Option<Weight> {
    match verdict {
        Verdict::Same => None,
        Verdict::Shape => Some(Weight::DifferentShape),
        Verdict::Meaning => Some(Weight::DifferentMeaning),
    }
}

/// The fields of a message outside its body.
pub(super) fn of_header(message: &Message) -> Vec<Field> {
    let mut fields = vec![Field::new("namespace", message.namespace.uri(), Kind::Shape)];
    let Some(header) = &message.header else { return fields };
    push(&mut fields, "VerDTD", header.ver_dtd.as_ref(), Kind::Shape);
    push(&mut fields, "VerProto", header.ver_proto.as_ref(), Kind::Protocol);
    push(&mut fields, "SessionID", header.session_id.as_ref(), Kind::Session);
    push(&mut fields, "MsgID", header.msg_id.as_ref(), Kind::Number);
    location(&mut fields, ["Target", "Target/LocName"], header.target.as_ref());
    location(&mut fields, ["Source", "Source/LocName"], header.source.as_ref());
    push(&mut fields, "RespURI", header.resp_uri.as_ref(), Kind::Identity);
    if header.no_resp {
        fields.push(Field::new("NoResp", "", Kind::Meaning));
    }
    cred(&mut fields, header.cred.as_deref());
    let more = header.meta.as_ref().and_then(|meta| meta.more.as_deref());
    push(&mut fields, "MaxMsgSize", more.and_then(|more| more.max_msg_size.as_ref()), Kind::Shape);
    push(&mut fields, "MaxObjSize", more.and_then(|more| more.max_obj_size.as_ref()), Kind::Shape);
    rest_of_meta(&mut fields, more);
    elements(&mut fields, "unknown elements", &header.unknown);
    fields
}

/// The fields of a body outside its commands.
pub(super) fn of_body(message: &Message) -> Vec<Field> {
    let mut fields = Vec::new();
    if message.body.is_final {
        fields.push(Field::new("Final", "there", Kind::Protocol));
    }
    fields
}

/// Adds a field that is there.
pub(super) fn push(fields: &mut Vec<Field>, name: &'static str, value: Option<&Text>, kind: Kind) {
    fields.extend(value.map(|value| Field::new(name, value.as_str(), kind)));
}

fn location(fields: &mut Vec<Field>, [name, loc_name]: [&'static str; 2], location: Option<&Location>) {
    push(fields, name, location.and_then(|location| location.loc_uri.as_ref()), Kind::Identity);
    push(fields, loc_name, location.and_then(|location| location.loc_name.as_ref()), Kind::Masked);
}

/// Credentials are another each time; how they are made is not.
pub(super) fn cred(fields: &mut Vec<Field>, cred: Option<&Cred>) {
    let Some(cred) = cred else { return };
    let kind = cred.meta.as_ref().and_then(|meta| meta.media_type.as_ref());
    fields.push(Field::new("Cred", kind.map_or("", Text::as_str), Kind::Meaning));
}

/// A challenge: the scheme counts, the nonce is another each time.
pub(super) fn chal(fields: &mut Vec<Field>, chal: Option<&Chal>) {
    let Some(Chal { meta }) = chal else { return };
    fields.push(Field::new("Chal", meta.media_type.as_ref().map_or("", Text::as_str), Kind::Meaning));
    let nonce = meta.more.as_ref().and_then(|more| more.next_nonce.as_ref());
    push(fields, "Chal/NextNonce", nonce, Kind::Masked);
}

/// The parts of a Meta that no device or server of this kind looks at.
pub(super) fn rest_of_meta(fields: &mut Vec<Field>, more: Option<&MoreMeta>) {
    let Some(more) = more else { return };
    let MoreMeta {
        field_level,
        mark,
        size: _,
        anchor,
        version,
        next_nonce: _,
        max_msg_size: _,
        max_obj_size: _,
        emi,
        mem,
        unknown,
    } = more;
    if *field_level {
        fields.push(Field::new("Meta/FieldLevel", "there", Kind::Shape));
    }
    push(fields, "Meta/Mark", mark.as_ref(), Kind::Shape);
    push(fields, "Meta/Version", version.as_ref(), Kind::Shape);
    if let Some(Anchor { last, next }) = anchor {
        push(fields, "Meta/Anchor/Last", last.as_ref(), Kind::Shape);
        push(fields, "Meta/Anchor/Next", next.as_ref(), Kind::Shape);
    }
    if !emi.is_empty() {
        fields.push(Field::new(
            "Meta/EMI",
            emi.iter().map(Text::as_str).collect::<Vec<_>>().join(" "),
            Kind::Shape,
        ));
    }
    if let Some(Mem { shared, free_mem, free_id }) = mem {
        let shared = if *shared { "shared" } else { "" };
        fields.push(Field::new("Meta/Mem", shared, Kind::Shape));
        push(fields, "Meta/Mem/FreeMem", free_mem.as_ref(), Kind::Shape);
        push(fields, "Meta/Mem/FreeID", free_id.as_ref(), Kind::Shape);
    }
    elements(fields, "unknown elements of the Meta", unknown);
}

/// Elements that no text of the protocol has.
pub(super) fn elements(fields: &mut Vec<Field>, name: &'static str, elements: &[Element]) {
    if !elements.is_empty() {
        let nodes: Vec<_> = elements.iter().cloned().map(Node::Element).collect();
        fields.push(Field::new(name, data::markup(&nodes), Kind::Shape));
    }
}

/// What the value of an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// What a node has.
    Reported,
    /// What a node is given.
    Given,
}

/// The fields of an item; what `of_all` says for all items holds where the item says nothing.
pub(super) fn item(fields: &mut Vec<Field>, item: &Item, of_all: Option<&Meta>, value: Value) {
    let own = item.meta.as_ref();
    let format = own.and_then(|meta| meta.format.as_ref()).or(of_all.and_then(|meta| meta.format.as_ref()));
    let kind = own.and_then(|meta| meta.media_type.as_ref());
    let kind = kind.or(of_all.and_then(|meta| meta.media_type.as_ref()));
    // What is not said is `chr`.
    let said = format.map(|format| format.trim().to_owned());
    match said.filter(|format| format != "chr") {
        Some(format) => fields.push(Field::new("Meta/Format", format, Kind::Meaning)),
        None if format.is_some() => fields.push(Field::new("Meta/Format said", "chr", Kind::Shape)),
        None => {}
    }
    push(fields, "Meta/Type", kind, Kind::Shape);
    let more = own.and_then(|meta| meta.more.as_deref());
    push(fields, "Meta/Size", more.and_then(|more| more.size.as_ref()), Kind::Shape);
    rest_of_meta(fields, more);
    let uri = |location: Option<&Location>| location.and_then(|location| location.loc_uri.as_ref().cloned());
    // By the other one the item is known.
    let second = item.target.as_ref().and(item.source.as_ref());
    for (name, location) in [
        ("Source of the Item", second),
        ("SourceParent", item.source_parent.as_deref()),
        ("TargetParent", item.target_parent.as_deref()),
    ] {
        push(fields, name, uri(location).as_ref(), Kind::Meaning);
    }
    elements(fields, "unknown elements of the Item", &item.unknown);
    if let Some(data) = &item.data {
        let text = match data {
            Data::Text(text) => text.as_str().to_owned(),
            Data::Markup(nodes) => data::markup(nodes),
        };
        let location = item.target.as_ref().or(item.source.as_ref());
        let uri = location.and_then(|location| location.loc_uri.as_deref());
        let kind = match format.map(|format| format.trim()) {
            _ if uri.is_some_and(names_updates) => Kind::Updates,
            Some("node") => Kind::Names,
            Some(_) | None => match value {
                Value::Reported => Kind::Data,
                Value::Given => Kind::Setting,
            },
        };
        match text.is_empty() {
            true => fields.push(Field::new("Data said", "", Kind::Shape)),
            false => fields.push(Field::new("Data", text, kind)),
        }
    }
    if item.more_data {
        fields.push(Field::new("MoreData", "there", Kind::Meaning));
    }
}
