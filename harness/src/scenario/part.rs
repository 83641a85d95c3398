//! Some of the keys of a document, read as if the others were not there.
//!
//! A scenario file holds the keys of a device file beside its own. `#[serde(flatten)]` would read them into a buffer
//! first, and errors would lose their place; here both types are read from the text itself, each its own keys.

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

/// What is to be done with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the reader's.
    Take,
    /// It is somebody else's.
    Leave,
    /// It is nobody's.
    Refuse(String),
}

/// A document of which `judge` gives the reader some keys. It is shown a key, and the keys that the reader has.
#[derive(Debug)]
pub(super) struct Part<D, J> {
    pub(super) whole: D,
    pub(super) judge: J,
}

impl<'de, D, J> Deserializer<'de> for Part<D, J>
where
    D: Deserializer<'de>,
    J: Fn(&str, &[&str]) -> Verdict,
{
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let judge = self.judge;
        let judge = move |key: &str| judge(key, fields);
        self.whole.deserialize_struct(name, fields, PartVisitor { visitor, judge })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.whole.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct PartVisitor<V, J> {
    visitor: V,
    judge: J,
}

impl<'de, V: Visitor<'de>, J: Fn(&str) -> Verdict> Visitor<'de> for PartVisitor<V, J> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a scenario: keys and values")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(PartAccess { map, judge: self.judge })
    }
}

struct PartAccess<A, J> {
    map: A,
    judge: J,
}

impl<'de, A: MapAccess<'de>, J: Fn(&str) -> Verdict> MapAccess<'de> for PartAccess<A, J> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let mut seed = Some(seed);
        loop {
            match self.map.next_key_seed(KeySeed { seed: &mut seed, judge: &self.judge })? {
                None => return Ok(None),
                Some(Some(key)) => return Ok(Some(key)),
                Some(None) => self.map.next_value::<IgnoredAny>()?,
            };
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// Reads a key for the reader's own seed, which is used up by the key that is taken.
struct KeySeed<'s, K, J> {
    seed: &'s mut Option<K>,
    judge: &'s J,
}

impl<'de, K: DeserializeSeed<'de>, J: Fn(&str) -> Verdict> DeserializeSeed<'de> for KeySeed<'_, K, J> {
    type Value = Option<K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let key = String::deserialize(deserializer)?;
        let verdict = (self.judge)(&key);
        let read = || self.seed.take().map(|seed| seed.deserialize(StringDeserializer::new(key))).transpose();
        match verdict {
            Verdict::Take => read(),
            Verdict::Leave => Ok(None),
            Verdict::Refuse(why) => {
                // Whoever keeps the path of an error learns the key from its own seed.
                let _ = read();
                Err(D::Error::custom(why))
            }
        }
    }
}
