//! `SoftwareDistribution/ReportingEvents.log`: what the update agent reports of itself, one line an event, fields between
//! tabs.
//!
//! Source of numbers, names and messages: \[MS-WUSP\] 2.2.2.3.1; of the columns, logs of real devices.

use std::fmt::Write as _;

use csp_model::agent::{Event, EventKind, HResult};
use csp_model::device::UpdateEntry;

use super::draw::{Braced, Draw, Plain, Purpose};
use super::stamp::Clock;
use super::utf16;

/// The log.
#[derive(Debug)]
pub(super) struct ReportingEvents {
    text: String,
    /// The log as it was when the agent's store was made anew: that renames the folder that it is in.
    old: Option<String>,
    columns: Columns,
    ids: Draw,
    vectors: Draw,
    count: u64,
}

/// How many fields a line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    /// Without a correlation vector, as Windows 10 1607 and Windows Server 2016 have it.
    Twelve,
    /// With one.
    Thirteen,
}

/// What is reported under a number.
struct Report {
    number: u16,
    name: &'static str,
    phase: Phase,
    outcome: Outcome,
    message: &'static str,
}

#[derive(Clone, Copy)]
enum Phase {
    Detection,
    Download,
    Install,
}

#[derive(Clone, Copy)]
enum Outcome {
    Success,
    Failure,
}

impl ReportingEvents {
    pub(super) fn new(device: &csp_model::Device) -> Self {
        const LAST_WITH_TWELVE: u32 = 14_393;
        let columns = match device.os().build {
            ..=LAST_WITH_TWELVE => Columns::Twelve,
            _ => Columns::Thirteen,
        };
        let [ids, vectors] = [Purpose::Event, Purpose::Vector].map(|purpose| Draw::of(device, purpose));
        Self { text: String::new(), old: None, columns, ids, vectors, count: 0 }
    }

    /// Reports an event, if it is one that is. `update` is what it happened to, with the revision that the device has.
    pub(super) fn event(
        &mut self,
        clock: &mut Clock,
        event: &Event,
        caller: &str,
        update: Option<(&UpdateEntry, u32)>,
    ) {
        if event.kind == EventKind::ClientReset {
            self.old = Some(std::mem::take(&mut self.text));
        }
        // What needed a restart is told to be installed only after it.
        let installed = (event.kind == EventKind::CommitSucceeded).then_some(183);
        for number in event.kind.event_id().into_iter().chain(installed) {
            if let Some(report) = REPORTS.iter().find(|report| report.number == number) {
                self.report(clock, event, caller, update, report);
            }
        }
    }

    pub(super) fn file(&self, bytes: &mut Vec<u8>) {
        utf16::encode(&self.text, bytes);
    }

    pub(super) const fn has_old(&self) -> bool {
        self.old.is_some()
    }

    pub(super) fn old_file(&self, bytes: &mut Vec<u8>) {
        utf16::encode(self.old.as_deref().unwrap_or_default(), bytes);
    }

    fn report(
        &mut self,
        clock: &mut Clock,
        event: &Event,
        caller: &str,
        update: Option<(&UpdateEntry, u32)>,
        report: &Report,
    ) {
        self.count += 1;
        let out = &mut self.text;
        // A String takes whatever is written.
        let id = self.ids.number(event.at.timestamp().cast_unsigned()).number(self.count).guid();
        let _ = write!(out, "{id}\t");
        clock.tick().reporting(out);
        let code = event.hresult.unwrap_or(HResult::OK);
        let revision = update.map_or(0, |(_, revision)| revision);
        let _ = write!(
            out,
            "\t1\t{} [{}]\t101\t{}\t{revision}\t{:x}\t{caller}\t{}\t{}\t",
            report.number,
            report.name,
            Braced(event.update),
            code.bits(),
            report.outcome.name(),
            report.phase.name(),
        );
        message(report, event, update.map(|(entry, _)| entry), out);
        if self.columns == Columns::Thirteen {
            out.push('\t');
            vector(self.vectors, event, self.count, out);
        }
        out.push_str("\r\n");
    }
}

