//! What is done to a device.

use chrono::TimeDelta;
use csp_model::agent::site::Site;
use csp_model::agent::{Event, Fault, FaultKind, UpdateId};
use csp_model::device::Scalar;
use csp_model::schema::registry::{GpKey, gp_values};
use csp_model::tree::{Setting, Transaction};
use csp_model::units::Duration;
use csp_model::{Device, LocUri, strategies};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;

/// Something that is done to a device.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Advance(TimeDelta),
    Scan,
    DetectNow,
    Restart,
    UserPauses(u32),
    UserResumes,
    PolicyRefresh,
    Registry(&'static str, &'static str, Option<Scalar>),
    Faults(Vec<Fault>),
    /// A server sets a policy, or deletes it.
    Policy(&'static str, Option<String>),
    /// A server approves an update or a classification.
    Approve(UpdateId),
    /// A server takes an approval back.
    Revoke(UpdateId),
    Rollback(&'static str),
    /// Servers and Configuration Manager are otherwise.
    Site(Box<Site>),
    /// A user installs what Software Center shows.
    UserInstalls,
    ResetClient,
    ClientScan,
}

impl Step {
    /// Does it, and gives what happened.
    pub(crate) fn take(&self, device: &mut Device) -> Vec<Event> {
        match self {
            Self::Advance(by) => device.advance_to(device.clock() + *by),
            Self::Scan => device.scan(),
            Self::DetectNow => device.detect_now().unwrap_or_default(),
            Self::Restart => device.restart(),
            Self::UserPauses(days) => device.user_pauses(*days).unwrap_or_default(),
            Self::UserResumes => device.user_resumes(),
            Self::PolicyRefresh => device.policy_refresh(),
            Self::Registry(key, name, value) => {
                device.set_registry(key, name, value.clone());
                Vec::new()
            }
            Self::Faults(faults) => device.set_faults(faults.clone()).expect("faults that make sense"),
            Self::Policy(name, value) => {
                let uri = uri(&["Policy", "Config", "Update", name]);
                let setting = Setting { data: value.as_deref(), ..Setting::default() };
                // Not every edition has every policy.
                let _set_or_not = match value {
                    Some(_) => device.replace(&uri, setting, Transaction::None),
                    None => device.delete(&uri, Transaction::None),
                };
                Vec::new()
            }
            Self::Approve(id) => {
                let uri = uri(&["Update", "ApprovedUpdates", &id.to_string()]);
                let _added_or_there = device.add(&uri, Setting::default(), Transaction::None);
                Vec::new()
            }
            Self::Revoke(id) => {
                let uri = uri(&["Update", "ApprovedUpdates", &id.to_string()]);
                let _gone_or_kept = device.delete(&uri, Transaction::None);
                Vec::new()
            }
            Self::Site(site) => device.set_site((**site).clone()).expect("a site that makes sense"),
            Self::UserInstalls => device.user_installs(),
            Self::ResetClient => device.reset_client(),
            Self::ClientScan => device.client_scan().unwrap_or_default(),
            Self::Rollback(node) => {
                let _begun_or_refused = device.exec(&uri(&["Update", "Rollback", node]));
                Vec::new()
            }
        }
    }

    /// Does it with pauses for breath: where the clock moves, it stops at these parts of the way.
    pub(crate) fn take_in_parts(&self, device: &mut Device, parts: &[f64]) -> Vec<Event> {
        self.take_in_parts_and(device, parts, |_| Ok(())).expect("nobody objects")
    }

    /// The same, with a look at the device wherever it stops.
    pub(crate) fn take_in_parts_and(
        &self,
        device: &mut Device,
        parts: &[f64],
        mut look: impl FnMut(&mut Device) -> Result<(), TestCaseError>,
    ) -> Result<Vec<Event>, TestCaseError> {
        let Self::Advance(by) = self else {
            let events = self.take(device);
            look(device)?;
            return Ok(events);
        };
        let (start, seconds) = (device.clock(), by.num_seconds());
        let mut events = Vec::new();
        for part in parts {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "any instant will do"
            )]
            let at = start + TimeDelta::seconds((seconds as f64 * part) as i64);
            events.extend(device.advance_to(at));
            look(device)?;
        }
        events.extend(device.advance_to(start + *by));
        look(device)?;
        Ok(events)
    }
}

fn uri(names: &[&str]) -> LocUri {
    names.iter().fold(LocUri::root().child("Vendor").child("MSFT"), |uri, name| uri.child(name))
}

