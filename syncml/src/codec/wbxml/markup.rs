//! `Data` that is no single string, and elements that are kept as they are written.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::attributes::{declares, split};
use super::lexer::Token;
use super::read::{Document, Name};
use crate::codec::read::{Read, Source as _};
use crate::message::{Attribute, Data, Element, Node, Span, Text};

impl<'a> Document<'a> {
    /// `Data` that goes on with `token` after `text`.
    #[cold]
    pub(super) fn any_data(&mut self, mut text: Cow<'a, str>, token: Token) -> Read<Data> {
        let mut nodes = Vec::new();
        let default = self.default_namespace();
        if self.node(token, &mut text, &mut nodes, &default, &mut Vec::new())? {
            self.nodes(&mut text, &mut nodes, &default, &mut Vec::new())?;
        }
        Ok(if nodes.is_empty() {
            Data::Text(self.share(text))
        } else {
            self.flush(&mut text, &mut nodes);
            Data::Markup(nodes)
        })
    }

    /// The namespace that names without a prefix are taken to be in where no kept element says otherwise.
    pub(super) fn default_namespace(&self) -> Text {
        Text::from_static(self.vocabulary.namespace(0).unwrap_or_default())
    }

    /// The element that was opened last. `outer` is the default namespace around it, and `declared` are the prefixes that
    /// kept elements around it declare.
    pub(super) fn kept(&mut self, outer: &Text, declared: &mut Vec<Text>) -> Read<Element> {
        self.count()?;
        let span = self.start..self.lexer.at;
        let mut attributes = std::mem::take(&mut self.attributes);
        let own = attributes.iter().find(|attribute| attribute.name == "xmlns");
        let mut inner = own.map_or_else(|| outer.clone(), |own| own.value.clone());
        let many = declared.len();
        declared.extend(attributes.iter().filter_map(|it| declares(&it.name)).map(Text::from));
        let name = match &self.name {
            Name::Literal(name) => name.clone(),
            Name::Token(page, token) => {
                let namespace = self.vocabulary.namespace(*page).filter(|it| own.is_none() && inner != **it);
                if let Some(namespace) = namespace {
                    inner = Text::from_static(namespace);
                    attributes.push(Attribute { name: Text::from_static("xmlns"), value: inner.clone() });
                }
                match self.name_of_token(*page, *token) {
                    Cow::Borrowed(name) => Text::from_static(name),
                    Cow::Owned(name) => name.into(),
                }
            }
        };
        let prefixes = attributes.iter().filter(|it| declares(&it.name).is_none()).map(|it| &it.name);
        let prefixes: Vec<_> =
            [&name].into_iter().chain(prefixes).map(|name| Text::from(split(name).0)).collect();
        for prefix in prefixes {
            if !prefix.is_empty() && prefix != "xml" && !declared.contains(&prefix) {
                let namespace = self.namespace_of(&prefix, &span)?.into();
                attributes.push(Attribute { name: format!("xmlns:{prefix}").into(), value: namespace });
                declared.push(prefix);
            }
        }
        let mut children = Vec::new();
        let mut text = Cow::Borrowed("");
        self.nodes(&mut text, &mut children, &inner, declared)?;
        self.flush(&mut text, &mut children);
        declared.truncate(many);
        Ok(Element { name, attributes, children, span: Span::new(span.start..self.end()) })
    }

    /// What stands up to the end of the open element. A last text stays in `text`.
    fn nodes(
        &mut self,
        text: &mut Cow<'a, str>,
        nodes: &mut Vec<Node>,
        default: &Text,
        declared: &mut Vec<Text>,
    ) -> Read<()> {
        loop {
            let token = if self.is_empty { Token::End } else { self.token()? };
            if !self.node(token, text, nodes, default, declared)? {
                return Ok(());
            }
        }
    }

    /// Takes one token of the content of the open element; `false` at its end.
    fn node(
        &mut self,
        token: Token,
        text: &mut Cow<'a, str>,
        nodes: &mut Vec<Node>,
        default: &Text,
        declared: &mut Vec<Text>,
    ) -> Read<bool> {
        let (name, flags) = match token {
            Token::End => {
                self.close();
                return Ok(false);
            }
            Token::Known(token, flags) => (Name::Token(self.page, token), flags),
            Token::Literal(offset, flags) => {
                (Name::Literal(self.literal(offset, &(self.start..self.lexer.at))?), flags)
            }
            Token::Opaque(range) if self.is_nested(&range) => {
                self.flush(text, nodes);
                nodes.push(Node::Element(self.nested(range, default)?));
                return Ok(true);
            }
            other => {
                self.append_rare(text, other)?;
                return Ok(true);
            }
        };
        self.flush(text, nodes);
        self.open(name, flags)?;
        nodes.push(Node::Element(self.kept(default, declared)?));
        Ok(true)
    }

    fn flush(&self, text: &mut Cow<'a, str>, nodes: &mut Vec<Node>) {
        if !text.is_empty() {
            nodes.push(Node::Text(self.share(std::mem::take(text))));
        }
    }

    /// Bytes as text: what they say, or how XML spells them.
    pub(super) fn opaque(&self, range: Range<usize>) -> Cow<'a, str> {
        let text = self.charset.text(self.lexer.bytes, range.clone(), self.text, self.sound);
        text.unwrap_or_else(|| {
            let bytes = self.lexer.bytes.get(range).unwrap_or_default();
            Cow::Owned(STANDARD.encode(bytes))
        })
    }
}