/// The message, with what it says in the places of `%1` and `%2`.
fn message(report: &Report, event: &Event, update: Option<&UpdateEntry>, out: &mut String) {
    let mut rest = report.message;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let _ = match after.as_bytes().first() {
            Some(b'n') => match event.kind {
                EventKind::ScanSucceeded { updates } => write!(out, "{updates}"),
                _ => Ok(()),
            },
            Some(b'e') => write!(out, "0x{:08x}", event.hresult.unwrap_or(HResult::OK).bits()),
            _ => match (
                update.map(|entry| entry.title.as_str()).filter(|title| !title.is_empty()),
                event.update,
            ) {
                (Some(title), _) => write!(out, "{}", Plain(title)),
                (None, Some(id)) => write!(out, "{id}"),
                (None, None) => Ok(()),
            },
        };
        rest = after.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// A correlation vector: a base of one day, and how far things have gone since.
fn vector(draw: Draw, event: &Event, count: u64, out: &mut String) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const DAY: i64 = 86_400;
    let day = draw.number(event.at.timestamp().div_euclid(DAY).cast_unsigned());
    for place in 0..4 {
        let bits = day.number(place).bits();
        for part in 0..4 {
            out.push(LETTERS[(bits >> (6 * part) & 63) as usize].into());
        }
    }
    let _ = write!(out, ".{}.{}.{}.0", count, day.below(8), event.kind.event_id().unwrap_or_default() % 7);
}

impl Phase {
    const fn name(self) -> &'static str {
        match self {
            Self::Detection => "Software Synchronization",
            Self::Download => "Content Download",
            Self::Install => "Content Install",
        }
    }
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Failure => "Failure",
        }
    }
}

/// Where a message names what it is about: `%n` how many updates, `%e` an error, `%t` the title of the update.
const REPORTS: &[Report] = {
    use Outcome::{Failure, Success};
    use Phase::{Detection, Download, Install};

    const fn report(
        number: u16,
        name: &'static str,
        phase: Phase,
        outcome: Outcome,
        message: &'static str,
    ) -> Report {
        Report { number, name, phase, outcome, message }
    }

    &[
        report(
            147,
            "AGENT_DETECTION_FINISHED",
            Detection,
            Success,
            "Windows Update Client successfully detected %n updates.",
        ),
        report(
            148,
            "AGENT_DETECTION_FAILED",
            Detection,
            Failure,
            "Windows Update Client failed to detect with error %e.",
        ),
        report(161, "AGENT_DOWNLOAD_FAILED", Download, Failure, "Error: Download failed."),
        report(162, "AGENT_DOWNLOAD_SUCCEEDED", Download, Success, "Download succeeded."),
        report(163, "AGENT_DOWNLOAD_CANCELED", Download, Success, "Download canceled."),
        report(165, "AGENT_DOWNLOAD_SUSPENDED", Download, Success, "Download paused."),
        report(166, "AGENT_DOWNLOAD_RESUMED", Download, Success, "Download resumed."),
        report(167, "AGENT_DOWNLOAD_STARTED", Download, Success, "Download started."),
        report(
            181,
            "AGENT_INSTALLING_STARTED",
            Install,
            Success,
            "Installation Started: Windows has started installing the following update: %t",
        ),
        report(
            182,
            "AGENT_INSTALLING_FAILED",
            Install,
            Failure,
            "Installation Failure: Windows failed to install the following update with error %e: %t.",
        ),
        report(
            183,
            "AGENT_INSTALLING_SUCCEEDED",
            Install,
            Success,
            "Installation Successful: Windows successfully installed the following update: %t",
        ),
        report(186, "AGENT_INSTALL_CANCEL", Install, Success, "User canceled the installation."),
        report(201, "AGENT_INSTALLING_PENDING", Install, Success, "Installation pending."),
        report(202, "AU_REBOOT_COMPLETED", Install, Success, "Reboot completed."),
        report(
            521,
            "AGENT_COMMIT_STARTED",
            Install,
            Success,
            "Commit Started: Windows has started committing the following update: %t.",
        ),
        report(
            522,
            "AGENT_COMMIT_FAILED",
            Install,
            Failure,
            "Commit Failure: Windows failed to commit the following update with error %e: %t.",
        ),
        report(
            523,
            "AGENT_COMMIT_SUCCEEDED",
            Install,
            Success,
            "Commit Successful: Windows successfully committed the following update: %t.",
        ),
        report(
            542,
            "AGENT_REVERT_SUCCEEDED",
            Install,
            Success,
            "Revert Successful: Windows successfully reverted the following update: %t.",
        ),
        report(
            546,
            "AGENT_REVERT_STARTED",
            Install,
            Success,
            "Revert Started: Windows has started reverting the following update: %t.",
        ),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_with_a_number_is_reported() {
        let kinds = super::super::tests::kinds();
        for number in kinds.iter().filter_map(|kind| kind.event_id()) {
            assert!(REPORTS.iter().any(|report| report.number == number), "{number}");
        }
    }
}
