//! From a scenario file to a scenario that can be run: the device is made, the messages are read, and every value
//! makes sense.

use std::path::Path;

use csp_model::agent::UpdateId;
use csp_model::device::{Profile, Scalar};
use csp_model::{Device, LocUri};

use super::document::Document;
use super::expectation::{Address, Expect};
use super::file::{DeviceChoice, StepEntry};
use super::table::Table;
use crate::Failure;
use crate::dial;
use crate::fleet::Profiles;
use crate::input::{self, Source};
use crate::place::Place;
use crate::transport::Url;

/// The most bytes of a message that are read: far more than an endpoint takes, so that its refusal can be expected.
const LARGEST_MESSAGE: u64 = 64 << 20;

/// A scenario whose every value makes sense.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) name: Option<String>,
    pub(super) document: Document,
    pub(super) device: Device,
    pub(super) steps: Vec<Step>,
    /// What the device's descriptions gave cause to say.
    pub(super) warnings: Vec<String>,
}

/// One thing that happens, and what is expected of it.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) place: Place,
    pub(super) action: Action,
    pub(super) expect: Expect,
}

/// What happens in a step.
#[derive(Debug)]
pub(super) enum Action {
    /// The server sends its next message.
    Send(Origin, Vec<u8>),
    /// The device dials a server and holds a session with it.
    Connect(Url),
}

impl Action {
    /// The key that says so.
    pub(super) const fn key(&self) -> &'static str {
        match self {
            Self::Send(..) => "send",
            Self::Connect(_) => "connect",
        }
    }
}

/// Where a message stands.
#[derive(Debug)]
pub(super) enum Origin {
    /// In the file of that path, as the scenario names it.
    File(String),
    /// In the scenario.
    Inline,
}

impl Scenario {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When a file cannot be read, or a value makes no sense.
    pub(super) fn load(path: &Path) -> Result<Self, Failure> {
        let document = Document::open(path)?;
        let file = document.scenario()?;
        let (device, warnings) = device(&document, file.device.as_ref())?;
        let place = Place::default().key("step");
        if file.step.is_empty() {
            let what = "missing: a scenario has at least one `[[step]]`".to_owned();
            return Err(document.wrong(&place, what));
        }
        let steps = file.step.into_iter().enumerate();
        let steps = steps.map(|(index, entry)| step(&document, &device, place.index(index), entry));
        let steps = steps.collect::<Result<_, _>>()?;
        Ok(Self { name: file.name, document, device, steps, warnings })
    }
}

fn device(document: &Document, choice: Option<&DeviceChoice>) -> Result<(Device, Vec<String>), Failure> {
    let inline = document.device(choice)?;
    let profiles = Profiles::default();
    let (device, names) = match (choice, inline) {
        (Some(DeviceChoice::File(path)), _) => {
            let source = Source::read(&document.beside(path));
            let source = source.map_err(|failure| at(document, &Place::default().key("device"), failure))?;
            source.device(source.parse()?, &[], &profiles)?
        }
        (Some(DeviceChoice::Inline) | None, Some(file)) => document.source.device(file, &[], &profiles)?,
        (Some(DeviceChoice::Inline) | None, None) => return Ok((Device::builtin(), Vec::new())),
    };
    let warnings = names.iter().zip(device.profile().mounts()).flat_map(|(name, mount)| {
        mount.warnings.iter().map(move |warning| format!("warning: {name}: {warning}"))
    });
    let warnings = warnings.collect();
    Ok((device, warnings))
}

fn step(document: &Document, device: &Device, place: Place, entry: StepEntry) -> Result<Step, Failure> {
    let actions: Vec<_> = entry.actions().into_iter().filter(|(_, is_there)| *is_there).collect();
    match actions.as_slice() {
        [] => {
            let known = entry.actions().map(|(name, _)| format!("`{name}`")).join(", ");
            return Err(document.wrong(&place, format!("no action: expected one of {known}")));
        }
        [("send" | "connect", _)] => {}
        [(name, _)] => {
            let what = "steps of this kind are not there yet: expected `send` or `connect`".to_owned();
            return Err(document.wrong(&place.key(name), what));
        }
        [(first, _), (second, _), ..] => {
            let what = format!("a step does one thing, and this one has `{first}` already");
            return Err(document.wrong(&place.key(second), what));
        }
    }
    let action = match entry.connect {
        Some(address) => {
            let url = dial::address(&address).map_err(|what| document.wrong(&place.key("connect"), what))?;
            Action::Connect(url)
        }
        None => {
            let (origin, message) = message(document, &place, entry.send.unwrap_or_default())?;
            Action::Send(origin, message)
        }
    };
    check(document, device, &place.key("expect"), &entry.expect)?;
    Ok(Step { place, action, expect: entry.expect })
}

/// A message stands in the scenario itself when it looks like markup.
fn message(document: &Document, place: &Place, send: String) -> Result<(Origin, Vec<u8>), Failure> {
    let wrong = |what: String| Err(document.wrong(&place.key("send"), what));
    match send.trim_start().chars().next() {
        None => wrong("is empty: expected the path of a message, or the message itself".to_owned()),
        Some('<') => Ok((Origin::Inline, send.into_bytes())),
        Some(_) => {
            let message = input::bytes(&document.beside(&send), LARGEST_MESSAGE);
            let message = message.map_err(|failure| at(document, &place.key("send"), failure))?;
            Ok((Origin::File(send), message))
        }
    }
}

/// A file that cannot be read, with the place that names it.
fn at(document: &Document, place: &Place, failure: Failure) -> Failure {
    match failure {
        Failure::Input(what) => document.wrong(place, what),
        other => other,
    }
}

/// Checks what no type can say: whether there can be such nodes and updates at all.
fn check(document: &Document, device: &Device, place: &Place, expect: &Expect) -> Result<(), Failure> {
    let check_nodes = |field: &str, table: &Table<Address, Scalar>| {
        for entry in &table.0 {
            let there_is = if field == "tree" && entry.key.0.query().is_some() {
                Err("the address of a node is expected, without a query".to_owned())
            } else {
                there_can_be(device.profile(), &entry.key.0)
            };
            there_is.map_err(|what| {
                document.wrong(&place.key(field).key(&entry.written), format!("`{}`: {what}", entry.written))
            })?;
        }
        Ok::<_, Failure>(())
    };
    check_nodes("results", &expect.results)?;
    check_nodes("tree", &expect.tree)?;
    for entry in &expect.updates.0 {
        let is_known = device.profile().update(entry.key).is_some();
        if !is_known {
            let what = format!("the device file has no update `{}`", entry.written);
            return Err(document.wrong(&place.key("updates").key(&entry.written), what));
        }
    }
    Ok(())
}

/// A node that no description has can never be there: its address is a slip, whatever is expected of it.
fn there_can_be(profile: &Profile, uri: &LocUri) -> Result<(), String> {
    let schema = profile.schema();
    let mut node = schema.root(uri.scope());
    let mut names = Vec::new();
    for name in uri.segments() {
        let within = names.as_slice();
        node = schema.child(node, name).ok_or_else(|| {
            format!("no CSP of the device has a node `{name}` there; more can be mounted with `ddf`")
        })?;
        let is_update = matches!(within, ["Vendor", "MSFT", "Update", ..]);
        if is_update && schema.def(node).name.is_none() && UpdateId::parse(name).is_none() {
            return Err(format!("`{name}` is not a GUID"));
        }
        names.push(name);
    }
    Ok(())
}
