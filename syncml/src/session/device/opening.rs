//! What the device says first: package 1.
//!
//! Its shape is that of messages which Windows 11 was seen to send: CmdIDs from 2, the Alerts, then DevInfo in one
//! Replace. Sources: captures of Windows 11 build 26200; OMA DM Protocol 1.2.1, "Package 1"; \[MS-MDM\] 3.2.5.1;
//! Microsoft, "OMA DM protocol support", "Push Notification".

use csp_model::tree::Reading;
use csp_model::{Device, LocUri};

use super::Misbehaviour;
use crate::codec::Encoding;
use crate::message::{
    Alert, Command, Data, Item, Items, Kind, Location, Meta, MoreMeta, Request, Text, Verb,
};

/// How the device opens a session.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opening {
    /// The account whose server is dialled, by its provider id; the device's first when absent.
    pub provider: Option<Text>,
    /// The server's address, instead of the account's.
    pub address: Option<Text>,
    /// The SessionID; the number of the device's next session when absent.
    pub session_id: Option<Text>,
    /// Whose idea it is.
    pub initiator: Initiator,
    /// Who is logged in.
    pub login: LoginStatus,
    /// What else there is to tell.
    pub alerts: Vec<ClientAlert>,
    /// What the device's messages are encoded in; as the account says when absent.
    pub encoding: Option<Encoding>,
    /// MaxMsgSize in the SyncHdr, in bytes. Windows was not seen to say one.
    pub max_msg_size: Option<usize>,
    /// What is wrong with package 1 on purpose.
    pub misbehaviour: Option<Misbehaviour>,
}

/// Whose idea a session is: the first Alert of package 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Initiator {
    /// The device's: Alert 1201.
    #[default]
    Client,
    /// The server's, which has sent a notification: Alert 1200.
    Server,
}

/// Who is logged in: Alert 1224 `com.microsoft/MDM/LoginStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoginStatus {
    /// The user who has enrolled the device: `user`.
    #[default]
    User,
    /// Another user: `others`.
    Others,
    /// Nobody: `none`.
    Nobody,
    /// The Alert is left out.
    Unsaid,
}

/// An Alert that the device may add to package 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAlert {
    /// 1224 `com.microsoft/MDM/AADUserToken`: the token of the user who is logged in.
    AadUserToken(Text),
    /// 1224 `com.microsoft/MDM/BootstrapSync`, of which third-party clients know.
    BootstrapSync,
    /// 1224 `com.microsoft/MDM/OdjSync`, of which third-party clients know.
    OdjSync,
    /// 1224 `com.microsoft.mdm.synctype`: `user`, `device` or `mixed` (\[MS-MDM\] 3.2.5.1.5).
    SyncType(Text),
    /// 1224 `com.microsoft/MDM/DevicePrepSync` (\[MS-MDM\] 3.2.5.1.6).
    DevicePrepSync(Text),
    /// 1224 `Reversed-Domain-Name:com.microsoft.mdm.requestpending`: commands still run (DMClient CSP).
    RequestPending,
    /// 1226 `com.microsoft:mdm.unenrollment.userrequest`: the device leaves its server.
    Unenrollment,
    /// 1226 of any other type, with its data.
    Generic(Text, Text),
}

impl LoginStatus {
    /// What the Alert says; nothing where it is left out.
    const fn text(self) -> Option<&'static str> {
        match self {
            Self::User => Some("user"),
            Self::Others => Some("others"),
            Self::Nobody => Some("none"),
            Self::Unsaid => None,
        }
    }
}

/// The commands of package 1.
pub(super) fn commands(opening: &Opening, device: &Device, first_cmd_id: usize) -> Vec<Command> {
    let code = match opening.initiator {
        Initiator::Client => "1201",
        Initiator::Server => "1200",
    };
    let opened = Kind::Alert(Alert { code: Some(Text::from_static(code)), ..Alert::default() });
    let login = opening.login.text().map(|text| event("com.microsoft/MDM/LoginStatus".into(), text.into()));
    let alerts = opening.alerts.iter().map(alert);
    let kinds = [opened].into_iter().chain(login).chain(alerts).chain([dev_info(device)]);
    let number = |(index, kind)| Command::new(Some(Text::number(first_cmd_id + index)), kind);
    kinds.enumerate().map(number).collect()
}

/// Alert 1224, a client event.
fn event(kind: Text, data: Text) -> Kind {
    generic("1224", Meta { media_type: Some(kind), ..Meta::default() }, data)
}

fn generic(code: &'static str, meta: Meta, data: Text) -> Kind {
    let item = Item { meta: Some(meta), data: Some(Data::Text(data)), ..Item::default() };
    Kind::Alert(Alert {
        code: Some(Text::from_static(code)),
        items: smallvec::smallvec![item],
        ..Alert::default()
    })
}

fn alert(alert: &ClientAlert) -> Kind {
    match alert {
        ClientAlert::AadUserToken(token) => event("com.microsoft/MDM/AADUserToken".into(), token.clone()),
        ClientAlert::BootstrapSync => event("com.microsoft/MDM/BootstrapSync".into(), "device".into()),
        ClientAlert::OdjSync => event("com.microsoft/MDM/OdjSync".into(), "device".into()),
        ClientAlert::SyncType(kind) => event("com.microsoft.mdm.synctype".into(), kind.clone()),
        ClientAlert::DevicePrepSync(state) => event("com.microsoft/MDM/DevicePrepSync".into(), state.clone()),
        ClientAlert::RequestPending => {
            event("Reversed-Domain-Name:com.microsoft.mdm.requestpending".into(), "1".into())
        }
        ClientAlert::Unenrollment => {
            let more = MoreMeta { mark: Some(Text::from_static("critical")), ..MoreMeta::default() };
            let meta = Meta {
                format: Some(Text::from_static("int")),
                media_type: Some(Text::from_static("com.microsoft:mdm.unenrollment.userrequest")),
                more: Some(Box::new(more)),
            };
            generic("1226", meta, "1".into())
        }
        ClientAlert::Generic(kind, data) => {
            generic("1226", Meta { media_type: Some(kind.clone()), ..Meta::default() }, data.clone())
        }
    }
}

/// The Replace that tells which device it is.
fn dev_info(device: &Device) -> Kind {
    const NODES: [&str; 5] = ["DevId", "Man", "Mod", "DmV", "Lang"];
    let items: Items = NODES
        .into_iter()
        .map(|name| {
            let value = match device.get(&LocUri::root().child("DevInfo").child(name)) {
                Ok(Reading::Leaf(value, _)) => value.text().into_owned(),
                Ok(Reading::Interior(_)) | Err(_) => String::new(),
            };
            Item {
                source: Some(Location::new(format!("./DevInfo/{name}"))),
                data: Some(Data::Text(value.into())),
                ..Item::default()
            }
        })
        .collect();
    Kind::Request(Request { verb: Verb::Replace, meta: None, items, correlator: None })
}
