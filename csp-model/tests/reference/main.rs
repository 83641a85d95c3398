//! The device beside a model of it that knows nothing of schemas, gates and shared parts: the rules are written out by
//! hand, and the tree is made anew after every step.
//!
//! Both editions of the Update CSP, Policy, DMClient, Reboot, and one mounted description, `lab.xml`. Deliberately
//! absent: time that passes, CSPs that only answer, and DMAcc, of which only the address shows through DMClient.

mod enrolment;
mod model;
mod operation;
mod policy;
mod rules;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use csp_model::device::{Instance, NodeChange, Profile};
use csp_model::strategies::Outcome;
use csp_model::tree::{Effect, Leaves, Reading, Setting, Transaction};
use csp_model::{Device, DeviceFile, Format, LocUri, TreeError};
use model::{Model, No, Shown};
use operation::{Step, device_and_steps};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_device_does_what_the_model_does((file, steps) in device_and_steps()) {
        let profile = Profile::new(file.clone()).expect("a profile");
        let mut device = Device::new(Arc::new(profile));
        let start = device.clone();
        let mut model = Model::new(&file);
        compare(&device, &model)?;
        for step in &steps {
            take(step, &mut device, &mut model)?;
            compare(&device, &model)?;
        }
        told_of_every_change(&start, &device)?;
    }
}

/// The nodes that are said to have changed are what leads from one device to the other.
fn told_of_every_change(before: &Device, after: &Device) -> Result<(), TestCaseError> {
    let mut kept = before.state().stored;
    for (uri, change) in after.changed_nodes(before) {
        let changed = match change {
            NodeChange::Kept(value) => kept.insert(uri, value.cloned()) != Some(value.cloned()),
            NodeChange::Removed => kept.remove(&uri).is_some(),
        };
        prop_assert!(changed);
    }
    prop_assert_eq!(kept, after.state().stored);
    Ok(())
}

#[test]
fn devices_of_one_profile_are_told_apart_by_their_instance() {
    let (file, own) = DeviceFile { seed: 7, ..DeviceFile::default() }.split();
    let profile = Arc::new(Profile::new(file.clone()).expect("a profile"));
    let other = Instance { id: "other".into(), ..own.clone() };
    let [one, another] = [&own, &other].map(|it| Device::of_profile(Arc::clone(&profile), it.clone()));
    assert_ne!(one, another);
    assert_eq!(one.snapshot().file, DeviceFile { seed: 7, ..DeviceFile::default() });
    assert_eq!(Device::from_snapshot(another.snapshot()), Ok(another.clone()));
    assert_eq!(Device::from_state(profile, other, another.state()), Ok(another));
}

#[test]
fn the_clock_never_goes_back() {
    let mut device = lab();
    let start = device.clock();
    device.advance_to(start + chrono::TimeDelta::hours(1));
    device.advance_to(start);
    assert_eq!(device.clock(), start + chrono::TimeDelta::hours(1));
    assert_eq!(device.reset(), lab());
}

/// A room that comes into being on the way to what is added takes its place among the three.
#[test]
fn nodes_on_the_way_count() {
    let mut device = lab();
    for room in ["a", "b", "c", "d"] {
        let uri = LocUri::parse(&format!("./Vendor/MSFT/Lab/Rooms/{room}/Seats")).expect("an address");
        let setting = Setting { data: Some("1"), ..Setting::default() };
        let expected = if room == "d" { Err(TreeError::TooMany(3)) } else { Ok(()) };
        assert_eq!(device.add(&uri, setting, Transaction::None), expected);
    }
}

/// What was taken away again leaves a part behind that is empty, and a snapshot gives that back as well.
#[test]
fn an_empty_part_comes_back() {
    let mut device = lab();
    let uri = LocUri::parse("./Vendor/MSFT/Lab/Rooms/a").expect("an address");
    device.add(&uri, Setting::default(), Transaction::None).expect("a room");
    device.delete(&uri, Transaction::None).expect("no room");
    assert_eq!(device, lab());
    assert_eq!(Device::from_snapshot(device.snapshot()), Ok(device));
}

fn lab() -> Device {
    let file = DeviceFile { ddf: vec![include_str!("lab.xml").to_owned()], ..DeviceFile::default() };
    Device::new(Arc::new(Profile::new(file).expect("a profile")))
}

