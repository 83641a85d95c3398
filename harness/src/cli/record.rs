//! `cspsim record`: what a device and its server say to each other, judged and written down.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::pin;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::serve::address;
use crate::Failure;
use crate::aside::aside;
use crate::dial::TlsOptions;
use crate::endpoint::log;
use crate::endpoint::signal::Signals;
use crate::output;
use crate::record::{Authority, Book, Console, HostHeader, Limits, Options, Proxy, Upstream};
use crate::transcript::{Devices, Secrets, TranscriptFile};

/// How long ending may take, whatever holds it up.
const ENDING: Duration = Duration::from_secs(10);

/// How long a terminal is waited for in any case.
const TELLING: Duration = Duration::from_millis(500);

/// Record what a device and an MDM server say to each other, as a proxy between them
///
/// The device dials the proxy instead of its server, or a server posts to the proxy instead of `cspsim serve`; which of
/// the two it is shows in what they say. Everything passes as it is. What is SyncML is judged, both sides' of it, and
/// written to the transcript; credentials are redacted there. Ctrl-C ends it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim record --upstream https://mdm.example.test/ --transcript session.jsonl
  cspsim record --listen 127.0.0.1:8081 --upstream http://127.0.0.1:8080/     between a server and `cspsim serve`
  cspsim record --upstream https://mdm.example.test/ --ca lab-ca.pem          whom to trust there
  cspsim record --listen 0.0.0.0:8443 --remote --tls proxy-ca --tls-name proxy.example.test \\
    --upstream https://mdm.example.test/                                      for a device of another machine

  cspsim connect http://127.0.0.1:8081/omadm                                  a device to try it with

Exit codes: 0 when it was asked to end, 2 wrong usage, 3 a file cannot be read or written, 4 port in use.")]
pub(super) struct Record {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8081", value_parser = address)]
    listen: SocketAddr,
    /// Who is on the other side; requests go below the path of URL
    #[arg(long, value_name = "URL")]
    upstream: Upstream,
    /// Write every exchange of messages to FILE, as JSON Lines
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
    /// Leave secrets in the transcript
    #[arg(long)]
    show_secrets: bool,
    /// Let other machines use the proxy: needed for an address that is not loopback
    #[arg(long)]
    remote: bool,
    /// Send the client's `Host` on, instead of the host of URL
    #[arg(long)]
    keep_host: bool,
    /// The most connections at a time
    #[arg(long, value_name = "N", default_value = "1024")]
    max_connections: NonZeroUsize,
    /// Speak TLS, with a certificate of an authority that is kept in FOLDER: devices have to trust its `ca.pem`
    #[arg(long, value_name = "FOLDER", help_heading = "Listening with TLS")]
    tls: Option<PathBuf>,
    /// A name or address that clients know the proxy by; may be given several times [default: this machine's own]
    #[arg(long, value_name = "NAME", requires = "tls", help_heading = "Listening with TLS")]
    tls_name: Vec<String>,
    #[command(flatten)]
    upstream_tls: TlsOptions,
}

impl Record {
    pub(super) fn run(self) -> Result<(), Failure> {
        if !self.remote && !self.listen.ip().is_loopback() {
            return Err(Failure::Usage(format!(
                "--listen {} lets other machines reach {} through the proxy: --remote is needed, or a loopback address",
                self.listen,
                self.upstream.url()
            )));
        }
        log::start(log::Form::Human, log::Level::Warn);
        let runtime = runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Network(format!("cannot start: {error}")))?;
        let ended = runtime.block_on(self.record());
        // Whatever still runs after a second request to end is not waited for.
        runtime.shutdown_background();
        ended
    }

    async fn record(self) -> Result<(), Failure> {
        let mut signals = Signals::watch()
            .map_err(|error| Failure::Network(format!("cannot watch for signals: {error}")))?;
        let authority = self.tls.as_deref().map(Authority::of).transpose()?;
        let identity = authority.as_ref().map(|authority| authority.vouch(self.listen.ip(), &self.tls_name));
        let limits = Limits { connections: self.max_connections.get(), ..Limits::default() };
        let console = Console::start();
        let options = Options {
            listen: self.listen,
            upstream: self.upstream.clone(),
            tls: self.upstream_tls.tls()?,
            identity: identity.transpose()?,
            host: if self.keep_host { HostHeader::Kept } else { HostHeader::Upstream },
            limits,
            teller: console.teller().clone(),
        };
        let secrets = if self.show_secrets { Secrets::Shown } else { Secrets::Hidden };
        let file = self.transcript.as_deref();
        let file = file.map(|path| TranscriptFile::open_of(path, secrets, Devices::Guessed)).transpose();
        let file = file.map_err(|error| Failure::Output(error.to_string()))?;
        let teller = console.teller().clone();
        let book = Arc::new(Book::new(file, secrets, move |told| teller.out(told.line())));
        let bound = match Proxy::bind(options, Arc::clone(&book)) {
            Ok(proxy) if proxy.is_its_own_upstream().await => {
                Err(Failure::Usage(format!("--upstream {} is the proxy itself", self.upstream.url())))
            }
            Ok(proxy) => Ok(proxy),
            Err(error) => Err(Failure::Network(format!("cannot listen on {}: {error}", self.listen))),
        };
        let proxy = bound.inspect_err(|_| {
            // What is wrong with the disk as well would only hide what is wrong first.
            let _ = book.close();
        })?;
        let scheme = if authority.is_some() { "https" } else { "http" };
        output::print(format!("cspsim listening on {scheme}://{}\n", proxy.local_addr()).as_bytes())?;
        if let Some(authority) = &authority {
            console.teller().note(&format!("devices have to trust {}", authority.certificate().display()));
        }
        let (stop, stopped) = oneshot::channel::<Infallible>();
        // Nothing is ever sent: whoever stops it lets go of the other end.
        let mut served = pin!(proxy.run(async { drop(stopped.await) }));
        tokio::select! {
            () = &mut served => {}
            () = signals.next() => drop(stop),
        }
        let until = Instant::now() + ENDING;
        let closed = async {
            served.await;
            aside(move || book.close()).await
        };
        let ended = tokio::select! {
            closed = timeout_at(until, closed) => closed.map_err(|_| {
                let seconds = ENDING.as_secs();
                Failure::Output(format!("ended before everything was written: {seconds} seconds have passed"))
            }),
            () = signals.next() => Err(Failure::Check("ended with exchanges in hand: asked a second time".to_owned())),
        };
        let (last, ended) = match ended {
            Ok((counts, written)) => {
                (counts.line(), written.map_err(|error| Failure::Output(error.to_string())))
            }
            Err(failure) => (String::new(), Err(failure)),
        };
        let soon = Instant::now() + TELLING;
        let patience = if ended.is_ok() { until.max(soon) } else { soon };
        tokio::select! {
            said = timeout_at(patience, console.end(last)) => match said {
                Ok(said) => ended.and(said),
                Err(_) => unheard(ended),
            },
            () = signals.next() => unheard(ended),
        }
    }
}

/// Ends where the terminal takes nothing: what is wrong could not be told there either, and is not waited for.
fn unheard(ended: Result<(), Failure>) -> Result<(), Failure> {
    match ended {
        Ok(()) => Ok(()),
        Err(Failure::Check(_)) => process::exit(1),
        Err(
            Failure::Usage(_)
            | Failure::Input(_)
            | Failure::Located(_)
            | Failure::Network(_)
            | Failure::OutputClosed
            | Failure::Output(_),
        ) => process::exit(3),
    }
}
