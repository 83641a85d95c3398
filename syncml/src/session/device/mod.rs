//! The device's side of a session that it opens itself: from package 1 to the last message.
//!
//! A session is a value and a call: [`DeviceSession::open`] gives package 1, and each message of the server goes into
//! [`DeviceSession::receive`], which gives the device's next one. Whoever drives it carries the messages, commits the
//! device before an answer goes out, and does what [`Effect`]s ask for. The mirror image is
//! [`ServerSession`](super::server::ServerSession).
//!
//! Sources: OMA DM Protocol 1.2.1; \[MS-MDM\] 3.1, 3.2; captures of Windows 11 build 26200. Deliberately absent: bytes,
//! addresses that can be dialled, and time.

mod ending;
mod misbehaviour;
mod opening;

use std::sync::Arc;

use csp_model::Device;
use csp_model::csp::dmacc::{Account, AppAuth, AuthLevel, AuthType};
use csp_model::tree::Effect;

pub use ending::Ending;
pub use misbehaviour::Misbehaviour;
pub use opening::{ClientAlert, Initiator, LoginStatus, Opening};

use super::answering::{self, Answering, Pull, Welcome};
use super::auth::{Credentials, Lasts, Nonces, Proof, Prover, Scheme, Verdict, Verifier};
use super::status::{Outcome, StatusCode};
use super::turn::{Incoming, Turn};
use crate::codec::Encoding;
use crate::conformance::{self as rules, Rule};
use crate::judge::Judge;
use crate::message::{Alert, Cred, Header, Kind, Location, Message, Meta, MoreMeta, Status, Text};

/// A session that the device has opened.
#[derive(Debug, Clone)]
pub struct DeviceSession {
    opening: Opening,
    /// The account that the session is held with; `None` when the device has none for that server.
    account: Option<Arc<str>>,
    session_id: Text,
    /// What the device's messages are encoded in.
    encoding: Encoding,
    /// The MsgID of the device's last message.
    msg_id: u64,
    /// The Target of the device's messages.
    server: Text,
    /// Where the server wants the next message, if it has said so.
    resp_uri: Option<Text>,
    prover: Prover,
    /// The nonces of the next session, as the device keeps them: its own and the server's.
    kept_nonces: [Option<Vec<u8>>; 2],
    verifier: Verifier,
    /// How often the server's credentials were refused in a row.
    refusals: u32,
    answering: Answering,
    judge: Judge,
    /// The MsgID of the server's last message.
    heard: Option<Text>,
    misbehaviour: Option<Misbehaviour>,
    /// The credentials of the last message.
    stale: Option<Box<Cred>>,
    ending: Option<Ending>,
}

impl DeviceSession {
    /// The messages that a session of the device's may have: a server that always has one more command would never end
    /// (decided).
    pub const MOST_MESSAGES: u64 = 64;

    /// Opens a session and gives package 1, which is to go to [`address`](Self::address).
    pub fn open(opening: Opening, device: &mut Device) -> (Self, Message) {
        let number = device.begin_session();
        let account = device.account(opening.provider.as_deref());
        let session_id = opening.session_id.clone().unwrap_or_else(|| Text::number(number));
        let server = opening.address.clone();
        let server =
            server.or_else(|| account.as_ref().and_then(|account| Some(account.addresses().next()?.into())));
        let nonces = Nonces::new(device.instance().seed ^ u64::from(number).rotate_left(32));
        let auths = account
            .as_ref()
            .map_or([None, None], |account| [&account.appsrv, &account.client].map(Option::as_ref));
        let encoding = account.as_ref().and_then(|account| account.default_encoding.as_deref());
        let encoding = encoding.and_then(Encoding::of_media_type).unwrap_or_default();
        let mut session = Self {
            prover: prover(account.as_ref()),
            kept_nonces: auths.map(|auth| auth?.nonce.clone()),
            verifier: verifier(account.as_ref(), nonces),
            account: account.map(|account| account.uid.into()),
            session_id,
            encoding: opening.encoding.unwrap_or(encoding),
            msg_id: 0,
            server: server.unwrap_or_default(),
            resp_uri: None,
            refusals: 0,
            answering: Answering::new(device),
            judge: Judge::new(),
            heard: None,
            misbehaviour: opening.misbehaviour,
            stale: None,
            ending: None,
            opening,
        };
        let commands = opening::commands(&session.opening, device, 2);
        let message = session.send(Message::new(session.opening_header(device), commands));
        (session, message)
    }

