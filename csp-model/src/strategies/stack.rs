//! What stands around a device: Configuration Manager, WSUS, a proxy.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::{btree_map, vec};
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;

use crate::agent::UpdateId;
use crate::agent::catalog::Classification;
use crate::agent::site::{
    Address, Answer, AppliesTo, BoundaryGroup, Cache, CacheRule, ClientState, Collection, ConfigMgr,
    Deployment, LocalTime, MaintenanceWindow, ManagementPoint, Proxy, Purpose, RegistryPol, Site, Wsus,
    WsusApproval,
};
use crate::device::UpdateEntry;
use crate::units::{Duration, Instant, Size};

/// The address of the software update point, and of the WSUS server.
const SERVER: &str = "http://wsus.contoso.com:8530";
/// The collections of a site.
const COLLECTIONS: [&str; 2] = ["All Desktops", "Pilot"];
/// The distribution points of a site.
const POINTS: [&str; 2] = ["dp1.contoso.com", "dp2.contoso.com"];

/// What can stand around a device whose clock starts at `clock`, with deployments of some of `updates`: often nothing.
///
/// ```
/// use csp_model::{Device, strategies};
/// use proptest::prelude::*;
///
/// let device = Device::builtin();
/// let updates = device.profile().catalog();
/// proptest!(ProptestConfig::with_cases(16), |(site in strategies::site(device.clock(), updates))| {
///     prop_assert!(site.check().is_ok());
/// });
/// ```
pub fn site(clock: DateTime<Utc>, updates: &[UpdateEntry]) -> BoxedStrategy<Site> {
    let mut ids: Vec<_> = updates.iter().flat_map(|update| [update.id, update.classification.id()]).collect();
    ids.push(Classification::SECURITY_UPDATES.id());
    let configmgr = weighted(0.4, configmgr(clock, ids.clone()));
    let (wsus, proxy) = (weighted(0.3, wsus(ids)), weighted(0.1, proxy()));
    (configmgr, wsus, proxy).prop_map(|(configmgr, wsus, proxy)| Site { configmgr, wsus, proxy }).boxed()
}

fn configmgr(clock: DateTime<Utc>, ids: Vec<UpdateId>) -> BoxedStrategy<ConfigMgr> {
    let servers = (mostly_ok(management_answers()), any::<bool>(), of(select(vec![SERVER, "http://old"])));
    let periods = (3_600_u64..200_000, 3_600_u64..900_000, 300_u64..8_000);
    let settings = (prop::bool::weighted(0.9), registry_pol(), any::<bool>(), any::<bool>(), cache());
    let places = (address(), vec(boundary_group(), 0..3), vec(vec(window(clock), 0..3), COLLECTIONS.len()));
    let deployments = vec(deployment(clock, ids), 0..4);
    (servers.boxed(), periods, settings.boxed(), places.boxed(), any::<[bool; 2]>(), deployments.boxed())
        .prop_map(|(servers, periods, settings, places, members, mut deployment)| {
            let (answers, https, domain_policy) = servers;
            let (policy_polling, scan_cycle, max_run_time) = periods;
            let (software_updates, registry_pol, deadline_randomization, updates_in_all_windows, cache) =
                settings;
            let (address, mut boundary_group, windows) = places;
            for (number, group) in boundary_group.iter_mut().enumerate() {
                group.name = format!("Group {number}");
            }
            let points: Vec<_> = boundary_group.iter().flat_map(|group| &group.distribution_points).collect();
            for (number, deployment) in deployment.iter_mut().enumerate() {
                deployment.name = format!("Deployment {number}");
                deployment
                    .content
                    .iter_mut()
                    .for_each(|content| content.retain(|point| points.contains(&point)));
            }
            let collection = COLLECTIONS.iter().zip(windows).zip(members);
            let collection = collection.map(|((name, maintenance_window), member)| Collection {
                name: (*name).to_owned(),
                member,
                maintenance_window,
            });
            ConfigMgr {
                management_point: ManagementPoint { answers, https, ..ManagementPoint::default() },
                policy_polling: Duration::from_secs(policy_polling),
                scan_cycle: Duration::from_secs(scan_cycle),
                max_run_time: Duration::from_secs(max_run_time),
                software_updates,
                registry_pol,
                deadline_randomization,
                updates_in_all_windows,
                cache,
                address,
                domain_policy: domain_policy.filter(|_| members[0]).map(str::to_owned),
                collection: collection.collect(),
                boundary_group,
                deployment,
                ..ConfigMgr::default()
            }
        })
        .boxed()
}

fn mostly_ok(other: impl Strategy<Value = Answer> + 'static) -> impl Strategy<Value = Answer> {
    prop_oneof![4 => Just(Answer::OK), 1 => other]
}

fn management_answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        (200_u16..600).prop_map(Answer::Status),
        select(vec![
            Answer::Timeout,
            Answer::NameNotResolved,
            Answer::CannotConnect,
            Answer::NoClientCertificate
        ]),
    ]
}

fn registry_pol() -> impl Strategy<Value = RegistryPol> {
    prop_oneof![8 => Just(RegistryPol::Sound), 1 => Just(RegistryPol::Corrupt), 1 => Just(RegistryPol::Unreadable)]
}

fn cache() -> impl Strategy<Value = Cache> {
    let rule = select(vec![CacheRule::Disk, CacheRule::CacheSize]);
    (1_u64..99_000, of(1_u8..=100), 0_u64..200_000, rule).prop_map(|(size, percent, free, rule)| {
        let of = |megabytes: u64| Size::from_bytes(megabytes * 1_000_000);
        Cache { size: of(size), percent, disk: of(200_000), free: of(free), rule }
    })
}

