//! What holds for every address, value, device file, device and operation.
//!
//! The rules of the tree are held against a model of their own in `reference/`.

use std::collections::BTreeSet;

use csp_model::agent::{Content, Failure, HResult, Record, RollbackKind, UpdateId, UpdateSet, UpdateState};
use csp_model::device::{InitialState, Parts};
use csp_model::strategies::{self, Operation, Outcome};
use csp_model::tree::{Leaves, Reading};
use csp_model::{Device, DeviceFile, Format, LocUri, TreeError, Value};
use proptest::prelude::*;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn an_address_is_read_as_it_is_written(uri in strategies::loc_uri()) {
        prop_assert_eq!(LocUri::parse(&uri.to_string()), Ok(uri));
    }

    #[test]
    fn every_spelling_of_an_address_is_the_same((uri, text) in strategies::loc_uri_text()) {
        prop_assert_eq!(LocUri::parse(&text), Ok(uri), "{}", text);
    }

    #[test]
    fn an_illegal_address_is_refused(text in strategies::illegal_loc_uri()) {
        prop_assert!(LocUri::parse(&text).is_err(), "{}", text);
    }

    #[test]
    fn any_text_is_an_address_or_none(text in prop_oneof![any::<String>(), "[./%?*a2Fé=]{0,12}"]) {
        if let Ok(uri) = LocUri::parse(&text) {
            prop_assert_eq!(LocUri::parse(&uri.to_string()), Ok(uri), "{}", text);
        }
    }

    #[test]
    fn a_value_is_read_as_it_is_written(value in strategies::any_value()) {
        prop_assert_eq!(Value::parse(value.format(), &value.text()), Some(value));
    }

    #[test]
    fn any_text_is_a_value_or_none(text in prop_oneof![any::<String>(), "[-+0-9TZ:. e=]{0,12}"]) {
        for format in Format::ALL {
            if let Some(value) = Value::parse(format, &text) {
                prop_assert_eq!(value.format(), format);
                prop_assert_eq!(Value::parse(format, &value.text()), Some(value), "{}", text);
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_device_file_is_read_as_it_is_written(file in strategies::device_file()) {
        let toml = toml::to_string(&file).expect("TOML");
        prop_assert_eq!(DeviceFile::from_toml(&toml), Ok(file.clone()), "{}", toml);
        let json = serde_json::to_string(&file).expect("JSON");
        prop_assert_eq!(DeviceFile::from_json(&json), Ok(file), "{}", json);
    }

    #[test]
    fn a_device_is_read_as_it_is_written(device in strategies::used_device()) {
        let json = serde_json::to_string(&device).expect("JSON");
        let read: Device = serde_json::from_str(&json).expect("a device");
        prop_assert_eq!(&read, &device, "{}", json);
        let root = LocUri::root();
        prop_assert_eq!(read.list(&root, Leaves::WithData), device.list(&root, Leaves::WithData));
    }

    #[test]
    fn what_keeps_to_the_rules_is_done(
        (device, operation) in strategies::used_device()
            .prop_flat_map(|device| (Just(device.clone()), strategies::operation(&device))),
    ) {
        let mut after = device.clone();
        match operation.apply(&mut after) {
            Ok(outcome) => {
                let only_reads = operation.only_reads();
                prop_assert!(!only_reads || after.changed_parts(&device).is_empty());
                prop_assert_eq!(matches!(outcome, Outcome::Read(_) | Outcome::Listed(_)), only_reads);
            }
            Err(TreeError::RollbackRefused(_)) => only_the_status(&operation, &device, &after)?,
            Err(error) => prop_assert!(false, "{:?}: {}", operation, error),
        }
    }

    #[test]
    fn what_breaks_a_rule_is_refused_and_changes_nothing(
        (device, (broken, operation)) in strategies::used_device()
            .prop_flat_map(|device| (Just(device.clone()), strategies::violation(&device))),
    ) {
        let mut after = device.clone();
        match operation.apply(&mut after) {
            Ok(_) => prop_assert!(false, "{:?} {:?} was done", broken, operation),
            Err(error) => prop_assert!(broken.gives(&error), "{:?} {:?}: {}", broken, operation, error),
        }
        prop_assert_eq!(after.changed_parts(&device), Parts::empty());
        prop_assert_eq!(after, device);
    }

    /// Operations fail here that no strategy has thought of: each was made for another device.
    #[test]
    fn a_failed_operation_changes_nothing(
        (device, operation) in strategies::used_device().prop_flat_map(|one| (Just(one), strategies::used_device()))
            .prop_flat_map(|(one, other)| (Just(one), prop_oneof![
                strategies::operation(&other),
                strategies::violation(&other).prop_map(|(_, operation)| operation),
            ])),
    ) {
        let mut after = device.clone();
        match operation.apply(&mut after) {
            Ok(_) => {}
            Err(TreeError::RollbackRefused(_)) => only_the_status(&operation, &device, &after)?,
            Err(_) => {
                prop_assert_eq!(after.changed_parts(&device), Parts::empty());
                prop_assert_eq!(after, device);
            }
        }
    }

    #[test]
    fn an_update_is_in_the_sets_of_its_state(device in strategies::device()) {
        for entry in &device.profile().file().update {
            let expected: &[&str] = match entry.state {
                InitialState::NotOffered => &[],
                InitialState::Installable => &["InstallableUpdates"],
                InitialState::Failed => &["FailedUpdates", "InstallableUpdates"],
                InitialState::PendingRestart => &["PendingRebootUpdates"],
                InitialState::Installed => &["InstalledUpdates"],
            };
            prop_assert_eq!(sets_of(&device, entry.id), expected.iter().copied().collect());
        }
    }

    /// Every step of an update's life, with and without a failure before it (U13 in the decisions).
    #[test]
    fn a_record_is_in_the_sets_of_its_state(
        step in proptest::sample::select(UpdateState::NAMED.to_vec()),
        failure in proptest::option::of((proptest::sample::select(UpdateState::NAMED.to_vec()), any::<i32>())),
        id in strategies::update_id(),
    ) {
        let mut snapshot = Device::builtin().snapshot();
        let failure = failure.map(|((state, _), code)| Failure { state, hresult: HResult(code) });
        let since = snapshot.state.clock;
        let record =
            Record { revision: 1, state: step.0, since, discovered: since, content: Content::None, failure };
        snapshot.state.agent.records.insert(id, record);
        let device = Device::from_snapshot(snapshot).expect("a device");
        let mut expected = BTreeSet::new();
        match step.1 {
            "RebootRequired" | "PostReboot" => drop(expected.insert("PendingRebootUpdates")),
            "UpdateCompleted" => drop(expected.insert("InstalledUpdates")),
            name => {
                expected.insert("InstallableUpdates");
                let blocked = matches!(name, "DownloadBlocked" | "InstallBlocked");
                expected.extend(Some("FailedUpdates").filter(|_| failure.is_some() || blocked));
            }
        }
        prop_assert_eq!(sets_of(&device, id), expected);
    }
}

/// A refused rollback says so in its status node, and leaves everything else as it was.
fn only_the_status(operation: &Operation, before: &Device, after: &Device) -> Result<(), TestCaseError> {
    let node = operation.uri().segments().next_back().unwrap_or_default().to_owned();
    prop_assert_eq!(after.changed_parts(before), Parts::AGENT);
    let mut expected = before.snapshot();
    let rollback = match node.as_str() {
        "QualityUpdate" => &mut expected.state.agent.rollbacks.quality,
        _ => &mut expected.state.agent.rollbacks.feature,
    };
    rollback.status = Some(HResult::NOT_FOUND);
    rollback.refused = after
        .agent()
        .rollbacks
        .of(if node == "QualityUpdate" { RollbackKind::Quality } else { RollbackKind::Feature })
        .refused;
    prop_assert!(rollback.refused.is_some());
    prop_assert_eq!(after.snapshot(), expected);
    let status = LocUri::parse(&format!("./Vendor/MSFT/Update/Rollback/{node}Status")).expect("an address");
    prop_assert_eq!(after.get(&status), Ok(Reading::Leaf(Value::chr("0x80070490"), None)));
    Ok(())
}

/// The sets of `./Vendor/MSFT/Update` that show an update: by listing it, by answering for it, and by the agent.
fn sets_of(device: &Device, id: UpdateId) -> BTreeSet<&'static str> {
    const SETS: [(&str, UpdateSet); 4] = [
        ("FailedUpdates", UpdateSet::Failed),
        ("InstallableUpdates", UpdateSet::Installable),
        ("InstalledUpdates", UpdateSet::Installed),
        ("PendingRebootUpdates", UpdateSet::PendingReboot),
    ];
    let shows = |(name, set): &(&str, UpdateSet)| {
        let parent = LocUri::root().child("Vendor").child("MSFT").child("Update").child(name);
        let listed = match device.get(&parent) {
            Ok(Reading::Interior(names)) => names.split('/').any(|name| name == id.to_string()),
            other => panic!("{other:?}"),
        };
        assert_eq!(device.get(&parent.child(&id.to_string())).is_ok(), listed, "{name}");
        assert_eq!(device.agent().update_in(*set, id).is_some(), listed, "{name}");
        listed
    };
    SETS.iter().filter(|set| shows(set)).map(|(name, _)| *name).collect()
}
