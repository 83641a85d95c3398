//! What the endpoint counts, and how Prometheus reads it.
//!
//! Deliberately absent: globals. Two endpoints of one process count apart.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::fleet::Fleet;

/// The media type of the text that Prometheus reads.
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: Cow<'static, str>,
    status: u16,
}

/// The counters of one endpoint.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    exchange_seconds: Histogram,
    received_bytes: Counter,
    sent_bytes: Counter,
    connections: Gauge,
    refused_connections: Counter,
    devices: Gauge,
    sessions: Gauge,
    commits: Counter,
    failed_commits: Counter,
    committed_answers: Counter,
}

/// A connection that is counted as long as it is there.
#[derive(Debug)]
pub(super) struct Counted(Gauge);

impl Metrics {
    pub(super) fn new() -> Self {
        let metrics = Self {
            requests: Family::default(),
            // From 25 µs to 3 s.
            exchange_seconds: Histogram::new(exponential_buckets(0.000_025, 2.0, 18)),
            received_bytes: Counter::default(),
            sent_bytes: Counter::default(),
            connections: Gauge::default(),
            refused_connections: Counter::default(),
            devices: Gauge::default(),
            sessions: Gauge::default(),
            commits: Counter::default(),
            failed_commits: Counter::default(),
            committed_answers: Counter::default(),
            registry: Registry::with_prefix("cspsim"),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register(
            "http_requests",
            "HTTP requests answered, by route and status",
            self.requests.clone(),
        );
        registry.register(
            "exchange_duration_seconds",
            "Time from a message's last byte to its answer, the commit of what it changed included",
            self.exchange_seconds.clone(),
        );
        registry.register(
            "message_received_bytes",
            "Bytes of messages from servers",
            self.received_bytes.clone(),
        );
        registry.register("message_sent_bytes", "Bytes of devices' answers", self.sent_bytes.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register(
            "refused_connections",
            "Connections refused because there were too many",
            self.refused_connections.clone(),
        );
        registry.register("devices", "Devices", self.devices.clone());
        registry.register("sessions", "Open sessions of all devices", self.sessions.clone());
        registry.register("commits", "Commits to the state file", self.commits.clone());
        registry.register("failed_commits", "Commits that were not possible", self.failed_commits.clone());
        registry.register(
            "committed_answers",
            "Answers that waited for a commit",
            self.committed_answers.clone(),
        );
        self
    }

    /// A device has answered a message.
    pub(super) fn exchanged(&self, received: usize, sent: usize, took: Duration) {
        self.received_bytes.inc_by(received as u64);
        self.sent_bytes.inc_by(sent as u64);
        self.exchange_seconds.observe(took.as_secs_f64());
    }

    /// A request was answered.
    pub(super) fn answered(&self, route: impl Into<Cow<'static, str>>, status: StatusCode) {
        self.requests.get_or_create(&Answered { route: route.into(), status: status.as_u16() }).inc();
    }

    /// A connection was accepted.
    pub(super) fn connected(&self) -> Counted {
        self.connections.inc();
        Counted(self.connections.clone())
    }

    /// A connection was refused.
    pub(super) fn refused(&self) {
        self.refused_connections.inc();
    }

    /// The connections that are open.
    pub(super) fn connections(&self) -> i64 {
        self.connections.get()
    }

    /// Everything, as text.
    ///
    /// # Errors
    /// Never: a text has room.
    pub(super) fn text(&self, fleet: &Fleet) -> Result<String, fmt::Error> {
        let hosts = fleet.hosts();
        let sessions = hosts.iter().map(|host| host.open_sessions()).sum();
        self.devices.set(gauged(hosts.len()));
        self.sessions.set(gauged(sessions));
        if let Some(counts) = fleet.counts() {
            self.commits.inner().store(counts.commits, Ordering::Relaxed);
            self.failed_commits.inner().store(counts.failed, Ordering::Relaxed);
            self.committed_answers.inner().store(counts.answers, Ordering::Relaxed);
        }
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn gauged(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
