//! The journal against a list that keeps everything.

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::journal::Budget;
use super::super::*;

/// A device that is what it was told: the numbers of the requests since its last beginning.
type State = Vec<u64>;

#[derive(Debug, Clone)]
enum Step {
    /// A message of so many bytes is applied.
    Open(usize),
    /// One that is none is refused at once.
    Malformed(usize),
    /// An open one, of those there are, gets an answer of so many bytes.
    Settle(prop::sample::Index, usize),
    /// The oldest open one does.
    SettleOldest(usize),
    /// A call is made and kept.
    Control,
    /// A call is made and waits.
    OpenControl,
    /// What is open cannot be kept.
    Undo,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_usize..60).prop_map(Step::Open),
        2 => (0_usize..60).prop_map(Step::Malformed),
        6 => (any::<prop::sample::Index>(), 0_usize..60).prop_map(|(which, bytes)| Step::Settle(which, bytes)),
        6 => (0_usize..60).prop_map(Step::SettleOldest),
        1 => Just(Step::Control),
        1 => Just(Step::OpenControl),
        1 => Just(Step::Undo),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    (0_usize..12, 0_u64..900, 1_usize..6).prop_map(|(exchanges, bytes, chunk)| Limits {
        exchanges,
        bytes,
        chunk,
        budget: Arc::new(Budget::new(u64::MAX)),
    })
}

/// What the list knows of an entry.
#[derive(Debug, Clone)]
struct Known {
    number: u64,
    is_call: bool,
    /// Whether it changed the device.
    is_applied: bool,
    /// Whether it was open when the device went back.
    is_undone: bool,
    /// The bytes of the request.
    request: u64,
    /// The bytes that it is counted as, once it is settled.
    settled: Option<u64>,
}

struct Model {
    journal: Journal<State>,
    limits: Limits,
    live: State,
    list: Vec<Known>,
    open: Vec<(usize, Ticket)>,
    fed: Arc<Mutex<Vec<Entry>>>,
}

fn clock(number: u64) -> DateTime<Utc> {
    DateTime::from_timestamp(i64::try_from(number).unwrap(), 0).unwrap()
}

/// A body of that many bytes and more, which says its number.
fn body(number: u64, bytes: usize) -> Bytes {
    format!("{number}:{}", "x".repeat(bytes)).into()
}

fn apply(state: &mut State, request: &Request) {
    let text = std::str::from_utf8(&request.body).unwrap();
    let number = text.split(':').next().unwrap().parse().unwrap();
    assert_eq!(request.at, clock(number));
    state.push(number);
}

