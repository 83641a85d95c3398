//! An own transcript, lived through again: from its snapshot, with its clock, whatever was said and done.
//!
//! Where credentials were redacted, those of servers cannot be checked, and the device asks for none.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use csp_model::agent::Event as Happened;
use csp_model::device::Snapshot;
use csp_model::{Device, Value};
use syncml::codec::{self, Limits};

use super::super::Listener;
use super::super::capture::{CaptureError, Completeness, Format, Note, Place, Side, TranscriptLines};
use super::super::compare::{Ignore, Maps, Weight};
use super::super::outcome::{Different, Of, Played};
use super::messages::{Comparison, Expected, Question, whole};
use crate::clock::Pace;
use crate::event::DeviceEvent;
use crate::fleet::{self, Live};
use crate::transcript::{Body, Call, Entry, Event, Exchange, Line, Origin, Outcome, Record, Secrets};

/// A device of the transcript, and what came of it so far.
struct Living {
    /// `None` once nothing can be said of it any more.
    live: Option<Live>,
    played: Played,
    maps: Maps,
    seq: u64,
    secrets: Secrets,
}

/// Differences of a device that are kept until they are told: a transcript may be longer than memory.
const MOST_KEPT: usize = 64;

/// Lives through a transcript. `listener` hears of each device when it is over, and of one with many differences from time
/// to time, and of `notes` with the first; an error ends the transcript, not what came before it.
///
/// # Errors
/// When the file cannot be read, or breaks off being a transcript.
pub(crate) fn transcript(
    path: &Path,
    ignore: &Ignore,
    mut notes: Vec<Note>,
    listener: &mut dyn Listener,
) -> Result<(), CaptureError> {
    let capture: Arc<str> = path.display().to_string().into();
    let mut living: BTreeMap<Arc<str>, Living> = BTreeMap::new();
    let mut secrets = Secrets::default();
    let mut ended = Ok(());
    for read in TranscriptLines::open(path)? {
        let (place, record) = match read {
            Ok(read) => read,
            Err(error) => {
                ended = Err(error);
                break;
            }
        };
        listener.read(place.offset);
        match record {
            Record::Header(header) => {
                for (_, over) in std::mem::take(&mut living) {
                    listener.played(over.over());
                }
                secrets = header.secrets;
                let mut device = Living::new(&capture, &header.name, header.device, secrets, &place);
                device.played.notes.append(&mut notes);
                living.insert(header.name, device);
            }
            Record::Cut(line) => {
                if let Some(living) = living.values_mut().next() {
                    living.played.note(Some(&place), format!("line {line} breaks off"));
                }
            }
            Record::Line(Line { name, entry }) => match entry.event {
                Event::Device(snapshot) => {
                    let device = Living::new(&capture, &name, snapshot, secrets, &place);
                    if let Some(before) = living.insert(name, device) {
                        listener.played(before.over());
                    }
                }
                Event::Exchange(_) | Event::Control(_) => {
                    let unknown = || Living::unknown(&capture, &name);
                    let living = living.entry(Arc::clone(&name)).or_insert_with(unknown);
                    living.line(entry, &place, ignore);
                    if living.played.different.len() >= MOST_KEPT {
                        listener.played(living.so_far());
                    }
                }
            },
        }
    }
    living.into_values().for_each(|living| listener.played(living.over()));
    ended
}

impl Living {
    fn unknown(capture: &Arc<str>, name: &Arc<str>) -> Self {
        let played = Played::new(Arc::clone(capture), Format::Transcript, Of::Device, Arc::clone(name));
        Self { live: None, played, maps: Maps::strict(), seq: 0, secrets: Secrets::Hidden }
    }

    fn new(
        capture: &Arc<str>,
        name: &Arc<str>,
        snapshot: Arc<Snapshot>,
        secrets: Secrets,
        place: &Place,
    ) -> Self {
        let mut living = Self { secrets, ..Self::unknown(capture, name) };
        living.start(snapshot, place);
        living
    }

    fn start(&mut self, snapshot: Arc<Snapshot>, place: &Place) {
        let mut snapshot = Arc::unwrap_or_clone(snapshot);
        if self.secrets == Secrets::Hidden {
            forget_server_credentials(&mut snapshot);
        }
        match Device::from_snapshot(snapshot) {
            Ok(device) => self.live = Some(Live::new(device, Pace::Frozen)),
            Err(error) => {
                self.live = None;
                self.played.note(Some(place), format!("the device cannot be made: {error}"));
            }
        }
    }

    fn over(mut self) -> Played {
        self.so_far()
    }

    /// What came of it since this was asked last.
    fn so_far(&mut self) -> Played {
        let changed = self.maps.changed().map(|(one, other)| (one.to_owned(), other.to_owned()));
        self.played.mapped = changed.collect();
        let Played { capture, format, session, .. } = &self.played;
        let next = Played::new(Arc::clone(capture), *format, Of::Device, Arc::clone(session));
        std::mem::replace(&mut self.played, next)
    }

    fn line(&mut self, entry: Entry, place: &Place, ignore: &Ignore) {
        let Entry { seq, at, event, events } = entry;
        if self.seq != 0 && seq != self.seq + 1 {
            let text =
                format!("lines {} to {} of the device are missing", self.seq + 1, seq.saturating_sub(1));
            self.played.note(Some(place), text);
        }
        self.seq = seq;
        let happened = match event {
            Event::Exchange(exchange) => self.exchange(exchange, at, place, ignore),
            Event::Control(call) => self.call(&call, at, place),
            Event::Device(_) => None,
        };
        if let (Some(happened), Some(live)) = (happened, &self.live) {
            let now = DeviceEvent::all(&happened, live.device.profile());
            self.compare_events(&events, &now, place);
        }
    }

