//! A connection to a server: the name, TCP, TLS and HTTP/1.1, each with its own way to fail.
//!
//! Deliberately absent: HTTP/2, proxies, and connections side by side: a conversation strictly alternates.

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Origin, Url};

use super::super::error::{Step, TlsProblem, TransportError};
use super::super::shown;
use super::super::tls::Tls;

/// An open connection. It ends when this is dropped.
pub(super) struct Connection {
    origin: Origin,
    sender: SendRequest<Full<Bytes>>,
    /// Moves the bytes, and knows at the end how the connection has failed.
    driver: Option<JoinHandle<hyper::Result<()>>>,
    /// Whether a message has been answered over it: then its server may end it at any time, and that is no failure.
    is_used: bool,
}

/// A stream to a server.
pub(crate) enum Stream {
    /// TCP alone.
    Plain(TcpStream),
    /// TLS over it.
    Tls(Box<TlsStream<TcpStream>>),
}

/// What becomes of a message that is sent.
pub(super) enum Sent {
    /// It was answered.
    Answered(Response<Incoming>),
    /// The connection, which was open from before, had ended: the server has seen nothing of it.
    Unsent,
}

impl Connection {
    /// Connects within `limit`.
    ///
    /// # Errors
    /// When there is no connection.
    pub(super) async fn open(to: &Url, tls: &Tls, limit: Duration) -> Result<Self, TransportError> {
        match timeout(limit, Self::connect(to, tls, limit)).await {
            Ok(connected) => connected,
            Err(_) => Err(TransportError::TimedOut { to: shown(to), step: Step::Connect, after: limit }),
        }
    }

    /// Whether it leads to that address and is still open.
    pub(super) fn leads_to(&self, to: &Url) -> bool {
        self.origin == to.origin() && !self.sender.is_closed()
    }

    /// Sends a message and waits for the header of its answer.
    ///
    /// # Errors
    /// When none comes.
    pub(super) async fn send(
        &mut self,
        to: &Url,
        tls: &Tls,
        request: Request<Full<Bytes>>,
        limit: Duration,
    ) -> Result<Sent, TransportError> {
        let sent = async {
            // Where the connection has ended meanwhile, sending says so better.
            let _ = self.sender.ready().await;
            self.sender.try_send_request(request).await
        };
        let Ok(sent) = timeout(limit, sent).await else {
            return Err(TransportError::TimedOut { to: shown(to), step: Step::Answer, after: limit });
        };
        match sent {
            Ok(response) => {
                self.is_used = true;
                Ok(Sent::Answered(response))
            }
            Err(error) if error.message().is_some() && self.is_used => Ok(Sent::Unsent),
            Err(error) => {
                let error = error.into_error();
                let cause = if error.is_canceled() { self.failure().await } else { None };
                Err(failed(to, tls, &cause.unwrap_or(error), None))
            }
        }
    }

    /// How the connection has failed, when nobody was told yet.
    async fn failure(&mut self) -> Option<hyper::Error> {
        self.driver.take()?.await.ok()?.err()
    }

    async fn connect(to: &Url, tls: &Tls, limit: Duration) -> Result<Self, TransportError> {
        match stream(to, tls, limit).await? {
            Stream::Plain(stream) => Self::handshake(to, stream).await,
            Stream::Tls(stream) => Self::handshake(to, stream).await,
        }
    }

    async fn handshake<S>(to: &Url, stream: S) -> Result<Self, TransportError>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(stream);
        let (sender, connection) = handshake(stream)
            .await
            .map_err(|error| TransportError::Unreachable { to: shown(to), why: error.to_string() })?;
        let driver = Some(tokio::spawn(connection));
        Ok(Self { origin: to.origin(), sender, driver, is_used: false })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(driver) = &self.driver {
            driver.abort();
        }
    }
}

async fn handshake<S: rt::Read + rt::Write + Unpin>(
    stream: S,
) -> hyper::Result<(SendRequest<Full<Bytes>>, http1::Connection<S, Full<Bytes>>)> {
    http1::handshake(stream).await
}

/// Connects to a server: the name, TCP, and TLS where its address has it.
///
/// # Errors
/// When there is no connection.
pub(crate) async fn stream(to: &Url, tls: &Tls, limit: Duration) -> Result<Stream, TransportError> {
    let stream = dial(to, limit).await?;
    // A message is written at once: waiting for more to send would only be slow.
    let _ = stream.set_nodelay(true);
    if to.scheme() != "https" {
        return Ok(Stream::Plain(stream));
    }
    let name = match to.host() {
        Some(Host::Ipv4(address)) => ServerName::from(std::net::IpAddr::from(address)),
        Some(Host::Ipv6(address)) => ServerName::from(std::net::IpAddr::from(address)),
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|_| no_name(to))?,
        None => return Err(no_name(to)),
    };
    let connector = TlsConnector::from(std::sync::Arc::clone(&tls.config));
    let stream = connector.connect(name, stream).await.map_err(|error| TransportError::Tls {
        to: shown(to),
        problem: tls.problem(&error).unwrap_or_else(|| match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => TlsProblem::Closed,
            _ => TlsProblem::Other(error.to_string()),
        }),
    })?;
    Ok(Stream::Tls(Box::new(stream)))
}

/// Tries the host's addresses in turn; each has its share of the time, so that a silent one leaves some to the next.
async fn dial(to: &Url, limit: Duration) -> Result<TcpStream, TransportError> {
    let port = to.port_or_known_default().unwrap_or(80);
    let addresses: Vec<_> = match to.host() {
        Some(Host::Ipv4(address)) => vec![(address, port).into()],
        Some(Host::Ipv6(address)) => vec![(address, port).into()],
        Some(Host::Domain(name)) => {
            let not_resolved = |why: String| TransportError::NameNotResolved { to: shown(to), why };
            let found = lookup_host((name, port)).await.map_err(|error| not_resolved(error.to_string()))?;
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                return Err(not_resolved("it has no address".to_owned()));
            }
            found
        }
        None => return Err(no_name(to)),
    };
    let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut last = None;
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = None,
        }
    }
    Err(match last {
        None => TransportError::TimedOut { to: shown(to), step: Step::Connect, after: limit },
        Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            TransportError::Refused { to: shown(to) }
        }
        Some(error) => TransportError::Unreachable { to: shown(to), why: error.to_string() },
    })
}

/// What an error of HTTP means, after so much of an answer's body.
pub(crate) fn failed(to: &Url, tls: &Tls, error: &hyper::Error, received: Option<usize>) -> TransportError {
    let to = shown(to);
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            if let Some(problem) = tls.problem(error) {
                return TransportError::Tls { to, problem };
            }
            return match error.kind() {
                io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
                    TransportError::Reset { to, received }
                }
                // Also what a TLS connection says that ends without a goodbye.
                io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
                    TransportError::Closed { to, received }
                }
                _ => TransportError::Unreachable { to, why: error.to_string() },
            };
        }
        cause = error.source();
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return TransportError::Closed { to, received };
    }
    TransportError::NotHttp { to, why: error.to_string() }
}

fn no_name(to: &Url) -> TransportError {
    TransportError::Address { to: shown(to), what: "expected the name or address of a host".to_owned() }
}
