//! The messages that the benches answer.

use std::fmt::Write as _;

const UPDATE: &str = "./Vendor/MSFT/Update";

/// What a server asks for that wants the state of updates.
pub const EIGHT: [&str; 8] = [
    "./DevInfo/DevId",
    "./DevDetail/SwV",
    "./Vendor/MSFT/Update/LastSuccessfulScanTime",
    "./Vendor/MSFT/Update/InstallableUpdates",
    "./Vendor/MSFT/Update/PendingRebootUpdates",
    "./Vendor/MSFT/Update/FailedUpdates",
    "./Vendor/MSFT/Update/InstalledUpdates",
    "./Vendor/MSFT/Policy/Result/Update/RequireUpdateApproval",
];

/// A message of eight Gets.
#[must_use]
pub fn eight_gets() -> String {
    message(|body| EIGHT.iter().enumerate().for_each(|(index, uri)| get(body, index + 2, uri)))
}

/// A message of five Gets and twelve approvals.
#[must_use]
pub fn five_gets_twelve_adds() -> String {
    let asked = [
        "InstallableUpdates",
        "InstalledUpdates",
        "FailedUpdates",
        "PendingRebootUpdates",
        "LastSuccessfulScanTime",
    ];
    message(|body| {
        asked.iter().enumerate().for_each(|(index, node)| get(body, index + 2, &format!("{UPDATE}/{node}")));
        for index in 0..12 {
            add(body, index + 7, &format!("{UPDATE}/ApprovedUpdates/{}", guid(index)));
        }
    })
}

/// A GUID that no update of the built-in device has.
#[must_use]
pub fn guid(index: usize) -> String {
    format!("c7864ecb-f0d8-4fd7-97f6-{index:012x}")
}

fn message(body: impl FnOnce(&mut String)) -> String {
    let mut text = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD>"#,
        "<VerProto>DM/1.2</VerProto><SessionID>7</SessionID><MsgID>2</MsgID>",
        "<Target><LocURI>0123456789ABCDEF0123456789ABCDEF</LocURI></Target>",
        "<Source><LocURI>https://mdm.example.org/ManagementServer/MDM.svc</LocURI></Source></SyncHdr><SyncBody>",
        "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>",
    )
    .to_owned();
    body(&mut text);
    text.push_str("<Final/></SyncBody></SyncML>");
    text
}

// Writing to a String cannot fail.
fn get(body: &mut String, id: usize, uri: &str) {
    let _ =
        write!(body, "<Get><CmdID>{id}</CmdID><Item><Target><LocURI>{uri}</LocURI></Target></Item></Get>");
}

fn add(body: &mut String, id: usize, uri: &str) {
    let _ = write!(
        body,
        r#"<Add><CmdID>{id}</CmdID><Item><Target><LocURI>{uri}</LocURI></Target><Meta><Format xmlns="syncml:metinf">node</Format></Meta></Item></Add>"#
    );
}
