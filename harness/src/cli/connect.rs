//! `cspsim connect`: the device dials an MDM server and holds management sessions with it.

mod show;

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use csp_model::Device;
use csp_model::device::AccountEntry;
use syncml::judge::{Rule, rules};
use tokio::runtime;

use self::show::Show;
use crate::Failure;
use crate::clock::Pace;
use crate::dial::{self, CredentialOptions, Dialler, HttpOptions, TlsOptions};
use crate::drive::{DriveError, Moment};
use crate::endpoint::signal::Signals;
use crate::fleet::{DEFAULT, Fleet, Host, Profiles, Settings};
use crate::kept::{Kept, KeptDevice};
use crate::opening::{Initiator, Login, Opening, Spoken, Told};
use crate::output;
use crate::transcript::{Secrets, TranscriptFile};
use crate::transport::{Url, shown};
use crate::violation::rule;

/// The device dials an MDM server and holds a management session with it
///
/// Every message is shown with its commands and statuses, and so is what the server does wrong. Without URL the
/// server's address is that of the device's account (`[account]` in the device file).
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim connect https://mdm.example.test/ManagementServer/MDM.svc --ca ca.pem
  cspsim connect http://127.0.0.1:8000/mdm --login none
  cspsim connect --device lab.toml --state lab.db          the account of the device file
  cspsim connect URL --cert device.pem --key device.key    what the device proves itself with in TLS
  CSPSIM_PASSWORD=… cspsim connect URL --user lab --auth digest
  cspsim connect URL --fault 'truncate,message=2,bytes=100'
  cspsim connect URL --sessions 10 --poll --clock x600     ten sessions, as often as the device polls

Exit codes: 0 the sessions came to their ends, 1 the server did something wrong, 4 the network or the server failed.")]
pub(super) struct Connect {
    /// The server's address [default: the account's]
    url: Option<String>,
    #[command(flatten)]
    device: KeptDevice,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    credentials: CredentialOptions,
    #[command(flatten)]
    http: HttpOptions,
    /// The account, by its provider id [default: the device's first]
    #[arg(long, value_name = "PROVIDER", help_heading = "Session")]
    account: Option<String>,
    /// Whose idea the session is: Alert 1201 or 1200
    #[arg(long, value_enum, default_value_t, help_heading = "Session")]
    initiator: Initiator,
    /// Who is logged in, as Alert 1224 says
    #[arg(long, value_enum, default_value_t, help_heading = "Session")]
    login: Login,
    /// One more Alert: `request-pending`, `unenrollment`, `sync-type=device`, or `TYPE=DATA` for Alert 1226
    #[arg(long, value_name = "ALERT", help_heading = "Session")]
    alert: Vec<Told>,
    /// The token of the user who is logged in; else the variable `CSPSIM_AAD_USER_TOKEN` says it
    #[arg(long, value_name = "TOKEN", help_heading = "Session")]
    aad_user_token: Option<String>,
    /// The SessionID of the first session [default: the number of the device's next one]
    #[arg(long, value_name = "ID", help_heading = "Session")]
    session_id: Option<String>,
    /// What the device's messages are encoded in [default: as the account says]
    #[arg(long, value_enum, help_heading = "Session")]
    encoding: Option<Spoken>,
    /// The MaxMsgSize that the device says
    #[arg(long, value_name = "BYTES", help_heading = "Session")]
    max_msg_size: Option<usize>,
    /// How many sessions
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Session")]
    sessions: u32,
    /// Wait between sessions as the device's Poll schedule says; without it the next one follows at once
    #[arg(long, help_heading = "Session")]
    poll: bool,
    /// How the device clock runs: `real` (1:1), `frozen`, or `xN` (N times as fast)
    #[arg(long, value_name = "PACE", default_value = "real", help_heading = "Session")]
    clock: Pace,
    /// Do not count what breaks this rule
    #[arg(long, value_name = "RULE", value_parser = rule)]
    allow: Vec<&'static Rule>,
    /// Write every exchange to FILE, as JSON Lines
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
    /// Leave credentials in what is shown and written
    #[arg(long)]
    show_secrets: bool,
    /// Show the messages themselves
    #[arg(long, short)]
    verbose: bool,
    /// Print one JSON document: the sessions with their messages, endings and violations
    #[arg(long, conflicts_with = "verbose")]
    json: bool,
}

