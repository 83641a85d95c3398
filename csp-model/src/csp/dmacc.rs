//! `./SyncML/DMAcc`: the accounts by which servers manage the device, and what they mean.
//!
//! The nodes are kept as any stored ones are; this reads them as [`Account`]s, writes the few that the device itself
//! changes, and says what an account of the device file becomes. Deliberately absent: proving oneself with an account,
//! and dialling its address.
//!
//! Source: Microsoft, "DMAcc CSP" and its DDF file; OMA DM Standardized Objects 1.2.1, DMAcc.

use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::dmclient;
use super::stored::{self, Kept};
use crate::device::{AccountEntry, AuthEntry, Secret};
use crate::{Device, LocUri, Value};

/// A management account, as the tree has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name of its node below `./SyncML/DMAcc`.
    pub uid: String,
    /// ServerID: the provider id of the server.
    pub provider: String,
    /// Name: the server's name for people.
    pub name: Option<String>,
    /// Where a session begins: the first of [`Self::addresses`], empty when there is none.
    pub address: String,
    /// AAuthPref
    pub preference: Option<AuthType>,
    /// `DefaultEncoding`: the media type of the device's messages.
    pub default_encoding: Option<String>,
    /// How the device proves itself to the server.
    pub appsrv: Option<AppAuth>,
    /// How the server proves itself to the device.
    pub client: Option<AppAuth>,
    addresses: Vec<String>,
    retry: Retry,
}

/// One set of credentials. `{:?}` prints neither secret nor nonce.
#[derive(Clone, PartialEq, Eq)]
pub struct AppAuth {
    /// AAuthType
    pub kind: AuthType,
    /// AAuthName; of the server's credentials the provider id where the account has none (decided). Else empty.
    pub name: String,
    /// AAuthSecret; empty where there is none.
    pub secret: Secret,
    /// AAuthData: the nonce of the next digest.
    pub nonce: Option<Vec<u8>>,
}

/// AAuthType: how somebody proves himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum AuthType {
    /// Name and secret, as they are (`syncml:auth-basic`).
    Basic,
    /// An MD5 digest (`syncml:auth-md5`).
    Digest,
    /// An MD5 digest of the whole message (`syncml:auth-MAC`).
    Hmac,
    /// Not at all within the protocol: the transport does it.
    Transport,
}

/// AAuthLevel: who proves himself, in the words of the w7 APPLICATION.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthLevel {
    /// The server, to the device: SRVCRED.
    Client,
    /// The device, to the server: CLCRED.
    AppSrv,
}

/// What a device does when a connection fails: ConnRetryFreq, InitialBackOffTime, MaxBackOffTime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often it tries again.
    pub attempts: u32,
    /// How long it waits before the first time; the wait doubles from there.
    pub initial_back_off: Duration,
    /// The longest wait.
    pub max_back_off: Duration,
}

/// The name of the account that enrolment with `provider` leaves behind: its SHA-256 in hexadecimal.
///
/// Source: Microsoft, DMAcc DDF file, `AccountUID`. That the bytes are UTF-8 and the digits upper case is decided.
#[must_use]
pub fn account_uid(provider: &str) -> String {
    hexadecimal(&Sha256::digest(provider.as_bytes()))
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

/// The addresses in a value: one alone, or several in angle brackets, which are tried in turn (Microsoft, DMClient DDF
/// file, `ManagementServiceAddress`).
pub(crate) fn addresses(text: &str) -> Vec<&str> {
    let text = text.trim();
    let each = text.split(['<', '>']).map(str::trim).filter(|address| !address.is_empty());
    if text.starts_with('<') {
        each.collect()
    } else {
        Some(text).filter(|text| !text.is_empty()).into_iter().collect()
    }
}

impl AuthType {
    /// Every type with its name in the tree.
    pub const NAMED: [(Self, &'static str); 4] = [
        (Self::Basic, "BASIC"),
        (Self::Digest, "DIGEST"),
        (Self::Hmac, "HMAC"),
        (Self::Transport, "TRANSPORT"),
    ];

    /// The name in the tree.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "BASIC",
            Self::Digest => "DIGEST",
            Self::Hmac => "HMAC",
            Self::Transport => "TRANSPORT",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(_, known)| *known == name.trim()).map(|(kind, _)| *kind)
    }
}

impl AuthLevel {
    /// The value of AAuthLevel, after which enrolment also names the node.
    const fn name(self) -> &'static str {
        match self {
            Self::Client => "SRVCRED",
            Self::AppSrv => "CLCRED",
        }
    }
}

impl fmt::Debug for AppAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nonce = self.nonce.as_ref().map(|_| Secret::from(String::new()));
        f.debug_struct("AppAuth")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("secret", &self.secret)
            .field("nonce", &nonce)
            .finish()
    }
}

