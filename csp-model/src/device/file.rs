//! The device file: what a person writes to describe a device, in TOML or JSON.
//!
//! The types here say only what may stand in the file. Reading text is [`super::load`]'s work, checking that it
//! makes sense [`super::profile`]'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::scalar::{name_or_number, name_or_number_if_any};
use super::{AccountEntry, ConnectionFault, Scalar, TimeZone, WindowsEdition};
use crate::agent::catalog::Classification;
use crate::agent::site::{ConfigMgr, Proxy, Site, Wsus};
use crate::agent::{Fault, HResult, Source, UpdateId};
use crate::schema::{OsVersion, builtin::Edition};
use crate::units::{Duration, Instant, Size};

/// A device under MDM, as its file describes it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceFile {
    /// The edition of the Update CSP: "2023" (FailedUpdates/{guid}/State) or "1803" (…/Status).
    #[serde(deserialize_with = "name_or_number")]
    pub schema: Edition,
    /// The seed of everything that is random.
    pub seed: u64,
    /// Where the device clock starts; 2024-01-01T00:00:00Z when absent.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub clock: Instant,
    /// The device's time zone, as an offset from UTC: active hours, schedules and LocalTime follow it.
    pub time_zone: TimeZone,
    /// When the device last scanned for updates; absent when it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_scan: Option<Instant>,
    /// Accept an approval that carries Data, and ignore the Data.
    pub lenient_add: bool,
    /// What Delete of an approval answers: "405" or "200". By default 405 in schema 2023 and 200 in 1803.
    #[serde(deserialize_with = "name_or_number_if_any", skip_serializing_if = "Option::is_none")]
    pub revoke_approval: Option<RevokeApproval>,
    /// What an Atomic that fails answers: "507" with its members rolled back, "500" with their own codes, or "516"
    /// when the rollback fails as well.
    #[serde(deserialize_with = "name_or_number")]
    pub atomic_failure: AtomicFailure,
    /// What an answer larger than the server's MaxMsgSize does: "abort" the session, or "ignored".
    pub max_msg_size: MaxMsgSize,
    /// Cut an answer larger than the server's MaxMsgSize with MoreData, instead of what `max_msg_size` says.
    pub large_objects: bool,
    /// When msft:originalerror is added to a failing Status: once the server asked for it, or "always".
    pub original_error: OriginalError,
    /// What Windows 11 goes by until its cumulative update of July 2023: "disable-dual-scan" heeds DisableDualScan, "no-gate"
    /// scan source policies of Group Policy without their gate. The same as later when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub win11_before_2023_07: Option<Win11Before202307>,
    /// More CSPs: device description files (DDF), by path or as their text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ddf: Vec<String>,
    /// What the device is.
    pub device: Identity,
    /// The account by which a server manages the device.
    #[serde(skip_serializing_if = "AccountEntry::is_default")]
    pub account: AccountEntry,
    /// Policies, by area: `./Vendor/MSFT/Policy/Config/{area}/{policy}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub policy: BTreeMap<String, BTreeMap<String, Scalar>>,
    /// The registry, by key: Group Policy stands there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub registry: BTreeMap<String, BTreeMap<String, Scalar>>,
    /// How much the device downloads in a second; "10MB" when absent.
    #[serde(skip_serializing_if = "is_usual_bandwidth")]
    pub bandwidth: Bandwidth,
    /// What the update services can offer, and how far the device has come with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub update: Vec<UpdateEntry>,
    /// Updates that come again and again: a cumulative update each month, definitions each day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Series>,
    /// Updates and classifications that are approved from the start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approval: Vec<Approval>,
    /// What goes wrong, and when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fault: Vec<Fault>,
    /// What goes wrong between the device and the MDM server that it dials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connection_fault: Vec<ConnectionFault>,
    /// The Configuration Manager site whose client the device is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configmgr: Option<ConfigMgr>,
    /// The WSUS server that the device is told to use: the organisation's, or the software update point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wsus: Option<Wsus>,
    /// The proxy of `WinHTTP`, which services use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
}

/// What Delete of `ApprovedUpdates/{guid}` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RevokeApproval {
    /// Deletes the approval, as the parent's description allows.
    #[serde(rename = "200")]
    Allowed,
    /// Refuses, as the page that names Get and Add only says.
    #[serde(rename = "405")]
    Refused,
}

/// What an Atomic that fails answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum AtomicFailure {
    /// 507, with 216 for the members that were done before, and 215 for those that were not reached.
    #[default]
    #[serde(rename = "507")]
    RolledBack,
    /// 500, and each member its own code, as developers of servers have reported.
    #[serde(rename = "500")]
    OwnCodes,
    /// 507, with 516 for the members that were done before, which stay done: the rollback fails as well.
    #[serde(rename = "516")]
    RollbackFailed,
}

