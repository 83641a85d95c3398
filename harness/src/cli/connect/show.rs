//! What is told of sessions while they are held.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use bytes::Bytes;
use serde_json::{Value, json};
use syncml::codec::{self, Encoding, Limits};
use syncml::message::{Alert, Command, Data, Item, Kind, Message, Status, Text};

use crate::Failure;
use crate::drive::{DriveError, Held, Moment};
use crate::output;
use crate::transcript::{Body, Redactor, Secrets};
use crate::transport::shown;
use crate::violation::Violation;

const OUT: Style = AnsiColor::Cyan.on_default().bold();
const IN: Style = AnsiColor::Magenta.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Tells what happens.
#[derive(Debug)]
pub(super) struct Show {
    is_json: bool,
    is_verbose: bool,
    redactor: Option<Redactor>,
    /// What is not written yet.
    text: String,
    /// The sessions that are over, and the messages of the one that is held.
    sessions: Vec<Value>,
    messages: Vec<Value>,
    address: String,
}

impl Show {
    pub(super) fn new(is_json: bool, is_verbose: bool, secrets: Secrets) -> Self {
        let redactor = match secrets {
            Secrets::Hidden => Some(Redactor::default()),
            Secrets::Shown => None,
        };
        Self {
            is_json,
            is_verbose,
            redactor,
            text: String::new(),
            sessions: Vec::new(),
            messages: Vec::new(),
            address: String::new(),
        }
    }

    /// A session begins.
    pub(super) fn begins(&mut self, address: &str) -> Result<(), Failure> {
        self.messages.clear();
        address.clone_into(&mut self.address);
        self.line(&format!("session with {address}"));
        self.written()
    }

    /// Something happens in a session.
    pub(super) fn moment(&mut self, moment: &Moment<'_>) {
        match moment {
            Moment::Sends { number, to, body } => {
                self.line(&format!("{OUT}→ {number}{OUT:#} {DIM}to {}{DIM:#}", shown(to)));
                self.message("device", *number, body);
            }
            Moment::Hears { number, response } => {
                let redirects =
                    response.redirects.iter().map(|to| format!(" {DIM}sent on to {}{DIM:#}", shown(to)));
                self.line(&format!("{IN}← {number}{IN:#}{}", redirects.collect::<String>()));
                self.message("server", *number, &response.body);
            }
            Moment::Has(_, violations) => {
                for violation in *violations {
                    self.violation(violation);
                }
            }
        }
        // Whoever looks on wants to see it now; that it cannot be written is told when the session is over.
        let _ = self.written();
    }

    /// A session is over.
    pub(super) fn ends(
        &mut self,
        held: &Result<Held, DriveError>,
        violations: &[Violation],
    ) -> Result<(), Failure> {
        let (session, ending, text) = match held {
            Ok(Held { session, ending, .. }) => (Some(&**session), ending.id(), ending.to_string()),
            Err(error) => {
                if let DriveError::NoMessage { violation, .. } = error {
                    self.violation(violation);
                }
                (None, "failed", error.to_string())
            }
        };
        if let Some(session) = session {
            let style = if ending == "complete" { GOOD } else { BAD };
            let count = match violations.iter().filter(|violation| violation.counts()).count() {
                0 => String::new(),
                1 => format!(", {BAD}1 violation{BAD:#}"),
                count => format!(", {BAD}{count} violations{BAD:#}"),
            };
            self.line(&format!("session {session} is over: {style}{text}{style:#}{count}"));
        }
        let messages = std::mem::take(&mut self.messages);
        self.sessions.push(json!({
            "session": session,
            "address": self.address,
            "ending": ending,
            "text": text,
            "messages": messages,
            "violations": violations,
        }));
        self.written()
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        if self.is_json {
            output::print(format!("{:#}\n", json!(self.sessions)).as_bytes())?;
        }
        self.written()
    }

