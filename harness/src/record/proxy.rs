//! The proxy: lets clients in, sends on what they ask, and has the book take what was a message.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::server::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::body::{Taken, take};
use super::book::{self, Answer, Book, Exchange};
use super::head::{self, Claim, HostHeader, Upstream};
use super::upstream::{Line, Patience};
use crate::aside::aside;
use crate::transport::http::Timeouts;
use crate::transport::shown;
use crate::transport::tls::Tls;

/// Connections that the system holds until they are accepted.
const BACKLOG: u32 = 1_024;

/// How a proxy is to behave.
#[derive(Debug)]
pub(crate) struct Options {
    /// Where to listen; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// Who is on the other side.
    pub(crate) upstream: Upstream,
    /// Whom the proxy trusts there, and who it says it is.
    pub(crate) tls: Tls,
    /// Who it says it is to clients; without TLS when absent.
    pub(crate) identity: Option<Arc<ServerConfig>>,
    /// Which host requests are for.
    pub(crate) host: HostHeader,
    /// Where patience ends.
    pub(crate) limits: Limits,
}

/// Where patience ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at a time.
    pub(crate) connections: usize,
    /// Bytes of a message. What is larger passes, and is not recorded.
    pub(crate) message: usize,
    /// For a handshake of TLS.
    pub(crate) handshake: Duration,
    /// For the header of a request, since the last answer.
    pub(crate) idle: Duration,
    /// For a connection to the server.
    pub(crate) connect: Duration,
    /// For the header of its answer: a server can be held in a debugger.
    pub(crate) answer: Duration,
    /// For the exchanges in hand when the proxy is stopped.
    pub(crate) stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            message: 4 << 20,
            handshake: Duration::from_secs(10),
            idle: Duration::from_secs(300),
            connect: Timeouts::CONNECT,
            answer: Timeouts::EXCHANGE,
            stop: Duration::from_secs(10),
        }
    }
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    upstream: Upstream,
    tls: Tls,
    host: HostHeader,
    limits: Limits,
    book: Arc<Book>,
}

/// A proxy that listens.
#[derive(Debug)]
pub(crate) struct Proxy {
    listener: TcpListener,
    address: SocketAddr,
    identity: Option<Arc<ServerConfig>>,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Listens, from now on; nobody is answered before [`run`](Self::run).
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(crate) fn bind(options: Options, book: Arc<Book>) -> io::Result<Self> {
        let Options { listen, upstream, tls, identity, host, limits } = options;
        let socket = match listen {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Elsewhere this would let two programs listen on one port.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(listen)?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            identity,
            shared: Arc::new(Shared { upstream, tls, host, limits, book }),
        })
    }

    /// Where it listens.
    pub(crate) const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Lets everything pass until `stop`; then nobody is let in, the exchanges in hand end, and every connection is
    /// closed.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, identity, shared, .. } = self;
        let acceptor = identity.map(TlsAcceptor::from);
        let limits = shared.limits;
        let (stopping, stopped) = watch::channel(());
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next() => {}
                // Whoever comes when there are as many as there may be waits until one has gone.
                stream = accept(&listener), if connections.len() < limits.connections => {
                    let (acceptor, shared, stopped) = (acceptor.clone(), Arc::clone(&shared), stopped.clone());
                    connections.spawn(connected(stream, acceptor, shared, stopped));
                }
            }
        }
        drop(listener);
        drop((stopping, stopped));
        let all_gone = async { while connections.join_next().await.is_some() {} };
        if timeout(limits.stop, all_gone).await.is_err() {
            anstream::eprintln!("warning: stopped with {} exchanges in hand", connections.len());
        }
    }
}

/// The next connection. What the system cannot give now, it may give later.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::debug!(%error, "cannot accept a connection");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connected(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    stopped: watch::Receiver<()>,
) {
    // Without this an answer could wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = acceptor else { return serve(stream, shared, stopped).await };
    match timeout(shared.limits.handshake, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, shared, stopped).await,
        Ok(Err(error)) => {
            anstream::eprintln!(
                "warning: a client has broken off TLS: {error}; does it trust the authority?"
            );
        }
        Err(_) => anstream::eprintln!("warning: a client has not finished its handshake of TLS"),
    }
}

