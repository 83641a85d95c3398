//! Where a value stands in a TOML or JSON file: its keys from the top, and from them its bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde_json::value::RawValue;
use serde_path_to_error::Segment;
use toml::de::{DeTable, DeValue};

/// The keys from the top of a file down to a value. Written `step[1].expect.results."./DevInfo/Man"`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Place(Vec<Key>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Name(String),
    Index(usize),
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    Toml,
    Json,
}

impl Place {
    /// The place of the key `name` below this one.
    pub(crate) fn key(&self, name: &str) -> Self {
        self.below(Key::Name(name.to_owned()))
    }

    /// The place of an element of the list at this one.
    pub(crate) fn index(&self, index: usize) -> Self {
        self.below(Key::Index(index))
    }

    /// The place `rest`, counted from this one.
    pub(crate) fn join(&self, rest: &Self) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    /// The place that a device file's error names.
    pub(crate) fn parse(path: &str) -> Self {
        let keys = path.split(['.', '[']).map(|key| match key.strip_suffix(']').map(str::parse) {
            Some(Ok(index)) => Key::Index(index),
            Some(Err(_)) | None => Key::Name(key.to_owned()),
        });
        Self(keys.collect())
    }

    /// The key at the top.
    pub(crate) fn head(&self) -> &str {
        match self.0.first() {
            Some(Key::Name(name)) => name,
            Some(Key::Index(_)) | None => "",
        }
    }

    /// Whether it is the file itself.
    pub(crate) fn is_top(&self) -> bool {
        self.0.is_empty()
    }

    fn below(&self, key: Key) -> Self {
        let mut keys = self.0.clone();
        keys.push(key);
        Self(keys)
    }
}

impl From<&serde_path_to_error::Path> for Place {
    fn from(path: &serde_path_to_error::Path) -> Self {
        let keys = path.iter().filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Key::Index(*index)),
            Segment::Map { key } => Some(Key::Name(key.clone())),
            Segment::Enum { variant } => Some(Key::Name(variant.clone())),
            Segment::Unknown => None,
        });
        Self(keys.collect())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, key) in self.0.iter().enumerate() {
            match key {
                Key::Index(index) => write!(f, "[{index}]")?,
                Key::Name(name) => {
                    f.write_str(if nth == 0 { "" } else { "." })?;
                    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
                    if !name.is_empty() && name.bytes().all(is_bare) {
                        f.write_str(name)?;
                    } else {
                        write!(f, "{name:?}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Syntax {
    /// How a file of that name and text is written: the ending says it, and where it does not, the first character.
    pub(crate) fn of(path: &Path, text: &str) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Self::Json,
            Some("toml") => Self::Toml,
            _ if text.trim_start().starts_with('{') => Self::Json,
            _ => Self::Toml,
        }
    }

    /// The bytes of the value at `place`; where it is missing, of the last one on the way that is there.
    pub(crate) fn span(self, text: &str, place: &Place) -> Option<Range<usize>> {
        self.spans(text, [place]).pop().flatten()
    }

    /// The bytes of the values at several places.
    pub(crate) fn spans<'p>(
        self,
        text: &str,
        places: impl IntoIterator<Item = &'p Place>,
    ) -> Vec<Option<Range<usize>>> {
        let places = places.into_iter();
        match self {
            Self::Toml => {
                let table = DeTable::parse(text).ok();
                let table = table.as_ref().map(|table| table.get_ref());
                places.map(|place| span_in_toml(table?, place)).collect()
            }
            Self::Json => places.map(|place| span_in_json(text, place)).collect(),
        }
    }
}

fn span_in_toml(table: &DeTable<'_>, place: &Place) -> Option<Range<usize>> {
    let (Key::Name(first), rest) = place.0.split_first()? else { return None };
    let mut value = table.get(first.as_str())?;
    for key in rest {
        let below = match (value.get_ref(), key) {
            (DeValue::Table(table), Key::Name(name)) => table.get(name.as_str()),
            (DeValue::Array(array), Key::Index(index)) => array.get(*index),
            _ => None,
        };
        match below {
            Some(below) => value = below,
            None => break,
        }
    }
    Some(value.span())
}

/// A raw value is a part of the text it was read from, so that its address tells where it stands.
fn span_in_json(text: &str, place: &Place) -> Option<Range<usize>> {
    let mut value = None;
    for key in &place.0 {
        let around = value.unwrap_or(text);
        let below = match key {
            Key::Name(name) => serde_json::from_str::<BTreeMap<String, &RawValue>>(around)
                .ok()
                .and_then(|table| table.get(name).map(|value| value.get())),
            Key::Index(index) => serde_json::from_str::<Vec<&RawValue>>(around)
                .ok()
                .and_then(|list| list.get(*index).map(|value| value.get())),
        };
        match below {
            Some(below) => value = Some(below),
            None => break,
        }
    }
    let value = value?;
    let start = value.as_ptr().addr() - text.as_ptr().addr();
    Some(start..start + value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(syntax: Syntax, text: &str, place: &Place, expected: &str) {
        let span = syntax.span(text, place);
        assert_eq!(span.and_then(|span| text.get(span)), Some(expected), "{place} in {text}");
    }

    fn of_man() -> Place {
        Place::default().key("step").index(1).key("results").key("./DevInfo/Man")
    }

    #[test]
    fn values_are_found() {
        let toml = "[[step]]\n[[step]]\nresults = { './DevInfo/Man' = 'é' }\n";
        check(Syntax::Toml, toml, &of_man(), "'é'");
        let json = r#"{ "name": "é", "step": [ {}, { "results": { "./DevInfo/Man" : "é" } } ] }"#;
        check(Syntax::Json, json, &of_man(), r#""é""#);
        check(Syntax::Json, json, &Place::parse("step[0]"), "{}");
    }

    #[test]
    fn where_a_value_is_missing_the_one_around_it_is_found() {
        check(Syntax::Toml, "[[step]]\n[[step]]\nresults = {}\n", &of_man(), "{}");
        check(Syntax::Json, r#"{ "step": [ 1, { "results": {} } ] }"#, &of_man(), "{}");
        assert_eq!(Syntax::Json.span("{}", &of_man()), None);
        assert_eq!(Syntax::Toml.span("", &of_man()), None);
    }

    #[test]
    fn a_place_is_written_as_a_path() {
        assert_eq!(of_man().to_string(), r#"step[1].results."./DevInfo/Man""#);
        assert_eq!(Place::parse("update[1].revision").to_string(), "update[1].revision");
    }
}
