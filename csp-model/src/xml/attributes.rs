//! The attributes of a start tag.

use super::chars::{name_length, space_length};
use super::namespace::Scopes;
use super::reference::attribute_value;
use super::{Attribute, XmlError, XmlErrorKind};

/// The length of the qualified name at `at` (Namespaces in XML 1.0, production 7).
///
/// # Errors
/// When there is none, or it has a colon too many or in the wrong place.
pub(super) fn qualified_name(text: &str, at: usize, expected: &'static str) -> Result<usize, XmlError> {
    let rest = text.get(at..).unwrap_or_default();
    let first = name_length(rest);
    if first == 0 {
        return Err(XmlError::syntax(text, at, expected));
    }
    if rest.as_bytes().get(first) != Some(&b':') {
        return Ok(first);
    }
    let local = at + first + 1;
    match name_length(text.get(local..).unwrap_or_default()) {
        0 => Err(XmlError::syntax(text, local, "a name after the colon")),
        second => match text.as_bytes().get(local + second) {
            Some(b':') => Err(XmlError::syntax(text, local + second, "a name with one colon at most")),
            Some(_) | None => Ok(first + 1 + second),
        },
    }
}

/// Reads the attributes that stand from `at` to `end`, where the tag's `>` or `/>` is, into `attributes`, and
/// takes the namespaces that they declare into force for the element at `depth`.
pub(super) fn read<'a>(
    text: &'a str,
    mut at: usize,
    end: usize,
    depth: usize,
    attributes: &mut Vec<Attribute<'a>>,
    scopes: &mut Scopes<'a>,
) -> Result<(), XmlError> {
    let tag = text.get(..end).unwrap_or_default();
    let rest = |at: usize| tag.get(at..).unwrap_or_default();
    let mut prefixed = false;
    while at < end {
        let space = space_length(rest(at));
        if space == 0 {
            return Err(XmlError::syntax(text, at, "white space, `/>` or `>`"));
        }
        at += space;
        if at >= end {
            break;
        }
        let start = at;
        at += qualified_name(tag, at, "the name of an attribute, `/>` or `>`")
            .map_err(|error| beyond(text, end, error))?;
        let name = tag.get(start..at).unwrap_or_default();
        at += space_length(rest(at));
        if !rest(at).starts_with('=') {
            return Err(XmlError::syntax(text, at, "`=` after the name of an attribute"));
        }
        at += 1;
        at += space_length(rest(at));
        let quoted = rest(at).strip_prefix('"').map(|tail| (tail, '"'));
        let quoted = quoted.or_else(|| rest(at).strip_prefix('\'').map(|tail| (tail, '\'')));
        let Some((tail, quote)) = quoted else {
            return Err(XmlError::syntax(text, at, "an attribute value in quotation marks"));
        };
        at += 1;
        let Some(length) = tail.find(quote) else {
            let end = if quote == '"' { "\"" } else { "'" };
            let kind = XmlErrorKind::Unclosed { what: "an attribute value", end };
            return Err(XmlError::new(at - 1..at, kind));
        };
        let value = attribute_value(text, tail.get(..length).unwrap_or_default(), at)?;
        at += length + 1;
        let attribute = Attribute { name, value, span: start..at };
        if attributes.iter().any(|other| other.name == name) {
            return Err(duplicate(&attribute));
        }
        if attribute.is_declaration() {
            scopes.declare(&attribute, depth)?;
        } else {
            prefixed |= name.contains(':');
        }
        attributes.push(attribute);
    }
    if prefixed { check_expanded(attributes, scopes) } else { Ok(()) }
}

/// Prefixes must be declared, and no two attributes have the same name in the same namespace.
fn check_expanded(attributes: &[Attribute<'_>], scopes: &Scopes<'_>) -> Result<(), XmlError> {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for attribute in attributes.iter().filter(|attribute| !attribute.is_declaration()) {
        let prefix = attribute.prefix();
        if prefix.is_empty() {
            continue;
        }
        let Some(namespace) = scopes.of_prefix(prefix) else {
            let kind = XmlErrorKind::UndeclaredPrefix(prefix.to_owned());
            return Err(XmlError::new(attribute.span.start..attribute.span.start + prefix.len(), kind));
        };
        let expanded = (namespace, attribute.local());
        if seen.contains(&expanded) {
            return Err(duplicate(attribute));
        }
        seen.push(expanded);
    }
    Ok(())
}

fn duplicate(attribute: &Attribute<'_>) -> XmlError {
    XmlError::new(attribute.span.clone(), XmlErrorKind::DuplicateAttribute(attribute.name.to_owned()))
}

/// An error at the end of the tag, seen in the whole text.
fn beyond(text: &str, end: usize, error: XmlError) -> XmlError {
    match &*error.kind {
        XmlErrorKind::Syntax { expected, .. } if error.span.start >= end => {
            XmlError::syntax(text, end, expected)
        }
        _ => error,
    }
}
