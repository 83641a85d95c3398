//! Messages for property tests: every construct of the model, with texts that are hard on a codec.
//!
//! What comes out is what decoding can give: it equals itself after encoding and decoding. Deliberately absent are
//! the values of the model that no document spells, such as a `MoreMeta` in which nothing stands, or characters
//! that XML cannot hold.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Any text that XML can hold: empty, blank, with markup in it, in any script, and ordinary.
pub fn text() -> BoxedStrategy<Text> {
    const HARD: [&str; 18] = [
        "",
        " ",
        "\n\t ",
        "\r",
        "\r\n",
        "]]>",
        "]]",
        "<![CDATA[x]]>",
        "<!-- x -->",
        "&amp;",
        "&",
        "<a/>",
        "'\"",
        "\u{feff}",
        "\u{fffd}\u{85}\u{7f}",
        "\u{1f600}e\u{301}",
        "./Vendor/MSFT/Update/RequireDeferUpgrade ",
        "https://mdm.example.test/a?b=c&d=%20",
    ];
    let hard = vec(select(&HARD[..]), 1..4).prop_map(|parts| parts.concat());
    let any = vec(any::<char>().prop_filter("XML holds it", |c| is_xml(*c)), 0..12)
        .prop_map(|characters| characters.into_iter().collect::<String>());
    prop_oneof![4 => "[a-zA-Z0-9./{}-]{0,20}", 2 => hard, 1 => any].prop_map(Text::from).boxed()
}

/// A message.
pub fn message() -> BoxedStrategy<Message> {
    let namespace = select(&[Namespace::None, Namespace::SyncMl11, Namespace::SyncMl12][..]);
    (namespace, of(header()), body(), any::<bool>())
        .prop_map(|(namespace, header, body, bare_body)| Message {
            namespace,
            header: header.filter(|_| !bare_body),
            body,
            bare_body,
            ..Message::default()
        })
        .boxed()
}

/// A body with commands of every kind.
pub fn body() -> BoxedStrategy<Body> {
    (commands(2), any::<bool>())
        .prop_map(|(commands, is_final)| Body { commands, is_final, ..Body::default() })
        .boxed()
}

fn header() -> BoxedStrategy<Header> {
    let ids = (of(text()), of(text()), of(text()), of(text()), of(text()));
    let rest = (of(location()), of(location()), any::<bool>(), of(cred()), of(meta()), unknown());
    (ids, rest)
        .prop_map(|(ids, (target, source, no_resp, cred, meta, unknown))| Header {
            ver_dtd: ids.0,
            ver_proto: ids.1,
            session_id: ids.2,
            msg_id: ids.3,
            resp_uri: ids.4,
            target,
            source,
            no_resp,
            cred: cred.map(Box::new),
            meta: meta.map(Box::new),
            unknown,
            ..Header::default()
        })
        .boxed()
}

/// Commands, with containers at most `depth` deep.
fn commands(depth: u32) -> BoxedStrategy<Vec<Command>> {
    let single =
        prop_oneof![alert(), status(), results(), unknown_command()].prop_map(|command| vec![command]);
    let leaf = prop_oneof![request(), single];
    let groups = if depth == 0 {
        vec(leaf, 0..3).boxed()
    } else {
        vec(prop_oneof![4 => leaf, 1 => container(depth - 1).prop_map(|command| vec![command])], 0..4).boxed()
    };
    groups.prop_map(|groups| groups.concat()).boxed()
}

/// A request, or several that share an element.
fn request() -> BoxedStrategy<Vec<Command>> {
    let pieces = vec((text(), items()), 0..3);
    let shared = (select(&Verb::ALL[..]), of(meta().prop_map(Box::new)), of(text()));
    (common(), shared, items(), pieces)
        .prop_map(|(common, (verb, meta, correlator), items, pieces)| {
            let kind = |items| {
                Kind::Request(Request { verb, meta: meta.clone(), items, correlator: correlator.clone() })
            };
            let first = Command { kind: kind(items), ..common };
            // Without a CmdID of its own the first would take that of the second.
            let pieces = if first.cmd_id.is_some() { pieces } else { Vec::new() };
            let others: Vec<_> = pieces
                .into_iter()
                .map(|(cmd_id, items)| Command {
                    cmd_id: Some(cmd_id),
                    continued: true,
                    kind: kind(items),
                    unknown: Vec::new(),
                    ..first.clone()
                })
                .collect();
            [vec![first], others].concat()
        })
        .boxed()
}

fn alert() -> BoxedStrategy<Command> {
    (common(), of(text()), items(), of(text()))
        .prop_map(|(common, code, items, correlator)| Command {
            kind: Kind::Alert(Alert { code, items, correlator }),
            ..common
        })
        .boxed()
}

