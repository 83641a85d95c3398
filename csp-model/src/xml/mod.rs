//! A strict, forward-only reader of XML 1.0 (fifth edition) with Namespaces in XML 1.0.
//!
//! Messages and device descriptions come from strangers. [`Reader`] checks every rule of well-formedness, borrows
//! all it can from the text, and says where a text goes wrong.
//!
//! It finds the tags itself. A first version stood on quick-xml's events; since quick-xml takes much that is not
//! XML (unquoted and repeated attributes, undeclared prefixes, control characters, text after the root), each
//! event was read a second time, and half of the time went into the first.
//!
//! Deliberately absent: entities, DTDs beyond their name and identifiers, encodings (the text is already
//! decoded), writing, a tree.

mod attributes;
mod chars;
mod error;
mod event;
mod namespace;
mod prolog;
mod reader;
mod reference;
#[cfg(test)]
mod tests;

pub use chars::is_blank;
pub use error::{XmlError, XmlErrorKind, line_and_column};
pub use event::{Attribute, End, Event, Start, Step, TextEvent};
pub use reader::{Doctype, Reader};