fn address() -> impl Strategy<Value = Option<Address>> {
    let known = ["192.168.10.1/24", "10.0.1.10/16", "10.0.1.10/24"];
    of(select(known.to_vec()).prop_map(|text| text.parse().expect("an address")))
}

fn boundary_group() -> impl Strategy<Value = BoundaryGroup> {
    let known = ["192.168.10.0/24", "10.0.0.0/16", "10.0.0.0-10.0.255.255", "2001:db8::/32"];
    let boundaries = vec(select(known.to_vec()), 0..3);
    let points = vec(select(POINTS.to_vec()), 0..3);
    (boundaries, prop::bool::weighted(0.8), points).prop_map(|(boundaries, has_point, points)| {
        BoundaryGroup {
            name: String::new(),
            boundaries: boundaries.into_iter().map(|text| text.parse().expect("a boundary")).collect(),
            software_update_point: has_point.then(|| SERVER.to_owned()),
            distribution_points: points.into_iter().map(str::to_owned).collect(),
        }
    })
}

fn window(clock: DateTime<Utc>) -> impl Strategy<Value = MaintenanceWindow> {
    let applies =
        select(vec![AppliesTo::AllDeployments, AppliesTo::SoftwareUpdates, AppliesTo::TaskSequences]);
    let every = of(select(vec![86_400_u64, 7 * 86_400, 90_000]));
    (-40_i64..40, 0_i64..24, 5_i64..=1_440, every, applies, any::<bool>()).prop_map(
        move |(days, hours, minutes, every, applies_to, utc)| {
            let starts = clock.naive_utc() + TimeDelta::days(days) + TimeDelta::hours(hours);
            let whole = |time: chrono::NaiveDateTime| LocalTime(time.and_utc().trunc_to_second().naive_utc());
            MaintenanceWindow {
                starts: whole(starts),
                ends: whole(starts + TimeDelta::minutes(minutes)),
                every: every.map(Duration::from_secs),
                applies_to,
                utc,
            }
        },
    )
}

/// Whole seconds are what a file writes.
trait WholeSeconds {
    fn trunc_to_second(self) -> Self;
}

impl WholeSeconds for DateTime<Utc> {
    fn trunc_to_second(self) -> Self {
        Self::from_timestamp(self.timestamp(), 0).unwrap_or(self)
    }
}

fn deployment(clock: DateTime<Utc>, ids: Vec<UpdateId>) -> impl Strategy<Value = Deployment> {
    let clock = clock.trunc_to_second();
    let times = (of(-30_i64..30), of(0_i64..40));
    let content = of(vec(select(POINTS.to_vec()), 0..2));
    let updates = vec(select(ids), 1..4);
    (updates, select(COLLECTIONS.to_vec()), any::<bool>(), times, any::<[bool; 3]>(), content).prop_map(
        move |(updates, collection, is_required, (begins, lasts), switches, content)| {
            let purpose = if is_required { Purpose::Required } else { Purpose::Available };
            let available = begins.map(|days| clock + TimeDelta::days(days));
            let deadline = lasts.map(|days| available.unwrap_or(clock) + TimeDelta::days(days));
            Deployment {
                name: String::new(),
                id: None,
                collection: collection.to_owned(),
                updates,
                purpose,
                available: available.map(Instant),
                deadline: deadline.filter(|_| is_required).map(Instant),
                install_outside_windows: is_required && switches[0],
                restart_outside_windows: is_required && switches[1],
                content: content.map(|points| points.into_iter().map(str::to_owned).collect()),
                from_microsoft_update: switches[2],
            }
        },
    )
}

fn wsus(ids: Vec<UpdateId>) -> BoxedStrategy<Wsus> {
    let approval = || {
        prop_oneof![
            3 => Just(WsusApproval::Approved),
            1 => Just(WsusApproval::NotApproved),
            1 => Just(WsusApproval::Declined)
        ]
    };
    let other = prop_oneof![
        (200_u16..600).prop_map(Answer::Status),
        select(vec![
            Answer::Timeout,
            Answer::NameNotResolved,
            Answer::CannotConnect,
            Answer::PoolStopped,
            Answer::TooManyRoundTrips
        ]),
    ];
    let state = prop_oneof![4 => Just(ClientState::Sound), 1 => Just(ClientState::Stale)];
    let server = of(select(vec![SERVER, "http://wsus.contoso.com:80", "https://elsewhere"]));
    (server, mostly_ok(other), state, approval(), btree_map(select(ids), approval(), 0..3))
        .prop_map(|(server, answers, client_state, approval, approvals)| Wsus {
            server: server.map(str::to_owned),
            answers,
            client_state,
            approval,
            approvals,
        })
        .boxed()
}

fn proxy() -> impl Strategy<Value = Proxy> {
    let answers = select(vec![Answer::OK, Answer::Status(407), Answer::Timeout, Answer::CannotConnect]);
    let bypass = vec(select(vec!["*.contoso.com", "<local>", "mp.contoso.com", "wsus*"]), 0..3);
    (bypass, answers).prop_map(|(bypass, answers)| Proxy {
        server: "proxy.contoso.com:8080".to_owned(),
        bypass: bypass.into_iter().map(str::to_owned).collect(),
        answers,
    })
}
