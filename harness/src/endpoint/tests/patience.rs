//! Where patience ends.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{sleep, timeout};

use super::{FOREVER, GET, Limits, Running, post, rest, until};

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_slow_header_is_cut_off() {
    let running = Running::start(Limits { header_time: SHORT, ..Limits::default() }).await;
    let mut stream = running.connect().await;
    stream.write_all(b"POST / HTTP/1.1\r\nHost: h").await.expect("it is open");
    assert_eq!(rest(&mut stream).await, b"");
}

#[tokio::test]
async fn a_header_that_drips_is_cut_off_too() {
    let running = Running::start(Limits { header_time: SHORT, ..Limits::default() }).await;
    let mut stream = running.connect().await;
    let dripping = async {
        loop {
            if stream.write_all(b"X").await.is_err() {
                return;
            }
            sleep(SHORT / 10).await;
        }
    };
    timeout(FOREVER, dripping).await.expect("it is cut off");
}

#[tokio::test]
async fn the_second_header_has_its_own_time() {
    let running = Running::start(Limits { header_time: SHORT, ..Limits::default() }).await;
    let mut stream = running.connect().await;
    stream.write_all(post(GET).as_bytes()).await.expect("it is open");
    until(&mut stream, "</SyncML>").await;
    sleep(2 * SHORT).await;
    stream.write_all(post(GET).as_bytes()).await.expect("it is open still");
    until(&mut stream, "</SyncML>").await;
    stream.write_all(b"POST").await.expect("it is open still");
    assert_eq!(rest(&mut stream).await, b"");
}

#[tokio::test]
async fn a_slow_body_is_told_so() {
    let running = Running::start(Limits { body_time: SHORT, ..Limits::default() }).await;
    let mut stream = running.connect().await;
    stream.write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n<").await.expect("it is open");
    let answer = rest(&mut stream).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        answer.contains("connection: close") && answer.contains("urn:cspsim:problem:timeout"),
        "{answer}"
    );
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let running = Running::start(Limits { idle_time: SHORT, ..Limits::default() }).await;
    let mut silent = running.connect().await;
    assert_eq!(rest(&mut silent).await, b"");
    let mut stream = running.connect().await;
    stream.write_all(post(GET).as_bytes()).await.expect("it is open");
    let answer = rest(&mut stream).await;
    assert!(answer.ends_with(b"</SyncML>"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let limits = Limits { stall_time: SHORT, linger_time: SHORT, ..Limits::default() };
    let running = Running::start(limits).await;
    let mut stream = running.connect().await;
    let request = format!("GET /_cspsim/openapi.json HTTP/1.1\r\nHost: {}\r\n\r\n", running.address);
    // It takes no more requests when it cannot get rid of their answers.
    let asking = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    timeout(FOREVER, asking).await.expect("it is cut off");
}

#[tokio::test]
async fn a_body_that_grows_too_large_is_refused_while_it_comes() {
    let running = Running::start(Limits { body: 100, ..Limits::default() }).await;
    let mut stream = running.connect().await;
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await
        .expect("it is open");
    for _ in 0..11 {
        // It may be refused before all of it is sent.
        let _ = stream.write_all(b"a\r\n0123456789\r\n").await;
    }
    let answer = until(&mut stream, "--max-body").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_large_header_is_refused() {
    let running = Running::start(Limits::default()).await;
    let request =
        format!("GET /_cspsim/health HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(Limits::HEADER));
    let answer = running.answers(request.as_bytes()).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_others_go_on() {
    let running = Running::start(Limits { connections: 2, ..Limits::default() }).await;
    let (mut one, mut other) = (running.connect().await, running.connect().await);
    for stream in [&mut one, &mut other] {
        stream.write_all(post(GET).as_bytes()).await.expect("it is open");
        until(stream, "</SyncML>").await;
    }
    let answer = running.answers(post(GET).as_bytes()).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1"), "{answer}");
    one.write_all(post(GET).as_bytes()).await.expect("it is open");
    until(&mut one, "</SyncML>").await;
    drop(other);
    let answered =
        async { while !running.answers(post(GET).as_bytes()).await.starts_with(b"HTTP/1.1 200 ") {} };
    timeout(FOREVER, answered).await.expect("there is room again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_answered_or_told() {
    let running = Running::start(Limits { connections: 100, ..Limits::default() }).await;
    let mut streams = Vec::new();
    for _ in 0..300 {
        streams.push(running.connect().await);
    }
    let mut answered = 0;
    for stream in &mut streams {
        let _ = stream.write_all(post(GET).as_bytes()).await;
        let _ = stream.shutdown().await;
        let answer = rest(stream).await;
        let is_told = answer.starts_with(b"HTTP/1.1 503 ");
        let is_answered = answer.ends_with(b"</SyncML>");
        assert!(is_told || is_answered, "{}", String::from_utf8_lossy(&answer));
        answered += usize::from(is_answered);
    }
    assert!(answered >= 100, "{answered}");
}
