//! `MSFT:AllowedValues`: the values that a node takes.
//!
//! Deliberately absent: JSON schemas, XML schemas and SDDL, for which a check would be a program of its own. Such
//! values are only checked for what a rule's own description says below.

use std::fmt;

use super::element::Element;
use super::interval::number;
use super::{Delimiter, Interval, Pattern};
use crate::{Format, Value};

/// `MSFT:AllowedValues` (the `MSFT` schema of DDF v2).
#[derive(Debug, Clone, PartialEq)]
pub struct AllowedValues {
    /// What is allowed: `ValueType` and what goes with it.
    pub rule: Rule,
    /// `MSFT:List`: the value is a list, and the rule is about each of its elements.
    pub list: Option<Delimiter>,
}

/// `ValueType` of `MSFT:AllowedValues`, with the values that go with it.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// `None`: nothing is said.
    Any,
    /// `ENUM`: one of these. Numbers are compared as numbers, truth values as truth values, everything else by its
    /// characters. None at all means that nothing is said.
    Enum(Vec<EnumValue>),
    /// `Range`: a number in one of these. None at all means that nothing is said.
    Range(Vec<Interval>),
    /// `RegEx`: a text that matches as a whole.
    RegEx(Pattern),
    /// `Flag`: a number whose bits are those of some of these, taken together; zero is none of them. None at all means
    /// that nothing is said.
    Flag(Vec<EnumValue>),
    /// `ADMX`: the text of an ADMX policy, `<enabled/>` or `<disabled/>` with `<data id="…" value="…"/>` elements
    /// (Understanding ADMX policies, Microsoft). That it is so formed is checked; the ids and values are not, as they
    /// are in the ADMX file.
    Admx(Option<AdmxPolicy>),
    /// `JSON`: a document of this JSON schema, if one is given. Nothing is checked.
    Json(Option<Box<str>>),
    /// `XSD`: a document of this XML schema, if one is given. That it is well-formed XML is checked, not the schema.
    Xsd(Option<Box<str>>),
    /// `SDDL`: a security descriptor. Nothing is checked.
    Sddl(Option<Box<str>>),
}

/// `MSFT:Enum`: one of the values of an enumeration or a set of flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumValue {
    /// `MSFT:Value`
    pub value: Box<str>,
    /// `MSFT:ValueDescription`
    pub description: Option<Box<str>>,
}

/// `MSFT:AdmxBacked`: the policy of an ADMX file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmxPolicy {
    /// `Area`
    pub area: Box<str>,
    /// `Name`
    pub name: Box<str>,
    /// `File`
    pub file: Box<str>,
}

/// A value that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {allowed}")]
pub struct Disallowed {
    /// What is allowed, in words.
    pub allowed: String,
}

impl AllowedValues {
    /// The rule for a value that is not a list.
    #[must_use]
    pub const fn new(rule: Rule) -> Self {
        Self { rule, list: None }
    }

    /// Whether `value` is allowed.
    ///
    /// # Errors
    /// What is allowed, when this is not.
    pub fn check(&self, value: &Value) -> Result<(), Disallowed> {
        match value {
            // A list that is written as one number has one element.
            Value::Bool(_) | Value::Int(_) | Value::Null => self.verdict(self.rule.allows(value)),
            Value::B64(text)
            | Value::Bin(text)
            | Value::Chr(text)
            | Value::Date(text)
            | Value::Float(text)
            | Value::Time(text)
            | Value::Xml(text) => self.check_text(text),
        }
    }

    /// Whether a text is allowed: a value that is not a number, or the name of a dynamic node.
    ///
    /// # Errors
    /// What is allowed, when this is not.
    pub fn check_text(&self, text: &str) -> Result<(), Disallowed> {
        self.verdict(match &self.list {
            Some(delimiter) => delimiter.split(text).all(|element| self.rule.allows_text(element)),
            None => self.rule.allows_text(text),
        })
    }

    fn verdict(&self, allowed: bool) -> Result<(), Disallowed> {
        if allowed { Ok(()) } else { Err(Disallowed { allowed: self.to_string() }) }
    }
}

impl fmt::Display for AllowedValues {
    /// What is allowed, in words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.list {
            Some(delimiter) => {
                write!(f, "a list with `{}` between its elements, each {}", delimiter.written(), self.rule)
            }
            None => self.rule.fmt(f),
        }
    }
}

