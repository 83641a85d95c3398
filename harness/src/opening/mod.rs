//! How the device opens a session, as people and files say it.

mod heard;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syncml::codec::Encoding;
use syncml::session::device as session;
use utoipa::ToSchema;

/// How the device opens a session. What is not said is as Windows does it on its schedule.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Opening {
    /// The account whose server is dialled, by its provider id; the device's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
    /// The server's address as it stands in the SyncHdr, instead of the account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    /// The SessionID; the number of the device's next session when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_id: Option<String>,
    /// Whose idea it is: the device's (Alert 1201), or the server's (1200).
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) initiator: Initiator,
    /// Who is logged in (Alert 1224).
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) login: Login,
    /// The token of the user who is logged in (Alert 1224).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aad_user_token: Option<String>,
    /// What else the device tells: `request-pending`, `unenrollment`, `sync-type=device`, or any generic Alert (1226) as
    /// `TYPE=DATA`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    #[schema(value_type = Vec<String>)]
    pub(crate) alerts: Vec<Told>,
    /// What the device's messages are encoded in; as the account says when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encoding: Option<Spoken>,
    /// The MaxMsgSize that the device says, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_msg_size: Option<usize>,
    /// What is wrong with package 1 on purpose.
    #[serde(skip)]
    pub(crate) misbehaviour: Option<session::Misbehaviour>,
}

/// Whose idea a session is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Initiator {
    /// The device's: Alert 1201.
    #[default]
    Client,
    /// The server's: Alert 1200.
    Server,
}

/// What messages are encoded in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Spoken {
    /// XML.
    Xml,
    /// WBXML.
    Wbxml,
}

/// Who is logged in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ToSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Login {
    /// The user who has enrolled the device.
    #[default]
    User,
    /// Another user.
    Others,
    /// Nobody.
    None,
    /// Nothing is said of it.
    Unsaid,
}

/// An Alert that the device adds to package 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Told(session::ClientAlert);

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl From<Spoken> for Encoding {
    fn from(spoken: Spoken) -> Self {
        match spoken {
            Spoken::Xml => Self::Xml,
            Spoken::Wbxml => Self::Wbxml,
        }
    }
}

impl From<&Opening> for session::Opening {
    fn from(opening: &Opening) -> Self {
        let text = |text: &Option<String>| text.as_deref().map(Into::into);
        let token = text(&opening.aad_user_token).map(session::ClientAlert::AadUserToken);
        let told = opening.alerts.iter().map(|Told(alert)| alert.clone());
        Self {
            provider: text(&opening.account),
            address: text(&opening.address),
            session_id: text(&opening.session_id),
            initiator: match opening.initiator {
                Initiator::Client => session::Initiator::Client,
                Initiator::Server => session::Initiator::Server,
            },
            login: match opening.login {
                Login::User => session::LoginStatus::User,
                Login::Others => session::LoginStatus::Others,
                Login::None => session::LoginStatus::Nobody,
                Login::Unsaid => session::LoginStatus::Unsaid,
            },
            alerts: token.into_iter().chain(told).collect(),
            encoding: opening.encoding.map(Into::into),
            max_msg_size: opening.max_msg_size,
            misbehaviour: opening.misbehaviour,
        }
    }
}

impl FromStr for Told {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        use session::ClientAlert;
        let alert = match text.split_once('=') {
            Some(("sync-type", kind @ ("user" | "device" | "mixed"))) => ClientAlert::SyncType(kind.into()),
            Some(("sync-type", _)) => {
                return Err(format!("`{text}`: expected `user`, `device` or `mixed` as sync-type"));
            }
            Some(("device-prep-sync", state)) => ClientAlert::DevicePrepSync(state.into()),
            Some((kind, data)) if !kind.trim().is_empty() => ClientAlert::Generic(kind.into(), data.into()),
            None if text == "bootstrap-sync" => ClientAlert::BootstrapSync,
            None if text == "odj-sync" => ClientAlert::OdjSync,
            None if text == "request-pending" => ClientAlert::RequestPending,
            None if text == "unenrollment" => ClientAlert::Unenrollment,
            Some(_) | None => {
                return Err(format!(
                    "`{text}` is no Alert: expected `bootstrap-sync`, `odj-sync`, `request-pending`, `unenrollment`, \
                     `sync-type=…`, `device-prep-sync=…`, or a generic Alert as `TYPE=DATA`"
                ));
            }
        };
        Ok(Self(alert))
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use session::ClientAlert;
        match &self.0 {
            ClientAlert::AadUserToken(token) => write!(f, "com.microsoft/MDM/AADUserToken={token}"),
            ClientAlert::BootstrapSync => f.write_str("bootstrap-sync"),
            ClientAlert::OdjSync => f.write_str("odj-sync"),
            ClientAlert::SyncType(kind) => write!(f, "sync-type={kind}"),
            ClientAlert::DevicePrepSync(state) => write!(f, "device-prep-sync={state}"),
            ClientAlert::RequestPending => f.write_str("request-pending"),
            ClientAlert::Unenrollment => f.write_str("unenrollment"),
            ClientAlert::Generic(kind, data) => write!(f, "{kind}={data}"),
        }
    }
}

impl TryFrom<String> for Told {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Told> for String {
    fn from(told: Told) -> Self {
        told.to_string()
    }
}

/// A shared opening that says nothing.
pub(crate) fn usual() -> Arc<Opening> {
    Arc::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_written_as_it_is_read() {
        for text in [
            "bootstrap-sync",
            "odj-sync",
            "request-pending",
            "unenrollment",
            "sync-type=device",
            "a:b=c=d",
            "a=",
        ] {
            assert_eq!(text.parse::<Told>().map(|told| told.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "=x", "unenroll", "sync-type=all"] {
            assert!(text.parse::<Told>().is_err(), "{text}");
        }
    }
}