/// What the device makes of a MaxMsgSize in a server's SyncHdr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MaxMsgSize {
    /// Results that do not fit are left out, and the next message is answered with Alert 1223 (observed on build
    /// 26200).
    #[default]
    Abort,
    /// Nothing: Microsoft's "OMA DM protocol support" says that Meta in SyncHdr is ignored.
    Ignored,
}

/// When a failing Status carries the Windows error behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OriginalError {
    /// Once the server has set SyncApplicationVersion 3.0 or later (\[MS-MDM\] 2.2.7.12).
    #[default]
    WhenAsked,
    /// Always: for people who look for a fault.
    Always,
}

/// What Windows 11 goes by until its cumulative update of July 2023, when it chooses whom to ask for updates.
///
/// The founding article names that update as a condition of dual scan; no other text does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Win11Before202307 {
    /// DisableDualScan is still heeded, as on Windows 10.
    DisableDualScan,
    /// Scan source policies of Group Policy count without their gate under `AU`.
    NoGate,
}

/// What the device is: DevInfo, DevDetail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// The device's name: DevDetail/Ext/Microsoft/DeviceName.
    pub name: String,
    /// DevInfo/DevId, and the Source of every message.
    pub id: String,
    /// DevInfo/Man
    pub manufacturer: String,
    /// DevInfo/Mod
    pub model: String,
    /// DevInfo/Lang
    pub language: String,
    /// The version of Windows, four numbers: decides which rules hold, and DevDetail/SwV.
    pub os: OsVersion,
    /// The edition of Windows: decides which policies apply.
    pub edition: WindowsEdition,
}

/// What tells devices of one profile apart: their own part of the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    /// DevInfo/DevId, and the Source of every message.
    pub id: Arc<str>,
    /// The name that the device starts with.
    pub name: Arc<str>,
    /// The seed of everything that is random.
    pub seed: u64,
}

impl DeviceFile {
    /// What stands around the device.
    #[must_use]
    pub fn site(&self) -> Site {
        Site { configmgr: self.configmgr.clone(), wsus: self.wsus.clone(), proxy: self.proxy.clone() }
    }

    /// The file's own device, apart from what it can share with others: two files that differ in nothing else
    /// leave the same file behind.
    #[must_use]
    pub fn split(mut self) -> (Self, Instance) {
        let instance = Instance {
            id: std::mem::take(&mut self.device.id).into(),
            name: std::mem::take(&mut self.device.name).into(),
            seed: std::mem::take(&mut self.seed),
        };
        (self, instance)
    }

    /// The file of that one device.
    #[must_use]
    pub fn of(mut self, instance: &Instance) -> Self {
        self.device.id = instance.id.to_string();
        self.device.name = instance.name.to_string();
        self.seed = instance.seed;
        self
    }

    /// Its own device.
    #[must_use]
    pub fn instance(&self) -> Instance {
        Instance {
            id: self.device.id.as_str().into(),
            name: self.device.name.as_str().into(),
            seed: self.seed,
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            name: "LAB-01".to_owned(),
            id: "0123456789ABCDEF0123456789ABCDEF".to_owned(),
            manufacturer: "Contoso".to_owned(),
            model: "Virtual Machine".to_owned(),
            language: "en-US".to_owned(),
            os: OsVersion { major: 10, minor: 0, build: 22_631, revision: 2_506 },
            edition: WindowsEdition::Enterprise,
        }
    }
}

/// An update that the services can offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateEntry {
    /// UpdateID
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub id: UpdateId,
    /// RevisionNumber
    #[serde(default = "first_revision")]
    pub revision: u32,
    /// The title.
    #[serde(default)]
    pub title: String,
    /// The knowledge base article; need not be unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kb: Option<String>,
    /// UpdateClassification, by name or GUID: "Upgrades" is a feature update, "Drivers" a driver.
    #[schemars(with = "String")]
    pub classification: Classification,
    /// The product; anything but "Windows" makes it an update of another Microsoft product.
    #[serde(default = "windows")]
    pub product: String,
    /// When it was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub released: Option<Instant>,
    /// What is downloaded: "600MB".
    #[serde(default)]
    pub size: Size,
    /// How long the installation takes: "12m".
    #[serde(default)]
    pub install: Duration,
    /// Whether it needs a restart.
    #[serde(default)]
    pub restart: bool,
    /// What DevDetail/SwV says once it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<OsVersion>,
    /// The id of its licence terms, when there are some to accept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub eula: Option<UpdateId>,
    /// The updates that it replaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub supersedes: Vec<UpdateId>,
    /// What must be installed before it applies: all of these; where several stand in brackets, one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<Prerequisite>,
    /// Later revisions of the same UpdateID.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<Revision>,
    /// ConfigMgr: the maximum run time; the site's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_run_time: Option<Duration>,
    /// Whether a user has hidden it. Resetting the client brings it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// Upgrades: the safeguard hold that keeps it from this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safeguard: Option<u32>,
    /// Upgrades: whether it only turns on what is there already. It cannot be rolled back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enablement_package: bool,
    /// The services that offer it.
    #[serde(default = "windows_update")]
    pub sources: Vec<Source>,
    /// How far the device has come with it.
    #[serde(default)]
    pub state: InitialState,
    /// failed: the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub hresult: Option<HResult>,
    /// failed: the step that failed, a documented name without "UpdateStatus" ("DownloadFailed"), or 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Scalar>,
    /// pending-restart, installed: since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub at: Option<Instant>,
}

