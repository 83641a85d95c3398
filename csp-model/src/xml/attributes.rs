//! The attributes of a start tag.

use memchr::memchr;

use super::chars::{name_length, space_length};
use super::namespace::Scopes;
use super::reference::attribute_value;
use super::{Attribute, XmlError, XmlErrorKind};

/// The lengths of the qualified name at `at` and of its prefix (Namespaces in XML 1.0, production 7).
///
/// # Errors
/// When there is none, or it has a colon too many or in the wrong place.
#[inline]
pub(super) fn qualified_name(
    text: &str,
    at: usize,
    expected: &'static str,
) -> Result<(usize, usize), XmlError> {
    let first = name_length(text, at);
    if first == 0 {
        return Err(XmlError::syntax(text, at, expected));
    }
    if text.as_bytes().get(at + first) != Some(&b':') {
        return Ok((first, 0));
    }
    let local = at + first + 1;
    match name_length(text, local) {
        0 => Err(XmlError::syntax(text, local, "a name after the colon")),
        second => match text.as_bytes().get(local + second) {
            Some(b':') => Err(XmlError::syntax(text, local + second, "a name with one colon at most")),
            Some(_) | None => Ok((first + 1 + second, first)),
        },
    }
}

/// How many attributes an element may have: each is looked for among the others.
pub const MOST_ATTRIBUTES: usize = 256;

/// Reads the attributes that stand from `at`, right after the element's name, up to the tag's `>` or `/>`, whose
/// offset is returned. The namespaces that they declare come into force for the element at `depth`.
pub(super) fn read<'a>(
    text: &'a str,
    mut at: usize,
    depth: usize,
    attributes: &mut Vec<Attribute<'a>>,
    scopes: &mut Scopes<'a>,
) -> Result<usize, XmlError> {
    let rest = |at: usize| text.get(at..).unwrap_or_default();
    let mut prefixed = false;
    loop {
        let space = space_length(rest(at));
        at += space;
        if rest(at).starts_with('>') || rest(at).starts_with("/>") {
            break;
        }
        if space == 0 {
            return Err(XmlError::syntax(text, at, "white space, `/>` or `>`"));
        }
        let start = at;
        let (length, prefix) = qualified_name(text, at, "the name of an attribute, `/>` or `>`")?;
        let name = text.get(at..at + length).unwrap_or_default();
        at += length;
        at += space_length(rest(at));
        if !rest(at).starts_with('=') {
            return Err(XmlError::syntax(text, at, "`=` after the name of an attribute"));
        }
        at += 1;
        at += space_length(rest(at));
        let (value, end) = quoted(text, at)?;
        let attribute = Attribute { name, value: attribute_value(text, value, at + 1)?, span: start..end };
        at = end;
        if attributes.len() == MOST_ATTRIBUTES {
            return Err(XmlError::new(start..end, XmlErrorKind::Attributes(MOST_ATTRIBUTES)));
        }
        if attributes.iter().any(|other| other.name == name) {
            return Err(duplicate(&attribute));
        }
        if attribute.is_declaration() {
            scopes.declare(&attribute, depth)?;
        } else {
            prefixed |= prefix > 0;
        }
        attributes.push(attribute);
    }
    if prefixed {
        check_expanded(attributes, scopes)?;
    }
    Ok(at)
}

/// The text between the quotation marks at `at`, and where they end.
fn quoted(text: &str, at: usize) -> Result<(&str, usize), XmlError> {
    let (quote, end) = match text.as_bytes().get(at) {
        Some(b'"') => (b'"', "\""),
        Some(b'\'') => (b'\'', "'"),
        Some(_) | None => return Err(XmlError::syntax(text, at, "an attribute value in quotation marks")),
    };
    let inner = text.get(at + 1..).unwrap_or_default();
    let Some(length) = memchr(quote, inner.as_bytes()) else {
        return Err(XmlError::new(at..at + 1, XmlErrorKind::Unclosed { what: "an attribute value", end }));
    };
    Ok((inner.get(..length).unwrap_or_default(), at + length + 2))
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
