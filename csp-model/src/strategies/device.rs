//! Device files that make sense, and the devices that they describe.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::respect::operation;
use super::stack::site;
use super::update::{instant, os, text, update_id, update_set};
use super::uri::name;
use super::value::fitting;
use crate::agent::catalog::Classification;
use crate::agent::site::Site;
use crate::agent::{Fault, FaultKind, HResult, Source};
use crate::csp::dmacc::AuthType;
use crate::csp::policy::{CACHES, DO_NOT_CONNECT, GATE, USER_SETTINGS};
use crate::device::running;
use crate::device::{
    AccountEntry, Approval, AtomicFailure, AuthEntry, Bandwidth, DefaultEncoding, Identity, InitialState,
    MaxMsgSize, Nonce, OriginalError, PollEntry, Profile, RevokeApproval, Scalar, Series, TimeZone,
    UpdateEntry, Win11Before202307, WindowsEdition,
};
use crate::schema::builtin::{self, Edition};
use crate::schema::registry::{GpKey, gp_values};
use crate::schema::{Node, OsVersion, ddf};
use crate::units::{Duration, Instant, Size};
use crate::{Device, DeviceFile, Value};

/// Where a device's clock can start.
///
/// ```
/// use csp_model::strategies;
/// use proptest::prelude::*;
///
/// proptest!(|(clock in strategies::clock())| {
///     prop_assert!(clock.timestamp() > 1_420_000_000);
/// });
/// ```
pub fn clock() -> BoxedStrategy<DateTime<Utc>> {
    let nanoseconds = prop_oneof![3 => Just(0), 1 => 0_u32..1_000_000_000];
    (1_430_000_000_i64..2_100_000_000, nanoseconds)
        .prop_filter_map("no such time", |(seconds, nanoseconds)| {
            DateTime::from_timestamp(seconds, nanoseconds)
        })
        .boxed()
}

/// A device file that makes sense: any edition and version of Windows, both editions of the Update CSP, policies
/// and Group Policy, updates in every state, approvals, faults, and at times a description of its own.
///
/// ```
/// use csp_model::{DeviceFile, strategies};
/// use proptest::prelude::*;
///
/// proptest!(ProptestConfig::with_cases(16), |(file in strategies::device_file())| {
///     let json = serde_json::to_string(&file).expect("JSON");
///     prop_assert_eq!(DeviceFile::from_json(&json), Ok(file));
/// });
/// ```
pub fn device_file() -> BoxedStrategy<DeviceFile> {
    (clock(), os(), select(EDITIONS.to_vec()))
        .prop_flat_map(|(clock, os, edition)| {
            let switches = (
                select(Edition::ALL.to_vec()),
                // TOML has no larger number.
                0..=i64::MAX.unsigned_abs(),
                time_zone(),
                of(instant(clock)),
                any::<bool>(),
                of(select(vec![RevokeApproval::Allowed, RevokeApproval::Refused])),
                select(vec![
                    AtomicFailure::RolledBack,
                    AtomicFailure::OwnCodes,
                    AtomicFailure::RollbackFailed,
                ]),
                (select(vec![MaxMsgSize::Abort, MaxMsgSize::Ignored]), any::<bool>()),
                (
                    select(vec![OriginalError::WhenAsked, OriginalError::Always]),
                    of(select(vec![Win11Before202307::DisableDualScan, Win11Before202307::NoGate])),
                ),
            );
            let parts = (
                (identity(os, edition), account()),
                registry(),
                update_set(clock).prop_flat_map(move |updates| {
                    let approvals = approvals(clock, &updates);
                    // An installed update may have brought a later version, with policies of its own.
                    let installed = updates.iter().filter(|update| update.state == InitialState::Installed);
                    let os = running(os, installed);
                    let faults = vec(fault(&updates), 0..3);
                    let site = site(clock, &updates);
                    (Just(updates), approvals, policy(os, edition), faults, site)
                }),
                (description(), vec(series(clock), 0..2)),
            );
            (switches.boxed(), parts.boxed()).prop_map(move |(switches, parts)| {
                let (
                    schema,
                    seed,
                    time_zone,
                    last_scan,
                    lenient_add,
                    revoke_approval,
                    atomic_failure,
                    (max_msg_size, large_objects),
                    (original_error, win11_before_2023_07),
                ) = switches;
                let ((device, account), registry, (update, approval, policy, fault, site), (ddf, series)) =
                    parts;
                let Site { configmgr, wsus, proxy } = site;
                DeviceFile {
                    schema,
                    seed,
                    clock: Instant(clock),
                    time_zone,
                    last_scan: last_scan.map(Instant),
                    lenient_add,
                    revoke_approval,
                    atomic_failure,
                    max_msg_size,
                    large_objects,
                    original_error,
                    win11_before_2023_07,
                    ddf,
                    device,
                    account,
                    policy,
                    registry,
                    bandwidth: Bandwidth::default(),
                    update,
                    series,
                    approval,
                    fault,
                    connection_fault: Vec::new(),
                    configmgr,
                    wsus,
                    proxy,
                }
            })
        })
        .boxed()
}

