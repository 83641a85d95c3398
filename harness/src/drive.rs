//! The one loop that holds a session: the device's message goes out, the server's comes in, until one of them has
//! nothing more to say.
//!
//! What the device says is on disk before it goes out, where devices are kept. Deliberately absent: HTTP, which is the
//! transport's, and what a message means, which is the device's.

use std::sync::Arc;

use bytes::Bytes;
use syncml::session::Turn;
use syncml::session::device::{Ending, Misbehaviour};

use crate::fleet::{Heard, Host, Opened, Refused};
use crate::opening::Opening;
use crate::transcript::{Dialled, Origin};
use crate::transport::{Request, Response, Transport, TransportError, Url};
use crate::violation::Violation;

/// How a session went.
#[derive(Debug)]
pub(crate) struct Held {
    /// The SessionID.
    pub(crate) session: Arc<str>,
    /// Why it is over.
    pub(crate) ending: Ending,
    /// How many messages the device has sent.
    pub(crate) sent: u32,
    /// What the server did wrong.
    pub(crate) violations: Vec<Violation>,
}

/// Why a session could not be held to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DriveError {
    /// The device is gone, or cannot be kept.
    #[error(transparent)]
    Device(Refused),
    /// The server cannot be reached, or its answer is none.
    #[error("message {message}: {error}")]
    Transport {
        /// The number of the device's message that it was to answer.
        message: u32,
        /// Why.
        error: TransportError,
    },
    /// What the account or the server says to be an address is none.
    #[error("message {message}: cannot dial `{address}`: {what}")]
    Address {
        /// The number of the device's message that was to go there.
        message: u32,
        /// The address.
        address: String,
        /// What is wrong with it.
        what: String,
    },
    /// The server has answered nothing, or what is no SyncML message.
    #[error("message {message}: {what}")]
    NoMessage {
        /// The number of the device's message that it was to answer.
        message: u32,
        /// What it answered.
        what: String,
        /// What it did wrong.
        violation: Violation,
    },
}

impl DriveError {
    /// What the server did wrong, where that is why.
    pub(crate) const fn violation(&self) -> Option<&Violation> {
        match self {
            Self::NoMessage { violation, .. } => Some(violation),
            Self::Device(_) | Self::Transport { .. } | Self::Address { .. } => None,
        }
    }

    /// A word for it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Device(_) => "device",
            Self::Transport { error, .. } => error.kind(),
            Self::Address { .. } => "address",
            Self::NoMessage { violation, .. } => violation.rule,
        }
    }
}

/// Something that happens while a session is held.
#[derive(Debug)]
pub(crate) enum Moment<'a> {
    /// The device sends its message number `number`.
    Sends {
        /// Counted from 1.
        number: u32,
        /// Where to.
        to: &'a Url,
        /// The message.
        body: &'a Bytes,
    },
    /// The server has answered.
    Hears {
        /// The number of the message that it answers.
        number: u32,
        /// The answer.
        response: &'a Response,
    },
    /// The device has done what the server asked for.
    Has(&'a Turn, &'a [Violation]),
}

/// Holds a session between the device of `host` and the server behind `transport`. `to` is where messages go instead of
/// the account's address; `spoil` says what the device does wrong on purpose in the message of that number.
///
/// # Errors
/// When the session cannot be held to its end. The device has given it up.
pub(crate) async fn hold<T: Transport>(
    host: &Arc<Host>,
    transport: &mut T,
    to: Option<&Url>,
    opening: Opening,
    mut spoil: impl FnMut(u32) -> Option<Misbehaviour> + Send,
    mut tell: impl FnMut(Moment<'_>) + Send,
) -> Result<Held, DriveError> {
    let opening = Opening { misbehaviour: spoil(1), ..opening };
    let opened = host.answer(Origin::Opened(Arc::new(opening)), Bytes::new()).await;
    let Heard { answer, encoding, session, .. } = opened.map_err(DriveError::Device)?;
    let session = session.expect("what the device opens is a session");
    let mut held =
        Held { session: session.id.clone(), ending: Ending::Complete, sent: 0, violations: Vec::new() };
    let (mut answer, mut encoding, mut session, mut last) = (answer, encoding, session, to.cloned());
    let ended = loop {
        held.sent += 1;
        let number = held.sent;
        let address = match address(&session, to, last.as_ref()) {
            Ok(address) => address,
            Err(what) => {
                break Err(DriveError::Address {
                    message: number,
                    address: session.address.to_string(),
                    what,
                });
            }
        };
        tell(Moment::Sends { number, to: &address, body: &answer });
        let mac = session.mac.as_deref().map(str::to_owned);
        let request =
            Request { to: address.clone(), number, body: answer, media_type: encoding.media_type(), mac };
        let response = transport.exchange(request).await;
        // Whether anybody listens to a device's last word does not matter.
        if let Some(ending) = session.ending.take() {
            held.ending = ending;
            return Ok(held);
        }
        let response = match response {
            Ok(response) => response,
            Err(error) => break Err(DriveError::Transport { message: number, error }),
        };
        tell(Moment::Hears { number, response: &response });
        if response.body.is_empty() {
            let violation = Violation::no_answer();
            break Err(DriveError::NoMessage { message: number, what: violation.text.clone(), violation });
        }
        if let Some(how) = spoil(number + 1) {
            host.misbehave(&held.session, how);
        }
        let origin = Origin::Dialled(Arc::new(Dialled {
            session: Arc::clone(&held.session),
            address: address.as_str().into(),
            media_type: response.media_type.map(Into::into),
            mac: response.mac.map(Into::into),
        }));
        let heard = match host.answer(origin, response.body).await {
            Ok(heard) => heard,
            Err(Refused::Malformed(error)) => {
                let what = format!("the answer is no SyncML message: {error}");
                break Err(DriveError::NoMessage {
                    message: number,
                    what,
                    violation: Violation::malformed(&error),
                });
            }
            Err(error @ (Refused::Gone | Refused::NotSaved(_))) => return Err(DriveError::Device(error)),
        };
        if let Some(turn) = &heard.turn {
            tell(Moment::Has(turn, &heard.violations));
        }
        held.violations.extend(heard.violations);
        (answer, encoding, last) = (heard.answer, heard.encoding, Some(address));
        match heard.session {
            Some(Opened { ending: Some(ending), is_due: false, .. }) => {
                held.ending = ending;
                return Ok(held);
            }
            Some(next) => session = next,
            // Sessions that came meanwhile have taken its place.
            None => {
                held.ending = Ending::Aborted;
                return Ok(held);
            }
        }
    };
    host.give_up(&held.session).await.map_err(DriveError::Device)?;
    ended
}

/// Where the next message goes: where the server has said, seen from where it spoke; else where the caller has said;
/// else where the account says.
fn address(session: &Opened, to: Option<&Url>, last: Option<&Url>) -> Result<Url, String> {
    let parsed = match (&session.resp_uri, to, last) {
        (Some(resp_uri), _, Some(last)) => last.join(resp_uri),
        (Some(resp_uri), _, None) => Url::parse(resp_uri),
        (None, Some(to), _) => return Ok(to.clone()),
        (None, None, _) => Url::parse(&session.address),
    };
    let address =
        parsed.map_err(|error| format!("{error}; expected an address that begins http:// or https://"))?;
    match address.scheme() {
        "http" | "https" => Ok(address),
        scheme => Err(format!("found `{scheme}`, expected http or https")),
    }
}
