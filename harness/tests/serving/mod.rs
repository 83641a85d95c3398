//! `cspsim serve` on a state file, as a program that can be killed, and clients of it that stay connected.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// Longer than any answer takes: a program that hangs is an error too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where approvals are.
pub(crate) const APPROVALS: &str = "./Vendor/MSFT/Update/ApprovedUpdates";

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cspsim-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is for the system to clear.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A program that serves; it is gone when this is.
pub(crate) struct Serving {
    program: Child,
    address: String,
}

impl Serving {
    /// The program on the state file `state`, with clocks that stand.
    pub(crate) fn start(state: &Path) -> Self {
        Self::run(&mut Command::new(env!("CARGO_BIN_EXE_cspsim")), state)
    }

    /// `command` becomes the program when it is given its arguments.
    pub(crate) fn run(command: &mut Command, state: &Path) -> Self {
        command.args(["serve", "--listen", "127.0.0.1:0", "--clock", "frozen", "--state"]).arg(state);
        command.env_remove("CSPSIM_TOKEN").stdin(Stdio::null());
        let mut program = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("cspsim listening on http://").unwrap_or_default();
        let serving = Self { address: address.to_owned(), program };
        if serving.address.is_empty() {
            panic!("it does not serve: {line}{}", serving.kill());
        }
        serving
    }

    /// A connection to it.
    pub(crate) fn client(&self) -> Client {
        Client::to(&self.address)
    }

    /// Where it answers.
    #[allow(dead_code, reason = "not every test that serves needs it")]
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Kills it, so that it has no last word; what it had said on standard error until then.
    pub(crate) fn kill(mut self) -> String {
        self.program.kill().unwrap();
        let mut said = String::new();
        self.program.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// A connection that is kept for many requests.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    host: String,
}

/// An answer that has arrived whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Client {
    /// A connection to a program at that address.
    pub(crate) fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(stream), host: address.to_owned() }
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// # Errors
    /// When the connection ends before.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        let (host, length) = (&self.host, body.len());
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}");
        self.stream.get_mut().write_all(request.as_bytes())?;
        let start = self.line()?;
        let status = start.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no answer of HTTP: {start}"));
        let mut length = 0;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, body: String::from_utf8(body).unwrap() })
    }

    /// Asks for what must be given.
    pub(crate) fn get(&mut self, path: &str) -> Value {
        let answer = self.ask("GET", path, "").unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// A line of a header without its end.
    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// The path of a node of a device in the control API.
pub(crate) fn node(device: &str, uri: &str) -> String {
    format!("/_cspsim/devices/{device}/tree?uri={uri}")
}

/// The names below a node.
pub(crate) fn children(node: &Value) -> impl Iterator<Item = &str> {
    node["children"].as_array().unwrap().iter().map(|child| child["name"].as_str().unwrap())
}

/// A message of one Atomic.
pub(crate) fn atomic(commands: &str) -> String {
    format!("<SyncBody><Atomic><CmdID>1</CmdID>{commands}</Atomic><Final/></SyncBody>")
}

/// Approves an update.
pub(crate) fn add(number: u32, guid: &str) -> String {
    format!(
        "<Add><CmdID>{number}</CmdID><Item><Target><LocURI>{APPROVALS}/{guid}</LocURI></Target></Item></Add>"
    )
}
