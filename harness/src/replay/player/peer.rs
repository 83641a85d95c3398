//! The device's messages of a capture, to a server, whose answers are compared with the captured ones; or, of a session that
//! a server has opened, that server's, to a device that is posted to.
//!
//! What one side says refers to the other's commands by their ids: where that numbers them otherwise now, the references
//! follow. Credentials are sent as they stand in the capture.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use syncml::codec::{self, Encoding, Limits};
use syncml::message::{Command, Kind, Message as Said, Text};

use super::super::capture::{Format, Session, Side, other};
use super::super::compare::{Asked, Ignore, Maps, same_commands, say};
use super::super::outcome::{Of, Played};
use super::messages::{Comparison, Expected, Question};
use crate::dial::Line;
use crate::transport::{Request, Transport, TransportError, Url};

/// A server, or a device that is posted to, and the line to it.
#[derive(Debug)]
pub(crate) struct Peer<'a, T> {
    line: Line<T>,
    to: Url,
    ignore: &'a Ignore,
}

/// How the other side's ids of a message differ from those of the capture.
#[derive(Debug, Default)]
struct Renumbered {
    /// MsgIDs, by that of the capture.
    messages: BTreeMap<String, String>,
    /// CmdIDs, by MsgID and CmdID of the capture.
    commands: BTreeMap<(String, String), String>,
}

impl<'a, T: Transport> Peer<'a, T> {
    pub(crate) const fn new(line: Line<T>, to: Url, ignore: &'a Ignore) -> Self {
        Self { line, to, ignore }
    }

    /// Plays a session, as far as the other side can be reached: what has come of it, and whether it could.
    pub(crate) async fn play(
        &mut self,
        capture: &Arc<str>,
        format: Format,
        session: &Session,
    ) -> (Played, Result<(), TransportError>) {
        let mut played = Played::new(Arc::clone(capture), format, Of::Session, Arc::clone(&session.id));
        for missing in &session.missing {
            played.note(session.messages.first().map(|message| &message.place), missing.in_words());
        }
        // Whoever opens a session sends requests: a server that posts has a device at the other end.
        let Some(sender) = session.messages.first().and_then(|message| message.from) else {
            let place = session.messages.first().map(|message| &message.place);
            played.note(place, "not played: nothing tells whose message it is");
            return (played, Ok(()));
        };
        let answerer = other(sender);
        let mut maps = Maps::default();
        let mut renumbered = Renumbered::default();
        let mut to = self.to.clone();
        let mut number = 0;
        let mut reached = Ok(());
        let mut messages = session.messages.iter().zip(1_usize..).peekable();
        while let Some((message, place)) = messages.next() {
            if message.from != Some(sender) {
                continue;
            }
            let Ok(said) = codec::decode(&message.body, &Limits::default()) else { continue };
            // A device that has nothing more to say is silent, although its transcript says what it would have said.
            if sender == Side::Device && messages.peek().is_none() && says_nothing(&said) {
                break;
            }
            say(&said, &mut maps);
            let encoding = Encoding::of(&message.body);
            number += 1;
            let body = renumbered.follow(&said, &message.body, encoding);
            let request =
                Request { to: to.clone(), number, body, media_type: encoding.media_type(), mac: None };
            let answered = self.line.exchange(request).await;
            let expected = messages.next_if(|(next, _)| next.from == Some(answerer));
            let ignore = self.ignore;
            let mut comparison = Comparison { played: &mut played, maps: &mut maps, ignore };
            let response = match answered {
                Ok(response) => response,
                Err(error) if error.is_answered() => {
                    match expected {
                        Some((expected, at)) => {
                            comparison.silence(Expected::of(at, answerer, expected), &error.to_string());
                        }
                        None => comparison.played.note(Some(&message.place), error.to_string()),
                    }
                    break;
                }
                Err(error) => {
                    reached = Err(error);
                    break;
                }
            };
            let Some((expected, at)) = expected else {
                // Statuses alone say no more than that the message came.
                let says = codec::decode(&response.body, &Limits::default()).is_ok_and(|said| {
                    said.body.commands.iter().any(|command| !matches!(command.kind, Kind::Status(_)))
                });
                let is_last = messages.peek().is_none();
                if says && is_last && !is_missing(session, place) {
                    comparison.unexpected(place + 1, answerer, &message.place, &response.body);
                } else if !response.body.is_empty() {
                    let what = "the answer is not compared: the capture does not have it";
                    comparison.played.note(Some(&message.place), what);
                }
                continue;
            };
            let expected_message = Expected::of(at, answerer, expected);
            if response.body.is_empty() {
                comparison.silence(expected_message, "nothing");
                break;
            }
            comparison.message(expected_message, &response.body, &Question::of(&said, message.completeness));
            renumbered.learn(&expected.body, &response.body, &Asked::of(&said));
            if let Some(next) = resp_uri(&response.body).and_then(|uri| to.join(&uri).ok()) {
                to = next;
            }
        }
        let left = messages.filter(|(message, _)| message.from == Some(answerer)).count();
        if left > 0 {
            played.note(None, format!("the session has ended: {left} more answers are not compared"));
        }
        played.mapped = maps.changed().map(|(one, other)| (one.to_owned(), other.to_owned())).collect();
        (played, reached)
    }
}

