//! How a client comes to policy: PolicyAgent.log, CcmMessaging.log, and Scheduler.log with the deadlines.

use chrono::{DateTime, TimeDelta, Utc};
use csp_model::Device;
use csp_model::agent::site::{Answer, ConfigMgr};
use csp_model::agent::{EventKind, HResult};
use hyper::StatusCode;

use super::super::draw::{Braced, Plain};
use super::super::stamp::Clock;
use super::{Book, Client, Scene};

/// How long after its clock starts a client asks for policy for the first time.
const FIRST: TimeDelta = TimeDelta::minutes(2);

/// What a request to the management point of a device fails with.
pub(super) fn error(device: &Device) -> HResult {
    let site = device.site();
    let answer = site.configmgr.as_ref().map(|own| site.answer_of_management_point(&own.management_point));
    let error = answer.and_then(Answer::messaging_error).or_else(|| Answer::CannotConnect.messaging_error());
    error.map_or(HResult::OK, |(code, _)| code)
}

impl Client {
    /// Writes the polls up to an instant: those of which no event tells, because they say what the one before said.
    pub(in super::super) fn polls(
        &mut self,
        clock: &mut Clock,
        device: &Device,
        until: DateTime<Utc>,
        told: bool,
    ) {
        let Some(configmgr) = device.site().configmgr.as_ref() else { return };
        let Some(last) = device.agent().client.polled.map(|check| check.at) else { return };
        let first = || device.profile().file().clock.0 + FIRST;
        let every = i64::try_from(configmgr.policy_polling.as_secs()).unwrap_or(i64::MAX);
        let step = TimeDelta::try_seconds(every.max(1)).unwrap_or(TimeDelta::MAX);
        loop {
            let next = match self.polled {
                None => Some(first()),
                Some(polled) => polled.checked_add_signed(step),
            };
            let Some(next) = next.filter(|next| *next <= last && *next <= until) else { return };
            // The event is written by whoever writes events.
            if told && next == until {
                return;
            }
            clock.set(next);
            self.poll(clock, device, configmgr);
        }
    }

    /// A poll, as it went last time.
    fn poll(&mut self, clock: &mut Clock, device: &Device, configmgr: &ConfigMgr) {
        self.polled = Some(clock.at());
        self.request(clock, configmgr);
        match self.messaging {
            Ok(()) => {
                self.delivered(clock, configmgr);
                self.write(
                    clock,
                    Book::PolicyAgent,
                    format_args!("Received Machine policy reply: no policy has changed"),
                );
            }
            Err(code) => self.undelivered(clock, device, configmgr, code),
        }
    }

    pub(super) fn policy_received(&mut self, scene: &mut Scene<'_>, configmgr: &ConfigMgr) {
        let Scene { clock, event, .. } = scene;
        (self.polled, self.messaging) = (Some(event.at), Ok(()));
        self.request(clock, configmgr);
        self.delivered(clock, configmgr);
        let EventKind::PolicyReceived { deployments } = event.kind else { return };
        self.write(
            clock,
            Book::PolicyAgent,
            format_args!("Received Machine delta policy update with {deployments} assignments"),
        );
        let own: Vec<_> = configmgr.own_deployments().collect();
        for deployment in own {
            let id = Braced(Some(deployment.assignment_id()));
            self.write(clock, Book::PolicyAgent, format_args!("Compiling policy '{id}' version '1.00'"));
            self.raised(clock, Book::PolicyAgent, "CCM_PolicyAgent_PolicyDownloadSucceeded", &id);
            self.write(clock, Book::PolicyAgent, format_args!("Applying policy {id}"));
            self.raised(clock, Book::PolicyAgent, "CCM_PolicyAgent_PolicyEvaluationComplete", &id);
            let count = deployment.updates.len();
            self.write(
                clock,
                Book::UpdatesDeployment,
                format_args!("Assignment {id} has total CI = {count}"),
            );
            if let Some(deadline) = deployment.deadline {
                let (mut token, mut at) = (String::new(), String::new());
                clock.shown(deadline.0).name(&mut token);
                clock.shown(deadline.0).spelled(&mut at);
                self.write(
                    clock,
                    Book::Scheduler,
                    format_args!(
                        "SMSTrigger '{token}' for scheduler 'Machine/DEADLINE:{id}' will fire at {at} without \
                         randomization."
                    ),
                );
            }
        }
    }

    pub(super) fn policy_failed(&mut self, scene: &mut Scene<'_>, configmgr: &ConfigMgr) {
        let Scene { clock, device, event } = scene;
        let code = event.hresult.unwrap_or_else(|| error(device));
        (self.polled, self.messaging) = (Some(event.at), Err(code));
        self.request(clock, configmgr);
        self.undelivered(clock, device, configmgr, code);
    }

