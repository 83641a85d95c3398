//! Which namespace a prefix means (Namespaces in XML 1.0).

use std::borrow::Cow;

use super::{Attribute, XmlError, XmlErrorKind};

/// The namespace of the prefix `xml`.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The declarations in force, innermost last. The default namespace has the empty prefix.
#[derive(Debug, Clone, Default)]
pub(super) struct Scopes<'a> {
    bindings: Vec<Binding<'a>>,
    /// The index of the default namespace's binding, plus one; 0 when there is none.
    default: usize,
}

#[derive(Debug, Clone)]
struct Binding<'a> {
    prefix: &'a str,
    name: Cow<'a, str>,
    depth: usize,
    outer_default: usize,
}

impl<'a> Scopes<'a> {
    /// Takes a declaration into force, for the element at `depth`.
    pub(super) fn declare(&mut self, attribute: &Attribute<'a>, depth: usize) -> Result<(), XmlError> {
        let prefix = if attribute.name == "xmlns" { "" } else { attribute.local() };
        let name = &attribute.value;
        let expected = forbidden(prefix, name);
        if let Some(expected) = expected {
            let found = format!("{}=\"{name}\"", attribute.name);
            return Err(XmlError::new(attribute.span.clone(), XmlErrorKind::Namespace { found, expected }));
        }
        self.bindings.push(Binding { prefix, name: name.clone(), depth, outer_default: self.default });
        if prefix.is_empty() {
            self.default = self.bindings.len();
        }
        Ok(())
    }

    /// Forgets what the element at `depth` declared.
    #[inline]
    pub(super) fn leave(&mut self, depth: usize) {
        while let Some(last) = self.bindings.last()
            && last.depth == depth
        {
            self.default = last.outer_default;
            self.bindings.pop();
        }
    }

    /// The default namespace; empty when there is none.
    #[inline]
    pub(super) fn of_no_prefix(&self) -> &str {
        self.default.checked_sub(1).and_then(|at| self.bindings.get(at)).map_or("", |binding| &*binding.name)
    }

    /// The namespace of a prefix; `None` when it is not declared.
    pub(super) fn of_prefix(&self, prefix: &str) -> Option<&str> {
        match prefix {
            "xml" => Some(XML),
            "xmlns" => None,
            _ => self
                .bindings
                .iter()
                .rev()
                .find(|binding| binding.prefix == prefix)
                .map(|binding| &*binding.name),
        }
    }
}

/// What a declaration of `prefix`, empty for the default namespace, must be instead of one for the namespace `name`; `None`
/// when it is as it may be (Namespaces in XML 1.0, section 3).
#[must_use]
pub fn forbidden(prefix: &str, name: &str) -> Option<&'static str> {
    match prefix {
        "xml" if name != XML => Some("`xml` bound to no other namespace than its own"),
        "xmlns" => Some("`xmlns` left undeclared"),
        "xml" => None,
        _ if name == XML => Some("no other prefix than `xml` for that namespace"),
        _ if name == XMLNS => Some("that namespace left undeclared"),
        "" => None,
        _ if name.is_empty() => Some("a prefix bound to a namespace"),
        _ => None,
    }
}