    /// Takes a message of the server's, and gives what the device says to it.
    pub fn receive<'m>(&mut self, incoming: impl Into<Incoming<'m>>, device: &mut Device) -> Turn {
        let incoming = incoming.into();
        let message = incoming.message;
        if self.has_heard(message) {
            return Turn { repeats: true, ..self.acknowledge(message, device) };
        }
        let mut findings = self.judge.received(message, incoming.arrival);
        let mut turn = self.take(incoming, device);
        self.heard = message.header.as_ref().and_then(|header| header.msg_id.clone());
        if turn.is_due {
            turn.answer = self.send(turn.answer);
        }
        findings.append(&mut turn.findings);
        Turn { findings, ..turn }
    }

    /// The message that aborts the session, which is over with it: Alert 1223.
    pub fn abort(&mut self, device: &Device) -> Message {
        self.ending = Some(Ending::Aborted);
        let mut message = Message::new(self.header(device), Vec::new());
        answering::push_alert(&mut message, Alert::SESSION_ABORT);
        self.send(message)
    }

    /// The server's address: the Target of the device's messages.
    #[must_use]
    pub const fn address(&self) -> &Text {
        &self.server
    }

    /// Where the next message goes instead, if the server has said so. It may be relative to where the server spoke.
    #[must_use]
    pub const fn resp_uri(&self) -> Option<&Text> {
        self.resp_uri.as_ref()
    }

    /// The SessionID.
    #[must_use]
    pub const fn session_id(&self) -> &Text {
        &self.session_id
    }

    /// What the device's messages are encoded in: as it was asked to, or as the account says.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The value of `x-syncml-hmac` for the bytes of the device's next message, where the account asks for it.
    #[must_use]
    pub fn mac(&self, body: &[u8]) -> Option<String> {
        self.prover.mac(body).map(|mac| mac.to_string())
    }

    /// Why the session is over; `None` while it goes on.
    #[must_use]
    pub const fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    fn take(&mut self, incoming: Incoming<'_>, device: &mut Device) -> Turn {
        let Incoming { message, mac, encoding, .. } = incoming;
        if self.ending.is_some() {
            return self.acknowledge(message, device);
        }
        let header = message.header.as_ref();
        if message.has_alert(Alert::SESSION_ABORT) {
            return self.end(Ending::AbortedByServer, message, device);
        }
        if header.and_then(|header| header.session_id.as_ref()).is_some_and(|id| *id != self.session_id) {
            let outcome = Outcome::new(StatusCode::BAD_REQUEST, &rules::FOREIGN_SESSION);
            return self.abort_over(Ending::ForeignSession, outcome, message, device);
        }
        self.resp_uri = header.and_then(|header| header.resp_uri.clone()).or(self.resp_uri.take());
        let proof = sync_hdr_status(message).map(|status| self.prover.answered(status));
        if proof == Some(Proof::Refused) {
            return self.end(Ending::NotAuthenticated, message, device);
        }
        let verdict = self.verifier.check(header, mac);
        self.keep_nonces(device);
        self.refusals = if verdict.code.is_failure() { self.refusals + 1 } else { 0 };
        if proof == Some(Proof::Again) && self.refusals < 2 {
            return self.open_again(message, verdict, device);
        }
        if self.msg_id + 1 >= Self::MOST_MESSAGES {
            let outcome = Outcome::new(StatusCode::OK, &rules::LOOP_GUARD);
            return self.abort_over(Ending::TooManyMessages, outcome, message, device);
        }
        let is_refused = verdict.code.is_failure();
        let aborts = self.answering.aborts();
        let outcome = Outcome::new(verdict.code, rule_of(verdict.code));
        let encoding = encoding.unwrap_or(self.encoding);
        let welcome = Welcome { outcome, chal: verdict.chal, pull: Pull::Packages, encoding };
        let mut turn = self.answering.turn(message, self.header(device), welcome, device);
        let left = turn.effects.iter().find_map(|effect| match effect {
            Effect::Unenroll { provider } => Some(provider.to_string()),
            Effect::Executed | Effect::Restart | Effect::RollbackStarted(_) => None,
        });
        self.ending = match left {
            Some(provider) => Some(Ending::Unenrolled { provider }),
            None if aborts => Some(Ending::AnswerTooLarge),
            None if is_refused && self.refusals > 1 => Some(Ending::ServerNotAuthenticated),
            None if !turn.is_due && !is_refused => Some(Ending::Complete),
            None => None,
        };
        turn.is_due = match self.ending {
            Some(Ending::Unenrolled { .. }) => false,
            _ => turn.is_due || is_refused,
        };
        turn
    }

    /// Makes the next message of the device's wrong on purpose.
    pub const fn misbehave_next(&mut self, how: Misbehaviour) {
        self.misbehaviour = Some(how);
    }

    /// Package 1 once more, with the credentials that the server has asked for, and what became of its own.
    fn open_again(&self, message: &Message, verdict: Verdict, device: &Device) -> Turn {
        let rule = match verdict.code {
            StatusCode::OK => &rules::CHALLENGE_ANSWERED,
            code => rule_of(code),
        };
        let outcome = Outcome::new(verdict.code, rule);
        let header = self.opening_header(device);
        let mut turn = self.answering.acknowledge(message, header, outcome, verdict.chal);
        turn.answer.body.commands.extend(opening::commands(&self.opening, device, 2));
        turn.is_due = true;
        turn
    }

    /// The session is over without another word; who must answer all the same says that the message was understood.
    fn end(&mut self, ending: Ending, message: &Message, device: &Device) -> Turn {
        self.ending = Some(ending);
        self.acknowledge(message, device)
    }

    /// The session is over with Alert 1223.
    fn abort_over(&mut self, ending: Ending, outcome: Outcome, message: &Message, device: &Device) -> Turn {
        self.ending = Some(ending);
        let mut turn = self.answering.acknowledge(message, self.header(device), outcome, None);
        answering::push_alert(&mut turn.answer, Alert::SESSION_ABORT);
        turn.is_due = true;
        turn
    }

    fn acknowledge(&self, message: &Message, device: &Device) -> Turn {
        let outcome = Outcome::new(StatusCode::OK, &rules::SYNC_HDR);
        self.answering.acknowledge(message, self.header(device), outcome, None)
    }

    /// Whether the message came before: it has the number of the last one, and answers what the device said before that.
    /// A transport that delivers an answer twice must not have its commands done twice.
    fn has_heard(&self, message: &Message) -> bool {
        let number = message.header.as_ref().and_then(|header| header.msg_id.as_ref());
        let answered = sync_hdr_status(message).and_then(|status| status.msg_ref.as_ref());
        let before_last = Text::number(self.msg_id.saturating_sub(1));
        number.is_some()
            && number == self.heard.as_ref()
            && answered.is_some_and(|answered| *answered == before_last)
    }

    /// Keeps the nonces of the next session, the device's own and the server's.
    fn keep_nonces(&mut self, device: &mut Device) {
        let Some(account) = &self.account else { return };
        let levels = [AuthLevel::AppSrv, AuthLevel::Client];
        let next = [self.prover.next_nonce(), self.verifier.next_nonce()];
        for ((level, next), kept) in levels.into_iter().zip(next).zip(&mut self.kept_nonces) {
            if let Some(nonce) = next
                && kept.as_deref() != Some(nonce)
            {
                device.set_nonce(account, level, nonce);
                *kept = Some(nonce.to_vec());
            }
        }
    }

    /// The header of the next message, with the credentials that it needs by now: they take room as well.
    fn header(&self, device: &Device) -> Header {
        let cred = self.prover.cred().map(Box::new);
        let loc_name = self.prover.name().filter(|_| cred.is_some()).cloned();
        let source = Location { loc_name, ..Location::new(Arc::clone(&device.instance().id)) };
        let target = Some(Location::new(self.server.clone()));
        Header { target, cred, ..Header::new(self.session_id.clone(), self.msg_id + 1, source) }
    }

    /// The header of package 1: it says how large the server's messages may be.
    fn opening_header(&self, device: &Device) -> Header {
        let meta = self.opening.max_msg_size.map(|most| {
            let more = MoreMeta { max_msg_size: Some(Text::number(most)), ..MoreMeta::default() };
            Box::new(Meta { more: Some(Box::new(more)), ..Meta::default() })
        });
        Header { meta, ..self.header(device) }
    }

    /// Remembers a message that is going out.
    fn send(&mut self, mut message: Message) -> Message {
        self.msg_id += 1;
        // What is wrong on purpose is no reason to find the other side's answer to it wrong.
        self.judge.sent(&message);
        if let Some(how) = self.misbehaviour.take() {
            how.spoil(&mut message, self.stale.as_deref());
            if how == Misbehaviour::Abort {
                self.ending = Some(Ending::Aborted);
            }
        }
        self.stale = message.header.as_ref().and_then(|header| header.cred.clone());
        message
    }
}