/// Anything that can be done to a device like `device`.
pub(crate) fn step(device: &Device) -> BoxedStrategy<Step> {
    let known = device.profile().catalog().iter();
    let mut ids: Vec<_> = known.flat_map(|update| [update.id, update.classification.id()]).collect();
    ids.push(UpdateId::from_u128(1));
    let length = prop_oneof![0_i64..7_200, 0_i64..400_000, 0_i64..8_000_000].prop_map(TimeDelta::seconds);
    prop_oneof![
        6 => length.prop_map(Step::Advance),
        1 => Just(Step::Scan),
        1 => Just(Step::DetectNow),
        1 => Just(Step::Restart),
        1 => (0_u32..40).prop_map(Step::UserPauses),
        1 => Just(Step::UserResumes),
        1 => Just(Step::PolicyRefresh),
        2 => registry(),
        1 => prop::collection::vec(fault(ids.clone()), 0..3).prop_map(Step::Faults),
        3 => policy(device),
        3 => select(ids.clone()).prop_map(Step::Approve),
        1 => select(ids).prop_map(Step::Revoke),
        1 => strategies::site(device.clock(), device.profile().catalog()).prop_map(|site| Step::Site(Box::new(site))),
        1 => Just(Step::UserInstalls),
        1 => Just(Step::ResetClient),
        1 => Just(Step::ClientScan),
        1 => select(vec!["QualityUpdate", "FeatureUpdate"]).prop_map(Step::Rollback),
    ]
    .boxed()
}

fn policy(device: &Device) -> BoxedStrategy<Step> {
    let today = device.clock().date_naive();
    let numbers = select(vec![
        ("RequireUpdateApproval", 1),
        ("AllowAutoUpdate", 5),
        ("DeferQualityUpdatesPeriodInDays", 30),
        ("DeferFeatureUpdatesPeriodInDays", 60),
        ("PauseQualityUpdates", 1),
        ("PauseFeatureUpdates", 1),
        ("ExcludeWUDriversInQualityUpdate", 1),
        ("AllowMUUpdateService", 1),
        ("DetectionFrequency", 22),
        ("ScheduledInstallDay", 7),
        ("ScheduledInstallTime", 23),
        ("ActiveHoursStart", 23),
        ("ActiveHoursEnd", 23),
        ("ConfigureDeadlineForQualityUpdates", 30),
        ("ConfigureDeadlineForFeatureUpdates", 30),
        ("ConfigureDeadlineGracePeriod", 7),
        ("ConfigureDeadlineNoAutoReboot", 1),
        ("DisableWUfBSafeguards", 1),
        ("AllowAutoWindowsUpdateDownloadOverMeteredNetwork", 1),
        ("SetPolicyDrivenUpdateSourceForQualityUpdates", 1),
    ]);
    let number = numbers.prop_flat_map(|(name, most)| {
        of(0_i64..=most).prop_map(move |value| Step::Policy(name, value.map(|value| value.to_string())))
    });
    let date = (select(vec!["PauseQualityUpdatesStartTime", "PauseFeatureUpdatesStartTime"]), -40_i64..60)
        .prop_map(move |(name, days)| Step::Policy(name, Some((today + TimeDelta::days(days)).to_string())));
    let text = select(vec![
        ("UpdateServiceUrl", "http://wsus.contoso.com:8530"),
        ("TargetReleaseVersion", "23H2"),
        ("ProductVersion", "Windows 11"),
    ]);
    let text = (text, any::<bool>())
        .prop_map(|((name, value), set)| Step::Policy(name, set.then(|| value.to_owned())));
    prop_oneof![5 => number, 2 => date, 1 => text].boxed()
}

fn registry() -> BoxedStrategy<Step> {
    let rows = select(gp_values().to_vec());
    let of_policy = (rows, of(0_i64..5))
        .prop_map(|(row, value)| Step::Registry(row.key.path(), row.value, value.map(Scalar::Int)));
    let server = select(vec![Some("http://wsus.contoso.com:8530"), None]).prop_map(|url| {
        Step::Registry(GpKey::WindowsUpdate.path(), "WUServer", url.map(|url| Scalar::Text(url.to_owned())))
    });
    let uses = of(0_i64..2)
        .prop_map(|value| Step::Registry(GpKey::Au.path(), "UseWUServer", value.map(Scalar::Int)));
    prop_oneof![2 => of_policy, 1 => server, 1 => uses].boxed()
}

fn fault(ids: Vec<UpdateId>) -> impl Strategy<Value = Fault> {
    let when = (of(0_u64..8_000_000), of(1_u64..400_000));
    let which = (of(select(ids)), of(0.0..=1.0_f64), of(0_u32..4));
    (select(FaultKind::ALL.to_vec()), when, which).prop_map(
        |(kind, (from, length), (update, probability, count))| {
            let until = length.map(|length| from.unwrap_or_default() + length);
            let [from, until] = [from, until].map(|at| at.map(Duration::from_secs));
            Fault { kind, from, until, update, probability, count, hresult: None }
        },
    )
}
