//! Time as transports need it: what o'clock it is for a server, and waiting.
//!
//! An argument, so that what waits for hours is tested in no time. The device's own time is not known here.

use std::future::Future;
use std::time::{Duration, SystemTime};

/// Somebody who knows the time and can wait.
pub(crate) trait Clock: Send + Sync {
    /// The time: a server may say until when it wants to be left alone.
    fn now(&self) -> SystemTime;

    /// Waits.
    fn wait(&self, length: Duration) -> impl Future<Output = ()> + Send;
}

/// This machine's time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn wait(&self, length: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(length)
    }
}

impl<C: Clock> Clock for &C {
    fn now(&self) -> SystemTime {
        C::now(self)
    }

    fn wait(&self, length: Duration) -> impl Future<Output = ()> + Send {
        C::wait(self, length)
    }
}
