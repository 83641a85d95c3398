//! What has happened on a device, as users of the program are told it: the kind, the update, the error, the words.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use csp_model::agent::{Caller, Event, EventKind, HResult, UpdateId};
use csp_model::device::Profile;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that has happened on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Event)]
pub struct DeviceEvent {
    /// When, by the device's clock.
    #[schema(value_type = String, format = DateTime)]
    pub at: DateTime<Utc>,
    /// What, in small letters with hyphens.
    #[schema(value_type = String, example = "scan-failed")]
    pub kind: Cow<'static, str>,
    /// The UpdateID of the update that it happened to, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub update: Option<UpdateId>,
    /// The error, or the reason, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "0x80072EE2")]
    pub hresult: Option<HResult>,
    /// Who had the update agent do it, where it was not the agent by itself: `CcmExec` for Configuration Manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "CcmExec")]
    pub caller: Option<Cow<'static, str>>,
    /// The same in words.
    pub text: String,
}

impl DeviceEvent {
    /// An event of a device of that profile.
    #[must_use]
    pub fn new(event: &Event, profile: &Profile) -> Self {
        let Event { at, kind, update, hresult, caller } = *event;
        let caller = (caller != Caller::default()).then(|| caller.name().into());
        Self { at, kind: kind.name().into(), update, hresult, caller, text: event.text(profile) }
    }

    /// Events of a device of that profile, in their order.
    pub(crate) fn all(events: &[Event], profile: &Profile) -> Arc<[Self]> {
        if events.is_empty() {
            return Arc::default();
        }
        events.iter().map(|event| Self::new(event, profile)).collect()
    }

    /// Every kind there is.
    pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
        EventKind::NAMES.into_iter()
    }

    /// About how many bytes it holds.
    pub(crate) const fn bytes(&self) -> u64 {
        (size_of::<Self>() + self.text.len()) as u64
    }
}

/// An event in its order among those of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RecordedEvent)]
pub struct RecordedEvent {
    /// Its number, counted from 1.
    pub seq: u64,
    /// What has happened.
    #[serde(flatten)]
    pub event: DeviceEvent,
}

/// The last events of a device.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    last: VecDeque<RecordedEvent>,
    count: u64,
}

impl Events {
    /// How many are kept.
    pub(crate) const MOST: usize = 1_000;

    pub(crate) fn record(&mut self, events: &[DeviceEvent]) {
        for event in events {
            if self.last.len() == Self::MOST {
                self.last.pop_front();
            }
            self.count += 1;
            self.last.push_back(RecordedEvent { seq: self.count, event: event.clone() });
        }
    }

    /// Those that came after number `since`.
    pub(crate) fn since(&self, since: u64) -> Vec<RecordedEvent> {
        self.last.iter().filter(|recorded| recorded.seq > since).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use csp_model::Device;
    use serde_json::json;

    use super::*;

    fn event(hresult: Option<i32>, update: Option<UpdateId>) -> Event {
        let device = Device::builtin();
        let (kind, hresult) = (EventKind::ScanFailed, hresult.map(HResult));
        Event { at: device.clock(), kind, update, hresult, caller: Caller::default() }
    }

    #[test]
    fn an_event_is_told_with_what_it_has() {
        let device = Device::builtin();
        let told = |event: &Event| json!(DeviceEvent::new(event, device.profile()));
        assert_eq!(
            told(&event(None, None)),
            json!({ "at": "2023-11-01T08:00:00Z", "kind": "scan-failed", "text": "scan failed" })
        );
        let update = device.profile().catalog()[0].id;
        let full = told(&event(Some(-2_147_012_894), Some(update)));
        assert_eq!((&full["hresult"], &full["update"]), (&json!("0x80072EE2"), &json!(update.to_string())));
        let read: DeviceEvent = serde_json::from_value(full.clone()).expect("an event");
        assert_eq!(json!(read), full);
    }

    #[test]
    fn every_kind_has_a_name_of_its_own_and_stands_in_the_documentation() {
        let kinds: std::collections::BTreeSet<_> = DeviceEvent::kinds().collect();
        assert_eq!(kinds.len(), EventKind::NAMES.len());
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api.md");
        let page = std::fs::read_to_string(path).expect("the page can be read");
        assert!(kinds.iter().all(|kind| page.contains(&format!("`{kind}`"))), "{kinds:?}");
        let mut device = Device::builtin();
        let year = device.clock() + chrono::TimeDelta::days(365);
        let happened = device.advance_to(year);
        assert!(happened.iter().all(|event| kinds.contains(event.kind.name())));
    }

    #[test]
    fn the_last_events_keep_their_numbers() {
        let device = Device::builtin();
        let mut events = Events::default();
        let all = DeviceEvent::all(&vec![event(None, None); Events::MOST + 5], device.profile());
        events.record(&all);
        let numbers = |since| events.since(since).iter().map(|recorded| recorded.seq).collect::<Vec<_>>();
        assert_eq!(numbers(0).first(), Some(&6));
        assert_eq!(numbers(1_003), [1_004, 1_005]);
    }
}
