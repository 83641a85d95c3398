//! How the device reaches a server: the options of TLS and HTTP, credentials, and what goes wrong on purpose.

use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use clap::{Args, ValueEnum};
use csp_model::Device;
use csp_model::csp::dmacc::{AuthLevel, AuthType};
use csp_model::device::{ConnectionFault, ProtocolFault};
use sha2::{Digest as _, Sha256};
use syncml::session::device::Misbehaviour;

use crate::Failure;
use crate::transport::clock::MachineClock;
use crate::transport::faults::{Faulty, Plan};
use crate::transport::http::{Header, Http, Mode, Settings, Timeouts, USER_AGENT};
use crate::transport::retry::{Retry, Retrying};
use crate::transport::tls::{ClientCertificate, Tls, Trust};
use crate::transport::Transport;

/// How the device reaches a server.
#[derive(Debug, Clone, Args)]
pub(super) struct Dial {
    /// Trust only the authorities in FILE (PEM) [default: those that this machine trusts]
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "TLS", conflicts_with = "insecure")]
    ca: Vec<PathBuf>,
    /// The device's certificate (PEM), with those between it and its authority
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    cert: Option<PathBuf>,
    /// The private key of the certificate (PEM) [default: in the same file]
    #[arg(long, value_name = "FILE", help_heading = "TLS", requires = "cert")]
    key: Option<PathBuf>,
    /// Take any certificate for any name: what is sent is safe from nobody
    #[arg(long, help_heading = "TLS")]
    insecure: bool,
    /// The user name of the device's credentials, instead of the account's
    #[arg(long, value_name = "NAME", help_heading = "Credentials")]
    user: Option<String>,
    /// Their password; else the variable `CSPSIM_PASSWORD` says it
    #[arg(long, value_name = "PASSWORD", help_heading = "Credentials", requires = "user")]
    password: Option<String>,
    /// Their scheme
    #[arg(long, value_enum, value_name = "SCHEME", default_value = "digest", help_heading = "Credentials", requires = "user")]
    auth: Auth,
    /// `Authorization: Bearer TOKEN`; else the variable `CSPSIM_BEARER` says it
    #[arg(long, value_name = "TOKEN", help_heading = "Credentials")]
    bearer: Option<String>,
    /// For whom the session is, as the address says
    #[arg(long, value_enum, default_value = "machine", help_heading = "HTTP")]
    mode: ModeArg,
    /// What the device calls itself
    #[arg(long, value_name = "TEXT", default_value = USER_AGENT, help_heading = "HTTP")]
    user_agent: String,
    /// One more header, `Name: value`
    #[arg(long, value_name = "HEADER", help_heading = "HTTP")]
    header: Vec<Header>,
    /// How often a message is sent again when the connection fails or the server has an error
    #[arg(long, value_name = "N", default_value = "3", help_heading = "HTTP")]
    retries: u32,
    /// What is waited before the first time; twice as long every time after
    #[arg(long, value_name = "DURATION", default_value = "500ms", value_parser = duration, help_heading = "HTTP")]
    back_off: Duration,
    /// The longest that is waited; a server that asks for more is not asked again
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration, help_heading = "HTTP")]
    max_back_off: Duration,
    /// Wait as long as Windows does, or as the account says: 16 seconds at first, up to a day
    #[arg(long, help_heading = "HTTP", conflicts_with_all = ["retries", "back_off", "max_back_off"])]
    windows_back_off: bool,
    /// The longest that one exchange may take
    #[arg(long, value_name = "DURATION", default_value = "300s", value_parser = duration, help_heading = "HTTP")]
    timeout: Duration,
    /// What goes wrong between the device and the server, beside what the device file plans: `KIND,PARAMETER=…`
    #[arg(long, value_name = "FAULT", help_heading = "Faults")]
    fault: Vec<ConnectionFault>,
}

/// The scheme of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Auth {
    /// The password itself, in Base64
    Basic,
    /// MD5 with the server's nonce
    Digest,
    /// An HMAC of each message, in the header `x-syncml-hmac`
    Hmac,
}

/// `mode` in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ModeArg {
    /// `?mode=Machine&Platform=WoA`
    Machine,
    /// `?mode=Maintenance&Platform=WoA`
    Maintenance,
    /// Nothing is added
    None,
}

impl Dial {
    /// Says loudly what is dangerous.
    pub(super) fn warn(&self) {
        if self.insecure {
            anstream::eprintln!(
                "warning: --insecure: any certificate is taken for any name; whoever is in between reads and changes everything"
            );
        }
    }

