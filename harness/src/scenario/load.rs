//! From a scenario file to a scenario that can be run: the device is made, the messages are read, and every value
//! makes sense.

use std::path::Path;

use csp_model::agent::{NotAPause, UpdateId};
use csp_model::device::{Profile, Scalar};
use csp_model::{Device, LocUri};

use super::deed::Deed;
use super::document::Document;
use super::expectation::{Address, Expect};
use super::file::{DeviceChoice, StepEntry};
use super::table::Table;
use crate::Failure;
use crate::clock::Advance;
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
    /// Something is done to the device.
    Do(Deed),
}

impl Action {
    /// The key that says so.
    pub(super) const fn key(&self) -> &'static str {
        match self {
            Self::Send(..) => "send",
            Self::Connect(_) => "connect",
            Self::Do(deed) => deed.key(),
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
        [_] => {}
        [(first, _), (second, _), ..] => {
            let what = format!("a step does one thing, and this one has `{first}` already");
            return Err(document.wrong(&place.key(second), what));
        }
    }
    let action = if let Some(send) = entry.send {
        let (origin, message) = message(document, &place, send)?;
        Action::Send(origin, message)
    } else if let Some(address) = entry.connect {
        let url = dial::address(&address).map_err(|what| document.wrong(&place.key("connect"), what))?;
        Action::Connect(url)
    } else {
        Action::Do(deed(document, device, &place, &entry)?)
    };
    let expected = place.key("expect");
    check(document, device, &expected, &entry.expect)?;
    if let Action::Do(_) = action
        && let Some(field) = entry.expect.of_answer()
    {
        let what =
            format!("a step `{}` has no answer: expected with `send` or `connect` alone", action.key());
        return Err(document.wrong(&expected.key(field), what));
    }
    Ok(Step { place, action, expect: entry.expect })
}

/// What a step does to the device, where it makes sense.
fn deed(document: &Document, device: &Device, place: &Place, entry: &StepEntry) -> Result<Deed, Failure> {
    const DAY: u64 = 86_400;
    let wrong = |key: &str, what: String| document.wrong(&place.key(key), what);
    if let Some(by) = entry.advance {
        Advance::By(by).from(device.clock()).map_err(|error| wrong("advance", error.to_string()))?;
        return Ok(Deed::Advance(by));
    }
    if let Some(fault) = &entry.fault {
        device.clone().set_faults(vec![fault.clone()]).map_err(|error| {
            let key = error.path.rsplit('.').next().unwrap_or_default();
            document.wrong(&place.key("fault").key(key), error.what)
        })?;
        return Ok(Deed::Fault(fault.clone()));
    }
    if let Some(length) = entry.pause {
        let days = u32::try_from(length.as_secs() / DAY).ok().filter(|_| length.as_secs() % DAY == 0);
        let days = days.ok_or_else(|| wrong("pause", "expected whole days: `7d`".to_owned()))?;
        return match device.clone().user_pauses(days) {
            Err(error @ NotAPause::Length) => Err(wrong("pause", error.to_string())),
            // Whether the user may is to be seen when it is tried.
            Ok(_) | Err(NotAPause::NotAllowed) => Ok(Deed::Pause(days)),
        };
    }
    if let Some(values) = &entry.registry {
        return Ok(Deed::Registry(values.clone()));
    }
    if let Some(site) = &entry.site {
        site.check().map_err(|error| {
            document.wrong(&place.key("site").join(&Place::parse(&error.path)), error.what)
        })?;
        return Ok(Deed::Site(Box::new(site.clone())));
    }
    let flags = [
        (entry.scan, Deed::Scan),
        (entry.client_scan, Deed::ClientScan),
        (entry.restart, Deed::Restart),
        (entry.resume, Deed::Resume),
        (entry.policy_refresh, Deed::PolicyRefresh),
        (entry.install, Deed::Install),
        (entry.client_reset, Deed::ClientReset),
    ];
    let flag = flags.into_iter().find_map(|(flag, deed)| Some((flag?, deed)));
    match flag.expect("a step has an action") {
        (true, deed) => Ok(deed),
        (false, deed) => {
            Err(wrong(deed.key(), "expected true, or a step that does something else".to_owned()))
        }
    }
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
