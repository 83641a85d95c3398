//! Lines of every kind.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use csp_model::agent::{Fault, FaultKind, HResult, UpdateId};
use csp_model::device::Scalar;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;

use super::super::line::{Exchange, Line};
use super::super::*;
use crate::Device;
use crate::event::DeviceEvent;
use crate::opening::Opening;

pub(super) fn name() -> impl Strategy<Value = Arc<str>> {
    any::<String>().prop_map(Arc::from)
}

pub(super) fn at() -> impl Strategy<Value = DateTime<Utc>> {
    (-60_000_000_000_i64..250_000_000_000, 0_u32..1_000_000_000)
        .prop_map(|(seconds, nanoseconds)| DateTime::from_timestamp(seconds, nanoseconds).unwrap())
}

pub(super) fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        4 => any::<String>().prop_map(|text| Body::Bytes(text.into())),
        2 => vec(any::<u8>(), 0..40).prop_map(|bytes| Body::Bytes(bytes.into())),
        1 => Just(Body::Bytes(Bytes::from_static(b"\xef\xbb\xbf<SyncML/>\0\n"))),
        1 => any::<u64>().prop_map(Body::Withheld),
    ]
}

pub(super) fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        (any::<u16>(), body()).prop_map(|(http, body)| Outcome::Answered { http, body }),
        (any::<u16>(), any::<String>())
            .prop_map(|(http, reason)| Outcome::Refused { http, reason: reason.into() }),
    ]
}

pub(super) fn snapshot() -> impl Strategy<Value = Arc<csp_model::device::Snapshot>> {
    any::<String>().prop_map(|name| {
        let mut snapshot = Device::builtin().snapshot();
        snapshot.state.name = name;
        Arc::new(snapshot)
    })
}

fn origin() -> impl Strategy<Value = Origin> {
    let text = || any::<String>().prop_map(Arc::<str>::from);
    let opening = (of(any::<String>()), of(any::<String>())).prop_map(|(account, aad_user_token)| {
        Origin::Opened(Arc::new(Opening { account, aad_user_token, ..Opening::default() }))
    });
    let dialled = (text(), text(), of(text())).prop_map(|(session, address, media_type)| {
        Origin::Dialled(Arc::new(Dialled { session, address, media_type, mac: None }))
    });
    prop_oneof![
        6 => of(text()).prop_map(|media_type| Origin::Posted { media_type, mac: None }),
        1 => opening,
        1 => dialled,
    ]
}

pub(super) fn event() -> impl Strategy<Value = Event> {
    let exchange = (origin(), body(), outcome()).prop_map(|(origin, request, outcome)| Exchange {
        origin,
        request,
        outcome,
    });
    prop_oneof![
        12 => exchange.prop_map(Event::Exchange),
        1 => snapshot().prop_map(Event::Device),
        1 => snapshot().prop_map(|device| Event::Control(Call::Snapshot { device })),
        3 => call().prop_map(Event::Control),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let fault = Fault {
        kind: FaultKind::Tls,
        from: None,
        until: None,
        update: None,
        probability: Some(0.1),
        count: Some(3),
        hresult: None,
    };
    let value = of(any::<i64>().prop_map(Scalar::Int));
    let values = btree_map(any::<String>(), btree_map(any::<String>(), value, 0..2), 0..2);
    prop_oneof![
        prop::sample::select(vec![
            Call::Created,
            Call::Reset,
            Call::Restart,
            Call::Scan { by: ScanBy::User },
            Call::Scan { by: ScanBy::DetectNow },
            Call::Scan { by: ScanBy::CcmExec },
            Call::Resume,
            Call::PolicyRefresh,
            Call::Install,
            Call::ClientReset,
            Call::Site { site: Arc::default() },
            Call::Faults { faults: vec![fault].into() },
            Call::Deleted,
        ]),
        at().prop_map(|to| Call::Advance { to }),
        any::<u32>().prop_map(|days| Call::Pause { days }),
        values.prop_map(|values| Call::Registry { values: Arc::new(values) }),
        any::<String>().prop_map(|session| Call::GivenUp { session: session.into() }),
    ]
}

fn events() -> impl Strategy<Value = Arc<[DeviceEvent]>> {
    let event = (at(), any::<bool>(), any::<String>()).prop_map(|(at, has_more, text)| DeviceEvent {
        at,
        kind: "scan-failed".into(),
        update: has_more.then_some(UpdateId::from_u128(1)),
        hresult: has_more.then_some(HResult(-1)),
        caller: has_more.then_some("CcmExec".into()),
        text,
    });
    vec(event, 0..3).prop_map(Arc::from)
}

pub(super) fn line() -> impl Strategy<Value = Line> {
    (name(), any::<u64>(), at(), event(), events())
        .prop_map(|(name, seq, at, event, events)| Line { name, entry: Entry { seq, at, event, events } })
}
