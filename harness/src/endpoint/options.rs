//! What an endpoint is told: where to listen, and where patience ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::dial::Dialler;
use crate::transcript::Secrets;

/// How an endpoint is to behave.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Where to listen; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// What the control API asks for, if it asks for anything.
    pub(crate) token: Option<String>,
    /// What is done with credentials when a transcript is shown.
    pub(crate) secrets: Secrets,
    /// What dials for the devices; when absent, one that trusts whom this machine trusts.
    pub(crate) dialler: Option<Dialler>,
    /// Where patience ends.
    pub(crate) limits: Limits,
}

/// Where patience ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Connections at a time.
    pub(crate) connections: usize,
    /// Bytes of a body.
    pub(crate) body: usize,
    /// From the first byte of a request to the end of its header.
    pub(crate) header_time: Duration,
    /// From the end of the header to the end of the body.
    pub(crate) body_time: Duration,
    /// Between two requests.
    pub(crate) idle_time: Duration,
    /// While an answer is written and nobody reads it.
    pub(crate) stall_time: Duration,
    /// After the last answer of a connection, for what the client still sends.
    pub(crate) linger_time: Duration,
    /// For the answers in hand when the endpoint is stopped.
    pub(crate) stop_time: Duration,
}

impl Limits {
    /// The bytes of a header.
    pub(crate) const HEADER: usize = 64 << 10;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            body: 4 << 20,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(60),
            stall_time: Duration::from_secs(30),
            linger_time: Duration::from_secs(2),
            stop_time: Duration::from_secs(10),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            token: None,
            secrets: Secrets::default(),
            dialler: None,
            limits: Limits::default(),
        }
    }
}