/// Answers what comes over a connection until it ends, or `stop` says so: then the request in hand is the last.
async fn serve<S>(stream: S, shared: Arc<Shared>, mut stop: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let idle = shared.limits.idle;
    let patience = Patience { connect: shared.limits.connect, answer: shared.limits.answer };
    let line = Line::new(shared.upstream.clone(), shared.tls.clone(), patience);
    let line = Arc::new(Mutex::new(line));
    let service = service_fn(move |request: Request<Incoming>| {
        let (shared, line) = (Arc::clone(&shared), Arc::clone(&line));
        // What has come goes on, and is recorded, also when its client has gone.
        let passed = tokio::spawn(async move { pass(&shared, &mut *line.lock().await, request).await });
        async move {
            Ok::<_, Infallible>(
                passed.await.unwrap_or_else(|_| bad_gateway("cspsim: the exchange has failed")),
            )
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(idle)
            .preserve_header_case(true)
            .auto_date_header(false)
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service)
    );
    let stopped = tokio::select! {
        ended = connection.as_mut() => Err(ended),
        // Nothing is ever sent: whoever stops the proxy lets go of the other end.
        _ = stop.changed() => Ok(()),
    };
    let ended = match stopped {
        Err(ended) => ended,
        Ok(()) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection");
    }
}

/// Sends a request on, and its answer back.
async fn pass(shared: &Shared, line: &mut Line, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let to = shared.upstream.at(&head.uri);
    let claim = head::of_request(&head);
    let media_type = head::media_type(&head.headers).map(Into::into);
    let (body, message) = match claim {
        Claim::Other => (Body::new(body), None),
        Claim::Message | Claim::Anything => match take(body, shared.limits.message).await {
            Taken::Whole(bytes) => (Body::from(bytes.clone()), Some(bytes)),
            Taken::TooLarge(body) => {
                too_large(&to);
                (body, None)
            }
            Taken::Broken(error) => {
                return answer(StatusCode::BAD_REQUEST, &format!("cspsim: the body breaks off: {error}"));
            }
        },
    };
    let Some(head) = head::request(head, &shared.upstream, shared.host) else {
        return answer(StatusCode::BAD_REQUEST, "cspsim: the address of the request is none");
    };
    let answered = line.send(Request::from_parts(head, body)).await;
    let recorded = message.map(|request| (request, claim, media_type));
    match answered {
        Ok(response) => answered_with(shared, &to, response, recorded).await,
        Err(error) => {
            anstream::eprintln!("error: {error}");
            if let Some((request, claim, media_type)) = recorded {
                record(shared, Exchange { to, media_type, claim, request, answer: Answer::Lost }).await;
            }
            bad_gateway(&format!("cspsim: {error}"))
        }
    }
}

/// The answer as the client gets it, once it is recorded where it belongs to a message.
async fn answered_with(
    shared: &Shared,
    to: &Url,
    response: Response<Incoming>,
    recorded: Option<(Bytes, Claim, Option<Arc<str>>)>,
) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    head.headers = head::passing(&head.headers);
    let recorded = recorded.filter(|(request, claim, _)| match (claim, request.is_empty()) {
        (Claim::Message, _) => true,
        // A server can be asked for package 1 with nothing.
        (Claim::Anything, true) => head::claim(&head.headers) == Claim::Message,
        (Claim::Anything, false) => book::is_message(request),
        (Claim::Other, _) => false,
    });
    // What is no message is not held up: it may never end.
    let Some((request, claim, media_type)) = recorded else {
        return Response::from_parts(head, Body::new(body));
    };
    let answer_media_type = head::media_type(&head.headers).map(Into::into);
    let exchange = |answer| Exchange { to: to.clone(), media_type, claim, request, answer };
    match take(body, shared.limits.message).await {
        Taken::Whole(bytes) => {
            let status = head.status.as_u16();
            let answer = Answer::Came { status, media_type: answer_media_type, body: bytes.clone() };
            record(shared, exchange(answer)).await;
            Response::from_parts(head, Body::from(bytes))
        }
        Taken::TooLarge(body) => {
            too_large(to);
            record(shared, exchange(Answer::Lost)).await;
            Response::from_parts(head, body)
        }
        Taken::Broken(error) => {
            anstream::eprintln!("error: {}: the answer breaks off: {error}", shown(to));
            record(shared, exchange(Answer::Lost)).await;
            bad_gateway(&format!("cspsim: the answer breaks off: {error}"))
        }
    }
}

async fn record(shared: &Shared, exchange: Exchange) {
    let book = Arc::clone(&shared.book);
    aside(move || book.record(&exchange)).await;
}

fn too_large(to: &Url) {
    anstream::eprintln!(
        "warning: {}: a body is larger than a message can be: it passes, and is not recorded",
        shown(to)
    );
}

fn bad_gateway(what: &str) -> Response<Body> {
    answer(StatusCode::BAD_GATEWAY, what)
}

fn answer(status: StatusCode, what: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{what}\n")));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
