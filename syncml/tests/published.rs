//! The device beside messages that others have published: every one is answered or refused with its place, and where
//! a published answer exists, ours is compared with it. What differs is listed here with its reason.
//!
//! The messages are not part of the project: without the folder `shared/data/messages` beside it, nothing is
//! compared, and that is said. `cargo test -p syncml --test published -- --nocapture` prints the table.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test reads its cases and shows them"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use csp_model::device::Profile;
use csp_model::tree::{Setting, Transaction};
use csp_model::{Device, DeviceFile};
use syncml::codec::{self, Limits};
use syncml::judge::{Arrival, Side};
use syncml::message::{Command, Data, Items, Kind, Message};
use syncml::session::{Responder, Review, side_of};

/// What an answer says, without the numbers that differ from run to run.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    /// CmdRef, Cmd, code.
    statuses: Vec<[String; 3]>,
    /// CmdRef and the Items: address, Format, Data.
    results: Vec<(String, Vec<[String; 3]>)>,
}

/// What the judge finds in published messages of servers: the message, the rules that it breaks, and why it is so.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "03-policy-update-three",
        "loc-uri-blanks meta-namespace namespace several-cmdids",
        "Microsoft's page: one Replace with three CmdIDs, no namespace in Meta, blanks behind addresses",
    ),
    (
        "04-policy-updateserviceurl",
        "meta-namespace",
        "Microsoft's page shows the command without the namespaces of its message",
    ),
    ("10-dmclient-exec-unenroll", "absent-node", "the built-in device is enrolled with another provider"),
    (
        "11-dmclient-replace-serverlist",
        "absent-node loc-uri-blanks",
        "the same; the page breaks the address into two lines",
    ),
    ("21-msmdm-s4-2", "loc-uri-blanks unknown-csp", "[MS-MDM] section 4 has a blank in `./ DevDetail/HwV`"),
    (
        "23-msmdm-s3-01",
        "loc-uri-blanks unknown-csp",
        "[MS-MDM] breaks addresses into lines; WiFi and cimv2 are not described here",
    ),
    ("23-msmdm-s3-03", "loc-uri-blanks unknown-csp", "the same"),
    ("23-msmdm-s3-04", "loc-uri-blanks unknown-csp", "the same"),
    ("23-msmdm-s3-05", "loc-uri-blanks unknown-csp", "the same"),
    ("23-msmdm-s3-07", "loc-uri-blanks unknown-csp", "the same"),
    ("30-oma-list-struct-request", "unknown-csp", "an address of OMA's example"),
    ("32-oma-list-structdata-request", "unknown-csp", "the same"),
    (
        "34-oma-protocol-example-2",
        "alert-code unknown-csp",
        "OMA asks the user a question, which Windows has no answer to",
    ),
    ("34-oma-protocol-example-6", "alert-code unknown-csp", "the same"),
    ("34-oma-protocol-example-8", "unknown-csp", "an address of OMA's example"),
    (
        "50-local-add-approvedupdate",
        "add-without-format approval-not-installable",
        "Microsoft's agent sends no Meta; the update is not one of the built-in device's",
    ),
    (
        "53-local-exec-no-data",
        "rollback-conditions",
        "the built-in device has no update that could be rolled back",
    ),
    (
        "srv-go-microsoft-dm-namespace11",
        "namespace",
        "a server's answer that was captured because of its SYNCML1.1",
    ),
];

