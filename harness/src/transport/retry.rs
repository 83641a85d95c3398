//! The same message again: when the connection fails, the server has an error, or asks for patience.

use std::time::Duration;

use super::clock::Clock;
use super::error::{RetryAfter, TransportError};
use super::{Request, Response, Transport};

/// How often a message is sent again, and what is waited before: the `ConnRetryFreq`,
/// `InitialBackOffTime` and `MaxBackOffTime` of a DM account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retry {
    /// How often a message is sent again after the first time.
    pub(crate) retries: u32,
    /// What is waited before the second time; twice as long every time after.
    pub(crate) initial: Duration,
    /// The longest that is waited. A server that asks for more is not asked again.
    pub(crate) longest: Duration,
}

impl Retry {
    /// What Windows does unless its server has set something else.
    pub(crate) const WINDOWS: Self = Self {
        retries: 3,
        initial: Duration::from_millis(16_000),
        longest: Duration::from_millis(86_400_000),
    };
    /// Every message is sent once.
    #[cfg(test)]
    pub(crate) const NEVER: Self = Self { retries: 0, initial: Duration::ZERO, longest: Duration::ZERO };

    /// What is waited before the message is sent for the `again`th time after the first.
    fn back_off(&self, again: u32) -> Duration {
        self.initial.saturating_mul(2_u32.saturating_pow(again.saturating_sub(1))).min(self.longest)
    }
}

/// A transport that tries again.
#[derive(Debug)]
pub(crate) struct Retrying<T, C> {
    inner: T,
    retry: Retry,
    clock: C,
}

impl<T, C> Retrying<T, C> {
    /// Tries again over `inner`, waiting on `clock`.
    pub(crate) const fn new(inner: T, retry: Retry, clock: C) -> Self {
        Self { inner, retry, clock }
    }
}

impl<T: Transport, C: Clock> Transport for Retrying<T, C> {
    async fn exchange(&mut self, request: Request) -> Result<Response, TransportError> {
        let mut tries = 1;
        loop {
            let error = match self.inner.exchange(request.clone()).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let wait = asked(&error, &self.clock).unwrap_or_else(|| self.retry.back_off(tries));
            if !error.is_transient() || tries > self.retry.retries || wait > self.retry.longest {
                return Err(if tries == 1 {
                    error
                } else {
                    TransportError::GaveUp { tries, last: Box::new(error) }
                });
            }
            self.clock.wait(wait).await;
            tries += 1;
        }
    }
}

/// How long the server asks to be left alone, if it does (\[MS-MDM\] product note 15 for 429; RFC 9110 10.2.3 for 503).
fn asked(error: &TransportError, clock: &impl Clock) -> Option<Duration> {
    let TransportError::Status(refusal) = error else { return None };
    match refusal.retry_after? {
        RetryAfter::After(length) => Some(length),
        // A time that has passed already is now.
        RetryAfter::At(at) => Some(at.duration_since(clock.now()).unwrap_or_default()),
    }
}