/// The Status that answers the SyncHdr of the last message.
fn sync_hdr_status(message: &Message) -> Option<&Status> {
    message.body.commands.iter().find_map(|command| match &command.kind {
        Kind::Status(status) => {
            Some(status).filter(|status| status.cmd_ref.as_deref().map(str::trim) == Some("0"))
        }
        Kind::Request(_) | Kind::Alert(_) | Kind::Container(_) | Kind::Results(_) | Kind::Unknown(_) => None,
    })
}

fn rule_of(code: StatusCode) -> &'static Rule {
    match code {
        StatusCode::AUTHENTICATED => &rules::SERVER_AUTHENTICATED,
        StatusCode::INVALID_CREDENTIALS | StatusCode::MISSING_CREDENTIALS => &rules::SERVER_CHALLENGED,
        _ => &rules::SYNC_HDR,
    }
}

const fn scheme(kind: AuthType) -> Option<Scheme> {
    match kind {
        AuthType::Basic => Some(Scheme::Basic),
        AuthType::Digest => Some(Scheme::Digest),
        AuthType::Hmac => Some(Scheme::Hmac),
        // TLS does it.
        AuthType::Transport => None,
    }
}

/// What the device proves itself with: the account's APPSRV credentials.
fn prover(account: Option<&Account>) -> Prover {
    let Some((account, auth)) = account.and_then(|account| Some((account, account.appsrv.as_ref()?))) else {
        return Prover::new(None, None, None);
    };
    let preference = account.preference.unwrap_or(auth.kind);
    Prover::new(credentials(auth), scheme(preference), auth.nonce.clone())
}

/// What the server must prove itself with: the account's CLIENT credentials. Where there are none, TLS has done it.
fn verifier(account: Option<&Account>, nonces: Nonces) -> Verifier {
    let auth = account.and_then(|account| account.client.as_ref());
    let expected = auth.and_then(|auth| Some((credentials(auth)?, scheme(auth.kind)?, auth.nonce.clone())));
    expected.map_or_else(Verifier::asks_nothing, |(expected, scheme, nonce)| {
        Verifier::new(expected, scheme, nonce, nonces, Lasts::Session)
    })
}

fn credentials(auth: &AppAuth) -> Option<Credentials> {
    scheme(auth.kind).map(|_| Credentials::new(auth.name.as_str(), auth.secret.as_str()))
}
