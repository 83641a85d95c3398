//! Transports against servers that do as they are told, over real sockets.
//!
//! No test depends on how fast anything is: where a limit is to be met, it is short, and whoever waits between tries
//! waits on a clock that takes no time.

mod answers;
mod authority;
mod faults;
mod headers;
mod matrix;
mod redirects;
mod retries;
mod server;
mod tls;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use parking_lot::Mutex;

use super::clock::Clock;
use super::http::{Http, Settings};
use super::tls::{Tls, Trust};
use super::{Request, Response, SYNCML_XML, Transport as _, TransportError, Url};
use server::Server;

/// A time that passes only when somebody waits for it.
#[derive(Debug, Clone)]
struct TestClock {
    start: SystemTime,
    waited: Arc<Mutex<Vec<Duration>>>,
}

impl TestClock {
    fn new() -> Self {
        // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
        Self { start: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777), waited: Arc::default() }
    }

    fn waited(&self) -> Vec<Duration> {
        self.waited.lock().clone()
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        self.start + self.waited.lock().iter().sum::<Duration>()
    }

    async fn wait(&self, length: Duration) {
        self.waited.lock().push(length);
    }
}

/// The first message of a session.
fn request(to: &str) -> Request {
    Request {
        to: Url::parse(to).unwrap(),
        number: 1,
        body: Bytes::from_static(b"<SyncML/>"),
        media_type: SYNCML_XML,
        mac: None,
    }
}

/// A device that dials with these settings.
fn http(settings: Settings) -> Http {
    Http::new(settings, Tls::new(&Trust::Anyone, None).unwrap()).unwrap()
}

/// What a device that dials as usual makes of a server.
async fn ask(server: &Server) -> Result<Response, TransportError> {
    http(Settings::default()).exchange(request(&server.url("/omadm"))).await
}

/// An error as people see it, with the server's address left out.
fn said(server: &Server, outcome: Result<Response, TransportError>) -> String {
    outcome.unwrap_err().to_string().replace(&server.address.to_string(), "SERVER")
}