/// A device at the start of its clock.
///
/// ```
/// use csp_model::tree::Leaves;
/// use csp_model::{LocUri, strategies};
/// use proptest::prelude::*;
///
/// proptest!(ProptestConfig::with_cases(16), |(device in strategies::device())| {
///     prop_assert!(device.list(&LocUri::root(), Leaves::WithData).is_ok());
/// });
/// ```
///
/// # Panics
/// Never, unless a change has broken [`device_file`].
pub fn device() -> BoxedStrategy<Device> {
    device_file()
        .prop_map(|file| {
            let profile = Profile::new(file).expect("the strategy makes files that make sense");
            Device::new(Arc::new(profile))
        })
        .boxed()
}

/// A device that a server has already worked on.
///
/// ```
/// use csp_model::{Device, strategies};
/// use proptest::prelude::*;
///
/// proptest!(ProptestConfig::with_cases(16), |(device in strategies::used_device())| {
///     let json = serde_json::to_string(&device).expect("JSON");
///     prop_assert_eq!(serde_json::from_str::<Device>(&json).expect("a device"), device);
/// });
/// ```
pub fn used_device() -> BoxedStrategy<Device> {
    device()
        .prop_flat_map(|device| {
            let operations = vec(operation(&device), 0..10);
            (Just(device), operations.boxed()).prop_map(|(mut device, operations)| {
                for operation in operations {
                    // One may have taken away what a later one wants to change.
                    let _done_or_refused = operation.apply(&mut device);
                }
                device
            })
        })
        .boxed()
}

const EDITIONS: [WindowsEdition; 10] = [
    WindowsEdition::Home,
    WindowsEdition::Pro,
    WindowsEdition::ProEducation,
    WindowsEdition::ProForWorkstations,
    WindowsEdition::Education,
    WindowsEdition::Enterprise,
    WindowsEdition::EnterpriseLtsc,
    WindowsEdition::EnterpriseMultiSession,
    WindowsEdition::IotEnterprise,
    WindowsEdition::SE,
];

/// Updates that come for some weeks.
fn series(clock: DateTime<Utc>) -> BoxedStrategy<Series> {
    let classes = vec![
        Classification::DEFINITION_UPDATES,
        Classification::SECURITY_UPDATES,
        Classification::UPGRADES,
        Classification::DRIVERS,
    ];
    (text(), select(classes), -20_i64..20, 1_u64..20, 1_u32..8, any::<bool>(), any::<bool>())
        .prop_map(move |(title, classification, first, every, count, cumulative, restart)| Series {
            title,
            classification,
            product: "Windows".to_owned(),
            first: Instant(clock + TimeDelta::days(first)),
            every: Duration::from_secs(every * 86_400),
            count,
            cumulative,
            size: Size::from_bytes(5_000_000_000),
            install: Duration::from_secs(600),
            restart,
            sources: vec![Source::WindowsUpdate],
        })
        .boxed()
}

fn identity(os: OsVersion, edition: WindowsEdition) -> BoxedStrategy<Identity> {
    (text(), text(), text(), text(), text())
        .prop_map(move |(name, id, manufacturer, model, language)| Identity {
            name,
            id,
            manufacturer,
            model,
            language,
            os,
            edition,
        })
        .boxed()
}