impl Rule {
    /// The `ValueType` in a description.
    #[must_use]
    pub const fn value_type(&self) -> &'static str {
        match self {
            Self::Any => "None",
            Self::Enum(_) => "ENUM",
            Self::Range(_) => "Range",
            Self::RegEx(_) => "RegEx",
            Self::Flag(_) => "Flag",
            Self::Admx(_) => "ADMX",
            Self::Json(_) => "JSON",
            Self::Xsd(_) => "XSD",
            Self::Sddl(_) => "SDDL",
        }
    }

    fn allows(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Range(ranges), Value::Int(number)) => within(ranges, *number),
            (Self::Flag(values), Value::Int(number)) => is_union(values, *number),
            (Self::Enum(values), Value::Bool(truth)) => {
                let same = |listed: &EnumValue| {
                    Value::parse(Format::Bool, &listed.value) == Some(Value::Bool(*truth))
                };
                values.is_empty() || values.iter().any(same)
            }
            (_, value) => self.allows_text(&value.text()),
        }
    }

    fn allows_text(&self, text: &str) -> bool {
        match self {
            Self::Any | Self::Json(_) | Self::Sddl(_) => true,
            Self::Enum(values) => {
                let number = number(text);
                let same = |listed: &EnumValue| {
                    *listed.value == *text || (number.is_some() && number == self::number(&listed.value))
                };
                values.is_empty() || values.iter().any(same)
            }
            Self::Range(ranges) => {
                ranges.is_empty() || number(text).is_some_and(|number| within(ranges, number))
            }
            Self::RegEx(pattern) => pattern.matches(text),
            Self::Flag(values) => {
                values.is_empty() || number(text).is_some_and(|number| is_union(values, number))
            }
            Self::Admx(_) => is_admx(text),
            Self::Xsd(_) => is_well_formed(text),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any value"),
            Self::Enum(values) | Self::Flag(values) if values.is_empty() => f.write_str("any value"),
            Self::Enum(values) => write!(f, "one of {}", joined(values.iter().map(|value| &value.value))),
            Self::Range(ranges) if ranges.is_empty() => f.write_str("any value"),
            Self::Range(ranges) => write!(f, "a number {}", joined(ranges.iter().map(Interval::words))),
            Self::RegEx(pattern) if !pattern.is_used() => f.write_str("any value"),
            Self::RegEx(pattern) => write!(f, "a text that matches `{}`", pattern.text()),
            Self::Flag(values) => {
                write!(
                    f,
                    "a sum of different flags out of {}",
                    joined(values.iter().map(|value| &value.value))
                )
            }
            Self::Admx(policy) => {
                f.write_str("`<enabled/>` or `<disabled/>` with `<data id=\"…\" value=\"…\"/>` elements")?;
                policy.as_ref().map_or(Ok(()), |policy| write!(f, " for {} of {}", policy.name, policy.file))
            }
            Self::Json(_) => f.write_str("a JSON document"),
            Self::Xsd(_) => f.write_str("a well-formed XML document"),
            Self::Sddl(_) => f.write_str("a security descriptor in SDDL"),
        }
    }
}

fn within(ranges: &[Interval], number: i64) -> bool {
    ranges.is_empty() || ranges.iter().any(|range| (range.first..=range.last).contains(&number))
}

fn is_union(values: &[EnumValue], number: i64) -> bool {
    let flags = values.iter().filter_map(|value| self::number(&value.value));
    let covered = flags.filter(|flag| flag & number == *flag).fold(0, |covered, flag| covered | flag);
    values.is_empty() || covered == number
}

fn is_admx(text: &str) -> bool {
    // A policy is a sequence of elements; a document has one.
    let document = format!("<policy>{text}</policy>");
    let Ok(policy) = Element::parse(&document, DEEPEST) else { return false };
    let (states, data): (Vec<_>, Vec<_>) = policy.children.iter().partition(|element| is_state(element));
    let bare = |element: &Element<'_>| element.children.is_empty() && element.trimmed().is_empty();
    let is_data = |element: &&Element<'_>| {
        element.name == "data" && element.attribute("id").is_some() && element.attribute("value").is_some()
    };
    states.len() == 1
        && policy.trimmed().is_empty()
        && policy.children.iter().all(bare)
        && data.iter().all(is_data)
}

/// Published examples write `<Enabled/>` as well.
fn is_state(element: &Element<'_>) -> bool {
    element.name.eq_ignore_ascii_case("enabled") || element.name.eq_ignore_ascii_case("disabled")
}

fn is_well_formed(text: &str) -> bool {
    Element::parse(text, DEEPEST).is_ok()
}

/// How deep the XML of a value may nest.
const DEEPEST: usize = 128;

