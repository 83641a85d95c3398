//! Servers that send the device elsewhere.

use super::server::{Reply, Server};
use super::{ask, http, request, said};
use crate::transport::http::Settings;
use crate::transport::{Transport as _, shown};

fn to(status: &str, location: &str) -> Reply {
    Reply::status(status, &format!("Location: {location}\r\n"))
}

#[tokio::test]
async fn the_message_follows() {
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let server = Server::start([to(status, "/there?a=b"), Reply::message("x")]).await;
        let response = ask(&server).await.unwrap();
        assert_eq!(response.body, "x");
        let redirects: Vec<_> = response.redirects.iter().map(ToString::to_string).collect();
        assert_eq!(redirects, [server.url("/there?a=b")]);
        let requests = server.requests();
        assert!(requests[1].starts_with("POST /there?a=b HTTP/1.1\r\n"), "{}", requests[1]);
        assert!(requests[1].ends_with("<SyncML/>"), "{status}");
    }
}

#[tokio::test]
async fn other_redirections_are_refusals() {
    for status in ["300 Multiple Choices", "303 See Other", "304 Not Modified"] {
        let server = Server::start([to(status, "/there")]).await;
        assert_eq!(ask(&server).await.unwrap_err().kind(), "http-status", "{status}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn not_for_ever() {
    let server = Server::start(vec![to("302 Found", "/omadm"); 10]).await;
    assert_eq!(
        said(&server, ask(&server).await),
        "http://SERVER/omadm redirects again, after 5 redirects already"
    );
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn not_to_nowhere() {
    let cases = [
        (Reply::status("302 Found", ""), "redirects without saying where to: expected a `Location`"),
        (
            to("302 Found", "ftp://elsewhere/"),
            "redirects to what is no address of an MDM server: cannot dial ftp://elsewhere/: expected an address \
             that begins with `https://` or `http://`",
        ),
        (
            to("302 Found", "http://["),
            "redirects to what is no address of an MDM server: invalid IPv6 address",
        ),
    ];
    for (reply, told) in cases {
        let server = Server::start([reply]).await;
        assert_eq!(said(&server, ask(&server).await), format!("http://SERVER/omadm {told}"));
    }
}

#[tokio::test]
async fn credentials_stay_with_the_server_that_is_dialled() {
    let settings = || Settings {
        bearer: Some("TOKEN".to_owned()),
        headers: vec!["Cookie: SECRET".parse().unwrap()],
        client_request_id: Some("ID".to_owned()),
        correlation_vector: Some("CV".to_owned()),
        ..Settings::default()
    };
    let there = Server::start([]).await;
    let here = Server::start([to("307 Temporary Redirect", &there.url("/b")), to("302 Found", "/c")]).await;
    let mut http = http(settings());
    let response = http.exchange(request(&here.url("/a"))).await.unwrap();
    assert_eq!(response.redirects.iter().map(shown).collect::<Vec<_>>(), [there.url("/b")]);
    let sent = &there.requests()[0];
    assert!(!sent.contains("TOKEN") && !sent.contains("SECRET"), "{sent}");
    assert!(sent.contains("client-request-id: ID") && sent.contains("ms-cv: CV.1"), "{sent}");
    // Within one server they go along.
    http.exchange(request(&here.url("/a"))).await.unwrap();
    let sent = &here.requests()[2];
    assert!(sent.contains("authorization: Bearer TOKEN") && sent.contains("cookie: SECRET"), "{sent}");
}
