//! Why there is no answer: what happened, with whom, and what can be done about it.
//!
//! Nothing here is secret: addresses are shown without their queries, of a body only its first line, where the server
//! has refused.

use std::fmt;
use std::time::{Duration, SystemTime};

/// An exchange without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransportError {
    /// What should be dialled is no address.
    #[error("cannot dial {to}: {what}")]
    Address {
        /// The address.
        to: String,
        /// What is wrong with it.
        what: String,
    },
    /// The server's name leads nowhere.
    #[error("cannot connect to {to}: its name is not resolved: {why}")]
    NameNotResolved {
        /// The address.
        to: String,
        /// What the resolver says.
        why: String,
    },
    /// Nobody listens there.
    #[error("cannot connect to {to}: refused")]
    Refused {
        /// The address.
        to: String,
    },
    /// No connection for another reason.
    #[error("cannot connect to {to}: {why}")]
    Unreachable {
        /// The address.
        to: String,
        /// What the operating system says.
        why: String,
    },
    /// Something took longer than it may.
    #[error("{}", timed_out(to, *step, *after))]
    TimedOut {
        /// The address.
        to: String,
        /// What took too long.
        step: Step,
        /// How long was waited.
        after: Duration,
    },
    /// No TLS with this server.
    #[error("no TLS with {to}: {problem}")]
    Tls {
        /// The address.
        to: String,
        /// Why not.
        problem: TlsProblem,
    },
    /// The connection was reset.
    #[error("{to} has reset the connection {}", before(*received))]
    Reset {
        /// The address.
        to: String,
        /// How many bytes of the answer's body had come; `None` before its header was whole.
        received: Option<usize>,
    },
    /// The connection ended too early.
    #[error("{to} has closed the connection {}", before(*received))]
    Closed {
        /// The address.
        to: String,
        /// How many bytes of the answer's body had come; `None` before its header was whole.
        received: Option<usize>,
    },
    /// The answer is not HTTP.
    #[error("what {to} answers is not HTTP/1.1: {why}")]
    NotHttp {
        /// The address.
        to: String,
        /// What is wrong with it.
        why: String,
    },
    /// The server sends the device elsewhere, where it does not go.
    #[error("{to} redirects {problem}")]
    Redirect {
        /// The address that redirects.
        to: String,
        /// Why it is not followed.
        problem: RedirectProblem,
    },
    /// The server refuses, with an HTTP status.
    #[error("{0}")]
    Status(Box<Refusal>),
    /// The answer is compressed.
    #[error(
        "{to} has answered with Content-Encoding `{coding}`, although none was asked for: expected the message as it is"
    )]
    Encoded {
        /// The address.
        to: String,
        /// The coding.
        coding: String,
    },
    /// The answer is larger than it may be.
    #[error("the answer of {to} is larger than {limit} bytes")]
    TooLarge {
        /// The address.
        to: String,
        /// The most bytes.
        limit: usize,
    },
    /// The answer says of itself that it is no message.
    #[error(
        "{to} has answered HTTP {status} with `{media_type}`, which is not SyncML: expected `{expected}`; it begins: {start}",
        expected = super::SYNCML_XML
    )]
    NotSyncMl {
        /// The address.
        to: String,
        /// The HTTP status.
        status: u16,
        /// Its media type.
        media_type: String,
        /// Its first bytes, as text.
        start: String,
    },
    /// It was planned to go wrong.
    #[error("no answer from {to}: the planned fault `{fault}`")]
    Planned {
        /// The address.
        to: String,
        /// The kind of the fault, as a device file names it.
        fault: &'static str,
    },
    /// It failed every time.
    #[error("{last}; tried {tries} times")]
    GaveUp {
        /// How often it was tried.
        tries: u32,
        /// How it failed the last time.
        last: Box<Self>,
    },
}

/// What may take too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Connecting: resolving the name, TCP and TLS.
    Connect,
    /// Sending the message, and waiting for the header of its answer.
    Answer,
    /// Waiting for more of the answer's body.
    Body,
    /// The whole exchange.
    Exchange,
}

/// Why there is no TLS with a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TlsProblem {
    /// Its certificate is too old.
    #[error("its certificate has expired")]
    Expired,
    /// Its certificate is too new.
    #[error("its certificate is not valid yet")]
    NotYetValid,
    /// Its certificate is from nobody who is trusted.
    #[error("its certificate is not trusted: `--ca FILE` says whose is, `--insecure` takes any")]
    Untrusted,
    /// Its certificate is for others.
    #[error("its certificate is not for that name{}", names(.0))]
    OtherName(Vec<String>),
    /// Its certificate was revoked.
    #[error("its certificate was revoked")]
    Revoked,
    /// Its certificate is one of an authority.
    #[error(
        "its certificate is that of an authority (CA:TRUE), not of a server: a self-signed one must be made without it"
    )]
    Authority,
    /// Its certificate is wrong in another way.
    #[error("its certificate is not accepted: {0}")]
    Certificate(String),
    /// It asks who the device is.
    #[error("it asks for a client certificate, and none was given: `--cert FILE` gives one")]
    ClientCertificateMissing,
    /// It does not accept who the device says it is.
    #[error("it does not accept the client certificate: {0}")]
    ClientCertificateRefused(String),
    /// It does not speak TLS.
    #[error("what answers there does not speak TLS; is it `http:`?")]
    NotTls,
    /// It ended the connection.
    #[error("it has closed the connection during the handshake")]
    Closed,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Why a redirect is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RedirectProblem {
    /// There were too many before it.
    #[error("again, after {0} redirects already")]
    TooMany(usize),
    /// It says nothing of where to.
    #[error("without saying where to: expected a `Location`")]
    NoLocation,
    /// It leads out of TLS.
    #[error("to {0}, from https to http: that is not followed")]
    OutOfTls(String),
    /// It leads to no address.
    #[error("to what is no address of an MDM server: {0}")]
    NoAddress(String),
}