impl Connect {
    pub(super) fn run(self) -> Result<(), Failure> {
        let to = self.url.as_deref().map(dial::address).transpose().map_err(Failure::Usage)?;
        if self.poll && self.clock == Pace::Frozen {
            let what = "--poll waits for the device's clock, which stands still: expected --clock real or xN";
            return Err(Failure::Usage(what.to_owned()));
        }
        let dialler =
            Dialler::new(&self.tls, self.http.clone())?.warning(if self.json { |_| () } else { tell_of_try });
        // One device has one thing to do at a time.
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Network(format!("cannot start: {error}")))?;
        let ended = runtime.block_on(self.connect(to, dialler));
        runtime.shutdown_background();
        ended
    }

    async fn connect(self, to: Option<Url>, dialler: Dialler) -> Result<(), Failure> {
        let mut signals = Signals::watch()
            .map_err(|error| Failure::Network(format!("cannot watch for signals: {error}")))?;
        let fleet = self.fleet().await?;
        let host = fleet.host(DEFAULT).expect("the fleet was made with it");
        let mut show = Show::new(self.json, self.verbose, self.secrets());
        let held = tokio::select! {
            held = self.hold_all(&host, to.as_ref(), &dialler, &mut show) => held,
            () = signals.next() => Err(Failure::Check("ended before the session was over: asked to".to_owned())),
        };
        let stopped = fleet.stop().await.map_err(|error| Failure::Output(error.to_string()));
        show.end()?;
        held.and(stopped)
    }

    /// Holds every session that was asked for.
    async fn hold_all(
        &self,
        host: &Arc<Host>,
        to: Option<&Url>,
        dialler: &Dialler,
        show: &mut Show,
    ) -> Result<(), Failure> {
        let device = || host.peek(Device::clone).expect("nobody has taken it away");
        let mut line = dialler.line(&device(), self.account.as_deref())?;
        let mut opening = self.opening();
        // The rules that were broken, each as often as it was.
        let mut broken = Vec::new();
        let mut left = self.sessions;
        while left > 0 {
            left -= 1;
            let first = to.map_or_else(|| account_address(host, &opening), |to| Ok(shown(to)))?;
            show.begins(&first)?;
            // A session that fails in the end has broken rules before all the same.
            let mut violations = Vec::new();
            let tell = |moment: Moment<'_>| {
                if let Moment::Has(_, found) = &moment {
                    violations.extend_from_slice(found);
                }
                show.moment(&moment);
            };
            let held = line.hold(host, to, opening.clone(), tell).await;
            show.written()?;
            violations.extend(held.as_ref().err().and_then(DriveError::violation).cloned());
            let rules =
                violations.iter().filter(|violation| violation.counts()).map(|violation| violation.rule);
            broken.extend(rules.filter(|rule| !self.allows(rule)));
            show.ends(&held, &violations)?;
            let ending = match held {
                Ok(held) => Some(held.ending),
                // A server that may be silent ends the session so.
                Err(DriveError::NoMessage { violation, .. })
                    if violation.rule == rules::NO_ANSWER.id && self.allows(violation.rule) =>
                {
                    None
                }
                Err(error @ DriveError::NoMessage { .. }) if !broken.is_empty() => {
                    return Err(Failure::Check(error.to_string()));
                }
                Err(DriveError::Device(refused)) => return Err(Failure::Output(refused.to_string())),
                Err(error) => return Err(Failure::Network(error.to_string())),
            };
            if let Some(ending) = ending.as_ref().filter(|ending| !ending.is_complete())
                && broken.is_empty()
            {
                return Err(Failure::Network(format!("the session came to no good end: {ending}")));
            }
            // A device that is taken out of its management tells so in one session more.
            if matches!(ending, Some(syncml::session::device::Ending::Unenrolled { .. })) {
                left = 1;
            }
            opening.session_id = None;
            if left > 0 && self.poll {
                self.wait_for_poll(&device()).await;
            }
        }
        if broken.is_empty() { Ok(()) } else { Err(Failure::Check(accusation(&broken))) }
    }

    /// Whether what breaks the rule of that id does not count.
    fn allows(&self, id: &str) -> bool {
        self.allow.iter().any(|rule| rule.id == id)
    }

    /// Waits until the device's schedule brings it to the server again. It was enrolled when its clock started.
    async fn wait_for_poll(&self, device: &Device) {
        let Some(account) = device.account(self.account.as_deref()) else { return };
        let enrolled = device.profile().file().clock.0;
        let now = device.clock();
        let next = device.poll(&account.provider).next_after(enrolled, now);
        let times = match self.clock {
            Pace::Times(times) => times,
            Pace::Real | Pace::Frozen => 1.0,
        };
        let wait = (next - now).to_std().unwrap_or_default();
        tokio::time::sleep(wait.div_f64(times)).await;
    }

    fn opening(&self) -> Opening {
        let token = || env::var("CSPSIM_AAD_USER_TOKEN").ok().filter(|token| !token.is_empty());
        Opening {
            account: self.account.clone(),
            address: self.url.clone(),
            session_id: self.session_id.clone(),
            initiator: self.initiator,
            login: self.login,
            aad_user_token: self.aad_user_token.clone().or_else(token),
            alerts: self.alert.clone(),
            encoding: self.encoding,
            max_msg_size: self.max_msg_size,
            misbehaviour: None,
        }
    }

    /// The one device that dials.
    async fn fleet(&self) -> Result<Fleet, Failure> {
        let settings = Settings { pace: self.clock, ..Settings::default() };
        let transcript = self.transcript.as_deref().map(|path| TranscriptFile::open(path, self.secrets()));
        let transcript = transcript.transpose().map_err(|error| Failure::Output(error.to_string()))?;
        let profiles = Arc::<Profiles>::default();
        let (kept, missing) = self.device.open(&profiles)?;
        let fleet = match kept {
            None => Fleet::in_memory(settings, transcript, profiles),
            Some(Kept { database, devices }) => {
                Fleet::kept(settings, transcript, profiles, devices, database)
                    .map_err(|error| Failure::Output(format!("cannot keep the device: {error}")))?
            }
        };
        let missing = missing.map(|device| self.has_account(&device).map(|()| device)).transpose()?;
        let mut missing: Vec<_> = missing.into_iter().map(|device| (DEFAULT.into(), device)).collect();
        for (_, device) in &mut missing {
            self.credentials.apply(device, self.account.as_deref())?;
        }
        let is_kept = missing.is_empty();
        let added = fleet.add(missing).await;
        added.map_err(|error| Failure::Output(format!("cannot keep the device: {error}")))?;
        if is_kept {
            let host = fleet.host(DEFAULT).expect("the state file has it");
            let mut device = host.peek(Device::clone).expect("nobody has taken it away");
            self.has_account(&device)?;
            if self.credentials.apply(&mut device, self.account.as_deref())? {
                host.put(device).await.map_err(|refused| Failure::Output(refused.to_string()))?;
            }
        }
        Ok(fleet)
    }

    /// Checks that the device has the account that the command line names.
    fn has_account(&self, device: &Device) -> Result<(), Failure> {
        match &self.account {
            Some(provider) if device.account(Some(provider)).is_none() => Err(no_account(provider)),
            Some(_) | None => Ok(()),
        }
    }

    const fn secrets(&self) -> Secrets {
        if self.show_secrets { Secrets::Shown } else { Secrets::Hidden }
    }
}

