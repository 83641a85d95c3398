//! One device that lives in the program: behind a lock, with its clock running, and beside it what the disk has.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use csp_model::Device;
use csp_model::agent::Event;
use parking_lot::{Mutex, MutexGuard};
use syncml::codec::{self, DecodeError, Encoding, Input};
use syncml::judge::Arrival;
use syncml::message::Message;
use syncml::session::device::{self as session, Misbehaviour};
use syncml::session::{Incoming, Turn};

use super::live::{Opened, Said, Unable};
use super::log::log;
use super::pipeline::{NotSaved, Wait};
use super::saving::{Captured, Open, Saving, Waiting, Word};
use super::{Around, Live};
use crate::aside::aside;
use crate::event::{DeviceEvent, Events, RecordedEvent};
use crate::transcript::{Call, Entry, Journal, Origin, Outcome, Reading, Redactor, Request};
use crate::violation::{RecordedViolation, Violation, Violations};

/// Messages beyond this many bytes are not applied by a thread that others wait for.
const LARGE: usize = 64 << 10;

/// One device of a fleet.
#[derive(Debug)]
pub(crate) struct Host {
    name: Arc<str>,
    around: Arc<Around>,
    state: Mutex<State>,
}

struct State {
    /// The device; `None` once it is taken away, or when it could not be saved at all.
    live: Option<Live>,
    journal: Journal<Live>,
    violations: Violations,
    events: Events,
    saving: Saving,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("live", &self.live)
            .field("saving", &self.saving)
            .finish_non_exhaustive()
    }
}

/// Why a request has no answer of the device's. The device is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// It is no message.
    #[error("the body is no SyncML message: {0}")]
    Malformed(DecodeError),
    /// The device has been taken away.
    #[error("the device is no more")]
    Gone,
    /// What it changed, or what it saw, could not be saved.
    #[error("cannot save the device: {0}")]
    NotSaved(#[from] NotSaved),
}

impl Refused {
    /// The status of HTTP that says so.
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::Gone => 404,
            Self::NotSaved(_) => 503,
        }
    }

    fn outcome(&self) -> Outcome {
        Outcome::Refused { http: self.status(), reason: self.to_string().into() }
    }
}

/// Why a call of the control API has not been done. The device is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotDone {
    /// The device is gone, or what has become of it could not be saved.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It cannot be done.
    #[error(transparent)]
    Unable(#[from] Unable),
}

/// What has come of a call of the control API.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    /// The device afterwards.
    pub(crate) device: Device,
    /// What it has done meanwhile: up to the call, and because of it.
    pub(crate) events: Arc<[DeviceEvent]>,
}

/// What has come of a message.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The device's message.
    pub(crate) answer: Bytes,
    /// What that is encoded in.
    pub(crate) encoding: Encoding,
    /// What the message has brought about; `None` where none came.
    pub(crate) turn: Option<Turn>,
    /// The session that the device has opened, if it is one.
    pub(crate) session: Option<Opened>,
    /// What the server did wrong.
    pub(crate) violations: Vec<Violation>,
}

/// What came, understood.
enum Came {
    /// Nothing: the device opens a session.
    Nothing(session::Opening),
    /// A message that was posted, and what its spans are about.
    Posted(Message, Input),
    /// What a server says in the session that the device has dialled in.
    Answer(Arc<str>, Message, Input),
}

impl Came {
    fn of(origin: &Origin, body: &[u8], limits: &codec::Limits) -> Result<Self, DecodeError> {
        let decoded = || codec::decode_with_text(body, limits);
        Ok(match origin {
            Origin::Opened(opening) => Self::Nothing((&**opening).into()),
            Origin::Posted { .. } => {
                let (message, input) = decoded()?;
                Self::Posted(message, input)
            }
            Origin::Dialled(dialled) => {
                let (message, input) = decoded()?;
                Self::Answer(Arc::clone(&dialled.session), message, input)
            }
        })
    }

    /// The message with its text, if one came.
    const fn message(&self) -> Option<(&Message, &Input)> {
        match self {
            Self::Nothing(_) => None,
            Self::Posted(message, input) | Self::Answer(_, message, input) => Some((message, input)),
        }
    }

