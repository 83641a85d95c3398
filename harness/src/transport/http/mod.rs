//! An MDM server over HTTP and HTTPS, dialled as Windows dials it (\[MS-MDM\] 2.1).
//!
//! One exchange is one try: repeating it is [`super::retry`]'s work. Redirects are followed here.

mod answer;
mod connection;
mod settings;

use std::fmt;

use bytes::Bytes;
pub(crate) use connection::{Stream, failed, stream};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request as HttpRequest, Response as HttpResponse, StatusCode};
pub(crate) use settings::{Header, MOST_REDIRECTS, Mode, Settings, Timeouts, USER_AGENT};
use tokio::time::timeout;
use url::Url;

use self::connection::{Connection, Sent};
use self::settings::{Headers, Server, value_of};
use super::error::{RedirectProblem, Step, TransportError};
use super::tls::Tls;
use super::{Request, Response, Transport, shown};
use crate::Failure;

/// The correlation vector of a request (\[MS-MDM\] 2.1).
const MS_CV: HeaderName = HeaderName::from_static("ms-cv");

/// A server at an HTTP address.
pub(crate) struct Http {
    settings: Settings,
    headers: Headers,
    tls: Tls,
    /// How many requests there were: what follows the base of the correlation vector.
    requests: u32,
    /// The connection of the last exchange, if it can be used again.
    open: Option<Connection>,
}

impl Http {
    /// # Errors
    /// When a value of the settings cannot stand in a header.
    pub(crate) fn new(settings: Settings, tls: Tls) -> Result<Self, Failure> {
        let headers = Headers::new(&settings)?;
        Ok(Self { settings, headers, tls, requests: 0, open: None })
    }

    /// One message to its address, and to where it is sent from there.
    async fn follow(&mut self, request: &Request) -> Result<Response, TransportError> {
        check(&request.to)?;
        let mut at = self.addressed(&request.to);
        let dialled = at.origin();
        let mut redirects = Vec::new();
        loop {
            let server = if at.origin() == dialled { Server::Dialled } else { Server::Other };
            let (connection, response) = self.post(&at, request, server).await?;
            let (head, body) = response.into_parts();
            if is_redirect(head.status) {
                let next = next(&at, answer::text(&head.headers, &header::LOCATION), redirects.len())?;
                redirects.push(next.clone());
                at = next;
                continue;
            }
            let response = answer::read(&at, &self.tls, &self.settings, &head, body).await?;
            self.open = Some(connection);
            return Ok(Response { redirects, ..response });
        }
    }

    /// Sends the message to one address: over the connection that is open, or a new one.
    async fn post(
        &mut self,
        at: &Url,
        request: &Request,
        server: Server,
    ) -> Result<(Connection, HttpResponse<Incoming>), TransportError> {
        let number = self.requests;
        self.requests = self.requests.saturating_add(1);
        let limits = self.settings.timeouts;
        if let Some(mut connection) = self.open.take().filter(|open| open.leads_to(at)) {
            let message = self.message(at, request, server, number)?;
            match connection.send(at, &self.tls, message, limits.answer).await? {
                Sent::Answered(response) => return Ok((connection, response)),
                Sent::Unsent => {}
            }
        }
        let mut connection = Connection::open(at, &self.tls, limits.connect).await?;
        let message = self.message(at, request, server, number)?;
        match connection.send(at, &self.tls, message, limits.answer).await? {
            Sent::Answered(response) => Ok((connection, response)),
            Sent::Unsent => Err(TransportError::Closed { to: shown(at), received: None }),
        }
    }

    fn message(
        &self,
        at: &Url,
        request: &Request,
        server: Server,
        number: u32,
    ) -> Result<HttpRequest<Full<Bytes>>, TransportError> {
        let not_sent = |what: &str| TransportError::Address { to: shown(at), what: what.to_owned() };
        let path = match at.query() {
            Some(query) => format!("{}?{query}", at.path()),
            None => at.path().to_owned(),
        };
        let host = match (at.host_str(), at.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(not_sent("expected the name or address of a host")),
        };
        let mut message = HttpRequest::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, host)
            .body(Full::new(request.body.clone()))
            .map_err(|error| not_sent(&error.to_string()))?;
        let headers = message.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(request.media_type));
        if let Some(mac) = &request.mac {
            let value = value_of(mac).ok_or_else(|| not_sent("its HMAC cannot stand in a header"))?;
            headers.insert(answer::HMAC, value);
        }
        if let Some(base) = &self.settings.correlation_vector {
            headers.extend(value_of(&format!("{base}.{number}")).map(|value| (MS_CV, value)));
        }
        let of_all = self.headers.of(server);
        // What a person asks for wins over what a message says of itself.
        for name in of_all.keys() {
            headers.remove(name);
        }
        headers.extend(of_all);
        Ok(message)
    }

    /// The address with what Windows appends to it, unless it stands there.
    fn addressed(&self, to: &Url) -> Url {
        let mut at = to.clone();
        at.set_fragment(None);
        let Some(mode) = self.settings.mode else { return at };
        for (key, value) in [("mode", mode.name()), ("Platform", "WoA")] {
            // The rest of the query stays as it was written: nothing is decoded and encoded again.
            if !at.query_pairs().any(|(there, _)| there.eq_ignore_ascii_case(key)) {
                let query = at.query().filter(|query| !query.is_empty());
                let query = query.map(|query| format!("{query}&{key}={value}"));
                at.set_query(Some(&query.unwrap_or_else(|| format!("{key}={value}"))));
            }
        }
        at
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Transport for Http {
    async fn exchange(&mut self, request: Request) -> Result<Response, TransportError> {
        let limit = self.settings.timeouts.exchange;
        match timeout(limit, self.follow(&request)).await {
            Ok(answered) => answered,
            Err(_) => {
                Err(TransportError::TimedOut { to: shown(&request.to), step: Step::Exchange, after: limit })
            }
        }
    }
}

/// The statuses that send the same message elsewhere. 301 and 302 keep the method too: a message cannot become a GET.
fn is_redirect(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    )
}

/// Where a redirect leads.
fn next(at: &Url, location: Option<String>, so_far: usize) -> Result<Url, TransportError> {
    let refuse = |problem| TransportError::Redirect { to: shown(at), problem };
    if so_far == MOST_REDIRECTS {
        return Err(refuse(RedirectProblem::TooMany(so_far)));
    }
    let location = location.ok_or_else(|| refuse(RedirectProblem::NoLocation))?;
    let next = at.join(&location).map_err(|error| refuse(RedirectProblem::NoAddress(error.to_string())))?;
    if at.scheme() == "https" && next.scheme() == "http" {
        return Err(refuse(RedirectProblem::OutOfTls(shown(&next))));
    }
    check(&next).map_err(|error| refuse(RedirectProblem::NoAddress(error.to_string())))?;
    Ok(next)
}

fn check(to: &Url) -> Result<(), TransportError> {
    let refuse = |what: &str| Err(TransportError::Address { to: shown(to), what: what.to_owned() });
    if !matches!(to.scheme(), "http" | "https") {
        return refuse("expected an address that begins with `https://` or `http://`");
    }
    if !to.username().is_empty() || to.password().is_some() {
        return refuse("a user name in the address is not sent: expected an address without one");
    }
    Ok(())
}
