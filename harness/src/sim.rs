//! A device on a free port of this machine: for the tests of a server that is written in Rust.

use std::fmt::{self, Write as _};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use csp_model::agent::Fault;
use csp_model::agent::site::Site;
use csp_model::tree::Reading;
use csp_model::{Device, LocUri};
use parking_lot::Mutex;
use syncml::codec::{self, Limits as MessageLimits};
use syncml::message::Kind;
use tokio::runtime;
use tokio::sync::oneshot;

use crate::clock::{Advance, Pace};
use crate::endpoint::{Endpoint, Options};
use crate::event::{DeviceEvent, RecordedEvent};
use crate::fleet::{DEFAULT, Fleet, Host, Settings, Unable};
use crate::transcript::{self, Body, Call, Entry, Event, Outcome, ScanBy, Secrets};
use crate::violation::RecordedViolation;

/// A device that answers at an address of its own for as long as the value lives.
///
/// When it is dropped, it panics if the server did something wrong, or if what was expected has not come about: so a
/// test fails that would otherwise not notice. It runs in a thread of its own and needs no runtime.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use cspsim::SimDevice;
///
/// let device = SimDevice::start().await;
/// device.expect_node("./Vendor/MSFT/Update/ApprovedUpdates/e6cf1350-c01b-414d-a61f-263d14d133b4");
///
/// // Here the server under test does its work: it posts its messages to `device.url()`.
/// let message = "<SyncBody><Add><CmdID>1</CmdID><Item><Target><LocURI>\
///     ./Vendor/MSFT/Update/ApprovedUpdates/e6cf1350-c01b-414d-a61f-263d14d133b4\
///     </LocURI></Target></Item></Add></SyncBody>";
/// let answer = reqwest::Client::new().post(device.url()).body(message).send().await?.text().await?;
/// assert!(answer.contains("<Cmd>Add</Cmd><Data>200</Data>"));
/// # Ok(())
/// # }
/// ```
///
/// A server that approves what it should not have named like that:
///
/// ```should_panic
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let device = cspsim::SimDevice::start().await;
/// device.expect_value("./Vendor/MSFT/Policy/Config/Update/RequireUpdateApproval", "0");
/// // The server under test does nothing.
/// # }
/// ```
#[derive(Debug)]
pub struct SimDevice {
    host: Arc<Host>,
    address: SocketAddr,
    expected: Mutex<Expected>,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// What must be so when the device is dropped.
#[derive(Debug, Default)]
struct Expected {
    nodes: Vec<(LocUri, Node)>,
    messages: u64,
    allows_violations: bool,
}

/// What must be true of a node.
#[derive(Debug)]
enum Node {
    Present,
    Absent,
    Says(String),
}

/// What a device has seen otherwise than was expected. Its text has a line for each, and what the device answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Unmet {
    /// What was expected and has not come about.
    pub expectations: Vec<String>,
    /// What the server did wrong.
    pub violations: Vec<RecordedViolation>,
    /// The commands that the device refused.
    pub refused: Vec<String>,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the device has not seen what was expected")?;
        self.expectations.iter().try_for_each(|what| write!(f, "\n  {what}"))?;
        for RecordedViolation { violation, .. } in &self.violations {
            write!(
                f,
                "\n  the server broke the rule `{}` at {}: {}",
                violation.rule, violation.place, violation.text
            )?;
        }
        self.refused.iter().try_for_each(|what| write!(f, "\n  the device refused: {what}"))
    }
}

