//! `./Vendor/MSFT/DMClient`: the enrolment of the device, as its management servers see it.
//!
//! Most nodes are kept as they are given. Here is what is not: the end of an enrolment, the version of the protocol
//! between client and server, the address that is the account's, what the device says of itself, and when it comes by
//! itself ([`Poll`]). Deliberately absent: push notifications, Entra ID, linked enrolments and recovery, whose nodes are
//! only kept.
//!
//! Source: Microsoft, "DMClient CSP" and its DDF file; \[MS-MDM\] 2.2.7; \[MS-MDE2\] 2.2.9.1.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use super::stored::{self, Kept, MountId};
use super::{Address, Name, dmacc};
use crate::device::{AccountEntry, PollEntry};
use crate::tree::{Effect, TreeError};
use crate::{Access, Device, Value};

/// The nodes that do more than keep a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// `Provider/{id}/Push/ChannelURI`: there is no channel.
    ChannelUri,
    /// `Provider/{id}/EnrollmentType`
    EnrollmentType,
    /// A node that a server may replace and nobody may add: it is there from the start (decided).
    Given,
    /// `HWDevID`, at both places.
    HwDevId,
    /// `Provider/{id}/ManagementServiceAddress`: the account's `AppAddr/…/Addr`.
    ManagementServiceAddress,
    /// `Provider/{id}/MaxSyncApplicationVersion`
    MaxSyncApplicationVersion,
    /// `Provider/{id}/Push/Status`
    PushStatus,
    /// `Provider/{id}/SyncApplicationVersion`
    SyncApplicationVersion,
    /// `Provider/{id}/Unenroll`, and `Unenroll` above all servers.
    Unenroll,
}

impl Node {
    /// The node with these names below `./Vendor/MSFT`; a free name is empty.
    #[must_use]
    pub fn at(names: &[&str]) -> Option<Self> {
        Some(match names {
            [_, "HWDevID"] | [_, "Provider", "", "HWDevID"] => Self::HwDevId,
            [_, "Unenroll"] | [_, "Provider", "", "Unenroll"] => Self::Unenroll,
            [_, "UpdateManagementServiceAddress"] => Self::Given,
            [_, "Provider", "", "EnableOmaDmKeepAliveMessage" | "ManagementServerAddressList"] => Self::Given,
            [_, "Provider", "", "EnrollmentType"] => Self::EnrollmentType,
            [_, "Provider", "", "ManagementServiceAddress"] => Self::ManagementServiceAddress,
            [_, "Provider", "", "MaxSyncApplicationVersion"] => Self::MaxSyncApplicationVersion,
            [_, "Provider", "", "Push", "ChannelURI"] => Self::ChannelUri,
            [_, "Provider", "", "Push", "Status"] => Self::PushStatus,
            [_, "Provider", "", "SyncApplicationVersion"] => Self::SyncApplicationVersion,
            _ => return None,
        })
    }
}

/// When a device comes by itself, as a server has set it.
///
/// Three schedules follow each other from the enrolment on. What is not set has its default: the first schedule is ten
/// times every quarter of an hour, the others are off.
///
/// Source: Microsoft, DMClient DDF file, `Poll`; \[MS-MDE2\] 2.2.9.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Poll {
    /// The first, second and remaining set of retries, as they are set.
    pub sets: [PollSet; 3],
    /// PollOnLogin: a session begins whenever a user signs in.
    pub on_login: bool,
    /// AllUsersPollOnFirstLogin: a session begins when a user signs in for the first time.
    pub on_first_login: bool,
}

/// One of the schedules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollSet {
    /// Minutes between sessions; 0 turns the schedule off.
    pub interval: u32,
    /// How many sessions; 0 is no end.
    pub retries: u32,
}

impl Poll {
    /// What holds where a server has set nothing.
    pub const DEFAULT: Self = Self {
        sets: [
            PollSet { interval: 15, retries: 10 },
            PollSet { interval: 0, retries: 0 },
            PollSet { interval: 0, retries: 0 },
        ],
        on_login: false,
        on_first_login: false,
    };

    /// What is in force of the schedules: those that are on, up to the first without an end. Where none is without an
    /// end, a session every day follows.
    #[must_use]
    pub fn in_force(&self) -> Vec<PollSet> {
        const EVERY_DAY: PollSet = PollSet { interval: 24 * 60, retries: 0 };
        let mut sets: Vec<_> = self.sets.into_iter().filter(|set| set.interval != 0).collect();
        match sets.iter().position(|set| set.retries == 0) {
            Some(endless) => sets.truncate(endless + 1),
            None => sets.push(EVERY_DAY),
        }
        sets
    }

