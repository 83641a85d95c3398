//! A server that is a function: for tests, and for servers that live in the same program.

use std::future::Future;

use super::{Request, Response, Transport, TransportError};

/// A transport that calls a function instead of a server.
pub(crate) struct Loopback<F> {
    server: F,
}

impl<F> Loopback<F> {
    /// A transport to this server.
    pub(crate) const fn new(server: F) -> Self {
        Self { server }
    }
}

impl<F> std::fmt::Debug for Loopback<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Loopback")
    }
}

impl<F, A> Transport for Loopback<F>
where
    F: FnMut(Request) -> A + Send,
    A: Future<Output = Result<Response, TransportError>> + Send,
{
    fn exchange(
        &mut self,
        request: Request,
    ) -> impl Future<Output = Result<Response, TransportError>> + Send {
        (self.server)(request)
    }
}
