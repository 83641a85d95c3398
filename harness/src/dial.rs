//! How the device reaches a server: TLS, HTTP, credentials, and what goes wrong on purpose.
//!
//! The options are those of the command line; the endpoint and scenarios dial with the same.

use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use clap::{Args, ValueEnum};
use csp_model::Device;
use csp_model::csp::dmacc::{Account, AuthLevel, AuthType};
use csp_model::device::{ConnectionFault, Milliseconds, ProtocolFault};
use sha2::{Digest as _, Sha256};
use syncml::session::device::Misbehaviour;

use crate::Failure;
use crate::drive::{self, DriveError, Held, Moment};
use crate::fleet::Host;
use crate::opening::Opening;
use crate::transport::clock::MachineClock;
use crate::transport::faults::{Faulty, Plan};
use crate::transport::http::{Header, Http, Mode, Settings, Timeouts, USER_AGENT};
use crate::transport::recorder::Recorder;
use crate::transport::retry::{Retry, Retrying};
use crate::transport::tls::{ClientCertificate, Tls, Trust};
use crate::transport::{Request, Response, Transport, TransportError, Url, shown};

/// Whom the device trusts, and by what servers know it.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TlsOptions {
    /// Trust only the authorities in FILE (PEM); may be given several times [default: those that this machine trusts]
    #[arg(long, value_name = "FILE", help_heading = "TLS", conflicts_with = "insecure")]
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
}

/// How often a message is sent again, and what is waited before: a person looks on.
const RETRIES: u32 = 3;
const BACK_OFF: Duration = Duration::from_millis(500);
const MAX_BACK_OFF: Duration = Duration::from_secs(30);

/// How the device behaves in HTTP, and what goes wrong.
#[derive(Debug, Clone, Args)]
pub(crate) struct HttpOptions {
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
    #[arg(long, value_name = "N", default_value_t = RETRIES, help_heading = "HTTP")]
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

/// The device's credentials, instead of its account's.
#[derive(Debug, Clone, Args)]
pub(crate) struct CredentialOptions {
    /// The user name of the device's credentials, instead of the account's
    #[arg(long, value_name = "NAME", help_heading = "Credentials")]
    user: Option<String>,
    /// Their password; else the variable `CSPSIM_PASSWORD` says it
    #[arg(long, value_name = "PASSWORD", help_heading = "Credentials", requires = "user")]
    password: Option<String>,
    /// Their scheme
    #[arg(
        long,
        value_enum,
        value_name = "SCHEME",
        default_value = "digest",
        help_heading = "Credentials",
        requires = "user"
    )]
    auth: Auth,
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

impl Default for HttpOptions {
    /// As the command line has them that says nothing.
    fn default() -> Self {
        Self {
            bearer: None,
            mode: ModeArg::Machine,
            user_agent: USER_AGENT.to_owned(),
            header: Vec::new(),
            retries: RETRIES,
            back_off: BACK_OFF,
            max_back_off: MAX_BACK_OFF,
            windows_back_off: false,
            timeout: Timeouts::EXCHANGE,
            fault: Vec::new(),
        }
    }
}

impl TlsOptions {
    /// Whether anything was said.
    pub(crate) const fn is_given(&self) -> bool {
        !self.ca.is_empty() || self.cert.is_some() || self.insecure
    }

    /// Reads the files. What is dangerous is said loudly.
    ///
    /// # Errors
    /// When a file cannot be read or does not hold what it should.
    pub(crate) fn tls(&self) -> Result<Tls, Failure> {
        if self.insecure {
            anstream::eprintln!(
                "warning: --insecure: any certificate is taken for any name; whoever is in between reads and changes \
                 everything"
            );
        }
        let trust = match (self.insecure, self.ca.is_empty()) {
            (true, _) => Trust::Anyone,
            (false, true) => Trust::Platform,
            (false, false) => Trust::Only(self.ca.clone()),
        };
        let certificate = self.cert.clone();
        let certificate =
            certificate.map(|certificate| ClientCertificate { certificate, key: self.key.clone() });
        Tls::new(&trust, certificate.as_ref())
    }
}

/// What dials for devices. Connections of one resume each other's TLS sessions.
#[derive(Debug, Clone)]
pub(crate) struct Dialler {
    tls: Tls,
    http: HttpOptions,
    /// Who hears of a try that has failed and is not the last.
    warn: fn(&str),
}

impl Dialler {
    /// Reads the files. What is dangerous is said loudly.
    ///
    /// # Errors
    /// When a file cannot be read or does not hold what it should.
    pub(crate) fn new(tls: &TlsOptions, http: HttpOptions) -> Result<Self, Failure> {
        Ok(Self { tls: tls.tls()?, http, warn: |what| tracing::warn!("{what}") })
    }

    /// The same, with somebody else who hears of tries that have failed.
    #[must_use]
    pub(crate) const fn warning(mut self, warn: fn(&str)) -> Self {
        self.warn = warn;
        self
    }

    /// A line from one device to the server of its account.
    ///
    /// # Errors
    /// When a value cannot stand in a header.
    pub(crate) fn line(
        &self,
        device: &Device,
        provider: Option<&str>,
    ) -> Result<Line<impl Transport + use<>>, Failure> {
        let faults = self.http.faults(device);
        let seed = device.instance().seed;
        let account = device.account(provider);
        let http = Http::new(self.http.settings(device, account.as_ref()), self.tls.clone())?;
        let faulty = Faulty::new(http, Plan::of_connection(&faults, seed), MachineClock);
        let retry = self.http.retry(account.as_ref());
        let transport =
            Retrying::new(Recorder::new(faulty, warn_of_tries(retry, self.warn)), retry, MachineClock);
        Ok(Line { transport, misbehaves: Plan::of_protocol(&faults, seed) })
    }
}