    /// What the device says to it.
    fn say(&self, live: &mut Live, origin: &Origin, body: &[u8], at: DateTime<Utc>, most: usize) -> Said {
        let mac = origin.mac().map(|mac| (mac, body));
        let arrival = Arrival { bytes: Some(body.len()), channel: origin.channel() };
        match self {
            Self::Nothing(opening) => live.open(opening.clone(), at, most),
            Self::Posted(message, input) => {
                let encoding = Some(input.encoding());
                live.receive(Incoming { message, mac, encoding, arrival }, at, most)
            }
            Self::Answer(session, message, _) => {
                live.hear(session, Incoming { message, mac, encoding: None, arrival }, at)
            }
        }
    }
}

/// What a device says to what came at `at`, when it comes again: a device as it was then says what it said.
///
/// # Errors
/// When it is no message.
pub(crate) fn say_again(
    live: &mut Live,
    origin: &Origin,
    body: &[u8],
    at: DateTime<Utc>,
) -> Result<Said, DecodeError> {
    let settings = super::Settings::default();
    let came = Came::of(origin, body, &settings.message)?;
    Ok(came.say(live, origin, body, at, settings.most_sessions))
}

impl State {
    /// What was opened is final.
    fn close(&mut self, open: Open) {
        match open {
            Open::Exchange(ticket, answer, events) => {
                self.events.record(&events);
                self.journal.settle(ticket, answered(answer));
            }
            Open::Call(ticket, events) => {
                self.events.record(&events);
                self.journal.confirm(ticket);
            }
        }
    }
}

fn told(events: &[Event], live: &Live) -> Arc<[DeviceEvent]> {
    DeviceEvent::all(events, live.device.profile())
}

fn answered(answer: Bytes) -> Outcome {
    Outcome::Answered { http: 200, body: answer.into() }
}

impl Host {
    /// A device that the disk does not have yet. It has to be queued.
    pub(super) fn new(name: Arc<str>, device: Device, around: Arc<Around>) -> (Self, Wait) {
        let is_kept = around.pipeline.is_some();
        let mut host = Self::saved(name, device, around);
        let saving = &mut host.state.get_mut().saving;
        *saving = Saving::of_new(is_kept);
        let wait = saving.wait(None);
        (host, wait)
    }

    /// A device that the disk has.
    pub(super) fn saved(name: Arc<str>, device: Device, around: Arc<Around>) -> Self {
        let live = Live::new(device, around.settings.pace);
        let saving = Saving::of(around.pipeline.as_ref().map(|_| live.clone()));
        let mut journal = Journal::new(live.clone(), around.settings.journal.clone());
        if let Some(transcript) = &*around.transcript.lock() {
            journal = journal.with_sink(transcript.device(&name, Arc::new(live.device.snapshot())));
        }
        let state = State {
            journal,
            live: Some(live),
            violations: Violations::default(),
            events: Events::default(),
            saving,
        };
        Self { name, around, state: Mutex::new(state) }
    }

    /// Its name among the devices.
    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Answers a message of a server, or opens a session.
    ///
    /// # Errors
    /// When it is no message, the device is gone, or what came of it could not be saved.
    pub(crate) async fn answer(self: &Arc<Self>, origin: Origin, body: Bytes) -> Result<Heard, Refused> {
        let (heard, wait) = if body.len() > LARGE {
            let host = Arc::clone(self);
            aside(move || host.exchange(origin, body)).await?
        } else {
            self.exchange(origin, body)?
        };
        wait.done().await?;
        Ok(heard)
    }

    /// The session `id` that the device has opened is over: its server cannot be reached, or says nothing that can be
    /// understood.
    ///
    /// # Errors
    /// When the device is gone, or what has become of it could not be saved.
    pub(crate) async fn give_up(self: &Arc<Self>, id: &Arc<str>) -> Result<(), Refused> {
        let wait = {
            let mut guard = self.state.lock();
            let state = &mut *guard;
            let live = state.live.as_mut().ok_or(Refused::Gone)?;
            let at = live.now();
            let mut events = live.live_until(at);
            events.extend(live.give_up(id));
            let (after, events) = (live.clone(), told(&events, live));
            self.called(guard, at, Call::GivenUp { session: Arc::clone(id) }, after, events)
        };
        Ok(wait.done().await?)
    }

