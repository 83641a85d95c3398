//! How a captured session was opened, as its package 1 says it.

use syncml::codec::Encoding;
use syncml::message::{Alert, Data, Kind, Message, Text};
use syncml::session::device::{ClientAlert, Initiator, LoginStatus, Opening};

/// The opening by which a device says the same.
pub(super) fn opening(message: &Message, encoding: Encoding) -> Opening {
    let header = message.header.as_ref();
    let mut opening = Opening {
        address: header.and_then(|header| header.target.as_ref()?.loc_uri.clone()),
        session_id: header.and_then(|header| header.session_id.clone()),
        encoding: Some(encoding),
        max_msg_size: header.and_then(syncml::message::Header::max_msg_size),
        login: LoginStatus::Unsaid,
        ..Opening::default()
    };
    for command in &message.body.commands {
        match &command.kind {
            Kind::Alert(alert) => told(&mut opening, alert),
            Kind::Request(_) | Kind::Container(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => {
            }
        }
    }
    opening
}

fn told(opening: &mut Opening, alert: &Alert) {
    let item = alert.items.first();
    let kind = item.and_then(|item| item.meta.as_ref()?.media_type.clone()).unwrap_or_default();
    let data = item.and_then(|item| item.data.as_ref()).map_or_else(Text::default, |data| match data {
        Data::Text(text) => text.clone(),
        Data::Markup(_) => Text::default(),
    });
    let told = match (alert.code.as_deref().map(str::trim), kind.trim()) {
        (Some("1200"), _) => {
            opening.initiator = Initiator::Server;
            return;
        }
        (Some("1224"), "com.microsoft/MDM/LoginStatus") => {
            opening.login = match data.trim() {
                "user" => LoginStatus::User,
                "others" => LoginStatus::Others,
                "none" => LoginStatus::Nobody,
                _ => LoginStatus::Unsaid,
            };
            return;
        }
        (Some("1224"), "com.microsoft/MDM/AADUserToken") => ClientAlert::AadUserToken(data),
        (Some("1224"), "com.microsoft/MDM/BootstrapSync") => ClientAlert::BootstrapSync,
        (Some("1224"), "com.microsoft/MDM/OdjSync") => ClientAlert::OdjSync,
        (Some("1224"), "com.microsoft.mdm.synctype") => ClientAlert::SyncType(data),
        (Some("1224"), "com.microsoft/MDM/DevicePrepSync") => ClientAlert::DevicePrepSync(data),
        (Some("1224"), "Reversed-Domain-Name:com.microsoft.mdm.requestpending") => {
            ClientAlert::RequestPending
        }
        (Some("1226"), "com.microsoft:mdm.unenrollment.userrequest") => ClientAlert::Unenrollment,
        (Some("1226"), _) => ClientAlert::Generic(kind, data),
        _ => return,
    };
    opening.alerts.push(told);
}
