//! Updates as a device file lists them.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::agent::catalog::Classification;
use crate::agent::{HResult, Source, UpdateId, UpdateState};
use crate::device::{InitialState, Scalar, UpdateEntry};
use crate::schema::OsVersion;
use crate::units::{Duration, Instant, Size};

/// The id of an update or a classification.
///
/// ```
/// use csp_model::{agent::UpdateId, strategies};
/// use proptest::prelude::*;
///
/// proptest!(|(id in strategies::update_id())| {
///     prop_assert_eq!(UpdateId::parse(&id.to_string()), Some(id));
/// });
/// ```
pub fn update_id() -> impl Strategy<Value = UpdateId> {
    any::<u128>().prop_map(UpdateId::from_u128)
}

/// Updates with distinct ids, in every state, as they can be on a device whose clock starts at `clock`.
///
/// ```
/// use csp_model::device::Profile;
/// use csp_model::units::Instant;
/// use csp_model::{DeviceFile, strategies};
/// use proptest::prelude::*;
///
/// proptest!(|(update in strategies::update_set(Instant::default().0))| {
///     let profile = Profile::new(DeviceFile { update, ..DeviceFile::default() });
///     prop_assert!(profile.is_ok());
/// });
/// ```
pub fn update_set(clock: DateTime<Utc>) -> BoxedStrategy<Vec<UpdateEntry>> {
    vec(update_entry(clock), 0..12)
        .prop_map(|mut updates| {
            let mut seen = BTreeSet::new();
            updates.retain(|update| seen.insert(update.id));
            updates
        })
        .boxed()
}

/// One update, as it can be on a device whose clock starts at `clock`.
///
/// ```
/// use csp_model::device::InitialState;
/// use csp_model::units::Instant;
/// use csp_model::strategies;
/// use proptest::prelude::*;
///
/// proptest!(|(update in strategies::update_entry(Instant::default().0))| {
///     prop_assert_eq!(update.hresult.is_some(), update.state == InitialState::Failed);
/// });
/// ```
pub fn update_entry(clock: DateTime<Utc>) -> BoxedStrategy<UpdateEntry> {
    let what = (update_id(), any::<u32>(), text(), of("KB[0-9]{7}"), classification(), product());
    let how =
        (of(instant(clock)), any::<u64>().prop_map(Size::from_bytes), duration(), any::<bool>(), of(os()));
    let with = (of(update_id()), vec(update_id(), 0..3), vec(service(), 0..3));
    // Each in a box of its own: a tree of all of them at once would not fit the stack of a test's thread.
    (what.boxed(), how.boxed(), with.boxed(), progress(clock).boxed())
        .prop_map(|(what, how, with, progress)| {
            let (id, revision, title, kb, classification, product) = what;
            let (released, size, install, restart, os) = how;
            let (eula, supersedes, sources) = with;
            let (state, hresult, status, at) = progress;
            UpdateEntry {
                id,
                revision,
                title,
                kb,
                classification,
                product,
                released: released.map(Instant),
                size,
                install,
                restart,
                os,
                eula,
                supersedes,
                sources,
                state,
                hresult,
                status,
                at: at.map(Instant),
            }
        })
        .boxed()
}

/// A length of time that a device file can write.
fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![0_u64..100_000, 0_u64..=320_000_000_000].prop_map(Duration::from_secs)
}

/// An instant up to some years before `latest`, or that very instant.
pub(super) fn instant(latest: DateTime<Utc>) -> impl Strategy<Value = DateTime<Utc>> {
    prop_oneof![
        1 => Just(latest),
        4 => (0_i64..60 * 86_400).prop_map(move |seconds| latest - TimeDelta::seconds(seconds)),
        1 => (0_i64..1_000 * 86_400).prop_map(move |seconds| latest - TimeDelta::seconds(seconds)),
    ]
}

/// Text for people.
pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,16}", any::<String>()]
}

/// A version of Windows at which something changed, or one beside it.
pub(super) fn os() -> impl Strategy<Value = OsVersion> {
    const BUILDS: [u32; 14] = [
        10_240, 14_393, 15_063, 17_763, 18_363, 19_041, 19_043, 19_044, 19_045, 20_348, 22_000, 22_621,
        22_631, 26_100,
    ];
    (select(BUILDS.to_vec()), select(vec![0, 1, 1_201, 1_202, 1_288, 2_506, 9_999]))
        .prop_map(|(build, revision)| OsVersion::new(10, 0, build, revision))
}

type Progress = (InitialState, Option<HResult>, Option<Scalar>, Option<DateTime<Utc>>);

fn progress(clock: DateTime<Utc>) -> impl Strategy<Value = Progress> {
    let names = UpdateState::NAMED.map(|(_, name)| Scalar::Text(name.to_owned()));
    let prefixed = Scalar::Text("UpdateStatusInstallFailed".to_owned());
    let zero = [Scalar::Int(0), Scalar::Text("0".to_owned()), prefixed];
    let status = select(names.into_iter().chain(zero).collect::<Vec<_>>());
    let code = any::<i32>().prop_map(HResult);
    prop_oneof![
        Just((InitialState::NotOffered, None, None, None)),
        Just((InitialState::Installable, None, None, None)),
        (code, status).prop_map(|(code, status)| (InitialState::Failed, Some(code), Some(status), None)),
        instant(clock).prop_map(|at| (InitialState::PendingRestart, None, None, Some(at))),
        instant(clock).prop_map(|at| (InitialState::Installed, None, None, Some(at))),
    ]
}

fn classification() -> impl Strategy<Value = Classification> {
    let known = vec![
        Classification::CRITICAL_UPDATES,
        Classification::DEFINITION_UPDATES,
        Classification::DRIVERS,
        Classification::SECURITY_UPDATES,
        Classification::UPGRADES,
    ];
    let other = update_id().prop_filter_map("not a GUID", |id| Classification::try_from(id.to_string()).ok());
    prop_oneof![4 => select(known), 1 => other]
}

fn product() -> impl Strategy<Value = String> {
    select(vec!["Windows", "windows", "Microsoft Edge"]).prop_map(str::to_owned)
}

fn service() -> impl Strategy<Value = Source> {
    select(vec![Source::WindowsUpdate, Source::Wsus])
}
