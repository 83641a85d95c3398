//! What is remembered of one device: its last entries, and the device as it was before them.
//!
//! The live state `S` is cheap to copy and dear to keep in every version. So a journal keeps a copy of it, a
//! checkpoint, only here and there, and finds the state before the first entry that it still shows by applying again
//! the requests between them.
//!
//! Entries are opened in the order in which they change the device, and settled when their outcome is known, which may
//! be in another order. What is read, and what the sink gets, ends before the first one that is not settled.
//!
//! Deliberately absent: locks, devices, and what a request does.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::line::{Body, Call, Entry, Event, Exchange, Origin, Outcome};
use crate::event::DeviceEvent;

/// How much a journal shows at most, and how it keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Exchanges; as many calls of the control API may stand between them.
    pub(crate) exchanges: usize,
    /// Bytes of bodies.
    pub(crate) bytes: u64,
    /// A checkpoint comes after that many exchanges, or a sixteenth of `bytes`.
    pub(crate) chunk: usize,
    /// What all journals of the program may hold together.
    pub(crate) budget: Arc<Budget>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { exchanges: 1_000, bytes: 16 * MIB, chunk: 64, budget: Arc::new(Budget::new(512 * MIB)) }
    }
}

const MIB: u64 = 1024 * 1024;

/// What an entry is counted as beside its bodies.
const ENTRY: u64 = 256;

/// What all journals of the program hold together.
#[derive(Debug)]
pub(crate) struct Budget {
    held: AtomicU64,
    limit: u64,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub(crate) const fn new(limit: u64) -> Self {
        Self { held: AtomicU64::new(0), limit }
    }

    /// How much is held.
    pub(crate) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }
}

/// A message to the device.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    /// The device's clock when it came.
    pub(crate) at: DateTime<Utc>,
    /// Where it came from.
    pub(crate) origin: Origin,
    /// Its body.
    pub(crate) body: Bytes,
}

/// An entry that was opened and is to be settled.
#[derive(Debug)]
#[must_use = "nothing after an entry is read until it is settled"]
pub(crate) struct Ticket(u64);

/// Who gets every entry, in order, once it is settled.
pub(crate) type Sink = Box<dyn FnMut(&Entry) + Send>;

/// The last entries of one device.
pub(crate) struct Journal<S> {
    limits: Limits,
    held: Held,
    /// States to start from, oldest first. Never empty; the first one is before the first slot.
    checkpoints: VecDeque<Checkpoint<S>>,
    slots: VecDeque<Slot>,
    /// The index of the first slot that is shown. An index counts slots since the journal began.
    shown_from: u64,
    /// The index of the first slot that is not settled: what is shown ends before it.
    settled_to: u64,
    /// What is shown.
    shown: Amount,
    /// The exchanges and bytes since the last checkpoint.
    chunk: Amount,
    /// The number of the last entry that was settled.
    seq: u64,
    sink: Option<Sink>,
}

/// The state before a slot.
#[derive(Debug, Clone)]
struct Checkpoint<S> {
    from: u64,
    state: S,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Amount {
    exchanges: usize,
    calls: usize,
    bytes: u64,
}

#[derive(Debug)]
struct Slot {
    /// 0 until it is settled.
    seq: u64,
    at: DateTime<Utc>,
    what: What,
    /// What the device did meanwhile.
    events: Arc<[DeviceEvent]>,
}

/// The life of a slot.
#[derive(Debug)]
enum What {
    /// An exchange without its outcome.
    Opened(Origin, Bytes),
    /// An exchange.
    Settled(Exchange),
    /// A call whose outcome is not known.
    Asked(Call, u64),
    /// A call.
    Done(Call, u64),
    /// A request that is not shown any more, and is needed to come to the state after it.
    Applied(Origin, Bytes),
    /// Nothing that matters any more.
    Gone,
}

impl<S: Clone> Journal<S> {
    /// An empty journal of a device that is as `base` says.
    pub(crate) fn new(base: S, limits: Limits) -> Self {
        Self {
            held: Held { budget: Arc::clone(&limits.budget), bytes: 0 },
            limits,
            checkpoints: VecDeque::from([Checkpoint { from: 0, state: base }]),
            slots: VecDeque::new(),
            shown_from: 0,
            settled_to: 0,
            shown: Amount::default(),
            chunk: Amount::default(),
            seq: 0,
            sink: None,
        }
    }

    /// The journal, with somebody who gets every entry once it is settled.
    #[must_use]
    pub(crate) fn with_sink(mut self, sink: Sink) -> Self {
        self.sink = Some(sink);
        self
    }

    /// A message is about to be applied. `checkpoint` gives the state before that, and is asked now and then.
    pub(crate) fn open(&mut self, request: Request, checkpoint: impl FnOnce() -> S) -> Ticket {
        if self.chunk.exchanges >= self.limits.chunk || self.chunk.bytes > self.limits.bytes / 16 {
            self.start_from(checkpoint());
        }
        let Request { at, origin, body } = request;
        let bytes = body.len() as u64;
        self.chunk.exchanges += 1;
        self.chunk.bytes += bytes;
        self.push(at, What::Opened(origin, body), bytes)
    }