impl Account {
    /// What the device does when a connection to the server fails.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        self.retry
    }

    /// Where the server is: every address, in the order in which they are tried. Those of DMClient's
    /// ManagementServerAddressList, where it has some, count instead of those of the account.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().map(String::as_str)
    }

    fn read(device: &Device, uid: &str) -> Self {
        let at = |names: &[&str]| text(device, &[&["SyncML", "DMAcc", uid], names].concat());
        let provider = at(&["ServerID"]).unwrap_or_default();
        let listed = text(
            device,
            &["Vendor", "MSFT", "DMClient", "Provider", &provider, "ManagementServerAddressList"],
        );
        let listed = listed.as_deref().map(addresses).filter(|listed| !listed.is_empty());
        let own = address_node(device, uid).and_then(|path| {
            let path: Vec<_> = path.iter().map(String::as_str).collect();
            text(device, &path)
        });
        let all = listed.unwrap_or_else(|| addresses(own.as_deref().unwrap_or_default()));
        let addresses: Vec<_> = all.into_iter().map(str::to_owned).collect();
        let auth = |level| AppAuth::read(device, uid, level, &provider);
        Self {
            uid: uid.to_owned(),
            name: at(&["Name"]),
            address: addresses.first().cloned().unwrap_or_default(),
            preference: at(&["AAuthPref"]).and_then(|name| AuthType::from_name(&name)),
            default_encoding: at(&["Ext", "Microsoft", "DefaultEncoding"]),
            appsrv: auth(AuthLevel::AppSrv),
            client: auth(AuthLevel::Client),
            retry: Retry::read(device, uid),
            provider,
            addresses,
        }
    }
}

impl AppAuth {
    /// The first set of that level whose type is known.
    fn read(device: &Device, uid: &str, level: AuthLevel, provider: &str) -> Option<Self> {
        let (object, kind) = object(device, uid, level)?;
        let at = |name| text(device, &["SyncML", "DMAcc", uid, "AppAuth", &object, name]);
        let name = at("AAuthName").unwrap_or_else(|| match level {
            AuthLevel::Client => provider.to_owned(),
            AuthLevel::AppSrv => String::new(),
        });
        let nonce = at("AAuthData").filter(|text| !text.is_empty());
        Some(Self {
            kind,
            name,
            secret: at("AAuthSecret").unwrap_or_default().into(),
            // What is no Base64 is meant as it is (decided).
            nonce: nonce.map(|text| BASE64.decode(text.trim()).unwrap_or_else(|_| text.into_bytes())),
        })
    }
}

impl Retry {
    /// What an account has that says nothing (Microsoft, DMAcc DDF file).
    pub const DEFAULT: Self = Self {
        attempts: 3,
        initial_back_off: Duration::from_millis(16_000),
        max_back_off: Duration::from_millis(86_400_000),
    };

    /// A number that is none, or negative, counts as not set.
    fn read(device: &Device, uid: &str) -> Self {
        let number = |name| {
            let value = stored::value(device, &["SyncML", "DMAcc", uid, "Ext", "Microsoft", name])?;
            value.text().parse::<u64>().ok()
        };
        let attempts = number("ConnRetryFreq").and_then(|number| u32::try_from(number).ok());
        Self {
            attempts: attempts.unwrap_or(Self::DEFAULT.attempts),
            initial_back_off: number("InitialBackOffTime")
                .map_or(Self::DEFAULT.initial_back_off, Duration::from_millis),
            max_back_off: number("MaxBackOffTime").map_or(Self::DEFAULT.max_back_off, Duration::from_millis),
        }
    }
}

impl Device {
    /// The management accounts, by their uid.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        let uids = stored::names(self, &["SyncML", "DMAcc"]);
        uids.iter().map(|uid| Account::read(self, uid)).collect()
    }

    /// The account of a server. Without a provider id it is that of the first server, by its id, that DMClient has.
    #[must_use]
    pub fn account(&self, provider: Option<&str>) -> Option<Account> {
        let accounts = self.accounts();
        match provider {
            Some(provider) => accounts.into_iter().find(|account| account.provider == provider),
            None => dmclient::providers(self)
                .iter()
                .find_map(|provider| accounts.iter().find(|account| account.provider == *provider))
                .cloned(),
        }
    }

    /// Keeps the nonce of the next digest: AAuthData. An account without credentials of that level has no place for
    /// it, and stays as it is.
    pub fn set_nonce(&mut self, uid: &str, level: AuthLevel, nonce: &[u8]) {
        if let Some((object, _)) = object(self, uid, level) {
            let value = Value::Bin(BASE64.encode(nonce).into());
            stored::put(self, &["SyncML", "DMAcc", uid, "AppAuth", &object, "AAuthData"], Some(value));
        }
    }

    /// Gives an account other credentials of that level. Their nonce is not known yet.
    pub fn set_credentials(&mut self, uid: &str, level: AuthLevel, kind: AuthType, name: &str, secret: &str) {
        let known = object(self, uid, level).map(|(object, _)| object);
        let object = known.unwrap_or_else(|| level.name().to_owned());
        let mut put = |name: &str, value| {
            stored::put(self, &["SyncML", "DMAcc", uid, "AppAuth", &object, name], value);
        };
        put("AAuthLevel", Some(Value::chr(level.name())));
        put("AAuthType", Some(Value::chr(kind.name())));
        put("AAuthName", Some(Value::chr(name)));
        put("AAuthSecret", Some(Value::chr(secret)));
        put("AAuthData", Some(Value::Bin("".into())));
        stored::put(self, &["SyncML", "DMAcc", uid, "AppAuth", &object], None);
        stored::put(self, &["SyncML", "DMAcc", uid, "AppAuth"], None);
    }

    /// Takes away the accounts of a server, and the server itself from DMClient and NodeCache, the users' parts included.
    pub fn unenroll(&mut self, provider: &str) {
        for account in self.accounts() {
            if account.provider == provider {
                stored::remove_at(self, &LocUri::root().child("SyncML").child("DMAcc").child(&account.uid));
            }
        }
        let microsoft = LocUri::root().child("Vendor").child("MSFT");
        for servers in [microsoft.child("DMClient").child("Provider"), microsoft.child("NodeCache")] {
            let server = servers.child(provider);
            stored::remove_at(self, &server);
            stored::remove_at(self, &server.in_user_scope());
        }
    }
}

