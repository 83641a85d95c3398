//! What a step does to the device itself, beside the messages that it gets.

use std::collections::BTreeMap;

use csp_model::Device;
use csp_model::agent::site::Site;
use csp_model::agent::{Event, Fault};
use csp_model::device::Scalar;
use csp_model::units::Duration;

use crate::clock::Advance;

/// Something that is done to the device.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Deed {
    /// Its clock moves on.
    Advance(Duration),
    /// It scans, as its user has it.
    Scan,
    /// Its ConfigMgr client scans.
    ClientScan,
    /// It restarts.
    Restart,
    /// Something more goes wrong from now on.
    Fault(Fault),
    /// Its user pauses updates for so many days.
    Pause(u32),
    /// Its user ends the pause.
    Resume,
    /// An administrator changes its registry.
    Registry(RegistryValues),
    /// It reads Group Policy again.
    PolicyRefresh,
    /// Other things stand around it.
    Site(Box<Site>),
    /// Its user installs what Software Center shows.
    Install,
    /// Its update agent's store is made anew.
    ClientReset,
}

/// Values of the registry by key and name; `None` and the value false take one away.
pub(super) type RegistryValues = BTreeMap<String, BTreeMap<String, Option<Scalar>>>;

impl Deed {
    /// The key that says so.
    pub(super) const fn key(&self) -> &'static str {
        match self {
            Self::Advance(_) => "advance",
            Self::Scan => "scan",
            Self::ClientScan => "client_scan",
            Self::Restart => "restart",
            Self::Fault(_) => "fault",
            Self::Pause(_) => "pause",
            Self::Resume => "resume",
            Self::Registry(_) => "registry",
            Self::PolicyRefresh => "policy_refresh",
            Self::Site(_) => "site",
            Self::Install => "install",
            Self::ClientReset => "client_reset",
        }
    }

    /// Does it, and gives what happens.
    ///
    /// # Errors
    /// When the device is not one at which it can be done.
    pub(super) fn done(&self, device: &mut Device) -> Result<Vec<Event>, String> {
        Ok(match self {
            Self::Advance(by) => {
                let to = Advance::By(*by).from(device.clock()).map_err(|error| error.to_string())?;
                device.advance_to(to)
            }
            Self::Scan => device.scan(),
            Self::ClientScan => device.client_scan().map_err(|error| error.to_string())?,
            Self::Restart => device.restart(),
            Self::Pause(days) => device.user_pauses(*days).map_err(|error| error.to_string())?,
            Self::Resume => device.user_resumes(),
            Self::PolicyRefresh => device.policy_refresh(),
            Self::Site(site) => device.set_site((**site).clone()).map_err(|error| error.to_string())?,
            Self::Install => device.user_installs(),
            Self::ClientReset => device.reset_client(),
            Self::Fault(fault) => {
                let mut faults = left(device);
                faults.push(fault.clone());
                device.set_faults(faults).map_err(|error| error.what)?
            }
            Self::Registry(values) => {
                for (key, values) in values {
                    for (name, value) in values {
                        let value = value.clone().filter(|value| *value != Scalar::Bool(false));
                        device.set_registry(key, name, value);
                    }
                }
                Vec::new()
            }
        })
    }
}

/// The faults that can still strike: what has struck is counted anew for a plan that is set.
fn left(device: &Device) -> Vec<Fault> {
    let faults = &device.agent().faults;
    let plan = faults.plan.as_deref().unwrap_or(&device.profile().file().fault);
    let left = (0_u32..).zip(plan).filter_map(|(place, fault)| {
        let struck = faults.struck.get(&place).copied().unwrap_or_default();
        let count = fault.count.map(|count| count.saturating_sub(struck));
        (count != Some(0)).then(|| Fault { count, ..fault.clone() })
    });
    left.collect()
}