    /// What the device does because of what was opened, and has done since the entry before.
    pub(crate) fn note(&mut self, ticket: &Ticket, events: Arc<[DeviceEvent]>) {
        let added = bytes(&events);
        if let Some(slot) = self.slot_mut(ticket) {
            slot.events = events;
            self.held.add(added);
        }
    }

    /// What became of a message.
    pub(crate) fn settle(&mut self, ticket: Ticket, outcome: Outcome) {
        let added = outcome.bytes();
        if let Some(slot) = self.slot_mut(&ticket)
            && let What::Opened(origin, request) = mem::replace(&mut slot.what, What::Gone)
        {
            // What was refused has left the device as it was.
            let undone = match &outcome {
                Outcome::Answered { .. } => 0,
                Outcome::Refused { .. } => slot.forget_events(),
            };
            slot.what = What::Settled(Exchange { origin, request: request.into(), outcome });
            self.held.add(added);
            self.held.give_back(undone);
            self.advance();
        }
    }

    /// A call of the control API that is kept at once.
    #[cfg(test)]
    pub(crate) fn control(&mut self, at: DateTime<Utc>, call: Call, after: S) {
        let ticket = self.open_control(at, call, after);
        self.confirm(ticket);
    }

    /// The control API changes the device, which is now as `after` says. Whether it is kept is told by [`Self::confirm`]
    /// or [`Self::withdraw`].
    pub(crate) fn open_control(&mut self, at: DateTime<Utc>, call: Call, after: S) -> Ticket {
        let bytes = call.bytes();
        let ticket = self.push(at, What::Asked(call, bytes), bytes);
        self.start_from(after);
        ticket
    }

    /// The call's change was kept.
    pub(crate) fn confirm(&mut self, ticket: Ticket) {
        if let Some(slot) = self.slot_mut(&ticket)
            && let What::Asked(call, bytes) = mem::replace(&mut slot.what, What::Gone)
        {
            slot.what = What::Done(call, bytes);
            self.advance();
        }
    }

    /// The call's change was not kept: it leaves no entry. The state must have gone back by [`Self::undo`].
    pub(crate) fn withdraw(&mut self, ticket: Ticket) {
        if let Some(slot) = self.slot_mut(&ticket)
            && let What::Asked(_, bytes) = mem::replace(&mut slot.what, What::Gone)
        {
            let undone = bytes + slot.forget_events();
            self.held.give_back(undone);
            self.advance();
        }
    }

    /// The device went back to `state`: whatever is open has not changed it, and will be refused or withdrawn.
    pub(crate) fn undo(&mut self, state: S) {
        let first_open = self.settled_to;
        for checkpoint in self.checkpoints.iter_mut().filter(|checkpoint| checkpoint.from > first_open) {
            checkpoint.state = state.clone();
        }
        self.start_from(state);
    }

    /// What is shown now. It is quick to take under a lock, and read outside it.
    pub(crate) fn reading(&self) -> Reading<S> {
        let base = self.base();
        let (mut requests, mut entries) = (Vec::new(), Vec::with_capacity(self.shown.exchanges));
        for (index, slot) in (base..self.settled_to).zip(&self.slots) {
            match &slot.what {
                What::Applied(origin, body) => {
                    requests.push(Request { at: slot.at, origin: origin.clone(), body: body.clone() })
                }
                _ if index >= self.shown_from => entries.extend(slot.entry()),
                _ => {}
            }
        }
        let state = self.first_checkpoint().state.clone();
        Reading { state, requests, entries }
    }

    fn push(&mut self, at: DateTime<Utc>, what: What, bytes: u64) -> Ticket {
        let index = self.end();
        self.slots.push_back(Slot { seq: 0, at, what, events: Arc::default() });
        self.held.add(bytes + ENTRY);
        self.trim();
        Ticket(index)
    }

    /// The next slot starts from `state`.
    fn start_from(&mut self, state: S) {
        let from = self.end();
        self.chunk = Amount::default();
        match self.checkpoints.back_mut() {
            Some(last) if last.from == from => last.state = state,
            _ => self.checkpoints.push_back(Checkpoint { from, state }),
        }
        self.drop_passed();
    }

    /// Takes up what is settled now.
    fn advance(&mut self) {
        let base = self.base();
        while let Some(slot) = self.slots.get_mut(offset(base, self.settled_to)) {
            match &slot.what {
                What::Opened(..) | What::Asked(..) => break,
                What::Gone | What::Applied(..) => {}
                What::Settled(_) | What::Done(..) => {
                    self.seq += 1;
                    slot.seq = self.seq;
                    self.shown.add(slot.amount());
                    if let (Some(sink), Some(entry)) = (&mut self.sink, slot.entry()) {
                        sink(&entry);
                    }
                }
            }
            self.settled_to += 1;
        }
        self.trim();
    }

    /// Lets go of the oldest entries until what is left is within the limits.
    fn trim(&mut self) {
        while self.shown_from < self.settled_to
            && (self.shown.exceeds(&self.limits) || self.held.is_over_budget())
        {
            self.hide_oldest();
        }
    }

