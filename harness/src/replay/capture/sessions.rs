//! Messages put together: whose each is, which belong to one session, and which are missing.
//!
//! Sessions are told apart by SessionID and by whose they are; MsgIDs say where one begins anew, and what is not
//! there. A body alone opens a session when it asks for something, and answers the one before when it does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use syncml::codec::{self, Limits};
use syncml::message as syncml_message;
use syncml::message::{Header, Kind, Location};
use syncml::session::side_of;

use super::{Capture, Format, Message, Missing, Note, Session, Side};

/// What of a message tells where it belongs.
#[derive(Debug, Clone)]
struct Head {
    /// SessionID; `None` of a body alone.
    session: Option<Box<str>>,
    msg_id: Option<Box<str>>,
    source: Option<Box<str>>,
    target: Option<Box<str>>,
    /// Whether it asks for something, as a server does.
    asks: bool,
    /// Whether it answers something: it has a Status.
    answers: bool,
}

/// A session that is being put together.
struct Open {
    key: Key,
    heads: Vec<(Head, Message)>,
    /// By whose they are and MsgID: the places of the first ones.
    places: BTreeMap<(Option<Side>, Option<Box<str>>), usize>,
}

/// Sessions that are being put together, in the order in which they began.
#[derive(Default)]
struct Sessions {
    open: Vec<Open>,
    /// By SessionID: their places.
    by_id: BTreeMap<Option<Box<str>>, Vec<usize>>,
}

/// What tells sessions apart: the SessionID, and whose it is.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    session: Option<Box<str>>,
    /// What the device calls itself, where that is known.
    device: Option<Box<str>>,
}

/// The capture of messages in the order in which they were found.
pub(super) fn capture(format: Format, messages: Vec<Message>, notes: Vec<Note>) -> Capture {
    let mut notes = notes;
    let sessions = sessions(messages, &mut notes);
    Capture { format, sessions, device_file: None, notes, unreadable: Vec::new() }
}

fn sessions(messages: Vec<Message>, notes: &mut Vec<Note>) -> Vec<Session> {
    let mut heads = Vec::new();
    for mut message in messages {
        match codec::decode(&message.body, &Limits::default()) {
            Ok(decoded) => {
                message.from = message.from.or_else(|| side_of(&decoded));
                heads.push((Head::of(&decoded), message));
            }
            Err(error) => {
                let text = format!("passed over what is no message: {error}");
                notes.push(Note { place: Some(message.place), text });
            }
        }
    }
    infer_sides(&mut heads);
    let mut all = Sessions::default();
    let mut last = 0;
    for (head, message) in heads {
        let belongs = all.place(&head, &message).or_else(|| misnamed(&all.open, last, &head, &message));
        last = all.put(belongs, head, message);
    }
    all.open.into_iter().map(Open::close).collect()
}

impl Sessions {
    /// The session that a message belongs to; `None` when it opens one.
    fn place(&self, head: &Head, message: &Message) -> Option<usize> {
        let known = self.by_id.get(&head.session)?;
        if head.session.is_none() {
            // A body alone.
            let last = *known.last()?;
            let answered = self.open.get(last)?.heads.len() > 1;
            return (!answered && !head.asks && message.from != Some(Side::Server)).then_some(last);
        }
        let key = Key::of(head, message);
        let is_of = |index: &&usize| self.open.get(**index).is_some_and(|open| open.key.may_be_of(&key));
        let index = *known.iter().rev().find(is_of)?;
        let open = self.open.get(index)?;
        let is_first = head.msg_id.as_deref() == Some("1");
        let before = open.places.get(&(message.from, head.msg_id.clone())).copied();
        // The first message once more opens another session when it says something else, or was answered. An answer
        // opens none.
        let is_openers = open.heads.first().is_some_and(|(_, first)| first.from == message.from);
        let opens = is_first
            && is_openers
            && before.and_then(|before| Some((before, open.heads.get(before)?))).is_some_and(
                |(before, (_, said))| {
                    let was_answered = before == 0 && open.heads.len() > 1;
                    said.body != message.body || was_answered
                },
            );
        (!opens).then_some(index)
    }

