//! `cspsim lint`: what is wrong with a server's messages.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use syncml::judge::{Channel, Rule, Severity, rules};

use crate::Failure;
use crate::input::DeviceOptions;
use crate::lint::{self, Linted, counted};
use crate::output::Output;
use crate::violation::rule;

/// Judge a server's messages by the rules of the protocol, and by a device
///
/// The FILEs are the messages of one session, in order: in XML or WBXML, whole or a SyncBody alone; `-` is standard
/// input, and a folder stands for the messages in it, in the order of their numbers and names. Messages of the device's
/// may be among them: then the server's are judged by what they answer, too. Nothing is sent anywhere.
///
/// Exit codes: 1 when a rule was broken (notes do not count), 3 when a file is no message.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim lint package2.xml
  cspsim lint --device lab.toml --ddf wifi.xml 1-device.xml 2-server.xml 3-device.xml 4-server.xml
  cspsim lint --each messages/ --sarif --out lint.sarif
  cspsim lint --explain missing-status")]
pub(super) struct Lint {
    /// The messages of a session
    #[arg(required_unless_present = "explain", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Say all about a rule, and judge nothing
    #[arg(long, value_name = "RULE", value_parser = rule, conflicts_with_all = ["files", "json", "sarif"])]
    explain: Option<&'static Rule>,
    /// Take every FILE for a session of its own
    #[arg(long)]
    each: bool,
    #[command(flatten)]
    device: DeviceOptions,
    /// How the messages came: over `http` credentials can be read
    #[arg(long, value_name = "SCHEME")]
    over: Option<Scheme>,
    /// Do not report what breaks RULE; may be given several times
    #[arg(long, value_name = "RULE", value_parser = rule)]
    allow: Vec<&'static Rule>,
    /// Exit with 1 from this severity on
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    deny: Least,
    /// Print one JSON document
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Print SARIF 2.1.0, which code-scanning pages read
    #[arg(long)]
    sarif: bool,
    #[command(flatten)]
    output: Output,
}

/// What messages came by.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Scheme {
    Http,
    Https,
}

/// The least severity that fails.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Least {
    Note,
    Warning,
    Error,
}

impl Lint {
    pub(super) fn run(self) -> Result<(), Failure> {
        if let Some(rule) = self.explain {
            return self.output.write(explanation(rule).as_bytes());
        }
        let files = lint::files(&self.files)?;
        let device = self.device.load()?;
        let channel = match self.over {
            None => Channel::Unknown,
            Some(Scheme::Http) => Channel::Clear,
            Some(Scheme::Https) => Channel::Private,
        };
        let sessions = if self.each { files.chunks(1).collect() } else { vec![&*files] };
        let mut linted: Vec<_> =
            sessions.into_iter().flat_map(|session| lint::session(session, &device, channel)).collect();
        for one in &mut linted {
            one.findings.retain(|finding| !self.allow.contains(&finding.rule));
        }
        let report = match (self.json, self.sarif) {
            (true, _) => lint::json(&linted),
            (_, true) => lint::sarif(&linted),
            _ => lint::human(&linted),
        };
        self.output.write(report.as_bytes())?;
        self.verdict(&linted)
    }

    fn verdict(&self, linted: &[Linted]) -> Result<(), Failure> {
        let findings = || linted.iter().flat_map(|one| &one.findings);
        let malformed = findings().filter(|finding| *finding.rule == rules::MALFORMED).count();
        if malformed > 0 {
            return Err(Failure::Input(format!(
                "no SyncML message: {malformed} of {}",
                counted(linted.len(), "file")
            )));
        }
        let least = match self.deny {
            Least::Note => Severity::Note,
            Least::Warning => Severity::Warning,
            Least::Error => Severity::Error,
        };
        let count = findings().filter(|finding| finding.rule.severity >= least).count();
        if count > 0 {
            Err(Failure::Check(format!("found {}", counted(count, "broken rule"))))
        } else {
            Ok(())
        }
    }
}

fn explanation(rule: &Rule) -> String {
    let Rule { id, severity, needs, what, remedy, source, .. } = rule;
    format!(
        "{id}: {severity}\n\n{what}\n\nWhat to do: {remedy}\n\nShown by:   {}\nSource:     {source}\n",
        needs.what()
    )
}
