//! The ConfigMgr client: how it comes to policy and to an update server, and when it scans.
//!
//! Sources: the founding articles, their log lines; Microsoft, "Track the software update deployment process". Decided: the
//! first poll two minutes after the clock starts, and a scan five hours after one that failed.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::site::{Answer, ConfigMgr, RegistryPol};
use super::super::{Caller, Check, EventKind, FaultKind, HResult, KnownPolicy};
use super::pause::later;
use super::run::{Occasion, Run};
use super::scan::RETRY;
use super::strike::Strike;
use crate::Device;

/// How long after its clock starts a client asks for policy for the first time.
const FIRST_POLL: TimeDelta = TimeDelta::minutes(2);

/// Where the client has the agent look for content.
const LOCAL_SOURCE: &str = "http://localhost:8005";

/// When a client asks for policy next.
pub(super) fn next_poll(device: &Device) -> Option<DateTime<Utc>> {
    let (site, client) = (device.site(), &device.agent().client);
    let configmgr = client.policy(site).or(site.configmgr.as_ref())?;
    let due = match device.agent().client.polled {
        None => later(device.profile().file().clock.0, FIRST_POLL),
        Some(Check { at, .. }) => later(at, configmgr.policy_polling.delta()),
    };
    Some(due.max(device.clock()))
}

/// When a client scans next.
pub(super) fn next_scan(device: &Device) -> Option<DateTime<Utc>> {
    let client = &device.agent().client;
    let policy = client.policy(device.site())?;
    let due = match client.scanned {
        _ if client.is_to_scan => device.clock(),
        None => device.clock(),
        Some(Check { at, succeeded: true }) => later(at, policy.scan_cycle.min(policy.reevaluation).delta()),
        Some(Check { at, succeeded: false }) => later(at, RETRY),
    };
    Some(due.max(device.clock()))
}

impl Run<'_> {
    /// The client asks its management point for policy.
    pub(super) fn poll(&mut self) {
        let at = self.now();
        let failure = self.messaging_failure();
        let client = &mut self.device.agent_mut().client;
        client.polled = Some(Check { at, succeeded: failure.is_none() });
        let former = std::mem::replace(&mut client.failure, failure);
        match failure {
            Some(hresult) if former != failure => {
                self.tell_as(Caller::CcmExec, EventKind::PolicyFailed, Some(hresult));
            }
            Some(_) => {}
            None => self.receive_policy(former.is_none()),
        }
    }

    fn receive_policy(&mut self, did_answer: bool) {
        let (site, client) = (self.device.site(), &self.agent().client);
        let is_new = match &client.policy {
            KnownPolicy::None => true,
            KnownPolicy::Current => false,
            KnownPolicy::Former(policy) => site.configmgr.as_ref() != Some(policy),
        };
        let deployments = site.configmgr.iter().flat_map(ConfigMgr::own_deployments).count();
        if client.policy != KnownPolicy::Current {
            self.device.agent_mut().client.policy = KnownPolicy::Current;
        }
        if is_new || !did_answer {
            let deployments = deployments.try_into().unwrap_or(u32::MAX);
            self.tell_as(Caller::CcmExec, EventKind::PolicyReceived { deployments }, None);
        }
        if is_new {
            self.device.agent_mut().client.is_to_scan = true;
            self.read_rules();
        }
    }

    /// The client has the agent scan its software update point.
    pub(super) fn client_scan(&mut self) {
        let at = self.now();
        let succeeded = match self.set_source() {
            Ok(()) => self.scan_for(Caller::CcmExec),
            Err(hresult) => {
                self.tell_as(Caller::CcmExec, EventKind::SourceFailed, hresult);
                false
            }
        };
        let client = &mut self.device.agent_mut().client;
        (client.scanned, client.is_to_scan) = (Some(Check { at, succeeded }), false);
        if succeeded {
            client.found = Some(at);
        }
        self.look_at_all(Occasion::Wake);
    }

    /// Makes the software update point the update server, by local Group Policy.
    ///
    /// # Errors
    /// Why that cannot be done; without a code where there is no software update point.
    fn set_source(&mut self) -> Result<(), Option<HResult>> {
        /// "Group policy conflict"
        const CONFLICT: HResult = HResult::from_bits(0x87d0_0692);
        let is_in_touch = self.messaging_failure().is_none();
        let site = self.device.site();
        let Some(configmgr) = &site.configmgr else { return Err(None) };
        if self.agent().client.policy(site).is_none_or(|policy| !policy.software_updates) {
            return Err(None);
        }
        if !is_in_touch {
            // Without a management point the client stays with the server that it knows.
            return if self.device.effective_policy().names_wsus() { Ok(()) } else { Err(None) };
        }
        let Some(server) = configmgr.software_update_point() else { return Err(None) };
        match configmgr.registry_pol {
            RegistryPol::Sound => {}
            RegistryPol::Corrupt => return Err(Some(HResult::from_bits(0x8007_03ee))),
            RegistryPol::Unreadable => return Err(Some(HResult::from_bits(0x8000_4005))),
        }
        let domain = configmgr.domain_policy.as_deref();
        let wins = domain.filter(|domain| !domain.trim().eq_ignore_ascii_case(server.trim()));
        let mut registry = self.device.registry().clone();
        match wins {
            Some(domain) => registry.name_wsus(domain, None),
            None => registry.name_wsus(server, Some(LOCAL_SOURCE)),
        }
        let has_won = wins.is_some();
        let is_new = registry != *self.device.registry();
        if is_new {
            *self.device.registry_mut() = registry;
            // The client has Group Policy refreshed.
            self.device.read_policy();
            self.read_rules();
        }
        if has_won {
            return Err(Some(CONFLICT));
        }
        if is_new {
            self.tell_as(Caller::CcmExec, EventKind::SourceSet, None);
        }
        Ok(())
    }

    /// What a request to the management point fails with now, if it does.
    fn messaging_failure(&mut self) -> Option<HResult> {
        let strike = self.strike(&[FaultKind::NoPolicy], None);
        let site = self.device.site();
        let answer = match strike {
            Some(Strike { hresult: Some(hresult) }) => return Some(hresult),
            Some(Strike { hresult: None }) => Answer::CannotConnect,
            None => site.answer_of_management_point(&site.configmgr.as_ref()?.management_point),
        };
        answer.messaging_error().map(|(hresult, _)| hresult)
    }
}
