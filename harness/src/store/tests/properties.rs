//! Whatever becomes of devices comes back as it was, and leaves the same rows as if it had been written at once.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use csp_model::agent::site::Site;
use csp_model::agent::{
    Agent, Check, ConfigMgrClient, Content, Failure, Fault, FaultKind, Faults, HResult, Installs,
    KnownPolicy, Noticed, Record, Refusal, Reverting, Rollback, Rollbacks, Unread, UpdateId, UpdateState,
};
use csp_model::device::{DeviceState, Instance, Registry, Scalar};
use csp_model::strategies::{self, Operation};
use csp_model::units::Duration;
use csp_model::{Device, Value};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Devices, Folder, Kept, dump, read};

/// What can become of one of several devices.
#[derive(Debug, Clone)]
enum Step {
    Operate(usize, Operation),
    Advance(usize, u32),
    Reset(usize),
    Delete(usize),
    Put(usize, Device),
    Commit,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn devices_come_back_as_they_were((devices, steps) in history()) {
        let folder = Folder::new();
        let path = folder.file("state.db");
        let mut kept = Kept::open(&path);
        let mut live: Devices = devices.into_iter().enumerate().map(|(at, device)| (name(at), device)).collect();
        kept.commit(&live).unwrap();
        for step in steps {
            match step {
                Step::Operate(at, operation) => {
                    // What the device refuses changes nothing, or a status that is to be kept too.
                    let _ = live.get_mut(&name(at)).map(|device| operation.apply(device));
                }
                Step::Advance(at, seconds) => {
                    if let Some(device) = live.get_mut(&name(at)) {
                        device.advance_to(device.clock() + TimeDelta::seconds(seconds.into()));
                    }
                }
                Step::Reset(at) => {
                    if let Some(device) = live.get_mut(&name(at)) {
                        *device = device.reset();
                    }
                }
                Step::Delete(at) => drop(live.remove(&name(at))),
                Step::Put(at, device) => drop(live.insert(name(at), device)),
                Step::Commit => {
                    kept.commit(&live).unwrap();
                    // Shares nothing with what was committed; devices are compared by value.
                    let found = kept.database.devices(&Default::default()).unwrap();
                    prop_assert!(found == live, "{:?}\n{:?}", found, live);
                }
            }
        }
        kept.commit(&live).unwrap();
        drop(kept);
        prop_assert!(read(&path) == live);

        let anew = folder.file("anew.db");
        Kept::open(&anew).commit(&live).unwrap();
        prop_assert_eq!(dump(&path), dump(&anew));
    }

    #[test]
    fn what_no_server_can_write_comes_back_too(devices in vec(odd_device(), 1..4)) {
        let folder = Folder::new();
        let path = folder.file("state.db");
        let mut live = Devices::new();
        for device in devices {
            live.insert(device.name().into(), device.clone());
            // One after another takes the place of the first.
            live.insert(name(0), device);
            let mut kept = Kept::open(&path);
            kept.commit(&live).unwrap();
            drop(kept);
            let found = read(&path);
            prop_assert!(found == live, "{:?}\n{:?}", found, live);
        }
    }
}

fn name(at: usize) -> Arc<str> {
    format!("device {at}").into()
}

fn history() -> BoxedStrategy<(Vec<Device>, Vec<Step>)> {
    vec(strategies::device(), 1..4)
        .prop_flat_map(|devices| {
            let operations = devices.iter().enumerate().map(|(at, device)| {
                strategies::operation(device).prop_map(move |operation| Step::Operate(at, operation)).boxed()
            });
            let operations = proptest::strategy::Union::new(operations).boxed();
            let at = 0..devices.len();
            let step = prop_oneof![
                12 => operations,
                2 => (at.clone(), any::<u32>()).prop_map(|(at, seconds)| Step::Advance(at, seconds)),
                1 => at.clone().prop_map(Step::Reset),
                1 => at.clone().prop_map(Step::Delete),
                1 => (at, strategies::used_device()).prop_map(|(at, device)| Step::Put(at, device)),
                3 => Just(Step::Commit),
            ];
            (Just(devices), vec(step.boxed(), 0..24).boxed())
        })
        .boxed()
}

