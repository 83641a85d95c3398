//! A small MDM server on a free port: HTTP by hand, the rest by `ServerSession`. It answers in the encoding of the device.

#![expect(clippy::unwrap_used, reason = "a server of tests fails with them")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use syncml::codec::{self, Limits};
use syncml::session::server::{Command, ServerSession, Settings};

/// A server that asks every device for the same. It lives as long as the test.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    /// What it found devices to do wrong.
    pub(crate) findings: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Listens, and asks for what `commands` gives.
    pub(crate) fn start(commands: impl Fn() -> Vec<Command> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let findings = Arc::default();
        let (found, commands) = (Arc::clone(&findings), Arc::new(commands));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (found, commands) = (Arc::clone(&found), Arc::clone(&commands));
                thread::spawn(move || serve(stream, &*commands, &found));
            }
        });
        Self { address, findings }
    }

    /// Where devices dial it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/mdm", self.address)
    }
}

fn serve(stream: TcpStream, commands: &dyn Fn() -> Vec<Command>, findings: &Mutex<Vec<String>>) {
    let mut session: Option<ServerSession> = None;
    let mut reader = BufReader::new(stream);
    while let Some(body) = request(&mut reader) {
        let (message, input) = codec::decode_with_text(&body, &Limits::default()).unwrap();
        let encoding = input.encoding();
        let held = session.get_or_insert_with(|| {
            let mut session = ServerSession::accept(&message, Settings::new("http://mdm.test/mdm"));
            for command in commands() {
                session.queue(command);
            }
            session
        });
        let turn = held.receive(&message, None);
        findings.lock().unwrap().extend(turn.findings.iter().map(|finding| finding.text.clone()));
        let answer = codec::encode_as(&turn.message, encoding);
        if held.is_over() {
            session = None;
        }
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
            encoding.media_type(),
            answer.len()
        );
        let stream = reader.get_mut();
        if stream.write_all(&[head.as_bytes(), &answer].concat()).is_err() {
            return;
        }
    }
}

/// The body of the next request; `None` when nobody asks any more.
fn request(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}
