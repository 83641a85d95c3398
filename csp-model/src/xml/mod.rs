//! A strict, forward-only reader of XML 1.0 (fifth edition) with Namespaces in XML 1.0.
//!
//! Messages and device descriptions come from strangers. [`Reader`] checks every rule of well-formedness, borrows
//! all it can from the text, and says where a text goes wrong.
//!
//! It works over the events of quick-xml, which finds where tags, text, references, comments, instructions and the
//! DOCTYPE start and end. Checked here, since quick-xml leaves it unchecked, or would check it at another time:
//!
//! - characters that XML does not have, and `]]>` in text;
//! - names, prefixes that are not declared, declarations of namespaces that are reserved;
//! - attributes: quotation marks, white space between them, `<` in values, each only once;
//! - that end tags match and hold a name alone, and that everything is closed at the end;
//! - one root element, and nothing else than white space, comments and instructions around it;
//! - references: the entities of XML, and characters that XML has;
//! - `--` in comments, the names of instructions, the grammar and the place of XML declaration and DOCTYPE.
//!
//! Not checked, since Namespaces in XML 1.0 does not ask it of a reader: that a namespace's name is a URI.
//!
//! Deliberately absent: entities, DTDs beyond their name and identifiers, encodings (the text is already
//! decoded), writing, a tree.

mod attributes;
mod chars;
mod content;
mod error;
mod event;
mod namespace;
mod outside;
mod prolog;
mod reader;
mod reference;
#[cfg(test)]
mod tests;

pub use attributes::MOST_ATTRIBUTES;
pub use chars::{is_blank, is_char, is_qualified_name};
pub use error::{XmlError, XmlErrorKind, line_and_column};
pub use event::{Attribute, End, Event, Start, Step, TextEvent};
pub use namespace::{XML as XML_NAMESPACE, forbidden as forbidden_declaration};
pub use reader::{Doctype, Reader};
