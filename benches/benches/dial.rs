//! How many sessions devices hold that dial: whole sessions of three messages, with a server of a few lines in this very
//! program, over loopback.
//!
//! `cspsim connect` holds them one after the other over one connection; `cspsim serve`, told by its control API, dials
//! anew for each. Both share the machine with the server, and tell of their sessions: that is in the figures.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use benches::load::{self, Server};
use benches::{Table, median, messages};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore, ServerConfig};
use syncml::codec::{Limits, decode, encode};
use syncml::session::server::{Command, ServerSession, Settings};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const MEDIA_TYPE: &str = "application/vnd.syncml.dm+xml";
/// Devices that dial at once: enough to keep both cores at work.
const DEVICES: usize = 8;
/// Programs that dial at once.
const PROGRAMS: u32 = 2;

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::var_os(load::ROLE).is_some() {
        // Returns when it is killed, or when its sessions are over.
        let _ = cspsim::cli::main();
        return Ok(());
    }
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let (rounds, duration, sessions) = if quick { (3, 500, 500) } else { (9, 1_000, 4_000) };
    let duration = Duration::from_millis(duration);
    let folder = folder()?;
    let mut table = Table::default();

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mdm = Arc::new(Mdm::default());
    let plain = runtime.block_on(listen(Arc::clone(&mdm), None))?;
    let tls = runtime.block_on(listen(Arc::clone(&mdm), Some(certificates(&folder)?)))?;

    let (mut kept, mut dialled, mut secured, mut share) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let flags = ["--ca", "ca.pem", "--cert", "device.pem", "--key", "device.key"];
    let flags = flags.map(|flag| if flag.starts_with("--") { flag.into() } else { folder.join(flag) });
    let flags: Vec<_> = flags.iter().map(|flag| flag.to_string_lossy()).collect();
    let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--clock", "frozen"];
    arguments.extend(flags.iter().map(|flag| &**flag));
    let devices = Server::start("cspsim", &arguments)?;
    let many = format!(r#"{{"from":"default","count":{DEVICES},"name":"lab-{{:02}}"}}"#);
    load::call(devices.address, "POST", "/_cspsim/devices", "application/json", &many)?;
    // Every device has its connection to the control API, and its TLS session, before anything is measured.
    dial(&devices, &format!("http://{plain}/"), duration)?;
    dial(&devices, &format!("https://{tls}/"), duration)?;
    mdm.resumed.store(0, Ordering::Relaxed);
    mdm.full.store(0, Ordering::Relaxed);
    let before = mdm.ended.load(Ordering::Relaxed);
    let mut expected = 0.0;
    for _ in 0..rounds {
        kept.push(connect(plain, sessions)?);
        let new = dial(&devices, &format!("http://{plain}/"), duration)?;
        let over_tls = dial(&devices, &format!("https://{tls}/"), duration)?;
        expected += (new + over_tls) * duration.as_secs_f64();
        dialled.push(new);
        secured.push(over_tls);
        share.push(100.0 * (1.0 - over_tls / new));
    }
    let ended = f64::from(mdm.ended.load(Ordering::Relaxed) - before);
    assert!(ended > expected * 0.9, "{ended} sessions came to their end, {expected} were counted");
    let (resumed, full) = (mdm.resumed.load(Ordering::Relaxed), mdm.full.load(Ordering::Relaxed));

    table.at_least("dial: sessions of 3 messages, kept connection", median(kept), 4_000.0, "/s");
    table.note("dial: the same, a new connection each, by the control API", median(dialled), "/s");
    table.at_least("dial: the same over TLS, resumed, client certificate", median(secured), 1_500.0, "/s");
    table.note("dial: of which TLS", median(share), "%");
    table.note("dial: TLS sessions resumed", 100.0 * f64::from(resumed) / f64::from(resumed + full), "%");
    drop(devices);
    runtime.shutdown_background();
    std::fs::remove_dir_all(&folder)?;
    println!("{table}");
    Ok(())
}

/// Sessions a second of programs that hold `sessions` each, one after the other; without the time that they need to
/// begin.
fn connect(server: SocketAddr, sessions: u32) -> io::Result<f64> {
    let took = |sessions: u32| {
        let start = Instant::now();
        let programs = (0..PROGRAMS).map(|_| program(server, sessions)).collect::<io::Result<Vec<_>>>()?;
        for mut program in programs {
            let ended = program.wait()?;
            if !ended.success() {
                return Err(io::Error::other(format!("cspsim connect: {ended}")));
            }
        }
        Ok::<_, io::Error>(start.elapsed().as_secs_f64())
    };
    let begin = took(1)?;
    let all = took(sessions + 1)?;
    Ok(f64::from(PROGRAMS * sessions) / (all - begin))
}