/// A device in a state that only a snapshot can give it.
fn odd_device() -> BoxedStrategy<Device> {
    let instance = (text(), text(), any::<u64>()).prop_map(|(id, name, seed)| Instance {
        id: id.into(),
        name: name.into(),
        seed,
    });
    let policy = vec((text(), odd_value()), 0..4);
    let own = (text(), time(), agent().boxed(), policy, registry(), any::<u32>());
    (strategies::used_device(), instance.boxed(), own.boxed())
        .prop_map(|(device, instance, (name, clock, agent, policy, registry, sessions))| {
            let mut stored = device.state().stored;
            for (number, value) in stored.values_mut().enumerate() {
                if let Some(value) = value.as_mut().filter(|_| number % 2 == 0) {
                    *value = Value::chr(name.clone());
                }
            }
            let state = DeviceState {
                clock,
                agent,
                policy: policy.into_iter().collect(),
                registry,
                name,
                stored,
                sessions,
            };
            Device::from_state(device.profile_arc(), instance, state).expect("a device with the same nodes")
        })
        .boxed()
}

fn agent() -> impl Strategy<Value = Agent> {
    let state = || any::<u16>().prop_map(UpdateState::from_bits_truncate);
    let hresult = || any::<i32>().prop_map(HResult);
    let failure = of((state(), hresult()).prop_map(|(state, hresult)| Failure { state, hresult }));
    let content = prop_oneof![
        Just(Content::None),
        any::<u32>().prop_map(Content::Partial),
        time().prop_map(Content::Complete)
    ];
    let record = (any::<u32>(), state(), time(), time(), content, failure).prop_map(
        |(revision, state, since, discovered, content, failure)| Record {
            revision,
            state,
            since,
            discovered,
            content,
            failure,
        },
    );
    let reverting = || (update_id(), of(time())).prop_map(|(update, since)| Reverting { update, since });
    let rollback = move || {
        (of(hresult()), of(reverting()), of(select(Refusal::ALL.to_vec())))
            .prop_map(|(status, pending, refused)| Rollback { status, pending, refused })
    };
    let rollbacks = (rollback(), rollback()).prop_map(|(quality, feature)| Rollbacks { quality, feature });
    let records = btree_map(update_id(), record, 0..4);
    let approvals = btree_map(update_id(), time(), 0..4);
    let check = (time(), any::<bool>()).prop_map(|(at, succeeded)| Check { at, succeeded });
    let unread = (registry(), time()).prop_map(|(registry, until)| Box::new(Unread { registry, until }));
    let noticed = (of(time()), of(time()), any::<bool>(), any::<bool>()).prop_map(
        |(quality, feature, quality_paused, feature_paused)| Noticed {
            quality,
            feature,
            quality_paused,
            feature_paused,
        },
    );
    let times = (of(time()), of(check), of(time()), noticed);
    let stack = (of(site()), client(), of(time()), of(time()));
    (records, approvals, times, faults(), of(unread), rollbacks, stack).prop_map(
        |(records, approvals, (last_scan, last_check, agreed, noticed), faults, unread, rollbacks, stack)| {
            Agent {
                records,
                approvals,
                last_scan,
                last_check,
                agreed,
                noticed,
                faults,
                unread,
                site: stack.0,
                client: stack.1,
                reset: stack.2,
                staled: stack.3,
                rollbacks,
            }
        },
    )
}

fn site() -> impl Strategy<Value = Box<Site>> {
    let device = Device::builtin();
    strategies::site(device.clock(), device.profile().catalog()).prop_map(Box::new)
}