#[test]
fn published_servers_break_no_rule_but_those_that_are_known() {
    let Some(folder) = published() else { return };
    let mut judged = 0;
    for path in files(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let wrapped = [b"<SyncBody>".as_slice(), &bytes, b"</SyncBody>"].concat();
        let decode = |bytes: &[u8]| codec::decode(bytes, &Limits::default());
        let Ok(message) = decode(&bytes).or_else(|_| decode(&wrapped)) else { continue };
        // What is no message of a server's: one of the device's, or a fragment of something else.
        let is_none = |command: &Command| matches!(command.kind, Kind::Unknown(_));
        if side_of(&message) == Some(Side::Device) || message.body.commands.iter().all(is_none) {
            continue;
        }
        judged += 1;
        let findings = Review::new(Device::builtin()).server_said(&message, Arrival::default());
        let broken: BTreeSet<_> = findings.iter().map(|finding| finding.rule.id).collect();
        let broken = broken.into_iter().collect::<Vec<_>>().join(" ");
        let known =
            KNOWN.iter().find(|(known, ..)| name.starts_with(known)).map_or("", |(_, rules, _)| *rules);
        assert_eq!(broken, known, "{name}: {findings:#?}");
    }
    assert!(judged >= 25, "{judged} messages of servers were found");
}

#[test]
fn every_message_is_answered_or_refused_with_its_place() {
    let Some(folder) = published() else { return };
    let mut outcomes = BTreeMap::<&str, usize>::new();
    for path in files(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let whole = answered(&bytes);
        // A fragment that is a command is one once it stands in a SyncBody.
        let wrapped = [b"<SyncBody>".as_slice(), &bytes, b"</SyncBody>"].concat();
        let (kind, what) = match (whole, answered(&wrapped)) {
            (Ok(codes), _) => ("answered", codes),
            (Err(_), Ok(codes)) => ("answered in a SyncBody", codes),
            (Err(error), Err(_)) => ("refused", error),
        };
        *outcomes.entry(kind).or_default() += 1;
        println!("{name:<55} {kind:<24} {}", what.chars().take(110).collect::<String>());
        let is_broken = name.ends_with(".txt");
        assert!(!is_broken || kind != "answered", "{name} is not well-formed and is answered");
        let is_ours = ["SyncML", "SyncBody"].iter().any(|root| root_of(&bytes) == *root);
        // The authentication examples have an ellipsis among their commands, which is text where none can be.
        let is_elided = name.starts_with("35-oma-auth-example");
        assert!(is_broken || is_elided || !is_ours || kind == "answered", "{name}: {what}");
    }
    println!("{outcomes:?}");
}

#[test]
fn the_namespace_pair_of_a_windows_11_client() {
    let Some(folder) = published() else { return };
    let device =
        device("[device]\nmanufacturer = \"Example Manufacturer\"\nos = \"10.0.26200.9278\"\n", None);
    let ours = answer(device, &read(&folder, "srv-go-microsoft-dm-namespace11-response.xml"));
    let theirs = message(&read(&folder, "real-win11-26200-namespace11-results.xml"));
    assert_eq!(said(&ours), said(&theirs));
    let (ours, theirs) = (ours.header.unwrap(), theirs.header.unwrap());
    assert_eq!((ours.session_id, ours.msg_id), (theirs.session_id, theirs.msg_id));
}

#[test]
fn the_answers_of_the_local_management_api() {
    let Some(folder) = published() else { return };
    const TASK: &str =
        "./Vendor/MSFT/CustomDeviceUI/BackgroundTaskstoLaunch/IoTOnboardingTask-uwp_1w720vyc4ccym!App";
    const START: &str = "./Vendor/MSFT/CustomDeviceUI/StartupAppID";
    let mut device = device("", Some(CUSTOM_DEVICE_UI));
    let mut set = |uri: &str, data: &str| {
        let setting = Setting { data: Some(data), ..Setting::default() };
        let uri = uri.parse().unwrap();
        device
            .add(&uri, setting, Transaction::None)
            .or_else(|_| device.replace(&uri, setting, Transaction::None))
            .unwrap();
    };
    set(TASK, "0");
    set(START, "23983CETAthensQuality.IoTCoreSmartDisplay_7grdn1j1n8awe!App");

    let get = |uri: &str| {
        format!(
            "<SyncBody><Get><CmdID>1</CmdID><Item><Target><LocURI>{uri}</LocURI></Target></Item></Get></SyncBody>"
        )
    };
    let ours = said(&answer(
        device.clone(),
        get("./Vendor/MSFT/CustomDeviceUI/BackgroundTaskstoLaunch?list=Struct").as_bytes(),
    ));
    let mut theirs = said(&wrapped(&read(&folder, "54-local-response-struct.xml")));
    // The published answer is a comment in a program and shows its only leaf twice; a listing has each node once.
    let items = &mut theirs.results[0].1;
    assert_eq!(items[1], items[2]);
    items.pop();
    assert_eq!(without_sync_hdr(ours), theirs);

    let ours = said(&answer(device, get(&format!("{START}?list=StructData")).as_bytes()));
    assert_eq!(without_sync_hdr(ours), said(&wrapped(&read(&folder, "55-local-response-structdata.xml"))));
}

