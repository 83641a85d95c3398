//! `Data`, and elements that are kept as they are written.

use csp_model::xml::{Event, Start};

use super::{Decoder, is_vocabulary};
use crate::codec::DecodeError;
use crate::message::{Attribute, Data, Element, Node, Text};

impl<'a> Decoder<'a> {
    /// The content of the `Data` that was just opened: text, or markup if an element is in it.
    #[inline]
    pub(super) fn data(&mut self) -> Result<Data, DecodeError> {
        let text = match self.next()? {
            Event::End(_) | Event::Eof => return Ok(Data::Text(Text::EMPTY)),
            Event::Start(start) => {
                let element = self.element(&start)?;
                return self.nodes(vec![Node::Element(element)], &mut Vec::new()).map(Data::Markup);
            }
            Event::Text(text) => self.share(text.value),
        };
        match self.next()? {
            Event::End(_) | Event::Text(_) | Event::Eof => Ok(Data::Text(text)),
            Event::Start(start) => {
                let element = self.element(&start)?;
                let nodes = vec![Node::Text(text), Node::Element(element)];
                self.nodes(nodes, &mut Vec::new()).map(Data::Markup)
            }
        }
    }

    /// The element that was just opened, as it is written. A prefix that is declared further out is declared on
    /// it, so that it means the same wherever it is written.
    #[cold]
    pub(super) fn element(&mut self, start: &Start<'a>) -> Result<Element, DecodeError> {
        self.kept(start, &mut Vec::new())
    }

    fn kept(&mut self, start: &Start<'a>, declared: &mut Vec<&'a str>) -> Result<Element, DecodeError> {
        let outer = declared.len();
        let attributes = self.attributes(start, declared);
        let children = self.nodes(Vec::new(), declared)?;
        declared.truncate(outer);
        let name = self.share(start.name.into());
        Ok(Element { name, attributes, children, span: self.span(start) })
    }

    /// What stands up to the end of the open element, after `nodes`.
    fn nodes(&mut self, mut nodes: Vec<Node>, declared: &mut Vec<&'a str>) -> Result<Vec<Node>, DecodeError> {
        loop {
            match self.next()? {
                Event::Start(start) => nodes.push(Node::Element(self.kept(&start, declared)?)),
                Event::Text(text) => nodes.push(Node::Text(self.share(text.value))),
                Event::End(_) | Event::Eof => return Ok(nodes),
            }
        }
    }

    /// The attributes of the start tag, and declarations for what it takes from outside. `declared` are the
    /// prefixes that kept elements declare, the empty one for the default namespace.
    fn attributes(&self, start: &Start<'a>, declared: &mut Vec<&'a str>) -> Vec<Attribute> {
        let written = self.xml.attributes();
        let declarations = written.iter().filter(|attribute| attribute.is_declaration());
        declared.extend(declarations.map(|it| if it.name == "xmlns" { "" } else { it.local() }));
        let mut attributes: Vec<_> = written
            .iter()
            .map(|it| Attribute { name: self.share(it.name.into()), value: self.share(it.value.clone()) })
            .collect();
        let mut need = |prefix: &'a str, namespace: &str| {
            if declared.contains(&prefix) || prefix == "xml" {
                return;
            }
            declared.push(prefix);
            let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            attributes.push(Attribute { name: name.into(), value: namespace.into() });
        };
        let namespace = self.xml.namespace(start);
        // The vocabulary's own namespaces are interchangeable.
        if !start.prefix().is_empty() || !is_vocabulary(namespace) {
            need(start.prefix(), namespace);
        }
        for attribute in written.iter().filter(|it| !it.prefix().is_empty() && !it.is_declaration()) {
            need(attribute.prefix(), self.xml.attribute_namespace(attribute));
        }
        attributes
    }
}