/// A line from one device to its server.
#[derive(Debug)]
pub(crate) struct Line<T> {
    transport: T,
    /// What the device does wrong on purpose.
    misbehaves: Plan<ProtocolFault>,
}

impl<T: Transport> Line<T> {
    /// Sends one message, whoever wrote it, and waits for its answer.
    ///
    /// # Errors
    /// When there is no answer, or none that can be a message.
    pub(crate) async fn exchange(&mut self, request: Request) -> Result<Response, TransportError> {
        self.transport.exchange(request).await
    }

    /// Holds a session. `to` is where messages go instead of the account's address.
    ///
    /// # Errors
    /// When it cannot be held to its end. The device has given it up.
    pub(crate) async fn hold(
        &mut self,
        host: &Arc<Host>,
        to: Option<&Url>,
        opening: Opening,
        tell: impl FnMut(Moment<'_>) + Send,
    ) -> Result<Held, DriveError> {
        let Self { transport, misbehaves } = self;
        let spoil = |number| {
            // Two at once would hide each other.
            misbehaves.strike(number).first().map(|strike| match strike.kind {
                ProtocolFault::WrongMsgRef => Misbehaviour::WrongMsgRef,
                ProtocolFault::LostStatus => Misbehaviour::LostStatus,
                ProtocolFault::StaleNonce => Misbehaviour::StaleNonce,
                ProtocolFault::Abort => Misbehaviour::Abort,
            })
        };
        drive::hold(host, transport, to, opening, spoil, tell).await
    }
}

impl CredentialOptions {
    /// Gives the device the credentials of the command line, if there are any. Whether there were.
    ///
    /// # Errors
    /// When there is no password, or no account that they could belong to.
    pub(crate) fn apply(&self, device: &mut Device, provider: Option<&str>) -> Result<bool, Failure> {
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
}

impl HttpOptions {
    fn settings(&self, device: &Device, account: Option<&Account>) -> Settings {
        /// Where Windows began to send client-request-id and MS-CV (\[MS-MDM\] 2.1, product notes).
        const HEADERS_SINCE: u32 = 19_043;
        let is_recent = device.os().build >= HEADERS_SINCE;
        let called = account.and_then(|account| device.ent_dm_id(&account.provider));
        Settings {
            user_agent: self.user_agent.clone(),
            mode: match self.mode {
                ModeArg::Machine => Some(Mode::Machine),
                ModeArg::Maintenance => Some(Mode::Maintenance),
                ModeArg::None => None,
            },
            client_request_id: called.filter(|_| is_recent),
            correlation_vector: is_recent.then(|| correlation_vector(device)),
            bearer: self.bearer.clone().or_else(|| variable("CSPSIM_BEARER")),
            headers: self.header.clone(),
            timeouts: Timeouts { exchange: self.timeout, ..Timeouts::default() },
            ..Settings::default()
        }
    }

    fn retry(&self, account: Option<&Account>) -> Retry {
        match account.map(Account::retry) {
            Some(retry) if self.windows_back_off => Retry {
                retries: retry.attempts,
                initial: retry.initial_back_off,
                longest: retry.max_back_off,
            },
            None if self.windows_back_off => Retry::WINDOWS,
            Some(_) | None => {
                Retry { retries: self.retries, initial: self.back_off, longest: self.max_back_off }
            }
        }
    }

    fn faults(&self, device: &Device) -> Vec<ConnectionFault> {
        let planned = &device.profile().file().connection_fault;
        planned.iter().chain(&self.fault).cloned().collect()
    }
}

/// An address that can be dialled.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn address(text: &str) -> Result<Url, String> {
    const EXPECTED: &str = "expected one that begins http:// or https://";
    let wrong = |text: &str, what: &str| Err(format!("`{text}` is no address to dial: {what}"));
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return wrong(text, &format!("{error}; {EXPECTED}")),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return wrong(text, EXPECTED);
    }
    if !url.username().is_empty() || url.password().is_some() {
        let what = "it has a user name, which is not sent: expected an address without one";
        return wrong(&shown(&url), what);
    }
    // The standard of URLs takes what follows for the host.
    if text.trim_start().get(url.scheme().len()..).is_some_and(|rest| rest.starts_with(":///")) {
        return wrong(text, "it has no host: expected its name or address after the two slashes");
    }
    Ok(url)
}

/// Says what has failed and may be tried again: waiting must not look like hanging. The last try is an error, and told
/// elsewhere.
fn warn_of_tries(
    retry: Retry,
    warn: fn(&str),
) -> impl FnMut(&Request, Result<&Response, &TransportError>) + Send {
    let (mut message, mut tries) = (0, 0);
    move |request, outcome| {
        if message != request.number {
            (message, tries) = (request.number, 0);
        }
        tries += 1;
        if let Err(error) = outcome
            && error.is_transient()
            && tries <= retry.retries
        {
            let most = retry.retries.saturating_add(1);
            warn(&format!("message {message}, try {tries} of {most}: {error}"));
        }
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
    let length = text.parse::<Milliseconds>().map_err(|error| error.to_string())?;
    Ok(Duration::from_millis(length.get()))
}
