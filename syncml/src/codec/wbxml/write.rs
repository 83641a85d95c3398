//! A document as a sink of the message in it: strings stand where they are used, and the string table holds names alone.
//!
//! Deliberately absent: the repeated strings that a table could hold once. It would save a few bytes, and cost the reader
//! of a dump the text.

use std::collections::BTreeMap;

use csp_model::xml::is_char;

use super::charset::is_plain;
use super::tokens::{ATTRIBUTES, CONTENT, END, LITERAL, OPAQUE, STR_I, SWITCH_PAGE, Vocabulary, named};
use crate::codec::MSFT;
use crate::codec::tag::Tag;
use crate::codec::write::{self, Sink};
use crate::message::{Element, Message, Namespace, Node, Text};

/// WBXML 1.2: each decoder of SyncML takes it, and 1.3 differs in nothing that is used here.
const VERSION: u8 = 0x02;
/// UTF-8 (IANA Character Sets, `MIBenum`).
const CHARSET: u8 = 106;

/// The media type of device information in WBXML (OMA SyncML Device Information 1.2).
const DEVINF: &str = "application/vnd.syncml-devinf+wbxml";

/// Appends `message` to `out`.
///
/// The public identifier is a number, and that of the message's namespace: `0x1201` for SyncML 1.2, `0x0FD3` for 1.1, and
/// 1, "unknown", for none. Text is in inline strings of UTF-8, markup in `Data` and unknown elements are what their names
/// are: tokens where a code page has them, else literals; device
/// information is nested as libwbxml does where the Type of its Item says WBXML. Attributes are
/// literals, `msft:originalerror` with its declaration on `SyncBody` among them. For characters that XML cannot hold, and for
/// continued commands, the rules of [`xml::write`](crate::codec::xml::write) hold.
pub fn write(message: &Message, out: &mut Vec<u8>) {
    out.reserve(256 + message.body.commands.len() * 128);
    let mut document = Document::new(Vocabulary::SyncMl(message.namespace), out);
    let root = (!message.bare_body).then_some(Tag::SYNC_ML);
    root.inspect(|root| document.open(*root));
    write::content(message, &mut document);
    root.inspect(|root| document.close(*root));
    document.finish();
}

struct Document<'a> {
    out: &'a mut Vec<u8>,
    vocabulary: Vocabulary,
    /// Where the length of the string table stands, 0 so far.
    table_at: usize,
    /// The string table, and the offsets in it.
    table: Vec<u8>,
    names: BTreeMap<Box<str>, u32>,
    page: u8,
    /// Where the last byte of the last start tag ends, if nothing came after it.
    opened: usize,
}

impl<'a> Document<'a> {
    fn new(vocabulary: Vocabulary, out: &'a mut Vec<u8>) -> Self {
        out.push(VERSION);
        number(vocabulary.number(), out);
        out.push(CHARSET);
        let table_at = out.len();
        out.push(0);
        let (table, names) = (Vec::new(), BTreeMap::new());
        Self { out, vocabulary, table_at, table, names, page: 0, opened: 0 }
    }

    /// Puts the string table into its place.
    fn finish(self) {
        if !self.table.is_empty() {
            let mut length = Vec::new();
            number(u32::try_from(self.table.len()).unwrap_or(u32::MAX), &mut length);
            self.out.splice(self.table_at..=self.table_at, length.into_iter().chain(self.table));
        }
    }

    #[inline]
    fn page(&mut self, page: u8) {
        if page != self.page {
            self.out.extend_from_slice(&[SWITCH_PAGE, page]);
            self.page = page;
        }
    }

    /// A start tag of a code page, with content so far.
    #[inline]
    fn tag(&mut self, page: u8, token: u8, attributes: u8) {
        self.page(page);
        self.out.push(token | CONTENT | attributes);
        self.opened = self.out.len();
    }

    #[inline]
    fn end(&mut self) {
        if self.opened == self.out.len()
            && let Some(tag) = self.out.last_mut()
        {
            *tag &= !CONTENT;
        } else {
            self.out.push(END);
        }
        self.opened = 0;
    }

    #[inline]
    fn string(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.out.push(STR_I);
        if is_plain(text) {
            self.out.extend_from_slice(text.as_bytes())
        } else {
            self.replaced(text)
        }
        self.out.push(0);
    }

    #[cold]
    fn replaced(&mut self, text: &str) {
        let mut bytes = [0; 4];
        for character in text.chars() {
            let character = if is_char(character) { character } else { char::REPLACEMENT_CHARACTER };
            self.out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
        }
    }

    /// The offset of a name in the string table.
    fn name(&mut self, name: &str) {
        let offset = match self.names.get(name) {
            Some(offset) => *offset,
            None => {
                let offset = u32::try_from(self.table.len()).unwrap_or(u32::MAX);
                self.table.extend_from_slice(name.as_bytes());
                self.table.push(0);
                self.names.insert(name.into(), offset);
                offset
            }
        };
        number(offset, self.out);
    }

