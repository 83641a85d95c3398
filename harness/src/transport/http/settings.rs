//! What the device says of itself in HTTP, and how long it waits.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::Failure;

/// What Windows calls itself (\[MS-MDM\] 2.1).
pub(crate) const USER_AGENT: &str = "MSFT OMA DM Client/1.2.0.1";
/// The most bytes of an answer.
pub(crate) const LARGEST_ANSWER: usize = 4 << 20;
/// The most redirects of one exchange.
pub(crate) const MOST_REDIRECTS: usize = 5;

/// How the device behaves in HTTP.
#[derive(Clone)]
pub(crate) struct Settings {
    /// `User-Agent`.
    pub(crate) user_agent: String,
    /// What is appended to the address; nothing when absent.
    pub(crate) mode: Option<Mode>,
    /// `client-request-id`: the `EntDMID` that the server has set.
    pub(crate) client_request_id: Option<String>,
    /// The base of `MS-CV`; the number of the request follows it.
    pub(crate) correlation_vector: Option<String>,
    /// `Authorization: Bearer`: a token of Microsoft Entra.
    pub(crate) bearer: Option<String>,
    /// More headers. One that the device sends anyway takes its place.
    pub(crate) headers: Vec<Header>,
    /// How long is waited for what.
    pub(crate) timeouts: Timeouts,
    /// The most bytes of an answer.
    pub(crate) largest_answer: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_agent: USER_AGENT.to_owned(),
            mode: Some(Mode::Machine),
            client_request_id: None,
            correlation_vector: None,
            bearer: None,
            headers: Vec::new(),
            timeouts: Timeouts::default(),
            largest_answer: LARGEST_ANSWER,
        }
    }
}

/// Tokens and values of headers are secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("user_agent", &self.user_agent)
            .field("mode", &self.mode)
            .field("client_request_id", &self.client_request_id)
            .field("correlation_vector", &self.correlation_vector)
            .field("bearer", &self.bearer.as_ref().map(|_| "…"))
            .field("headers", &self.headers)
            .field("timeouts", &self.timeouts)
            .field("largest_answer", &self.largest_answer)
            .finish()
    }
}

/// For whom the session is: `mode` in the address (\[MS-MDM\] 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The system.
    Machine,
    /// The active user.
    Maintenance,
}

impl Mode {
    /// The word for it in an address.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Machine => "Machine",
            Self::Maintenance => "Maintenance",
        }
    }
}

/// How long is waited for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// For a connection: the name, TCP and TLS.
    pub(crate) connect: Duration,
    /// For the header of an answer, from when the message is sent.
    pub(crate) answer: Duration,
    /// For more of an answer's body.
    pub(crate) body: Duration,
    /// For the whole exchange, redirects included.
    pub(crate) exchange: Duration,
}

impl Timeouts {
    /// For a connection.
    pub(crate) const CONNECT: Duration = Duration::from_secs(30);
    /// For the header of an answer.
    pub(crate) const ANSWER: Duration = Duration::from_secs(60);
    /// For more of an answer's body.
    pub(crate) const BODY: Duration = Duration::from_secs(30);
    /// For the whole exchange.
    pub(crate) const EXCHANGE: Duration = Duration::from_secs(300);
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Self::CONNECT, answer: Self::ANSWER, body: Self::BODY, exchange: Self::EXCHANGE }
    }
}

/// A header that a person asks for: `Name: value`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Header {
    name: HeaderName,
    value: HeaderValue,
}

/// The value may be a credential.
impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: …", self.name)
    }
}

/// A text that is no header that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAHeader {
    /// It is none.
    #[error("not a header: expected `Name: value`")]
    Form,
    /// It belongs to the connection.
    #[error("`{0}` is decided by the connection and the message")]
    OfConnection(String),
}

impl FromStr for Header {
    type Err = NotAHeader;

    fn from_str(text: &str) -> Result<Self, NotAHeader> {
        let (name, value) = text.split_once(':').ok_or(NotAHeader::Form)?;
        let name: HeaderName = name.trim().parse().map_err(|_| NotAHeader::Form)?;
        let value = value_of(value.trim()).ok_or(NotAHeader::Form)?;
        let of_connection = [
            header::CONNECTION,
            header::CONTENT_LENGTH,
            header::EXPECT,
            header::HOST,
            header::TE,
            header::TRAILER,
            header::TRANSFER_ENCODING,
            header::UPGRADE,
        ];
        if of_connection.contains(&name) {
            return Err(NotAHeader::OfConnection(name.to_string()));
        }
        Ok(Self { name, value })
    }
}

/// The headers that are the same for every message, as far as a server may see them.
#[derive(Clone)]
pub(super) struct Headers {
    /// For every server.
    own: HeaderMap,
    /// For the server that the device dials, and for no other that it is sent to: credentials, and what a person has
    /// asked for, which may be one.
    confided: HeaderMap,
}

impl Headers {
    /// # Errors
    /// When a value cannot stand in a header.
    pub(super) fn new(settings: &Settings) -> Result<Self, Failure> {
        let mut own = HeaderMap::new();
        let accept = [super::super::SYNCML_XML, super::super::SYNCML_WBXML].join(", ");
        let request_id = HeaderName::from_static("client-request-id");
        let mut put = |name: HeaderName, text: &str| -> Result<(), Failure> {
            let value = value_of(text).ok_or_else(|| not_a_value(name.as_str()))?;
            own.insert(name, value);
            Ok(())
        };
        put(header::ACCEPT, &accept)?;
        put(header::USER_AGENT, &settings.user_agent)?;
        if let Some(id) = &settings.client_request_id {
            put(request_id, id)?;
        }
        if let Some(base) = &settings.correlation_vector {
            value_of(base).ok_or_else(|| not_a_value("MS-CV"))?;
        }
        let mut confided = HeaderMap::new();
        for Header { name, value } in &settings.headers {
            confided.append(name.clone(), value.clone());
        }
        if let Some(token) = &settings.bearer
            && !confided.contains_key(header::AUTHORIZATION)
        {
            let mut value =
                value_of(&format!("Bearer {token}")).ok_or_else(|| not_a_value("Authorization"))?;
            value.set_sensitive(true);
            confided.insert(header::AUTHORIZATION, value);
        }
        Ok(Self { own, confided })
    }

    /// The headers for a server: the one that the device dials, or another that it is sent to.
    pub(super) fn of(&self, server: Server) -> HeaderMap {
        let mut headers = self.own.clone();
        match server {
            Server::Dialled => {
                for name in self.confided.keys() {
                    headers.remove(name);
                }
                headers.extend(self.confided.clone());
            }
            Server::Other => {}
        }
        headers
    }
}

/// Who a message goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// The server that the device dials.
    Dialled,
    /// Another one, to which that server has sent it.
    Other,
}

/// Text as the value of a header; bytes beyond ASCII pass as they are.
pub(super) fn value_of(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_bytes(text.as_bytes()).ok()
}

fn not_a_value(name: &str) -> Failure {
    Failure::Usage(format!("what is given for `{name}` cannot stand in a header: expected one line of text"))
}
