//! A device that is killed in the middle of a session that it holds has lost nothing that its server has a Status for,
//! and what it is told again is done once. `cargo test -p cspsim --test connect_kill -- --nocapture` shows how often.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin has failed")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::{self, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

const APPROVALS: &str = "./Vendor/MSFT/Update/ApprovedUpdates";
/// The messages of a session: package 1, the Statuses of two commands, the Status of a third.
const MESSAGES: u32 = 3;
/// How long the device is left alone after an answer, in microseconds.
const WAITS: [u64; 5] = [0, 300, 1_000, 3_000, 10_000];
/// Longer than anything takes: a program that hangs is an error too.
const PATIENCE: Duration = Duration::from_secs(60);

/// When the device is killed, by the number of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The message is lost with it: it was sent, and the server has not got it.
    Lost(u32),
    /// The server has got it, and has not answered.
    Heard(u32),
    /// The server has answered.
    Answered(u32),
}

#[derive(Debug, Default)]
struct Counts {
    rounds: u32,
    statuses: usize,
    lost_statuses: usize,
    commands_that_were_told_again: usize,
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what one wants to see")]
fn what_has_its_status_survives_a_kill_and_the_rest_is_done_once() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("connect-kill");
    // It is there when the test has run before.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let state = folder.join("lab.db");
    let (server, events) = Server::start();
    let mut counts = Counts::default();
    for wait in WAITS.map(Duration::from_micros) {
        // The other moments do not depend on time.
        let others = [Moment::Lost, Moment::Heard].into_iter().filter(|_| wait == Duration::ZERO);
        let moments = others.chain([Moment::Answered as fn(u32) -> Moment]);
        for at in moments.flat_map(|moment| (1..=MESSAGES).map(moment)) {
            let before = server.with(|server| server.wants(counts.rounds, at));
            kill_at(&server, &events, &state, at, wait);
            let on_disk = approvals(&state);
            server.with(|server| {
                let lost: Vec<_> = server.done.difference(&on_disk).collect();
                assert!(
                    lost.is_empty(),
                    "{at:?}: the server has a Status for {lost:?}, and the device has lost it"
                );
                let never_told: Vec<_> = on_disk.difference(&server.told).collect();
                assert!(never_told.is_empty(), "{at:?}: nobody has told {never_told:?}");
                counts.statuses += server.done.len() - before;
                let unsure = server.told.difference(&server.done);
                counts.lost_statuses += unsure.filter(|guid| on_disk.contains(*guid)).count();
                server.on_disk = on_disk;
                server.kill_at = None;
            });
            // The rest comes in a session that nobody disturbs, and breaks no rule: what was done before is there
            // already, and only that.
            let output = program(&server.url, &state).output().unwrap();
            assert!(output.status.success(), "{at:?}: {}", String::from_utf8_lossy(&output.stdout));
            while events.recv_timeout(PATIENCE).unwrap() != Event::Closed {}
            server.with(|server| {
                assert!(
                    server.waiting.is_empty(),
                    "{at:?}: the session has not brought {:?}",
                    server.waiting
                );
                assert_eq!(server.done, server.told, "{at:?}");
                counts.commands_that_were_told_again += std::mem::take(&mut server.told_again);
            });
            assert_eq!(approvals(&state), server.with(|server| server.done.clone()), "{at:?}");
            counts.rounds += 1;
        }
    }
    assert!(counts.lost_statuses > 0, "no kill has hit between the disk and the server: {counts:?}");
    println!("{counts:?}");
}

/// Begins a session, and kills the device at that moment of it.
fn kill_at(server: &Server, events: &Receiver<Event>, state: &Path, at: Moment, wait: Duration) {
    let mut device = program(&server.url, state).spawn().unwrap();
    match events.recv_timeout(PATIENCE).unwrap() {
        Event::Reached => {}
        Event::Closed => panic!("{at:?}: the session was over before: {:?}", device.wait_with_output()),
    }
    thread::sleep(wait);
    device.kill().unwrap();
    device.wait().unwrap();
    server.killed.send(()).unwrap();
    // What it had sent before is what the server has.
    while events.recv_timeout(PATIENCE).unwrap() != Event::Closed {}
}

fn program(url: &str, state: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_cspsim"));
    // The updates that are approved are none that this device has found.
    program.args(["connect", url, "--allow", "approval-not-installable"]);
    program.args(["--clock", "frozen", "--retries", "0", "--state"]).arg(state);
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

/// The approvals that the state file has, but for the one that the built-in device begins with.
fn approvals(state: &Path) -> BTreeSet<String> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_cspsim"));
    let output = program.args(["tree", APPROVALS, "--json", "--state"]).arg(state).output().unwrap();
    let tree: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names =
        tree["children"].as_array().unwrap().iter().map(|child| child["name"].as_str().unwrap().to_owned());
    names.filter(|name| name.ends_with(MARK)).collect()
}

/// By this the approvals of this test are known.
const MARK: &str = "-0000-4000-8000-c0ffee000000";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The moment has come.
    Reached,
    /// The device has hung up.
    Closed,
}

/// What the server wants and knows.
#[derive(Debug, Default)]
struct Knows {
    kill_at: Option<Moment>,
    /// What has no Status yet.
    waiting: VecDeque<String>,
    /// What was told at least once.
    told: BTreeSet<String>,
    /// What has its Status.
    done: BTreeSet<String>,
    /// What the state file had when the session began.
    on_disk: BTreeSet<String>,
    told_again: usize,
    last_session: u64,
    session: Session,
}

/// What the server knows of the session.
#[derive(Debug, Default)]
struct Session {
    number: u32,
    /// The commands that were sent, by MsgID and CmdID.
    sent: BTreeMap<(String, String), String>,
}

