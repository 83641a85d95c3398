//! Device descriptions: our own, published ones, and ones that cannot be used.

#![expect(clippy::disallowed_methods, reason = "a test reads its cases")]

use csp_model::tree::Leaves;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use csp_model::device::Profile;
use csp_model::schema::builtin::{self, Edition};
use csp_model::schema::ddf::{self, Description};
use csp_model::schema::{Node, strategies};
use csp_model::{Access, Device, DeviceFile, Format, LocUri, TreeError};
use proptest::prelude::*;

fn read(name: &str, text: &str) -> Description {
    ddf::read(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn count(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| 1 + count(&node.children)).sum()
}

#[test]
fn our_own_read_without_warnings_and_are_laid_out_as_we_write() {
    let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data"));
    assert_eq!(files.len(), 10);
    for path in files {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path).expect("a file");
        let description = read(&name, &text);
        assert_eq!(description.warnings, [], "{name}");
        assert!(ddf::write(&description.roots) == text, "{name} is not laid out as we write");
    }
}

#[test]
fn built_in_providers() {
    let names = builtin::all(Edition::V2023).map(|(name, _)| name);
    let expected = [
        "DMAcc",
        "DMClient",
        "DevDetail",
        "DevInfo",
        "DeviceManageability",
        "NodeCache",
        "Policy",
        "Reboot",
        "Update",
    ];
    assert_eq!(names, expected);
    for edition in Edition::ALL {
        for (name, roots) in builtin::all(edition) {
            assert!(roots.iter().all(|root| root.name.as_deref() == Some(name)), "{name}");
            assert!(read(name, &ddf::write(roots)).roots == roots, "{name}");
        }
    }
}

#[test]
fn editions_of_update_differ_in_three_nodes() {
    let [old, new] = [Edition::V1803, Edition::V2023].map(|edition| &builtin::update(edition)[0]);
    assert_eq!(count(&old.children), count(&new.children));
    assert!(old.find(&["FailedUpdates", "", "Status"]).is_some());
    assert!(old.find(&["FailedUpdates", "", "State"]).is_none());
    assert!(new.find(&["FailedUpdates", "", "State"]).is_some());
    assert!(new.find(&["FailedUpdates", "", "Status"]).is_none());
    for path in [&["ApprovedUpdates", ""][..], &["ApprovedUpdates", "", "ApprovedTime"]] {
        let access = |root: &Node| root.find(path).expect("the node").properties.access.to_string();
        assert_eq!((access(old), access(new)), ("Get".to_owned(), "Add, Get".to_owned()));
    }
}