impl SimDevice {
    /// The built-in device, whose clock stands still.
    ///
    /// # Panics
    /// When this machine has no port left for it.
    #[expect(
        clippy::unused_async,
        reason = "its callers are asynchronous, and need not know that it is quick"
    )]
    pub async fn start() -> Self {
        Self::spawn(Device::builtin(), Pace::Frozen).expect("a device can listen on this machine")
    }

    /// Any device, with its clock at any pace.
    ///
    /// # Errors
    /// When this machine has no port or thread left for it.
    pub fn spawn(device: Device, pace: Pace) -> io::Result<Self> {
        let (ready, is_ready) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        // The runtime is the thread's own: who starts a device may be within another one.
        let live = move || {
            let started = runtime::Builder::new_current_thread().enable_all().build().and_then(|runtime| {
                let endpoint = runtime.block_on(listen(device, pace))?;
                Ok((runtime, endpoint))
            });
            let (runtime, host, endpoint) = match started {
                Ok((runtime, (host, endpoint))) => (runtime, host, endpoint),
                Err(error) => return drop(ready.send(Err(error))),
            };
            // Whoever started it waits for this.
            let _ = ready.send(Ok((host, endpoint.local_addr())));
            // It ends when it is told to, and when nobody can tell it any more.
            runtime.block_on(endpoint.run(async { drop(stopped.await) }));
        };
        let thread = thread::Builder::new().name("cspsim-device".to_owned()).spawn(live)?;
        let (host, address) = is_ready.recv().map_err(io::Error::other)??;
        Ok(Self { host, address, expected: Mutex::default(), running: Some((stop, thread)) })
    }

    /// Where servers post their messages: `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The address that it listens on. The control API is there too, below `/_cspsim`.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The device as it is now.
    ///
    /// # Panics
    /// When it was deleted by the control API.
    #[must_use]
    pub fn device(&self) -> Device {
        self.host.peek(Device::clone).expect("the device is not deleted")
    }

    /// Moves the device's clock on by so many seconds; what falls due meanwhile happens. Gives what has happened.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::time::Duration;
    ///
    /// let device = cspsim::SimDevice::start().await;
    /// let events = device.advance(Duration::from_secs(2 * 24 * 3_600));
    /// assert!(events.iter().any(|event| event.kind == "scan-succeeded"));
    /// # }
    /// ```
    ///
    /// # Panics
    /// When it is more than ten years, or the device was deleted by the control API.
    pub fn advance(&self, by: Duration) -> Vec<DeviceEvent> {
        let by = Advance::By(csp_model::units::Duration::from_secs(by.as_secs()));
        self.does(move |device| Ok(Call::Advance { to: by.from(device.clock())? }))
    }

    /// Has the device scan for updates, as its user does with the button in Settings.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let device = cspsim::SimDevice::start().await;
    /// let events = device.scan();
    /// assert_eq!(events.iter().filter(|event| event.kind == "scan-succeeded").count(), 1);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When the device was deleted by the control API.
    pub fn scan(&self) -> Vec<DeviceEvent> {
        self.does(|_| Ok(Call::Scan { by: ScanBy::User }))
    }

    /// Restarts the device: what waits for that is installed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let device = cspsim::SimDevice::start().await;
    /// assert!(device.device().is_restart_required());
    /// device.restart();
    /// assert!(!device.device().is_restart_required());
    /// # }
    /// ```
    ///
    /// # Panics
    /// When the device was deleted by the control API.
    pub fn restart(&self) -> Vec<DeviceEvent> {
        self.does(|_| Ok(Call::Restart))
    }

    /// Pauses updates for so many days, as the device's user does in Settings.
    ///
    /// # Panics
    /// When the user cannot pause so: for 1 to 35 days, where policy lets users pause. When the device was deleted by the
    /// control API.
    pub fn pause(&self, days: u32) -> Vec<DeviceEvent> {
        self.does(move |_| Ok(Call::Pause { days }))
    }

    /// Has other things stand around the device from now on: Configuration Manager, a WSUS server, a proxy.
    ///
    /// # Panics
    /// When they make no sense, or the device was deleted by the control API.
    pub fn set_site(&self, site: Site) -> Vec<DeviceEvent> {
        let site = Arc::new(site);
        self.does(|_| Ok(Call::Site { site }))
    }

    /// Has everything installed that Software Center shows, as the device's user does there.
    ///
    /// # Panics
    /// When the device was deleted by the control API.
    pub fn install(&self) -> Vec<DeviceEvent> {
        self.does(|_| Ok(Call::Install))
    }

    /// Makes the update agent's store anew.
    ///
    /// # Panics
    /// When the device was deleted by the control API.
    pub fn reset_client(&self) -> Vec<DeviceEvent> {
        self.does(|_| Ok(Call::ClientReset))
    }

    /// Ends the user's pause.
    ///
    /// # Panics
    /// When the device was deleted by the control API.
    pub fn resume(&self) -> Vec<DeviceEvent> {
        self.does(|_| Ok(Call::Resume))
    }

    /// Has other things go wrong from now on than the device's file plans; nothing at all for an empty list. Times count
    /// from the start of the device's clock.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use cspsim::csp_model::agent::{Fault, FaultKind};
    ///
    /// let device = cspsim::SimDevice::start().await;
    /// let timeout = Fault {
    ///     kind: FaultKind::ServiceTimeout,
    ///     from: None,
    ///     until: None,
    ///     update: None,
    ///     probability: None,
    ///     count: Some(1),
    ///     hresult: None,
    /// };
    /// device.set_faults(&[timeout]);
    /// assert!(device.scan().iter().any(|event| event.kind == "scan-failed"));
    /// assert!(device.scan().iter().any(|event| event.kind == "scan-succeeded"));
    /// # }
    /// ```
    ///
    /// # Panics
    /// When a fault makes no sense, or the device was deleted by the control API.
    pub fn set_faults(&self, faults: &[Fault]) -> Vec<DeviceEvent> {
        self.does(|_| Ok(Call::Faults { faults: faults.into() }))
    }

    /// The last 1,000 things that the device has done.
    ///
    /// # Panics
    /// When it was deleted by the control API.
    #[must_use]
    pub fn events(&self) -> Vec<RecordedEvent> {
        self.host.happened(0).expect("the device is not deleted")
    }

    /// What servers did wrong so far.
    #[must_use]
    pub fn violations(&self) -> Vec<RecordedViolation> {
        self.host.violations(0)
    }

    /// What was said so far, as JSON Lines, credentials redacted.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "memory takes what is written")]
    pub fn transcript(&self) -> String {
        let (device, entries) = self.host.transcript();
        let mut lines = Vec::new();
        transcript::write(
            &mut lines,
            self.host.name(),
            &Arc::new(device.snapshot()),
            entries,
            Secrets::Hidden,
        )
        .expect("memory takes what is written");
        String::from_utf8_lossy(&lines).into_owned()
    }

    /// In the end, the node must be there.
    ///
    /// # Panics
    /// When `uri` is no LocURI.
    pub fn expect_node(&self, uri: &str) -> &Self {
        self.expect(uri, Node::Present)
    }

    /// In the end, the node must not be there.
    ///
    /// # Panics
    /// When `uri` is no LocURI.
    pub fn expect_no_node(&self, uri: &str) -> &Self {
        self.expect(uri, Node::Absent)
    }

    /// In the end, the leaf must have that value, written as in the Data of a Results.
    ///
    /// # Panics
    /// When `uri` is no LocURI.
    pub fn expect_value(&self, uri: &str, value: &str) -> &Self {
        self.expect(uri, Node::Says(value.to_owned()))
    }

    /// In the end, at least so many messages must have come.
    pub fn expect_messages(&self, at_least: u64) -> &Self {
        self.expected.lock().messages = at_least;
        self
    }

    /// The server may do things wrong.
    pub fn allow_violations(&self) -> &Self {
        self.expected.lock().allows_violations = true;
        self
    }

    /// Looks now at what is looked at in the end.
    ///
    /// # Errors
    /// When something is not as it must be.
    pub fn verify(&self) -> Result<(), Unmet> {
        let expected = self.expected.lock();
        let device = self.host.peek(Device::clone);
        let mut expectations: Vec<_> =
            expected.nodes.iter().filter_map(|(uri, node)| node.unmet(uri, device.as_ref())).collect();
        let entries = self.host.transcript().1;
        let messages = messages(&entries);
        if messages < expected.messages {
            let least = expected.messages;
            expectations.push(format!("expected at least {least} messages, and {messages} came"));
        }
        let violations = self.violations().into_iter().filter(|recorded| recorded.violation.counts());
        let violations: Vec<_> = violations.filter(|_| !expected.allows_violations).collect();
        if expectations.is_empty() && violations.is_empty() {
            return Ok(());
        }
        Err(Unmet { expectations, violations, refused: refused(entries) })
    }

    fn does(&self, call: impl FnOnce(&Device) -> Result<Call, Unable>) -> Vec<DeviceEvent> {
        // It is kept in memory alone: there is nothing to wait for.
        let (done, _) = self.host.begin(call).unwrap_or_else(|error| panic!("{error}"));
        done.events.to_vec()
    }

    fn expect(&self, uri: &str, node: Node) -> &Self {
        let uri = LocUri::parse(uri).unwrap_or_else(|error| panic!("`{uri}` is no LocURI: {error}"));
        self.expected.lock().nodes.push((uri, node));
        self
    }
}

