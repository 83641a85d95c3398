//! Lines as bytes: JSON, each with its LF, and credentials redacted unless they may be shown.
//!
//! Deliberately absent: threads and files (`file.rs`).

use std::sync::Arc;
use std::{io, mem};

use csp_model::device::Snapshot;
use serde::Serialize;

use super::line::{Body, Call, Devices, Entry, Event, Exchange, Header, Line, Origin, Outcome, Secrets};
use super::redact::Redactor;

/// Writes the transcript of one device, which was as `device` says before the first of `entries`.
///
/// # Errors
/// When `out` cannot be written.
pub(crate) fn write(
    out: impl io::Write,
    name: &Arc<str>,
    device: &Arc<Snapshot>,
    entries: impl IntoIterator<Item = Entry>,
    secrets: Secrets,
) -> io::Result<()> {
    let mut lines = LineWriter::new(out, secrets);
    lines.header(name, device)?;
    entries.into_iter().try_for_each(|entry| lines.entry(name, entry))
}

/// Writes lines one after another.
#[derive(Debug)]
pub(crate) struct LineWriter<W> {
    out: W,
    redactor: Option<Redactor>,
    devices: Devices,
}

impl LineWriter<Vec<u8>> {
    /// How many bytes wait to be taken.
    pub(crate) const fn written(&self) -> usize {
        self.out.len()
    }

    /// Takes what was written.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        mem::take(&mut self.out)
    }
}

impl<W: io::Write> LineWriter<W> {
    /// A writer of one transcript: equal secrets stay equal in it.
    pub(crate) fn new(out: W, secrets: Secrets) -> Self {
        let redactor = match secrets {
            Secrets::Hidden => Some(Redactor::default()),
            Secrets::Shown => None,
        };
        Self { out, redactor, devices: Devices::Known }
    }

    /// A writer of a transcript that was written before, by the rules of `redactor`.
    pub(crate) const fn again(out: W, redactor: Redactor) -> Self {
        Self { out, redactor: Some(redactor), devices: Devices::Known }
    }

    /// What it has learnt of the secrets.
    pub(crate) fn into_redactor(self) -> Option<Redactor> {
        self.redactor
    }

    /// The writer of a transcript whose devices are that.
    #[must_use]
    pub(crate) const fn of(mut self, devices: Devices) -> Self {
        self.devices = devices;
        self
    }

    /// Writes the first line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn header(&mut self, name: &Arc<str>, device: &Arc<Snapshot>) -> io::Result<()> {
        let header = Header::new(Arc::clone(name), Arc::clone(device), Secrets::Shown);
        self.header_again(Header { devices: self.devices, ..header })
    }

    /// Writes the first line of a transcript that was written before.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn header_again(&mut self, header: Header) -> io::Result<()> {
        let secrets = if self.redactor.is_some() { Secrets::Hidden } else { header.secrets };
        let device = self.snapshot(Arc::clone(&header.device));
        self.line(&Header { device, secrets, ..header })
    }

    /// Writes the line of an entry.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn entry(&mut self, name: &Arc<str>, entry: Entry) -> io::Result<()> {
        let event = match entry.event {
            Event::Device(device) => Event::Device(self.snapshot(device)),
            Event::Exchange(Exchange { origin, request, outcome }) => {
                let said = self.body(request.clone());
                let outcome = match outcome {
                    Outcome::Answered { http, body } => Outcome::Answered { http, body: self.body(body) },
                    Outcome::Refused { http, reason } if self.redactor.is_some() => {
                        Outcome::Refused { http, reason: Redactor::reason(&request, reason) }
                    }
                    Outcome::Refused { http, reason } => Outcome::Refused { http, reason },
                };
                Event::Exchange(Exchange { origin: self.origin(origin), request: said, outcome })
            }
            Event::Control(Call::Snapshot { device }) => {
                Event::Control(Call::Snapshot { device: self.snapshot(device) })
            }
            Event::Control(
                call @ (Call::Created
                | Call::Reset
                | Call::GivenUp { .. }
                | Call::Advance { .. }
                | Call::Scan { .. }
                | Call::Restart
                | Call::Pause { .. }
                | Call::Resume
                | Call::Faults { .. }
                | Call::Registry { .. }
                | Call::PolicyRefresh
                | Call::Site { .. }
                | Call::Install
                | Call::ClientReset
                | Call::Deleted),
            ) => Event::Control(call),
        };
        self.line(&Line { name: Arc::clone(name), entry: Entry { event, ..entry } })
    }

    /// Hands on what is buffered.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn body(&mut self, body: Body) -> Body {
        match (body, &mut self.redactor) {
            (Body::Bytes(bytes), Some(redactor)) => redactor.body(bytes),
            (body, _) => body,
        }
    }

    fn origin(&mut self, origin: Origin) -> Origin {
        match (origin, &mut self.redactor) {
            (Origin::Opened(opening), Some(redactor)) => Origin::Opened(redactor.opening(opening)),
            (origin, _) => origin,
        }
    }

    fn snapshot(&mut self, device: Arc<Snapshot>) -> Arc<Snapshot> {
        match &mut self.redactor {
            Some(redactor) => redactor.snapshot(device),
            None => device,
        }
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }
}