impl Model {
    fn new(limits: Limits) -> Self {
        let fed = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&fed);
        let sink = Box::new(move |entry: &Entry| to.lock().unwrap().push(entry.clone()));
        let journal = Journal::new(State::new(), limits.clone()).with_sink(sink);
        Self { journal, limits, live: State::new(), list: Vec::new(), open: Vec::new(), fed }
    }

    fn know(&mut self, is_call: bool, is_applied: bool, settled: Option<u64>) -> u64 {
        let number = self.list.len() as u64;
        self.list.push(Known { number, is_call, is_applied, is_undone: false, request: 0, settled });
        number
    }

    fn request(number: u64, bytes: usize) -> Request {
        Request {
            at: clock(number),
            origin: Origin::Posted { media_type: Some("text/xml".into()), mac: None },
            body: body(number, bytes),
        }
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Open(bytes) => {
                let number = self.know(false, true, None);
                let request = Self::request(number, bytes);
                self.list.last_mut().unwrap().request = request.body.len() as u64;
                let ticket = self.journal.open(request, || self.live.clone());
                self.live.push(number);
                self.open.push((self.list.len() - 1, ticket));
            }
            Step::Malformed(bytes) => {
                let number = self.know(false, false, None);
                let request = Self::request(number, bytes);
                let length = request.body.len() as u64;
                let ticket = self.journal.open(request, || self.live.clone());
                self.journal.settle(ticket, Outcome::Refused { http: 400, reason: "no".into() });
                self.list.last_mut().unwrap().settled = Some(length + 2);
            }
            Step::Settle(which, bytes) if !self.open.is_empty() => {
                let which = which.index(self.open.len());
                self.settle(which, bytes);
            }
            Step::SettleOldest(bytes) if !self.open.is_empty() => self.settle(0, bytes),
            Step::Settle(..) | Step::SettleOldest(_) => {}
            Step::Control => {
                let number = self.know(true, true, Some(0));
                self.live = vec![number];
                self.journal.control(clock(number), Call::Reset, self.live.clone());
            }
            Step::OpenControl => {
                let number = self.know(true, true, None);
                self.live = vec![number];
                let ticket = self.journal.open_control(clock(number), Call::Reset, self.live.clone());
                self.open.push((self.list.len() - 1, ticket));
            }
            Step::Undo => self.undo(),
        }
    }

    fn settle(&mut self, which: usize, bytes: usize) {
        let (place, ticket) = self.open.remove(which);
        let known = &mut self.list[place];
        let request = known.request;
        match (known.is_call, known.is_undone) {
            (true, true) => {
                self.journal.withdraw(ticket);
                known.settled = Some(0);
            }
            (true, false) => {
                self.journal.confirm(ticket);
                known.settled = Some(0);
            }
            (false, true) => {
                self.journal.settle(ticket, Outcome::Refused { http: 503, reason: "full".into() });
                known.settled = Some(request + 4);
            }
            (false, false) => {
                let answer = Bytes::from("a".repeat(bytes));
                self.journal.settle(ticket, Outcome::Answered { http: 200, body: answer.into() });
                known.settled = Some(request + bytes as u64);
            }
        }
    }

    /// A store keeps in order: what was settled after something that is open has not changed the device.
    fn undo(&mut self) {
        let first = self.first_open();
        let is_kept_in_order = self.list[first..]
            .iter()
            .all(|known| known.settled.is_none() || !known.is_applied || known.is_undone);
        if is_kept_in_order {
            for (place, _) in &self.open {
                self.list[*place].is_undone = true;
                self.list[*place].is_applied = false;
            }
            self.live = Self::state_after(&self.list[..first]);
            self.journal.undo(self.live.clone());
        }
    }

    fn first_open(&self) -> usize {
        self.list.iter().position(|known| known.settled.is_none()).unwrap_or(self.list.len())
    }

    fn state_after(list: &[Known]) -> State {
        let mut state = State::new();
        for known in list.iter().filter(|known| known.is_applied) {
            if known.is_call {
                state.clear();
            }
            state.push(known.number);
        }
        state
    }

    /// Entries that were withdrawn leave nothing.
    fn is_entry(known: &Known) -> bool {
        !(known.is_call && known.is_undone)
    }

    /// Where what is shown begins and ends: the longest end, of what is settled, that is within the limits.
    fn shown(&self) -> (usize, usize) {
        let end = self.first_open();
        let (mut start, mut exchanges, mut calls, mut bytes) = (end, 0, 0, 0);
        for known in self.list[..end].iter().rev() {
            if Self::is_entry(known) {
                exchanges += usize::from(!known.is_call);
                calls += usize::from(known.is_call);
                bytes += known.bytes();
            }
            if exchanges > self.limits.exchanges || calls > self.limits.exchanges || bytes > self.limits.bytes
            {
                break;
            }
            start -= 1;
        }
        (start, end)
    }

    fn check(&self) {
        let (start, end) = self.shown();
        let (state, entries) = self.journal.reading().roll(apply);
        assert_eq!(state, Self::state_after(&self.list[..start]), "the state before what is shown");
        let numbered: Vec<_> =
            self.list[..end].iter().filter(|known| Self::is_entry(known)).zip(1_u64..).collect();
        let expected: Vec<_> = numbered
            .iter()
            .filter(|(known, _)| known.number >= start as u64)
            .map(|(known, seq)| (*seq, clock(known.number), known.is_call))
            .collect();
        let found: Vec<_> = entries.iter().map(|entry| (entry.seq, entry.at, is_call(entry))).collect();
        assert_eq!(found, expected, "what is shown");
        let fed = self.fed.lock().unwrap();
        assert_eq!(fed.len(), numbered.len(), "what the sink was fed");
        assert!(fed.iter().zip(1..).all(|(entry, seq)| entry.seq == seq));
        assert!(fed.ends_with(&entries), "the sink is fed what is shown");
    }
}

