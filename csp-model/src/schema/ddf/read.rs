//! Reads device descriptions.
//!
//! Strict where a misunderstanding would show in the tree: a name that is missing, double or not a name, an unknown
//! format, access type, occurrence or scope, a node below a leaf. Everything else that published files vary in is a
//! [`Warning`](super::super::Warning).

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::{DdfError, Description, extension};
use crate::schema::element::Element;
use crate::schema::{CaseSense, Kind, Msft, Node, Occurrence, Properties, Scope};
use crate::{Access, Format, Value};

/// Reads a device description. A byte order mark before it, and a DOCTYPE that declares nothing, are accepted.
///
/// What is left out means: `AccessType` Get, `DFFormat` node with nodes below and chr without, `DFType` an empty
/// one (each with a warning), `Occurrence` one, `Scope` dynamic, `CaseSense` by case (OMA DM DDF 1.2 section 5).
/// Blanks around a text are layout and do not count.
///
/// # Errors
/// The first place at which the text is not XML, or not a description that can be used.
pub fn read(text: &str) -> Result<Description, DdfError> {
    let mut context = Context::new(text);
    let tree = Element::parse(text, DEEPEST + PROPERTY_DEPTH)
        .map_err(|error| context.error_at(error.offset(), error.to_string(), None))?;
    if tree.msft || tree.name != "MgmtTree" {
        return Err(context.error(&tree, format!("found {}", tree.tag()), "`<MgmtTree>`"));
    }
    let mut description = Description {
        roots: Vec::new(),
        warnings: Vec::new(),
        manufacturer: None,
        model: None,
        diagnostics: None,
    };
    let mut version = None;
    let mut nodes = Vec::new();
    for child in &tree.children {
        match (child.msft, child.name) {
            (false, "VerDTD") => version = Some(child),
            (false, "Man") => description.manufacturer = text_of(child),
            (false, "Mod") => description.model = text_of(child),
            (true, "Diagnostics") => description.diagnostics = text_of(child),
            (false, "Node") => nodes.push(child),
            _ => context.unknown(child),
        }
    }
    match version {
        Some(version) if version.trimmed() == "1.2" => {}
        Some(version) => {
            context.warn(version, format!("VerDTD is `{}` and is read as 1.2", version.trimmed()))
        }
        None => context.warn(&tree, "VerDTD is missing and is taken to be 1.2"),
    }
    if nodes.is_empty() {
        return Err(context.error(&tree, "found a description without nodes", "`<Node>`"));
    }
    description.roots = context.siblings(&nodes, CaseSense::Sensitive)?;
    description.warnings = context.into_warnings();
    Ok(description)
}

/// How deep nodes may nest; no published description comes near.
const DEEPEST: usize = 64;

/// How deep the elements within a node nest, with room to name the node that does.
const PROPERTY_DEPTH: usize = 16;

/// An empty text says nothing.
pub(super) fn text_of(element: &Element<'_>) -> Option<Box<str>> {
    Some(element.trimmed()).filter(|text| !text.is_empty()).map(Into::into)
}