/// Where the first message goes when the command line does not say it.
fn account_address(host: &Host, opening: &Opening) -> Result<String, Failure> {
    let account = host.peek(|device| device.account(opening.account.as_deref())).flatten();
    let account = account.ok_or_else(|| match &opening.account {
        Some(provider) => no_account(provider),
        None => Failure::Usage("the device has no account: expected a URL".to_owned()),
    })?;
    let address = account.addresses().next().unwrap_or_default();
    // Nobody's server is dialled because nobody was named.
    if address == AccountEntry::default().address {
        let what = "no server to dial: expected a URL, or a device whose `[account]` has an `address`";
        return Err(Failure::Usage(what.to_owned()));
    }
    Ok(Url::parse(address).map_or_else(|_| address.to_owned(), |address| shown(&address)))
}

fn no_account(provider: &str) -> Failure {
    Failure::Usage(format!(
        "the device has no account `{provider}`: expected the provider id of one that it has"
    ))
}

/// Which rules were broken, in the order in which they were first.
fn accusation(broken: &[&str]) -> String {
    let mut counts = Vec::<(&str, usize)>::new();
    for rule in broken {
        match counts.iter_mut().find(|(counted, _)| counted == rule) {
            Some((_, count)) => *count += 1,
            None => counts.push((rule, 1)),
        }
    }
    let counts: Vec<_> = counts
        .into_iter()
        .map(|(rule, count)| if count == 1 { rule.to_owned() } else { format!("{rule} ({count} times)") })
        .collect();
    let rules = if counts.len() == 1 { "the rule" } else { "the rules" };
    format!("the server broke {rules} {}", counts.join(", "))
}

/// A try that failed and is not the last belongs to what happens; only how it all ends is an error.
fn tell_of_try(what: &str) {
    // That it cannot be written is told when the session is over.
    let _ = output::print(format!("      {what}\n").as_bytes());
}
