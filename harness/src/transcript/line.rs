//! The lines of a transcript: version 1 of the format, as data and as JSON.
//!
//! `docs/transcript.md` tells the format to its readers. Deliberately absent: where lines come from (`journal.rs`),
//! go to (`file.rs`), are read from (`read.rs`), and what in them is secret (`redact/`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use csp_model::agent::Fault;
use csp_model::agent::site::Site;
use csp_model::device::{Scalar, Snapshot};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use syncml::judge::Channel;
use url::{Host, Url};
use utoipa::ToSchema;

use crate::event::DeviceEvent;
use crate::opening::Opening;

/// The version of the format that is written and read.
pub(crate) const VERSION: u32 = 1;

/// How a header begins, as it is written.
pub(super) const HEADER: &[u8] = br#"{"cspsim_transcript":"#;

/// The first line: the format, the program, and the device before the lines that follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// [`VERSION`].
    #[serde(rename = "cspsim_transcript")]
    pub(crate) version: u32,
    /// The device's name.
    pub(crate) name: Arc<str>,
    /// The program that wrote the transcript, with its version.
    pub(crate) program: String,
    /// Whether credentials stand in it.
    pub(crate) secrets: Secrets,
    /// What its devices are.
    #[serde(default, skip_serializing_if = "Devices::are_known")]
    pub(crate) devices: Devices,
    /// The device as it was before the first entry.
    pub(crate) device: Arc<Snapshot>,
}

/// What the snapshots of a transcript are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Devices {
    /// The devices themselves.
    #[default]
    Known,
    /// What the devices have said of themselves at the beginning: nobody has seen their state.
    Guessed,
}

/// What is done with credentials when lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Secrets {
    /// They are redacted.
    #[default]
    Hidden,
    /// They stand as they were said.
    Shown,
}

/// A line after the first one: what happened to the device of that name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// The device's name.
    pub(crate) name: Arc<str>,
    /// What happened.
    pub(crate) entry: Entry,
}

/// What happened to a device, and when.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The number of the entry among those of its device, from 1 and without gaps; 0 where the device begins.
    pub(crate) seq: u64,
    /// The device's clock.
    pub(crate) at: DateTime<Utc>,
    /// What happened.
    pub(crate) event: Event,
    /// What the device did meanwhile, since the entry before: up to `at`, and because of what happened.
    pub(crate) events: Arc<[DeviceEvent]>,
}

/// What can happen to a device.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// Another device begins in the same file; it is as the snapshot says.
    Device(Arc<Snapshot>),
    /// A message came, and was answered or refused.
    Exchange(Exchange),
    /// The control API was called.
    Control(Call),
}

/// A message and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "ExchangeFields", try_from = "ExchangeFields")]
pub(crate) struct Exchange {
    /// Where the request came from.
    pub(crate) origin: Origin,
    /// The request's body.
    pub(crate) request: Body,
    /// What was said to it.
    pub(crate) outcome: Outcome,
}

/// Where a message came from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Origin {
    /// It was posted.
    Posted {
        /// Its media type as it was given, if it was.
        media_type: Option<Arc<str>>,
        /// What its `x-syncml-hmac` says, if it has one.
        mac: Option<Arc<str>>,
    },
    /// Nothing came: the device opens a session, and its answer is package 1.
    Opened(Arc<Opening>),
    /// The device has dialled a server, which answers the device's last message.
    Dialled(Arc<Dialled>),
}

impl Origin {
    /// What `x-syncml-hmac` says of what came.
    pub(crate) fn mac(&self) -> Option<&str> {
        match self {
            Self::Opened(_) => None,
            Self::Posted { mac, .. } => mac.as_deref(),
            Self::Dialled(dialled) => dialled.mac.as_deref(),
        }
    }

    /// Who could read along. What is posted to an endpoint stands for what a server would send elsewhere.
    pub(crate) fn channel(&self) -> Channel {
        match self {
            Self::Opened(_) | Self::Posted { .. } => Channel::Unknown,
            Self::Dialled(dialled) => channel(&dialled.address),
        }
    }
}

fn channel(address: &str) -> Channel {
    let Ok(url) = Url::parse(address) else { return Channel::Unknown };
    let stays_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if stays_here || url.scheme() == "https" { Channel::Private } else { Channel::Clear }
}

/// A server's answer to a device that has dialled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dialled {
    /// The SessionID of the device's session, whatever the answer says.
    pub(crate) session: Arc<str>,
    /// Who has answered.
    pub(crate) address: Arc<str>,
    /// The answer's media type as it was given, if it was.
    pub(crate) media_type: Option<Arc<str>>,
    /// What the answer's `x-syncml-hmac` says, if it has one.
    pub(crate) mac: Option<Arc<str>>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// The device took it and answered.
    Answered {
        /// The HTTP status.
        http: u16,
        /// The answer's body.
        body: Body,
    },
    /// It was not taken; the device is as it was.
    Refused {
        /// The HTTP status.
        http: u16,
        /// Why.
        reason: Arc<str>,
    },
}