fn client() -> impl Strategy<Value = ConfigMgrClient> {
    let check = || of((time(), any::<bool>()).prop_map(|(at, succeeded)| Check { at, succeeded }));
    let policy = site().prop_map(|site| match site.configmgr {
        Some(former) => KnownPolicy::Former(Box::new(former)),
        None => KnownPolicy::Current,
    });
    let policy = of(policy).prop_map(Option::unwrap_or_default);
    let installs = (time(), time()).prop_map(|(at, found)| Installs { at, found });
    let failure = of(any::<i32>().prop_map(HResult));
    (check(), failure, policy, check(), of(time()), any::<bool>(), of(installs)).prop_map(
        |(polled, failure, policy, scanned, found, is_to_scan, installs)| ConfigMgrClient {
            polled,
            failure,
            policy,
            scanned,
            found,
            is_to_scan,
            installs,
        },
    )
}

fn faults() -> impl Strategy<Value = Faults> {
    let fault = (of(any::<u32>()), of(update_id()), of(0.0..=1.0), of(any::<u32>()), of(any::<i32>()));
    let fault = fault.prop_map(|(from, update, probability, count, hresult)| Fault {
        kind: FaultKind::InstallFailed,
        from: from.map(|from| Duration::from_secs(from.into())),
        until: None,
        update,
        probability,
        count,
        hresult: hresult.map(HResult),
    });
    let plan = of(vec(fault, 0..3).prop_map(Vec::into_boxed_slice));
    (plan, btree_map(any::<u32>(), any::<u32>(), 0..3)).prop_map(|(plan, struck)| Faults { plan, struck })
}

fn registry() -> BoxedStrategy<Registry> {
    btree_map(text(), btree_map(text(), scalar(), 0..3), 0..3).prop_map(Registry::from).boxed()
}

fn update_id() -> impl Strategy<Value = UpdateId> {
    strategies::update_id()
}

/// Values whose text does not keep to their format.
fn odd_value() -> BoxedStrategy<Value> {
    let odd = (text(), 0_u8..7).prop_map(|(text, kind)| match kind {
        0 => Value::B64(text.into()),
        1 => Value::Bin(text.into()),
        2 => Value::Date(text.into()),
        3 => Value::Float(text.into()),
        4 => Value::Time(text.into()),
        5 => Value::Xml(text.into()),
        _ => Value::Null,
    });
    prop_oneof![odd, strategies::any_value()].boxed()
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        any::<bool>().prop_map(Scalar::Bool),
        any::<i64>().prop_map(Scalar::Int),
        text().prop_map(Scalar::Text),
    ]
}

fn text() -> BoxedStrategy<String> {
    let odd = vec!["", "\0", "a\0b", "'", "\"", "NULL", "\u{feff}", "\u{ffff}", "\r\n", "%00", "./a/b?c"];
    prop_oneof![select(odd).prop_map(str::to_owned), any::<String>(), "[a-zA-Z]{1,6}"].boxed()
}

/// Any time that can be told, leap seconds and far years too.
fn time() -> BoxedStrategy<DateTime<Utc>> {
    // Of the years 1 to 9999: a device has no others.
    let (first, last) = (-62_135_596_800, 253_402_300_799);
    let any = (first..=last, 0_u32..2_000_000_000)
        .prop_filter_map("no such time", |(seconds, nanoseconds)| {
            DateTime::from_timestamp(seconds, nanoseconds)
        });
    let ends = [first, last, 0].map(|end| DateTime::from_timestamp(end, 0).unwrap());
    let ends = select(ends.to_vec());
    let leap = (0_i64..50_000_000, 0_u32..1_000_000_000)
        .prop_filter_map("no such time", |(minute, nanoseconds)| {
            DateTime::from_timestamp(minute * 60 + 59, 1_000_000_000 + nanoseconds)
        });
    prop_oneof![4 => any, 1 => ends, 1 => leap, 4 => strategies::clock()].boxed()
}
