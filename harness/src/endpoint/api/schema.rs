//! What the handlers cannot say of themselves: the schemas of documents that belong to other crates, and what the guard
//! answers before a handler is asked.
//!
//! Deliberately absent from the program: it serves the text that is made here, `openapi.json`.

use std::{env, fs};

use csp_model::DeviceFile;
use csp_model::device::Snapshot;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::super::copies::Copies;
use super::super::problem::ProblemDocument;

/// What the endpoint as a whole is.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "cspsim",
        description = "Simulated Windows devices under MDM: messages to them, and what a test needs to know and to change \
                       about them.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(ProblemDocument, Copies)),
    tags(
        (name = "messages", description = "The devices' own language"),
        (name = "control", description = "What no device would answer. Asks for the token if there is one; refuses web pages."),
    )
)]
struct Api;

/// The whole description, as text.
pub(super) fn description() -> String {
    let (_, api) = OpenApiRouter::with_openapi(Api::openapi())
        .merge(super::message_routes())
        .merge(super::control_routes())
        .split_for_parts();
    let mut api = json!(api);
    if let Some(schemas) = api.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        add_documents(schemas);
    }
    api["components"]["securitySchemes"] = json!({
        "token": { "type": "http", "scheme": "bearer", "description": "What --token or CSPSIM_TOKEN says, if they say anything" }
    });
    for path in api["paths"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        for operation in path.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if operation["tags"] == json!(["control"]) {
                add_guard(operation);
            }
        }
    }
    format!("{api:#}\n")
}

fn add_documents(schemas: &mut Map<String, Value>) {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    let mut generator = settings.into_generator();
    generator.subschema_for::<DeviceFile>();
    schemas.extend(generator.take_definitions(true));
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let snapshot = json!({
        "type": "object",
        "description": "A whole device",
        "required": ["cspsim_snapshot", "file", "state"],
        "additionalProperties": false,
        "properties": {
            "cspsim_snapshot": { "description": "The version of this format", "const": Snapshot::VERSION },
            "file": reference("DeviceFile"),
            "state": {
                "type": "object",
                "description": "What has become of it since its clock started; of this program's making, to be kept whole",
                "required": ["clock", "agent", "policy", "registry", "name"],
                "properties": {
                    "clock": { "type": "string", "format": "date-time" },
                    "agent": { "type": "object" },
                    "policy": {},
                    "registry": {},
                    "name": { "type": "string" },
                    "stored": { "type": "object" },
                },
                "additionalProperties": false,
            },
        },
    });
    schemas.insert("Snapshot".to_owned(), snapshot);
    let violation = json!({
        "type": "object",
        "description": "Something that a server did wrong",
        "required": ["seq", "at", "rule", "severity", "line", "column", "text"],
        "properties": {
            "seq": { "type": "integer", "description": "Its number among those of the device, from 1" },
            "at": { "type": "string", "format": "date-time", "description": "When, by the device's clock" },
            "rule": { "type": "string", "description": "The rule" },
            "severity": { "enum": ["error", "warning", "note"], "description": "How much it matters" },
            "line": { "type": "integer", "description": "The line of the message, from 1" },
            "column": { "type": "integer", "description": "The column in characters, from 1" },
            "text": { "type": "string", "description": "What was done, and what was expected" },
        },
    });
    schemas.insert("Violation".to_owned(), violation);
    schemas.insert("Violations".to_owned(), json!({ "type": "array", "items": reference("Violation") }));
    schemas.insert("Faults".to_owned(), json!({ "type": "array", "items": reference("Fault") }));
    let site = json!({
        "type": "object",
        "description": "What stands around a device",
        "properties": { "configmgr": reference("ConfigMgr"), "wsus": reference("Wsus"), "proxy": reference("Proxy") },
        "additionalProperties": false,
    });
    schemas.insert("Site".to_owned(), site);
    let value = json!({ "type": ["boolean", "integer", "string", "null"] });
    let values = json!({ "type": "object", "additionalProperties": value });
    let change = json!({
        "type": "object",
        "description": "Values of the registry by key and name; null takes one away",
        "additionalProperties": values,
        "example": { "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU": { "UseWUServer": 1 } },
    });
    schemas.insert("RegistryChange".to_owned(), change);
    let new = json!({ "oneOf": [reference("DeviceFile"), reference("Copies")] });
    schemas.insert("NewDevices".to_owned(), new);
}

/// What may come instead of an answer.
fn add_guard(operation: &mut Value) {
    operation["security"] = json!([{}, { "token": [] }]);
    let problem = |what: &str| {
        json!({
            "description": what,
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        })
    };
    if operation["responses"]["400"].is_null() {
        operation["responses"]["400"] = problem("No Host header, or several");
    }
    operation["responses"]["401"] = problem("The token is missing or wrong");
    operation["responses"]["403"] = problem("The request comes from a web page, or is for another host");
}

/// `UPDATE=1 cargo test -p cspsim --lib openapi` writes the file; read what it changed.
#[test]
fn openapi_json_is_made_of_the_handlers() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let made = description();
    if env::var_os("UPDATE").is_some() {
        fs::write(path, &made).expect("the file can be written");
    }
    let kept = fs::read_to_string(path).expect("the file can be read");
    assert!(kept == made, "openapi.json is not what the handlers say: UPDATE=1 writes it anew");
}
