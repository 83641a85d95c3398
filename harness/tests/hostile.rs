//! Servers that no MDM server should be like, dialled by the program: each ends it with the right exit code and one
//! clear sentence.
//!
//! What it says stands in `fixtures/faults/hostile.txt`; `UPDATE=1` writes it anew.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin has failed")]

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use syncml::codec::{Limits, decode, encode};
use syncml::session::server::{self, ServerSession, Settings};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const SYNCML: &str = "application/vnd.syncml.dm+xml";

/// What a server does with a request.
enum Reply {
    /// Writes this, and reads the next one.
    Says(Vec<u8>),
    /// Writes this, and blanks for as long as they are taken.
    SaysWithoutEnd(Vec<u8>),
    /// Writes this, and closes the connection.
    SaysAndCloses(Vec<u8>),
    /// Says nothing, and keeps the connection.
    Hangs,
}

/// A server: what it replies to a message of the device's.
type Server = Box<dyn FnMut(&[u8]) -> Reply + Send>;

fn whole(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn says(media_type: &str, body: &str) -> Server {
    let reply = whole("200 OK", &format!("Content-Type: {media_type}\r\n"), body.as_bytes());
    Box::new(move |_| Reply::Says(reply.clone()))
}

fn raw(reply: fn(Vec<u8>) -> Reply, head: &str) -> Server {
    let head = format!("HTTP/1.1 {head}\r\n\r\n").into_bytes();
    Box::new(move |_| reply(head.clone()))
}

/// A server whose every message has this body behind the Status of the device's.
fn repeats(body: String) -> Server {
    let mut number = 0;
    Box::new(move |_| {
        number += 1;
        let message = format!(
            "<SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
             <SessionID>1</SessionID><MsgID>{number}</MsgID></SyncHdr><SyncBody><Status><CmdID>1</CmdID>\
             <MsgRef>{number}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>{body}</SyncBody></SyncML>"
        );
        Reply::Says(whole("200 OK", &format!("Content-Type: {SYNCML}\r\n"), message.as_bytes()))
    })
}

/// A server that keeps to every rule, and has so many commands, one a message.
fn obliging(mut commands: usize) -> Server {
    let mut session: Option<ServerSession> = None;
    Box::new(move |body| {
        let message = decode(body, &Limits::default()).unwrap();
        let session = session.get_or_insert_with(|| {
            ServerSession::accept(&message, Settings::new("https://mdm.example.test/omadm"))
        });
        if let Some(left) = commands.checked_sub(1) {
            commands = left;
            session.queue(server::Command::get("./DevInfo/Man"));
        }
        let answer = encode(&session.receive(&message, None).message);
        Reply::Says(whole("200 OK", &format!("Content-Type: {SYNCML}\r\n"), &answer))
    })
}

fn gets(count: usize) -> String {
    let mut text = String::new();
    for id in 2..count + 2 {
        let _ = write!(
            text,
            "<Get><CmdID>{id}</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get>"
        );
    }
    text
}

/// Servers by what is wrong with them, in the order of the table.
fn servers() -> Vec<(&'static str, Server)> {
    let page = "<!DOCTYPE html>\n<html><body>Sign in</body></html>";
    // 20 bytes that begin like gzip: nobody is to look further.
    let bomb = whole(
        "200 OK",
        &format!("Content-Type: {SYNCML}\r\nContent-Encoding: gzip\r\n"),
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03................",
    );
    vec![
        ("a web page", says("text/html", page)),
        ("a web page that says it is SyncML", says(SYNCML, page)),
        ("nothing", says(SYNCML, "")),
        ("no content", Box::new(|_| Reply::Says(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()))),
        (
            "no end",
            raw(Reply::SaysWithoutEnd, &format!("200 OK\r\nContent-Type: {SYNCML}\r\nConnection: close")),
        ),
        (
            "100 MiB",
            raw(
                Reply::SaysWithoutEnd,
                &format!("200 OK\r\nContent-Type: {SYNCML}\r\nContent-Length: 104857600"),
            ),
        ),
        ("gzip", Box::new(move |_| Reply::Says(bomb.clone()))),
        ("closes at once", Box::new(|_| Reply::SaysAndCloses(Vec::new()))),
        ("hangs", Box::new(|_| Reply::Hangs)),
        ("another protocol", Box::new(|_| Reply::SaysAndCloses(b"220 mail.example.test ESMTP\r\n".to_vec()))),
        (
            "SOAP",
            says(
                SYNCML,
                "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>",
            ),
        ),
        ("half a message", says(SYNCML, "<SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr><VerDTD>1.2</Ver")),
        (
            "an error",
            Box::new(|_| Reply::Says(whole("500 Internal Server Error", "", b"NullReferenceException"))),
        ),
        ("no such page", Box::new(|_| Reply::Says(whole("404 Not Found", "", b"")))),
        (
            "sent in a circle",
            Box::new(|_| Reply::Says(whole("307 Temporary Redirect", "Location: /omadm\r\n", b""))),
        ),
        ("10,000 commands", repeats(gets(10_000) + "<Final/>")),
        ("never Final", repeats(gets(1))),
        ("one more command", obliging(usize::MAX)),
    ]
}

/// Takes connections for as long as the test runs.
async fn listen(tls: Option<ServerConfig>, mut server: Server) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            match &tls {
                None => serve(stream, &mut server).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, &mut server).await;
                    }
                }
            }
        }
    });
    address
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, server: &mut Server) {
    while let Some(body) = read(&mut stream).await {
        // Whether the device still listens is its matter.
        match server(&body) {
            Reply::Says(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
            }
            Reply::SaysAndCloses(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::SaysWithoutEnd(bytes) => {
                let _ = stream.write_all(&bytes).await;
                while stream.write_all(&[b' '; 4_096]).await.is_ok() {}
                return;
            }
            Reply::Hangs => {
                let _ = stream.read(&mut [0]).await;
                return;
            }
        }
    }
}

/// A server of HTTP that is dialled with TLS: it answers the first bytes that come.
async fn refuses_what_is_not_http() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4_096]).await;
        let _ = stream.write_all(&whole("400 Bad Request", "Connection: close\r\n", b"")).await;
        let _ = stream.shutdown().await;
    });
    address
}

