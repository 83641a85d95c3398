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
use std::sync::{Arc, OnceLock};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;

pub(crate) use options::{Limits, Options};

use crate::Failure;
use crate::dial::{Dialler, HttpOptions, TlsOptions};
use crate::fleet::Fleet;
use crate::listening;
use crate::transcript::Secrets;
use guard::Guard;
use metrics::Metrics;

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
        let listener = listening::bind(options.listen)?;
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
        let connect = |stream, _| {
            let counted = shared.metrics.connected();
            let (router, stopped) = (router.clone(), stopped.clone());
            async move {
                connection::serve(stream, router, limits, stopped).await;
                drop(counted);
            }
        };
        let refuse = |stream| {
            shared.metrics.refused();
            listening::refuse(stream, limits.linger_time)
        };
        let mut connections = listening::let_in(listener, limits.connections, stop, connect, refuse).await;
        drop((stopping, stopped));
        let left = listening::drain(&mut connections, limits.stop_time).await;
        if left > 0 {
            tracing::warn!(connections = left, "stopped with answers in hand");
        }
    }
}