/// Things with commas between them; a long list is cut.
fn joined(items: impl ExactSizeIterator<Item: ToString>) -> String {
    let more = items.len().saturating_sub(MOST_NAMED);
    let named: Vec<_> = items.take(MOST_NAMED).map(|item| item.to_string()).collect();
    let named = named.join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

const MOST_NAMED: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    fn values(texts: &[&str]) -> Vec<EnumValue> {
        texts.iter().map(|text| EnumValue { value: (*text).into(), description: None }).collect()
    }

    fn ranges(text: &str) -> Rule {
        Rule::Range(Interval::parse_all(text).expect("ranges"))
    }

    /// `words` is empty for a value that is allowed.
    #[track_caller]
    fn check(allowed: &AllowedValues, value: Value, words: &str) {
        let found = allowed.check(&value).err().map(|error| error.allowed).unwrap_or_default();
        assert_eq!(found, words, "{value:?}");
    }

    #[test]
    fn enumerations() {
        let numbers = AllowedValues::new(Rule::Enum(values(&["0", "1", "2"])));
        check(&numbers, Value::Int(2), "");
        check(&numbers, Value::Int(3), "one of 0, 1, 2");
        check(&numbers, Value::chr("01"), "");
        check(&numbers, Value::chr("x"), "one of 0, 1, 2");
        check(&AllowedValues::new(Rule::Enum(values(&["0x10"]))), Value::Int(16), "");
        let truth = AllowedValues::new(Rule::Enum(values(&["true"])));
        check(&truth, Value::Bool(true), "");
        check(&truth, Value::Bool(false), "one of true");
        check(&AllowedValues::new(Rule::Enum(values(&["1", "0"]))), Value::Bool(false), "");
        let names = AllowedValues::new(Rule::Enum(values(&["DIGEST"])));
        check(&names, Value::chr("DIGEST"), "");
        check(&names, Value::chr("digest"), "one of DIGEST");
        check(&AllowedValues::new(Rule::Enum(Vec::new())), Value::Int(7), "");
    }

    #[test]
    fn numbers_in_ranges() {
        let hours = AllowedValues::new(ranges("[0-23]"));
        check(&hours, Value::Int(23), "");
        check(&hours, Value::Int(24), "a number from 0 to 23");
        check(&hours, Value::chr("7"), "");
        check(&hours, Value::chr("seven"), "a number from 0 to 23");
        check(&AllowedValues::new(ranges("[0-4294967295]")), Value::Int(4_294_967_295), "");
        let several = AllowedValues::new(ranges("[-7--3],[0],[5-6]"));
        check(&several, Value::Int(-3), "");
        check(&several, Value::Int(0), "");
        check(&several, Value::Int(-2), "a number from -7 to -3, 0, from 5 to 6");
    }

    #[test]
    fn flags() {
        let flags = AllowedValues::new(Rule::Flag(values(&["0x1", "0x2", "12"])));
        for number in [0, 1, 3, 12, 13, 15] {
            check(&flags, Value::Int(number), "");
        }
        for number in [4, 8, 16, -1] {
            check(&flags, Value::Int(number), "a sum of different flags out of 0x1, 0x2, 12");
        }
        check(&flags, Value::chr("0x3"), "");
    }

    #[test]
    fn lists() {
        let list = Some(Delimiter::new(";"));
        let allowed = AllowedValues { rule: Rule::Enum(values(&["a", "b"])), list };
        check(&allowed, Value::chr("a;b;a"), "");
        check(&allowed, Value::chr(""), "");
        check(&allowed, Value::chr("a;c"), "a list with `;` between its elements, each one of a, b");
    }

    #[test]
    fn patterns() {
        let allowed = AllowedValues::new(Rule::RegEx(Pattern::new(r"^(\d\.)?(\d)$").0));
        check(&allowed, Value::chr("5.0"), "");
        check(&allowed, Value::chr("5.0.1"), r"a text that matches `^(\d\.)?(\d)$`");
        check(&AllowedValues::new(Rule::RegEx(Pattern::new("(").0)), Value::chr("x"), "");
    }

    #[test]
    fn admx() {
        let allowed = Rule::Admx(None);
        for text in
            ["<enabled/>", " <Disabled /> ", "<enabled/><data id='a' value='1'/>\n<data id='b' value=''/>"]
        {
            assert!(allowed.allows_text(text), "{text}");
        }
        for text in ["", "1", "<enabled>", "<enabled/>x", "<data id='a' value='1'/>", "<enabled/><disabled/>"]
        {
            assert!(!allowed.allows_text(text), "{text}");
        }
        for text in
            ["<enabled/><data id='a'/>", "<enabled><data id='a' value='1'/></enabled>", "</policy><policy>"]
        {
            assert!(!allowed.allows_text(text), "{text}");
        }
    }

    #[test]
    fn documents() {
        assert!(Rule::Xsd(None).allows_text("<a><b/></a>") && !Rule::Xsd(None).allows_text("<a>"));
        assert!(
            Rule::Json(None).allows_text("{")
                && Rule::Sddl(None).allows_text("x")
                && Rule::Any.allows_text("x")
        );
    }
}
