//! The endpoint over real sockets, byte by byte.
//!
//! No test depends on how fast anything is: where a limit is to be met, it is short, and what follows from it is waited
//! for as long as it takes.

mod cases;
mod patience;
mod stop;

use std::net::SocketAddr;
use std::time::Duration;

use csp_model::Device;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Endpoint, Limits, Options};
use crate::clock::Pace;
use crate::fleet::DEFAULT;
use crate::fleet::{Fleet, Settings};
use std::sync::Arc;

/// What is waited for comes within this time, or never.
const FOREVER: Duration = Duration::from_secs(60);

const GET: &str = "<SyncBody><Get><CmdID>1</CmdID><Item><Target><LocURI>./DevInfo/Man</LocURI></Target></Item></Get></SyncBody>";

/// An endpoint with the built-in device, whose clock stands still.
struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<()>,
}

impl Running {
    async fn start(limits: Limits) -> Self {
        let fleet =
            Fleet::in_memory(Settings { pace: Pace::Frozen, ..Settings::default() }, None, Arc::default());
        fleet.add(vec![(DEFAULT.into(), Device::builtin())]).await.expect("there is room");
        let endpoint = Endpoint::bind(fleet, Options { limits, ..Options::default() }).expect("a free port");
        let address = endpoint.local_addr();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(endpoint.run(async { drop(stopped.await) }));
        Self { address, stop: Some(stop), ended }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("somebody listens")
    }

    fn stop(&mut self) {
        drop(self.stop.take());
    }

    async fn ended(self) {
        timeout(FOREVER, self.ended).await.expect("it ends").expect("it does not panic");
    }

    /// What comes back for `request`, when nothing more is sent.
    async fn answers(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.connect().await;
        // Who is refused early may be cut off while still sending.
        if stream.write_all(request).await.is_ok() {
            let _ = stream.shutdown().await;
        }
        rest(&mut stream).await
    }
}

/// Everything up to the end of the stream.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = timeout(FOREVER, stream.read_to_end(&mut bytes)).await.expect("the stream ends");
    // However it ends.
    let _ = read;
    bytes
}

/// The next bytes, until `marker` is among them.
async fn until(stream: &mut TcpStream, marker: &str) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let read = timeout(FOREVER, stream.read(&mut buffer)).await.expect("an answer").expect("a stream");
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes);
        if text.contains(marker) {
            return text.into_owned();
        }
        assert!(read > 0, "no `{marker}` in `{text}`");
    }
}

/// A message as a request.
fn post(body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
