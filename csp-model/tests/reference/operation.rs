//! One step of a server: what it does, to which address in which spelling, with what.

use csp_model::device::{Approval, DeviceFile, RevokeApproval, Scalar, UpdateEntry};
use csp_model::schema::builtin::Edition;
use csp_model::strategies::{self, Given, Operation};
use csp_model::tree::{Leaves, Transaction};
use csp_model::units::Instant;
use csp_model::{Format, LocUri};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::model::escape;
use super::rules::{Rule, Takes, rules};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    List,
    Add,
    Replace,
    Delete,
    Exec,
}

/// One step.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) user: bool,
    /// The names below `./Vendor/MSFT`, as they are meant.
    pub(crate) names: Vec<String>,
    /// The address as it is written.
    pub(crate) text: String,
    pub(crate) format: Option<&'static str>,
    pub(crate) data: Option<String>,
}

impl Step {
    /// The same for the device.
    pub(crate) fn operation(&self) -> Operation {
        let uri = LocUri::parse(&self.text).expect("a step has an address");
        let given = Given {
            format: self.format.map(str::to_owned),
            data: self.data.clone(),
            transaction: Transaction::None,
        };
        match self.kind {
            Kind::Get => Operation::Get(uri),
            Kind::List => Operation::List(uri, Leaves::WithData),
            Kind::Add => Operation::Add(uri, given),
            Kind::Replace => Operation::Replace(uri, given),
            Kind::Delete => Operation::Delete(uri, Transaction::None),
            Kind::Exec => Operation::Exec(uri),
        }
    }
}

/// Provider ids. The first is the account's.
pub(crate) const SERVERS: [&str; 4] = ["cspsim", "MS DM Server", "a/b", "{é}"];

/// Where the device's clock starts.
const NOW: i64 = 1_698_825_600;

/// A Windows 11 device with `lab.xml`, and what a server does to it.
pub(crate) fn device_and_steps() -> impl Strategy<Value = (DeviceFile, Vec<Step>)> {
    // One CSP at a time fills up sooner.
    let focus = select(vec![
        &CSPS[..],
        &CSPS[..],
        &["Update/"],
        &["Policy/"],
        &["DMClient/"],
        &["Reboot/"],
        &["Lab/"],
    ]);
    (file(), focus).prop_flat_map(|(file, focus)| {
        let step = step(&file, focus);
        (Just(file), vec(step, 1..60))
    })
}

/// Each gets its share, however many nodes it has.
const CSPS: [&str; 8] =
    ["Update/", "Update/", "Policy/", "DMClient/", "DMClient/", "Reboot/", "Lab/", "Lab/"];

fn file() -> impl Strategy<Value = DeviceFile> {
    let clock = Instant(chrono::DateTime::from_timestamp(NOW, 0).expect("a time"));
    let switches = (
        select(Edition::ALL.to_vec()),
        of(select(vec![RevokeApproval::Allowed, RevokeApproval::Refused])),
        any::<bool>(),
        any::<bool>(),
    );
    let registry = vec(
        select(vec![
            ("", "PauseQualityUpdates", "1"),
            ("", "PauseQualityUpdates", "0"),
            ("", "PauseQualityUpdatesStartTime", "2023-10-20"),
            ("", "DeferFeatureUpdates", "1"),
            ("", "DeferFeatureUpdatesPeriodInDays", "7"),
            ("", "DeferUpgrade", "1"),
            ("", "WUServer", "http://wsus"),
            ("\\AU", "UseWUServer", "1"),
        ]),
        0..4,
    );
    let policy = of(select(vec![("PauseFeatureUpdates", 1), ("DeferFeatureUpdatesPeriodInDays", 0)]));
    let approved = vec((strategies::update_id(), any::<bool>()), 0..3);
    (switches, registry, policy, strategies::update_set(clock.0), approved).prop_map(
        move |((schema, revoke_approval, lenient_add, scanned), registry, policy, update, approved)| {
            let mut file = DeviceFile {
                schema,
                revoke_approval,
                lenient_add,
                clock,
                last_scan: Some(clock).filter(|_| scanned),
                ddf: vec![include_str!("lab.xml").to_owned()],
                // A later Windows would have more nodes.
                update: update.into_iter().map(|update| UpdateEntry { os: None, ..update }).collect(),
                ..DeviceFile::default()
            };
            for (below, name, text) in registry {
                let key = format!(r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate{below}");
                let value = text.parse().map_or_else(|_| Scalar::Text(text.to_owned()), Scalar::Int);
                file.registry.entry(key).or_default().insert(name.to_owned(), value);
            }
            if let Some((name, number)) = policy {
                file.policy.entry("Update".into()).or_default().insert(name.into(), Scalar::Int(number));
            }
            file.approval = approved
                .into_iter()
                .map(|(id, timed)| Approval { id, at: Some(clock).filter(|_| timed) })
                .collect();
            file.approval.sort_by_key(|approval| approval.id);
            file.approval.dedup_by_key(|approval| approval.id);
            file
        },
    )
}

fn step(file: &DeviceFile, focus: &'static [&'static str]) -> impl Strategy<Value = Step> + use<> {
    let rules = rules(file);
    // Where something can be done it is done more often.
    let rule = select(focus).prop_flat_map(move |csp| {
        let all: Vec<_> = rules.iter().filter(|rule| rule.pattern.starts_with(csp)).copied().collect();
        let busy: Vec<_> = all.iter().filter(|rule| rule.access != "G").copied().collect();
        prop_oneof![2 => select(busy), 1 => select(all)]
    });
    let known = file.update.iter().map(|update| update.id).chain(file.approval.iter().map(|one| one.id));
    let new = [7_u128, 8].map(csp_model::agent::UpdateId::from_u128);
    let ids: Vec<String> = known.chain(new).map(|id| id.to_string()).collect();
    let what = (rule, kind(), any::<Index>(), any::<Index>(), 0_u8..40, any::<u8>());
    (what, vec(any::<Index>(), 2)).prop_map(move |((rule, kind, data, format, twist, spelling), picks)| {
        let mut names: Vec<_> = rule
            .segments()
            .enumerate()
            .map(|(at, own)| match own {
                "*" => free_name(&rule, picks[usize::from(at > 2)], &ids, spelling),
                own if twist == 0 => own.to_lowercase(),
                own => own.to_owned(),
            })
            .collect();
        if twist == 1 {
            names.push("Nope".to_owned());
        }
        // DMClient has nodes there, which the model leaves out.
        let user = twist == 2 && !rule.pattern.starts_with("DMClient");
        let kind = match kind {
            Kind::Add if twist > 8 && !rule.allows('A') => Kind::Get,
            Kind::Delete if twist > 8 && !rule.allows('D') => Kind::List,
            Kind::Replace if twist > 8 && !rule.allows('R') => Kind::Get,
            Kind::Exec if twist > 4 && !rule.allows('X') => Kind::List,
            kind => kind,
        };
        Step {
            kind,
            user,
            text: spell(&names, user, spelling),
            names,
            format: format.get(&formats(&rule)).to_owned(),
            data: data.get(&texts(&rule)).map(str::to_owned),
        }
    })
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        1 => Just(Kind::Get),
        1 => Just(Kind::List),
        4 => Just(Kind::Add),
        3 => Just(Kind::Replace),
        2 => Just(Kind::Delete),
        3 => Just(Kind::Exec),
    ]
}

