//! A table of a scenario file whose keys mean something: kept in the file's order, each key once.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Keys and values in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table<K, V>(pub(super) Vec<Entry<K, V>>);

/// One key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry<K, V> {
    /// The key as it stands in the file.
    pub(super) written: String,
    /// What it means.
    pub(super) key: K,
    pub(super) value: V,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, K, V> Deserialize<'de> for Table<K, V>
where
    K: FromStr<Err: fmt::Display> + PartialEq,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor(PhantomData))
    }
}

struct TableVisitor<K, V>(PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for TableVisitor<K, V>
where
    K: FromStr<Err: fmt::Display> + PartialEq,
    V: Deserialize<'de>,
{
    type Value = Table<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table<K, V>, A::Error> {
        let mut entries = Vec::new();
        while let Some((written, key)) = map.next_key_seed(KeySeed { before: &entries })? {
            entries.push(Entry { written, key, value: map.next_value()? });
        }
        Ok(Table(entries))
    }
}

/// Reads a key where it stands, so that an error about it has its place.
struct KeySeed<'t, K, V> {
    before: &'t [Entry<K, V>],
}

impl<'de, K: FromStr<Err: fmt::Display> + PartialEq, V> DeserializeSeed<'de> for KeySeed<'_, K, V> {
    type Value = (String, K);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(String, K), D::Error> {
        let written = String::deserialize(deserializer)?;
        let key = written.parse().map_err(D::Error::custom)?;
        match self.before.iter().find(|entry| entry.key == key) {
            Some(entry) => Err(D::Error::custom(format_args!("`{}` is there already", entry.written))),
            None => Ok((written, key)),
        }
    }
}

impl<K, V: JsonSchema> JsonSchema for Table<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("TableOf{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<V>() })
    }
}
