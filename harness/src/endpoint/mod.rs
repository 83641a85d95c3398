//! The devices over HTTP: messages at `/` and `/devices/{name}`, the control API below `/_cspsim`.
//!
//! [`connection`] and [`patient`] are about bytes and time, [`messages`] about the devices' own language, [`api`] about
//! everything that no device would answer.
//!
//! Deliberately absent: what a message means, and keeping what it changed. An answer is awaited, and sent.

mod api;
mod body;
mod connection;
mod copies;
mod guard;
mod json;
pub(crate) mod log;
mod media;
mod messages;
mod metrics;
mod name;
mod options;
mod patient;
mod problem;
mod refused;
pub(crate) mod signal;
#[cfg(test)]
mod tests;
mod view;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

pub(crate) use options::{Limits, Options};

use crate::Failure;
use crate::dial::{Dialler, HttpOptions, TlsOptions};
use crate::fleet::Fleet;
use crate::transcript::Secrets;
use guard::Guard;
use metrics::Metrics;

/// Connections that the system holds until they are accepted.
const BACKLOG: u32 = 1_024;

/// Clients that are told at the same time that there are too many; further ones are only cut off.
const REFUSALS: usize = 1_024;

/// What all requests share.
#[derive(Debug)]
struct Shared {
    fleet: Fleet,
    guard: Guard,
    secrets: Secrets,
    limits: Limits,
    metrics: Metrics,
    /// What dials for the devices, once one of them has.
    dialler: OnceLock<Dialler>,
    /// When the endpoint began to listen.
    since: Instant,
}

/// Devices that listen. Several can do so in one process.
#[derive(Debug)]
pub(crate) struct Endpoint {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    router: Router,
}

impl Shared {
    /// What dials for the devices.
    ///
    /// # Errors
    /// When what this machine trusts cannot be read.
    fn dialler(&self) -> Result<&Dialler, Failure> {
        if let Some(dialler) = self.dialler.get() {
            return Ok(dialler);
        }
        let made = Dialler::new(&TlsOptions::default(), HttpOptions::default())?;
        Ok(self.dialler.get_or_init(|| made))
    }
}

impl Endpoint {
    /// Listens, from now on; nobody is answered before [`run`](Self::run).
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(crate) fn bind(fleet: Fleet, options: Options) -> io::Result<Self> {
        let socket = match options.listen {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Elsewhere this would let two programs listen on one port.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(options.listen)?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            fleet,
            guard: Guard::new(address, options.token.as_deref()),
            secrets: options.secrets,
            limits: options.limits,
            metrics: Metrics::new(),
            dialler: options.dialler.map_or_else(OnceLock::new, OnceLock::from),
            since: Instant::now(),
        });
        let router = api::router(Arc::clone(&shared));
        Ok(Self { listener, address, shared, router })
    }

    /// Where it listens.
    pub(crate) const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop`; then nobody is let in, the answers in hand go out, and every connection is closed.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, shared, router, .. } = self;
        let limits = shared.limits;
        let (stopping, stopped) = watch::channel(());
        let mut connections = JoinSet::new();
        let mut refusals = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next() => {}
                Some(_) = refusals.join_next() => {}
                stream = accept(&listener) => {
                    if connections.len() < limits.connections {
                        let counted = shared.metrics.connected();
                        let (router, stopped) = (router.clone(), stopped.clone());
                        connections.spawn(async move {
                            connection::serve(stream, router, limits, stopped).await;
                            drop(counted);
                        });
                    } else {
                        shared.metrics.refused();
                        if refusals.len() < REFUSALS {
                            refusals.spawn(connection::refuse(stream, limits));
                        }
                    }
                }
            }
        }
        drop(listener);
        drop((stopping, stopped));
        let all_gone = async { while connections.join_next().await.is_some() {} };
        if timeout(limits.stop_time, all_gone).await.is_err() {
            tracing::warn!(connections = connections.len(), "stopped with answers in hand");
        }
    }
}

/// The next connection. What the system cannot give now, it may give later.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // The peer has gone before it was let in.
            Err(error) if is_of_peer(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn is_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
