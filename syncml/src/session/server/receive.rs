//! Taking a message of the device.

use super::outcome::data_text;
use super::package::Reply;
use super::{Answer, Broken, Ending, Exchange, Package, Place, ServerSession, Turn};
use crate::judge::Side;
use crate::message::{
    Alert, Command, Data, Header, Item, Kind, Location, Message, Meta, Results, Status, Text,
};
use crate::session::StatusCode;
use crate::session::auth::Proof;

/// A large object that is being received.
#[derive(Debug, Clone)]
pub(super) struct Receiving {
    place: Place,
    /// The first part, with what it said besides the data.
    item: Item,
    data: String,
    size: Option<usize>,
}

impl ServerSession {
    /// Takes a message of the device and gives the one to send back. For HMAC `mac` is the value of its header
    /// `x-syncml-hmac` with the bytes of the message.
    ///
    /// A device that has not heard the answer to its last message sends it again. It is told the same once more: what
    /// the lost answer asked for has not been done.
    pub fn receive(&mut self, message: &Message, mac: Option<(&str, &[u8])>) -> Turn {
        let mac_value = mac.map(|(value, _)| value);
        if let Some(last) = &self.last
            && last.message == *message
            && last.mac.as_deref() == mac_value
        {
            let message = last.answer.clone();
            return Turn {
                message,
                repeats: true,
                finished: Vec::new(),
                findings: Vec::new(),
                refusal: None,
            };
        }
        let findings = self.ledger.received(message);
        let header = message.header.as_ref();
        self.limit = header.and_then(Header::max_msg_size).or(self.limit);
        let verdict = self.settings.verifier.check(header, mac);
        let mut reply = Reply::new(message);
        reply.status("0", "SyncHdr", verdict.code, verdict.chal);
        if verdict.refusal.is_some() {
            for command in &message.body.commands {
                if !is_answer(command) {
                    reply.answer(command, verdict.code);
                }
            }
            reply.completes();
        } else {
            if self.ending == Some(Ending::Done) {
                self.ending = None;
            }
            self.take(message, &mut reply);
        }
        let answer = self.compose(reply);
        self.ledger.sent(&answer);
        let mut finished = std::mem::take(&mut self.finished);
        finished.sort_unstable();
        self.last = Some(Exchange {
            message: message.clone(),
            mac: mac_value.map(str::to_owned),
            answer: answer.clone(),
        });
        Turn { message: answer, repeats: false, finished, findings, refusal: verdict.refusal }
    }

    fn take(&mut self, message: &Message, reply: &mut Reply) {
        let proof = self.proof(message);
        match proof {
            Proof::Accepted => {
                self.answers(message, reply);
                if message.body.is_final {
                    self.drop_unfinished(reply);
                }
                self.settle_if_answered(message);
            }
            Proof::Again => self.take_back(),
            Proof::Refused => self.end(Ending::Refused),
        }
        self.commands(message, reply);
        // Also a refusal can take more than one message; what is to be sent again waits for its end.
        let was_complete = self.package == Package::Complete || proof == Proof::Again;
        let is_waiting = !message.body.is_final && was_complete;
        if is_waiting {
            reply.pulls();
        }
    }

    /// How the device took the last message.
    fn proof(&mut self, message: &Message) -> Proof {
        let last = self.last_msg_id;
        let is_of_last =
            |status: &&Status| number(status.msg_ref.as_ref()) == Some(last) && status.is_of_sync_hdr();
        let statuses = message.body.commands.iter().filter_map(|command| match &command.kind {
            Kind::Status(status) => Some(status),
            Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Results(_) | Kind::Unknown(_) => {
                None
            }
        });
        statuses
            .into_iter()
            .find(is_of_last)
            .map_or(Proof::Accepted, |status| self.settings.prover.answered(status))
    }

    /// Statuses and Results.
    fn answers(&mut self, message: &Message, reply: &mut Reply) {
        let mut has_part = false;
        for command in &message.body.commands {
            match &command.kind {
                Kind::Status(status) => self.status(status),
                Kind::Results(results) => {
                    has_part |= self.receiving.is_some();
                    self.results(command, results, reply);
                }
                Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Unknown(_) => {}
            }
        }
        // The parts of an object come in messages that follow each other.
        let began_before = self.receiving.is_some() && !has_part && !reply.has_part();
        if began_before {
            self.drop_unfinished(reply);
        }
    }

    fn status(&mut self, status: &Status) {
        let Some(place) = self.place(status.msg_ref.as_ref(), status.cmd_ref.as_ref()) else { return };
        if self.sending.is_some() {
            if status.number() == Some(213) {
                self.go_on_sending();
                return;
            }
            // Whatever else is said about a part is said about the whole.
            self.sending = None;
        }
        if let Some(answer) = self.answer(&place) {
            answer.statuses.push(status.clone());
        }
    }

    fn results(&mut self, command: &Command, results: &Results, reply: &mut Reply) {
        let one = Text::from_static("1");
        let msg_ref = results.msg_ref.as_ref().unwrap_or(&one);
        let cmd_ref = results.cmd_ref.as_ref().unwrap_or(&one);
        let Some(place) = self.place(Some(msg_ref), Some(cmd_ref)) else { return };
        for item in &results.items {
            let mut item = item.clone();
            item.meta = merged(item.meta, results.meta.as_deref());
            let continues = self
                .receiving
                .as_ref()
                .is_some_and(|part| part.place == place && address(&part.item) == address(&item));
            if !continues {
                self.drop_unfinished(reply);
            }
            let is_part = item.more_data || continues;
            if !is_part {
                if let Some(answer) = self.answer(&place) {
                    answer.results.push(item);
                }
                continue;
            }
            if let Some(code) = self.part(&place, item) {
                reply.answer(command, code);
            }
        }
    }