    fn attributes<'b>(&mut self, attributes: impl Iterator<Item = (&'b str, &'b str)>) {
        for (name, value) in attributes {
            self.out.push(LITERAL);
            self.name(name);
            self.string(value);
        }
        self.out.push(END);
    }

    /// An element where names without a prefix are in the namespace `outer`.
    fn kept(&mut self, element: &Element, outer: &str) {
        let mut attributes = element.attributes.as_slice();
        let own = attributes.iter().find(|attribute| attribute.name == "xmlns");
        let mut inner = own.map_or(outer, |own| &*own.value);
        let token = self.vocabulary.token(&element.name).filter(|(page, _)| {
            let namespace = self.vocabulary.namespace(*page).unwrap_or_default();
            match (own, attributes.split_last()) {
                (None, _) => namespace == outer,
                // What it declares is what the token says, and the reader puts the declaration there again.
                (Some(own), Some((last, others)))
                    if std::ptr::eq(own, last) && own.value == namespace && namespace != outer =>
                {
                    attributes = others;
                    inner = namespace;
                    true
                }
                (Some(_), _) => false,
            }
        });
        let flag = if attributes.is_empty() { 0 } else { ATTRIBUTES };
        // A name that a reader gives to a token without one: here that token may have one.
        let nameless = |(page, token): &(u8, u8)| {
            (5..0x40).contains(token) && self.vocabulary.name(*page, *token).is_none()
        };
        match token.or_else(|| named(&element.name).filter(nameless)) {
            Some((page, token)) => self.tag(page, token, flag),
            None => {
                self.out.push(LITERAL | CONTENT | flag);
                self.name(&element.name);
            }
        }
        if !attributes.is_empty() {
            self.attributes(attributes.iter().map(|it| (&*it.name, &*it.value)));
        }
        self.nodes(&element.children, inner);
        self.out.push(END);
    }

    fn nodes(&mut self, nodes: &[Node], outer: &str) {
        for node in nodes {
            match node {
                Node::Element(element) => self.kept(element, outer),
                Node::Text(text) => self.string(text),
            }
        }
    }

    /// The document that device information is nested as, if tokens say all of it.
    fn devinf(&self, element: &Element, outer: &str) -> Option<Vec<u8>> {
        let vocabulary = match self.vocabulary {
            Vocabulary::SyncMl(Namespace::SyncMl11) => Vocabulary::DevInf11,
            Vocabulary::SyncMl(Namespace::None | Namespace::SyncMl12) => Vocabulary::DevInf12,
            Vocabulary::DevInf11 | Vocabulary::DevInf12 => return None,
        };
        let [declaration] = element.attributes.as_slice() else { return None };
        let is_declared = declaration.name == "xmlns" && declaration.value == Vocabulary::DEVINF;
        let says_all = element.name == "DevInf"
            && is_declared
            && element.children.iter().all(|it| is_known(it, vocabulary));
        if !says_all || outer == Vocabulary::DEVINF {
            return None;
        }
        let mut nested = Vec::new();
        let mut document = Document::new(vocabulary, &mut nested);
        document.kept(element, outer);
        document.finish();
        Some(nested)
    }
}

/// Whether there are tokens for a node and all in it.
fn is_known(node: &Node, vocabulary: Vocabulary) -> bool {
    match node {
        Node::Text(_) => true,
        Node::Element(element) => {
            vocabulary.token(&element.name).is_some()
                && element.attributes.is_empty()
                && element.children.iter().all(|node| is_known(node, vocabulary))
        }
    }
}

impl Sink for Document<'_> {
    #[inline]
    fn open(&mut self, tag: Tag) {
        self.tag(tag.page(), tag.token(), 0);
    }

    fn open_body(&mut self, is_needed: bool) {
        if is_needed {
            self.tag(0, Tag::SYNC_BODY.token(), ATTRIBUTES);
            self.attributes([("xmlns:msft", MSFT)].into_iter());
        } else {
            self.open(Tag::SYNC_BODY);
        }
    }

    #[inline]
    fn close(&mut self, _: Tag) {
        self.end();
    }

    #[inline]
    fn text(&mut self, tag: Tag, text: Option<&Text>) {
        let Some(text) = text else { return };
        self.page(tag.page());
        // As few pieces as can be: this is the greater part of all writing.
        if text.is_empty() {
            self.out.push(tag.token());
        } else if is_plain(text) {
            self.out.extend_from_slice(&[tag.token() | CONTENT, STR_I]);
            self.out.extend_from_slice(text.as_bytes());
            self.out.extend_from_slice(&[0, END]);
        } else {
            self.out.push(tag.token() | CONTENT);
            self.string(text);
            self.out.push(END);
        }
    }

    #[inline]
    fn flag(&mut self, tag: Tag, is_set: bool) {
        if is_set {
            self.page(tag.page());
            self.out.push(tag.token());
        }
    }

    fn code(&mut self, code: Option<&Text>, original_error: &Text) {
        self.tag(0, Tag::DATA.token(), ATTRIBUTES);
        self.attributes([("msft:originalerror", &**original_error)].into_iter());
        self.string(code.map_or("", Text::as_str));
        self.end();
    }

    fn markup(&mut self, markup: &[Node], media_type: Option<&str>) {
        self.open(Tag::DATA);
        let outer = self.vocabulary.namespace(0).unwrap_or_default();
        let nested = match markup {
            [Node::Element(element)] if media_type == Some(DEVINF) => self.devinf(element, outer),
            _ => None,
        };
        if let Some(nested) = nested {
            self.out.push(OPAQUE);
            number(u32::try_from(nested.len()).unwrap_or(u32::MAX), self.out);
            self.out.extend_from_slice(&nested);
        } else {
            self.nodes(markup, outer);
        }
        self.end();
    }

    fn element(&mut self, element: &Element) {
        self.kept(element, self.vocabulary.namespace(0).unwrap_or_default());
    }
}

/// A multi-byte integer: seven bits a byte, the highest first.
fn number(number: u32, out: &mut Vec<u8>) {
    let bytes = (1..5).rev().map(|place| number >> (7 * place));
    let bytes = bytes.skip_while(|rest| *rest == 0).map(|rest| (rest & 0x7f) as u8 | 0x80);
    out.extend(bytes);
    out.push((number & 0x7f) as u8);
}
