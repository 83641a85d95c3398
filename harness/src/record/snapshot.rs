//! The device at the beginning of a recording, as far as it has told: nobody has seen its state.
//!
//! Deliberately absent: what it tells later. A reader has that from the messages.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use csp_model::device::{Profile, Snapshot};
use csp_model::units::Instant;
use csp_model::{Device, DeviceFile};
use syncml::message::{Data, Item, Kind, Message, Request, Verb};

/// A device without updates and policies of its own, which says of itself what the real one has said in its message.
pub(super) fn of(message: Option<&Message>, id: &str, at: DateTime<Utc>) -> Arc<Snapshot> {
    let mut file = DeviceFile { clock: Instant(at), ..DeviceFile::default() };
    if !id.is_empty() {
        id.clone_into(&mut file.device.id);
    }
    let items = message.into_iter().flat_map(|message| &message.body.commands).filter_map(|command| {
        match &command.kind {
            Kind::Request(Request { verb: Verb::Replace, items, .. }) => Some(items),
            Kind::Request(_)
            | Kind::Alert(_)
            | Kind::Container(_)
            | Kind::Status(_)
            | Kind::Results(_)
            | Kind::Unknown(_) => None,
        }
    });
    for (name, value) in items.flatten().filter_map(told) {
        let field = match name {
            "Man" => &mut file.device.manufacturer,
            "Mod" => &mut file.device.model,
            "Lang" => &mut file.device.language,
            "DevId" => &mut file.device.id,
            _ => continue,
        };
        value.clone_into(field);
    }
    let usual = DeviceFile { clock: Instant(at), ..DeviceFile::default() };
    // What a device may say of itself, a device file may not: then it says nothing.
    let profile = Profile::new(file).or_else(|_| Profile::new(usual));
    let device = profile.map_or_else(|_| Device::builtin(), |profile| Device::new(Arc::new(profile)));
    Arc::new(device.snapshot())
}

/// A node of DevInfo and its value.
fn told(item: &Item) -> Option<(&str, &str)> {
    let name = item.source.as_ref()?.loc_uri.as_deref()?.trim().strip_prefix("./DevInfo/")?;
    match item.data.as_ref()? {
        Data::Text(text) if !text.trim().is_empty() => Some((name, text.trim())),
        Data::Text(_) | Data::Markup(_) => None,
    }
}