    /// Takes a part of a large object. What it is answered, if it is.
    fn part(&mut self, place: &Place, item: Item) -> Option<StatusCode> {
        let is_last = !item.more_data;
        let piece = item.data.as_ref().map(data_text).unwrap_or_default();
        let mut receiving = self.receiving.take().unwrap_or_else(|| {
            let size =
                item.meta.as_ref().and_then(|meta| meta.more.as_ref()).and_then(|more| more.size.as_ref());
            let size = size.and_then(|size| size.trim().parse().ok());
            Receiving { place: place.clone(), item: item.clone(), data: String::new(), size }
        });
        receiving.data.push_str(&piece);
        let found = receiving.data.len();
        let broken = match receiving.size {
            _ if found > self.settings.max_obj_size => Some((StatusCode::TOO_LARGE, Broken::TooLarge)),
            Some(expected) if is_last && found != expected => {
                Some((StatusCode::SIZE_MISMATCH, Broken::Size { found, expected }))
            }
            Some(_) | None => None,
        };
        if let Some((code, broken)) = broken {
            if let Some(answer) = self.answer(place) {
                answer.broken = Some(broken);
            }
            if broken == Broken::TooLarge {
                // Nothing else keeps the device from sending the rest.
                self.end(Ending::Aborted(Side::Server));
            }
            return Some(code);
        }
        if !is_last {
            self.receiving = Some(receiving);
            return Some(StatusCode::CHUNK_ACCEPTED);
        }
        let whole =
            Item { data: Some(Data::Text(receiving.data.into())), more_data: false, ..receiving.item };
        if let Some(answer) = self.answer(place) {
            answer.results.push(whole);
        }
        None
    }

    /// Lets go of a large object whose end does not come (Alert 1225).
    fn drop_unfinished(&mut self, reply: &mut Reply) {
        let Some(receiving) = self.receiving.take() else { return };
        let source = receiving.item.source.clone();
        reply.alert(Alert {
            code: Some(Text::from_static("1225")),
            items: [Item { source, ..Item::default() }].into_iter().collect(),
            correlator: None,
        });
        if let Some(answer) = self.answer(&receiving.place) {
            answer.broken = Some(Broken::NoEnd);
        }
    }

    /// What has been sent is answered once the device's package is complete. While the own one goes on, the device's
    /// cannot be.
    fn settle_if_answered(&mut self, message: &Message) {
        let is_complete = match self.package {
            Package::Complete => message.body.is_final,
            Package::GoesOn(_) => self.sending.as_ref().is_none_or(|sending| !sending.is_accepted()),
        };
        if is_complete {
            self.settle();
        }
    }

    /// What the device asks for: Alerts and a Replace are all that it may send (OMA DM Protocol 1.2.1).
    fn commands(&mut self, message: &Message, reply: &mut Reply) {
        let mut aborts = false;
        for command in &message.body.commands {
            let code = match &command.kind {
                Kind::Status(_) | Kind::Results(_) => continue,
                _ if command.cmd_id.is_none() => StatusCode::BAD_REQUEST,
                Kind::Alert(alert) => {
                    aborts |= alert.is(Alert::SESSION_ABORT);
                    match &alert.code {
                        Some(_) if alert.items.iter().any(|item| item.more_data) => {
                            StatusCode::CHUNK_ACCEPTED
                        }
                        Some(_) => StatusCode::OK,
                        None => StatusCode::INCOMPLETE,
                    }
                }
                Kind::Request(request) if request.verb == crate::message::Verb::Replace => {
                    if request.items.iter().any(|item| item.more_data) {
                        StatusCode::CHUNK_ACCEPTED
                    } else {
                        StatusCode::OK
                    }
                }
                Kind::Request(_) | Kind::Container(_) => StatusCode::NOT_SUPPORTED,
                Kind::Unknown(_) => StatusCode::BAD_REQUEST,
            };
            reply.answer(command, code);
        }
        if aborts && self.goes_on() {
            self.end(Ending::Aborted(Side::Device));
            reply.completes();
        }
    }

    fn place(&self, msg_ref: Option<&Text>, cmd_ref: Option<&Text>) -> Option<Place> {
        self.references.get(&(number(msg_ref)?, number(cmd_ref)?)).cloned()
    }

    fn answer(&mut self, place: &Place) -> Option<&mut Answer> {
        self.works.get_mut(place.handle.0)?.answer.member(&place.path)
    }
}

fn is_answer(command: &Command) -> bool {
    matches!(command.kind, Kind::Status(_) | Kind::Results(_))
}

/// An own number, as the device repeats it.
fn number(text: Option<&Text>) -> Option<u64> {
    text?.trim().parse().ok()
}

/// The Meta of an Item, whose fields win one by one over those of the Results.
fn merged(own: Option<Meta>, common: Option<&Meta>) -> Option<Meta> {
    let Some(common) = common.cloned() else { return own };
    let own = own.unwrap_or_default();
    Some(Meta {
        format: own.format.or(common.format),
        media_type: own.media_type.or(common.media_type),
        more: own.more.or(common.more),
    })
}

fn address(item: &Item) -> Option<&str> {
    item.source.as_ref().and_then(|Location { loc_uri, .. }| loc_uri.as_ref()).map(|uri| uri.trim())
}
