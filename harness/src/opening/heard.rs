//! How a device has opened its session, as far as its package 1 says: who replays it opens it alike.
//!
//! Deliberately absent: Alerts that no opening of cspsim's has.

use syncml::codec::Encoding;
use syncml::message::{Alert, Data, Kind, Message, Text};

use super::{Initiator, Login, Opening, Spoken, Told};

impl Opening {
    /// The opening that package 1 comes of. `address` is where it went, where it does not say so itself.
    pub(crate) fn heard(message: &Message, encoding: Encoding, address: Option<&str>) -> Self {
        let header = message.header.as_ref();
        let target = header.and_then(|header| header.target.as_ref()?.loc_uri.as_ref());
        let id = text(header.and_then(|header| header.session_id.as_ref()));
        let mut opening = Self {
            address: said(text(target)).or(address).map(str::to_owned),
            session_id: said(id).map(str::to_owned),
            initiator: if message.has_alert("1200") { Initiator::Server } else { Initiator::Client },
            login: Login::Unsaid,
            encoding: Some(match encoding {
                Encoding::Xml => Spoken::Xml,
                Encoding::Wbxml => Spoken::Wbxml,
            }),
            max_msg_size: header.and_then(|header| header.max_msg_size()),
            ..Self::default()
        };
        for command in &message.body.commands {
            match &command.kind {
                Kind::Alert(alert) => opening.told(alert),
                Kind::Request(_)
                | Kind::Container(_)
                | Kind::Status(_)
                | Kind::Results(_)
                | Kind::Unknown(_) => {}
            }
        }
        opening
    }

    /// Adds what an Alert tells.
    fn told(&mut self, alert: &Alert) {
        let Some(item) = alert.items.first() else { return };
        let kind = text(item.meta.as_ref().and_then(|meta| meta.media_type.as_ref()));
        let data = match &item.data {
            Some(Data::Text(text)) => text.trim(),
            Some(Data::Markup(_)) | None => "",
        };
        let (is_event, is_generic) = (alert.is("1224"), alert.is("1226"));
        let also = match kind.to_ascii_lowercase().as_str() {
            "com.microsoft/mdm/loginstatus" if is_event => {
                self.login = match data {
                    "user" => Login::User,
                    "others" => Login::Others,
                    "none" => Login::None,
                    _ => return,
                };
                return;
            }
            "com.microsoft/mdm/aadusertoken" if is_event => {
                self.aad_user_token = Some(data.to_owned());
                return;
            }
            "com.microsoft/mdm/bootstrapsync" if is_event => "bootstrap-sync".to_owned(),
            "com.microsoft/mdm/odjsync" if is_event => "odj-sync".to_owned(),
            "com.microsoft.mdm.synctype" if is_event => format!("sync-type={data}"),
            "com.microsoft/mdm/deviceprepsync" if is_event => format!("device-prep-sync={data}"),
            "reversed-domain-name:com.microsoft.mdm.requestpending" if is_event => {
                "request-pending".to_owned()
            }
            "com.microsoft:mdm.unenrollment.userrequest" if is_generic => "unenrollment".to_owned(),
            _ if is_generic && !kind.contains('=') => format!("{kind}={data}"),
            _ => return,
        };
        self.alerts.extend(also.parse::<Told>());
    }
}

fn text(text: Option<&Text>) -> &str {
    text.map_or("", |text| text.trim())
}

/// The text, unless there is none.
fn said(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