fn free_name(rule: &Rule, pick: Index, ids: &[String], spelling: u8) -> String {
    const ROOMS: [&str; 6] = ["blue", "red room", "a", "b", "Blue", "é"];
    const BAD: [&str; 3] =
        ["not-a-guid", "{00000000-0000-0000-0000-000000000007", "00000000000000000000000000000007"];
    if !rule.pattern.starts_with("Update/") {
        // Most often one that can be.
        let rooms = if spelling.is_multiple_of(8) { &ROOMS[..] } else { &ROOMS[..4] };
        let names = if rule.pattern.starts_with("Lab/") { rooms } else { &SERVERS };
        return (*pick.get(names)).to_owned();
    }
    let id = pick.get(ids);
    match spelling % 16 {
        0 => format!("{{{id}}}"),
        1 => id.to_uppercase(),
        2 => format!("{{{}}}", id.to_uppercase()),
        3 => (*pick.get(&BAD)).to_owned(),
        _ => id.clone(),
    }
}

/// The node's own format most often; any other is refused.
fn formats(rule: &Rule) -> [Option<&'static str>; 10] {
    let own = Some(rule.format.name());
    let padded = match rule.format {
        Format::Node => Some(" NODE "),
        Format::Int => Some("Int\n"),
        Format::B64 | Format::Bin | Format::Bool | Format::Chr | Format::Date | Format::Float => own,
        Format::Null | Format::Time | Format::Xml => own,
    };
    [None, None, None, None, own, own, padded, Some("chr"), Some("node"), Some("nonsense")]
}

/// Values that fit most often, and ones that do not.
fn texts(rule: &Rule) -> Vec<Option<&'static str>> {
    let fitting: &[&str] = match (rule.format, rule.takes) {
        (_, Takes::Words(words)) => words,
        (_, Takes::Version) => &["1.0", "2.0", "3", "1"],
        (_, Takes::DateTime | Takes::Time) => {
            &["2024-05-01T03:00:00Z", "2024-05-01T03:00:00", "03:00:00", "", " ", "2024-05-01"]
        }
        (Format::Node | Format::Null, _) => return vec![None, None, Some(""), Some("  "), Some("x")],
        (Format::Int, _) => &["0", "1", " 1\n", "7", "+3"],
        (Format::Bool, _) => &["true", "false"],
        (Format::Time, _) => &["2024-01-01T00:00:00Z", "2023-10-20T12:00:00+09:00"],
        (Format::B64 | Format::Bin | Format::Chr | Format::Date | Format::Float | Format::Xml, _) => {
            &["2023-10-20", "2023-09-01", "2024-01-01", " two words ", "http://wsus", ""]
        }
    };
    let others = [None, Some(""), Some("11"), Some("-1"), Some("x")];
    let fitting = fitting.iter().copied().map(Some);
    fitting.clone().chain(fitting).chain(others).collect()
}

/// One of the texts that mean the address.
fn spell(names: &[String], user: bool, spelling: u8) -> String {
    let literal = |name: &String| name.replace('%', "%25").replace('/', "%2f").replace('?', "%3F");
    let escapes_all = |name: &String| name.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let names: Vec<String> = names
        .iter()
        .map(match spelling % 4 {
            0 => literal,
            1 => escapes_all,
            _ => |name: &String| escape(name),
        })
        .collect();
    let prefix = match (user, spelling % 3) {
        (true, 0) => "./user",
        (true, _) => "./User",
        (false, 0) => ".",
        (false, 1) => "./Device",
        (false, _) => "./DEVICE",
    };
    format!("{prefix}/Vendor/MSFT/{}", names.join("/"))
}
