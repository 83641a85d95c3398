//! Servers of tests: one that says what it is told to, and one that asks who the device is.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use syncml::codec::{self, Limits};
use syncml::session::auth::{Credentials, Lasts, Nonces, Scheme, Verifier};
use syncml::session::server::{Command, ServerSession, Settings};

use super::{PASSWORD, SERIAL};

/// What a server is asked: the header in small letters, and the body.
pub(super) struct Asked {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

/// A server that answers with whatever bytes `answer` gives; its address.
pub(super) fn saying(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> String {
    let answer = Arc::new(answer);
    listen(move || {
        let answer = Arc::clone(&answer);
        Box::new(move |asked| answer(asked))
    })
}

/// A server that takes BASIC, and asks for the version and the serial number.
pub(super) fn asking_for_basic() -> String {
    listen(|| {
        let mut session: Option<ServerSession> = None;
        Box::new(move |asked| {
            let (message, input) = codec::decode_with_text(&asked.body, &Limits::default()).unwrap();
            let held = session.get_or_insert_with(|| {
                let credentials = Credentials::new("lab", PASSWORD);
                let verifier =
                    Verifier::new(credentials, Scheme::Basic, None, Nonces::new(1), Lasts::Session);
                let settings = Settings { verifier, ..Settings::new("http://mdm.test/mdm") };
                let mut session = ServerSession::accept(&message, settings);
                session.queue(Command::get("./DevDetail/SwV"));
                session.queue(Command::get(SERIAL));
                session
            });
            let turn = held.receive(&message, None);
            if held.is_over() {
                session = None;
            }
            http(input.encoding().media_type(), "", &codec::encode_as(&turn.message, input.encoding()))
        })
    })
}

/// An answer of HTTP with more lines in its header, each with its end.
pub(super) fn http(media_type: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n{more}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A message of a server's to the device `DEV`.
pub(super) fn message(session: &str, number: u32, commands: &str) -> Vec<u8> {
    format!(
        "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>{session}</SessionID>\
         <MsgID>{number}</MsgID><Target><LocURI>DEV</LocURI></Target><Source><LocURI>http://mdm.test/</LocURI></Source>\
         </SyncHdr><SyncBody><Status><CmdID>1</CmdID><MsgRef>{number}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd>\
         <Data>200</Data></Status>{commands}<Final/></SyncBody></SyncML>"
    )
    .into_bytes()
}

/// A message of the device `DEV`, as XML.
pub(super) fn device(session: &str, number: u32, commands: &str) -> String {
    format!(
        "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>{session}</SessionID>\
         <MsgID>{number}</MsgID><Target><LocURI>http://mdm.test/</LocURI></Target><Source><LocURI>DEV</LocURI></Source>\
         </SyncHdr><SyncBody>{commands}<Final/></SyncBody></SyncML>"
    )
}

/// A Status in a message.
pub(super) fn status(number: u32, message: u32, command: u32, name: &str) -> String {
    format!(
        "<Status><CmdID>{number}</CmdID><MsgRef>{message}</MsgRef><CmdRef>{command}</CmdRef><Cmd>{name}</Cmd><Data>200</Data></Status>"
    )
}

type Answers = Box<dyn FnMut(&Asked) -> Vec<u8>>;

fn listen(answers: impl Fn() -> Answers + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers = Arc::new(answers);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answers = Arc::clone(&answers);
            thread::spawn(move || serve(stream, &mut *answers()));
        }
    });
    format!("http://{address}/mdm")
}

fn serve(stream: TcpStream, answer: &mut dyn FnMut(&Asked) -> Vec<u8>) {
    let mut reader = BufReader::new(stream);
    while let Some(asked) = asked(&mut reader) {
        if reader.get_mut().write_all(&answer(&asked)).is_err() {
            return;
        }
    }
}

/// The next request; `None` when nobody asks any more.
fn asked(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).map(str::trim);
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { head, body })
}