#[test]
fn the_pair_of_ms_mdm() {
    let Some(folder) = published() else { return };
    let ours = said(&answer(Device::builtin(), &read(&folder, "21-msmdm-s4-2-server-pkg2.xml")));
    let theirs = said(&message(&read(&folder, "22-msmdm-s4-3-client-pkg3.xml")));
    // The example asks for `./ DevDetail/HwV`, with a blank inside the address, and shows it found. Windows trims
    // blanks around an address (its own samples need it); no text says that it drops one inside.
    assert_eq!(ours.statuses[..2], theirs.statuses[..2]);
    assert_eq!(ours.statuses[2], ["5", "Get", "404"].map(str::to_owned));
    assert_eq!(theirs.statuses[2], ["5", "Get", "200"].map(str::to_owned));
    // The example writes Format chr once, and leaves it out once; Windows leaves it out (observed).
    assert_eq!(ours.results[0].0, theirs.results[0].0);
    assert_eq!(ours.results[0].1[0][0], theirs.results[0].1[0][0]);
    assert_eq!(["", "chr"], [ours.results[0].1[0][1].as_str(), theirs.results[0].1[0][1].as_str()]);
    // With the blank gone, both answers say the same, but for that Format, the values, and the order: the example
    // has both Statuses before both Results, Windows each Results behind its Status (observed).
    let asked = String::from_utf8(read(&folder, "21-msmdm-s4-2-server-pkg2.xml"))
        .unwrap()
        .replace("./ DevDetail", "./DevDetail");
    let ours = said(&answer(Device::builtin(), asked.as_bytes()));
    assert_eq!(ours.statuses, theirs.statuses);
    let addresses = |said: &Said| {
        said.results.iter().map(|(cmd_ref, items)| (cmd_ref.clone(), items[0][0].clone())).collect::<Vec<_>>()
    };
    assert_eq!(addresses(&ours), addresses(&theirs));
}

#[test]
fn the_session_of_the_oma_specification() {
    let Some(folder) = published() else { return };
    // Package 2 asks the user something (Alert 1101) and replaces a node of another tree: Windows has neither.
    let ours = said(&answer(Device::builtin(), &read(&folder, "34-oma-protocol-example-2.xml")));
    let codes =
        |said: &Said| said.statuses.iter().map(|[_, cmd, code]| format!("{cmd} {code}")).collect::<Vec<_>>();
    assert_eq!(codes(&ours), ["SyncHdr 200", "Sequence 200", "Alert 406", "Replace 404"]);
    // The published device answers 200 to the same commands in the same order, and 212 to the credentials in the
    // header, which a responder does not ask for.
    let theirs = said(&message(&read(&folder, "34-oma-protocol-example-3.xml")));
    let order = |said: &Said| {
        said.statuses.iter().map(|[cmd_ref, cmd, _]| format!("{cmd_ref} {cmd}")).collect::<Vec<_>>()
    };
    assert_eq!(order(&ours), order(&theirs));
}

