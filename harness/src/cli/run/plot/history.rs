//! What a picture shows: which update was in which state when, and when updates were paused.
//!
//! A device does the same in many steps as in one, so the state between two events is that after the first.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use csp_model::Device;
use csp_model::agent::{RollbackKind, UpdateId, UpdateState};
use csp_model::device::UpdateEntry;

use crate::event::DeviceEvent;

/// What became of a device until some time.
pub(super) struct History<'d> {
    /// Every update that the device came to know, in the order of its file.
    pub(super) lives: Vec<Life<'d>>,
    /// When quality updates were paused.
    pub(super) quality_pauses: Vec<Span<()>>,
    /// When feature updates were.
    pub(super) feature_pauses: Vec<Span<()>>,
    /// What is approved in the end, and since when.
    pub(super) approvals: BTreeMap<UpdateId, DateTime<Utc>>,
}

/// What became of one update.
pub(super) struct Life<'d> {
    pub(super) update: &'d UpdateEntry,
    pub(super) states: Vec<Span<UpdateState>>,
}

/// Something that holds from a time to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span<T> {
    pub(super) what: T,
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
}

impl<'d> History<'d> {
    /// The history of a device that is as `before` says and does `events` until `end`.
    pub(super) fn new(before: &'d Device, end: DateTime<Utc>, events: &[DeviceEvent]) -> Self {
        let mut device = before.clone();
        let catalog = before.profile().catalog();
        let mut states: BTreeMap<UpdateId, Vec<Span<UpdateState>>> = BTreeMap::new();
        for id in before.agent().records.keys() {
            follow(states.entry(*id).or_default(), state(before, *id), before.clock(), end);
        }
        let [mut quality_pauses, mut feature_pauses] = [Vec::new(), Vec::new()];
        let mut look_at_pauses = |device: &Device| {
            let paused = |kind| device.is_paused(kind).then_some(());
            follow(&mut quality_pauses, paused(RollbackKind::Quality), device.clock(), end);
            follow(&mut feature_pauses, paused(RollbackKind::Feature), device.clock(), end);
        };
        look_at_pauses(before);
        for at_once in events.chunk_by(|one, other| one.at == other.at) {
            let Some(first) = at_once.first() else { continue };
            device.advance_to(first.at);
            for id in at_once.iter().filter_map(|event| event.update) {
                follow(states.entry(id).or_default(), state(&device, id), device.clock(), end);
            }
            look_at_pauses(&device);
        }
        let life = |update: &'d UpdateEntry| {
            let states = states.remove(&update.id).filter(|states| !states.is_empty())?;
            Some(Life { update, states })
        };
        let lives = catalog.iter().filter_map(life).collect();
        Self { lives, quality_pauses, feature_pauses, approvals: device.agent().approvals.clone() }
    }
}

fn state(device: &Device, id: UpdateId) -> Option<UpdateState> {
    device.agent().records.get(&id).map(|record| record.state)
}

/// Goes on with `spans`, of which the last holds until `end`, by what holds from `now` on.
fn follow<T: PartialEq>(spans: &mut Vec<Span<T>>, what: Option<T>, now: DateTime<Utc>, end: DateTime<Utc>) {
    let last = spans.last_mut().filter(|last| last.to == end);
    if last.as_ref().map(|last| &last.what) == what.as_ref() {
        return;
    }
    if let Some(last) = last {
        last.to = now;
    }
    spans.extend(what.map(|what| Span { what, from: now, to: end }));
}
