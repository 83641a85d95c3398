//! Updates as a device file lists them.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::agent::catalog::Classification;
use crate::agent::{HResult, Source, UpdateId, UpdateState};
use crate::device::{InitialState, Revision, Scalar, UpdateEntry};
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
    (vec(update_entry(clock), 0..12), vec((any::<Index>(), relation(clock)), 0..6))
        .prop_map(|(mut updates, relations)| {
            let mut seen = BTreeSet::new();
            updates.retain(|update| seen.insert(update.id));
            for (index, relation) in relations {
                relate(&mut updates, &index, relation);
            }
            updates
        })
        .boxed()
}

/// What an update has to do with those before it in the file, so that there is never a circle.
#[derive(Debug, Clone)]
enum Relation {
    Supersedes(Index),
    Needs(Vec<Index>),
    SharesTerms(Index),
    Revised(DateTime<Utc>),
}

fn relation(clock: DateTime<Utc>) -> BoxedStrategy<Relation> {
    prop_oneof![
        any::<Index>().prop_map(Relation::Supersedes),
        vec(any::<Index>(), 1..3).prop_map(Relation::Needs),
        any::<Index>().prop_map(Relation::SharesTerms),
        (1_i64..40).prop_map(move |days| Relation::Revised(clock + TimeDelta::days(days))),
    ]
    .boxed()
}

fn relate(updates: &mut [UpdateEntry], index: &Index, relation: Relation) {
    if updates.len() < 2 {
        return;
    }
    let later = 1 + index.index(updates.len() - 1);
    let (before, from) = updates.split_at_mut(later);
    let Some(update) = from.first_mut() else { return };
    match relation {
        Relation::Supersedes(other) => update.supersedes.push(before[other.index(later)].id),
        Relation::Needs(others) => {
            let ids = others.iter().map(|other| before[other.index(later)].id);
            update.prerequisites.push(ids.collect());
        }
        Relation::SharesTerms(other) => update.eula = before[other.index(later)].eula,
        Relation::Revised(at) => {
            let is_later =
                update.released.is_none_or(|released| released.0 < at) && update.revisions.is_empty();
            if let Some(revision) = update.revision.checked_add(1).filter(|_| is_later) {
                update.revisions.push(Revision { revision, released: Instant(at) });
            }
        }
    }
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
    let how = (of(instant(clock)), size(), duration(), any::<bool>(), of(os()));
    let upgrade = (of(any::<u32>()), any::<bool>(), 0_i64..40);
    let kept_back = (of((300_u64..599_940).prop_map(Duration::from_secs)), prop::bool::weighted(0.1));
    let with = (of(update_id()), vec(update_id(), 0..3), vec(service(), 0..3), upgrade, kept_back);
    // Each in a box of its own: a tree of all of them at once would not fit the stack of a test's thread.
    (what.boxed(), how.boxed(), with.boxed(), progress(clock).boxed())
        .prop_map(|(what, how, with, progress)| {
            let (id, revision, title, kb, classification, product) = what;
            let (released, size, install, restart, os) = how;
            let (eula, supersedes, sources, upgrade, (max_run_time, hidden)) = with;
            let (safeguard, enablement_package, days) = upgrade;
            let (state, hresult, status, at) = progress;
            // What nobody has found yet may still be to come, and what is in has been released before.
            let released = match state {
                InitialState::NotOffered => released.map(|released| released + TimeDelta::days(days)),
                InitialState::Installable | InitialState::Failed => released,
                InitialState::PendingRestart | InitialState::Installed => released.min(at),
            };
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
                prerequisites: Vec::new(),
                revisions: Vec::new(),
                max_run_time,
                hidden,
                safeguard,
                enablement_package,
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
    prop_oneof![2 => 0_u64..4_000, 1 => 0_u64..100_000, 1 => 0_u64..=320_000_000_000]
        .prop_map(Duration::from_secs)
}

fn size() -> impl Strategy<Value = Size> {
    prop_oneof![3 => 0_u64..10_000_000_000, 1 => any::<u64>()].prop_map(Size::from_bytes)
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
