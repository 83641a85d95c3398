//! What is odd about a device's configuration: what is set where, what follows, and what to do about it.
//!
//! Sources: the founding articles on dual scan and on WSUS; Microsoft, "Integrate Windows Update client policies with
//! Configuration Manager" (2026), "Update CSP"; Windows support blog, 2026-03-18 (leftovers).
//!
//! Deliberately absent: what shows only in logs, or on a server.

use std::fmt::Write as _;

use super::source::{Grounds, Verdict};
use super::{ScanSource, ScanSources, Source, UpdateClass, resolve};
use crate::csp::policy::{DO_NOT_CONNECT, EffectivePolicy, GATE, Gate, Place, Trigger, USER_SETTINGS};
use crate::device::Scalar;
use crate::schema::registry::GpKey;
use crate::{Device, Value};

/// Something odd about a device's configuration, that explains why updates come otherwise than expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What it is, for programs: `partial-scan-source`.
    pub id: &'static str,
    /// What it is and what follows from it, for people.
    pub text: String,
}

/// What is odd about `device`, by id.
pub(crate) fn find(device: &Device) -> Vec<Finding> {
    let look = Look { policy: device.effective_policy(), verdict: resolve(device), findings: Vec::new() };
    look.at_everything()
}

/// Findings, and what they are found in.
struct Look<'d> {
    policy: EffectivePolicy<'d>,
    verdict: Verdict,
    findings: Vec<Finding>,
}

const POLICIES: &str = GpKey::WindowsUpdate.path();
const AU: &str = GpKey::Au.path();