/// An HTTP status that is none of success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The address.
    pub(crate) to: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body's media type, if it was given.
    pub(crate) media_type: Option<String>,
    /// The first line of the body, if there is one.
    pub(crate) first_line: Option<String>,
    /// When to come again, if the server says so.
    pub(crate) retry_after: Option<RetryAfter>,
}

/// When a server wants to be asked again: `Retry-After` (RFC 9110 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// After so long.
    After(Duration),
    /// At that time.
    At(SystemTime),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has answered HTTP {}", self.to, self.status)?;
        if let Ok(status) = hyper::StatusCode::from_u16(self.status)
            && let Some(reason) = status.canonical_reason()
        {
            write!(f, " {reason}")?;
        }
        if let Some(media_type) = &self.media_type {
            write!(f, " with `{media_type}`")?;
        }
        match self.retry_after {
            Some(RetryAfter::After(length)) => write!(f, ", and wants to be left alone for {length:?}")?,
            Some(RetryAfter::At(at)) => {
                write!(f, ", and wants to be left alone until {}", httpdate::HttpDate::from(at))?;
            }
            None => {}
        }
        match &self.first_line {
            Some(line) => write!(f, ": {line}"),
            None => Ok(()),
        }
    }
}

impl TransportError {
    /// The word for it in tables.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Address { .. } => "address",
            Self::NameNotResolved { .. } => "name-not-resolved",
            Self::Refused { .. } => "refused",
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { step: Step::Connect, .. } => "connect-timeout",
            Self::TimedOut { step: Step::Answer, .. } => "answer-timeout",
            Self::TimedOut { step: Step::Body, .. } => "body-timeout",
            Self::TimedOut { step: Step::Exchange, .. } => "exchange-timeout",
            Self::Tls { .. } => "tls",
            Self::Reset { .. } => "reset",
            Self::Closed { .. } => "closed",
            Self::NotHttp { .. } => "not-http",
            Self::Redirect { .. } => "redirect",
            Self::Status(refusal) if refusal.status == 429 => "throttled",
            Self::Status(refusal) if refusal.status >= 500 => "server-error",
            Self::Status(_) => "http-status",
            Self::Encoded { .. } => "encoded",
            Self::TooLarge { .. } => "too-large",
            Self::NotSyncMl { .. } => "not-syncml",
            Self::Planned { .. } => "planned-fault",
            Self::GaveUp { last, .. } => last.kind(),
        }
    }

    /// Whether somebody has answered, although no message.
    pub(crate) fn is_answered(&self) -> bool {
        match self {
            Self::Status(_) | Self::Encoded { .. } | Self::TooLarge { .. } | Self::NotSyncMl { .. } => true,
            Self::GaveUp { last, .. } => last.is_answered(),
            Self::Address { .. }
            | Self::NameNotResolved { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Tls { .. }
            | Self::Reset { .. }
            | Self::Closed { .. }
            | Self::NotHttp { .. }
            | Self::Redirect { .. }
            | Self::Planned { .. } => false,
        }
    }

    /// Whether the same message may fare better later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::NameNotResolved { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Reset { .. }
            | Self::Closed { .. }
            | Self::Planned { .. } => true,
            Self::Tls { problem, .. } => *problem == TlsProblem::Closed,
            Self::Status(refusal) => refusal.status == 429 || refusal.status >= 500,
            Self::Address { .. }
            | Self::NotHttp { .. }
            | Self::Redirect { .. }
            | Self::Encoded { .. }
            | Self::TooLarge { .. }
            | Self::NotSyncMl { .. }
            | Self::GaveUp { .. } => false,
        }
    }
}

fn timed_out(to: &str, step: Step, after: Duration) -> String {
    match step {
        Step::Connect => format!("cannot connect to {to}: no connection within {after:?}"),
        Step::Answer => format!("{to} has not answered within {after:?}"),
        Step::Body => format!("{to} has sent nothing more of its answer for {after:?}"),
        Step::Exchange => format!("the exchange with {to} has taken longer than {after:?}"),
    }
}

fn before(received: Option<usize>) -> String {
    match received {
        None => "before it answered".to_owned(),
        Some(bytes) => format!("before its answer was whole, after {bytes} bytes of it"),
    }
}

fn names(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", but for {}", names.join(", ")) }
}
