//! Reads `MSFT:AllowedValues`, and the two elements of dependencies that have its form.

use super::context::Context;
use super::read::text_of;
use crate::schema::element::Element;
use crate::schema::{AdmxPolicy, AllowedValues, Delimiter, EnumValue, Interval, Pattern, Rule};

/// What `element` allows.
pub(super) fn read(context: &mut Context<'_>, element: &Element<'_>) -> AllowedValues {
    let mut values = Vec::new();
    let (mut list, mut admx) = (None, None);
    for child in &element.children {
        match child.name {
            "Enum" => match child.children.iter().find(|part| part.name == "Value") {
                Some(value) => {
                    let description = child.children.iter().find(|part| part.name == "ValueDescription");
                    let description = description.and_then(text_of);
                    values.push(EnumValue { value: value.trimmed().into(), description });
                }
                None => context.warn(child, "an enumerated value without `<MSFT:Value>` is passed over"),
            },
            "Value" => values.push(EnumValue { value: child.trimmed().into(), description: None }),
            "ValueDescription" => {}
            "AdmxBacked" => {
                let attribute = |name| child.attribute(name).unwrap_or_default().into();
                admx = Some(AdmxPolicy {
                    area: attribute("Area"),
                    name: attribute("Name"),
                    file: attribute("File"),
                });
            }
            "List" => list = Some(Delimiter::new(child.attribute("Delimiter").unwrap_or_default())),
            _ => context.unknown(child),
        }
    }
    let written = element.attribute("ValueType").unwrap_or_default();
    let rule = match written {
        "None" => none(context, element, &values),
        "ENUM" => Rule::Enum(some(context, element, values)),
        "Range" => Rule::Range(ranges(context, element, &values)),
        "RegEx" => pattern(context, element, &values),
        "Flag" => Rule::Flag(some(context, element, values)),
        "ADMX" => Rule::Admx(admx),
        "JSON" => Rule::Json(schema(values)),
        "XSD" => Rule::Xsd(schema(values)),
        "SDDL" => Rule::Sddl(schema(values)),
        _ => {
            context.warn(element, format!("`{written}` is no known ValueType: every value is allowed"));
            Rule::Any
        }
    };
    AllowedValues { rule, list }
}

fn none(context: &mut Context<'_>, element: &Element<'_>, values: &[EnumValue]) -> Rule {
    if !values.is_empty() {
        context.warn(element, "values of the ValueType None are passed over");
    }
    Rule::Any
}

fn some(context: &mut Context<'_>, element: &Element<'_>, values: Vec<EnumValue>) -> Vec<EnumValue> {
    if values.is_empty() {
        context.warn(element, "no value is named: every value is allowed");
    }
    values
}

fn ranges(context: &mut Context<'_>, element: &Element<'_>, values: &[EnumValue]) -> Vec<Interval> {
    let ranges: Option<Vec<_>> = values.iter().map(|value| Interval::parse_all(&value.value)).collect();
    let ranges = ranges.unwrap_or_default().concat();
    if ranges.is_empty() {
        context.warn(element, "the range is none that is understood: every value is allowed");
    }
    ranges
}

fn pattern(context: &mut Context<'_>, element: &Element<'_>, values: &[EnumValue]) -> Rule {
    let texts: Vec<_> = values.iter().map(|value| &*value.value).collect();
    if texts.len() != 1 {
        context.warn(element, format!("{} patterns are given: a value may match any of them", texts.len()));
    }
    let (pattern, trouble) = Pattern::new(&texts.join("|"));
    if let Some(trouble) = trouble {
        context.warn(element, format!("the pattern cannot be used and allows every value: {trouble}"));
    }
    Rule::RegEx(pattern)
}

fn schema(values: Vec<EnumValue>) -> Option<Box<str>> {
    values.into_iter().next().map(|value| value.value)
}
