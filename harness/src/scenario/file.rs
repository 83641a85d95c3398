//! The scenario file: what a person writes, in TOML or JSON, beside the keys of a device file.
//!
//! The types here say only what may stand in the file; [`super::load`] checks that it makes sense.

use std::fmt;

use csp_model::DeviceFile;
use csp_model::agent::Fault;
use csp_model::agent::site::Site;
use csp_model::units::Duration;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::deed::RegistryValues;
use super::expectation::Expect;

/// The keys that a scenario file has beside those of a device file; `device` is in both.
pub(super) const KEYS: [&str; 4] = ["name", "description", "device", "step"];

/// A device, what is sent to it, and what is expected.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    /// What the scenario is called; the path of its file when absent.
    pub(super) name: Option<String>,
    /// What it shows.
    pub(super) description: Option<String>,
    /// The device: a table as in a device file, or the path of one.
    #[schemars(skip)]
    pub(super) device: Option<DeviceChoice>,
    /// What happens, in order: the messages are those of one session with the device.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) step: Vec<StepEntry>,
}

/// Where the device is described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DeviceChoice {
    /// In another file.
    File(String),
    /// In the scenario file itself.
    Inline,
}

/// One thing that happens, and what is expected of it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = exactly_one_action()))]
pub(super) struct StepEntry {
    /// The server's next message: the path of its file, or the message itself, which begins with `<`.
    pub(super) send: Option<String>,
    /// The device calls an MDM server and holds a session with it.
    pub(super) connect: Option<String>,
    /// The device's clock moves on: "22h".
    pub(super) advance: Option<Duration>,
    /// The device scans for updates, as its user would have it.
    #[schemars(extend("const" = true))]
    pub(super) scan: Option<bool>,
    /// The device restarts.
    #[schemars(extend("const" = true))]
    pub(super) restart: Option<bool>,
    /// What goes wrong from now on, beside what does already. Times count from the start of the device's clock.
    pub(super) fault: Option<Fault>,
    /// The device's user pauses updates, for whole days: "7d".
    pub(super) pause: Option<Duration>,
    /// The user ends the pause.
    #[schemars(extend("const" = true))]
    pub(super) resume: Option<bool>,
    /// An administrator changes the registry: values by key and name, `false` for one that is taken away. Group Policy
    /// counts from the next refresh on.
    pub(super) registry: Option<RegistryValues>,
    /// The device reads Group Policy again.
    #[schemars(extend("const" = true))]
    pub(super) policy_refresh: Option<bool>,
    /// What stands around the device from now on, as the tables `configmgr`, `wsus` and `proxy` of a device file. What is
    /// not named stands there no more.
    pub(super) site: Option<Site>,
    /// The user has everything installed that Software Center shows.
    #[schemars(extend("const" = true))]
    pub(super) install: Option<bool>,
    /// The ConfigMgr client scans, as with "Software Updates Scan Cycle" in its control panel.
    #[schemars(extend("const" = true))]
    pub(super) client_scan: Option<bool>,
    /// The update agent's store, `SoftwareDistribution`, is made anew.
    #[schemars(extend("const" = true))]
    pub(super) client_reset: Option<bool>,
    /// What is expected.
    #[serde(default)]
    pub(super) expect: Expect,
}

impl StepEntry {
    const ACTIONS: [&str; 14] = [
        "send",
        "connect",
        "advance",
        "scan",
        "restart",
        "fault",
        "pause",
        "resume",
        "registry",
        "policy_refresh",
        "site",
        "install",
        "client_scan",
        "client_reset",
    ];

    /// Every action by name, and whether the step has it.
    pub(super) fn actions(&self) -> [(&'static str, bool); 14] {
        let is_there = [
            self.send.is_some(),
            self.connect.is_some(),
            self.advance.is_some(),
            self.scan.is_some(),
            self.restart.is_some(),
            self.fault.is_some(),
            self.pause.is_some(),
            self.resume.is_some(),
            self.registry.is_some(),
            self.policy_refresh.is_some(),
            self.site.is_some(),
            self.install.is_some(),
            self.client_scan.is_some(),
            self.client_reset.is_some(),
        ];
        std::array::from_fn(|index| (Self::ACTIONS[index], is_there[index]))
    }
}

/// The JSON Schema of the whole file: the scenario's keys and the device's.
pub(crate) fn schema() -> Schema {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let device = generator.root_schema_for::<DeviceFile>().to_value();
    let mut schema = generator.root_schema_for::<ScenarioFile>();
    schema.insert("title".to_owned(), json!("Scenario file"));
    schema.insert("required".to_owned(), json!(["step"]));
    let described = device.pointer("/properties/device").cloned().unwrap_or_default();
    let own = schema.get_mut("properties").and_then(Value::as_object_mut);
    if let (Some(own), Some(Value::Object(others))) = (own, device.get("properties").cloned()) {
        own.extend(others);
        own.insert(
            "device".to_owned(),
            json!({
                "description": "The device: a table as in a device file, or the path of one.",
                "anyOf": [{ "type": "string" }, described],
            }),
        );
    }
    let definitions = schema.get_mut("$defs").and_then(Value::as_object_mut);
    if let (Some(definitions), Some(Value::Object(others))) = (definitions, device.get("$defs").cloned()) {
        definitions.extend(others);
    }
    // A device that stands in another file is described there alone.
    schema.insert(
        "if".to_owned(),
        json!({ "properties": { "device": { "type": "string" } }, "required": ["device"] }),
    );
    schema.insert("then".to_owned(), json!({ "propertyNames": { "enum": KEYS } }));
    schema
}

fn exactly_one_action() -> Value {
    StepEntry::ACTIONS.into_iter().map(|name| json!({ "required": [name] })).collect()
}

impl<'de> Deserialize<'de> for DeviceChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choice;

        impl<'de> Visitor<'de> for Choice {
            type Value = DeviceChoice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table that describes the device, or the path of a device file")
            }

            fn visit_str<E>(self, path: &str) -> Result<DeviceChoice, E> {
                Ok(DeviceChoice::File(path.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DeviceChoice, A::Error> {
                // Read with the device's other keys.
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(DeviceChoice::Inline)
            }
        }

        deserializer.deserialize_any(Choice)
    }
}