/// None that the file gives, and one with everything.
fn account() -> BoxedStrategy<AccountEntry> {
    let kinds = AuthType::NAMED.map(|(kind, _)| kind).to_vec();
    let auth = (select(kinds), text(), text(), of(vec(any::<u8>(), 0..20)));
    let auth = auth.prop_map(|(kind, name, secret, nonce)| AuthEntry {
        kind,
        name: Some(name),
        secret: Some(secret.into()),
        nonce: nonce.map(Nonce::from),
    });
    let auth = auth.boxed();
    let number = || of(prop_oneof![Just(0), 1_u32..3000]);
    let poll =
        (number(), number(), number(), number(), number(), number(), of(any::<bool>()), of(any::<bool>()));
    let poll =
        poll.prop_map(|(first, firsts, second, seconds, remaining, rest, login, first_login)| PollEntry {
            first_interval: first,
            first_retries: firsts,
            second_interval: second,
            second_retries: seconds,
            remaining_interval: remaining,
            remaining_retries: rest,
            on_login: login,
            on_first_login: first_login,
        });
    let addresses = select(vec!["http://127.0.0.1:8081/", "HTTPS://a/b?c", "<https://a><http://b/>"]);
    let preference = of(select(vec![AuthType::Basic, AuthType::Digest]));
    let encoding = of(select(vec![DefaultEncoding::Xml, DefaultEncoding::Wbxml]));
    let own = (preference, encoding);
    let given = (name(), of(text()), addresses, own, of(auth.clone()), of(auth), of(poll)).prop_map(
        |(provider, name, address, (preference, default_encoding), appsrv, client, poll)| AccountEntry {
            provider,
            name,
            address: address.to_owned(),
            preference,
            default_encoding,
            appsrv,
            client,
            poll,
        },
    );
    prop_oneof![Just(AccountEntry::default()), given].boxed()
}

fn time_zone() -> impl Strategy<Value = TimeZone> {
    select(vec!["UTC", "+09:00", "-03:30", "+00:01", "-12:00"])
        .prop_map(|text| TimeZone::try_from(text.to_owned()).expect("an offset"))
}

type Table = BTreeMap<String, BTreeMap<String, Scalar>>;

/// Policies that this Windows has.
fn policy(os: OsVersion, edition: WindowsEdition) -> BoxedStrategy<Table> {
    let area = builtin::policy()[0].find(&["Config", "Update"]).expect("the area Update");
    let applies =
        |node: &&Node| node.applicability().is_none_or(|rule| rule.applies(os, Some(edition.sku())));
    let policies: Vec<_> = area.children.iter().filter(applies).collect();
    if policies.is_empty() {
        return Just(Table::new()).boxed();
    }
    let one = select(policies).prop_flat_map(|node| {
        let name = node.name.as_deref().unwrap_or_default().to_owned();
        let values = fitting(&node.properties).expect("a value that the policy takes");
        (Just(name), (values, any::<bool>()).prop_map(|(value, as_text)| scalar(&value, as_text)))
    });
    vec(one, 0..8)
        .prop_map(|policies| {
            if policies.is_empty() {
                return Table::new();
            }
            Table::from([("Update".to_owned(), policies.into_iter().collect())])
        })
        .boxed()
}

fn scalar(value: &Value, as_text: bool) -> Scalar {
    match value {
        Value::Int(number) if !as_text => Scalar::Int(*number),
        other => Scalar::Text(other.text().into_owned()),
    }
}

/// Group Policy of the Update area with its switches, in keys of every spelling, and values that mean nothing here.
fn registry() -> BoxedStrategy<Table> {
    let places = gp_values().iter().flat_map(|row| {
        let switch = row.switch.map(|switch| (switch.key.path(), switch.value));
        [Some((row.key.path(), row.value)), switch].into_iter().flatten()
    });
    let anywhere = select(places.chain([(r"HKLM\SOFTWARE\é", "")]).collect::<Vec<_>>());
    // Where all of them are as likely, hardly any device has a WSUS server.
    let place = prop_oneof![1 => anywhere, 1 => select(scan_source_values())];
    let spelled = (place, 0_u8..4).prop_map(|((key, value), form)| {
        let key = match form {
            0 => key.to_uppercase(),
            1 => key.replacen("HKLM", "HKEY_LOCAL_MACHINE", 1),
            _ => key.to_owned(),
        };
        (key, value.to_owned())
    });
    let content = prop_oneof![
        4 => Just(Scalar::Int(1)),
        4 => (0_i64..4).prop_map(Scalar::Int),
        1 => any::<i64>().prop_map(Scalar::Int),
        1 => any::<bool>().prop_map(Scalar::Bool),
        1 => text().prop_map(Scalar::Text),
    ];
    btree_map(spelled, content, 0..12)
        .prop_map(|values| {
            let mut table = Table::new();
            for ((key, name), content) in values {
                table.entry(key).or_default().insert(name, content);
            }
            table
        })
        .boxed()
}