impl Knows {
    /// Three commands, and the moment of a kill. How many commands are done before.
    fn wants(&mut self, round: u32, at: Moment) -> usize {
        self.kill_at = Some(at);
        self.waiting.extend((0..3).map(|part| format!("{round:04x}{part:04x}{MARK}")));
        self.done.len()
    }

    /// Takes a message, and gives the answer.
    fn answer(&mut self, message: &str) -> String {
        let text = |open: &str| between(message, open, "<").unwrap_or_default().to_owned();
        let (id, msg_id) = (text("<SessionID>"), text("<MsgID>"));
        if msg_id == "1" {
            let id = id.parse().unwrap();
            assert!(id > self.last_session, "the SessionID {id} after {}", self.last_session);
            (self.last_session, self.session) = (id, Session::default());
        }
        self.session.number += 1;
        self.take_statuses(message);
        let mut commands = format!(
            "<Status><CmdID>1</CmdID><MsgRef>{msg_id}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>"
        );
        let mut cmd_id = 1;
        for name in ["Alert", "Replace"] {
            for command in message.split(&format!("<{name}><CmdID>")).skip(1) {
                cmd_id += 1;
                let cmd_ref = command.split('<').next().unwrap();
                commands.push_str(&format!(
                    "<Status><CmdID>{cmd_id}</CmdID><MsgRef>{msg_id}</MsgRef><CmdRef>{cmd_ref}</CmdRef>\
                     <Cmd>{name}</Cmd><Data>200</Data></Status>"
                ));
            }
        }
        // Two at first, so that there are several messages.
        for guid in self.waiting.iter().take(2) {
            cmd_id += 1;
            commands.push_str(&format!(
                "<Add><CmdID>{cmd_id}</CmdID><Item><Target><LocURI>{APPROVALS}/{guid}</LocURI></Target></Item></Add>"
            ));
            self.session.sent.insert((self.session.number.to_string(), cmd_id.to_string()), guid.clone());
            self.told_again += usize::from(!self.told.insert(guid.clone()));
        }
        let (number, device) = (self.session.number, between(message, "<Source><LocURI>", "<").unwrap());
        format!(
            "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
             <SessionID>{id}</SessionID><MsgID>{number}</MsgID><Target><LocURI>{device}</LocURI></Target>\
             <Source><LocURI>lab</LocURI></Source></SyncHdr><SyncBody>{commands}<Final/></SyncBody></SyncML>"
        )
    }

    fn take_statuses(&mut self, message: &str) {
        for status in message.split("<Status>").skip(1) {
            let text = |open: &str| between(status, open, "<").unwrap_or_default().to_owned();
            let Some(guid) = self.session.sent.remove(&(text("<MsgRef>"), text("<CmdRef>"))) else {
                continue;
            };
            // Whoever was killed before it could say so has done it, and does not do it again.
            let expected = if self.on_disk.contains(&guid) { "418" } else { "200" };
            assert_eq!(text("<Data>"), expected, "{guid}");
            self.waiting.retain(|waiting| *waiting != guid);
            self.done.insert(guid);
        }
    }
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    Some(text.split_once(open)?.1.split_once(close)?.0)
}

/// An MDM server in a thread of its own, for one device at a time.
struct Server {
    url: String,
    knows: Arc<Mutex<Knows>>,
    /// The device that is to be killed is killed.
    killed: Sender<()>,
}

impl Server {
    fn start() -> (Self, Receiver<Event>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let knows = Arc::<Mutex<Knows>>::default();
        let (tell, events) = mpsc::channel();
        let (killed, is_killed) = mpsc::channel();
        let shared = Arc::clone(&knows);
        // It ends with the test.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                // Whoever is killed does not say goodbye.
                let _ = serve(&mut stream, &shared, &tell);
                if shared.lock().unwrap().kill_at.is_some() {
                    is_killed.recv().unwrap();
                }
                drop(stream);
                if tell.send(Event::Closed).is_err() {
                    break;
                }
            }
        });
        (Self { url, knows, killed }, events)
    }

    fn with<T>(&self, f: impl FnOnce(&mut Knows) -> T) -> T {
        f(&mut self.knows.lock().unwrap())
    }
}

/// Answers the messages of one connection until it ends, or until the device is to be killed.
fn serve(stream: &mut BufReader<TcpStream>, knows: &Mutex<Knows>, tell: &Sender<Event>) -> io::Result<()> {
    stream.get_ref().set_nodelay(true)?;
    loop {
        let message = message(stream)?;
        let (answer, number, kill_at) = {
            let mut knows = knows.lock().unwrap();
            if knows.kill_at == Some(Moment::Lost(number_of(&message))) {
                return tell.send(Event::Reached).map_err(io::Error::other);
            }
            (knows.answer(&message), knows.session.number, knows.kill_at)
        };
        if kill_at == Some(Moment::Heard(number)) {
            return tell.send(Event::Reached).map_err(io::Error::other);
        }
        let length = answer.len();
        write!(
            stream.get_mut(),
            "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.syncml.dm+xml\r\nContent-Length: {length}\r\n\r\n{answer}"
        )?;
        if kill_at == Some(Moment::Answered(number)) {
            tell.send(Event::Reached).map_err(io::Error::other)?;
        }
    }
}

/// The number of a message of the device's.
fn number_of(message: &str) -> u32 {
    between(message, "<MsgID>", "<").unwrap().parse().unwrap()
}

/// The body of the next request.
fn message(stream: &mut impl io::BufRead) -> io::Result<String> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message)?;
    Ok(String::from_utf8(message).unwrap())
}