/// Whether the capture is known not to have the message after the first `before`.
fn is_missing(session: &Session, before: usize) -> bool {
    session.missing.iter().any(|missing| missing.before == before)
}

/// Whether a message only says that the last one was understood.
fn says_nothing(said: &Said) -> bool {
    let is_of_sync_hdr = |command: &Command| match &command.kind {
        Kind::Status(status) => status.is_of_sync_hdr(),
        Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Results(_) | Kind::Unknown(_) => false,
    };
    said.body.commands.iter().all(is_of_sync_hdr)
}

fn resp_uri(body: &[u8]) -> Option<String> {
    let header = codec::decode(body, &Limits::default()).ok()?.header?;
    header.resp_uri.map(|uri| uri.trim().to_owned()).filter(|uri| !uri.is_empty())
}

impl Renumbered {
    /// Learns how the other side numbers its commands now.
    fn learn(&mut self, expected: &[u8], got: &[u8], asked: &Asked) {
        let limits = Limits::default();
        let (Ok(expected), Ok(got)) = (codec::decode(expected, &limits), codec::decode(got, &limits)) else {
            return;
        };
        let (one, other) = (expected.msg_ref(), got.msg_ref());
        for (before, now) in same_commands(&expected, &got, asked) {
            self.commands.insert((one.trim().to_owned(), before), now);
        }
        self.messages.insert(one.trim().to_owned(), other.trim().to_owned());
    }

    /// A message with references to the other side's commands as they are numbered now.
    fn follow(&self, said: &Said, body: &Bytes, encoding: Encoding) -> Bytes {
        let mut message = said.clone();
        let changed = message
            .body
            .commands
            .iter_mut()
            .map(|command| self.refer(command))
            .fold(false, |one, other| one | other);
        if changed { codec::encode_as(&message, encoding).into() } else { body.clone() }
    }

    fn refer(&self, command: &mut Command) -> bool {
        let (msg_ref, cmd_ref) = match &mut command.kind {
            Kind::Status(status) => (&mut status.msg_ref, &mut status.cmd_ref),
            Kind::Results(results) => (&mut results.msg_ref, &mut results.cmd_ref),
            Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Unknown(_) => return false,
        };
        let message = msg_ref.as_deref().map_or("1", str::trim).to_owned();
        let id = cmd_ref.as_deref().map_or("1", str::trim).to_owned();
        let mut changed = false;
        if let Some(now) = self.commands.get(&(message.clone(), id.clone())).filter(|now| **now != id) {
            *cmd_ref = Some(Text::from(now.as_str()));
            changed = true;
        }
        if let Some(now) = self.messages.get(&message).filter(|now| **now != message) {
            *msg_ref = Some(Text::from(now.as_str()));
            changed = true;
        }
        changed
    }
}
