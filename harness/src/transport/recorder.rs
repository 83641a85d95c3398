//! Tells an observer of every exchange: for transcripts and terminals.
//!
//! What is recorded depends on where it stands: above repetitions it sees one exchange a message, below them every try.

use super::{Request, Response, Transport, TransportError};

/// A transport that hands every exchange to an observer.
pub(crate) struct Recorder<T, O> {
    inner: T,
    observer: O,
}

impl<T, O> Recorder<T, O> {
    /// Tells `observer` of every exchange that passes.
    pub(crate) const fn new(inner: T, observer: O) -> Self {
        Self { inner, observer }
    }
}

impl<T: std::fmt::Debug, O> std::fmt::Debug for Recorder<T, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<T, O> Transport for Recorder<T, O>
where
    T: Transport,
    O: FnMut(&Request, Result<&Response, &TransportError>) + Send,
{
    async fn exchange(&mut self, request: Request) -> Result<Response, TransportError> {
        let outcome = self.inner.exchange(request.clone()).await;
        (self.observer)(&request, outcome.as_ref());
        outcome
    }
}
