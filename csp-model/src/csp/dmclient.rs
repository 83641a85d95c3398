//! `./Vendor/MSFT/DMClient`: the enrolment of the device, as its management servers see it.
//!
//! Source: Microsoft, "DMClient CSP" and its DDF file; \[MS-MDM\] 2.2.7; \[MS-MDE2\] 2.2.9.1.

use super::stored::{self, Kept};
use crate::device::{AccountEntry, PollEntry};
use crate::{Device, Value};

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
