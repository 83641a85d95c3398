//! `[step.expect]`: what may be expected, as it stands in a file.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use csp_model::LocUri;
use csp_model::agent::{ScanSource, UpdateId};
use csp_model::device::{InitialState, Scalar};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::table::Table;
use crate::event::DeviceEvent;
use crate::violation::Violation;

/// What a step is expected to bring about. What is not named is not looked at.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Expect {
    /// The status codes of the answer: a list in the order of the answer, the SyncHdr's left out; or a table by
    /// CmdRef.
    pub(super) status: Option<Statuses>,
    /// The Data of the answer's Results, by LocURI; `false` where there must be none.
    pub(super) results: Table<Address, Scalar>,
    /// The device's nodes after the step, by LocURI: the value of a leaf, the names below an interior node, `true` for
    /// a node that is there, `false` for one that is not. A leaf that holds the value false is "false".
    pub(super) tree: Table<Address, Scalar>,
    /// How far the device has come with updates after the step, by UpdateID.
    pub(super) updates: Table<UpdateId, InitialState>,
    /// The rules that the message breaks, in any order; an empty list where it must break none.
    pub(super) violations: Option<Vec<RuleId>>,
    /// The HTTP status: 200 unless it is given, and 400 where `violations` names `malformed`.
    pub(super) http: Option<Code>,
    /// Kinds of events that happen in the step in this order; others may come before, between and after.
    pub(super) events: Option<Vec<Kind>>,
    /// The service that is scanned for classes of updates after the step.
    pub(super) scan_source: Sources,
    /// Whether a WSUS server is set and Windows Update is scanned beside it for updates of Windows.
    pub(super) dual_scan: Option<bool>,
    /// Whether something waits for a restart after the step.
    pub(super) restart_required: Option<bool>,
    /// The ids of what is odd about the device's configuration after the step, in any order; an empty list for nothing.
    pub(super) findings: Option<Vec<String>>,
}

/// The services of classes of updates.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sources {
    /// Feature updates.
    pub(super) feature: Option<ScanSource>,
    /// Quality updates of Windows.
    pub(super) quality: Option<ScanSource>,
    /// Drivers and firmware.
    pub(super) driver: Option<ScanSource>,
    /// Other Microsoft products.
    pub(super) other: Option<ScanSource>,
    /// Definitions of Defender.
    pub(super) definitions: Option<ScanSource>,
}

impl Expect {
    /// The first expectation that is about an answer, if there is one.
    pub(super) const fn of_answer(&self) -> Option<&'static str> {
        if self.status.is_some() {
            Some("status")
        } else if !self.results.0.is_empty() {
            Some("results")
        } else if self.violations.is_some() {
            Some("violations")
        } else if self.http.is_some() {
            Some("http")
        } else {
            None
        }
    }

    /// The ids of the rules that the message is expected to break, if anything is expected of that.
    pub(super) fn rules(&self) -> Option<Vec<&'static str>> {
        self.violations.as_ref().map(|rules| rules.iter().map(|rule| rule.0).collect())
    }
}

/// The status codes of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Statuses {
    /// All but the SyncHdr's, in order.
    InOrder(Vec<Code>),
    /// Those of some commands, by CmdRef.
    ByCommand(Table<String, Codes>),
}

/// One or several status codes: a command of several Items has as many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Codes(pub(super) Vec<Code>);

/// A status code: a number of three digits, or the text of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code(pub(super) u16);

/// The address of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address(pub(super) LocUri);

/// The id of a rule that a message can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RuleId(pub(super) &'static str);

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind(pub(super) &'static str);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        LocUri::parse(text).map(Self).map_err(|error| format!("`{text}` is no LocURI: {error}"))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Codes {
    /// As it stands in a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [code] => code.fmt(f),
            codes => {
                let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", codes.join(", "))
            }
        }
    }
}

impl<'de> Deserialize<'de> for RuleId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Violation::rules().find(|known| *known == id).map(Self).ok_or_else(|| {
            let known = Violation::rules().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
            de::Error::custom(format_args!(
                "`{id}` is no rule that a message can break: expected one of {known}"
            ))
        })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        DeviceEvent::kinds().find(|known| *known == name).map(Self).ok_or_else(|| {
            let known = DeviceEvent::kinds().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
            de::Error::custom(format_args!("`{name}` is no kind of event: expected one of {known}"))
        })
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CodeVisitor)
    }
}

impl<'de> Deserialize<'de> for Codes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CodesVisitor)
    }
}

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StatusesVisitor)
    }
}

struct CodeVisitor;

impl Visitor<'_> for CodeVisitor {
    type Value = Code;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a status code of three digits, such as 200")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Code, E> {
        let code = u16::try_from(number).ok().filter(|code| (100..1_000).contains(code));
        code.map(Code).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Code, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(number), &self)),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Code, E> {
        let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if is_code { text.parse().ok() } else { None };
        match number {
            Some(number) => self.visit_u64(number),
            None => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

struct CodesVisitor;

impl<'de> Visitor<'de> for CodesVisitor {
    type Value = Codes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a status code of three digits, such as 200, or a list of them")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Codes, E> {
        CodeVisitor.visit_u64(number).map(|code| Codes(vec![code]))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Codes, E> {
        CodeVisitor.visit_i64(number).map(|code| Codes(vec![code]))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Codes, E> {
        CodeVisitor.visit_str(text).map(|code| Codes(vec![code]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Codes, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Codes)
    }
}

struct StatusesVisitor;

impl<'de> Visitor<'de> for StatusesVisitor {
    type Value = Statuses;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of status codes, or a table of them by CmdRef")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Statuses, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Statuses::InOrder)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Statuses, A::Error> {
        Table::deserialize(MapAccessDeserializer::new(map)).map(Statuses::ByCommand)
    }
}

impl JsonSchema for RuleId {
    fn schema_name() -> Cow<'static, str> {
        "RuleId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": Violation::rules().collect::<Vec<_>>() })
    }
}

impl JsonSchema for Kind {
    fn schema_name() -> Cow<'static, str> {
        "EventKind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": DeviceEvent::kinds().collect::<Vec<_>>() })
    }
}

impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "minimum": 100,
            "maximum": 999,
            "pattern": "^[1-9][0-9][0-9]$",
        })
    }
}

impl JsonSchema for Statuses {
    fn schema_name() -> Cow<'static, str> {
        "Statuses".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let code = generator.subschema_for::<Code>();
        let codes = json_schema!({ "type": "array", "items": code });
        json_schema!({
            "anyOf": [codes, { "type": "object", "additionalProperties": { "anyOf": [code, codes] } }],
        })
    }
}
