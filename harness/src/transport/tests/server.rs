//! A server that answers as it is told, and keeps what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::{HandshakeKind, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// Answers, and keeps the connection.
    Says(Vec<u8>),
    /// Answers, and closes the connection.
    SaysAndCloses(Vec<u8>),
    /// Answers, and drops the connection without the goodbye that TLS has.
    SaysAndVanishes(Vec<u8>),
    /// Answers, and says nothing more.
    SaysAndHangs(Vec<u8>),
    /// Answers, and goes on with blanks for as long as somebody listens.
    SaysWithoutEnd(Vec<u8>),
    /// Closes the connection without reading: that resets it.
    Resets,
}

impl Reply {
    /// 200 with this body, in XML.
    pub(super) fn message(body: &str) -> Self {
        Self::Says(answer("200 OK", "Content-Type: application/vnd.syncml.dm+xml\r\n", body))
    }

    /// This status with these headers, and no body.
    pub(super) fn status(status: &str, headers: &str) -> Self {
        Self::Says(answer(status, headers, ""))
    }
}

/// A whole answer.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A server. It ends when it is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    is_tls: bool,
    seen: Arc<Mutex<Seen>>,
    listens: JoinHandle<()>,
}

/// What a server has seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) requests: Vec<String>,
    pub(super) connections: usize,
    pub(super) handshakes: Vec<HandshakeKind>,
    /// How many bytes of endless answers were taken.
    pub(super) taken: usize,
}

impl Server {
    /// A server that answers with these replies in turn, then with 200 and nothing.
    pub(super) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::over(None, replies).await
    }

    /// The same over TLS.
    pub(super) async fn start_tls(config: ServerConfig, replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::over(Some(TlsAcceptor::from(Arc::new(config))), replies).await
    }

    async fn over(tls: Option<TlsAcceptor>, replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let replies = Arc::new(Mutex::new(replies.into_iter().collect::<VecDeque<_>>()));
        let is_tls = tls.is_some();
        let listens = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    seen.lock().connections += 1;
                    tokio::spawn(connection(stream, tls.clone(), Arc::clone(&seen), Arc::clone(&replies)));
                }
            }
        });
        Self { address, is_tls, seen, listens }
    }

    /// An address of the server.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    /// The requests, as they came.
    pub(super) fn requests(&self) -> Vec<String> {
        self.seen.lock().requests.clone()
    }

    pub(super) fn seen<T>(&self, of: impl FnOnce(&Seen) -> T) -> T {
        of(&self.seen.lock())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listens.abort();
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    seen: Arc<Mutex<Seen>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
) {
    let is_reset = matches!(replies.lock().front(), Some(Reply::Resets));
    if is_reset {
        replies.lock().pop_front();
        // What stands unread when a socket is closed makes the close a reset.
        assert_eq!(stream.peek(&mut [0]).await.unwrap(), 1);
        return;
    }
    match tls {
        None => serve(stream, &seen, &replies).await,
        Some(tls) => {
            let Ok(stream) = tls.accept(stream).await else { return };
            seen.lock().handshakes.extend(stream.get_ref().1.handshake_kind());
            serve(stream, &seen, &replies).await;
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    seen: &Mutex<Seen>,
    replies: &Mutex<VecDeque<Reply>>,
) {
    while let Some(request) = read(&mut stream).await {
        seen.lock().requests.push(request);
        let reply = replies.lock().pop_front();
        match reply.unwrap_or_else(|| Reply::status("200 OK", "")) {
            Reply::Says(bytes) => {
                // Whether the client still listens is the test's matter.
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
            }
            Reply::SaysAndCloses(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::SaysAndVanishes(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                return;
            }
            Reply::SaysAndHangs(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                std::future::pending::<()>().await;
            }
            Reply::SaysWithoutEnd(bytes) => {
                let _ = stream.write_all(&bytes).await;
                while stream.write_all(&[b' '; 4_096]).await.is_ok() {
                    seen.lock().taken += 4_096;
                }
                return;
            }
            Reply::Resets => panic!("only a new connection is reset"),
        }
    }
}

/// The next request; `None` at the end of the stream.
async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut bytes = Vec::new();
    let head = loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.ok()?;
        bytes.push(byte[0]);
        if bytes.ends_with(b"\r\n\r\n") {
            break String::from_utf8(bytes).unwrap();
        }
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(head + std::str::from_utf8(&body).unwrap())
}