impl Known {
    fn bytes(&self) -> u64 {
        self.settled.unwrap_or_default()
    }
}

fn is_call(entry: &Entry) -> bool {
    match entry.event {
        Event::Control(_) => true,
        Event::Exchange(_) | Event::Device(_) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn it_shows_what_a_list_would(limits in limits(), steps in vec(step(), 0..120)) {
        let budget = Arc::clone(&limits.budget);
        let mut model = Model::new(limits);
        for step in &steps {
            model.run(step);
            model.check();
        }
        drop(model);
        prop_assert_eq!(budget.held(), 0, "a journal that goes gives back what it held");
    }

    /// What is held beside what is shown and what is open: requests of one chunk.
    #[test]
    fn it_holds_little_beside_what_it_shows(sizes in vec((0_usize..3_000, 0_usize..3_000), 1..200)) {
        const BYTES: u64 = 16_000;
        let budget = Arc::new(Budget::new(u64::MAX));
        let limits = Limits { exchanges: 20, bytes: BYTES, chunk: 8, budget: Arc::clone(&budget) };
        let mut journal = Journal::new((), limits);
        for (request, answer) in sizes {
            let request = Request { at: clock(0), origin: Origin::Posted { media_type: None, mac: None }, body: vec![0; request].into() };
            let ticket = journal.open(request, || ());
            journal.settle(ticket, Outcome::Answered { http: 200, body: Bytes::from(vec![0; answer]).into() });
            let entries = (20 + 8) * 256;
            prop_assert!(budget.held() <= BYTES + BYTES / 16 + 3_000 + entries, "{} bytes", budget.held());
        }
    }

    /// Whoever adds to a budget that is used up lets go of what is old.
    #[test]
    fn the_budget_of_all_holds(sizes in vec((0_usize..3, 0_usize..2_000), 1..200), limit in 0_u64..20_000) {
        let budget = Arc::new(Budget::new(limit));
        let limits = Limits { budget: Arc::clone(&budget), chunk: 4, ..Limits::default() };
        let mut journals: Vec<_> = (0..3).map(|_| Journal::new(State::new(), limits.clone())).collect();
        for (number, (which, size)) in (0_u64..).zip(sizes) {
            let request = Request { at: clock(number), origin: Origin::Posted { media_type: None, mac: None }, body: body(number, size) };
            let before = Cell::new(false);
            let journal = &mut journals[which];
            let ticket = journal.open(request, || { before.set(true); State::new() });
            journal.settle(ticket, Outcome::Answered { http: 200, body: body(number, size).into() });
            let (_, entries) = journal.reading().roll(|_, _| {});
            prop_assert!(budget.held() <= limit || entries.is_empty(), "{} of {limit}", budget.held());
        }
        drop(journals);
        prop_assert_eq!(budget.held(), 0);
    }
}

#[test]
fn a_thousand_exchanges_are_shown_and_no_more() {
    let mut journal = Journal::new(0_u64, Limits::default());
    for number in 0..2_500_u64 {
        let request = Request {
            at: clock(number),
            origin: Origin::Posted { media_type: None, mac: None },
            body: body(number, 10),
        };
        let ticket = journal.open(request, || number);
        journal
            .settle(ticket, Outcome::Answered { http: 200, body: Bytes::from_static(b"<SyncML/>").into() });
    }
    let applied = Cell::new(0);
    let (state, entries) = journal.reading().roll(|state, _| {
        *state += 1;
        applied.set(applied.get() + 1);
    });
    assert_eq!((state, entries.len()), (1_500, 1_000));
    assert_eq!(entries.first().map(|entry| entry.seq), Some(1_501));
    assert!(applied.get() < 64, "{} requests were applied again", applied.get());
}
