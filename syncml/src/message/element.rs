//! Markup that the message model gives no meaning to: inside `Data`, and elements it does not know.

use super::{Span, Text};

/// An element with its attributes and content, as the peer wrote it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Element {
    /// The name with its prefix.
    pub name: Text,
    /// The attributes in document order, namespace declarations among them.
    pub attributes: Vec<Attribute>,
    /// The content; adjacent text is one node, and an empty text is none.
    pub children: Vec<Node>,
    /// Where the element stood.
    pub span: Span,
}

/// An attribute: a name with its prefix, and the value with its references resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name with its prefix.
    pub name: Text,
    /// The value.
    pub value: Text,
}

/// A piece of an element's content. Comments and processing instructions are not kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text, with references resolved and CDATA sections unwrapped.
    Text(Text),
}