#[test]
fn every_policy_under_config_is_under_result_to_be_read() {
    let policy = &builtin::policy()[0];
    let config = policy.find(&["Config", "Update"]).expect("the area");
    let result = policy.find(&["Result", "Update"]).expect("the area");
    assert_eq!(config.children.len(), 76);
    assert_eq!(result.children.len(), 76);
    for (set, shown) in config.children.iter().zip(&result.children) {
        assert_eq!(set.name, shown.name);
        assert_eq!(set.properties.access.to_string(), "Add, Delete, Get, Replace");
        assert_eq!(shown.properties.access.to_string(), "Get");
        assert_eq!(set.properties.format, shown.properties.format);
        assert_eq!(set.properties.default, shown.properties.default);
        assert_eq!(set.applicability(), shown.applicability());
        let is_number = set.properties.format == Format::Int;
        assert_eq!(set.allowed().is_some(), is_number, "{:?}", set.name);
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(roots in strategies::roots()) {
        let text = ddf::write(&roots);
        let description = ddf::read(&text);
        prop_assert_eq!(description.map(|description| description.roots), Ok(roots), "{}", text);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _refused_or_read = ddf::read(&text);
    }

    #[test]
    fn no_damage_panics(start in 0_usize..20_000, length in 0_usize..40, put in "[<>/&a \"]{0,3}") {
        let mut text = include_str!("../data/Update-2023.xml").to_owned();
        let start = text.floor_char_boundary(start.min(text.len()));
        let end = text.floor_char_boundary((start + length).min(text.len()));
        text.replace_range(start..end, &put);
        let _refused_or_read = ddf::read(&text);
    }
}

#[test]
fn a_byte_order_mark_another_prefix_and_other_line_ends_do_not_matter() {
    let text = include_str!("../data/DevDetail.xml");
    let varied = text.replace("MSFT:", "x:").replace("xmlns:MSFT", "xmlns:x").replace('\n', "\r\n");
    assert_eq!(read("varied", &format!("\u{FEFF}{varied}")), read("plain", text));
}

#[test]
fn nesting_has_an_end() {
    let properties =
        "<DFProperties><AccessType/><DFFormat><node/></DFFormat><DFType><MIME/></DFType></DFProperties>";
    let nested = |depth: usize| {
        let open = format!("<Node><NodeName>n</NodeName>{properties}").repeat(depth);
        format!("<MgmtTree><VerDTD>1.2</VerDTD>{open}{}</MgmtTree>", "</Node>".repeat(depth))
    };
    assert_eq!(ddf::read(&nested(64)).map(|description| description.warnings), Ok(Vec::new()));
    let error = ddf::read(&nested(65)).expect_err("too deep");
    assert_eq!(&*error.what, "found too many nodes within each other");
    assert!(ddf::read(&nested(100_000)).is_err());
}

#[test]
fn what_is_odd_is_said() {
    let text = "<MgmtTree>
  <Node>
    <NodeName>Root</NodeName>
    <RTProperties><Unread/></RTProperties>
    <DFProperties>
      <DefaultValue>x</DefaultValue>
      <DFFormat><int/></DFFormat>
      <Occurence><One/></Occurence>
      <AllowedValues xmlns='http://schemas.microsoft.com/MobileDevice/DM' ValueType='RegEx'><Value>(</Value></AllowedValues>
      <Shade xmlns='http://schemas.microsoft.com/MobileDevice/DM'/>
    </DFProperties>
  </Node>
</MgmtTree>";
    let warnings: Vec<_> = read("odd", text).warnings.iter().map(ToString::to_string).collect();
    let expected = [
        "line 1: VerDTD is missing and is taken to be 1.2",
        "line 8: Root: `<Occurence>` is not known here and is passed over",
        "line 9: Root: the pattern cannot be used and allows every value: ",
        "line 10: Root: `<MSFT:Shade>` is not known here and is passed over",
        "line 6: Root: the default value `x` is none of the format int",
        "line 5: Root: `<AccessType>` is missing and is taken to be Get",
        "line 5: Root: `<DFType>` is missing or empty",
    ];
    assert_eq!(warnings.len(), expected.len(), "{warnings:#?}");
    for (warning, expected) in warnings.iter().zip(expected) {
        assert!(warning.starts_with(expected), "{warning}\n{expected}");
    }
}

/// `UPDATE=1` writes the errors of cases that have none yet.
#[test]
fn malformed_descriptions_are_located() {
    for case in fixtures::cases("ddf-malformed") {
        let text = case.text("ddf.xml").unwrap_or_else(|| panic!("{}: no ddf.xml", case.name));
        let error = match ddf::read(&text) {
            Err(error) => format!("{error}\n"),
            Ok(_) => panic!("{}: read without an error", case.name),
        };
        match case.text("error.txt") {
            Some(expected) => assert_eq!(error, expected, "{}", case.name),
            None if std::env::var_os("UPDATE").is_some() => {
                std::fs::write(case.path.join("error.txt"), error).expect("a file written");
            }
            None => panic!("{}: no error.txt; UPDATE=1 writes it", case.name),
        }
    }
}

/// The files that Microsoft publishes are not ours to keep here; where they are at hand, they are read.
#[test]
fn published_descriptions_are_read() {
    let folder = published();
    if !folder.is_dir() {
        skipped(&folder);
        return;
    }
    for path in files(&folder) {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path).expect("a file");
        let description = read(&name, &text);
        assert!(count(&description.roots) > 5, "{name}");
        assert_eq!(description.warnings, [], "{name}");
        assert!(read(&name, &ddf::write(&description.roots)).roots == description.roots, "{name}");
    }
}

#[test]
fn published_descriptions_are_mounted_and_answer() {
    let folder = published();
    if !folder.is_dir() {
        skipped(&folder);
        return;
    }
    for path in files(&folder) {
        let text = std::fs::read_to_string(&path).expect("a file");
        let profile = Profile::new(DeviceFile { ddf: vec![text], ..DeviceFile::default() });
        let device =
            Device::new(Arc::new(profile.unwrap_or_else(|error| panic!("{}: {error}", path.display()))));
        let mut answered = 0;
        for root in [LocUri::root(), LocUri::root().in_user_scope()] {
            for listed in device.list(&root, Leaves::Bare).expect("the root is there") {
                let uri: LocUri = format!("{root}{}", listed.below).parse().expect("a listed address is one");
                match device.get(&uri) {
                    Ok(_) => answered += 1,
                    Err(TreeError::NotAllowed { allowed, .. }) => {
                        assert!(!allowed.contains(Access::GET), "{uri}")
                    }
                    Err(error) => panic!("{}: {uri}: {error}", path.display()),
                }
            }
        }
        assert!(answered > 50, "{}: only {answered} nodes answer", path.display());
    }
}

#[test]
fn ours_are_what_is_published() {
    let pairs = [
        ("DMAcc.xml", builtin::dm_acc()),
        ("DMClient.xml", builtin::dm_client()),
        ("DevInfo.xml", builtin::dev_info()),
        ("DevDetail.xml", builtin::dev_detail()),
        ("Reboot.xml", builtin::reboot()),
        ("Update-1803.xml", builtin::update(Edition::V1803)),
    ];
    // A description may have a root in each tree, in any order.
    let shapes = |roots: &[Node]| roots.iter().map(shape).collect::<BTreeSet<_>>();
    for (name, ours) in pairs {
        let path = published().join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => assert_eq!(shapes(&read(name, &text).roots), shapes(ours)),
            Err(_) => skipped(&path),
        }
    }
}

