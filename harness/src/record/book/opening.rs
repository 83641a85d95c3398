//! How a device has opened its session, as far as its message says: who replays it opens it alike.
//!
//! Deliberately absent: Alerts that no opening of cspsim's has.

use syncml::codec::Encoding;
use syncml::message::{Alert, Data, Kind};

use super::{Parsed, session_id, text};
use crate::opening::{Initiator, Login, Opening, Spoken, Told};

/// The opening that package 1 comes of. `address` is where it went, when it does not say so itself.
pub(super) fn of(said: &Parsed, address: &str) -> Opening {
    let message = &said.message;
    let header = message.header.as_ref();
    let target = text(header.and_then(|header| header.target.as_ref()?.loc_uri.as_ref()));
    let id = session_id(message);
    let mut opening = Opening {
        address: Some(if target.is_empty() { address } else { target }.to_owned()),
        session_id: (!id.is_empty()).then(|| id.to_owned()),
        initiator: if message.has_alert("1200") { Initiator::Server } else { Initiator::Client },
        login: Login::Unsaid,
        encoding: Some(match said.input.encoding() {
            Encoding::Xml => Spoken::Xml,
            Encoding::Wbxml => Spoken::Wbxml,
        }),
        max_msg_size: header.and_then(|header| header.max_msg_size()),
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

/// Adds what an Alert tells.
fn told(opening: &mut Opening, alert: &Alert) {
    let Some(item) = alert.items.first() else { return };
    let kind = text(item.meta.as_ref().and_then(|meta| meta.media_type.as_ref()));
    let data = match &item.data {
        Some(Data::Text(text)) => text.trim(),
        Some(Data::Markup(_)) | None => "",
    };
    let (is_event, is_generic) = (alert.is("1224"), alert.is("1226"));
    let also = match kind.to_ascii_lowercase().as_str() {
        "com.microsoft/mdm/loginstatus" if is_event => {
            opening.login = match data {
                "user" => Login::User,
                "others" => Login::Others,
                "none" => Login::None,
                _ => return,
            };
            return;
        }
        // Whatever the Alert is: it is a token, and stands where tokens do.
        "com.microsoft/mdm/aadusertoken" => {
            opening.aad_user_token = Some(data.to_owned());
            return;
        }
        "com.microsoft/mdm/bootstrapsync" if is_event => "bootstrap-sync".to_owned(),
        "com.microsoft/mdm/odjsync" if is_event => "odj-sync".to_owned(),
        "com.microsoft.mdm.synctype" if is_event => format!("sync-type={data}"),
        "com.microsoft/mdm/deviceprepsync" if is_event => format!("device-prep-sync={data}"),
        "reversed-domain-name:com.microsoft.mdm.requestpending" if is_event => "request-pending".to_owned(),
        "com.microsoft:mdm.unenrollment.userrequest" if is_generic => "unenrollment".to_owned(),
        _ if is_generic && !kind.contains('=') => format!("{kind}={data}"),
        _ => return,
    };
    opening.alerts.extend(also.parse::<Told>());
}
