//! Atomic: all or nothing, tried on a copy of the device.
//!
//! Sources: OMA DM Representation Protocol 1.2.1, Atomic; Microsoft, "OMA DM protocol support"; where they are
//! silent the conformance register says what was decided.

use csp_model::device::AtomicFailure;
use csp_model::tree::Effect;
use csp_model::{Device, LocUri};

use super::apply::{self, Applied, Way};
use super::status::{Outcome, StatusCode};
use crate::conformance as rules;
use crate::message::{Command, Container, ContainerKind, Item, Kind, Request, Verb};

/// What became of an Atomic: itself, and every member with the members of nested containers, in document order.
pub(super) struct Tried<'m> {
    pub(super) own: Outcome,
    pub(super) members: Vec<(&'m Command, Applied)>,
    pub(super) effects: Vec<Effect>,
}

/// Runs `atomic` on a copy of `device`, which takes its place when every member succeeds.
pub(super) fn run<'m>(device: &mut Device, atomic: &'m Container) -> Tried<'m> {
    let mode = device.profile().file().atomic_failure;
    let mut trial = Trial {
        device: device.clone(),
        mode,
        added: Vec::new(),
        failed: None,
        members: Vec::new(),
        uri: LocUri::root(),
    };
    trial.run(&atomic.commands);
    let Trial { device: tried, failed, mut members, .. } = trial;
    let Some(failed) = failed else {
        *device = tried;
        let effects =
            members.iter_mut().flat_map(|(_, applied)| std::mem::take(&mut applied.effects)).collect();
        return Tried { own: Outcome::done(), members, effects };
    };
    // The failing member's own Items among them that had been done.
    let done = members.iter_mut().take(failed + 1);
    match mode {
        AtomicFailure::RolledBack => {
            done.for_each(|(_, applied)| roll_back(applied, &ROLLED_BACK));
            Tried { own: failed_atomic(), members, effects: Vec::new() }
        }
        AtomicFailure::RollbackFailed => {
            let effects = done.flat_map(|(_, applied)| {
                let effects = std::mem::take(&mut applied.effects);
                roll_back(applied, &ROLL_BACK_FAILED);
                effects
            });
            let effects = effects.collect();
            *device = tried;
            Tried { own: failed_atomic(), members, effects }
        }
        AtomicFailure::OwnCodes => {
            let own = Outcome::new(StatusCode::COMMAND_FAILED, &rules::ATOMIC_OWN_CODES).because(0x8600_0005);
            Tried { own, members, effects: Vec::new() }
        }
    }
}

const ROLLED_BACK: Outcome =
    Outcome::new(StatusCode::ROLLED_BACK, &rules::ATOMIC_ROLLED_BACK).because(0x0600_0007);
const ROLL_BACK_FAILED: Outcome =
    Outcome::new(StatusCode::ROLL_BACK_FAILED, &rules::ATOMIC_ROLL_BACK_FAILED).because(0x8600_0009);

const fn failed_atomic() -> Outcome {
    Outcome::new(StatusCode::ATOMIC_FAILED, &rules::ATOMIC_FAILED).because(0x8600_0008)
}

/// Whether an Atomic ends at the first member that fails.
fn stops(mode: AtomicFailure) -> bool {
    match mode {
        AtomicFailure::RolledBack | AtomicFailure::RollbackFailed => true,
        AtomicFailure::OwnCodes => false,
    }
}

struct Trial<'m> {
    device: Device,
    mode: AtomicFailure,
    /// The nodes that the Atomic has added so far.
    added: Vec<LocUri>,
    /// The first member that failed.
    failed: Option<usize>,
    members: Vec<(&'m Command, Applied)>,
    /// The last address.
    uri: LocUri,
}

impl<'m> Trial<'m> {
    fn run(&mut self, commands: &'m [Command]) {
        for command in commands {
            let is_over = self.failed.is_some() && stops(self.mode);
            if matches!(command.kind, Kind::Status(_) | Kind::Results(_)) {
                continue;
            }
            let applied = if is_over { not_executed(command) } else { self.apply(command) };
            let has_failed = applied.has_failed();
            self.members.push((command, applied));
            if has_failed && self.failed.is_none() {
                self.failed = Some(self.members.len() - 1);
            }
            match &command.kind {
                Kind::Container(nested) if command.cmd_id.is_some() => match nested.kind {
                    ContainerKind::Sequence => self.run(&nested.commands),
                    ContainerKind::Atomic => self.skip(&nested.commands),
                },
                _ => {}
            }
        }
    }