async fn listen(device: Device, pace: Pace) -> io::Result<(Arc<Host>, Endpoint)> {
    let fleet = Fleet::in_memory(Settings { pace, ..Settings::default() }, None, Arc::default());
    fleet.add(vec![(DEFAULT.into(), device)]).await.map_err(io::Error::other)?;
    let host = fleet.host(DEFAULT).ok_or(io::ErrorKind::NotFound)?;
    Ok((host, Endpoint::bind(fleet, Options::default())?))
}

impl Drop for SimDevice {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            // A panic in there is a bug of ours, and has said so.
            let _ = thread.join();
        }
        // A test that has failed already has said why.
        if !thread::panicking()
            && let Err(unmet) = self.verify()
        {
            panic!("{unmet}");
        }
    }
}

impl Node {
    /// What is otherwise, if anything is.
    fn unmet(&self, uri: &LocUri, device: Option<&Device>) -> Option<String> {
        let read = device.map(|device| device.get(uri));
        let is_there = matches!(read, Some(Ok(_)));
        let value = match &read {
            Some(Ok(Reading::Leaf(value, _))) => Some(value.text()),
            Some(Ok(Reading::Interior(_)) | Err(_)) | None => None,
        };
        let found = match (&value, &read) {
            (Some(value), _) => format!("it says `{value}`"),
            (None, Some(Err(error))) => format!("it cannot be read: {error}"),
            (None, Some(Ok(_))) => "it is an interior node".to_owned(),
            (None, None) => "the device is deleted".to_owned(),
        };
        match self {
            Self::Present => (!is_there).then(|| format!("expected `{uri}` to be there: {found}")),
            Self::Absent => is_there.then(|| format!("expected `{uri}` not to be there: {found}")),
            Self::Says(expected) => (value.as_deref() != Some(expected.as_str()))
                .then(|| format!("expected `{uri}` to say `{expected}`: {found}")),
        }
    }
}