    /// Makes the next message of the session `id` that the device has opened wrong on purpose.
    pub(crate) fn misbehave(&self, id: &str, how: Misbehaviour) {
        if let Some(live) = &mut self.state.lock().live {
            live.misbehave(id, how);
        }
    }

    /// Does what the control API asks for: `call` says what that is, of the device as it is now.
    ///
    /// # Errors
    /// When it cannot be done, the device is gone, or what has become of it could not be saved.
    pub(crate) async fn call(
        self: &Arc<Self>,
        call: impl FnOnce(&Device) -> Result<Call, Unable> + Send + 'static,
    ) -> Result<Done, NotDone> {
        let host = Arc::clone(self);
        // Years of a device's life take a while.
        let (done, wait) = aside(move || host.begin(call)).await?;
        wait.done().await.map_err(Refused::from)?;
        Ok(done)
    }

    /// The same, to be waited for: until then the disk does not have it.
    ///
    /// # Errors
    /// When it cannot be done, or the device is gone.
    pub(crate) fn begin(
        self: &Arc<Self>,
        call: impl FnOnce(&Device) -> Result<Call, Unable>,
    ) -> Result<(Done, Wait), NotDone> {
        let mut guard = self.state.lock();
        let live = guard.live.as_ref().ok_or(Refused::Gone)?;
        let (mut next, at) = (live.clone(), live.now());
        let mut events = next.live_until(at);
        let call = call(&next.device)?;
        events.extend(next.perform(&call)?);
        let events = told(&events, &next);
        let done = Done { device: next.device.clone(), events: Arc::clone(&events) };
        guard.live = Some(next.clone());
        Ok((done, self.called(guard, at, call, next, events)))
    }

    /// What the device has done after the event numbered `since`, up to this moment.
    ///
    /// # Errors
    /// When it is gone, or what would be seen could not be saved.
    pub(crate) async fn events(self: &Arc<Self>, since: u64) -> Result<Vec<RecordedEvent>, Refused> {
        let wait = {
            let mut state = self.state.lock();
            let wait = state.saving.wait(None);
            self.queue(state);
            wait
        };
        wait.done().await?;
        self.happened(since)
    }

