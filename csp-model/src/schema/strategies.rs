//! Strategies that make node descriptions for property tests.
//!
//! What they make can be written and read again without loss: texts have no blanks around them, and names are
//! no two alike.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::{
    AdmxPolicy, AllowedValues, Applicability, CaseSense, Delimiter, Dependency, DependencyGroup,
    DependencyKind, Deprecated, EnumValue, GpMapping, Interval, Kind, Msft, Naming, Node, Occurrence,
    OsVersion, Pattern, Properties, RebootBehavior, ReplaceBehavior, Rule, Scope,
};
use crate::{Access, Format};

/// The roots of a description.
pub fn roots() -> impl Strategy<Value = Vec<Node>> {
    vec((node(), name(), of(text())), 1..3).prop_map(|roots| {
        let named = roots.into_iter().map(|(node, name, path)| Node { name: Some(name), path, ..node });
        distinct(named.collect())
    })
}

/// A node, named or not, with nodes below it.
pub fn node() -> impl Strategy<Value = Node> {
    leaf().prop_recursive(4, 24, 4, |below| {
        (of(name()), properties(Just(Format::Node).boxed()), vec(below, 0..4)).prop_map(
            |(name, properties, children)| Node {
                name,
                path: None,
                properties,
                children: distinct(children),
            },
        )
    })
}

/// What a node of one of these formats is.
pub fn properties(format: BoxedStrategy<Format>) -> impl Strategy<Value = Properties> {
    let first = (access(), of(trimmed()), of(text()), format, occurrence());
    let second = (
        select(vec![Scope::Permanent, Scope::Dynamic]),
        of(text()),
        prop_oneof![trimmed().prop_map(Kind::Mime), trimmed().prop_map(Kind::DdfName)],
        select(vec![CaseSense::Sensitive, CaseSense::Insensitive]),
        prop_oneof![2 => Just(None), 1 => msft().prop_map(Some)],
    );
    (first.boxed(), second.boxed()).prop_map(|(first, second)| {
        let (access, default, description, format, occurrence) = first;
        let (scope, title, kind, case_sense, msft) = second;
        let msft = msft.filter(|msft: &Msft| !msft.is_empty()).map(Box::new);
        Properties { access, default, description, format, occurrence, scope, title, kind, case_sense, msft }
    })
}

/// What a node takes.
pub fn allowed_values() -> impl Strategy<Value = AllowedValues> {
    let list = of(any::<String>().prop_map(|text| Delimiter::new(&printable(&text))));
    (rule(), list).prop_map(|(rule, list)| AllowedValues { rule, list })
}

/// A version of Windows.
pub fn os_version() -> impl Strategy<Value = OsVersion> {
    any::<[u32; 4]>()
        .prop_map(|[major, minor, build, revision]| OsVersion::new(major, minor, build, revision))
}

fn leaf() -> impl Strategy<Value = Node> {
    let formats: Vec<_> = Format::ALL.into_iter().filter(|format| *format != Format::Node).collect();
    (of(name()), properties(select(formats).boxed())).prop_map(|(name, properties)| Node {
        name,
        path: None,
        properties,
        children: Vec::new(),
    })
}

fn distinct(mut nodes: Vec<Node>) -> Vec<Node> {
    let mut seen = BTreeSet::new();
    nodes.retain(|node| seen.insert(node.name.as_deref().map(str::to_ascii_lowercase)));
    nodes
}

fn access() -> impl Strategy<Value = Access> {
    any::<u8>().prop_map(Access::from_bits_truncate)
}

fn occurrence() -> impl Strategy<Value = Occurrence> {
    prop_oneof![
        Just(Occurrence::One),
        Just(Occurrence::ZeroOrOne),
        Just(Occurrence::ZeroOrMore),
        Just(Occurrence::OneOrMore),
        any::<u32>().prop_map(Occurrence::ZeroOrN),
        any::<u32>().prop_map(Occurrence::OneOrN),
    ]
}

fn msft() -> impl Strategy<Value = Msft> {
    let first = (of(applicability()), of(allowed_values()), of(naming()), any::<bool>(), of(gp_mapping()));
    let second = (
        of(select(vec![ReplaceBehavior::Append, ReplaceBehavior::Replace])),
        of(select(vec![RebootBehavior::None, RebootBehavior::Automatic, RebootBehavior::ServerInitiated])),
        of(of(attribute()).prop_map(|os_build| Deprecated { os_build })),
        of(text()),
        vec(dependency_group(), 0..2),
        vec(text(), 0..=10),
    );
    (first.boxed(), second.boxed()).prop_map(|(first, second)| {
        let (applicability, allowed, naming, atomic_required, gp_mapping) = first;
        let (replace_behavior, reboot_behavior, deprecated, conflict_resolution, dependencies, common_errors) =
            second;
        Msft {
            applicability,
            allowed,
            naming,
            atomic_required,
            replace_behavior,
            reboot_behavior,
            deprecated,
            conflict_resolution,
            gp_mapping,
            dependencies,
            common_errors,
        }
    })
}

