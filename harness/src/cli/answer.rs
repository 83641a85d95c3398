//! `cspsim answer`: server messages in, the device's answers out, offline.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use csp_model::tree::Effect;
use serde_json::json;
use syncml::codec::{self, Encoding};
use syncml::message::{Command, Kind, Message, Status, Text};
use syncml::session::{Incoming, Reason, Responder, Turn};

use crate::Failure;
use crate::input;
use crate::kept::KeptDevice;
use crate::output::{self, Output};

/// Answer server messages as the device would
///
/// Each FILE is the next message of one session; `-` is standard input. A message is a SyncML document, or a
/// SyncBody alone, in XML or in WBXML; its answer is in the same encoding, and one in WBXML goes to a file or a pipe, not
/// to a terminal. The answers go to standard output, one a line, or to the file that --out names; what --explain
/// says always goes to standard output.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cspsim answer request.xml
  cspsim answer --explain package2.xml package4.xml
  cspsim answer package2.wbxml | cspsim convert -
  echo '<SyncBody><Get><CmdID>1</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get></SyncBody>' \\
    | cspsim answer -")]
pub(super) struct Answer {
    /// The server's messages
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    device: KeptDevice,
    /// Say beside each Status why it is so: the rule, its ground and its source
    #[arg(long, conflicts_with = "json")]
    explain: bool,
    /// Exit with 1 when a Status is 400 or more
    #[arg(long)]
    fail: bool,
    /// Print one JSON document: the answers with their statuses and reasons
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    output: Output,
}

impl Answer {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut kept = self.device.one()?;
        let device = &mut kept.device;
        // Every message is read before the first one is applied: a malformed one leaves nothing half done.
        let messages = self.files.iter().map(|file| input::message(file)).collect::<Result<Vec<_>, _>>()?;
        let is_binary = messages.iter().any(|(_, input)| input.encoding() == Encoding::Wbxml);
        if is_binary && !self.json {
            self.check_binary()?;
        }
        let mut session = Responder::new(device);
        let turns = messages.iter().map(|(message, input)| {
            let incoming = Incoming { encoding: Some(input.encoding()), ..Incoming::from(message) };
            session.receive(incoming, device)
        });
        let turns: Vec<_> = turns.collect();
        if turns.iter().flat_map(|turn| &turn.effects).any(|effect| *effect == Effect::Restart) {
            device.restart();
        }
        // An answer is only given when what it says is kept.
        kept.keep()?;
        if self.json {
            let encodings = messages.iter().map(|(_, input)| input.encoding());
            self.output.write(self.as_json(&turns, encodings).as_bytes())?;
        } else if is_binary {
            for ((message, _), turn) in messages.iter().zip(&turns) {
                self.output.write_binary(&codec::encode_as(&turn.answer, Encoding::Wbxml))?;
                output::print(self.explained(message, turn).as_bytes())?;
            }
        } else {
            let mut both = String::new();
            let (mut answers, mut explained) = (String::new(), String::new());
            for ((message, _), turn) in messages.iter().zip(&turns) {
                let (answer, why) = (readable(turn) + "\n", self.explained(message, turn));
                both.extend([&answer, &why].map(String::as_str));
                answers.push_str(&answer);
                explained.push_str(&why);
            }
            if self.output.is_file() {
                self.output.write(answers.as_bytes())?;
                output::print(explained.as_bytes())?;
            } else {
                output::print(both.as_bytes())?;
            }
        }
        let failures = turns.iter().flat_map(Turn::statuses).filter(|(status, _)| is_failure(status)).count();
        if self.fail && failures > 0 {
            return Err(Failure::Check(format!("{failures} of the statuses are 400 or more")));
        }
        Ok(())
    }

    /// WBXML is no text to which something could be added, and has no end that a reader could find.
    fn check_binary(&self) -> Result<(), Failure> {
        if self.files.len() > 1 {
            let what =
                "several answers, one of them WBXML, cannot be told apart: expected one FILE, or --json";
            return Err(Failure::Usage(what.to_owned()));
        }
        if self.explain && !self.output.is_file() {
            let what = "--explain goes where the WBXML goes: expected --out FILE";
            return Err(Failure::Usage(what.to_owned()));
        }
        self.output.check_binary()
    }

    /// Why each Status is what it is; nothing unless that was asked for.
    fn explained(&self, message: &Message, turn: &Turn) -> String {
        let mut text = String::new();
        if self.explain {
            let mut addresses = BTreeMap::new();
            addresses_of(&message.body.commands, &mut addresses);
            for (status, reason) in turn.statuses() {
                explain(status, reason, &addresses, &mut text);
            }
            for effect in &turn.effects {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "then: {}", effect_text(effect));
            }
        }
        text
    }

    fn as_json(&self, turns: &[Turn], encodings: impl Iterator<Item = Encoding>) -> String {
        let answers: Vec<_> = self.files.iter().zip(turns).zip(encodings).map(|((file, turn), encoding)| {
            let statuses: Vec<_> = turn.statuses().map(|(status, reason)| json!({
                "cmd_ref": status.cmd_ref.as_deref(),
                "cmd": status.cmd.as_deref(),
                "target_ref": status.target_refs.first().map(|text| text.as_str()),
                "code": status.number(),
                "rule": reason.rule.id,
                "what": reason.rule.what,
                "ground": reason.rule.ground.to_string(),
                "source": reason.rule.source,
                "fact": reason.error.as_ref().map(ToString::to_string),
            })).collect();
            let effects: Vec<_> = turn.effects.iter().map(effect_text).collect();
            let mut answer = json!({ "file": file.display().to_string(), "answer": readable(turn), "due": turn.is_due, "statuses": statuses, "effects": effects });
            if encoding == Encoding::Wbxml {
                answer["wbxml"] = STANDARD.encode(codec::encode_as(&turn.answer, encoding)).into();
            }
            answer
        }).collect();
        format!("{:#}\n", json!(answers))
    }
}