    /// The same, as far as it is saved.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn happened(&self, since: u64) -> Result<Vec<RecordedEvent>, Refused> {
        let (mut events, mut live) = {
            let state = self.state.lock();
            let live = state.live.as_ref().ok_or(Refused::Gone)?;
            // What others have changed meanwhile is told when it is saved.
            (state.events.clone(), state.saving.saved().unwrap_or(live).clone())
        };
        // The clock runs, and nobody has asked for more than to look: this is told again, alike, with the next entry.
        let now = live.now();
        let latest = live.live_until(now);
        events.record(&told(&latest, &live));
        Ok(events.since(since))
    }

    /// The device at this moment, as far as the disk has it, too.
    ///
    /// # Errors
    /// When it is gone, or what would be seen could not be saved.
    pub(crate) async fn look<R>(self: &Arc<Self>, read: impl FnOnce(&Device) -> R) -> Result<R, Refused> {
        let (seen, wait) = {
            let mut state = self.state.lock();
            let live = state.live.as_ref().ok_or(Refused::Gone)?;
            let (mut device, now) = (live.device.clone(), live.now());
            let wait = state.saving.wait(None);
            self.queue(state);
            device.advance_to(now);
            (read(&device), wait)
        };
        wait.done().await?;
        Ok(seen)
    }

    /// Makes the device what its file says again, at the start of its clock. Open sessions end.
    ///
    /// # Errors
    /// When it is gone, or that could not be saved.
    pub(crate) async fn reset(self: &Arc<Self>) -> Result<(), Refused> {
        self.replace(Call::Reset, Device::reset).await
    }

    /// Puts another device in its place. Open sessions end.
    ///
    /// # Errors
    /// When it is gone, or that could not be saved.
    pub(crate) async fn put(self: &Arc<Self>, device: Device) -> Result<(), Refused> {
        let call = Call::Snapshot { device: Arc::new(device.snapshot()) };
        self.replace(call, move |_| device).await
    }

    /// The device before the first exchange that is kept, and what has come since.
    pub(crate) fn transcript(&self) -> (Device, Vec<Entry>) {
        let reading: Reading<_> = self.state.lock().journal.reading();
        let settings = &self.around.settings;
        let (live, entries) = reading.roll(|live, request| {
            if let Ok(came) = Came::of(&request.origin, &request.body, &settings.message) {
                came.say(live, &request.origin, &request.body, request.at, settings.most_sessions);
            }
        });
        (live.device, entries)
    }

    /// What servers did wrong after the violation numbered `since`.
    pub(crate) fn violations(&self, since: u64) -> Vec<RecordedViolation> {
        self.state.lock().violations.since(since)
    }

    /// How many sessions are open.
    pub(crate) fn open_sessions(&self) -> usize {
        self.state.lock().live.as_ref().map_or(0, Live::open_sessions)
    }

    /// Takes the device away.
    pub(super) fn retire(self: &Arc<Self>) -> Result<Wait, Refused> {
        let mut state = self.state.lock();
        let mut live = state.live.take().ok_or(Refused::Gone)?;
        let at = live.now();
        let events = live.live_until(at);
        let events = told(&events, &live);
        Ok(self.called(state, at, Call::Deleted, live, events))
    }

    /// Lets the disk know where the clock stands.
    pub(super) fn rest(self: &Arc<Self>) -> Wait {
        let mut state = self.state.lock();
        let Some(live) = &mut state.live else { return Wait::Over };
        let (before, now) = (live.device.clock(), live.now());
        let events = live.live_until(now);
        if !events.is_empty() {
            let (after, events) = (live.clone(), told(&events, live));
            return self.called(state, now, Call::Advance { to: now }, after, events);
        }
        if live.device.clock() != before {
            state.saving.changed();
        }
        let wait = state.saving.wait(None);
        self.queue(state);
        wait
    }

    /// What the next commit takes along.
    pub(super) fn capture(&self) -> Captured {
        let mut state = self.state.lock();
        let after = state.live.clone();
        state.saving.capture(after)
    }

    /// The disk has what was captured. Gives the word for those who waited, and how many answers go out with it.
    pub(super) fn committed(&self, captured: Captured) -> (Word, u64) {
        let mut state = self.state.lock();
        let state = &mut *state;
        let waiting = state.saving.committed(captured);
        let mut word = Word { to: Vec::new(), is: Ok(()) };
        let mut answers = 0;
        for Waiting { done, entry } in waiting {
            if let Some(open) = entry {
                answers += u64::from(open.is_answer());
                state.close(open);
            }
            word.to.push(done);
        }
        (word, answers)
    }

    /// The disk does not have it: the device is what the disk has again. Gives the word for those who waited.
    ///
    /// Changes that came meanwhile may have it queued again, and it stays so.
    pub(super) fn undone(&self, why: &NotSaved) -> Word {
        self.go_back(why, |is_queued| is_queued)
    }

    /// Nobody takes it from the queue any more.
    pub(super) fn abandoned(&self) {
        self.go_back(&NotSaved::closed(), |_| false).send();
    }

    fn go_back(&self, why: &NotSaved, is_queued: impl FnOnce(bool) -> bool) -> Word {
        let mut state = self.state.lock();
        let state = &mut *state;
        let waiting = state.saving.go_back(is_queued);
        state.live = state.saving.saved().cloned();
        if let Some(live) = &state.live {
            state.journal.undo(live.clone());
        }
        let refused = Refused::NotSaved(why.clone());
        let mut word = Word { to: Vec::new(), is: Err(why.clone()) };
        for Waiting { done, entry } in waiting {
            match entry {
                Some(Open::Exchange(ticket, ..)) => state.journal.settle(ticket, refused.outcome()),
                Some(Open::Call(ticket, _)) => state.journal.withdraw(ticket),
                None => {}
            }
            word.to.push(done);
        }
        word
    }

    /// Whether it is no more, neither here nor on disk.
    pub(super) fn is_gone(&self) -> bool {
        let state = self.state.lock();
        state.live.is_none() && state.saving.saved().is_none()
    }

    /// The device in memory, which may not be on disk yet; `None` when it is gone.
    pub(crate) fn peek<R>(&self, read: impl FnOnce(&Device) -> R) -> Option<R> {
        let live = self.state.lock().live.clone()?;
        let mut device = live.device.clone();
        device.advance_to(live.now());
        Some(read(&device))
    }

    /// How many wait for the next commit.
    pub(super) fn waiting(&self) -> usize {
        self.state.lock().saving.waiting()
    }

    /// How many wait for the commit that is under way.
    #[cfg(test)]
    pub(super) fn riding(&self) -> usize {
        self.state.lock().saving.riding()
    }

    /// Takes what came. What it changed is there at once, and the answer may go when the wait is over.
    fn exchange(self: &Arc<Self>, origin: Origin, body: Bytes) -> Result<(Heard, Wait), Refused> {
        let settings = &self.around.settings;
        let came = Came::of(&origin, &body, &settings.message);
        // A copy: what is remembered must not hold on to the buffer that a connection reads into.
        let body = Bytes::copy_from_slice(&body);
        let came = came.map_err(|error| {
            let mut violation = Violation::malformed(&error);
            // Who sent it may read what it quotes of secrets; who looks later may not.
            violation.text = Redactor::reason(&body.clone().into(), violation.text.into()).to_string();
            (Refused::Malformed(error), violation)
        });
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let Some(live) = &state.live else { return Err(Refused::Gone) };
        let at = live.now();
        let request = Request { at, origin: origin.clone(), body: body.clone() };
        let ticket = state.journal.open(request, || live.clone());
        let came = match came {
            Ok(came) => came,
            Err((refused, violation)) => {
                tracing::info!(device = &*self.name, "refused: {}", violation.text);
                state.violations.record(at, violation);
                state.journal.settle(ticket, refused.outcome());
                return Err(refused);
            }
        };
        let mut next = live.clone();
        let said = came.say(&mut next, &origin, &body, at, settings.most_sessions);
        let Said { turn, answer, encoding, session, events } = said;
        let events = told(&events, &next);
        state.journal.note(&ticket, Arc::clone(&events));
        let is_changed = !next.device.changed_parts(&live.device).is_empty();
        let violations = match (&turn, came.message()) {
            (Some(turn), Some((_, input))) => Violation::all(&turn.findings, input),
            (Some(_) | None, _) => Vec::new(),
        };
        for violation in &violations {
            state.violations.record(at, violation.clone());
        }
        log(&self.name, came.message().map(|(message, _)| message), turn.as_ref());
        state.live = Some(next);
        let wait = self.settle(guard, is_changed, Open::Exchange(ticket, answer.clone(), events));
        Ok((Heard { answer, encoding, turn, session, violations }, wait))
    }

    /// Ends an exchange, or leaves that to the commit that takes along what it changed and saw.
    fn settle(self: &Arc<Self>, mut state: MutexGuard<'_, State>, is_changed: bool, open: Open) -> Wait {
        let is_kept = self.around.pipeline.is_some();
        if is_kept && is_changed {
            state.saving.changed();
        }
        if !state.saving.is_behind() {
            state.close(open);
            return Wait::Over;
        }
        let wait = state.saving.wait(Some(open));
        self.queue(state);
        wait
    }

    async fn replace(
        self: &Arc<Self>,
        call: Call,
        by: impl FnOnce(&Device) -> Device,
    ) -> Result<(), Refused> {
        let wait = {
            let mut guard = self.state.lock();
            let state = &mut *guard;
            let live = state.live.as_ref().ok_or(Refused::Gone)?;
            let (mut former, at) = (live.clone(), live.now());
            let events = former.live_until(at);
            let events = told(&events, &former);
            let next = Live::new(by(&former.device), self.around.settings.pace);
            state.live = Some(next.clone());
            self.called(guard, at, call, next, events)
        };
        Ok(wait.done().await?)
    }

    /// Notes a call of the control API after which the device is as `after` says, and what it has done meanwhile.
    fn called(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        at: DateTime<Utc>,
        call: Call,
        after: Live,
        events: Arc<[DeviceEvent]>,
    ) -> Wait {
        let ticket = state.journal.open_control(at, call, after);
        state.journal.note(&ticket, Arc::clone(&events));
        self.settle(state, true, Open::Call(ticket, events))
    }

    /// Tells the thread that commits, if somebody waits for it and it does not know yet.
    fn queue(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let is_new = state.saving.is_to_be_queued();
        // A job that is not taken any more looks at the device itself.
        drop(state);
        if let Some(pipeline) = self.around.pipeline.as_ref().filter(|_| is_new) {
            pipeline.save(vec![Arc::clone(self)]);
        }
    }
}