    /// Puts a message into a session, or begins one with it. Gives its place.
    fn put(&mut self, belongs: Option<usize>, head: Head, message: Message) -> usize {
        let index = belongs.unwrap_or(self.open.len());
        if index == self.open.len() {
            let key = Key::of(&head, &message);
            self.by_id.entry(key.session.clone()).or_default().push(index);
            self.open.push(Open { key, heads: Vec::new(), places: BTreeMap::new() });
        }
        if let Some(open) = self.open.get_mut(index) {
            open.places.entry((message.from, head.msg_id.clone())).or_insert(open.heads.len());
            open.heads.push((head, message));
        }
        index
    }
}

/// The session that a message belongs to although it names another one, or another device: that of the message right
/// before, which waits for an answer and has the number before.
fn misnamed(open: &[Open], last: usize, head: &Head, message: &Message) -> Option<usize> {
    let session = open.get(last)?;
    let (before, said) = session.heads.last()?;
    let from = message.from?;
    let is_of_session = head.session.is_some() && session.key.session.is_some();
    let is_next = match from {
        Side::Server => session.key.may_be_of(&Key::of(head, message)),
        // One that begins a session of its own has the number 1.
        Side::Device => before.asks && Some(head.number()?) == before.number().map(|number| number + 1),
    };
    (is_of_session && is_next && said.from == Some(other(from))).then_some(last)
}

impl Head {
    fn of(message: &syncml_message::Message) -> Self {
        let header = message.header.as_ref();
        let uri = |location: Option<&Location>| Some(Box::from(location?.loc_uri.as_deref()?.trim()));
        let asks = message.body.commands.iter().any(|command| match &command.kind {
            Kind::Request(_) | Kind::Container(_) => true,
            Kind::Alert(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => false,
        });
        let answers = message.body.commands.iter().any(|command| matches!(command.kind, Kind::Status(_)));
        let id = |of: fn(&Header) -> Option<&syncml_message::Text>| Some(Box::from(of(header?)?.trim()));
        Self {
            session: header.map(|_| id(|header| header.session_id.as_ref()).unwrap_or_default()),
            msg_id: id(|header| header.msg_id.as_ref()),
            source: uri(header.and_then(|header| header.source.as_ref())),
            target: uri(header.and_then(|header| header.target.as_ref())),
            asks,
            answers,
        }
    }

    fn number(&self) -> Option<u64> {
        self.msg_id.as_ref()?.parse().ok()
    }
}

impl Key {
    fn of(head: &Head, message: &Message) -> Self {
        let device = match message.from {
            Some(Side::Device) => &head.source,
            Some(Side::Server) => &head.target,
            None => &None,
        };
        Self { session: head.session.clone(), device: device.clone() }
    }

    /// Whether the device of both may be the same one.
    fn may_be_of(&self, other: &Self) -> bool {
        self.device.is_none() || other.device.is_none() || self.device == other.device
    }
}

/// Says of messages that tell nothing whose they are by who is known to be what, and by who spoke before.
fn infer_sides(heads: &mut [(Head, Message)]) {
    let mut known: BTreeMap<Box<str>, Side> = BTreeMap::new();
    for (head, message) in heads.iter() {
        let Some(from) = message.from else { continue };
        for (party, side) in [(&head.source, from), (&head.target, other(from))] {
            if let Some(party) = party {
                known.entry(party.clone()).or_insert(side);
            }
        }
    }
    let mut before: BTreeMap<Option<Box<str>>, Side> = BTreeMap::new();
    for (head, message) in heads {
        let by_name = || {
            let source = head.source.as_ref().and_then(|source| known.get(source)).copied();
            source.or_else(|| head.target.as_ref().and_then(|target| known.get(target)).copied().map(other))
        };
        let by_turn = || before.get(&head.session).copied().map(other);
        // A body alone that asks for nothing is an answer.
        let by_content =
            || head.session.is_none().then_some(if head.asks { Side::Server } else { Side::Device });
        message.from = message.from.or_else(by_name).or_else(by_content).or_else(by_turn);
        if let Some(from) = message.from {
            before.insert(head.session.clone(), from);
        }
    }
}

pub(crate) const fn other(side: Side) -> Side {
    match side {
        Side::Device => Side::Server,
        Side::Server => Side::Device,
    }
}

impl Open {
    fn close(mut self) -> Session {
        let opener = self.opener();
        if !self.is_ordered(opener) {
            let rank = |(head, message): &(Head, Message)| (head.number(), message.from != opener);
            self.heads.sort_by_key(rank);
        }
        let missing = missing(&self.heads);
        let id = Arc::from(self.key.session.as_deref().unwrap_or_default());
        Session {
            id,
            device: None,
            messages: self.heads.into_iter().map(|(_, message)| message).collect(),
            missing,
        }
    }

