//! How an endpoint ends.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{GET, Limits, Running, post, rest, until};

/// Begins a request so that its answer is in hand.
async fn begin(running: &Running) -> TcpStream {
    let mut stream = running.connect().await;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        GET.len()
    );
    stream.write_all(head.as_bytes()).await.expect("it is open");
    until(&mut stream, "100 Continue\r\n\r\n").await;
    stream
}

#[tokio::test]
async fn an_answer_in_hand_goes_out_and_the_connection_ends() {
    let mut running = Running::start(Limits::default()).await;
    let mut idle = running.connect().await;
    idle.write_all(post(GET).as_bytes()).await.expect("it is open");
    until(&mut idle, "</SyncML>").await;
    let mut stream = begin(&running).await;
    running.stop();
    // Whoever has nothing in hand is closed at once: then it is known to all.
    assert_eq!(rest(&mut idle).await, b"");
    stream.write_all(GET.as_bytes()).await.expect("it is open still");
    let answer = rest(&mut stream).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("</SyncML>"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    let address = running.address;
    running.ended().await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_request_that_never_ends_is_not_waited_for() {
    let mut running =
        Running::start(Limits { stop_time: Duration::from_millis(50), ..Limits::default() }).await;
    let mut stream = begin(&running).await;
    running.stop();
    running.ended().await;
    assert_eq!(rest(&mut stream).await, b"");
}