fn program(server: SocketAddr, sessions: u32) -> io::Result<Child> {
    Process::new(std::env::current_exe()?)
        .args([
            "connect",
            &format!("http://{server}/"),
            "--clock",
            "frozen",
            "--sessions",
            &sessions.to_string(),
        ])
        .env(load::ROLE, "cspsim")
        .stdout(Stdio::null())
        .spawn()
}

/// Sessions a second of devices that are told to dial, each again when its session is over.
fn dial(devices: &Server, to: &str, duration: Duration) -> io::Result<f64> {
    let call = format!(r#"{{"to":"{to}"}}"#);
    let path = |device: usize| format!("/_cspsim/devices/lab-{:02}/connect", device + 1);
    let seen = load::post_as(devices.address, "application/json", DEVICES, duration, |device, _| {
        (path(device), call.clone())
    })?;
    Ok(seen.per_second)
}

/// A server that asks twice, and is done.
#[derive(Debug, Default)]
struct Mdm {
    ended: AtomicU32,
    resumed: AtomicU32,
    full: AtomicU32,
}

/// The session that a connection holds, and how often its device was asked: no device holds two at once.
type Held = Mutex<Option<(ServerSession, usize)>>;

impl Mdm {
    fn answer(&self, held: &Held, body: &[u8]) -> Vec<u8> {
        let message = decode(body, &Limits::default()).expect("a device says messages");
        let is_first = message.header.as_ref().and_then(|header| header.msg_id.as_deref()) == Some("1");
        let mut held = held.lock().expect("nobody panics");
        let (mut session, mut asked) = held.take().filter(|_| !is_first).unwrap_or_else(|| {
            (ServerSession::accept(&message, Settings::new("https://mdm.example.test/omadm")), 0)
        });
        let uris = messages::EIGHT.chunks(messages::EIGHT.len() / 2).nth(asked).unwrap_or_default();
        for uri in uris {
            session.queue(Command::get(*uri));
        }
        asked += 1;
        let turn = session.receive(&message, None);
        if session.is_over() {
            self.ended.fetch_add(1, Ordering::Relaxed);
        } else {
            *held = Some((session, asked));
        }
        encode(&turn.message)
    }

    async fn serve(&self, held: &Held, request: Request<Incoming>) -> hyper::Result<Response<Full<Bytes>>> {
        let body = request.into_body().collect().await?.to_bytes();
        let mut response = Response::new(Full::new(Bytes::from(self.answer(held, &body))));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        Ok(response)
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Without it a message waits for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let service = service_fn({
            let (mdm, held) = (Arc::clone(&self), Arc::<Held>::default());
            move |request| {
                let (mdm, held) = (Arc::clone(&mdm), Arc::clone(&held));
                async move { mdm.serve(&held, request).await }
            }
        });
        let http = hyper::server::conn::http1::Builder::new();
        // How a connection ends is the device's matter.
        match tls {
            None => drop(http.serve_connection(TokioIo::new(stream), service).await),
            Some(tls) => {
                let Ok(stream) = tls.accept(stream).await else { return };
                let kind = match stream.get_ref().1.handshake_kind() {
                    Some(HandshakeKind::Resumed) => &self.resumed,
                    Some(_) | None => &self.full,
                };
                kind.fetch_add(1, Ordering::Relaxed);
                drop(http.serve_connection(TokioIo::new(stream), service).await);
            }
        }
    }
}

async fn listen(mdm: Arc<Mdm>, tls: Option<ServerConfig>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(Arc::clone(&mdm).connection(stream, tls.clone()));
        }
    });
    Ok(address)
}

fn folder() -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("dial-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A server that takes devices of one authority alone; the files of the authority and of a device go into `folder`.
fn certificates(folder: &Path) -> Result<ServerConfig, Box<dyn Error>> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?;
    let issuer = Issuer::new(params, key);
    let vouch = |name: &str| {
        let key = KeyPair::generate()?;
        Ok::<_, rcgen::Error>((CertificateParams::new([name.to_owned()])?.signed_by(&key, &issuer)?, key))
    };
    let (device, device_key) = vouch("lab.example.test")?;
    std::fs::write(folder.join("ca.pem"), authority.pem())?;
    std::fs::write(folder.join("device.pem"), device.pem())?;
    std::fs::write(folder.join("device.key"), device_key.serialize_pem())?;
    let (server, server_key) = vouch("127.0.0.1")?;
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone())?;
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?;
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let key = PrivatePkcs8KeyDer::from(server_key.serialize_der()).into();
    Ok(builder.with_client_cert_verifier(verifier).with_single_cert(vec![server.der().clone()], key)?)
}