    /// Who opens the session: the one whose first message answers nothing.
    fn opener(&self) -> Option<Side> {
        let first = |side| {
            let of_side = self.heads.iter().filter(|(_, message)| message.from == Some(side));
            of_side.min_by_key(|(head, _)| head.number())
        };
        let answers = |side| first(side).is_none_or(|(head, _)| head.answers);
        match (answers(Side::Device), answers(Side::Server)) {
            (true, false) => Some(Side::Server),
            (false, true) => Some(Side::Device),
            // Nothing tells: whoever stands first.
            (true, true) | (false, false) => self.heads.first().and_then(|(_, message)| message.from),
        }
    }

    /// Whether the MsgIDs of both sides go up, as they stand, and one side answers the other, the opener being first.
    fn is_ordered(&self, opener: Option<Side>) -> bool {
        let mut last: BTreeMap<Side, u64> = BTreeMap::new();
        let goes_up = self.heads.iter().all(|(head, message)| match (message.from, head.number()) {
            (Some(from), Some(number)) => last.insert(from, number).is_none_or(|last| last <= number),
            _ => true,
        });
        let takes_turns = self.heads.windows(2).all(|two| match two {
            [(_, one), (_, next)] => one.from != next.from || one.body == next.body,
            _ => true,
        });
        let is_opened = self.heads.first().is_none_or(|(_, first)| first.from == opener)
            || self.heads.iter().all(|(_, message)| message.from != opener);
        goes_up && takes_turns && is_opened
    }
}

fn missing(heads: &[(Head, Message)]) -> Vec<Missing> {
    let mut missing = Vec::new();
    let opens = heads.first().and_then(|(head, message)| Some((head, message.from?)));
    if let Some((head, from)) = opens
        && head.session.is_some()
    {
        // A device's first message has the number 1; a server that answers it also has, and says Status of it.
        let is_answer = from == Side::Server && head.answers;
        if head.number().is_some_and(|number| number > 1) || is_answer {
            missing.push(Missing { from: other(from), before: 0 });
        }
    }
    let sides = heads.iter().map(|(_, message)| message.from);
    let pairs = sides.clone().zip(sides.skip(1)).zip(1..);
    for ((one, next), before) in pairs {
        if let (Some(one), Some(next)) = (one, next)
            && one == next
            && !is_repeated(heads, before)
        {
            missing.push(Missing { from: other(one), before });
        }
    }
    // A server's last message ends a session or is answered; a device's is always answered, and a request too.
    if let Some((head, message)) = heads.last() {
        let is_unanswered = match message.from {
            Some(Side::Device) => head.session.is_some() && heads.len() > 1 && opens_by_device(heads),
            Some(Side::Server) => head.asks,
            None => false,
        };
        if is_unanswered && !says_goodbye(message) {
            let from = message.from.map_or(Side::Device, other);
            missing.push(Missing { from, before: heads.len() });
        }
    }
    missing
}

fn opens_by_device(heads: &[(Head, Message)]) -> bool {
    heads.first().is_some_and(|(_, message)| message.from == Some(Side::Device))
}

/// A message that is sent again has no answer between.
fn is_repeated(heads: &[(Head, Message)], index: usize) -> bool {
    let body = |index: usize| heads.get(index).map(|(_, message)| &message.body);
    index.checked_sub(1).is_some_and(|before| body(before) == body(index))
}

/// Whether a device's message ends the session, so that nobody waits for an answer.
fn says_goodbye(message: &Message) -> bool {
    let decoded = codec::decode(&message.body, &Limits::default());
    decoded.is_ok_and(|message| message.has_alert(syncml_message::Alert::SESSION_ABORT))
}