    fn exchange(
        &mut self,
        exchange: Exchange,
        at: DateTime<Utc>,
        place: &Place,
        ignore: &Ignore,
    ) -> Option<Vec<Happened>> {
        let live = self.live.as_mut()?;
        let Exchange { origin, request, outcome } = exchange;
        let request = match request {
            Body::Bytes(request) => request,
            Body::Withheld(_) => {
                self.played.note(Some(place), "not played: the message was withheld");
                return None;
            }
        };
        let number = usize::try_from(self.seq).unwrap_or(usize::MAX);
        let said = fleet::say_again(live, &origin, &request, at);
        let mut comparison = Comparison { played: &mut self.played, maps: &mut self.maps, ignore };
        let expected =
            |body| Expected { number, from: Side::Device, body, place, completeness: Completeness::Whole };
        match (said, outcome) {
            (Ok(said), Outcome::Answered { body: Body::Bytes(body), .. }) => {
                // Where both are the same bytes, as in all but a few messages, nobody looks into them.
                let question =
                    if body == said.answer { Question::default() } else { question(&origin, &request) };
                comparison.message(expected(&body), &said.answer, &question);
                Some(said.events)
            }
            (Ok(said), Outcome::Answered { body: Body::Withheld(_), .. }) => {
                comparison.played.note(Some(place), "not compared: the answer was withheld");
                Some(said.events)
            }
            (Err(_), Outcome::Refused { .. }) => {
                comparison.played.compared += 1;
                None
            }
            (Err(error), Outcome::Answered { body, .. }) => {
                let body = match body {
                    Body::Bytes(body) => body,
                    Body::Withheld(_) => Bytes::new(),
                };
                comparison.silence(expected(&body), &format!("a refusal: {error}"));
                None
            }
            (Ok(said), Outcome::Refused { http, reason }) => {
                // What could not be kept was understood all the same, and the device is as it was.
                if http != 400 {
                    comparison.played.note(Some(place), format!("not played: refused with {http}: {reason}"));
                    return None;
                }
                let mut difference = whole(Weight::DifferentMeaning, Some("a refusal"), Some("an answer"));
                difference.expected = Some(format!("a refusal: {reason}"));
                let body = Bytes::new();
                comparison.played.compared += 1;
                let different = expected(&body).different(Some(said.answer), vec![difference]);
                comparison.played.differ(different);
                None
            }
        }
    }

    fn call(&mut self, call: &Call, at: DateTime<Utc>, place: &Place) -> Option<Vec<Happened>> {
        if let Call::Snapshot { device } = call {
            self.start(Arc::clone(device), place);
            return None;
        }
        let live = self.live.as_mut()?;
        match call {
            Call::Reset => {
                let device = live.device.reset();
                self.live = Some(Live::new(device, Pace::Frozen));
                None
            }
            Call::Deleted => {
                self.live = None;
                None
            }
            Call::Created | Call::Snapshot { .. } => None,
            Call::GivenUp { session } => {
                let mut events = live.live_until(at);
                events.extend(live.give_up(session));
                Some(events)
            }
            Call::Advance { .. }
            | Call::Scan { .. }
            | Call::Restart
            | Call::Pause { .. }
            | Call::Resume
            | Call::Faults { .. }
            | Call::Registry { .. }
            | Call::PolicyRefresh
            | Call::Site { .. }
            | Call::Install
            | Call::ClientReset => {
                // The line of an advance has the time that it was moved to.
                let before = if matches!(call, Call::Advance { .. }) { live.device.clock() } else { at };
                let mut events = live.live_until(before);
                match live.perform(call) {
                    Ok(more) => events.extend(more),
                    Err(error) => self.played.note(Some(place), format!("cannot be done any more: {error}")),
                }
                Some(events)
            }
        }
    }

    fn compare_events(&mut self, expected: &[DeviceEvent], now: &[DeviceEvent], place: &Place) {
        if expected == now {
            return;
        }
        let told = |events: &[DeviceEvent]| {
            let told: Vec<_> = events.iter().map(|event| format!("{} {}", event.at, event.text)).collect();
            told.join("; ")
        };
        let mut difference = whole(Weight::DifferentMeaning, None, None);
        "events".clone_into(&mut difference.command);
        (difference.expected, difference.got) = (Some(told(expected)), Some(told(now)));
        self.played.differ(Different {
            number: usize::try_from(self.seq).unwrap_or(usize::MAX),
            from: Side::Device,
            place: place.clone(),
            expected: None,
            got: None,
            events: Some(now.to_vec()),
            is_cut: false,
            differences: vec![difference],
        });
    }
}

/// What the device answers; where it opens a session, nothing.
fn question(origin: &Origin, request: &Bytes) -> Question {
    match (origin, codec::decode(request, &Limits::default())) {
        (Origin::Posted { .. } | Origin::Dialled(_), Ok(message)) => {
            Question::of(&message, Completeness::Whole)
        }
        (Origin::Opened(_), _) | (_, Err(_)) => Question::default(),
    }
}

/// What a server proves itself with is hidden: the device is not to ask for it.
fn forget_server_credentials(snapshot: &mut Snapshot) {
    snapshot.file.account.client = None;
    // AAuthLevel of the credentials by which a server proves itself.
    let level = Some(Value::chr("SRVCRED"));
    let levels =
        snapshot.state.stored.iter().filter(|(uri, value)| uri.ends_with("/AAuthLevel") && **value == level);
    let objects: Vec<_> = levels.filter_map(|(uri, _)| Some(uri.rsplit_once('/')?.0.to_owned())).collect();
    snapshot.state.stored.retain(|uri, _| {
        !objects.iter().any(|object| {
            uri.strip_prefix(object.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    });
}
