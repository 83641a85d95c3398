//! The way on to the server: one connection for each connection of a client, so that what is said of a connection
//! (NTLM, keep-alive) holds on both sides.

use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::rt::{Read, Write};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use url::Url;

use super::head::Upstream;
use crate::transport::error::{Step, TransportError};
use crate::transport::http::{Stream, failed, stream};
use crate::transport::shown;
use crate::transport::tls::Tls;

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For a connection.
    pub(super) connect: Duration,
    /// For the header of an answer.
    pub(super) answer: Duration,
}

/// A way to the server that is open, or is opened when something is to be sent.
#[derive(Debug)]
pub(super) struct Line {
    to: Upstream,
    tls: Tls,
    patience: Patience,
    open: Option<SendRequest<Body>>,
}

impl Line {
    pub(super) const fn new(to: Upstream, tls: Tls, patience: Patience) -> Self {
        Self { to, tls, patience, open: None }
    }

    /// Sends a request and waits for the header of its answer. A server that has ended the connection meanwhile has seen
    /// nothing of it, and gets it over another one.
    ///
    /// # Errors
    /// When none comes.
    pub(super) async fn send(
        &mut self,
        mut request: Request<Body>,
    ) -> Result<Response<Incoming>, TransportError> {
        if let Some(mut open) = self.open.take()
            && open.ready().await.is_ok()
        {
            match self.over(&mut open, request).await? {
                Ok(response) => {
                    self.open = Some(open);
                    return Ok(response);
                }
                Err(unsent) => request = *unsent,
            }
        }
        let mut open = self.connect().await?;
        match self.over(&mut open, request).await? {
            Ok(response) => {
                self.open = Some(open);
                Ok(response)
            }
            Err(_) => Err(TransportError::Closed { to: shown(self.url()), received: None }),
        }
    }

    /// The answer, or the request back when nothing of it was sent.
    async fn over(
        &self,
        open: &mut SendRequest<Body>,
        request: Request<Body>,
    ) -> Result<Result<Response<Incoming>, Box<Request<Body>>>, TransportError> {
        let after = self.patience.answer;
        match timeout(after, open.try_send_request(request)).await {
            Ok(Ok(response)) => Ok(Ok(response)),
            Ok(Err(mut error)) => match error.take_message() {
                Some(unsent) => Ok(Err(Box::new(unsent))),
                None => Err(failed(self.url(), &self.tls, &error.into_error(), None)),
            },
            Err(_) => Err(TransportError::TimedOut { to: shown(self.url()), step: Step::Answer, after }),
        }
    }

    async fn connect(&self) -> Result<SendRequest<Body>, TransportError> {
        let after = self.patience.connect;
        let connected = async {
            match stream(self.url(), &self.tls, after).await? {
                Stream::Plain(stream) => self.handshake(TokioIo::new(stream)).await,
                Stream::Tls(stream) => self.handshake(TokioIo::new(stream)).await,
            }
        };
        match timeout(after, connected).await {
            Ok(connected) => connected,
            Err(_) => Err(TransportError::TimedOut { to: shown(self.url()), step: Step::Connect, after }),
        }
    }

    async fn handshake<S>(&self, stream: S) -> Result<SendRequest<Body>, TransportError>
    where
        S: Read + Write + Unpin + Send + 'static,
    {
        let shaken = Builder::new().preserve_header_case(true).handshake(stream).await;
        let (sender, connection) = shaken
            .map_err(|error| TransportError::Unreachable { to: shown(self.url()), why: error.to_string() })?;
        // It moves the bytes until nobody sends any more; how it fails is told where something was sent.
        tokio::spawn(connection);
        Ok(sender)
    }

    const fn url(&self) -> &Url {
        self.to.url()
    }
}