/// The answer as text, whatever it is sent in.
fn readable(turn: &Turn) -> String {
    String::from_utf8_lossy(&codec::encode(&turn.answer)).into_owned()
}

fn is_failure(status: &Status) -> bool {
    status.number().is_some_and(|code| code >= 400)
}

/// What a command has set in motion outside the tree.
fn effect_text(effect: &Effect) -> String {
    match effect {
        Effect::Executed => "the node was run".to_owned(),
        Effect::RollbackStarted(update) => format!("the update {update} leaves with the next restart"),
        Effect::Restart => "the device restarts after the session".to_owned(),
        Effect::Unenroll { provider } => format!("the enrolment with {provider} ends"),
    }
}

/// The first address of every command, by CmdID. An answer leaves it out where there is only one.
fn addresses_of<'m>(commands: &'m [Command], addresses: &mut BTreeMap<&'m str, &'m str>) {
    for command in commands {
        let address = match &command.kind {
            Kind::Request(request) => {
                request.items.first().and_then(|item| item.target.as_ref()?.loc_uri.as_deref())
            }
            Kind::Container(container) => {
                addresses_of(&container.commands, addresses);
                None
            }
            Kind::Alert(_) | Kind::Status(_) | Kind::Results(_) | Kind::Unknown(_) => None,
        };
        if let (Some(id), Some(address)) = (&command.cmd_id, address) {
            addresses.entry(id).or_insert(address.trim());
        }
    }
}

/// The code and what it answers; then the rule with its ground and source.
fn explain(status: &Status, reason: &Reason, addresses: &BTreeMap<&str, &str>, text: &mut String) {
    const FAILURE: Style = AnsiColor::Red.on_default().bold();
    const SUCCESS: Style = AnsiColor::Green.on_default().bold();
    const SOURCE: Style = Style::new().dimmed();
    let or_empty = |text: Option<&Text>| text.map(ToString::to_string).unwrap_or_default();
    let style = if is_failure(status) { FAILURE } else { SUCCESS };
    let [code, cmd, cmd_ref] =
        [&status.code, &status.cmd, &status.cmd_ref].map(|text| or_empty(text.as_ref()));
    let target = status
        .target_refs
        .first()
        .map(|target| target.trim())
        .or_else(|| addresses.get(cmd_ref.as_str()).copied());
    let fact = reason.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    let rule = reason.rule;
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{style}{code}{style:#} {}",
        [cmd.as_str(), cmd_ref.as_str(), target.unwrap_or_default()].join(" ").trim_end()
    );
    let _ = writeln!(text, "    {}{fact}", rule.id);
    let _ = writeln!(text, "    {SOURCE}{}{SOURCE:#}", rule.what);
    let _ = writeln!(text, "    {SOURCE}{}: {}{SOURCE:#}", rule.ground, rule.source);
}
