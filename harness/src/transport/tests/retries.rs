//! The same message again.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::server::{Reply, Server};
use super::{TestClock, http, request};
use crate::transport::error::TransportError;
use crate::transport::http::Settings;
use crate::transport::loopback::Loopback;
use crate::transport::retry::{Retry, Retrying};
use crate::transport::{Response, Transport as _};

const RETRY: Retry =
    Retry { retries: 3, initial: Duration::from_millis(100), longest: Duration::from_secs(60) };

/// How the device fares with these replies in turn: what comes of it, what the server was sent, and what was waited.
async fn fares(
    retry: Retry,
    replies: impl IntoIterator<Item = Reply>,
) -> (Result<Response, TransportError>, Vec<String>, Vec<Duration>) {
    let server = Server::start(replies).await;
    let clock = TestClock::new();
    let outcome =
        Retrying::new(http(Settings::default()), retry, &clock).exchange(request(&server.url("/"))).await;
    (outcome, server.requests(), clock.waited())
}

fn millis(lengths: &[u64]) -> Vec<Duration> {
    lengths.iter().copied().map(Duration::from_millis).collect()
}

#[tokio::test]
async fn server_errors_and_lost_connections() {
    let replies = [
        Reply::status("500 Internal Server Error", ""),
        Reply::SaysAndCloses(Vec::new()),
        Reply::status("503 Service Unavailable", ""),
        Reply::message("at last"),
    ];
    let (outcome, requests, waited) = fares(RETRY, replies).await;
    assert_eq!(outcome.unwrap().body, "at last");
    assert_eq!(waited, millis(&[100, 200, 400]));
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|request| *request == requests[0]), "the same bytes are sent again");
}

#[tokio::test]
async fn not_without_end() {
    let (outcome, requests, waited) = fares(RETRY, vec![Reply::status("502 Bad Gateway", ""); 9]).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), "server-error");
    assert!(error.to_string().ends_with("has answered HTTP 502 Bad Gateway; tried 4 times"), "{error}");
    assert_eq!((requests.len(), waited), (4, millis(&[100, 200, 400])));
    let (outcome, requests, _) = fares(Retry::NEVER, vec![Reply::status("502 Bad Gateway", ""); 9]).await;
    assert!(outcome.unwrap_err().to_string().ends_with("HTTP 502 Bad Gateway"));
    assert_eq!(requests.len(), 1);
}

#[tokio::test]
async fn the_server_says_when() {
    let later = |after: &str| Reply::status("429 Too Many Requests", &format!("Retry-After: {after}\r\n"));
    // The clock stands at 08:49:37.
    let replies = [
        later("30"),
        later("Sun, 06 Nov 1994 08:50:17 GMT"),
        Reply::status("503 Service Unavailable", "Retry-After: Sunday, 06-Nov-94 08:00:00 GMT\r\n"),
        Reply::message("at last"),
    ];
    let (outcome, _, waited) = fares(RETRY, replies).await;
    assert_eq!(outcome.unwrap().body, "at last");
    assert_eq!(waited, millis(&[30_000, 10_000, 0]));
    // Without a time, or with one that is none, it is as with any failure.
    let (_, _, waited) =
        fares(RETRY, [Reply::status("429 Too Many Requests", ""), later("soon"), Reply::message("")]).await;
    assert_eq!(waited, millis(&[100, 200]));
}

#[tokio::test]
async fn nobody_is_asked_sooner_than_they_want() {
    let later = Reply::status("429 Too Many Requests", "Retry-After: 61\r\n");
    let (outcome, requests, waited) = fares(RETRY, [later]).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), "throttled");
    let told = "has answered HTTP 429 Too Many Requests, and wants to be left alone for 61s";
    assert!(error.to_string().ends_with(told), "{error}");
    assert_eq!((requests.len(), waited), (1, vec![]));
}

#[tokio::test]
async fn what_will_not_get_better() {
    for reply in [
        Reply::status("401 Unauthorized", ""),
        Reply::status("302 Found", ""),
        Reply::status("200 OK", "Content-Encoding: gzip\r\n"),
        Reply::SaysAndCloses(b"SMTP\r\n\r\n".to_vec()),
    ] {
        let (outcome, requests, waited) = fares(RETRY, [reply]).await;
        assert!(outcome.is_err());
        assert_eq!((requests.len(), waited), (1, vec![]));
    }
}

#[tokio::test]
async fn windows_waits_long() {
    let refused = || TransportError::Refused { to: "there".to_owned() };
    let answer =
        Response { status: 200, media_type: None, body: Bytes::new(), mac: None, redirects: Vec::new() };
    let mut replies: VecDeque<_> = [Err(refused()), Err(refused()), Err(refused()), Ok(answer)].into();
    let server = Loopback::new(move |_| std::future::ready(replies.pop_front().unwrap()));
    let clock = TestClock::new();
    let retry = Retry { longest: Duration::from_secs(60), ..Retry::WINDOWS };
    Retrying::new(server, retry, &clock).exchange(request("http://there")).await.unwrap();
    assert_eq!(clock.waited(), millis(&[16_000, 32_000, 60_000]));
}
