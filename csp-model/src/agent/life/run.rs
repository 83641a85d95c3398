//! A run: it brings a device from instant to instant at which something happens to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{
    Agent, Caller, Event, EventKind, FaultKind, HResult, Record, RollbackKind, ScanSource, UpdateClass,
    UpdateId, UpdateState,
};
use super::offer::{Hold, Offers};
use super::rules::Rules;
use super::strike::{InForce, Plan, Strike};
use super::{client, restart, scan};
use crate::Device;
use crate::device::{Profile, UpdateEntry};

/// Updates in the order in which they came to where they wait.
pub(super) type Queue = BTreeSet<(DateTime<Utc>, UpdateId)>;
/// The same, with how long each may take before that: what may take least is first.
pub(super) type InstallQueue = BTreeSet<(TimeDelta, DateTime<Utc>, UpdateId)>;

/// A device on its way.
#[derive(Debug)]
pub(super) struct Run<'d> {
    pub(super) device: &'d mut Device,
    pub(super) profile: Arc<Profile>,
    pub(super) rules: Rules,
    events: Vec<Event>,
    /// When an update wants to be looked at again.
    pub(super) wakes: Queue,
    /// What waits for the download before it to end.
    pub(super) downloads: Queue,
    /// What waits for the installation before it to end.
    pub(super) installs: InstallQueue,
    /// What waits for a reason that other updates may take away.
    pub(super) blocked: BTreeSet<UpdateId>,
    pub(super) downloading: Option<UpdateId>,
    pub(super) installing: Option<UpdateId>,
    /// How many updates are being installed or wait for a restart.
    busy: Busy,
    /// What has to be found out anew, because what it rests on has changed.
    stale: Option<Stale>,
    /// By place in the catalog, whether an update that takes its place is delivered or installed.
    pub(super) superseded: Vec<bool>,
    /// The terms that are accepted although a fault has some refused; `None` while there is no such fault.
    pub(super) accepted: Option<BTreeSet<UpdateId>>,
    /// The faults that can strike now.
    pub(super) in_force: InForce,
    /// Whether one of them is so no longer, and nobody has looked whom that lets go on.
    pub(super) has_made_way: bool,
    next_scan: Option<DateTime<Utc>>,
    next_poll: Option<DateTime<Utc>>,
    next_client_scan: Option<DateTime<Utc>>,
    next_restart: Option<DateTime<Utc>>,
    next_edge: Option<DateTime<Utc>>,
}

/// How many updates are being installed or wait for a restart: feature updates, which want to be alone, and others.
#[derive(Debug, Clone, Copy, Default)]
struct Busy {
    features: usize,
    others: usize,
}

/// What an update is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Its time has come, or something around it has changed: what was decided by chance stays decided.
    Wake,
    /// Faults begin or end: those that begin may strike what is under way.
    Edge,
    /// Faults have been replaced: all of them may.
    NewFaults,
}

/// What has to be found out anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stale {
    /// Where updates may go.
    Updates,
    /// What policies mean, too: the version of Windows is another.
    Rules,
}

/// What happens next; at the same instant in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Again,
    Edge,
    Policy,
    Wake(UpdateId),
    Restart,
    Poll,
    ClientScan,
    Scan,
}

impl<'d> Run<'d> {
    /// A device that is brought to rest at its own time.
    pub(super) fn new(device: &'d mut Device) -> Self {
        let rules = Rules::of(device);
        let mut run = Self {
            profile: device.profile_arc(),
            rules,
            device,
            events: Vec::new(),
            wakes: Queue::new(),
            downloads: Queue::new(),
            installs: InstallQueue::new(),
            blocked: BTreeSet::new(),
            downloading: None,
            installing: None,
            busy: Busy::default(),
            stale: None,
            superseded: Vec::new(),
            accepted: None,
            in_force: InForce::default(),
            has_made_way: false,
            next_scan: None,
            next_poll: None,
            next_client_scan: None,
            next_restart: None,
            next_edge: None,
        };
        run.take_up_rollbacks();
        run.look_at_all(Occasion::Wake);
        run
    }

