//! What both sides have said, and where the other side breaks the protocol.

use super::id::Id;
use super::owed::Owed;
use super::rules;
use super::sent::{Sent, id};
use super::{Finding, Findings, Side, shown};
use crate::message::{Alert, Kind, Message};

/// What one side of a session remembers to judge the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    judged: Side,
    session_id: Option<Id>,
    /// The MsgID that is expected next; `None` where any can be.
    next: Option<u64>,
    sent: Sent,
    /// `None` where the other side does not wait for what it has asked.
    owed: Option<Owed>,
    /// The own package.
    package: Package,
    /// The package of the other side.
    other_package: Package,
    course: Course,
}

/// Whether a package is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Package {
    Complete,
    GoesOn,
}

/// Whether somebody has ended the session with Alert 1223.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Running,
    Aborted,
}

impl Ledger {
    /// One who judges `judged`.
    #[must_use]
    pub fn new(judged: Side) -> Self {
        Self {
            judged,
            session_id: None,
            next: Some(1),
            sent: Sent::default(),
            owed: Some(Owed::default()),
            package: Package::Complete,
            other_package: Package::Complete,
            course: Course::Running,
        }
    }

    /// One who judges `judged` and has not seen what the session began with. All that is asked is taken for answered.
    #[must_use]
    pub fn joining(judged: Side) -> Self {
        Self { next: None, sent: Sent::forgetful(), owed: None, ..Self::new(judged) }
    }

    /// Remembers a message that was sent to the other side.
    pub fn sent(&mut self, message: &Message) {
        let session_id = message.header.as_ref().and_then(|header| header.session_id.as_ref());
        if self.session_id.is_none() {
            self.session_id = session_id.map(|id| Id::of(id.trim()));
        }
        self.sent.record(message);
        if let Some(owed) = &mut self.owed {
            owed.sent(message);
        }
        // It is open because the other side's package is.
        self.package =
            if message.has_alert(Alert::NEXT_MESSAGE) { Package::Complete } else { package(message) };
        self.abort_if_said(message);
    }

    /// Takes a message of the other side. What it did wrong is in the order in which the message has it, what is missing
    /// at the end.
    pub fn received(&mut self, message: &Message) -> Vec<Finding> {
        let mut findings = Findings(Vec::new());
        self.judge(message, &mut findings);
        findings.0
    }

    /// As [`received`](Self::received), beside what is found elsewhere.
    pub(super) fn judge(&mut self, message: &Message, findings: &mut Findings) {
        self.abort_if_said(message);
        self.header(message, findings);
        self.answers(message, findings);
        self.commands(message, findings);
        self.package(message, findings);
        if let Some(owed) = &mut self.owed {
            owed.received(message);
        }
        self.other_package = package(message);
    }

    fn abort_if_said(&mut self, message: &Message) {
        if message.has_alert(Alert::SESSION_ABORT) {
            self.course = Course::Aborted;
            if let Some(owed) = &mut self.owed {
                owed.clear();
            }
        }
    }

    fn header(&mut self, message: &Message, findings: &mut Findings) {
        // Microsoft's own samples have messages without one.
        let Some(header) = &message.header else {
            self.next = self.next.map(|next| next.saturating_add(1));
            return;
        };
        if let Some(session_id) = &header.session_id {
            let found = session_id.trim();
            let expected = self.session_id.get_or_insert_with(|| Id::of(found));
            if !expected.is(found) {
                let text = format!("found SessionID {}, expected {}", shown(found), shown(&expected.text()));
                findings.add(&rules::SESSION_ID, text, header.span);
            }
        }
        let found = id(header.msg_id.as_ref());
        let number = found.parse::<u64>().ok();
        if let Some(next) = self.next
            && number != self.next
        {
            let text = format!("found MsgID {}, expected \"{next}\"", shown(found));
            findings.add(&rules::MSG_ID, text, header.span);
        }
        self.next = number.or(self.next).map(|number| number.saturating_add(1));
    }

    /// Statuses and Results.
    fn answers(&mut self, message: &Message, findings: &mut Findings) {
        let mut statuses = 0_usize;
        for command in &message.body.commands {
            let breach = match &command.kind {
                Kind::Status(status) => {
                    let is_late = statuses > 0 && status.is_of_sync_hdr();
                    statuses += 1;
                    let breach = self.sent.status(status);
                    if breach.is_none() && is_late {
                        let text =
                            format!("found the SyncHdr's Status as number {statuses}, expected it first");
                        findings.add(&rules::SYNC_HDR_FIRST, text, command.span);
                    }
                    breach
                }
                Kind::Results(results) => self.sent.results(results),
                Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Unknown(_) => None,
            };
            if let Some((rule, text)) = breach {
                findings.add(rule, text, command.span);
            }
        }
    }

    /// Commands of a server, while it waits for an answer.
    fn commands(&self, message: &Message, findings: &mut Findings) {
        if self.judged == Side::Device {
            return;
        }
        let is_new = |kind: &Kind| match kind {
            Kind::Request(_) | Kind::Container(_) => true,
            Kind::Alert(alert) => !alert.is(Alert::NEXT_MESSAGE) && self.course == Course::Running,
            Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => false,
        };
        let new = message.body.commands.iter().find(|command| is_new(&command.kind));
        if self.package == Package::GoesOn
            && self.course == Course::Running
            && new.is_none()
            && !message.has_alert(Alert::NEXT_MESSAGE)
        {
            let text = "found no Alert 1222 while the device's message had no Final, expected one".to_owned();
            findings.add(&rules::RESULTS_IGNORED, text, message.body.span);
        }
        // Who has told nothing cannot wait for an answer.
        if self.sent.is_empty() {
            return;
        }
        let waits = match (self.package, self.other_package) {
            // A device does not complete its package before the server has completed its own.
            (Package::GoesOn, Package::Complete) => {
                "while the answer to those before goes on, expected Alert 1222"
            }
            _ if self.owed.as_ref().is_some_and(|owed| !owed.is_empty()) => {
                "while those before are not answered, expected none"
            }
            (Package::GoesOn, Package::GoesOn) | (Package::Complete, Package::GoesOn | Package::Complete) => {
                return;
            }
        };
        if let Some(command) = new {
            let text = format!("found {} {} {waits}", command.name(), shown(id(command.cmd_id.as_ref())));
            findings.add(&rules::COMMANDS_WHILE_OUTSTANDING, text, command.span);
        }
    }

    /// What is missing from the message, or from the package that it completes.
    fn package(&mut self, message: &Message, findings: &mut Findings) {
        let body = &message.body;
        if body.is_final && !self.sent.is_empty() {
            let missing = self.sent.settle().filter(|_| self.course == Course::Running);
            if let Some(missing) = missing {
                findings.add(&rules::MISSING_STATUS, format!("found no Status for {missing}"), body.span);
            }
        }
        if self.judged == Side::Server && !body.is_final && message.header.is_some() {
            let goes_on = body.commands.iter().any(|command| match &command.kind {
                Kind::Alert(alert) => alert.is(Alert::NEXT_MESSAGE),
                Kind::Request(request) => request.items.iter().any(|item| item.more_data),
                Kind::Container(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => false,
            });
            if !goes_on && self.course == Course::Running {
                let text = "found neither Final nor MoreData nor Alert 1222, expected one of them".to_owned();
                findings.add(&rules::NO_FINAL, text, body.span);
            }
        }
    }
}

fn package(message: &Message) -> Package {
    if message.body.is_final { Package::Complete } else { Package::GoesOn }
}
