//! The JSON Schema of scenario files takes the good ones and refuses the bad ones, as far as a schema can.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

/// Cases of `fixtures/scenarios-malformed` whose fault a schema cannot see.
const BEYOND: [&str; 30] = [
    "advance-negative",
    "advance-no-duration",
    "advance-too-far",
    "connect-to-no-address",
    "ddf-is-no-description",
    "ddf-missing",
    "device-duplicate-update",
    "device-file-missing",
    "device-file-wrong",
    "device-policy-out-of-range",
    "fault-ends-before-it-begins",
    "json-policy-out-of-range",
    "json-results-twice",
    "json-twice",
    "json-unknown-node",
    "pause-not-whole-days",
    "pause-too-long",
    "results-illegal-address",
    "results-unknown-node",
    "send-empty",
    "send-missing-file",
    "send-standard-input",
    "site-deployment-to-no-collection",
    "status-without-answer",
    "tree-no-guid",
    "tree-with-query",
    "updates-no-guid",
    "updates-twice",
    "updates-unknown",
    "violations-without-answer",
];

fn schema() -> Value {
    let run = Command::new(snapbox::cmd::cargo_bin!("cspsim")).args(["schema", "scenario"]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).unwrap()
}

/// `None` for a file that is not even TOML or JSON.
fn read(toml: Option<String>, json: Option<String>) -> Option<Value> {
    match (toml, json) {
        (Some(text), _) => toml::from_str(&text).ok(),
        (None, Some(text)) => serde_json::from_str(&text).ok(),
        (None, None) => panic!("a case has a scenario"),
    }
}

#[test]
fn good_files_are_taken() {
    let schema = schema();
    for entry in fs::read_dir(fixtures::root().join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        let text = || Some(fs::read_to_string(&path).unwrap());
        let scenario = match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => read(text(), None),
            Some("json") => read(None, text()),
            _ => continue,
        };
        assert_eq!(fault(&schema, &schema, &scenario.unwrap()), None, "{}", path.display());
    }
}

#[test]
fn bad_files_are_refused() {
    let schema = schema();
    let mut taken = BTreeSet::new();
    for case in fixtures::cases("scenarios-malformed") {
        let scenario = read(case.text("scenario.toml"), case.text("scenario.json"));
        if let Some(scenario) = scenario
            && fault(&schema, &schema, &scenario).is_none()
        {
            taken.insert(case.name);
        }
    }
    assert_eq!(taken.iter().map(String::as_str).collect::<Vec<_>>(), BEYOND);
}

/// The first keyword of the schema that the value does not satisfy. Only what the project's schemas use is known, and
/// anything else is a panic, so that nothing is taken by oversight.
fn fault(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    let keywords = match schema {
        Value::Bool(true) => return None,
        Value::Bool(false) => return Some("false".to_owned()),
        schema => schema.as_object().expect("a schema is a table"),
    };
    let takes = |schema: &Value, value: &Value| fault(root, schema, value).is_none();
    let list = |keyword: &Value| keyword.as_array().unwrap().clone();
    for (keyword, wanted) in keywords {
        let satisfied = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" | "then" => true,
            "$ref" => {
                let pointer = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                takes(root.pointer(pointer).unwrap(), value)
            }
            "type" => match wanted {
                Value::Array(names) => names.iter().any(|name| is_type(name, value)),
                name => is_type(name, value),
            },
            "enum" => list(wanted).contains(value),
            "const" => wanted == value,
            "anyOf" => list(wanted).iter().any(|schema| takes(schema, value)),
            "oneOf" => list(wanted).iter().filter(|schema| takes(schema, value)).count() == 1,
            "allOf" => list(wanted).iter().all(|schema| takes(schema, value)),
            "if" => !takes(wanted, value) || takes(&keywords["then"], value),
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.len() as u64 >= wanted.as_u64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| matches(wanted.as_str().unwrap(), text)),
            "items" => value.as_array().is_none_or(|items| items.iter().all(|item| takes(wanted, item))),
            "required" => value
                .as_object()
                .is_none_or(|table| list(wanted).iter().all(|key| table.contains_key(key.as_str().unwrap()))),
            "properties" => value.as_object().is_none_or(|table| {
                wanted
                    .as_object()
                    .unwrap()
                    .iter()
                    .all(|(key, schema)| table.get(key).is_none_or(|value| takes(schema, value)))
            }),
            "additionalProperties" => value.as_object().is_none_or(|table| {
                let named = keywords.get("properties").and_then(Value::as_object);
                table.iter().all(|(key, value)| {
                    named.is_some_and(|named| named.contains_key(key)) || takes(wanted, value)
                })
            }),
            "propertyNames" => value
                .as_object()
                .is_none_or(|table| table.keys().all(|key| takes(wanted, &Value::from(key.as_str())))),
            other => panic!("the keyword {other} is not known here"),
        };
        if !satisfied {
            return Some(keyword.clone());
        }
    }
    None
}

fn is_type(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other} is not known here"),
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[1-9][0-9][0-9]$" => text.len() == 3 && text.parse::<u16>().is_ok_and(|number| number >= 100),
        other => panic!("the pattern {other} is not known here"),
    }
}