fn container(depth: u32) -> BoxedStrategy<Command> {
    let kind = select(&[ContainerKind::Atomic, ContainerKind::Sequence][..]);
    (common(), kind, of(meta().prop_map(Box::new)), commands(depth))
        .prop_map(|(common, kind, meta, commands)| Command {
            kind: Kind::Container(Container { kind, meta, commands }),
            // An unknown element is a command there.
            unknown: Vec::new(),
            ..common
        })
        .boxed()
}

fn status() -> BoxedStrategy<Command> {
    let refs = (of(text()), of(text()), of(text()), vec(text(), 0..3), vec(text(), 0..2));
    let chal = of(meta().prop_map(|meta| Box::new(Chal { meta })));
    let rest = (of(cred().prop_map(Box::new)), chal, of(text()), of(text()), items());
    (common(), refs, rest)
        .prop_map(|(common, refs, (cred, chal, code, original_error, items))| {
            let status = Status {
                msg_ref: refs.0,
                cmd_ref: refs.1,
                cmd: refs.2,
                target_refs: refs.3,
                source_refs: refs.4,
                cred,
                chal,
                // It is an attribute of the code.
                original_error: original_error.filter(|_| code.is_some()),
                code,
                items: items.into_vec(),
            };
            Command { kind: Kind::Status(status), cred: None, ..common }
        })
        .boxed()
}

fn results() -> BoxedStrategy<Command> {
    let refs = (of(text()), of(text()), of(text()), vec(text(), 0..2), vec(text(), 0..2));
    (common(), refs, of(meta().prop_map(Box::new)), items())
        .prop_map(|(common, refs, meta, items)| {
            let results = Results {
                msg_ref: refs.0,
                cmd_ref: refs.1,
                cmd: refs.2,
                target_refs: refs.3,
                source_refs: refs.4,
                meta,
                items,
            };
            Command { kind: Kind::Results(results), ..common }
        })
        .boxed()
}

fn unknown_command() -> BoxedStrategy<Command> {
    (foreign(), of(text()))
        .prop_map(|(mut element, cmd_id)| {
            if let Some(cmd_id) = &cmd_id {
                let children = Some(cmd_id.clone()).filter(|text| !text.is_empty()).map(Node::Text);
                let child = Element {
                    name: Text::from_static("CmdID"),
                    children: children.into_iter().collect(),
                    ..Element::default()
                };
                element.children.insert(0, Node::Element(child));
            }
            Command::new(cmd_id, Kind::Unknown(Box::new(element)))
        })
        .boxed()
}

/// What every command has, around a kind that is to be replaced.
fn common() -> BoxedStrategy<Command> {
    (of(text()), any::<bool>(), of(cred().prop_map(Box::new)), unknown())
        .prop_map(|(cmd_id, no_resp, cred, unknown)| Command {
            no_resp,
            cred,
            unknown,
            ..Command::new(cmd_id, Kind::Alert(Alert::default()))
        })
        .boxed()
}

fn items() -> BoxedStrategy<Items> {
    vec(item(), 0..3).prop_map(Items::from_vec).boxed()
}

fn item() -> BoxedStrategy<Item> {
    let places = (of(location()), of(location()), of(location()), of(location()));
    let data = of(prop_oneof![3 => text().prop_map(Data::Text), 1 => markup().prop_map(Data::Markup)]);
    let meta = prop_oneof![8 => of(meta()), 1 => Just(Some(Meta {
        media_type: Some(Text::from_static("application/vnd.syncml-devinf+wbxml")),
        ..Meta::default()
    }))];
    (places, meta, data, any::<bool>(), unknown())
        .prop_map(|(places, meta, data, more_data, unknown)| Item {
            target: places.0,
            source: places.1,
            source_parent: places.2.map(Box::new),
            target_parent: places.3.map(Box::new),
            meta,
            data,
            more_data,
            unknown,
            span: Span::default(),
        })
        .boxed()
}

fn location() -> BoxedStrategy<Location> {
    (of(text()), of(text()))
        .prop_map(|(loc_uri, loc_name)| Location { loc_uri, loc_name, ..Location::default() })
        .boxed()
}

fn cred() -> BoxedStrategy<Cred> {
    (of(meta()), of(text())).prop_map(|(meta, data)| Cred { meta, data }).boxed()
}

fn meta() -> BoxedStrategy<Meta> {
    let more = prop_oneof![3 => Just(MoreMeta::default()), 1 => more_meta()];
    (of(text()), of(text()), more)
        .prop_map(|(format, media_type, more)| Meta {
            format,
            media_type,
            more: (more != MoreMeta::default()).then(|| Box::new(more)),
        })
        .boxed()
}

fn more_meta() -> BoxedStrategy<MoreMeta> {
    let anchor = (of(text()), of(text())).prop_map(|(last, next)| Anchor { last, next });
    let mem = (any::<bool>(), of(text()), of(text()));
    let mem = mem.prop_map(|(shared, free_mem, free_id)| Mem { shared, free_mem, free_id });
    let texts = (of(text()), of(text()), of(text()), of(text()), of(text()), of(text()));
    (any::<bool>(), texts, of(anchor), vec(text(), 0..2), of(mem), unknown())
        .prop_map(|(field_level, texts, anchor, emi, mem, unknown)| MoreMeta {
            field_level,
            mark: texts.0,
            size: texts.1,
            version: texts.2,
            next_nonce: texts.3,
            max_msg_size: texts.4,
            max_obj_size: texts.5,
            anchor,
            emi,
            mem,
            unknown,
        })
        .boxed()
}

