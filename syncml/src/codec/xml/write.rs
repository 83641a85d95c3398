//! A document as a sink of the message in it: no XML declaration, no white space.

use super::escape::{attribute, content};
use crate::codec::MSFT;
use crate::codec::tag::Tag;
use crate::codec::write::{self, Sink};
use crate::message::{Element, Message, Namespace, Node, Text};

/// Appends `message` to `out`.
///
/// Characters that XML cannot hold (controls, U+FFFE, U+FFFF) are written as U+FFFD. Names in unknown elements are
/// written as they are. A command that is `continued` is written into the element of the one before it, if that is
/// a request of the same verb and both have a CmdID; what it says about Meta, NoResp, Cred and Correlator is then
/// the element's, which the first one decides.
pub fn write(message: &Message, out: &mut Vec<u8>) {
    out.reserve(512 + message.body.commands.len() * 256);
    let root = (!message.bare_body).then_some(Tag::SYNC_ML);
    let mut document = Document { out, root: Some(message.namespace).filter(|_| root.is_none()) };
    if let Some(root) = root {
        document.open_declaring(root, Some(message.namespace), false);
    }
    write::content(message, &mut document);
    if let Some(root) = root {
        document.close(root);
    }
}

/// The text of markup: what an unescaped `Data` means where text is expected.
pub(crate) fn markup_text(markup: &[Node]) -> String {
    let mut out = Vec::new();
    nodes(markup, &mut out);
    // Only texts were written.
    String::from_utf8(out).unwrap_or_default()
}

struct Document<'a> {
    out: &'a mut Vec<u8>,
    /// The namespace that `SyncBody` declares as the root.
    root: Option<Namespace>,
}

impl Document<'_> {
    fn open_declaring(&mut self, tag: Tag, namespace: Option<Namespace>, msft: bool) {
        self.put("<");
        self.put(tag.spelling().name);
        let namespace = namespace.map(Namespace::uri).filter(|uri| !uri.is_empty());
        let declarations = [(" xmlns=\"", namespace), (" xmlns:msft=\"", msft.then_some(MSFT))];
        for (name, value) in declarations {
            if let Some(value) = value {
                self.put(name);
                self.put(value);
                self.put("\"");
            }
        }
        self.put(">");
    }

    #[inline]
    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

impl Sink for Document<'_> {
    #[inline]
    fn open(&mut self, tag: Tag) {
        self.put(start(tag));
    }

    fn open_body(&mut self, is_needed: bool) {
        self.open_declaring(Tag::SYNC_BODY, self.root, is_needed);
    }

    #[inline]
    fn close(&mut self, tag: Tag) {
        self.put(tag.spelling().end);
    }

    #[inline]
    fn text(&mut self, tag: Tag, text: Option<&Text>) {
        let Some(text) = text else { return };
        self.put(start(tag));
        content(text, self.out);
        self.put(tag.spelling().end);
    }

    #[inline]
    fn flag(&mut self, tag: Tag, is_set: bool) {
        if is_set && declares_meta(tag) {
            self.put(tag.spelling().empty_meta);
        } else if is_set {
            self.put(tag.spelling().empty);
        }
    }

    fn code(&mut self, code: Option<&Text>, original_error: &Text) {
        self.put("<Data msft:originalerror=\"");
        attribute(original_error, self.out);
        self.put("\">");
        content(code.map_or("", Text::as_str), self.out);
        self.put("</Data>");
    }

    fn markup(&mut self, markup: &[Node], _: Option<&str>) {
        self.open(Tag::DATA);
        nodes(markup, self.out);
        self.close(Tag::DATA);
    }

    fn element(&mut self, it: &Element) {
        element(it, self.out);
    }
}

#[inline]
const fn start(tag: Tag) -> &'static str {
    let spelling = tag.spelling();
    if declares_meta(tag) { spelling.meta } else { spelling.start }
}

/// Whether an element stands right in `Meta`, and so declares the namespace of meta-information.
#[inline]
const fn declares_meta(tag: Tag) -> bool {
    let nested = matches!(tag, Tag::LAST | Tag::NEXT | Tag::SHARED_MEM | Tag::FREE_MEM | Tag::FREE_ID);
    tag.page() == 1 && !nested
}

fn element(element: &Element, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(element.name.as_bytes());
    for it in &element.attributes {
        out.push(b' ');
        out.extend_from_slice(it.name.as_bytes());
        out.extend_from_slice(b"=\"");
        attribute(&it.value, out);
        out.push(b'"');
    }
    out.push(b'>');
    nodes(&element.children, out);
    out.extend_from_slice(b"</");
    out.extend_from_slice(element.name.as_bytes());
    out.push(b'>');
}

fn nodes(nodes: &[Node], out: &mut Vec<u8>) {
    for node in nodes {
        match node {
            Node::Element(it) => element(it, out),
            Node::Text(it) => content(it, out),
        }
    }
}