    pub(super) const fn now(&self) -> DateTime<Utc> {
        self.device.clock()
    }

    /// Lets everything happen that falls due until `time`.
    pub(super) fn until(&mut self, time: DateTime<Utc>) {
        while let Some((at, due)) = self.next().filter(|(at, _)| *at <= time) {
            self.device.set_clock(at);
            match due {
                Due::Again => match self.stale.take() {
                    Some(Stale::Rules) => self.read_rules(),
                    Some(Stale::Updates) | None => self.look_at_all(Occasion::Wake),
                },
                Due::Edge => {
                    self.begin_deployments();
                    self.look_at_all(Occasion::Edge);
                }
                Due::Policy => self.refresh_policy(),
                Due::Wake(id) => {
                    self.wakes.remove(&(at, id));
                    self.settle(id, Occasion::Wake);
                    self.fill();
                }
                Due::Restart => self.restart(),
                Due::Poll => {
                    self.poll();
                    self.reckon_client();
                }
                Due::ClientScan => self.client_scan(),
                Due::Scan => drop(self.scan_for(Caller::UpdateOrchestrator)),
            }
        }
        self.device.set_clock(time);
    }

    /// Lets everything happen that is due now.
    pub(super) fn until_now(&mut self) {
        self.until(self.now());
    }

    /// Leaves the device, and gives what happened.
    pub(super) fn end(mut self) -> Vec<Event> {
        self.until_now();
        let quiet = self.next().map(|(at, _)| at);
        self.device.is_at_rest_until(quiet.unwrap_or(DateTime::<Utc>::MAX_UTC));
        self.events
    }

    /// Looks at every update again, as faults may strike that did not before.
    pub(super) fn reconsider(&mut self) {
        self.look_at_all(Occasion::NewFaults);
    }

    pub(super) fn tell(&mut self, kind: EventKind, update: Option<UpdateId>, hresult: Option<HResult>) {
        let caller = match update {
            Some(update) => self.caller_of(update),
            None => Caller::default(),
        };
        self.events.push(Event { at: self.now(), kind, update, hresult, caller });
    }

    /// Tells what happens to the device as a whole, and who had it happen.
    pub(super) fn tell_as(&mut self, caller: Caller, kind: EventKind, hresult: Option<HResult>) {
        self.events.push(Event { at: self.now(), kind, update: None, hresult, caller });
    }

    /// Who has the agent do something with an update.
    fn caller_of(&self, id: UpdateId) -> Caller {
        let is_managed = self.rules.management.is_some()
            && self.profile.update(id).is_some_and(|update| self.rules.is_managed(update));
        if is_managed { Caller::CcmExec } else { Caller::UpdateOrchestrator }
    }

    /// An update comes to another state, now.
    pub(super) fn enter(
        &mut self,
        id: UpdateId,
        state: UpdateState,
        kind: EventKind,
        hresult: Option<HResult>,
    ) {
        let now = self.now();
        let Some(record) = self.device.agent_mut().records.get_mut(&id) else { return };
        let former = std::mem::replace(&mut record.state, state);
        record.since = now;
        self.moved(id, former, Some(state));
        self.tell(kind, Some(id), hresult);
    }