fn unknown() -> BoxedStrategy<Vec<Element>> {
    prop_oneof![6 => Just(Vec::new()), 1 => vec(foreign(), 1..3)].boxed()
}

/// An element that the vocabulary does not have, or only knows the name of: of an own name, that of a token, or a known
/// one in another namespace.
fn foreign() -> BoxedStrategy<Element> {
    let name = select(
        &[
            ("Vendor", None),
            ("Put", None),
            ("Token-0-3F", None),
            ("Token-0-05", None),
            ("Data", Some("xmlns")),
            ("v:Item", Some("xmlns:v")),
        ][..],
    );
    (name, attributes(), nodes())
        .prop_map(|((name, declaration), mut attributes, children)| {
            attributes.extend(declaration.map(|name| Attribute {
                name: Text::from_static(name),
                value: Text::from_static("urn:vendor"),
            }));
            Element { name: Text::from_static(name), attributes, children, ..Element::default() }
        })
        .boxed()
}

/// The content of `Data` with at least one element in it.
fn markup() -> BoxedStrategy<Vec<Node>> {
    let any = (nodes(), foreign())
        .prop_map(|(mut nodes, element)| {
            nodes.push(Node::Element(element));
            nodes
        })
        .boxed();
    prop_oneof![5 => any, 1 => device_information()].boxed()
}

/// Markup with device information in it, whole or nearly.
fn device_information() -> BoxedStrategy<Vec<Node>> {
    let field = (select(&["VerDTD", "Man", "UTC", "Ext", "Man2"][..]), text());
    let namespace = select(&["syncml:devinf", "syncml:devinf", "syncml:metinf"][..]);
    (namespace, vec(field, 0..3), nodes(), nodes())
        .prop_map(|(namespace, fields, before, after)| {
            let fields = fields.into_iter().map(|(name, text)| Element {
                name: Text::from_static(name),
                children: Some(text).filter(|text| !text.is_empty()).map(Node::Text).into_iter().collect(),
                ..Element::default()
            });
            let element = Element {
                name: Text::from_static("DevInf"),
                attributes: vec![Attribute {
                    name: Text::from_static("xmlns"),
                    value: Text::from_static(namespace),
                }],
                children: fields.map(Node::Element).collect(),
                ..Element::default()
            };
            let mut nodes = [before, vec![Node::Element(element)], after].concat();
            tidy(&mut nodes);
            nodes
        })
        .boxed()
}

/// Content of an element: texts are neither empty nor next to each other.
fn nodes() -> BoxedStrategy<Vec<Node>> {
    let leaf = text().prop_map(|text| vec![Node::Text(text)]);
    let nodes = leaf.prop_recursive(3, 12, 3, |inner| {
        let name = select(&["a", "Type", "Cmd", "Token-12-05", "wap-provisioningdoc", "\u{e9}"][..]);
        const NAMESPACES: [&str; 5] =
            ["", "urn:vendor", "syncml:metinf", "SYNCML:SYNCML1.2", "SYNCML:SYNCML1.1"];
        let namespace = of(select(&NAMESPACES[..]).prop_map(Text::from_static));
        let element =
            (name, namespace, attributes(), inner).prop_map(|(name, namespace, mut attributes, children)| {
                let name = Text::from_static(name);
                let xmlns = Text::from_static("xmlns");
                attributes.extend(namespace.map(|value| Attribute { name: xmlns, value }));
                Node::Element(Element { name, attributes, children, ..Element::default() })
            });
        vec(prop_oneof![element, text().prop_map(Node::Text)], 0..4)
    });
    nodes
        .prop_map(|mut nodes| {
            tidy(&mut nodes);
            nodes
        })
        .boxed()
}

fn tidy(nodes: &mut Vec<Node>) {
    let mut tidied: Vec<Node> = Vec::new();
    for node in nodes.drain(..) {
        match node {
            Node::Text(text) if text.is_empty() || matches!(tidied.last(), Some(Node::Text(_))) => {}
            Node::Element(mut element) => {
                tidy(&mut element.children);
                tidied.push(Node::Element(element));
            }
            Node::Text(text) => tidied.push(Node::Text(text)),
        }
    }
    *nodes = tidied;
}

fn attributes() -> BoxedStrategy<Vec<Attribute>> {
    let names = ["type", "xml:lang", "\u{e9}-1"].map(Text::from_static);
    vec(of(text()), 0..=3)
        .prop_map(move |values| {
            let named = names.iter().cloned().zip(values);
            named.filter_map(|(name, value)| Some(Attribute { name, value: value? })).collect()
        })
        .boxed()
}

fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}
