//! An XML document as a small tree of elements, to read device descriptions from.
//!
//! Deliberately absent: the order of text and elements within an element, comments, instructions.

use std::borrow::Cow;

use crate::xml::{Doctype, Event, Reader, XmlError};

/// An element. A tree of these is no deeper than the reader allows.
#[derive(Debug)]
pub(super) struct Element<'a> {
    /// The name without its prefix.
    pub(super) name: &'a str,
    /// Whether the name is in Microsoft's namespace.
    pub(super) msft: bool,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// All text directly in it.
    pub(super) text: Cow<'a, str>,
    pub(super) children: Vec<Self>,
    /// Where its start tag begins.
    pub(super) offset: usize,
}

/// `http://schemas.microsoft.com/MobileDevice/DM`, usually bound to the prefix `MSFT`.
pub(super) const MSFT: &str = "http://schemas.microsoft.com/MobileDevice/DM";

impl<'a> Element<'a> {
    /// The root of the document `text`, whose elements nest at most `depth` deep.
    pub(super) fn parse(text: &'a str, depth: usize) -> Result<Self, XmlError> {
        let mut reader = Reader::new(text, Doctype::SubsetOfInstructions, depth);
        // The last one is the innermost open element; the first stands for the document.
        let mut open = vec![Self::document()];
        loop {
            match reader.next()? {
                Event::Start(start) => {
                    let attributes = reader.attributes().iter();
                    open.push(Self {
                        name: start.local(),
                        msft: reader.namespace() == MSFT,
                        attributes: attributes
                            .filter(|attribute| !attribute.is_declaration())
                            .map(|attribute| (attribute.local(), attribute.value.clone()))
                            .collect(),
                        text: Cow::Borrowed(""),
                        children: Vec::new(),
                        offset: start.span.start,
                    });
                }
                Event::Text(text) => {
                    if let Some(parent) = open.last_mut() {
                        parent.add_text(text.value);
                    }
                }
                Event::End(_) => {
                    if let Some(element) = open.pop()
                        && let Some(parent) = open.last_mut()
                    {
                        parent.children.push(element);
                    }
                }
                Event::Eof => break,
            }
        }
        // The reader only ends after exactly one root.
        Ok(open.pop().and_then(|mut document| document.children.pop()).unwrap_or_else(Self::document))
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| *own == name).map(|(_, value)| &**value)
    }

    /// The text without the blanks around it, which are the file's layout.
    pub(super) fn trimmed(&self) -> &str {
        self.text.trim()
    }

    /// The name as it is usually written, for messages.
    pub(super) fn tag(&self) -> String {
        format!("`<{}{}>`", if self.msft { "MSFT:" } else { "" }, self.name)
    }

    fn document() -> Self {
        Self {
            name: "",
            msft: false,
            attributes: Vec::new(),
            text: Cow::Borrowed(""),
            children: Vec::new(),
            offset: 0,
        }
    }

    fn add_text(&mut self, text: Cow<'a, str>) {
        if self.text.is_empty() {
            self.text = text;
        } else {
            self.text.to_mut().push_str(&text);
        }
    }
}
