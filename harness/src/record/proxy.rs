//! The proxy: lets clients in, sends on what they ask, and has the book take what was a message.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::server::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::book::Book;
use super::console::Teller;
use super::head::{HostHeader, Upstream};
use super::passing::{self, pass};
use super::upstream::{Line, Patience};
use crate::listening;
use crate::transport::http::Timeouts;
use crate::transport::tls::Tls;

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
    /// What goes wrong is told there.
    pub(crate) teller: Teller,
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
    /// For each piece of the body of a request.
    pub(crate) body: Duration,
    /// For a connection to the server.
    pub(crate) connect: Duration,
    /// For the header of its answer, and each piece of its body: a server can be held in a debugger.
    pub(crate) answer: Duration,
    /// For the exchanges in hand when the proxy is stopped.
    pub(crate) stop: Duration,
    /// For telling the clients of those that are in hand then.
    pub(crate) cut: Duration,
    /// For what a client still sends that there is no room for.
    pub(crate) linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            message: 4 << 20,
            handshake: Duration::from_secs(10),
            idle: Duration::from_secs(300),
            body: Duration::from_secs(30),
            connect: Timeouts::CONNECT,
            answer: Timeouts::EXCHANGE,
            stop: Duration::from_secs(8),
            cut: Duration::from_secs(1),
            linger: Duration::from_secs(2),
        }
    }
}

/// How far the proxy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Everything passes.
    Open,
    /// What is in hand comes to its end.
    Ending,
    /// Nothing is waited for any more.
    Cut,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) upstream: Upstream,
    tls: Tls,
    pub(super) host: HostHeader,
    pub(super) limits: Limits,
    pub(super) book: Arc<Book>,
    pub(super) teller: Teller,
    phase: watch::Receiver<Phase>,
}

/// Whoever has one has something in hand.
type InHand = mpsc::Sender<Infallible>;

/// A proxy that listens.
#[derive(Debug)]
pub(crate) struct Proxy {
    listener: TcpListener,
    address: SocketAddr,
    identity: Option<Arc<ServerConfig>>,
    shared: Arc<Shared>,
    phase: watch::Sender<Phase>,
}

impl Proxy {
    /// Listens, from now on; nobody is answered before [`run`](Self::run).
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(crate) fn bind(options: Options, book: Arc<Book>) -> io::Result<Self> {
        let Options { listen, upstream, tls, identity, host, limits, teller } = options;
        let listener = listening::bind(listen)?;
        let address = listener.local_addr()?;
        let (phase, watched) = watch::channel(Phase::Open);
        let shared = Shared { upstream, tls, host, limits, book, teller, phase: watched };
        Ok(Self { listener, address, identity, shared: Arc::new(shared), phase })
    }

    /// Where it listens.
    pub(crate) const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Whether the server is the proxy itself.
    pub(crate) async fn is_its_own_upstream(&self) -> bool {
        let url = self.shared.upstream.url();
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return false };
        if port != self.address.port() {
            return false;
        }
        let host = host.trim_start_matches('[').trim_end_matches(']');
        // A name that is not known yet may be later.
        let Ok(Ok(mut found)) = timeout(self.shared.limits.linger, lookup_host((host, port))).await else {
            return false;
        };
        let own = self.address.ip();
        found.any(|found| found.ip() == own || (own.is_unspecified() && is_of_this_machine(found.ip())))
    }

    /// Lets everything pass until `stop`; then nobody is let in, the exchanges in hand end, and every connection is
    /// closed.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, identity, shared, phase, .. } = self;
        let acceptor = identity.map(TlsAcceptor::from);
        let limits = shared.limits;
        let (in_hand, mut all_done) = mpsc::channel::<Infallible>(1);
        let connect = |stream, peer: SocketAddr| {
            connected(stream, peer.ip(), acceptor.clone(), Arc::clone(&shared), in_hand.clone())
        };
        let is_plain = acceptor.is_none();
        let refuse = |stream| async move {
            // Who expects TLS would not understand it.
            if is_plain {
                listening::refuse(stream, limits.linger).await;
            }
        };
        let connections = listening::let_in(listener, limits.connections, stop, connect, refuse).await;
        drop(in_hand);
        phase.send_replace(Phase::Ending);
        // An exchange outlives its connection where the client has gone.
        if timeout(limits.stop, all_done.recv()).await.is_ok() {
            return;
        }
        phase.send_replace(Phase::Cut);
        if timeout(limits.cut, all_done.recv()).await.is_err() {
            shared.teller.warn(&format!("stopped with {} connections in use", connections.len()));
        }
    }
}

impl Shared {
    /// When nothing is waited for any more.
    pub(super) async fn cut(&self) {
        self.reached(Phase::Cut).await;
    }

    async fn reached(&self, reached: Phase) {
        let is_there = |phase: &Phase| match phase {
            Phase::Open => false,
            Phase::Ending => reached == Phase::Ending,
            Phase::Cut => true,
        };
        // Without whoever says so, the proxy has gone.
        let _ = self.phase.clone().wait_for(is_there).await;
    }
}

/// Whether an address is one of this machine's: nobody can listen on others.
fn is_of_this_machine(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

async fn connected(
    stream: TcpStream,
    client: IpAddr,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    in_hand: InHand,
) {
    // Without this an answer could wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = acceptor else { return serve(stream, client, shared, in_hand).await };
    match timeout(shared.limits.handshake, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, client, shared, in_hand).await,
        Ok(Err(error)) => {
            let what = format!("a client has broken off TLS: {error}; does it trust the authority?");
            shared.teller.warn(&what);
        }
        Err(_) => shared.teller.warn("a client has not finished its handshake of TLS"),
    }
}

/// Answers what comes over a connection until it ends, or the proxy does: then the request in hand is the last.
async fn serve<S>(stream: S, client: IpAddr, shared: Arc<Shared>, in_hand: InHand)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let patience = Patience { connect: shared.limits.connect, answer: shared.limits.answer };
    let line = Line::new(shared.upstream.clone(), shared.tls.clone(), patience);
    let line = Arc::new(Mutex::new(line));
    let service = service_fn(|request: Request<Incoming>| {
        let (shared, line, in_hand) = (Arc::clone(&shared), Arc::clone(&line), in_hand.clone());
        // What has come goes on, and is recorded, also when its client has gone.
        let passed = tokio::spawn(async move {
            let answer = pass(&shared, &mut *line.lock().await, client, request).await;
            drop(in_hand);
            answer
        });
        async move {
            let failed = |_| passing::answer(StatusCode::BAD_GATEWAY, "cspsim: the exchange has failed");
            Ok::<_, Infallible>(passed.await.unwrap_or_else(failed))
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(shared.limits.idle)
            .preserve_header_case(true)
            .auto_date_header(false)
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service)
    );
    let stopped = tokio::select! {
        ended = connection.as_mut() => Err(ended),
        () = shared.reached(Phase::Ending) => Ok(()),
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
