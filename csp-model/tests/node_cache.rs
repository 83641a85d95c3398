//! NodeCache beside a model of it: what a server expects is a map, and what has changed is found by reading every node.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use csp_model::tree::{Reading, Setting, Transaction};
use csp_model::{Device, LocUri, TreeError};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sha2::{Digest as _, Sha256};

const SERVER: &str = "./Vendor/MSFT/NodeCache/MS%20DM%20Server";
const ACTIVE_HOURS: &str = "./Vendor/MSFT/Policy/Config/Update/ActiveHoursStart";
const ACCOUNT: &str = "./SyncML/DMAcc";
const NONEXISTENT: &str = "application/x-nodemon-nonexistent";
const DIGEST: &str = "application/x-nodemon-sha256";

/// What a watched node is expected to be.
#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Absent,
    Text(String),
    DigestOf(String),
}

#[derive(Debug, Clone)]
enum Step {
    Watch(&'static str, &'static str),
    Forget(&'static str),
    Expect(&'static str, Expected),
    ExpectNothing(&'static str),
    ExpectWhatIsThere(&'static str),
    Set(&'static str),
    Unset,
}

#[derive(Debug, Default)]
struct Watched {
    uri: Option<&'static str>,
    expected: Option<Expected>,
}

fn step() -> impl Strategy<Value = Step> {
    let id = || select(vec!["1", "2", "n & m"]);
    // A leaf that comes and goes, one that is always there, interior nodes, one that is write-only, none at all, one of
    // the CSP itself, and what would ask for itself.
    let uri = select(vec![
        ACTIVE_HOURS,
        "\n  ./Device/Vendor/MSFT/Policy/Config/Update/ActiveHoursStart ",
        "./DevInfo/Man",
        ACCOUNT,
        "./Vendor/MSFT/NodeCache/MS DM Server/Nodes",
        "./Vendor/MSFT/NodeCache/MS%20DM%20Server/Nodes/1/ExpectedValue",
        "./Vendor/MSFT/NodeCache/MS%20DM%20Server/ChangedNodes",
        "./user/Vendor/MSFT/NodeCache/Other/ChangedNodesData",
        "./Vendor/MSFT/Reboot?list=Struct",
        "./Vendor/MSFT/Nope",
        "no address",
        "",
    ]);
    let text = || select(vec!["8", "9", "Contoso", "", "1/2"]).prop_map(str::to_owned);
    let expected = prop_oneof![
        Just(Expected::Absent),
        text().prop_map(Expected::Text),
        text().prop_map(Expected::DigestOf),
    ];
    prop_oneof![
        4 => (id(), uri).prop_map(|(id, uri)| Step::Watch(id, uri)),
        1 => id().prop_map(Step::Forget),
        3 => (id(), expected).prop_map(|(id, expected)| Step::Expect(id, expected)),
        1 => id().prop_map(Step::ExpectNothing),
        2 => id().prop_map(Step::ExpectWhatIsThere),
        2 => select(vec!["8", "9"]).prop_map(Step::Set),
        1 => Just(Step::Unset),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_has_changed_is_what_reads_differently(steps in vec(step(), 1..40)) {
        let mut device = Device::builtin();
        let mut model = BTreeMap::new();
        add(&mut device, SERVER, Setting::default());
        for step in &steps {
            take(step, &mut device, &mut model);
            let changed: Vec<_> = model.iter().filter(|(_, watched)| has_changed(&device, watched)).collect();
            let ids: Vec<_> = changed.iter().map(|(id, _)| **id).collect();
            prop_assert_eq!(leaf(&device, &format!("{SERVER}/ChangedNodes")), ids.join(","), "after {:?}", step);
            let data = leaf(&device, &format!("{SERVER}/ChangedNodesData"));
            let nodes = data.matches("<Node ").count();
            prop_assert_eq!(nodes, changed.len(), "{}", data);
        }
        let again = Device::from_snapshot(device.snapshot());
        prop_assert_eq!(again, Ok(device));
    }
}

fn take(step: &Step, device: &mut Device, model: &mut BTreeMap<&'static str, Watched>) {
    let node = |id: &str, leaf: &str| format!("{SERVER}/Nodes/{}/{leaf}", id.replace(' ', "%20"));
    match step {
        Step::Watch(id, uri) => {
            add(device, node(id, "").trim_end_matches('/'), Setting::default());
            put(device, &node(id, "NodeURI"), Setting { data: Some(uri), ..Setting::default() });
            model.entry(id).or_default().uri = Some(*uri).filter(|uri| !uri.is_empty());
        }
        Step::Forget(id) => {
            let deleted = device.delete(&parse(node(id, "").trim_end_matches('/')), Transaction::None);
            assert_eq!(deleted.is_ok(), model.remove(id).is_some());
        }
        Step::Expect(id, expected) if model.contains_key(id) => {
            let (media_type, data) = match expected {
                Expected::Absent => (Some(NONEXISTENT), None),
                Expected::Text(text) => (None, Some(text.clone())),
                Expected::DigestOf(text) => (Some(DIGEST), Some(STANDARD.encode(Sha256::digest(text)))),
            };
            let setting = Setting { format: Some("chr"), media_type, data: data.as_deref() };
            put(device, &node(id, "ExpectedValue"), setting);
            model.entry(id).or_default().expected = Some(expected.clone());
        }
        Step::ExpectNothing(id) if model.contains_key(id) => {
            device.delete(&parse(&node(id, "ExpectedValue")), Transaction::None).expect("a delete");
            model.entry(id).or_default().expected = None;
        }
        Step::ExpectWhatIsThere(id) if model.contains_key(id) => {
            let watched = model.entry(id).or_default();
            watched.expected =
                actual(device, watched).map(|actual| actual.map_or(Expected::Absent, Expected::Text));
            put(device, &node(id, "AutoSetExpectedValue"), Setting::default());
        }
        Step::Expect(..) | Step::ExpectNothing(_) | Step::ExpectWhatIsThere(_) => {}
        Step::Set(hour) => {
            let setting = Setting { data: Some(hour), ..Setting::default() };
            device.replace(&parse(ACTIVE_HOURS), setting, Transaction::None).expect("a policy");
        }
        Step::Unset => {
            let _is_set = device.delete(&parse(ACTIVE_HOURS), Transaction::None);
        }
    }
}

fn has_changed(device: &Device, watched: &Watched) -> bool {
    let (Some(expected), Some(actual)) = (&watched.expected, actual(device, watched)) else { return true };
    match expected {
        Expected::Absent => actual.is_some(),
        Expected::Text(text) => actual.as_ref() != Some(text),
        // Only leaves have a digest.
        Expected::DigestOf(text) => {
            let is_leaf = watched.uri.is_some_and(|uri| !uri.ends_with("Nodes") && uri != ACCOUNT);
            !is_leaf || actual.as_ref() != Some(text)
        }
    }
}

/// What a Get of the watched node gives, where it can be told: a text, or that there is no such node.
#[expect(clippy::option_option, reason = "whether it is known, and whether it is there")]
fn actual(device: &Device, watched: &Watched) -> Option<Option<String>> {
    let uri = watched.uri?.trim();
    if uri.contains("ChangedNodes") {
        return None;
    }
    let Ok(parsed) = LocUri::parse(uri) else { return Some(None) };
    if parsed.query().is_some() {
        return Some(None);
    }
    Some(match device.get(&parsed) {
        Ok(Reading::Interior(names)) => Some(names),
        Ok(Reading::Leaf(value, _)) => Some(value.text().into_owned()),
        Err(_) => None,
    })
}

/// Sets a leaf as a server does that does not know whether it is there.
fn put(device: &mut Device, uri: &str, setting: Setting<'_>) {
    let uri = parse(uri);
    match device.add(&uri, setting, Transaction::None) {
        Err(TreeError::AlreadyExists) => device.replace(&uri, setting, Transaction::None),
        other => other,
    }
    .expect("a leaf that can be set");
}

fn add(device: &mut Device, uri: &str, setting: Setting<'_>) {
    match device.add(&parse(uri), setting, Transaction::None) {
        Ok(()) | Err(TreeError::AlreadyExists) => {}
        Err(error) => panic!("{uri}: {error}"),
    }
}

fn leaf(device: &Device, uri: &str) -> String {
    match device.get(&parse(uri)) {
        Ok(Reading::Leaf(value, _)) => value.text().into_owned(),
        other => panic!("{uri}: {other:?}"),
    }
}

fn parse(uri: &str) -> LocUri {
    LocUri::parse(uri).expect("an address")
}

#[test]
fn an_address_that_cannot_be_read_is_never_as_expected() {
    let mut device = Device::builtin();
    let uid = device.accounts().into_iter().next().expect("an account").uid;
    let secret = format!("./SyncML/DMAcc/{uid}/AppAuth/SRVCRED/AAuthSecret");
    let base = format!("{SERVER}/Nodes/1");
    for (leaf, media_type, data) in [("NodeURI", None, &*secret), ("ExpectedValue", Some(NONEXISTENT), "")] {
        let setting = Setting { media_type, data: Some(data), ..Setting::default() };
        put(&mut device, &format!("{base}/{leaf}"), setting);
    }
    let shown = leaf(&device, &format!("{SERVER}/ChangedNodes"));
    // Without credentials there is no such node; with them there is one, and it tells nothing.
    assert_eq!(shown, "");
    let parts = format!("./SyncML/DMAcc/{uid}/AppAuth/SRVCRED");
    add(&mut device, &parts, Setting::default());
    put(&mut device, &secret, Setting { data: Some("secret"), ..Setting::default() });
    assert_eq!(leaf(&device, &format!("{SERVER}/ChangedNodes")), "1");
    assert!(!leaf(&device, &format!("{SERVER}/ChangedNodesData")).contains("c2VjcmV0"));
}

#[test]
fn a_server_that_goes_takes_what_it_knows_along() {
    let mut device = Device::builtin();
    for scope in [".", "./User"] {
        let uri = format!("{scope}/Vendor/MSFT/NodeCache/cspsim/CacheVersion");
        put(&mut device, &uri, Setting { data: Some("1"), ..Setting::default() });
    }
    device.unenroll("cspsim");
    for scope in [".", "./User"] {
        assert_eq!(
            device.get(&parse(&format!("{scope}/Vendor/MSFT/NodeCache"))),
            Ok(Reading::Interior(String::new()))
        );
    }
}