    fn hide_oldest(&mut self) {
        let base = self.base();
        if let Some(slot) = self.slots.get_mut(offset(base, self.shown_from)) {
            let before = slot.amount();
            self.shown.subtract(before);
            slot.what = match mem::replace(&mut slot.what, What::Gone) {
                What::Settled(Exchange {
                    origin,
                    request: Body::Bytes(request),
                    outcome: Outcome::Answered { .. },
                }) => What::Applied(origin, request),
                What::Settled(_) | What::Done(..) | What::Gone => What::Gone,
                open @ (What::Opened(..) | What::Asked(..) | What::Applied(..)) => open,
            };
            slot.forget_events();
            self.held.give_back(before.bytes - slot.kept());
        }
        self.shown_from += 1;
        self.drop_passed();
    }

    /// Drops the checkpoints and slots from which nothing starts any more.
    fn drop_passed(&mut self) {
        while let Some(next) = self.checkpoints.get(1).filter(|next| next.from <= self.shown_from) {
            let passed = offset(self.base(), next.from);
            for slot in self.slots.drain(..passed) {
                self.held.give_back(slot.kept() + ENTRY);
            }
            self.checkpoints.pop_front();
        }
    }

    fn slot_mut(&mut self, Ticket(index): &Ticket) -> Option<&mut Slot> {
        let offset = offset(self.base(), *index);
        self.slots.get_mut(offset)
    }

    fn first_checkpoint(&self) -> &Checkpoint<S> {
        self.checkpoints
            .front()
            .expect("a journal begins with a checkpoint and drops one only when another follows")
    }

    /// The index of the first slot.
    fn base(&self) -> u64 {
        self.first_checkpoint().from
    }

    /// The index of the next slot.
    fn end(&self) -> u64 {
        self.base() + self.slots.len() as u64
    }
}

/// What a journal showed at a moment.
#[derive(Debug)]
pub(crate) struct Reading<S> {
    state: S,
    requests: Vec<Request>,
    entries: Vec<Entry>,
}

impl<S> Reading<S> {
    /// The device as it was before the first entry that is shown, and the entries. `apply` does again what a request
    /// did to a state.
    pub(crate) fn roll(self, apply: impl Fn(&mut S, &Request)) -> (S, Vec<Entry>) {
        let mut state = self.state;
        for request in &self.requests {
            apply(&mut state, request);
        }
        (state, self.entries)
    }
}

impl Slot {
    /// The entry that is shown, if there is one.
    fn entry(&self) -> Option<Entry> {
        let event = match &self.what {
            What::Settled(exchange) => Event::Exchange(exchange.clone()),
            What::Done(call, _) => Event::Control(call.clone()),
            What::Opened(..) | What::Asked(..) | What::Applied(..) | What::Gone => return None,
        };
        Some(Entry { seq: self.seq, at: self.at, event, events: Arc::clone(&self.events) })
    }

    /// What it counts as when it is shown.
    fn amount(&self) -> Amount {
        match &self.what {
            What::Settled(exchange) => {
                Amount { exchanges: 1, calls: 0, bytes: exchange.bytes() + bytes(&self.events) }
            }
            What::Done(_, call) => Amount { exchanges: 0, calls: 1, bytes: call + bytes(&self.events) },
            What::Opened(..) | What::Asked(..) | What::Applied(..) | What::Gone => Amount::default(),
        }
    }

    /// Lets go of what the device did meanwhile, and gives the bytes that this was counted as.
    fn forget_events(&mut self) -> u64 {
        bytes(&mem::take(&mut self.events))
    }

    /// The bytes that it holds.
    fn kept(&self) -> u64 {
        match &self.what {
            What::Opened(_, body) | What::Applied(_, body) => body.len() as u64 + bytes(&self.events),
            What::Asked(_, call) => call + bytes(&self.events),
            What::Settled(_) | What::Done(..) | What::Gone => self.amount().bytes,
        }
    }
}

fn bytes(events: &[DeviceEvent]) -> u64 {
    events.iter().map(DeviceEvent::bytes).sum()
}

impl Amount {
    const fn add(&mut self, other: Self) {
        self.exchanges += other.exchanges;
        self.calls += other.calls;
        self.bytes += other.bytes;
    }

    const fn subtract(&mut self, other: Self) {
        self.exchanges -= other.exchanges;
        self.calls -= other.calls;
        self.bytes -= other.bytes;
    }

    const fn exceeds(&self, limits: &Limits) -> bool {
        self.exchanges > limits.exchanges || self.calls > limits.exchanges || self.bytes > limits.bytes
    }
}

/// A journal's share of the budget, given back when the journal goes.
#[derive(Debug)]
struct Held {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Held {
    fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.budget.held.fetch_add(bytes, Ordering::Relaxed);
    }

    fn give_back(&mut self, bytes: u64) {
        self.bytes -= bytes;
        self.budget.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn is_over_budget(&self) -> bool {
        self.budget.held() > self.budget.limit
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Where the slot of an index stands when the first one has the index `base`.
fn offset(base: u64, index: u64) -> usize {
    usize::try_from(index.saturating_sub(base)).unwrap_or(usize::MAX)
}