/// What decides over the source of updates.
fn scan_source_values() -> Vec<(&'static str, &'static str)> {
    const GROUP_POLICY: [&str; 9] = [
        "WUServer",
        "DeferQualityUpdatesPeriodInDays",
        "DisableDualScan",
        DO_NOT_CONNECT,
        GATE,
        "SetPolicyDrivenUpdateSourceForDriverUpdates",
        "SetPolicyDrivenUpdateSourceForFeatureUpdates",
        "SetPolicyDrivenUpdateSourceForOtherUpdates",
        "SetPolicyDrivenUpdateSourceForQualityUpdates",
    ];
    let group_policy = GROUP_POLICY.map(|name| (GpKey::WindowsUpdate.path(), name));
    // Twice and thrice what the rest depends on.
    let au = ["UseWUServer", "UseWUServer", "UseWUServer", GATE, GATE, "NoAutoUpdate"];
    let au = au.map(|name| (GpKey::Au.path(), name));
    let left = [(USER_SETTINGS, "PauseUpdatesExpiryTime"), (CACHES[1], "DeferUpgrade")];
    group_policy
        .into_iter()
        .chain(au)
        .chain([(GpKey::WindowsUpdate.path(), "WUServer")])
        .chain(left)
        .collect()
}

/// Approvals of updates, of classifications, and of what nobody has heard of.
fn approvals(clock: DateTime<Utc>, updates: &[UpdateEntry]) -> BoxedStrategy<Vec<Approval>> {
    let known: Vec<_> = updates.iter().flat_map(|update| [update.id, update.classification.id()]).collect();
    let id = match known.is_empty() {
        true => update_id().boxed(),
        false => prop_oneof![3 => select(known), 1 => update_id()].boxed(),
    };
    btree_map(id, of(instant(clock)), 0..5)
        .prop_map(|approvals| {
            approvals.into_iter().map(|(id, at)| Approval { id, at: at.map(Instant) }).collect()
        })
        .boxed()
}

/// A fault of any kind, of every update or of one of `updates`.
fn fault(updates: &[UpdateEntry]) -> BoxedStrategy<Fault> {
    let when = (of(prop_oneof![0_u64..2_000_000, 0_u64..1_000_000_000]), of(1_u64..1_000_000));
    let when = when.prop_map(|(from, length)| {
        let until = length.map(|length| Duration::from_secs(from.unwrap_or_default() + length));
        (from.map(Duration::from_secs), until)
    });
    let known: Vec<_> = updates.iter().map(|update| update.id).collect();
    let update = if known.is_empty() { update_id().boxed() } else { select(known).boxed() };
    let which = (of(update), of(0.0..=1.0_f64), of(0_u32..5), of(any::<i32>().prop_map(HResult)));
    (select(FaultKind::ALL.to_vec()), when, which)
        .prop_map(|(kind, (from, until), (update, probability, count, hresult))| Fault {
            kind,
            from,
            until,
            update,
            probability,
            count,
            hresult,
        })
        .boxed()
}

/// A description of any shape, hung where CSPs hang.
fn description() -> BoxedStrategy<Vec<String>> {
    let places =
        select(vec!["./Vendor/MSFT", "./User/Vendor/MSFT", "./Device/Vendor/MSFT/Policy/Config", "."]);
    let one = (crate::schema::strategies::roots().boxed(), places).prop_map(|(mut roots, place)| {
        roots.iter_mut().for_each(|root| root.path = Some(place.into()));
        ddf::write(&roots)
    });
    prop_oneof![1 => Just(Vec::new()), 1 => vec(one, 1..3)].boxed()
}