    /// When a device that was enrolled at `enrolled` comes next, later than `after`.
    #[must_use]
    pub fn next_after(&self, enrolled: DateTime<Utc>, after: DateTime<Utc>) -> DateTime<Utc> {
        const MINUTE: i128 = 60_000;
        let elapsed = i128::from((after - enrolled).max(TimeDelta::zero()).num_milliseconds());
        let mut start = 0;
        let mut next = 0;
        for PollSet { interval, retries } in self.in_force() {
            let interval = i128::from(interval) * MINUTE;
            next = start + ((elapsed - start) / interval + 1) * interval;
            start += interval * i128::from(retries);
            if retries == 0 || elapsed < start {
                break;
            }
        }
        let wait = i64::try_from(next).ok().and_then(TimeDelta::try_milliseconds);
        wait.and_then(|wait| enrolled.checked_add_signed(wait)).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl Device {
    /// `EntDMID`: what a server calls the device.
    #[must_use]
    pub fn ent_dm_id(&self, provider: &str) -> Option<String> {
        let value = stored::value(self, &["Vendor", "MSFT", "DMClient", "Provider", provider, "EntDMID"])?;
        Some(value.text().into_owned()).filter(|text| !text.is_empty())
    }

    /// When the device comes to a server by itself.
    #[must_use]
    pub fn poll(&self, provider: &str) -> Poll {
        let value =
            |name| stored::value(self, &["Vendor", "MSFT", "DMClient", "Provider", provider, "Poll", name]);
        // A negative number counts as none.
        let number = |name, default| match value(name) {
            Some(Value::Int(number)) => u32::try_from((*number).max(0)).unwrap_or(u32::MAX),
            _ => default,
        };
        let set = |interval, retries, default: PollSet| PollSet {
            interval: number(interval, default.interval),
            retries: number(retries, default.retries),
        };
        let flag = |name, default| match value(name) {
            Some(Value::Bool(flag)) => *flag,
            _ => default,
        };
        let [first, second, remaining] = Poll::DEFAULT.sets;
        Poll {
            sets: [
                set("IntervalForFirstSetOfRetries", "NumberOfFirstRetries", first),
                set("IntervalForSecondSetOfRetries", "NumberOfSecondRetries", second),
                set("IntervalForRemainingScheduledRetries", "NumberOfRemainingScheduledRetries", remaining),
            ],
            on_login: flag("PollOnLogin", Poll::DEFAULT.on_login),
            on_first_login: flag("AllUsersPollOnFirstLogin", Poll::DEFAULT.on_first_login),
        }
    }
}

pub(super) fn exists(device: &Device, node: Node, address: &Address<'_>) -> bool {
    match node {
        Node::ManagementServiceAddress => account_address(device, address).is_some(),
        Node::SyncApplicationVersion => stored::exists(device, MountId::BUILTIN, address),
        Node::ChannelUri
        | Node::EnrollmentType
        | Node::Given
        | Node::HwDevId
        | Node::MaxSyncApplicationVersion
        | Node::PushStatus
        | Node::Unenroll => true,
    }
}

pub(super) fn read(device: &Device, node: Node, address: &Address<'_>) -> Option<Value> {
    const NO_CHANNEL: i64 = 4;
    match node {
        // There is no push service here: a channel never comes about.
        Node::ChannelUri => Some(Value::chr("")),
        Node::PushStatus => Some(Value::Int(NO_CHANNEL)),
        Node::EnrollmentType => Some(Value::chr("Full")),
        Node::HwDevId => {
            let digest = Sha256::digest(device.instance().id.as_bytes());
            Some(Value::chr(dmacc::hexadecimal(&digest)))
        }
        Node::ManagementServiceAddress => {
            let path = account_address(device, address)?;
            let value = stored::value(device, &path.each_ref().map(String::as_str));
            Some(value.cloned().unwrap_or_else(|| Value::chr("")))
        }
        Node::MaxSyncApplicationVersion => Some(Value::chr("5.0")),
        Node::Given | Node::SyncApplicationVersion => stored::read(device, MountId::BUILTIN, address),
        Node::Unenroll => Some(Value::Null),
    }
}

/// Once a server has said 2.0 or later it does not go back to 1.0 (Microsoft, "DMClient CSP",
/// `SyncApplicationVersion`).
pub(super) fn check(
    device: &Device,
    node: Node,
    address: &Address<'_>,
    value: &Value,
) -> Result<(), TreeError> {
    let is_first = |value: &Value| version(&value.text()).is_some_and(|version| version < (2, 0));
    let former = || stored::read(device, MountId::BUILTIN, address);
    if node == Node::SyncApplicationVersion
        && is_first(value)
        && former().is_some_and(|value| !is_first(&value))
    {
        return Err(TreeError::Disallowed { expected: "2.0 or later, as it was before".to_owned() });
    }
    Ok(())
}

pub(super) fn write(device: &mut Device, node: Node, address: &Address<'_>, value: Option<Value>) {
    match node {
        Node::ManagementServiceAddress => {
            if let Some(path) = account_address(device, address) {
                stored::put(device, &path.each_ref().map(String::as_str), value);
            }
        }
        Node::Given | Node::SyncApplicationVersion => stored::write(device, MountId::BUILTIN, address, value),
        // Nothing else can be written: the gate refuses it before.
        Node::ChannelUri
        | Node::EnrollmentType
        | Node::HwDevId
        | Node::MaxSyncApplicationVersion
        | Node::PushStatus
        | Node::Unenroll => {}
    }
}

/// Asks for the end of an enrolment. Above all servers that is the first one's, whatever the Data says: Windows 10 and
/// later pass over it. Without a server there is nothing to end.
pub(super) fn exec(device: &Device, node: Node, address: &Address<'_>) -> Result<Effect, TreeError> {
    if node != Node::Unenroll {
        return Err(TreeError::not_allowed(Access::EXEC, Access::GET));
    }
    let provider = match address.name() {
        Some(name) => Some(name.text().into()),
        None => providers(device).into_iter().next().map(Into::into),
    };
    Ok(provider.map_or(Effect::Executed, |provider| Effect::Unenroll { provider }))
}

/// A version in the spelling of SyncApplicationVersion, `major.minor` or `major`.
pub(crate) fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Where the address of the account of a server below `Provider` stands.
fn account_address(device: &Device, address: &Address<'_>) -> Option<[String; 6]> {
    dmacc::address_node(device, &dmacc::uid_of(device, address.name().map(Name::text)?)?)
}

/// The provider ids of the servers that manage the device, in order.
pub(super) fn providers(device: &Device) -> Vec<String> {
    stored::names(device, &["Vendor", "MSFT", "DMClient", "Provider"])
}

/// The nodes that an account of the device file becomes.
pub(crate) fn nodes(entry: &AccountEntry) -> Vec<Kept> {
    let mut nodes = Vec::new();
    let mut put = |below: &[&str], value: Option<Value>| {
        let path = [&["Vendor", "MSFT", "DMClient", "Provider", &entry.provider], below].concat();
        nodes.push(Kept { path: path.into_iter().map(str::to_owned).collect(), value });
    };
    put(&[], None);
    if let Some(poll) = &entry.poll {
        put(&["Poll"], None);
        let numbers = [
            ("IntervalForFirstSetOfRetries", poll.first_interval),
            ("NumberOfFirstRetries", poll.first_retries),
            ("IntervalForSecondSetOfRetries", poll.second_interval),
            ("NumberOfSecondRetries", poll.second_retries),
            ("IntervalForRemainingScheduledRetries", poll.remaining_interval),
            ("NumberOfRemainingScheduledRetries", poll.remaining_retries),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                put(&["Poll", name], Some(Value::Int(number.into())));
            }
        }
        let PollEntry { on_login, on_first_login, .. } = *poll;
        for (name, flag) in [("PollOnLogin", on_login), ("AllUsersPollOnFirstLogin", on_first_login)] {
            if let Some(flag) = flag {
                put(&["Poll", name], Some(Value::Bool(flag)));
            }
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    const ON: fn(u32, u32) -> PollSet = |interval, retries| PollSet { interval, retries };

    /// The minutes after the enrolment at which a device comes, from `after` on.
    #[track_caller]
    fn check(sets: [(u32, u32); 3], after: i64, expected: &[i64]) {
        let enrolled = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
        let poll = Poll { sets: sets.map(|(interval, retries)| ON(interval, retries)), ..Poll::DEFAULT };
        let mut at = enrolled + TimeDelta::minutes(after);
        for minutes in expected {
            let next = poll.next_after(enrolled, at);
            assert_eq!((next - enrolled).num_minutes(), *minutes, "{sets:?} after {}", at - enrolled);
            at = next;
        }
    }

    #[test]
    fn schedules_follow_each_other() {
        let three = [(15, 2), (60, 2), (1560, 0)];
        check(three, 0, &[15, 30, 90, 150, 1710, 3270]);
        check(three, -1000, &[15]);
        check(three, 14, &[15]);
        check(three, 151, &[1710]);
        check(three, 10_000, &[11_070]);
        // Those that are off are passed over.
        check([(0, 5), (60, 1), (0, 0)], 0, &[60, 1500, 2940]);
        // Without one that has no end, a session every day follows.
        check([(15, 2), (0, 0), (0, 0)], 0, &[15, 30, 1470]);
        check([(0, 0), (0, 0), (0, 0)], 0, &[1440, 2880]);
        // What comes after one without an end is off.
        check([(15, 0), (1, 0), (1, 5)], 0, &[15, 30, 45]);
        check([(15, 1), (30, 0), (1, 0)], 0, &[15, 45, 75]);
    }

    #[test]
    fn numbers_that_are_too_large_have_an_end() {
        let enrolled = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
        let poll = Poll { sets: [ON(u32::MAX, u32::MAX), ON(1, 1), ON(1, 1)], ..Poll::DEFAULT };
        assert!(poll.next_after(enrolled, enrolled) > enrolled);
        assert!(poll.next_after(enrolled, DateTime::<Utc>::MAX_UTC) >= enrolled);
        let poll = Poll { sets: [ON(1, 1), ON(0, 0), ON(0, 0)], ..Poll::DEFAULT };
        assert_eq!(poll.next_after(enrolled, DateTime::<Utc>::MAX_UTC), DateTime::<Utc>::MAX_UTC);
    }
}