/// A call of the control API that changed the device. A new one is a variant here: its name is the line's `kind`, its
/// fields stand beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Call {
    /// The device was made.
    Created,
    /// It went back to its file; open sessions ended.
    Reset,
    /// A snapshot was put in; open sessions ended.
    Snapshot {
        /// What was put in.
        device: Arc<Snapshot>,
    },
    /// A session that the device had opened is over: its server could not be reached, or said nothing that could be
    /// understood.
    GivenUp {
        /// The SessionID.
        session: Arc<str>,
    },
    /// The device's clock was moved on.
    Advance {
        /// To when.
        to: DateTime<Utc>,
    },
    /// The device scanned for updates.
    Scan {
        /// Who asked for it.
        by: ScanBy,
    },
    /// It was restarted.
    Restart,
    /// Its user paused updates.
    Pause {
        /// For how long.
        days: u32,
    },
    /// Its user ended the pause.
    Resume,
    /// Other things go wrong from now on.
    Faults {
        /// What goes wrong.
        faults: Arc<[Fault]>,
    },
    /// An administrator changed its registry.
    Registry {
        /// The values by key and name; null takes one away.
        values: Arc<RegistryChange>,
    },
    /// It read Group Policy again.
    PolicyRefresh,
    /// Other things stand around it from now on.
    Site {
        /// What stands there.
        site: Arc<Site>,
    },
    /// Its user had everything installed that Software Center showed.
    Install,
    /// Its update agent's store was made anew.
    ClientReset,
    /// The device was removed.
    Deleted,
}

/// Values of the registry by key and name; `None` takes one away.
pub(crate) type RegistryChange = BTreeMap<String, BTreeMap<String, Option<Scalar>>>;

/// Who asks for a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ScanBy {
    /// The user, with the button in Settings: it is never refused.
    #[default]
    User,
    /// A program, with `DetectNow` of the COM interface: it is refused so long after the last one as the device waits
    /// between scans.
    DetectNow,
    /// The ConfigMgr client, with "Software Updates Scan Cycle" in its control panel: it asks WSUS alone.
    CcmExec,
}

/// A body, exactly: `{"text":…}` when it is UTF-8, else `{"base64":…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// The bytes.
    Bytes(Bytes),
    /// Bytes that could not be searched for credentials, and so were left out: how many. `{"withheld":…}`
    Withheld(u64),
}

impl Header {
    /// The header of a transcript that this program writes now.
    pub(crate) fn new(name: Arc<str>, device: Arc<Snapshot>, secrets: Secrets) -> Self {
        let program = concat!("cspsim ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { version: VERSION, name, program, secrets, devices: Devices::Known, device }
    }
}

impl Devices {
    fn are_known(&self) -> bool {
        *self == Self::Known
    }
}

impl Event {
    /// The bytes of what was said in it.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Exchange(exchange) => exchange.bytes(),
            Self::Device(device) => json_length(device),
            Self::Control(call) => call.bytes(),
        }
    }
}

impl Call {
    /// The bytes of what was put in.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Snapshot { device } => json_length(device),
            Self::Faults { faults } => json_length(faults),
            Self::Registry { values } => json_length(values),
            Self::Site { site } => json_length(site),
            Self::Created
            | Self::Reset
            | Self::GivenUp { .. }
            | Self::Advance { .. }
            | Self::Scan { .. }
            | Self::Restart
            | Self::Pause { .. }
            | Self::Resume
            | Self::PolicyRefresh
            | Self::Install
            | Self::ClientReset
            | Self::Deleted => 0,
        }
    }
}

/// The length of a value as it is written.
fn json_length(value: &impl Serialize) -> u64 {
    struct Length(u64);
    impl io::Write for Length {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut length = Length(0);
    // Counting does not fail, and what cannot be written has no length.
    let _ = serde_json::to_writer(&mut length, value);
    length.0
}

impl Exchange {
    /// The bytes of both bodies.
    pub(crate) fn bytes(&self) -> u64 {
        self.request.len() + self.outcome.bytes()
    }
}

impl Outcome {
    /// The bytes of the answer, or of the reason.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Answered { body, .. } => body.len(),
            Self::Refused { reason, .. } => reason.len() as u64,
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl Body {
    /// How many bytes it has.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Withheld(length) => *length,
        }
    }
}

/// What stands before what happened.
#[derive(Serialize)]
struct Flat<'a, T> {
    name: &'a str,
    seq: u64,
    at: DateTime<Utc>,
    /// What the fields that follow do not say themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(flatten)]
    rest: T,
    #[serde(skip_serializing_if = "<[DeviceEvent]>::is_empty")]
    events: &'a [DeviceEvent],
}

