//! What holds for every device whose time passes, whatever its file plans and its servers, administrators and users do.
//!
//! `oracle.rs` says in other words than the agent what may be installed when.

mod oracle;
mod steps;

use chrono::{DateTime, TimeDelta, Utc};
use csp_model::agent::{Event, EventKind, Throttled, UpdateId, UpdateState};
use csp_model::device::SnapshotError;
use csp_model::tree::{Setting, Transaction};
use csp_model::{Device, strategies};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

use steps::{Step, step};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 4_000, ..ProptestConfig::default() }
}

/// A device, and what is done to it.
fn life() -> BoxedStrategy<(Device, Vec<Step>)> {
    strategies::device()
        .prop_flat_map(|device| {
            let steps = vec(step(&device), 1..12);
            (Just(device), steps)
        })
        .boxed()
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn one_step_and_many_end_alike((device, steps) in life(), parts in vec(0.0..1.0_f64, 1..5)) {
        let (mut one, mut many) = (device.clone(), device);
        for step in &steps {
            let events = step.take(&mut one);
            prop_assert_eq!(step.take_in_parts(&mut many, &parts), events, "{:?}", step);
            prop_assert_eq!(&many, &one, "{:?}", step);
        }
    }

    #[test]
    fn a_device_that_was_written_down_goes_on_alike((device, steps) in life(), at in any::<prop::sample::Index>()) {
        let (mut device, mut events) = (device, Vec::new());
        let at = at.index(steps.len());
        for step in &steps[..at] {
            step.take(&mut device);
        }
        let json = serde_json::to_string(&device).expect("JSON");
        let mut other: Device = serde_json::from_str(&json).expect("a device");
        for step in &steps[at..] {
            events.extend(step.take(&mut device));
            prop_assert_eq!(step.take(&mut other), events.split_off(0), "{:?}", step);
            prop_assert_eq!(&other, &device, "{:?}", step);
        }
        prop_assert_eq!(serde_json::to_string(&other).expect("JSON"), serde_json::to_string(&device).expect("JSON"));
    }

    #[test]
    fn events_are_in_order_and_complete((mut device, steps) in life()) {
        let mut states = states(&device);
        for step in &steps {
            let start = device.clock();
            let events = step.take(&mut device);
            prop_assert!(events.is_sorted_by_key(|event| event.at), "{:?}", events);
            prop_assert!(events.iter().all(|event| start <= event.at && event.at <= device.clock()), "{:?}", events);
            for event in &events {
                tell(&mut states, event);
            }
            prop_assert_eq!(&states, &self::states(&device), "{:?} {:?}", step, events);
        }
    }

    #[test]
    fn an_update_moves_as_the_table_says((mut device, steps) in life()) {
        let mut states = states(&device);
        for step in &steps {
            for event in step.take(&mut device) {
                let from = event.update.and_then(|id| states.get(&id).copied());
                if let Some(to) = event.kind.state() {
                    prop_assert!(oracle::is_in_the_table(from, to), "{:?}: {:?} to {:?}", event, from, to);
                }
                tell(&mut states, &event);
            }
        }
    }

    #[test]
    fn nothing_is_installed_that_may_not_be((mut device, steps) in life()) {
        for step in &steps {
            let before = device.clone();
            let events = step.take(&mut device);
            for event in events.iter().filter(|event| event.kind == EventKind::InstallStarted) {
                oracle::may_be_installed(&before, &device, step, event)?;
            }
        }
    }

    /// Wherever its clock stands, a device that is looked at anew finds nothing that it has missed.
    #[test]
    fn a_device_at_rest_has_nothing_to_do((mut device, steps) in life(), parts in vec(0.0..1.0_f64, 3)) {
        for step in &steps {
            step.take_in_parts_and(&mut device, &parts, |device| {
                device.advance_to(device.clock());
                let mut again = Device::from_snapshot(device.snapshot()).expect("a device");
                prop_assert_eq!(again.advance_to(device.clock()), []);
                prop_assert_eq!(&again, &*device);
                Ok(())
            })?;
        }
    }
}

#[test]
fn a_detection_is_refused_inside_the_detection_frequency() {
    let mut device = Device::builtin();
    let checked = device.agent().last_check.expect("the file says when").at;
    assert_eq!(device.detect_now(), Err(Throttled { until: checked + TimeDelta::hours(22) }));
    assert!(!device.scan().is_empty(), "the button is never refused");
    let uri = "./Vendor/MSFT/Policy/Config/Update/DetectionFrequency".parse().expect("an address");
    let setting = Setting { data: Some("4"), ..Setting::default() };
    device.replace(&uri, setting, Transaction::None).expect("a policy");
    let clock = device.clock();
    assert_eq!(device.detect_now(), Err(Throttled { until: clock + TimeDelta::hours(4) }));
    device.advance_to(clock + TimeDelta::hours(4));
    let scanned = device.agent().last_check.expect("there was one by itself").at;
    assert!(scanned > clock);
    assert_eq!(device.detect_now(), Err(Throttled { until: scanned + TimeDelta::hours(4) }));
}

/// A clock does not run past the calendar, and a device that says so is none.
#[test]
fn time_ends() {
    let mut device = Device::builtin();
    device.set_faults(vec![]).expect("no faults");
    let mut snapshot = device.snapshot();
    snapshot.state.clock = DateTime::<Utc>::MAX_UTC;
    assert!(matches!(Device::from_snapshot(snapshot), Err(SnapshotError::Time(_))));
    let mut snapshot = device.snapshot();
    snapshot.state.clock = "9999-12-30T00:00:00Z".parse().expect("a time");
    let mut device = Device::from_snapshot(snapshot).expect("a device");
    device.advance_to(DateTime::<Utc>::MAX_UTC);
    assert_eq!(device.clock().to_rfc3339(), "9999-12-31T23:59:59+00:00");
    assert!(!device.scan().is_empty());
}

/// Where every update stands.
fn states(device: &Device) -> BTreeMap<UpdateId, UpdateState> {
    device.agent().records.iter().map(|(id, record)| (*id, record.state)).collect()
}

/// What an event says of where updates stand.
fn tell(states: &mut BTreeMap<UpdateId, UpdateState>, event: &Event) {
    let Some(id) = event.update else { return };
    if event.kind.removes() {
        states.remove(&id);
    }
    states.extend(event.kind.state().map(|state| (id, state)));
}

/// The lives that the properties look at are not dull: everything that can happen happens in them.
#[test]
fn everything_happens() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut seen = BTreeMap::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..1_500 {
        let (mut device, steps) = life().new_tree(&mut runner).expect("a life").current();
        for event in steps.iter().flat_map(|step| step.take(&mut device)) {
            *seen.entry(event.kind.name()).or_insert(0_u32) += 1;
        }
    }
    let all = EventKind::NAMES.into_iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(seen.keys().copied().collect::<std::collections::BTreeSet<_>>(), all);
}