    fn request(&mut self, clock: &mut Clock, configmgr: &ConfigMgr) {
        let authority = Plain(&configmgr.site);
        self.write(
            clock,
            Book::PolicyAgent,
            format_args!("Requesting Machine policy assignments from authority 'SMS:{authority}'"),
        );
        let message = self.message(clock, 0);
        self.write(
            clock,
            Book::CcmMessaging,
            format_args!("Sending async message '{message}' to outgoing queue 'mp:[http]mp_policymanager'"),
        );
        self.write(
            clock,
            Book::CcmMessaging,
            format_args!("Sending outgoing message '{message}'. Flags 0x200, sender account empty"),
        );
    }

    fn delivered(&mut self, clock: &mut Clock, configmgr: &ConfigMgr) {
        let point = &configmgr.management_point;
        let (host, port) = (Plain(&point.host), point.port());
        let protocol = if point.https { "https" } else { "http" };
        let [message, reply] = [0, 1].map(|number| self.message(clock, number));
        let queue = "mp_[http]mp_policymanager";
        let endpoint = "PolicyAgent_ReplyAssignments";
        let book = Book::CcmMessaging;
        self.write(
            clock,
            book,
            format_args!(
                "POST: Host={host}, Path=/ccm_system/request, Port={port}, Protocol={protocol}, Flags=512, Options=480"
            ),
        );
        self.write(
            clock,
            book,
            format_args!("Message '{message}' got reply '{reply}' to local endpoint queue '{endpoint}'"),
        );
        self.write(
            clock,
            book,
            format_args!(
                "OutgoingMessage(Queue='{queue}', ID={message}): Delivered successfully to host '{host}'."
            ),
        );
        self.write(clock, book, format_args!("Message '{reply}' delivered to endpoint '{endpoint}'"));
    }

    /// Real clients log these failures as information.
    fn undelivered(&mut self, clock: &mut Clock, device: &Device, configmgr: &ConfigMgr, code: HResult) {
        let point = &configmgr.management_point;
        let (host, port) = (Plain(&point.host), point.port());
        let protocol = if point.https { "https" } else { "http" };
        let answer = device.site().answer_of_management_point(point);
        // A fault may have struck that says something else than the site.
        let as_answered = answer.messaging_error().filter(|(error, _)| *error == code);
        let by_code =
            [Answer::Timeout, Answer::NameNotResolved, Answer::CannotConnect, Answer::NoClientCertificate]
                .into_iter()
                .filter_map(Answer::messaging_error)
                .find(|(error, _)| *error == code);
        let symbol = as_answered.or(by_code).map_or("CCM_E_BAD_HTTP_STATUS_CODE", |(_, symbol)| symbol);
        let status = answer.status().filter(|_| as_answered.is_some());
        // What Windows has codes of its own for is numbered from 12000 on.
        let number = match code.bits() {
            bits @ 0x8007_2ee0..=0x8007_2fff => bits & 0xffff,
            _ => 0,
        };
        let book = Book::CcmMessaging;
        self.write(
            clock,
            book,
            format_args!(
                "[CCMHTTP] ERROR: URL={protocol}://{host}/ccm_system/request, Port={port}, Options=1248, \
                 Code={number}, Text={symbol}"
            ),
        );
        if let Some(status) = status {
            let known = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
            let text = known.unwrap_or("unknown");
            self.write(
                clock,
                book,
                format_args!("[CCMHTTP] ERROR INFO: StatusCode={status} StatusText={text}"),
            );
        }
        let client = self.jobs.guid().to_string();
        let client = client.trim_matches(['{', '}']);
        let mut time = String::new();
        clock.universal().instance(&mut time);
        let bits = code.bits();
        self.write(
            clock,
            book,
            format_args!(
                "Raising event:\r\n\r\ninstance of CCM_CcmHttp_Status\r\n{{\r\n\tClientID = \"GUID:{client}\";\r\n\
                 \tDateTime = \"{time}\";\r\n\tHostName = \"{host}\";\r\n\tHRESULT = \"0x{bits:08x}\";\r\n\
                 \tProcessID = 9596;\r\n\tStatusCode = {};\r\n\tThreadID = 9580;\r\n}};\r\n",
                status.unwrap_or_default()
            ),
        );
        self.write(
            clock,
            book,
            format_args!("Post to {protocol}://{host}/ccm_system/request failed with 0x{bits:08x}."),
        );
    }

    fn raised(&mut self, clock: &mut Clock, book: Book, class: &str, policy: &dyn std::fmt::Display) {
        let client = self.jobs.guid().to_string();
        let client = client.trim_matches(['{', '}']);
        let mut time = String::new();
        clock.universal().instance(&mut time);
        self.write(
            clock,
            book,
            format_args!(
                "Raising event:\r\n\r\ninstance of {class}\r\n{{\r\n\tClientID = \"GUID:{client}\";\r\n\
                 \tDateTime = \"{time}\";\r\n\tPolicyId = \"{policy}\";\r\n\tPolicyVersion = \"1.00\";\r\n}};\r\n"
            ),
        );
    }

    /// The id of a message of this instant.
    fn message(&self, clock: &Clock, number: u64) -> super::Guid {
        self.jobs.number(clock.at().timestamp().cast_unsigned()).number(number).guid()
    }
}
