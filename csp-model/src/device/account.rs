//! `[account]` of the device file: the account by which a server manages the device, as enrolment leaves it behind.
//!
//! The file only seeds nodes of `./SyncML/DMAcc` and `./Vendor/MSFT/DMClient`; what holds is read from there
//! ([`crate::csp::dmacc`], [`crate::csp::dmclient`]).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ProfileError;
use crate::LocUri;
use crate::csp::dmacc::{AuthType, addresses};

/// The management account that a device starts with.
///
/// Source: \[MS-MDE2\] 2.2.9.1, w7 APPLICATION; Microsoft, "DMAcc CSP".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccountEntry {
    /// The server's provider id: DMAcc ServerID, and the name below DMClient/Provider.
    pub provider: String,
    /// The server's name for people: DMAcc Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where the server is, a URL of http or https: DMAcc AppAddr/Addr. Several stand in angle brackets.
    pub address: String,
    /// The scheme that the device tries first, BASIC or DIGEST: DMAcc AAuthPref.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preference: Option<AuthType>,
    /// What the device's messages are encoded in, a media type: DMAcc Ext/Microsoft/DefaultEncoding, which the w7
    /// APPLICATION calls DEFAULTENCODING.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_encoding: Option<DefaultEncoding>,
    /// How the device proves itself to the server: AAUTHLEVEL APPSRV, which DMAcc calls CLCRED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appsrv: Option<AuthEntry>,
    /// How the server proves itself to the device: AAUTHLEVEL CLIENT, which DMAcc calls SRVCRED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<AuthEntry>,
    /// When the device comes by itself: DMClient/Provider/{id}/Poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<PollEntry>,
}

/// What the device's messages are encoded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DefaultEncoding {
    /// XML
    #[serde(rename = "application/vnd.syncml.dm+xml")]
    Xml,
    /// WBXML
    #[serde(rename = "application/vnd.syncml.dm+wbxml")]
    Wbxml,
}

impl DefaultEncoding {
    /// The value of the node.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "application/vnd.syncml.dm+xml",
            Self::Wbxml => "application/vnd.syncml.dm+wbxml",
        }
    }
}

/// Credentials of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthEntry {
    /// AAuthType
    #[serde(rename = "type")]
    pub kind: AuthType,
    /// AAuthName; of the server's credentials the provider id where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// AAuthSecret
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// AAuthData: the nonce of the next digest, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
}

/// The schedules by which a device comes by itself. What is absent has the default of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PollEntry {
    /// IntervalForFirstSetOfRetries, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_interval: Option<u32>,
    /// NumberOfFirstRetries
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_retries: Option<u32>,
    /// IntervalForSecondSetOfRetries, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_interval: Option<u32>,
    /// NumberOfSecondRetries
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_retries: Option<u32>,
    /// IntervalForRemainingScheduledRetries, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_interval: Option<u32>,
    /// NumberOfRemainingScheduledRetries
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_retries: Option<u32>,
    /// PollOnLogin
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_login: Option<bool>,
    /// AllUsersPollOnFirstLogin
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_first_login: Option<bool>,
}

/// A text that is not shown to people who look for faults: `{:?}` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

/// A number used once, written in Base64. `{:?}` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Nonce(Vec<u8>);

/// A text that is not Base64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a nonce in Base64")]
pub struct NotBase64;

impl AccountEntry {
    /// Whether it is what a file means that says nothing.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// # Errors
    /// The first value that makes no sense.
    pub(super) fn check(&self) -> Result<(), ProfileError> {
        let fail = |key: &str, what: &str| {
            Err(ProfileError { path: format!("account.{key}"), what: what.to_owned() })
        };
        let uri = LocUri::root().child(&self.provider).to_string();
        if self.provider.is_empty() || LocUri::parse(&uri).is_err() {
            return fail("provider", "expected a name that a node can have");
        }
        let all = addresses(&self.address);
        if all.is_empty() || !all.iter().all(|address| is_http(address)) {
            return fail("address", "expected a URL that begins with `http://` or `https://`");
        }
        match self.preference {
            None | Some(AuthType::Basic | AuthType::Digest) => {}
            Some(AuthType::Hmac | AuthType::Transport) => {
                return fail("preference", "expected `BASIC` or `DIGEST`");
            }
        }
        for (key, auth) in [("appsrv", &self.appsrv), ("client", &self.client)] {
            let Some(AuthEntry { kind, name, secret, .. }) = auth else { continue };
            if *kind == AuthType::Transport {
                continue;
            }
            if key == "appsrv" && name.is_none() {
                return fail("appsrv.name", "missing: the name by which the server knows the device");
            }
            if secret.is_none() {
                return fail(&format!("{key}.secret"), "missing: what the credentials are made of");
            }
        }
        Ok(())
    }
}

impl Default for AccountEntry {
    fn default() -> Self {
        Self {
            provider: "cspsim".to_owned(),
            name: None,
            address: "https://mdm.contoso.com/ManagementServer/MDM.svc".to_owned(),
            preference: None,
            default_encoding: None,
            appsrv: None,
            client: None,
            poll: None,
        }
    }
}

impl Secret {
    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Nonce {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Nonce {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl TryFrom<String> for Nonce {
    type Error = NotBase64;

    fn try_from(text: String) -> Result<Self, NotBase64> {
        BASE64.decode(text.trim()).map(Self).map_err(|_| NotBase64)
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        BASE64.encode(nonce.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

fn is_http(address: &str) -> bool {
    let after = |scheme: &str| {
        let start = address.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then(|| &address[scheme.len()..])
    };
    let rest = after("https://").or_else(|| after("http://"));
    rest.is_some_and(|rest| !rest.starts_with(['/', '?', '#', ':']) && !rest.is_empty())
        && !address.contains(char::is_whitespace)
}