    /// The members of a nested Atomic, none of which is run.
    fn skip(&mut self, commands: &'m [Command]) {
        for command in commands {
            if matches!(command.kind, Kind::Status(_) | Kind::Results(_)) {
                continue;
            }
            self.members.push((command, not_executed(command)));
            if let (Kind::Container(nested), Some(_)) = (&command.kind, &command.cmd_id) {
                self.skip(&nested.commands);
            }
        }
    }

    fn apply(&mut self, command: &Command) -> Applied {
        const NOT_IN_A_TRANSACTION: u32 = 0x8600_0003;
        let refused = |rule| {
            Applied::refused(Outcome::new(StatusCode::COMMAND_FAILED, rule).because(NOT_IN_A_TRANSACTION))
        };
        if command.cmd_id.is_none() && !matches!(command.kind, Kind::Unknown(_)) {
            return Applied::refused(Outcome::new(StatusCode::BAD_REQUEST, &rules::NO_CMD_ID));
        }
        match &command.kind {
            Kind::Request(request) if request.verb == Verb::Get => refused(&rules::ATOMIC_GET),
            Kind::Request(request) => {
                let stops = stops(self.mode);
                let way = || Way::InAtomic { stops };
                let mut applied = match self.first_replace_of_added(request) {
                    None => apply::apply(&mut self.device, request, way(), &mut self.uri),
                    Some(0) => refused(&rules::ATOMIC_ADD_REPLACE),
                    Some(index) => {
                        let before = Request {
                            items: request.items.iter().take(index).cloned().collect(),
                            ..request.clone()
                        };
                        let mut applied = apply::apply(&mut self.device, &before, way(), &mut self.uri);
                        if !applied.has_failed() {
                            applied.outcomes.extend(refused(&rules::ATOMIC_ADD_REPLACE).outcomes);
                        }
                        applied
                    }
                };
                // Items after the one that failed are not run.
                let missing = request.items.len().saturating_sub(applied.outcomes.len());
                applied.outcomes.extend(std::iter::repeat_n(skipped(), missing));
                if request.verb == Verb::Add {
                    self.added.extend(request.items.iter().filter_map(address));
                }
                applied
            }
            Kind::Alert(alert) => Applied::refused(apply::alert(alert)),
            Kind::Container(nested) => match nested.kind {
                ContainerKind::Atomic => refused(&rules::ATOMIC_NESTED),
                ContainerKind::Sequence => Applied::refused(Outcome::new(StatusCode::OK, &rules::SEQUENCE)),
            },
            Kind::Unknown(_) => {
                Applied::refused(Outcome::new(StatusCode::BAD_REQUEST, &rules::UNKNOWN_ELEMENT))
            }
            Kind::Status(_) | Kind::Results(_) => Applied::default(),
        }
    }

    /// The first Item of a Replace that is about a node which this Atomic has added.
    fn first_replace_of_added(&self, request: &Request) -> Option<usize> {
        let is_added = |item: &Item| address(item).is_some_and(|uri| self.added.contains(&uri));
        request.items.iter().position(is_added).filter(|_| request.verb == Verb::Replace)
    }
}

fn address(item: &Item) -> Option<LocUri> {
    LocUri::parse(apply::address(item)?.trim()).ok()
}

fn not_executed(command: &Command) -> Applied {
    let items = match &command.kind {
        Kind::Request(request) => request.items.len().max(1),
        Kind::Alert(_) | Kind::Container(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => 1,
    };
    Applied { outcomes: std::iter::repeat_n(skipped(), items).collect(), ..Applied::default() }
}

fn skipped() -> Outcome {
    Outcome::new(StatusCode::NOT_EXECUTED, &rules::ATOMIC_NOT_EXECUTED).because(0x8600_000E)
}

fn roll_back(applied: &mut Applied, to: &Outcome) {
    applied.effects.clear();
    for outcome in applied.outcomes.iter_mut().filter(|outcome| outcome.code == StatusCode::OK) {
        *outcome = to.clone();
    }
}