/// How many messages came before the first entry. What is not remembered any more has been said all the same.
fn forgotten(entries: &[Entry]) -> u64 {
    entries.first().map_or(0, |entry| entry.seq.saturating_sub(1))
}

/// How many messages came.
fn messages(entries: &[Entry]) -> u64 {
    let exchanges = entries.iter().filter(|entry| matches!(entry.event, Event::Exchange(_)));
    forgotten(entries) + exchanges.count() as u64
}

/// What the device refused, as far as is remembered.
fn refused(entries: Vec<Entry>) -> Vec<String> {
    let mut number = forgotten(&entries);
    let mut refused = Vec::new();
    for entry in entries {
        let Event::Exchange(exchange) = entry.event else { continue };
        number += 1;
        match exchange.outcome {
            Outcome::Answered { body: Body::Bytes(answer), .. } => {
                refused.extend(refusals(&answer).map(|what| format!("message {number}: {what}")));
            }
            Outcome::Answered { body: Body::Withheld(_), .. } => {}
            Outcome::Refused { reason, .. } => refused.push(format!("message {number}: {reason}")),
        }
    }
    refused
}

/// The commands that an answer of the device refuses.
fn refusals(answer: &[u8]) -> impl Iterator<Item = String> {
    let message = codec::decode(answer, &MessageLimits::default());
    let commands = message.map(|message| message.body.commands).unwrap_or_default();
    commands.into_iter().filter_map(|command| {
        let Kind::Status(status) = command.kind else { return None };
        let code = status.number().filter(|code| *code >= 400)?;
        let mut text = format!("{} ", status.cmd.as_deref().unwrap_or_default());
        // Writing to a String cannot fail.
        let _ = write!(text, "{}: {code}", status.cmd_ref.as_deref().unwrap_or_default());
        Some(text)
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use super::*;

    const APPROVAL: &str = "./Vendor/MSFT/Update/ApprovedUpdates/e6cf1350-c01b-414d-a61f-263d14d133b4";

    fn post(device: &SimDevice, body: &str) -> String {
        let mut stream = TcpStream::connect(device.address()).expect("it listens");
        let length = body.len();
        write!(stream, "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
            .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    fn command(verb: &str, uri: &str) -> String {
        format!(
            "<SyncBody><{verb}><CmdID>1</CmdID><Item><Target><LocURI>{uri}</LocURI></Target></Item></{verb}></SyncBody>"
        )
    }

    fn spawn() -> SimDevice {
        SimDevice::spawn(Device::builtin(), Pace::Frozen).expect("there is a port")
    }

    #[test]
    fn what_was_expected_and_came_about_is_no_trouble() {
        let device = spawn();
        device.expect_node(APPROVAL).expect_messages(1).expect_value("./DevInfo/Man", "Contoso");
        device.expect_no_node("./Vendor/MSFT/Update/ApprovedUpdates/00000000-0000-0000-0000-000000000000");
        assert!(post(&device, &command("Add", APPROVAL)).contains("<Cmd>Add</Cmd><Data>200</Data>"));
        assert!(device.device().get(&LocUri::parse(APPROVAL).expect("an address")).is_ok());
        assert_eq!(device.transcript().lines().count(), 2);
        assert_eq!(device.verify(), Ok(()));
    }

    #[test]
    fn what_has_not_come_about_is_told_with_what_was_refused() {
        let device = spawn();
        device.expect_node(APPROVAL).expect_messages(3).expect_value("./DevInfo/Man", "Fabrikam");
        device.expect_no_node("./DevInfo");
        post(&device, &command("Replace", APPROVAL));
        post(&device, "<SyncML>");
        let unmet = device.verify().expect_err("nothing was approved");
        assert_eq!(
            unmet.to_string(),
            "the device has not seen what was expected\n  \
             expected `./Vendor/MSFT/Update/ApprovedUpdates/e6cf1350-c01b-414d-a61f-263d14d133b4` to be there: \
             it cannot be read: there is no such node\n  \
             expected `./DevInfo/Man` to say `Fabrikam`: it says `Contoso`\n  \
             expected `./DevInfo` not to be there: it is an interior node\n  \
             expected at least 3 messages, and 2 came\n  \
             the server broke the rule `absent-node` at 1:42: found Replace of \
             \"./Vendor/MSFT/Update/ApprovedUpdates/e6cf1350-c01b-414d-a61f-263d14d133b4\", which is not there\n  \
             the server broke the rule `malformed` at 1:9: found the end of the text, expected `</SyncML>`\n  \
             the device refused: message 1: Replace 1: 404\n  \
             the device refused: message 2: the body is no SyncML message: 1:9: found the end of the text, expected \
             `</SyncML>`"
        );
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(device)));
        assert_eq!(panicked.expect_err("a test must fail").downcast_ref(), Some(&unmet.to_string()));
    }

    #[test]
    fn a_server_may_be_allowed_to_do_things_wrong() {
        let device = spawn();
        device.allow_violations();
        post(&device, "<SyncML>");
        assert_eq!(device.violations().len(), 1);
    }

    #[tokio::test]
    async fn several_live_side_by_side() {
        let devices = [SimDevice::start().await, SimDevice::start().await];
        assert_ne!(devices[0].url(), devices[1].url());
    }
}
