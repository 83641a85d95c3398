//! `cspsim serve`: the device at an HTTP endpoint.

use std::convert::Infallible;
use std::env;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use syncml::codec;
use tokio::runtime;
use tokio::sync::oneshot;

use crate::Failure;
use crate::clock::Pace;
use crate::dial::{Dialler, HttpOptions, TlsOptions};
use crate::endpoint::{Endpoint, Limits, Options, log, signal::Signals};
use crate::fleet::{DEFAULT, Fleet, Profiles, Settings, Slowed};
use crate::kept::{Kept, KeptDevice};
use crate::output;
use crate::transcript::{Secrets, TranscriptFile};

/// The environment variable that holds the token, where a command line could be seen by others.
const TOKEN: &str = "CSPSIM_TOKEN";

/// Play the device at a local HTTP endpoint
///
/// A server's messages are posted to `/` and answered by the device `default`; more devices are made by the control
/// API below `/_cspsim` and answer at `/devices/NAME`. When the endpoint is ready, one line on standard output says
/// where it listens. SIGTERM and Ctrl-C finish the answers in hand; a second one does not wait for them.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim serve
  cspsim serve --device lab.toml --state lab.db --transcript lab.jsonl
  cspsim serve --listen 127.0.0.1:0 --clock frozen       a free port; time stands still
  cspsim serve --clock x60                               a minute every second
  CSPSIM_TOKEN=… cspsim serve --listen 0.0.0.0:8080      for other machines

  curl --data-binary @request.xml http://127.0.0.1:8080/
  curl http://127.0.0.1:8080/_cspsim/devices/default/updates
  curl --json '{\"from\":\"default\",\"count\":100,\"name\":\"lab-{:05}\"}' http://127.0.0.1:8080/_cspsim/devices")]
pub(super) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    listen: SocketAddr,
    #[command(flatten)]
    device: KeptDevice,
    /// How the device clock runs: `real` (1:1), `frozen`, or `xN` (N times as fast); it starts at the file's `clock`
    #[arg(long, value_name = "PACE", default_value = "real")]
    clock: Pace,
    /// Write every exchange to FILE, as JSON Lines
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
    /// Leave credentials in transcripts
    #[arg(long)]
    show_secrets: bool,
    /// What the control API asks for, as `Authorization: Bearer TOKEN`; else the variable `CSPSIM_TOKEN` says it
    #[arg(long)]
    token: Option<String>,
    /// The most connections at a time
    #[arg(long, value_name = "N", default_value = "1024")]
    max_connections: NonZeroUsize,
    /// The most bytes of a request's body
    #[arg(long, value_name = "BYTES", default_value = "4194304")]
    max_body: NonZeroUsize,
    /// The most devices
    #[arg(long, value_name = "N", default_value = "1000")]
    max_devices: NonZeroUsize,
    #[command(flatten)]
    tls: TlsOptions,
    /// Milliseconds that every commit takes longer: for benches
    #[arg(long, value_name = "N", hide = true, default_value = "0")]
    slow_commits: u64,
    /// How the log on standard error is written
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    log: log::Form,
    /// How much is logged; `info` has a line for every exchange
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t)]
    log_level: log::Level,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        let token = match &self.token {
            Some(token) => Some(token.clone()),
            None => env::var(TOKEN).ok(),
        };
        if token.as_ref().is_some_and(|token| token.trim().is_empty()) {
            return Err(Failure::Usage(format!(
                "the token is empty: --token and {TOKEN} need one, or are left out"
            )));
        }
        if token.is_none() && !self.listen.ip().is_loopback() {
            return Err(Failure::Usage(format!(
                "--listen {} lets other machines use the control API: --token or {TOKEN} is needed, or a loopback address",
                self.listen
            )));
        }
        log::start(self.log, self.log_level);
        let runtime = runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Network(format!("cannot start: {error}")))?;
        let ended = runtime.block_on(self.serve(token));
        // Whatever still runs after a second request to end is not waited for.
        runtime.shutdown_background();
        ended
    }

    async fn serve(self, token: Option<String>) -> Result<(), Failure> {
        let mut signals = Signals::watch()
            .map_err(|error| Failure::Network(format!("cannot watch for signals: {error}")))?;
        let fleet = self.fleet().await?;
        let options = Options {
            listen: self.listen,
            token,
            secrets: self.secrets(),
            dialler: self
                .tls
                .is_given()
                .then(|| Dialler::new(&self.tls, HttpOptions::default()))
                .transpose()?,
            limits: Limits {
                connections: self.max_connections.get(),
                body: self.max_body.get(),
                ..Limits::default()
            },
        };
        let endpoint = match Endpoint::bind(fleet.clone(), options) {
            Ok(endpoint) => endpoint,
            Err(error) => {
                // What is wrong with the disk as well would only hide what is wrong first.
                let _ = fleet.stop().await;
                return Err(Failure::Network(format!("cannot listen on {}: {error}", self.listen)));
            }
        };
        output::print(format!("cspsim listening on http://{}\n", endpoint.local_addr()).as_bytes())?;
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let served = async {
            // Nothing is ever sent: whoever stops it lets go of the other end.
            endpoint.run(async { drop(stopped.await) }).await;
            fleet.stop().await.map_err(|error| Failure::Output(error.to_string()))
        };
        let mut served = pin!(served);
        tokio::select! {
            ended = &mut served => return ended,
            () = signals.next() => drop(stop),
        }
        tokio::select! {
            ended = served => ended,
            () = signals.next() => Err(Failure::Check("ended with answers in hand: asked a second time".to_owned())),
        }
    }

    /// The devices that were kept, if any are, and `default`.
    async fn fleet(&self) -> Result<Fleet, Failure> {
        let settings = Settings {
            pace: self.clock,
            most_devices: self.max_devices.get(),
            message: codec::Limits { bytes: self.max_body.get(), ..codec::Limits::default() },
            ..Settings::default()
        };
        let transcript = self.transcript.as_deref().map(|path| TranscriptFile::open(path, self.secrets()));
        let transcript = transcript.transpose().map_err(|error| Failure::Output(error.to_string()))?;
        let profiles = Arc::<Profiles>::default();
        let (kept, missing) = self.device.open(&profiles)?;
        let fleet = match kept {
            None => Fleet::in_memory(settings, transcript, profiles),
            Some(Kept { database, devices }) => {
                let storage = Slowed { storage: database, by: Duration::from_millis(self.slow_commits) };
                let fleet = Fleet::kept(settings, transcript, profiles, devices, storage);
                fleet.map_err(|error| Failure::Output(format!("cannot keep devices: {error}")))?
            }
        };
        let missing = missing.into_iter().map(|device| (DEFAULT.into(), device)).collect();
        let added = fleet.add(missing).await;
        added.map_err(|error| Failure::Output(format!("cannot keep the device: {error}")))?;
        Ok(fleet)
    }

    const fn secrets(&self) -> Secrets {
        if self.show_secrets { Secrets::Shown } else { Secrets::Hidden }
    }
}

/// An address to listen on. Names are not looked up, but for the one that every machine has.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let parsed = numeric.as_deref().unwrap_or(text).parse();
    parsed.map_err(|_| {
        "expected an address and a port: `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`".to_owned()
    })
}