    /// Writes what is to be written.
    pub(super) fn written(&mut self) -> Result<(), Failure> {
        let text = std::mem::take(&mut self.text);
        if self.is_json || text.is_empty() { Ok(()) } else { output::print(text.as_bytes()) }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn violation(&mut self, violation: &Violation) {
        let Violation { rule, place, text, .. } = violation;
        let (style, note) = if violation.counts() { (BAD, "") } else { (DIM, " (note)") };
        self.line(&format!("      {style}{rule}{style:#}{note} at {place}: {text}"));
    }

    fn message(&mut self, from: &str, number: u32, body: &Bytes) {
        let readable = match &mut self.redactor {
            Some(redactor) => redactor.body(body.clone()),
            None => Body::Bytes(body.clone()),
        };
        let shown = match &readable {
            Body::Bytes(bytes) => &bytes[..],
            Body::Withheld(_) => &[],
        };
        let encoding = Encoding::of(body);
        let decoded = codec::decode(shown, &Limits::default());
        let text = match (&readable, &decoded) {
            // What is for people is XML.
            (Body::Bytes(_), Ok(message)) if encoding == Encoding::Wbxml => codec::encode(message),
            (Body::Bytes(bytes), _) => bytes.to_vec(),
            (Body::Withheld(length), _) => format!("({length} bytes that are no text)").into_bytes(),
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        if self.is_json {
            let mut message = json!({ "from": from, "number": number, "body": text });
            if encoding == Encoding::Wbxml {
                message["encoding"] = "wbxml".into();
            }
            self.messages.push(message);
            return;
        }
        if encoding == Encoding::Wbxml {
            self.line(&format!("      {DIM}{} bytes of WBXML{DIM:#}", body.len()));
        }
        // What is shown is what is left when secrets are taken out.
        match decoded {
            Ok(message) => self.commands(&message),
            Err(_) if body.is_empty() => self.line(&format!("      {BAD}nothing{BAD:#}")),
            Err(error) => self.line(&format!("      {BAD}no SyncML message{BAD:#}: {error}")),
        }
        if self.is_verbose {
            self.line(&format!("{DIM}{text}{DIM:#}"));
        }
    }

    fn commands(&mut self, message: &Message) {
        let cred = message.header.as_ref().and_then(|header| header.cred.as_deref());
        if let Some(scheme) = cred.and_then(|cred| cred.meta.as_ref()?.media_type.as_deref()) {
            self.line(&format!("      {DIM}Cred {scheme}{DIM:#}"));
        }
        for command in &message.body.commands {
            self.command(command, 0);
        }
        if !message.body.is_final {
            self.line(&format!("      {DIM}no Final: the package goes on{DIM:#}"));
        }
    }

    fn command(&mut self, command: &Command, depth: usize) {
        let mut line = format!("      {:indent$}", "", indent = 2 * depth);
        let id = or_empty(command.cmd_id.as_ref());
        // Writing to a String cannot fail.
        let _ = match &command.kind {
            Kind::Status(status) => write!(line, "{}", status_text(status)),
            Kind::Results(results) => {
                let items: Vec<_> = results.items.iter().map(|item| of_item(item, true)).collect();
                // A list has a line for each.
                let between = format!("\n{:indent$}", "", indent = 12 + 2 * depth);
                write!(
                    line,
                    "{DIM}    Results {} {}{DIM:#}",
                    or_empty(results.cmd_ref.as_ref()),
                    items.join(&between)
                )
            }
            Kind::Alert(alert) => write!(line, "Alert {id} {}", alert_text(alert)),
            Kind::Request(request) => {
                let items: Vec<_> = request.items.iter().map(|item| of_item(item, false)).collect();
                write!(line, "{} {id} {}", request.verb.name(), items.join(", "))
            }
            Kind::Container(container) => write!(line, "{} {id}", container.kind.name()),
            Kind::Unknown(element) => write!(line, "{BAD}{}{BAD:#}", element.name),
        };
        self.line(line.trim_end());
        if let Kind::Container(container) = &command.kind {
            for member in &container.commands {
                self.command(member, depth + 1);
            }
        }
    }
}

fn status_text(status: &Status) -> String {
    let code = or_empty(status.code.as_ref());
    let style = if status.number().is_some_and(|code| code >= 400) { BAD } else { GOOD };
    let cmd = or_empty(status.cmd.as_ref());
    let reference = status.cmd_ref.as_deref().filter(|reference| *reference != "0").unwrap_or_default();
    let target = status.target_refs.first().map(|target| target.trim()).unwrap_or_default();
    let chal = status.chal.as_ref().and_then(|chal| chal.meta.media_type.as_deref());
    let chal = chal.map(|scheme| format!(" Chal {scheme}")).unwrap_or_default();
    let said =
        [cmd, reference, target].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    format!("{style}{code}{style:#} {said}{chal}")
}

fn alert_text(alert: &Alert) -> String {
    let code = or_empty(alert.code.as_ref());
    let kinds = alert.items.iter().filter_map(|item| item.meta.as_ref()?.media_type.as_deref());
    let kinds: Vec<_> = kinds.collect();
    if kinds.is_empty() { code.to_owned() } else { format!("{code} {}", kinds.join(", ")) }
}

/// The address of an Item, and the value where one may be shown.
fn of_item(item: &Item, with_value: bool) -> String {
    const MOST: usize = 60;
    let address =
        [&item.target, &item.source].into_iter().flatten().find_map(|location| location.loc_uri.as_deref());
    let address = address.map(str::trim).unwrap_or_default();
    let more = if item.more_data { " …" } else { "" };
    match &item.data {
        Some(Data::Text(text)) if with_value => {
            let value: String =
                text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
            let cut = if text.chars().nth(MOST).is_some() { "…" } else { "" };
            format!("{address} = {value}{cut}{more}")
        }
        Some(Data::Text(_) | Data::Markup(_)) | None => format!("{address}{more}"),
    }
}

fn or_empty(text: Option<&Text>) -> &str {
    text.map(|text| text.as_str()).unwrap_or_default()
}