/// The name of the account of a server.
pub(super) fn uid_of(device: &Device, provider: &str) -> Option<String> {
    let is_of = |uid: &String| {
        let server = stored::value(device, &["SyncML", "DMAcc", uid, "ServerID"]);
        server.is_some_and(|server| *server.text() == *provider)
    };
    stored::names(device, &["SyncML", "DMAcc"]).into_iter().find(is_of)
}

/// Where the address of an account stands: it has one, whatever its node is called.
pub(super) fn address_node(device: &Device, uid: &str) -> Option<[String; 6]> {
    let object = stored::names(device, &["SyncML", "DMAcc", uid, "AppAddr"]).into_iter().next()?;
    Some(["SyncML", "DMAcc", uid, "AppAddr", &object, "Addr"].map(str::to_owned))
}

/// The nodes that an account of the device file becomes.
pub(crate) fn nodes(entry: &AccountEntry) -> Vec<Kept> {
    let AccountEntry { provider, name, address, preference, default_encoding, appsrv, client, poll: _ } =
        entry;
    let uid = account_uid(provider);
    let mut nodes = Vec::new();
    let mut put = |below: &[&str], value: Option<Value>| {
        let path = [&["SyncML", "DMAcc", &uid], below].concat();
        nodes.push(Kept { path: path.into_iter().map(str::to_owned).collect(), value });
    };
    put(&[], None);
    put(&["ServerID"], Some(Value::chr(provider.as_str())));
    if let Some(name) = name {
        put(&["Name"], Some(Value::chr(name.as_str())));
    }
    put(&["AppAddr", "1"], None);
    put(&["AppAddr", "1", "Addr"], Some(Value::chr(address.as_str())));
    if let Some(preference) = preference {
        put(&["AAuthPref"], Some(Value::chr(preference.name())));
    }
    if let Some(encoding) = default_encoding {
        put(&["Ext"], None);
        put(&["Ext", "Microsoft"], None);
        put(&["Ext", "Microsoft", "DefaultEncoding"], Some(Value::chr(encoding.media_type())));
    }
    if appsrv.is_some() || client.is_some() {
        put(&["AppAuth"], None);
    }
    for (level, auth) in [(AuthLevel::AppSrv, appsrv), (AuthLevel::Client, client)] {
        let Some(AuthEntry { kind, name, secret, nonce }) = auth else { continue };
        put(&["AppAuth", level.name()], None);
        let mut put = |leaf: &str, value: Value| put(&["AppAuth", level.name(), leaf], Some(value));
        put("AAuthLevel", Value::chr(level.name()));
        put("AAuthType", Value::chr(kind.name()));
        if let Some(name) = name {
            put("AAuthName", Value::chr(name.as_str()));
        }
        if let Some(secret) = secret {
            put("AAuthSecret", Value::chr(secret.as_str()));
        }
        if let Some(nonce) = nonce {
            put("AAuthData", Value::Bin(BASE64.encode(nonce.bytes()).into()));
        }
    }
    nodes
}

/// The name of the first credentials of that level whose type is known, and their type.
fn object(device: &Device, uid: &str, level: AuthLevel) -> Option<(String, AuthType)> {
    let objects = stored::names(device, &["SyncML", "DMAcc", uid, "AppAuth"]);
    objects.into_iter().find_map(|object| {
        let at = |name| text(device, &["SyncML", "DMAcc", uid, "AppAuth", &object, name]);
        let kind = AuthType::from_name(&at("AAuthType")?)?;
        (at("AAuthLevel")?.trim() == level.name()).then_some((object, kind))
    })
}

/// The text of a leaf that has a value.
fn text(device: &Device, path: &[&str]) -> Option<String> {
    stored::value(device, path).map(|value| value.text().into_owned())
}