/// The body of the next request; `None` at the end of the stream.
async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

/// Runs the program against a server: its exit code, and what it says last on standard error.
async fn connect(url: String, more: Vec<String>) -> (i32, String) {
    let run = move || {
        Command::new(env!("CARGO_BIN_EXE_cspsim"))
            .args(["connect", &url, "--mode", "none", "--retries", "0"])
            .args(more)
            .env_remove("CSPSIM_BEARER")
            .env_remove("CSPSIM_PASSWORD")
            .env_remove("CSPSIM_AAD_USER_TOKEN")
            .output()
            .unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let errors: Vec<_> = told.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    assert!(errors.len() <= 1, "{told}");
    (output.status.code().unwrap(), errors.first().copied().unwrap_or("-").to_owned())
}

/// Whoever vouches for servers, in a folder that goes with it.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
    folder: PathBuf,
}

impl Authority {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("cspsim-hostile-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.join("ca.pem"), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key), certificate, folder }
    }

    /// A server for `name`, whose certificate is good until that year.
    fn server(&self, name: &str, until: i32) -> ServerConfig {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(until, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        config(&certificate, &key, None)
    }

    /// A server that takes only devices that this authority vouches for.
    fn asks(&self) -> ServerConfig {
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        config(&params.signed_by(&key, &self.issuer).unwrap(), &key, Some(self))
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A certificate that vouches for itself, as an authority does.
fn vouches_for_itself() -> ServerConfig {
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    config(&params.self_signed(&key).unwrap(), &key, None)
}

fn config(certificate: &rcgen::Certificate, key: &KeyPair, asks: Option<&Authority>) -> ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = match asks {
        None => builder.unwrap().with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.certificate.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.unwrap().with_client_cert_verifier(verifier.unwrap())
        }
    };
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    builder.with_single_cert(vec![certificate.der().clone()], key).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_servers() {
    let mut lines = Vec::new();
    for (what, server) in servers() {
        let address = listen(None, server).await;
        let more =
            if what == "hangs" { vec!["--timeout".to_owned(), "200ms".to_owned()] } else { Vec::new() };
        let (code, told) = connect(format!("http://{address}/omadm"), more).await;
        lines.push((what, code, told.replace(&address.to_string(), "SERVER")));
    }
    let authority = Authority::new();
    let ca = || vec!["--ca".to_owned(), authority.folder.join("ca.pem").display().to_string()];
    let name = "127.0.0.1";
    for (what, config, more) in [
        ("a good certificate", authority.server(name, 4000), ca()),
        ("an expired certificate", authority.server(name, 2001), ca()),
        ("a certificate for another name", authority.server("mdm.example.test", 4000), ca()),
        ("a certificate that nobody trusts", authority.server(name, 4000), Vec::new()),
        ("a certificate that vouches for itself", vouches_for_itself(), ca()),
        ("asks for a client certificate", authority.asks(), ca()),
    ] {
        let address = listen(Some(config), obliging(1)).await;
        let (code, told) = connect(format!("https://{address}/omadm"), more).await;
        lines.push((what, code, told.replace(&address.to_string(), "SERVER")));
    }
    let address = refuses_what_is_not_http().await;
    let (code, told) = connect(format!("https://{address}/omadm"), ca()).await;
    lines.push(("no TLS", code, told.replace(&address.to_string(), "SERVER")));

    let width = lines.iter().map(|(what, ..)| what.len()).max().unwrap_or_default();
    let mut table = format!("{:<width$}  exit  error\n", "server");
    for (what, code, told) in lines {
        let _ = writeln!(table, "{what:<width$}  {code:<4}  {told}");
    }
    let path = fixtures::root().join("faults/hostile.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), table);
}