    /// The way to the server, for that device.
    pub(super) fn transport(&self, device: &Device) -> Result<impl Transport + use<>, Failure> {
        const HEADERS_SINCE: u32 = 19_043;
        let trust = match (self.insecure, self.ca.is_empty()) {
            (true, _) => Trust::Anyone,
            (false, true) => Trust::Platform,
            (false, false) => Trust::Only(self.ca.clone()),
        };
        let certificate = self.cert.as_ref();
        let certificate =
            certificate.map(|certificate| ClientCertificate { certificate: certificate.clone(), key: self.key.clone() });
        let tls = Tls::new(&trust, certificate.as_ref())?;
        let is_recent = device.os().build >= HEADERS_SINCE;
        let settings = Settings {
            user_agent: self.user_agent.clone(),
            mode: match self.mode {
                ModeArg::Machine => Some(Mode::Machine),
                ModeArg::Maintenance => Some(Mode::Maintenance),
                ModeArg::None => None,
            },
            client_request_id: device.account(None).and_then(|account| device.ent_dm_id(&account.provider)).filter(|_| is_recent),
            correlation_vector: is_recent.then(|| correlation_vector(device)),
            bearer: self.bearer.clone().or_else(|| variable("CSPSIM_BEARER")),
            headers: self.header.clone(),
            timeouts: Timeouts { exchange: self.timeout, ..Timeouts::default() },
            ..Settings::default()
        };
        let retry = match device.account(None).map(|account| account.retry()) {
            Some(retry) if self.windows_back_off => Retry {
                retries: retry.attempts,
                initial: retry.initial_back_off,
                longest: retry.max_back_off,
            },
            None if self.windows_back_off => Retry::WINDOWS,
            Some(_) | None => {
                Retry { retries: self.retries, initial: self.back_off, longest: self.max_back_off }
            }
        };
        let plan = Plan::of_connection(&self.faults(device), device.instance().seed);
        Ok(Retrying::new(Faulty::new(Http::new(settings, tls)?, plan, MachineClock), retry, MachineClock))
    }

    /// What the device does wrong on purpose, by the number of the message.
    pub(super) fn misbehaviours(&self, device: &Device) -> impl FnMut(u32) -> Option<Misbehaviour> + Send + use<> {
        let mut plan = Plan::of_protocol(&self.faults(device), device.instance().seed);
        move |number| {
            // Two at once would hide each other.
            plan.strike(number).first().map(|strike| match strike.kind {
                ProtocolFault::WrongMsgRef => Misbehaviour::WrongMsgRef,
                ProtocolFault::LostStatus => Misbehaviour::LostStatus,
                ProtocolFault::StaleNonce => Misbehaviour::StaleNonce,
                ProtocolFault::Abort => Misbehaviour::Abort,
            })
        }
    }

    /// Gives the device the credentials of the command line, if there are any. Whether there were.
    pub(super) fn set_credentials(&self, device: &mut Device, provider: Option<&str>) -> Result<bool, Failure> {
        let Some(user) = &self.user else { return Ok(false) };
        let password = self.password.clone().or_else(|| variable("CSPSIM_PASSWORD")).ok_or_else(|| {
            Failure::Usage("--user needs --password, or the variable CSPSIM_PASSWORD".to_owned())
        })?;
        let account = device.account(provider).ok_or_else(|| {
            Failure::Usage("--user: the device has no account that credentials could belong to".to_owned())
        })?;
        let kind = match self.auth {
            Auth::Basic => AuthType::Basic,
            Auth::Digest => AuthType::Digest,
            Auth::Hmac => AuthType::Hmac,
        };
        device.set_credentials(&account.uid, AuthLevel::AppSrv, kind, user, &password);
        Ok(true)
    }

    fn faults(&self, device: &Device) -> Vec<ConnectionFault> {
        let planned = &device.profile().file().connection_fault;
        planned.iter().chain(&self.fault).cloned().collect()
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The base of the correlation vector of the device's next session: 22 characters of Base64, different for each.
fn correlation_vector(device: &Device) -> String {
    let mut what = device.instance().id.to_string();
    // Writing to a String cannot fail.
    let _ = write!(what, " {} {}", device.instance().seed, device.sessions());
    let digest = Sha256::digest(what);
    let mut text = BASE64.encode(digest.get(..17).unwrap_or_default());
    text.truncate(22);
    text
}

fn duration(text: &str) -> Result<Duration, String> {
    let milliseconds: csp_model::device::Milliseconds = text.parse().map_err(|error| format!("{error}"))?;
    Ok(Duration::from_millis(milliseconds.get()))
}