    /// Keeps account of who is where, when an update has gone from one state to another, or away.
    pub(super) fn moved(&mut self, id: UpdateId, from: UpdateState, to: Option<UpdateState>) {
        if self.downloading == Some(id) {
            self.downloading = None;
        }
        if self.installing == Some(id) {
            self.installing = None;
        }
        match to {
            Some(UpdateState::DOWNLOADING) => self.downloading = Some(id),
            Some(UpdateState::INSTALLING) => self.installing = Some(id),
            _ => {}
        }
        self.blocked.remove(&id);
        if to == Some(UpdateState::INSTALL_BLOCKED) {
            self.blocked.insert(id);
        }
        let is_busy =
            |state: UpdateState| state.intersects(UpdateState::INSTALLING | UpdateState::REBOOT_REQUIRED);
        let (was_busy, is_busy) = (is_busy(from), to.is_some_and(is_busy));
        if was_busy != is_busy {
            let count = self.busy.of(self.is_feature(id));
            *count = if is_busy { *count + 1 } else { count.saturating_sub(1) };
            self.has_made_way |= was_busy;
        }
        let came_in = UpdateState::REBOOT_REQUIRED | UpdateState::UPDATE_COMPLETED;
        if from == UpdateState::INSTALLING && to.is_some_and(|to| to.intersects(came_in)) {
            self.comes_in(id, to == Some(UpdateState::UPDATE_COMPLETED));
        }
        if to == Some(UpdateState::REBOOT_REQUIRED) {
            let due = restart::due(
                &self.profile,
                &self.rules,
                id,
                self.device.agent().records.get(&id),
                self.now(),
            );
            self.next_restart = self.next_restart.into_iter().chain(due).min();
        }
    }

    /// What an update that is in changes for others: it may bring a version of Windows, meet what they need, or take their
    /// place though it is approved no longer.
    fn comes_in(&mut self, id: UpdateId, is_installed: bool) {
        let Some(entry) = self.entry(id) else { return };
        if is_installed && entry.os.is_some() {
            self.stale = Some(Stale::Rules);
        } else if !self.offers().is_approved(&entry) {
            self.stale = self.stale.max(Some(Stale::Updates));
        }
        if is_installed {
            let now = self.now();
            let dependents = self.profile.dependents(entry.index()).iter();
            self.wakes.extend(dependents.map(|index| (now, self.profile.catalog()[*index].id)));
        }
    }

    /// Whether another update that wants to be alone, or does not leave this one alone, is in the way.
    pub(super) fn is_in_the_way(&self, id: UpdateId) -> bool {
        self.busy.features > 0 || (self.is_feature(id) && self.busy.others > 0)
    }

    fn is_feature(&self, id: UpdateId) -> bool {
        self.profile.update(id).is_some_and(|update| update.class() == UpdateClass::Feature)
    }

    pub(super) fn record(&self, id: UpdateId) -> Option<&Record> {
        self.device.agent().records.get(&id)
    }

    pub(super) fn change(&mut self, id: UpdateId, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.device.agent_mut().records.get_mut(&id) {
            change(record);
        }
    }

