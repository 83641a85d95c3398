//! The updates that the captured device listed, and what it was allowed to install.
//!
//! Deliberately absent: when anything happened to them, which a device of the player's does not need to know.

use std::collections::{BTreeMap, BTreeSet};

use csp_model::LocUri;
use csp_model::agent::{HResult, UpdateId, UpdateState};
use csp_model::device::{Approval, DeviceFile, InitialState, Scalar, UpdateEntry};
use csp_model::units::Instant;

use super::Seed;

impl Seed {
    /// The updates that the sets of the Update CSP list.
    pub(super) fn updates(&self, file: &mut DeviceFile) {
        const SETS: [(&str, InitialState); 4] = [
            ("installableupdates", InitialState::Installable),
            ("failedupdates", InitialState::Failed),
            ("pendingrebootupdates", InitialState::PendingRestart),
            ("installedupdates", InitialState::Installed),
        ];
        let mut found: BTreeMap<UpdateId, UpdateEntry> = BTreeMap::new();
        let mut sets = BTreeSet::new();
        let clock = file.clock;
        for (uri, (_, value)) in &self.values {
            let names: Vec<_> = uri.segments().map(str::to_ascii_lowercase).collect();
            let [vendor, msft, csp, set, rest @ ..] = names.as_slice() else { continue };
            if [vendor.as_str(), msft, csp] != ["vendor", "msft", "update"] {
                continue;
            }
            let Some((_, state)) = SETS.into_iter().find(|(name, _)| name == set) else { continue };
            sets.insert(state.name());
            let (listed, leaf) = match rest {
                [] => (value.as_str(), ""),
                [id] => (id.as_str(), ""),
                [id, leaf, ..] => (id.as_str(), leaf.as_str()),
            };
            for id in listed.split('/').filter_map(|id| UpdateId::parse(id.trim())) {
                let entry = found.entry(id).or_insert_with(|| update(id, clock));
                // One that has failed is still installable.
                if (entry.state, state) != (InitialState::Failed, InitialState::Installable) {
                    entry.state = state;
                }
                match leaf {
                    "revisionnumber" => entry.revision = value.trim().parse().unwrap_or(entry.revision),
                    "state" | "status" => entry.status = status(value),
                    "hresult" => {
                        let code = value.trim().parse::<i64>().ok();
                        entry.hresult = code.and_then(|code| i32::try_from(code).ok()).map(HResult);
                    }
                    _ => {}
                }
            }
        }
        self.approvals(file);
        // What was not asked for stays as it was.
        if sets.is_empty() {
            return;
        }
        if found.values().any(|entry| entry.state == InitialState::Installable) {
            // Without approvals to wait for a device would not leave them so.
            let policies = file.policy.entry("Update".to_owned()).or_default();
            policies.entry("RequireUpdateApproval".to_owned()).or_insert(Scalar::Int(1));
        }
        file.update.retain(|update| !sets.contains(update.state.name()) && !found.contains_key(&update.id));
        file.update.extend(found.into_values().map(complete));
        // What is gone is not referred to.
        let known: BTreeSet<_> = file.update.iter().map(|update| update.id).collect();
        for update in &mut file.update {
            update.supersedes.retain(|id| known.contains(id));
            update.prerequisites.retain(|one| one.any_of().iter().all(|id| known.contains(id)));
        }
        file.fault.retain(|fault| fault.update.is_none_or(|id| known.contains(&id)));
    }

    /// The updates and classifications that were approved before the server has approved any.
    fn approvals(&self, file: &mut DeviceFile) {
        let Ok(list) = LocUri::parse("./Vendor/MSFT/Update/ApprovedUpdates") else { return };
        let Some((_, listed)) = self.values.get(&list) else { return };
        let is_old = |name: &&str| {
            let uri = LocUri::parse(&format!("./Vendor/MSFT/Update/ApprovedUpdates/{name}"));
            !uri.is_ok_and(|uri| self.written.contains(&uri))
        };
        let names = listed.split('/').map(str::trim).filter(is_old);
        file.approval = names.filter_map(UpdateId::parse).map(|id| Approval { id, at: None }).collect();
    }
}

fn update(id: UpdateId, at: Instant) -> UpdateEntry {
    UpdateEntry {
        id,
        revision: 1,
        title: format!("Update {id}"),
        kb: None,
        classification: csp_model::agent::catalog::Classification::SECURITY_UPDATES,
        product: "Windows".to_owned(),
        released: None,
        size: Default::default(),
        install: Default::default(),
        restart: false,
        os: None,
        eula: None,
        supersedes: Vec::new(),
        prerequisites: Vec::new(),
        revisions: Vec::new(),
        max_run_time: None,
        hidden: false,
        safeguard: None,
        enablement_package: false,
        sources: vec![csp_model::agent::Source::WindowsUpdate],
        state: InitialState::NotOffered,
        hresult: None,
        status: None,
        at: Some(at),
    }
}

/// The step that failed, as a device file has it.
fn status(value: &str) -> Option<Scalar> {
    let state = UpdateState::from_bits(value.trim().parse().ok()?)?;
    Some(state.documented_name().map_or(Scalar::Int(0), |name| Scalar::Text(name.to_owned())))
}

/// What a device file asks for in the state of an update, and nothing else.
fn complete(entry: UpdateEntry) -> UpdateEntry {
    // WU_E_UNEXPECTED: it has failed, and the capture does not say how.
    const UNEXPECTED: HResult = HResult::from_bits(0x8024_ffff);
    match entry.state {
        InitialState::Failed => {
            let hresult = Some(entry.hresult.unwrap_or(UNEXPECTED));
            let status = entry.status.or_else(|| status("256"));
            UpdateEntry { hresult, status, at: None, ..entry }
        }
        InitialState::PendingRestart | InitialState::Installed => {
            UpdateEntry { hresult: None, status: None, ..entry }
        }
        InitialState::NotOffered | InitialState::Installable => {
            UpdateEntry { hresult: None, status: None, at: None, ..entry }
        }
    }
}
