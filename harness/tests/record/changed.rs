//! A recording in which something is changed, or a server that is: the differences, with their weights.

use super::*;

const UPDATE: &str = "5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a01";
const OTHER: &str = "5cc9ac6b-7d5c-4bb6-a9a6-6e3e5b6a6a02";
const APPROVED: &str = "./Vendor/MSFT/Update/ApprovedUpdates";
const LOOKS: [&str; 2] = ["./DevInfo/Man", "./DevInfo/Mod"];

/// A server that approves an update and then looks.
fn approving(update: &'static str, then: [&'static str; 2]) -> Server {
    Server::start(move || {
        let [one, two] = then.map(Asked::get);
        vec![Asked::add_node(format!("{APPROVED}/{update}")), Asked::get(APPROVED), one, two]
    })
}

fn said(arguments: &[&str], code: i32) -> String {
    let ran = cspsim(arguments);
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

#[test]
fn one_approval_one_status_and_one_order_are_told_with_their_weights() {
    let folder = Folder::new("record-changed");
    let file = folder.file("t.jsonl");
    let path = file.to_str().unwrap();
    let server = approving(UPDATE, LOOKS);
    let recording = Recording::start(&server.url(), &["--transcript", path]);
    said(&["connect", &recording.url], 0);
    assert_eq!(recording.end().code, Some(0));

    // Another server: it approves another update, and looks in another order.
    let [one, two] = LOOKS;
    let told = said(&["replay", path, "--quiet", "--against", &approving(OTHER, [two, one]).url()], 1);
    for difference in [
        format!("different meaning: Add \"{APPROVED}/{UPDATE}\": expected `Add`, got nothing"),
        format!("different meaning: Add \"{APPROVED}/{OTHER}\": expected nothing, got `Add`"),
        "order only: SyncBody: order: expected `Get ./DevInfo/Man before Get ./DevInfo/Mod`".to_owned(),
    ] {
        assert!(told.contains(&difference), "{difference}: {told}");
    }

    // Another capture: another update was approved, the approval was refused, and the answers stand in another order.
    let text = fs::read_to_string(&file).unwrap();
    let approval = format!("{APPROVED}/{UPDATE}</LocURI></Target>");
    let status = "<Cmd>Add</Cmd><Data>200</Data>";
    // What answers the last two Gets, the one after the other.
    let of = |node: &str| {
        let results = text.rfind(&format!("<Source><LocURI>{node}</LocURI></Source>")).unwrap();
        (
            text[..results].rfind("<Status>").unwrap(),
            results + text[results..].find("</Results>").unwrap() + 10,
        )
    };
    let ((start, middle), (next, end)) = (of(LOOKS[0]), of(LOOKS[1]));
    assert_eq!(middle, next, "{text}");
    let swapped = [&text[..start], &text[middle..end], &text[start..middle], &text[end..]].concat();
    for (changed, weight) in [
        (text.replacen(&approval, &approval.replace(UPDATE, OTHER), 1), "different meaning: Results of Get"),
        (text.replacen(status, "<Cmd>Add</Cmd><Data>405</Data>", 1), "different meaning: Status of Add"),
        (swapped, "order only: SyncBody: order:"),
    ] {
        assert_ne!(changed, text);
        fs::write(&file, changed).unwrap();
        let told = said(&["replay", path, "--quiet"], 1);
        assert!(told.contains(weight), "{weight}: {told}");
    }
}

#[test]
fn a_server_that_posts_and_a_device_that_is_posted_to() {
    let folder = Folder::new("record-changed-posts");
    let serving = Serving::start(&folder.file("state.db"));
    let file = folder.file("t.jsonl");
    let path = file.to_str().unwrap();
    let recording = Recording::start(&serving.url(), &["--transcript", path]);
    let mut poster = Client::to(recording.address());
    for (number, asked) in [(1, "InstallableUpdates"), (2, "FailedUpdates")] {
        let message = format!(
            "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>7</SessionID>\
             <MsgID>{number}</MsgID><Target><LocURI>0123456789ABCDEF0123456789ABCDEF</LocURI></Target>\
             <Source><LocURI>https://mdm.example.test/</LocURI></Source></SyncHdr><SyncBody><Get><CmdID>2</CmdID><Item>\
             <Target><LocURI>./Vendor/MSFT/Update/{asked}</LocURI></Target></Item></Get><Final/></SyncBody></SyncML>"
        );
        assert_eq!(poster.ask("POST", "/", &message).unwrap().status, 200);
    }
    drop(poster);
    assert_eq!(recording.end().code, Some(0));
    let told = said(&["replay", path], 0);
    assert!(told.contains("1 session, 2 messages compared: 0 different"), "{told}");
    // Now the server's messages go to a device that is posted to.
    let told = said(&["replay", path, "--against", &serving.url()], 0);
    assert!(told.contains("1 session, 2 messages compared: 0 different"), "{told}");
    let text = fs::read_to_string(&file).unwrap();
    let refused = text.replacen("<Cmd>Get</Cmd><Data>200</Data>", "<Cmd>Get</Cmd><Data>404</Data>", 1);
    assert_ne!(refused, text);
    fs::write(&file, refused).unwrap();
    for against in [&[][..], &["--against", &serving.url()]] {
        let told = said(&[&["replay", path, "--quiet"], against].concat(), 1);
        assert!(told.contains("different meaning: Status of Get 2"), "{told}");
    }
}