fn applicability() -> impl Strategy<Value = Applicability> {
    let all = (vec(os_version(), 0..3), of(text()), vec(any::<u32>(), 0..4), any::<bool>(), any::<bool>());
    all.prop_map(|(os_builds, csp_version, editions, holographic_for_business, requires_azure_ad)| {
        Applicability { os_builds, csp_version, editions, holographic_for_business, requires_azure_ad }
    })
}

fn naming() -> impl Strategy<Value = Naming> {
    prop_oneof![
        Just(Naming::ServerGenerated),
        Just(Naming::ClientInventory),
        prop_oneof![trimmed(), pattern_text()].prop_map(|text| Naming::unique_name(&text).0),
    ]
}

fn gp_mapping() -> impl Strategy<Value = GpMapping> {
    (of(attribute()), of(attribute()), of(attribute()))
        .prop_map(|(english_name, area_path, element)| GpMapping { english_name, area_path, element })
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![
        Just(Rule::Any),
        vec(enum_value(), 0..4).prop_map(Rule::Enum),
        vec(interval(), 0..4).prop_map(Rule::Range),
        prop_oneof![trimmed(), pattern_text()].prop_map(|text| Rule::RegEx(Pattern::new(&text).0)),
        vec(enum_value(), 0..4).prop_map(Rule::Flag),
        of((attribute(), attribute(), attribute()).prop_map(|(area, name, file)| AdmxPolicy {
            area,
            name,
            file
        }))
        .prop_map(Rule::Admx),
        of(trimmed()).prop_map(Rule::Json),
        of(trimmed()).prop_map(Rule::Xsd),
        of(trimmed()).prop_map(Rule::Sddl),
    ]
}

fn enum_value() -> impl Strategy<Value = EnumValue> {
    (prop_oneof![any::<i8>().prop_map(|number| number.to_string().into()), trimmed()], of(text()))
        .prop_map(|(value, description)| EnumValue { value, description })
}

fn interval() -> impl Strategy<Value = Interval> {
    (any::<i64>(), any::<i64>())
        .prop_map(|(one, other)| Interval { first: one.min(other), last: one.max(other) })
}

fn dependency_group() -> impl Strategy<Value = DependencyGroup> {
    (attribute(), of(allowed_values()), vec(dependency(), 0..2)).prop_map(
        |(friendly_id, changed_values, dependencies)| DependencyGroup {
            friendly_id,
            changed_values,
            dependencies,
        },
    )
}

fn dependency() -> impl Strategy<Value = Dependency> {
    let kind = select(vec![DependencyKind::DependsOn, DependencyKind::Not]);
    (kind, trimmed(), of(allowed_values())).prop_map(|(kind, uri, values)| Dependency { kind, uri, values })
}

fn pattern_text() -> impl Strategy<Value = Box<str>> {
    select(vec!["[0-9]+", r"\{[0-9A-Fa-f]{8}\}", "^a|b$", "(", r"(?<=x)y\1"]).prop_map(Into::into)
}

fn name() -> impl Strategy<Value = Box<str>> {
    prop_oneof!["[A-Za-z][A-Za-z0-9]{0,8}", any::<String>()].prop_filter_map("empty", |text| {
        let text = printable(&text).replace('/', "");
        Some(text.trim()).filter(|text| !text.is_empty()).map(Into::into)
    })
}

/// A text that says something.
fn text() -> impl Strategy<Value = Box<str>> {
    trimmed().prop_map(|text| if text.is_empty() { "x".into() } else { text })
}

/// A text without blanks around it.
fn trimmed() -> impl Strategy<Value = Box<str>> {
    prop_oneof![any::<String>(), r#"[ <>&"'\]\[a\n\t\r-]{0,8}"#]
        .prop_map(|text| printable(&text).trim().into())
}

/// Any text; blanks of attributes are kept.
fn attribute() -> impl Strategy<Value = Box<str>> {
    prop_oneof![any::<String>(), r#"[ <>&"'a\n\t\r]{0,8}"#].prop_map(|text| printable(&text).into())
}

/// Without the characters that XML cannot hold.
fn printable(text: &str) -> String {
    let held =
        |c: &char| matches!(c, '\t' | '\n' | '\r') || (*c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    text.chars().filter(held).collect()
}