impl Context<'_> {
    /// The nodes of one parent.
    fn siblings(&mut self, elements: &[&Element<'_>], case: CaseSense) -> Result<Vec<Node>, DdfError> {
        let mut nodes = Vec::with_capacity(elements.len());
        let mut names = BTreeMap::new();
        for element in elements {
            let node = self.node(element)?;
            let name = node.name.as_deref().unwrap_or_default();
            let name = match case {
                CaseSense::Sensitive => name.to_owned(),
                CaseSense::Insensitive => name.to_ascii_lowercase(),
            };
            if let Some(first) = names.insert((node.path.clone(), name), *element) {
                let what = match &node.name {
                    Some(name) => {
                        format!("found a second node `{name}`; the first is in line {}", self.line(first))
                    }
                    None => format!(
                        "found a second node without a name; the first is in line {}",
                        self.line(first)
                    ),
                };
                return Err(self.error(element, what, "nodes beside each other to differ in name"));
            }
            nodes.push(node);
        }
        Ok(nodes)
    }

    fn node(&mut self, element: &Element<'_>) -> Result<Node, DdfError> {
        let is_root = self.depth() == 0;
        let (mut name, mut path, mut properties) = (None, None, None);
        let mut below = Vec::new();
        for child in &element.children {
            let known = match (child.msft, child.name) {
                (false, "NodeName") => name.replace(child),
                (false, "Path") => path.replace(child),
                (false, "DFProperties") => properties.replace(child),
                (false, "Node") => {
                    below.push(child);
                    None
                }
                (false, "RTProperties" | "Value") => None,
                _ => {
                    self.unknown(child);
                    None
                }
            };
            if known.is_some() {
                return Err(self.error(child, format!("found a second {}", child.tag()), "one"));
            }
        }
        let Some(name_element) = name else {
            return Err(self.error(
                element,
                "found a node without `<NodeName>`",
                "one, empty if the node is named later",
            ));
        };
        let name = text_of(name_element);
        let path = path.and_then(|path| {
            if !is_root {
                self.warn(path, "`<Path>` is only for the nodes at the top and is passed over");
            }
            text_of(path).filter(|_| is_root)
        });
        match &name {
            None if is_root => {
                return Err(self.error(name_element, "found a node at the top without a name", "a name"));
            }
            Some(name) if name.contains('/') => {
                return Err(self.error(
                    name_element,
                    format!("found the name `{name}`"),
                    "a name without `/`",
                ));
            }
            Some(_) | None => {}
        }
        let shown = name.as_deref().unwrap_or("{}");
        self.enter(path.as_ref().map_or_else(|| shown.to_owned(), |path| format!("{path}/{shown}")));
        if self.depth() > DEEPEST {
            return Err(self.error(
                element,
                "found too many nodes within each other",
                &format!("at most {DEEPEST}"),
            ));
        }
        let Some(properties) = properties else {
            return Err(self.error(element, "found a node without `<DFProperties>`", "them"));
        };
        let properties = self.properties(properties, !below.is_empty())?;
        if let Some(first) = below.first()
            && properties.format != Format::Node
        {
            let what = format!("found a node below a leaf, whose format is {}", properties.format);
            return Err(self.error(first, what, "the format node, or no nodes below"));
        }
        let children = self.siblings(&below, properties.case_sense)?;
        self.leave();
        Ok(Node { name, path, properties, children })
    }

    fn properties(&mut self, element: &Element<'_>, interior: bool) -> Result<Properties, DdfError> {
        let (mut access, mut format, mut occurrence, mut scope, mut case_sense) =
            (None, None, None, None, None);
        let (mut default, mut description, mut title, mut kind) = (None, None, None, None);
        let mut msft = Msft::default();
        let mut seen = BTreeSet::new();
        for child in &element.children {
            if !seen.insert((child.msft, child.name)) {
                self.warn(child, format!("a second {} is passed over", child.tag()));
                continue;
            }
            match (child.msft, child.name) {
                (true, _) => extension::read(self, child, &mut msft),
                (false, "AccessType") => access = Some(self.access(child)?),
                (false, "DefaultValue") => default = Some((child, child.trimmed())),
                (false, "Description") => description = text_of(child),
                (false, "DFFormat") => format = self.format(child)?,
                (false, "Occurrence") => occurrence = self.occurrence(child)?,
                (false, "Scope") => scope = self.one_of(child, &Scope::NAMED)?,
                (false, "DFTitle") => title = text_of(child),
                (false, "DFType") => kind = self.kind(child),
                (false, "CaseSense") => case_sense = self.one_of(child, &CaseSense::NAMED)?,
                (false, _) => self.unknown(child),
            }
        }
        let format = format.unwrap_or_else(|| {
            let format = if interior { Format::Node } else { Format::Chr };
            self.warn(element, format!("`<DFFormat>` is missing and is taken to be {format}"));
            format
        });
        if let Some((place, text)) = default
            && !text.is_empty()
            && format != Format::Node
            && Value::parse(format, text).is_none()
        {
            self.warn(place, format!("the default value `{text}` is none of the format {format}"));
        }
        Ok(Properties {
            access: access.unwrap_or_else(|| {
                self.warn(element, "`<AccessType>` is missing and is taken to be Get");
                Access::GET
            }),
            default: default.map(|(_, text)| text.into()),
            description,
            format,
            occurrence: occurrence.unwrap_or_default(),
            scope: scope.unwrap_or_default(),
            title,
            kind: kind.unwrap_or_else(|| {
                self.warn(element, "`<DFType>` is missing or empty");
                if format == Format::Node { Kind::DdfName("".into()) } else { Kind::Mime("".into()) }
            }),
            case_sense: case_sense.unwrap_or_default(),
            msft: Some(msft).filter(|msft| !msft.is_empty()).map(Box::new),
        })
    }

    fn access(&self, element: &Element<'_>) -> Result<Access, DdfError> {
        let mut access = Access::empty();
        for child in &element.children {
            access |= self.named(child, &Access::NAMED)?;
        }
        Ok(access)
    }

    fn format(&mut self, element: &Element<'_>) -> Result<Option<Format>, DdfError> {
        self.one_of(element, &Format::ALL.map(|format| (format, format.name())))
    }

    fn occurrence(&mut self, element: &Element<'_>) -> Result<Option<Occurrence>, DdfError> {
        const NAMED: [(Occurrence, &str); 6] = [
            (Occurrence::One, "One"),
            (Occurrence::ZeroOrOne, "ZeroOrOne"),
            (Occurrence::ZeroOrMore, "ZeroOrMore"),
            (Occurrence::OneOrMore, "OneOrMore"),
            (Occurrence::ZeroOrN(0), "ZeroOrN"),
            (Occurrence::OneOrN(0), "OneOrN"),
        ];
        let Some(named) = self.one_of(element, &NAMED)? else { return Ok(None) };
        let count = || {
            let child = element.children.first().unwrap_or(element);
            let what = || format!("found `{}` in {}", child.trimmed(), child.tag());
            child.trimmed().parse().map_err(|_| self.error(child, what(), "a number"))
        };
        Ok(Some(match named {
            Occurrence::One | Occurrence::ZeroOrOne | Occurrence::ZeroOrMore | Occurrence::OneOrMore => named,
            Occurrence::ZeroOrN(_) => Occurrence::ZeroOrN(count()?),
            Occurrence::OneOrN(_) => Occurrence::OneOrN(count()?),
        }))
    }

    fn kind(&mut self, element: &Element<'_>) -> Option<Kind> {
        self.lone(element);
        let child = element.children.first()?;
        match child.name {
            "MIME" => Some(Kind::Mime(child.trimmed().into())),
            "DDFName" => Some(Kind::DdfName(child.trimmed().into())),
            _ => {
                self.unknown(child);
                None
            }
        }
    }

    /// The meaning of the one element within `element`; `None`, and a warning, when there is none.
    fn one_of<T: Copy>(&mut self, element: &Element<'_>, named: &[(T, &str)]) -> Result<Option<T>, DdfError> {
        self.lone(element);
        match element.children.first() {
            Some(child) => self.named(child, named).map(Some),
            None => {
                self.warn(element, format!("{} is empty and is passed over", element.tag()));
                Ok(None)
            }
        }
    }

    fn named<T: Copy>(&self, element: &Element<'_>, named: &[(T, &str)]) -> Result<T, DdfError> {
        let found = named.iter().find(|(_, name)| !element.msft && *name == element.name);
        found.map(|(meaning, _)| *meaning).ok_or_else(|| {
            let names: Vec<_> = named.iter().map(|(_, name)| format!("`<{name}>`")).collect();
            self.error(element, format!("found {}", element.tag()), &format!("one of {}", names.join(", ")))
        })
    }

    /// Warns of all but the first element within `element`, where there should be one.
    fn lone(&mut self, element: &Element<'_>) {
        for extra in element.children.iter().skip(1) {
            self.warn(
                extra,
                format!("{} is one too many in {} and is passed over", extra.tag(), element.tag()),
            );
        }
    }
}