/// The fields of a line where a device begins.
#[derive(Serialize, Deserialize)]
struct Begin {
    device: Arc<Snapshot>,
}

/// What every line after the first one has.
#[derive(Deserialize)]
struct Head<'a> {
    name: Arc<str>,
    seq: u64,
    at: DateTime<Utc>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    /// Transcripts of a program that knew none have none.
    #[serde(default)]
    events: Arc<[DeviceEvent]>,
}

const EXCHANGE: &str = "exchange";
const DEVICE: &str = "device";

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Entry { seq, at, ref event, ref events } = self.entry;
        let name = &*self.name;
        match event {
            Event::Device(device) => {
                let rest = Begin { device: Arc::clone(device) };
                Flat { name, seq, at, kind: Some(DEVICE), rest, events }.serialize(serializer)
            }
            Event::Exchange(exchange) => {
                Flat { name, seq, at, kind: Some(EXCHANGE), rest: exchange, events }.serialize(serializer)
            }
            Event::Control(call) => {
                Flat { name, seq, at, kind: None, rest: call, events }.serialize(serializer)
            }
        }
    }
}

impl Line {
    /// Reads one line. Keys that are not known are passed over; a kind that is not known is an error.
    ///
    /// It is read twice, first for what it is: this spares the copies that an enum of all kinds would need.
    ///
    /// # Errors
    /// When it is no JSON, or no line of a transcript.
    pub(crate) fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let Head { name, seq, at, kind, events } = serde_json::from_str(text)?;
        let event = match &*kind {
            EXCHANGE => Event::Exchange(serde_json::from_str(text)?),
            DEVICE => Event::Device(serde_json::from_str::<Begin>(text)?.device),
            _ => Event::Control(serde_json::from_str(text)?),
        };
        Ok(Self { name, entry: Entry { seq, at, event, events } })
    }
}

/// An exchange as it stands in its line.
#[derive(Clone, Serialize, Deserialize)]
struct ExchangeFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opens: Option<Arc<Opening>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<Arc<str>>,
    request: Body,
    http: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Body>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<Arc<str>>,
}

impl From<Exchange> for ExchangeFields {
    fn from(Exchange { origin, request, outcome }: Exchange) -> Self {
        let (opens, session, address, media_type) = match origin {
            Origin::Posted { media_type, mac: _ } => (None, None, None, media_type),
            Origin::Opened(opening) => (Some(opening), None, None, None),
            Origin::Dialled(dialled) => {
                let Dialled { session, address, media_type, mac: _ } = Dialled::clone(&dialled);
                (None, Some(session), Some(address), media_type)
            }
        };
        let (http, answer, refused) = match outcome {
            Outcome::Answered { http, body } => (http, Some(body), None),
            Outcome::Refused { http, reason } => (http, None, Some(reason)),
        };
        Self { opens, session, address, media_type, request, http, answer, refused }
    }
}

impl TryFrom<ExchangeFields> for Exchange {
    type Error = &'static str;

    fn try_from(fields: ExchangeFields) -> Result<Self, Self::Error> {
        let ExchangeFields { opens, session, address, media_type, request, http, answer, refused } = fields;
        let outcome = match (answer, refused) {
            (Some(body), None) => Outcome::Answered { http, body },
            (None, Some(reason)) => Outcome::Refused { http, reason },
            (Some(_), Some(_)) => return Err("found both `answer` and `refused`, expected one of them"),
            (None, None) => return Err("found neither `answer` nor `refused`, expected one of them"),
        };
        let origin = match (opens, session) {
            (None, None) => Origin::Posted { media_type, mac: None },
            (Some(opening), None) => Origin::Opened(opening),
            (None, Some(session)) => {
                let address = address.ok_or("found `session` without `address`, expected both")?;
                Origin::Dialled(Arc::new(Dialled { session, address, media_type, mac: None }))
            }
            (Some(_), Some(_)) => return Err("found both `opens` and `session`, expected one of them"),
        };
        Ok(Self { origin, request, outcome })
    }
}

/// A body as it stands in its line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BodyField<'a> {
    #[serde(borrow)]
    Text(Cow<'a, str>),
    Base64(String),
    Withheld(u64),
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let field = match self {
            Self::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => BodyField::Text(text.into()),
                Err(_) => BodyField::Base64(BASE64.encode(bytes)),
            },
            Self::Withheld(length) => BodyField::Withheld(*length),
        };
        field.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match BodyField::deserialize(deserializer)? {
            BodyField::Text(text) => Self::Bytes(text.into_owned().into()),
            BodyField::Base64(text) => Self::Bytes(BASE64.decode(&text).map_err(de::Error::custom)?.into()),
            BodyField::Withheld(length) => Self::Withheld(length),
        })
    }
}