#[test]
fn policies_are_the_published_ones() {
    let path = published().join("Update_AreaDDF.xml");
    let Ok(text) = std::fs::read_to_string(&path) else {
        skipped(&path);
        return;
    };
    let area = builtin::policy()[0].find(&["Config", "Update"]).expect("the area");
    for published in &read("published", &text).roots[0].children {
        let name = published.name.as_deref().unwrap_or_default();
        let ours = area.find(&[name]).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(shape(published), shape(ours));
        let msft = |node: &Node| {
            let msft = node.properties.msft.clone().expect("extensions");
            (
                msft.applicability,
                msft.gp_mapping,
                msft.conflict_resolution,
                msft.allowed.map(|all| all.to_string()),
            )
        };
        assert_eq!(msft(published), msft(ours), "{name}");
    }
}

/// What a node is, without the words about it.
fn shape(node: &Node) -> String {
    let properties = &node.properties;
    let own = format!(
        "{:?} {:?} {} {} {:?} {:?} {:?} {:?} {:?}\n",
        node.path.as_deref().map(LocUri::parse),
        node.name,
        properties.access,
        properties.format,
        properties.occurrence,
        properties.scope,
        properties.default,
        properties.case_sense,
        properties.kind,
    );
    node.children.iter().map(shape).fold(own, |text, child| text + &child)
}

fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ddf")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .collect();
    files.sort();
    files
}

/// Written past the test harness, which hides what a passing test prints.
fn skipped(path: &Path) {
    let line = format!("SKIPPED: {} is not here, so nothing was compared with it\n", path.display());
    std::io::stderr().write_all(line.as_bytes()).expect("standard error");
}