/// A description of the CSP that the local API's answers are about, as far as they show it.
const CUSTOM_DEVICE_UI: &str = r#"<MgmtTree><VerDTD>1.2</VerDTD><Node><NodeName>CustomDeviceUI</NodeName><Path>./Vendor/MSFT</Path>
<DFProperties><AccessType><Get/></AccessType><DFFormat><node/></DFFormat><Occurrence><One/></Occurrence><Scope><Permanent/></Scope><DFType><MIME/></DFType></DFProperties>
<Node><NodeName>StartupAppID</NodeName><DFProperties><AccessType><Get/><Replace/></AccessType><DFFormat><chr/></DFFormat><Occurrence><One/></Occurrence><Scope><Permanent/></Scope><DFType><MIME>text/plain</MIME></DFType></DFProperties></Node>
<Node><NodeName>BackgroundTaskstoLaunch</NodeName><DFProperties><AccessType><Get/></AccessType><DFFormat><node/></DFFormat><Occurrence><One/></Occurrence><Scope><Permanent/></Scope><DFType><DDFName/></DFType></DFProperties>
<Node><NodeName></NodeName><DFProperties><AccessType><Add/><Delete/><Get/><Replace/></AccessType><DFFormat><chr/></DFFormat><Occurrence><ZeroOrMore/></Occurrence><Scope><Dynamic/></Scope><DFType><MIME>text/plain</MIME></DFType></DFProperties></Node>
</Node></Node></MgmtTree>"#;

fn published() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/messages");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: the published messages are not beside the project; nothing was compared with them");
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_message =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "xml" || extension == "txt");
    let mut files: Vec<_> = entries.filter(is_message).collect();
    files.sort();
    assert!(files.len() > 50, "{} holds only {} messages", folder.display(), files.len());
    files
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn root_of(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let body = text.split("?>").last().unwrap_or_default();
    let name = body.split_once('<').map_or("", |(_, rest)| rest);
    name.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// The codes of the device's answer, or why there is none; the device is then as it was.
fn answered(bytes: &[u8]) -> Result<String, String> {
    let message = codec::decode(bytes, &Limits::default()).map_err(|error| error.to_string())?;
    let said = said(&respond(&mut Device::builtin(), &message));
    Ok(said.statuses.iter().map(|[_, cmd, code]| format!("{cmd} {code}")).collect::<Vec<_>>().join(", "))
}

fn respond(device: &mut Device, message: &Message) -> Message {
    Responder::new(device).receive(message, device).answer
}

fn answer(mut device: Device, bytes: &[u8]) -> Message {
    respond(&mut device, &message(bytes))
}

fn message(bytes: &[u8]) -> Message {
    codec::decode(bytes, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn wrapped(bytes: &[u8]) -> Message {
    message(&[b"<SyncBody>".as_slice(), bytes, b"</SyncBody>"].concat())
}

fn device(file: &str, ddf: Option<&str>) -> Device {
    let mut file = DeviceFile::from_toml(file).unwrap();
    file.ddf.extend(ddf.map(str::to_owned));
    Device::new(Arc::new(Profile::new(file).unwrap()))
}

fn said(message: &Message) -> Said {
    let text = |text: &Option<syncml::message::Text>| {
        text.as_ref().map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let mut said = Said { statuses: vec![], results: vec![] };
    for command in &message.body.commands {
        match &command.kind {
            Kind::Status(status) => {
                said.statuses.push([text(&status.cmd_ref), text(&status.cmd), text(&status.code)])
            }
            Kind::Results(results) => said.results.push((text(&results.cmd_ref), items(&results.items))),
            Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Unknown(_) => {}
        }
    }
    said
}

fn items(items: &Items) -> Vec<[String; 3]> {
    let of = |item: &syncml::message::Item| {
        let uri =
            item.source.as_ref().and_then(|source| source.loc_uri.as_ref()).map(|uri| uri.trim().to_owned());
        let format = item.meta.as_ref().and_then(|meta| meta.format.as_ref()).map(ToString::to_string);
        let data = match &item.data {
            Some(Data::Text(text)) => Some(text.to_string()),
            Some(Data::Markup(_)) | None => None,
        };
        [uri, format, data].map(Option::unwrap_or_default)
    };
    items.iter().map(of).collect()
}

/// The published fragments begin behind it.
fn without_sync_hdr(mut said: Said) -> Said {
    assert_eq!(said.statuses.remove(0), ["0", "SyncHdr", "200"].map(str::to_owned));
    said
}