/// A later revision of an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// RevisionNumber, higher than those before.
    pub revision: u32,
    /// When it was released.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub released: Instant,
}

/// Something that must be installed before an update applies: one update, or one of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prerequisite(Vec<UpdateId>);

impl Prerequisite {
    /// The updates, of which one must be installed.
    #[must_use]
    pub fn any_of(&self) -> &[UpdateId] {
        &self.0
    }
}

impl FromIterator<UpdateId> for Prerequisite {
    fn from_iter<I: IntoIterator<Item = UpdateId>>(ids: I) -> Self {
        Self(ids.into_iter().collect())
    }
}

impl Serialize for Prerequisite {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [only] => only.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Prerequisite {
    /// By hand, because an untagged enum would lose the place and the reason of an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrSeveral;

        impl<'de> Visitor<'de> for OneOrSeveral {
            type Value = Prerequisite;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the id of an update, or several in brackets of which one is needed")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Prerequisite, E> {
                text.parse().map(|id| Prerequisite(vec![id])).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut ids: A) -> Result<Prerequisite, A::Error> {
                let mut all = Vec::new();
                while let Some(id) = ids.next_element()? {
                    all.push(id);
                }
                Ok(Prerequisite(all))
            }
        }

        deserializer.deserialize_any(OneOrSeveral)
    }
}

impl JsonSchema for Prerequisite {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Prerequisite".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (one, several) = (String::json_schema(generator), Vec::<String>::json_schema(generator));
        schemars::json_schema!({ "anyOf": [one, several] })
    }
}

/// Updates that come again and again, each in the place of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// The title; `{n}` becomes the number of the update, from 1, and `{date}` the day of its release.
    pub title: String,
    /// UpdateClassification, by name or GUID.
    #[schemars(with = "String")]
    pub classification: Classification,
    /// The product.
    #[serde(default = "windows")]
    pub product: String,
    /// When the first is released.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub first: Instant,
    /// How long after each the next is released: "P28D".
    pub every: Duration,
    /// How many there are.
    #[schemars(range(min = 1, max = 100_000))]
    pub count: u32,
    /// Whether each replaces the one before.
    #[serde(default = "yes")]
    pub cumulative: bool,
    /// What is downloaded of each.
    #[serde(default)]
    pub size: Size,
    /// How long the installation of each takes.
    #[serde(default)]
    pub install: Duration,
    /// Whether each needs a restart.
    #[serde(default)]
    pub restart: bool,
    /// The services that offer them.
    #[serde(default = "windows_update")]
    pub sources: Vec<Source>,
}

/// How much a device downloads in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Bandwidth(pub Size);

impl Default for Bandwidth {
    fn default() -> Self {
        Self(Size::from_bytes(10_000_000))
    }
}

/// How far the device has come with an update when its clock starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InitialState {
    /// No scan has found it yet.
    #[default]
    NotOffered,
    /// A scan has found it applicable.
    Installable,
    /// It failed to download or install.
    Failed,
    /// It is installed and waits for a restart.
    PendingRestart,
    /// It is installed.
    Installed,
}

impl InitialState {
    /// The word for it in a device file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotOffered => "not-offered",
            Self::Installable => "installable",
            Self::Failed => "failed",
            Self::PendingRestart => "pending-restart",
            Self::Installed => "installed",
        }
    }
}

/// An approval that is there from the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// An update or a classification.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub id: UpdateId,
    /// When it was approved; the start of the clock when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub at: Option<Instant>,
}

fn is_usual_bandwidth(bandwidth: &Bandwidth) -> bool {
    *bandwidth == Bandwidth::default()
}

const fn yes() -> bool {
    true
}

const fn first_revision() -> u32 {
    1
}

fn windows() -> String {
    "Windows".to_owned()
}

fn windows_update() -> Vec<Source> {
    vec![Source::WindowsUpdate]
}