    pub(super) fn offers(&self) -> Offers<'_> {
        Offers { profile: &self.profile, agent: self.device.agent(), rules: &self.rules, now: self.now() }
    }

    /// Why an update that the device knows does not go on now, if it does not.
    pub(super) fn hold(&self, entry: &Entry) -> Option<Hold> {
        let is_superseded = self.superseded.get(entry.index()).copied().unwrap_or_default();
        let hold = self.offers().hold(entry, is_superseded);
        let is_kept =
            || self.in_force.is_planned(self.deployment_gate(), entry.id) && self.is_from_wsus(entry);
        hold.or_else(|| is_kept().then_some(Hold::Withheld))
    }

    /// What keeps a deployment from the device, as long as it lasts. A ConfigMgr client that cannot reach its management
    /// point goes by the policy that it has.
    fn deployment_gate(&self) -> &'static [FaultKind] {
        const ALL: [FaultKind; 2] = [FaultKind::NotInCollection, FaultKind::NoPolicy];
        if self.device.site().configmgr.is_some() { &ALL[..1] } else { &ALL }
    }

    fn is_from_wsus(&self, entry: &UpdateEntry) -> bool {
        self.rules.sources.of_update(entry) == ScanSource::Wsus
    }

    /// Whether one of `kinds` strikes an update now, or a scan where that is `None`. It counts as a strike.
    pub(super) fn strike(&mut self, kinds: &[FaultKind], update: Option<UpdateId>) -> Option<Strike> {
        self.strike_if(kinds, update, |_| true)
    }

    /// The same for what is under way: only with faults that are new to it.
    pub(super) fn strike_under_way(
        &mut self,
        kinds: &[FaultKind],
        update: UpdateId,
        occasion: Occasion,
    ) -> Option<Strike> {
        let now = self.now();
        match occasion {
            Occasion::Wake => None,
            Occasion::Edge => self.strike_if(kinds, Some(update), |begins| begins == Some(now)),
            Occasion::NewFaults => self.strike_if(kinds, Some(update), |_| true),
        }
    }

    fn strike_if(
        &mut self,
        kinds: &[FaultKind],
        update: Option<UpdateId>,
        begins: impl Fn(Option<DateTime<Utc>>) -> bool,
    ) -> Option<Strike> {
        let plan = Plan::of(self.device);
        let (place, strike) =
            plan.strike(self.device.agent(), &self.in_force, kinds, update, self.now(), begins)?;
        if plan.is_counted(place) {
            *self.device.agent_mut().faults.struck.entry(place).or_default() += 1;
        }
        Some(strike)
    }

    /// Whether users have agreed to an update, where policy asks them.
    pub(super) fn has_agreed(&self, record: &Record) -> bool {
        self.device.agent().agreed.is_some_and(|agreed| record.discovered <= agreed)
    }

    /// Users agree to everything that is known now.
    pub(super) fn agree(&mut self) {
        let now = self.now();
        self.device.agent_mut().agreed = Some(now);
    }

    /// When the next scan comes may have changed.
    pub(super) fn reckon_scan(&mut self) {
        self.next_scan = scan::next(self.device, &self.rules);
    }

    /// When the ConfigMgr client acts next may have changed.
    pub(super) fn reckon_client(&mut self) {
        self.next_poll = client::next_poll(self.device);
        self.next_client_scan = client::next_scan(self.device);
    }

    /// A deployment that begins is looked at in the light of a new scan.
    fn begin_deployments(&mut self) {
        let now = self.now();
        if self.rules.management.as_ref().is_some_and(|management| management.begins(now)) {
            self.device.agent_mut().client.is_to_scan = true;
        }
    }

    /// When the next restart comes may have changed.
    pub(super) fn reckon_restart(&mut self) {
        self.next_restart = restart::next(self.device, &self.rules);
    }

    /// Reads again what policies mean, and looks at everything in their light.
    pub(super) fn read_rules(&mut self) {
        self.rules = Rules::of(self.device);
        self.look_at_all(Occasion::Wake);
    }

    /// Looks at every update. Who is where is found out anew.
    pub(super) fn look_at_all(&mut self, occasion: Occasion) {
        let has_resumed = self.notice_pauses();
        self.in_force = Plan::of(self.device).in_force(self.now());
        self.superseded = self.offers().superseded();
        self.accepted = self.accepted_terms();
        self.wakes.clear();
        self.downloads.clear();
        self.installs.clear();
        self.blocked.clear();
        self.busy = Busy::default();
        self.downloading = None;
        self.installing = None;
        let mut moving = Vec::new();
        let device = &*self.device;
        for (id, record) in &device.agent().records {
            if record.state == UpdateState::UPDATE_COMPLETED {
                continue;
            }
            moving.push(*id);
            match record.state {
                UpdateState::DOWNLOADING => self.downloading = Some(*id),
                UpdateState::INSTALLING => self.installing = Some(*id),
                UpdateState::INSTALL_BLOCKED => drop(self.blocked.insert(*id)),
                _ => {}
            }
            if record.state.intersects(UpdateState::INSTALLING | UpdateState::REBOOT_REQUIRED) {
                let is_feature = self.is_feature(*id);
                *self.busy.of(is_feature) += 1;
            }
        }
        for id in moving {
            self.settle(id, occasion);
        }
        self.fill();
        self.reckon_scan();
        self.reckon_client();
        self.reckon_restart();
        self.reckon_edge();
        if has_resumed && self.next_scan.is_some() {
            self.next_scan = Some(self.now());
        }
    }

    /// Tells of pauses that have begun or are over, and gives whether one is over.
    fn notice_pauses(&mut self) -> bool {
        let now = self.now();
        let seen = self.rules.pauses.noticed(now);
        let known = self.device.agent().noticed;
        if seen != known {
            self.device.agent_mut().noticed = seen;
        }
        let [begins, ends] = [(&seen, &known), (&known, &seen)].map(|(one, other)| {
            (one.quality_paused && !other.quality_paused) || (one.feature_paused && !other.feature_paused)
        });
        if begins {
            self.tell(EventKind::Paused, None, None);
        }
        if ends {
            self.tell(EventKind::Resumed, None, None);
        }
        ends
    }

    /// The terms that approvals accept, where a fault has some refused.
    fn accepted_terms(&self) -> Option<BTreeSet<UpdateId>> {
        let refuses = [FaultKind::EulaNotAccepted];
        self.in_force.has(&refuses).then(|| {
            let offers = self.offers();
            let accepts = |update: &&UpdateEntry| {
                offers.is_approved(update) && !self.in_force.is_planned(&refuses, update.id)
            };
            self.profile.catalog().iter().filter(accepts).filter_map(|update| update.eula).collect()
        })
    }

    fn reckon_edge(&mut self) {
        let now = self.now();
        let pauses = &self.rules.pauses;
        let deployments = self.rules.management.as_ref().and_then(|management| management.edge_after(now));
        let edges =
            [pauses.begins(now), pauses.ends(now), Plan::of(self.device).edge_after(now), deployments];
        self.next_edge = edges.into_iter().flatten().min();
    }

    fn next(&self) -> Option<(DateTime<Utc>, Due)> {
        let now = self.now();
        let unread = self.device.agent().unread.as_ref().map(|unread| (unread.until.max(now), Due::Policy));
        let wake = self.wakes.first().map(|(at, id)| (*at, Due::Wake(*id)));
        let at = |time: Option<DateTime<Utc>>, due| time.map(|time| (time.max(now), due));
        let all = [
            self.stale.map(|_| (now, Due::Again)),
            at(self.next_edge, Due::Edge),
            unread,
            wake,
            at(self.next_restart, Due::Restart),
            at(self.next_poll, Due::Poll),
            at(self.next_client_scan, Due::ClientScan),
            at(self.next_scan, Due::Scan),
        ];
        all.into_iter().flatten().min()
    }

    fn refresh_policy(&mut self) {
        self.device.read_policy();
        self.tell(EventKind::PolicyRefreshed, None, None);
        self.read_rules();
    }

    /// A rollback that was asked for begins, and the event log has one that was refused.
    fn take_up_rollbacks(&mut self) {
        for kind in [RollbackKind::Quality, RollbackKind::Feature] {
            if let Some(why) = self.agent().rollbacks.of(kind).refused {
                self.device.agent_mut().rollbacks.of_mut(kind).refused = None;
                self.tell(EventKind::RollbackRefused { why }, None, Some(HResult::NOT_FOUND));
            }
            let pending = self.device.agent().rollbacks.of(kind).pending;
            let Some(pending) = pending.filter(|pending| pending.since.is_none()) else { continue };
            let now = self.now();
            let rollback = self.device.agent_mut().rollbacks.of_mut(kind);
            rollback.pending = Some(super::super::Reverting { since: Some(now), ..pending });
            self.tell(EventKind::RollbackStarted, Some(pending.update), None);
        }
    }

    pub(super) fn entry(&self, id: UpdateId) -> Option<Entry> {
        Some(Entry { profile: Arc::clone(&self.profile), index: self.profile.index_of(id)? })
    }

    pub(super) fn agent(&self) -> &Agent {
        self.device.agent()
    }
}

impl Busy {
    const fn of(&mut self, is_feature: bool) -> &mut usize {
        if is_feature { &mut self.features } else { &mut self.others }
    }
}

/// An entry of the catalog that outlives a look at the run.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    profile: Arc<Profile>,
    index: usize,
}

impl Entry {
    /// Where it stands in the catalog.
    pub(super) const fn index(&self) -> usize {
        self.index
    }
}

impl std::ops::Deref for Entry {
    type Target = UpdateEntry;

    fn deref(&self) -> &UpdateEntry {
        &self.profile.catalog()[self.index]
    }
}
