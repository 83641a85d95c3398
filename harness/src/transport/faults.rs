//! Exchanges that go wrong as planned: the same plan and seed spoil the same messages in the same way.
//!
//! Deliberately absent: what goes wrong in the messages themselves. A session does that, by a [`Plan`] of its own.

use std::time::Duration;

use csp_model::device::{ConnectionFault, ConnectionFaultKind, Delay, Milliseconds, ProtocolFault};

use super::clock::Clock;
use super::random::{SplitMix64, unit};
use super::{Request, Response, Transport, TransportError, shown};

/// What is planned to go wrong, and how much of it is still to come.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan<K> {
    faults: Vec<Planned<K>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Planned<K> {
    kind: K,
    message: Option<u32>,
    probability: f64,
    /// How often it may still strike.
    left: Option<u32>,
    /// Its own numbers: another fault in the plan leaves them as they are.
    random: SplitMix64,
}

/// A fault that hits a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Strike<K> {
    /// What goes wrong.
    pub(crate) kind: K,
    /// What is random about it.
    pub(crate) random: u64,
}

impl Plan<ConnectionFaultKind> {
    /// What goes wrong with the connection.
    pub(crate) fn of_connection(faults: &[ConnectionFault], seed: u64) -> Self {
        Self::of(faults, seed, |kind| match kind {
            ConnectionFaultKind::Protocol(_) => None,
            kind @ (ConnectionFaultKind::Delay(_)
            | ConnectionFaultKind::DropBefore
            | ConnectionFaultKind::DropAfter
            | ConnectionFaultKind::Reset
            | ConnectionFaultKind::Truncate { .. }
            | ConnectionFaultKind::Duplicate
            | ConnectionFaultKind::SlowBody { .. }) => Some(kind),
        })
    }
}

impl Plan<ProtocolFault> {
    /// What goes wrong in the messages.
    pub(crate) fn of_protocol(faults: &[ConnectionFault], seed: u64) -> Self {
        Self::of(faults, seed, |kind| match kind {
            ConnectionFaultKind::Protocol(fault) => Some(fault),
            ConnectionFaultKind::Delay(_)
            | ConnectionFaultKind::DropBefore
            | ConnectionFaultKind::DropAfter
            | ConnectionFaultKind::Reset
            | ConnectionFaultKind::Truncate { .. }
            | ConnectionFaultKind::Duplicate
            | ConnectionFaultKind::SlowBody { .. } => None,
        })
    }
}

impl<K: Copy> Plan<K> {
    fn of(faults: &[ConnectionFault], seed: u64, wanted: impl Fn(ConnectionFaultKind) -> Option<K>) -> Self {
        let mut seeds = SplitMix64::new(seed);
        let planned = faults.iter().map(|fault| {
            let random = SplitMix64::new(seeds.next());
            Some(Planned {
                kind: wanted(fault.kind())?,
                message: fault.message().map(u32::from),
                probability: fault.probability().unwrap_or(1.0),
                left: fault.count(),
                random,
            })
        });
        Self { faults: planned.collect::<Vec<_>>().into_iter().flatten().collect() }
    }

    /// What hits a message, in the order of the plan.
    pub(crate) fn strike(&mut self, message: u32) -> Vec<Strike<K>> {
        self.faults.iter_mut().filter_map(|fault| fault.strike(message)).collect()
    }
}

impl<K: Copy> Planned<K> {
    fn strike(&mut self, message: u32) -> Option<Strike<K>> {
        if self.message.is_some_and(|hit| hit != message) || self.left == Some(0) {
            return None;
        }
        if unit(self.random.next()) >= self.probability {
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        Some(Strike { kind: self.kind, random: self.random.next() })
    }
}

/// A transport whose exchanges go wrong.
#[derive(Debug)]
pub(crate) struct Faulty<T, C> {
    inner: T,
    plan: Plan<ConnectionFaultKind>,
    clock: C,
}

impl<T, C> Faulty<T, C> {
    /// Spoils what goes over `inner`, waiting on `clock`.
    pub(crate) const fn new(inner: T, plan: Plan<ConnectionFaultKind>, clock: C) -> Self {
        Self { inner, plan, clock }
    }
}

impl<T: Transport, C: Clock> Transport for Faulty<T, C> {
    async fn exchange(&mut self, request: Request) -> Result<Response, TransportError> {
        let planned = |kind: ConnectionFaultKind| TransportError::Planned {
            to: shown(&request.to),
            fault: kind.name(),
        };
        let (mut lost, mut copies, mut left, mut pace) = (None, 0_u32, None, None);
        for Strike { kind, random } in self.plan.strike(request.number) {
            match kind {
                ConnectionFaultKind::Delay(delay) => self.clock.wait(length(delay, random)).await,
                ConnectionFaultKind::DropBefore | ConnectionFaultKind::Reset => return Err(planned(kind)),
                ConnectionFaultKind::DropAfter => lost = Some(kind),
                ConnectionFaultKind::Truncate { bytes } => {
                    left = Some(left.map_or(bytes, |left: u64| left.min(bytes)));
                }
                ConnectionFaultKind::Duplicate => copies = copies.saturating_add(1),
                ConnectionFaultKind::SlowBody { bytes } => {
                    pace = Some(pace.map_or(bytes, |pace: std::num::NonZeroU64| pace.min(bytes)));
                }
                ConnectionFaultKind::Protocol(_) => {}
            }
        }
        for _ in 0..copies {
            // Whatever comes back for it: the last answer is taken.
            let _ = self.inner.exchange(request.clone()).await;
        }
        let mut response = self.inner.exchange(request.clone()).await?;
        if let Some(kind) = lost {
            return Err(planned(kind));
        }
        if let Some(left) = left {
            response.body.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        }
        if let Some(bytes_a_second) = pace {
            // To whoever awaits the whole body, one that trickles is one that comes late.
            let length = (response.body.len() as u64).saturating_mul(1_000) / bytes_a_second;
            self.clock.wait(Duration::from_millis(length)).await;
        }
        Ok(response)
    }
}

/// How long a message waits, in whole milliseconds.
fn length(delay: Delay, random: u64) -> Duration {
    let milliseconds = match delay {
        Delay::Constant(by) => by.get(),
        Delay::Uniform { by, to } => {
            let lengths = u128::from(to.get().saturating_sub(by.get())) + 1;
            // The upper half of the product is below `lengths`, and as likely for each (Lemire 2019, section 3).
            let more = u64::try_from((u128::from(random) * lengths) >> 64).unwrap_or(u64::MAX);
            by.get().saturating_add(more)
        }
        Delay::Exponential { mean } => {
            // No chance is worth waiting longer than the longest length that can be written.
            let length = -(mean.get() as f64) * (1.0 - unit(random)).ln();
            length.round().min(Milliseconds::LONGEST.get() as f64) as u64
        }
    };
    Duration::from_millis(milliseconds)
}