/// Takes one step on both.
fn take(step: &Step, device: &mut Device, model: &mut Model) -> Result<(), TestCaseError> {
    let refusals = model.refusals(step);
    match step.operation().apply(device) {
        Ok(outcome) => {
            prop_assert!(refusals.is_empty(), "{:?} was done, not refused as {:?}", step, refusals);
            let leaving = model.apply(step);
            match outcome {
                Outcome::Ran(Effect::RollbackStarted(update)) => {
                    prop_assert!(leaving.contains(&update.to_string()), "{} of {:?}", update, leaving);
                }
                Outcome::Ran(effect) => prop_assert_eq!(effect, model.effect(step)),
                Outcome::Changed => prop_assert_eq!(leaving.len(), 0),
                Outcome::Read(_) => {}
                Outcome::Listed(listed) => {
                    let top = model.address(step).unwrap_or_default();
                    let addresses = listed.iter().map(|node| format!("{top}{}", node.below));
                    let tree = model.tree();
                    let below = format!("{top}/");
                    let is_listed = |at: &&String| **at == top || at.starts_with(&below);
                    let expected = tree.keys().filter(is_listed).cloned().collect::<BTreeSet<_>>();
                    prop_assert_eq!(addresses.collect::<BTreeSet<_>>(), expected, "{:?}", step);
                }
            }
        }
        Err(error) => {
            prop_assert!(refusals.contains(&no(&error)), "{:?}: {}, not {:?}", step, error, refusals);
            if matches!(error, TreeError::RollbackRefused(_)) {
                model.refuse(step);
            }
        }
    }
    Ok(())
}

fn no(error: &TreeError) -> No {
    match error {
        TreeError::NotFound => No::Absent,
        TreeError::NotAllowed { .. } => No::Denied,
        TreeError::AlreadyExists => No::Exists,
        TreeError::WrongFormat { .. } | TreeError::BadValue { .. } => No::Unfit,
        TreeError::Disallowed { .. } => No::Disallowed,
        TreeError::InvalidName => No::BadName,
        TreeError::TooMany(_) => No::Full,
        TreeError::RollbackRefused(_) => No::Refused,
        other => panic!("{other}"),
    }
}

/// Holds every node against the model: listed with its value, and read one by one.
fn compare(device: &Device, model: &Model) -> Result<(), TestCaseError> {
    let tree = model.tree();
    let mut listed = BTreeMap::new();
    for csp in ["Update", "Policy", "DMClient", "Reboot", "Lab"] {
        let base = LocUri::root().child("Vendor").child("MSFT").child(csp);
        for node in device.list(&base, Leaves::WithData).expect("a list") {
            let address = format!("{csp}{}", node.below);
            let above = address.rsplit_once('/').map(|(above, _)| above);
            prop_assert!(
                above.is_none_or(|above| listed.contains_key(above)),
                "{} before its parent",
                address
            );
            let shown = match node.format {
                Format::Node => Shown::Interior,
                format => Shown::Leaf(format, node.value.map(|value| value.text().into_owned())),
            };
            prop_assert!(listed.insert(address.clone(), shown).is_none(), "{} twice", address);
        }
    }
    prop_assert_eq!(&listed, &tree);
    for (address, shown) in &tree {
        let uri = LocUri::parse(&format!("./Vendor/MSFT/{address}")).expect("an address");
        match (device.get(&uri), shown) {
            (Ok(Reading::Interior(names)), Shown::Interior) => {
                let names: BTreeSet<_> = names.split('/').filter(|name| !name.is_empty()).collect();
                let below = tree.keys().filter_map(|other| other.strip_prefix(address)?.strip_prefix('/'));
                let expected: BTreeSet<_> = below.filter(|name| !name.contains('/')).collect();
                prop_assert_eq!(names, expected, "{}", address);
            }
            (Ok(Reading::Leaf(value, _)), Shown::Leaf(format, Some(text))) => {
                prop_assert_eq!((value.format(), &*value.text()), (*format, text.as_str()), "{}", address);
            }
            (Err(TreeError::NotAllowed { .. }), Shown::Leaf(_, None)) => {}
            (got, expected) => prop_assert!(false, "{}: {:?}, not {:?}", address, got, expected),
        }
    }
    Ok(())
}
