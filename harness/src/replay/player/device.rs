//! The server's messages of a capture, to a device, whose answers are compared with the captured ones.
//!
//! A device of its own stands for each that speaks in the capture; it lives through the sessions in their order, while
//! its clock stands still. A session that begins with the device's message is opened as that message says.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use csp_model::Device;
use syncml::codec::{self, Encoding, Limits};
use syncml::message::{Alert, Message as Said};
use syncml::session::Incoming;

use super::super::capture::{Format, Message, Session, Side};
use super::super::compare::{Ignore, Maps, say};
use super::super::outcome::{Of, Played};
use super::messages::{Comparison, Expected, Question};
use super::seed::Seed;
use crate::clock::Pace;
use crate::fleet::Live;
use crate::opening::Opening;

/// The sessions that a device of the player's keeps open.
const MOST_SESSIONS: usize = 64;

/// The devices that stand for those of a capture.
#[derive(Debug)]
pub(crate) struct Devices<'a> {
    start: Device,
    ignore: &'a Ignore,
    /// What the captured devices were seen to have, by what each calls itself.
    seeds: BTreeMap<String, Seed>,
    /// By what each calls itself.
    lives: BTreeMap<String, (Live, Maps)>,
}

/// What the device says to the server's last message.
struct Answer {
    body: Bytes,
    /// Whether it is to be sent at all.
    is_due: bool,
    question: Question,
}

impl<'a> Devices<'a> {
    /// Devices that are all as `start` is.
    pub(crate) const fn new(start: Device, ignore: &'a Ignore) -> Self {
        Self { start, ignore, seeds: BTreeMap::new(), lives: BTreeMap::new() }
    }

    /// The device of a session is to have what that shows. To be said of all sessions before the first is played.
    pub(crate) fn seed(&mut self, session: &Session) {
        self.seeds.entry(own_name(session).unwrap_or_default()).or_default().session(session);
    }

    /// The device of a session, before it.
    fn first(&self, name: &str, session: &Session, played: &mut Played) -> Device {
        let mut device = self.start.clone();
        if let Some(snapshot) = &session.device {
            match Device::from_snapshot((**snapshot).clone()) {
                Ok(known) => device = known,
                Err(error) => played.note(None, format!("its device cannot be made: {error}")),
            }
        }
        match self.seeds.get(name) {
            Some(seed) => seed.device(&device, &mut played.notes),
            None => device,
        }
    }

    /// Plays a session.
    pub(crate) fn play(&mut self, capture: &Arc<str>, format: Format, session: &Session) -> Played {
        let mut played = Played::new(Arc::clone(capture), format, Of::Session, Arc::clone(&session.id));
        for missing in &session.missing {
            played.note(session.messages.first().map(|message| &message.place), missing.in_words());
        }
        let name = own_name(session).unwrap_or_default();
        if !self.lives.contains_key(&name) {
            let device = self.first(&name, session, &mut played);
            self.lives.insert(name.clone(), (Live::new(device, Pace::Frozen), Maps::default()));
        }
        let Some((live, maps)) = self.lives.get_mut(&name) else { return played };
        // What stood for what in the session before holds on, but for what counts sessions.
        maps.next_session();
        let comparison = Comparison { played: &mut played, maps, ignore: self.ignore };
        Playing { live, comparison, opened: None, answer: None, is_aborted: false, leads_away: false }
            .all(session);
        played.mapped = maps.changed().map(|(one, other)| (one.to_owned(), other.to_owned())).collect();
        played
    }
}

struct Playing<'a> {
    live: &'a mut Live,
    comparison: Comparison<'a>,
    /// The SessionID of the session that the device has opened.
    opened: Option<Arc<str>>,
    answer: Option<Answer>,
    /// Whether the captured device has ended the session: it says nothing more, whatever comes.
    is_aborted: bool,
    /// Whether the server's last message has named another address.
    leads_away: bool,
}

impl Playing<'_> {
    fn all(mut self, session: &Session) {
        for (message, number) in session.messages.iter().zip(1_usize..) {
            let Ok((said, input)) = codec::decode_with_text(&message.body, &Limits::default()) else {
                continue;
            };
            match message.from {
                Some(Side::Device) => {
                    let expected = Expected::of(number, Side::Device, message);
                    self.device_said(expected, &said, input.encoding());
                }
                Some(Side::Server) => {
                    if let Some(answer) = self.answer.take() {
                        self.unheard(number, &answer);
                    }
                    self.server_said(&said, input.encoding(), message);
                }
                None => {
                    let what = "not played: nothing tells whose message it is";
                    self.comparison.played.note(Some(&message.place), what);
                }
            }
        }
        let (last, count) = (session.messages.last(), session.messages.len());
        let is_missing = session.missing.iter().any(|missing| missing.before == count);
        if let (Some(answer), Some(last)) = (self.answer.take(), last)
            && answer.is_due
            && self.opened.is_some()
            && !self.is_aborted
            && !is_missing
        {
            if self.leads_away {
                let what = "the server has named another address: the device's next message went there";
                self.comparison.played.note(Some(&last.place), what);
                return;
            }
            self.comparison.unexpected(count + 1, Side::Device, &last.place, &answer.body);
        }
    }

    fn device_said(&mut self, expected: Expected<'_>, said: &Said, encoding: Encoding) {
        self.is_aborted = said.has_alert(Alert::SESSION_ABORT);
        if expected.number == 1 && said.header.is_some() {
            let at = self.live.device.clock();
            let opened = self.live.open((&Opening::heard(said, encoding, None)).into(), at, MOST_SESSIONS);
            self.opened = opened.session.map(|session| session.id);
            let is_first =
                said.header.as_ref().and_then(|header| header.msg_id.as_deref()).map(str::trim) == Some("1");
            if is_first {
                self.comparison.message(expected, &opened.answer, &Question::default());
            } else {
                let what = "not compared: the capture begins in the midst of a session";
                self.comparison.played.note(Some(expected.place), what);
            }
            return;
        }
        match self.answer.take() {
            // A message that nobody had to send is said all the same when somebody waits.
            Some(answer) => self.comparison.message(expected, &answer.body, &answer.question),
            None => {
                let what = "not compared: the message that it answers is not in the capture";
                self.comparison.played.note(Some(expected.place), what);
            }
        }
    }

    fn server_said(&mut self, said: &Said, encoding: Encoding, message: &Message) {
        say(said, self.comparison.maps);
        self.leads_away = said.header.as_ref().is_some_and(|header| header.resp_uri.is_some());
        let at = self.live.device.clock();
        let question = Question::of(said, message.completeness);
        let answer = match &self.opened {
            Some(id) => self.live.hear(id, Incoming::from(said), at),
            None => self.live.receive(
                Incoming { encoding: Some(encoding), ..Incoming::from(said) },
                at,
                MOST_SESSIONS,
            ),
        };
        let is_due = answer.session.as_ref().is_none_or(|session| session.is_due);
        self.answer = Some(Answer { body: answer.answer, is_due, question });
    }

    /// The device has answered, and the capture does not have its answer.
    fn unheard(&mut self, number: usize, answer: &Answer) {
        if answer.is_due {
            let what =
                format!("the device's answer before message {number} is not in the capture: not compared");
            self.comparison.played.note(None, what);
        }
    }
}

/// What the device of a session calls itself.
fn own_name(session: &Session) -> Option<String> {
    session.messages.iter().find_map(|message| {
        let header = codec::decode(&message.body, &Limits::default()).ok()?.header?;
        let location = match message.from? {
            Side::Device => header.source,
            Side::Server => header.target,
        };
        Some(location?.loc_uri?.as_str().to_owned())
    })
}
