//! Markup in `Data`, and elements that are kept as they are written.

use csp_model::xml::Step;

use super::read::Document;
use crate::codec::is_vocabulary;
use crate::codec::read::{Read, Source as _};
use crate::message::{Attribute, Data, Element, Node, Span, Text};

impl<'a> Document<'a> {
    #[cold]
    pub(super) fn markup(&mut self, before: Text) -> Read<Data> {
        let mut nodes = Vec::new();
        if !before.is_empty() {
            nodes.push(Node::Text(before));
        }
        nodes.push(Node::Element(self.element()?));
        self.nodes(&mut nodes, &mut Vec::new())?;
        Ok(Data::Markup(nodes))
    }

    /// The element that was opened last; `declared` are the prefixes that kept elements around it declare.
    pub(super) fn kept(&mut self, declared: &mut Vec<&'a str>) -> Read<Element> {
        self.count()?;
        let (start, name) = (self.xml.span().start, self.share(self.xml.name().into()));
        let outer = declared.len();
        let attributes = self.attributes(declared);
        let mut children = Vec::new();
        self.nodes(&mut children, declared)?;
        declared.truncate(outer);
        Ok(Element { name, attributes, children, span: Span::new(start..self.end()) })
    }

    /// What stands up to the end of the open element.
    fn nodes(&mut self, nodes: &mut Vec<Node>, declared: &mut Vec<&'a str>) -> Read<()> {
        loop {
            match self.step()? {
                Step::Start => nodes.push(Node::Element(self.kept(declared)?)),
                Step::Text => nodes.push(Node::Text(self.share_value())),
                Step::End | Step::Eof => return Ok(()),
            }
        }
    }

    /// The attributes of the last start tag, and declarations for what it takes from outside. `declared` are the
    /// prefixes that kept elements declare, the empty one for the default namespace.
    fn attributes(&self, declared: &mut Vec<&'a str>) -> Vec<Attribute> {
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
        let namespace = self.xml.namespace();
        // The vocabulary's own namespaces are interchangeable.
        if !self.xml.prefix().is_empty() || !is_vocabulary(namespace) {
            need(self.xml.prefix(), namespace);
        }
        for attribute in written.iter().filter(|it| !it.prefix().is_empty() && !it.is_declaration()) {
            need(attribute.prefix(), self.xml.attribute_namespace(attribute));
        }
        attributes
    }
}