impl Look<'_> {
    fn at_everything(mut self) -> Vec<Finding> {
        match self.verdict.grounds {
            Grounds::NoWsus => self.at_no_wsus(),
            Grounds::WsusAlone => self.at_ignored_switch(),
            Grounds::ClientPolicies => {
                self.at_dual_scan();
                self.at_ignored_switch();
            }
            Grounds::DualScanDisabled | Grounds::ScanSources => {}
            Grounds::Severed => self.at_severed(),
            Grounds::Partial => self.at_partial(),
        }
        self.at_gate();
        self.at_misplaced_server();
        self.at_block();
        self.at_conflicts();
        self.at_approvals();
        self.findings.sort();
        self.findings
    }

    fn add(&mut self, id: &'static str, text: String) {
        self.findings.push(Finding { id, text });
    }

    fn at_no_wsus(&mut self) {
        if self.policy.names_wsus() {
            let text = format!(
                "Group Policy names a WSUS server ({POLICIES}: WUServer; {AU}: UseWUServer = 1) and turns automatic updates \
                 off (NoAutoUpdate = 1). Without automatic updates the server is not used, and all updates come from \
                 Windows Update. Remove NoAutoUpdate, or set it to 0."
            );
            self.add("wsus-without-automatic-updates", text);
        }
    }

    fn at_dual_scan(&mut self) {
        let triggers: Vec<_> = self.policy.triggers().collect();
        let switch = if self.verdict.windows.heeds_disable_dual_scan() {
            format!("set DisableDualScan to 1 under {POLICIES}")
        } else if self.verdict.windows.has_scan_sources() {
            format!(
                "set all four values SetPolicyDrivenUpdateSourceFor… to 1 under {POLICIES}, and {GATE} to 1 under {AU}"
            )
        } else {
            "bring Windows to a version that has DisableDualScan".to_owned()
        };
        let text = format!(
            "A WSUS server is set, and beside it {}. With both, feature and quality updates of Windows, and definitions, come \
             from Windows Update: those that the WSUS server or Configuration Manager offer are passed over. If they are \
             meant to come from WSUS, remove these values, or {switch}.",
            list(&triggers)
        );
        self.add("dual-scan", text);
        self.at_zero(&triggers);
        self.at_leftovers(&triggers);
    }

    /// Deferrals that defer nothing.
    fn at_zero(&mut self, triggers: &[Trigger]) {
        const PERIODS: [&str; 2] = ["DeferFeatureUpdatesPeriodInDays", "DeferQualityUpdatesPeriodInDays"];
        let is_zero = |trigger: &&Trigger| {
            let number = match trigger.place {
                Place::GroupPolicy => {
                    self.policy.raw(GpKey::WindowsUpdate, trigger.name).and_then(Scalar::int)
                }
                Place::Mdm => self.policy.int(trigger.name),
                Place::PolicyCache | Place::UserPause => None,
            };
            PERIODS.contains(&trigger.name) && number == Some(0)
        };
        let zeros: Vec<_> = triggers.iter().filter(is_zero).copied().collect();
        if !zeros.is_empty() {
            let text = format!(
                "A deferral of 0 days is set: {}. It defers nothing, but it is there, and that alone turns dual scan on beside \
                 a WSUS server. Remove it instead of setting it to 0.",
                list(&zeros)
            );
            self.add("deferral-of-zero", text);
        }
    }

    /// What is left of policies and pauses that are no more.
    fn at_leftovers(&mut self, triggers: &[Trigger]) {
        let left = |place| triggers.iter().filter(move |trigger| trigger.place == place).copied();
        let cached: Vec<_> = left(Place::PolicyCache).collect();
        if !cached.is_empty() {
            let text = format!(
                "Group Policy no longer has what its copy under \
                 HKLM\\SOFTWARE\\Microsoft\\WindowsUpdate\\UpdatePolicy\\GPCache still says: {}. Stale copies count, and keep dual \
                 scan on. Remove them, run `gpupdate /force` and restart the service wuauserv.",
                names(&cached)
            );
            self.add("stale-policy-cache", text);
        }
        let paused: Vec<_> = left(Place::UserPause).collect();
        if !paused.is_empty() {
            let text = format!(
                "A user has paused updates, and {USER_SETTINGS} still says so: {}. Beside a WSUS server that turns dual scan \
                 on, also when the pause is over. Pause updates for a week in Settings, and resume them: that clears the values.",
                names(&paused)
            );
            self.add("user-pause-left", text);
        }
    }

    /// DisableDualScan where it has no effect.
    fn at_ignored_switch(&mut self) {
        let windows = self.verdict.windows;
        if windows.heeds_disable_dual_scan() || self.policy.int("DisableDualScan") != Some(1) {
            return;
        }
        let (why, remedy) = if windows.has_scan_sources() {
            (
                "From Windows 11 on it is ignored",
                format!(
                    "Set all four values SetPolicyDrivenUpdateSourceFor… to 1 under {POLICIES}, and {GATE} to 1 under {AU}"
                ),
            )
        } else {
            ("This version of Windows does not know it yet", "Install a later cumulative update".to_owned())
        };
        let text = format!(
            "DisableDualScan is 1. {why}: where a Windows Update client policy is set, updates of Windows come from Windows Update \
             and not from WSUS. {remedy}."
        );
        self.add("disable-dual-scan-ignored", text);
    }

    fn at_severed(&mut self) {
        let is_cloud =
            |class: &UpdateClass| self.verdict.chosen.source(*class) == Some(Source::WindowsUpdate);
        let cut = [UpdateClass::Feature, UpdateClass::Quality].into_iter().filter(is_cloud);
        let cut: Vec<_> = cut.map(UpdateClass::policy).collect();
        if !cut.is_empty() {
            let text = format!(
                "DisableDualScan is 1, and Windows Update is chosen by {}. On Windows 10 DisableDualScan goes first: feature and \
                 quality updates come from WSUS, and what only Windows Update has, such as features on demand and language \
                 packs, fails to install. Remove DisableDualScan.",
                cut.join(" and ")
            );
            self.add("disable-dual-scan-severs", text);
        }
    }

    fn at_partial(&mut self) {
        let is_chosen = |class: &UpdateClass| self.verdict.chosen.source(*class).is_some();
        let (set, missing): (Vec<_>, Vec<_>) = UpdateClass::ALL.into_iter().partition(is_chosen);
        let policies = |classes: Vec<UpdateClass>| {
            classes.into_iter().map(UpdateClass::policy).collect::<Vec<_>>().join(", ")
        };
        let source = match self.verdict.meant.other {
            ScanSource::WindowsUpdate => "Windows Update",
            ScanSource::Wsus | ScanSource::None => "WSUS",
        };
        let text = format!(
            "Of the four scan source policies only some are set: {}, and not {}. Windows does not support that, and may treat \
             every class as if it had one source; here all of them come from {source}. Set all four, or none.",
            policies(set),
            policies(missing)
        );
        self.add("partial-scan-source", text);
    }

    /// The gate of scan source policies, where it is missing or in the wrong place.
    fn at_gate(&mut self) {
        let is_in_group_policy = |class: &UpdateClass| {
            self.policy.raw(GpKey::WindowsUpdate, class.policy()).is_some()
                && self.verdict.chosen.source(*class).is_none()
        };
        let gate = self.policy.raw(GpKey::Au, GATE);
        if self.policy.raw(GpKey::WindowsUpdate, GATE).is_some() && gate.is_none() {
            let text = format!(
                "{GATE} stands under {POLICIES}, where it is ignored. It belongs under {AU}; until it is there, the values \
                 SetPolicyDrivenUpdateSourceFor… of Group Policy have no effect."
            );
            self.add("scan-source-gate-misplaced", text);
            return;
        }
        let is_needed = match self.verdict.windows.gate() {
            Gate::Needed => self.verdict.windows.has_scan_sources(),
            Gate::NotNeeded => false,
        };
        let ignored: Vec<_> = UpdateClass::ALL.into_iter().filter(is_in_group_policy).collect();
        if self.verdict.meant.uses_wsus
            && is_needed
            && !ignored.is_empty()
            && !self.policy.is_one(GpKey::Au, GATE)
        {
            let how = gate.map_or_else(|| "is not set".to_owned(), |gate| format!("is {}", gate.text()));
            let ignored = ignored.into_iter().map(UpdateClass::policy).collect::<Vec<_>>().join(", ");
            let text = format!(
                "Group Policy sets {ignored} under {POLICIES}, but {GATE} {how} under {AU}: without it they have no effect. Set \
                 it to 1 there, or remove them."
            );
            self.add("scan-source-gate-missing", text);
        }
    }

    /// `UseWUServer` beside the server it is about, as one of the founding articles has it.
    fn at_misplaced_server(&mut self) {
        const SWITCH: &str = "UseWUServer";
        if self.policy.raw(GpKey::WindowsUpdate, SWITCH).is_some()
            && self.policy.raw(GpKey::Au, SWITCH).is_none()
        {
            let text = format!(
                "{SWITCH} stands under {POLICIES}, where it is ignored. It belongs under {AU}; until it is there, the WSUS server \
                 of Group Policy is not used."
            );
            self.add("scan-source-gate-misplaced", text);
        }
    }

    /// Classes that would come from Windows Update, which the device is kept from.
    fn at_block(&mut self) {
        let ScanSources { feature, quality, driver, other, definitions, uses_wsus } = self.verdict.meant;
        if !uses_wsus || !self.policy.forbids_windows_update() {
            return;
        }
        let classes = [
            (feature, "feature updates"),
            (quality, "quality updates"),
            (driver, "drivers"),
            (other, "other Microsoft products"),
            (definitions, "definitions"),
        ];
        let is_cloud = |(source, _): &(ScanSource, _)| *source == ScanSource::WindowsUpdate;
        let blocked: Vec<_> = classes.into_iter().filter(is_cloud).map(|(_, name)| name).collect();
        if !blocked.is_empty() {
            let what = if self.policy.is_one(GpKey::WindowsUpdate, DO_NOT_CONNECT) {
                format!("{DO_NOT_CONNECT} is 1 under {POLICIES}")
            } else {
                "AllowUpdateService is 0".to_owned()
            };
            let text = format!(
                "{what}, so that the device must not ask Windows Update, from which these are to come: {}. They get no updates \
                 at all. Have them come from WSUS, or remove that value.",
                blocked.join(", ")
            );
            self.add("windows-update-blocked", text);
        }
    }

    fn at_conflicts(&mut self) {
        let conflicts: Vec<(&str, Value, &Value)> = self.policy.conflicts().collect();
        for (name, group, own) in conflicts {
            let text = format!(
                "{name} is {} by Group Policy and {} by MDM. Group Policy wins, and MDMWinsOverGP does not change that for \
                 policies of the Update area. Set it in one place.",
                group.text(),
                own.text()
            );
            self.add("policy-conflict", text);
        }
    }

    fn at_approvals(&mut self) {
        if self.verdict.windows.outgrew_approvals() && self.policy.int("RequireUpdateApproval") == Some(1) {
            let text = "RequireUpdateApproval is 1: only updates on the list ApprovedUpdates are installed. Microsoft's page on \
                        the Update CSP does not recommend that list for managing desktop devices, and names the policies of \
                        the Update area instead; its pages on devices that live by the list end with build 17763. Here it is \
                        honoured all the same."
                .to_owned();
            self.add("approval-on-desktop", text);
        }
    }
}

/// Triggers with the places they stand in.
fn list(triggers: &[Trigger]) -> String {
    let mut text = String::new();
    for place in [Place::GroupPolicy, Place::Mdm, Place::PolicyCache, Place::UserPause] {
        let here: Vec<_> = triggers.iter().filter(|trigger| trigger.place == place).copied().collect();
        if here.is_empty() {
            continue;
        }
        let (separator, place) = (if text.is_empty() { "" } else { "; " }, place_name(place));
        // Writing to a String does not fail.
        let _ = write!(text, "{separator}{} {place}", names(&here));
    }
    text
}

fn names(triggers: &[Trigger]) -> String {
    triggers.iter().map(|trigger| trigger.name).collect::<Vec<_>>().join(", ")
}

fn place_name(place: Place) -> String {
    match place {
        Place::GroupPolicy => format!("by Group Policy ({POLICIES})"),
        Place::Mdm => "by MDM".to_owned(),
        Place::PolicyCache => "in a stale copy of Group Policy".to_owned(),
        Place::UserPause => "by a user's pause".to_owned(),
    }
}
