//! What servers answer, and what the device makes of it.

use std::time::Duration;

use super::server::{Reply, Server, answer};
use super::{ask, http, request, said};
use crate::transport::http::{Settings, Timeouts};
use crate::transport::{Transport as _, TransportError};

const SHORT: Duration = Duration::from_millis(50);

fn xml(head: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.syncml.dm+xml\r\n{head}\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn nothing_is_an_answer() {
    for reply in [
        Reply::message(""),
        Reply::status("200 OK", ""),
        Reply::status("200 OK", "Content-Type: text/html\r\n"),
        Reply::Says(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        Reply::SaysAndCloses(xml("Connection: close")),
    ] {
        let response = ask(&Server::start([reply.clone()]).await).await.unwrap();
        assert!(response.body.is_empty(), "{reply:?}");
    }
}

#[tokio::test]
async fn messages_by_their_media_type() {
    for media_type in
        ["application/vnd.syncml.dm+wbxml", "Text/XML; charset=utf-8", "application/octet-stream", ""]
    {
        let reply = Reply::Says(answer("200 OK", &format!("Content-Type: {media_type}\r\n"), "x"));
        let response = ask(&Server::start([reply]).await).await.unwrap();
        assert_eq!((response.body.as_ref(), response.media_type.as_deref()), (&b"x"[..], Some(media_type)));
    }
}

#[tokio::test]
async fn a_web_page_is_no_message() {
    let page = "\n<!DOCTYPE html>\n<html>\u{1b}[31mSign in</html>";
    let reply = Reply::Says(answer("200 OK", "Content-Type: text/html; charset=utf-8\r\n", page));
    let server = Server::start([reply]).await;
    let error = ask(&server).await;
    assert_eq!(error.clone().unwrap_err().kind(), "not-syncml");
    assert_eq!(
        said(&server, error),
        "http://SERVER/omadm has answered HTTP 200 with `text/html; charset=utf-8`, which is not SyncML: expected \
         `application/vnd.syncml.dm+xml`; it begins: <!DOCTYPE html> <html> [31mSign in</html>"
    );
}

#[tokio::test]
async fn refusals_are_told_with_their_first_line() {
    let body = format!("\r\n  No such tenant\t{}\r\nmore", "x".repeat(3_000));
    let reply = Reply::Says(answer("403 Forbidden", "Content-Type: text/plain\r\n", &body));
    let server = Server::start([reply]).await;
    let told = said(&server, ask(&server).await);
    let expected =
        "http://SERVER/omadm has answered HTTP 403 Forbidden with `text/plain`: No such tenant xxxx";
    assert!(told.starts_with(expected), "{told}");
    assert!(told.ends_with("x…") && told.len() < 300, "{told}");
    let server = Server::start([Reply::status("404 Not Found", "")]).await;
    assert_eq!(said(&server, ask(&server).await), "http://SERVER/omadm has answered HTTP 404 Not Found");
}

#[tokio::test]
async fn nothing_is_inflated() {
    for coding in ["gzip", "br", "deflate", "identity, gzip"] {
        let headers = format!("Content-Type: text/xml\r\nContent-Encoding: {coding}\r\n");
        let server = Server::start([Reply::Says(answer("200 OK", &headers, "x"))]).await;
        assert_eq!(
            said(&server, ask(&server).await),
            format!(
                "http://SERVER/omadm has answered with Content-Encoding `{coding}`, although none was asked for: \
                 expected the message as it is"
            )
        );
    }
    let as_it_is = answer("200 OK", "Content-Encoding: Identity\r\n", "x");
    assert!(ask(&Server::start([Reply::Says(as_it_is)]).await).await.is_ok());
}

#[tokio::test]
async fn large_answers_end() {
    // One that says so, one that does not, and one in chunks.
    let replies = [
        Reply::SaysWithoutEnd(xml("Content-Length: 104857600")),
        Reply::SaysWithoutEnd(xml("Connection: close")),
        Reply::SaysWithoutEnd([&xml("Transfer-Encoding: chunked")[..], b"6400000\r\n"].concat()),
    ];
    for reply in replies {
        let server = Server::start([reply]).await;
        assert_eq!(
            said(&server, ask(&server).await),
            "the answer of http://SERVER/omadm is larger than 4194304 bytes"
        );
        // Beyond the limit there is only what the sockets hold.
        let taken = server.seen(|seen| seen.taken);
        assert!(taken < 32 << 20, "{taken} bytes were taken");
    }
}

#[tokio::test]
async fn as_large_as_may_be() {
    let settings = |largest_answer| Settings { largest_answer, ..Settings::default() };
    let outcome = async |largest| {
        let server = Server::start([Reply::message("12345")]).await;
        http(settings(largest)).exchange(request(&server.url("/"))).await.map(|response| response.body)
    };
    assert_eq!(outcome(5).await.unwrap(), "12345");
    assert_eq!(outcome(4).await.unwrap_err().kind(), "too-large");
}

#[tokio::test]
async fn answers_that_break_off() {
    let cases = [
        (Reply::SaysAndCloses(Vec::new()), "closed", "has closed the connection before it answered"),
        (
            Reply::SaysAndCloses(b"HTTP/1.1 200 O".to_vec()),
            "closed",
            "has closed the connection before it answered",
        ),
        (
            Reply::SaysAndCloses([&xml("Content-Length: 10")[..], b"abc"].concat()),
            "closed",
            "has closed the connection before its answer was whole, after 3 bytes of it",
        ),
        (Reply::Resets, "reset", "has reset the connection before it answered"),
    ];
    for (reply, kind, told) in cases {
        let server = Server::start([reply]).await;
        let outcome = ask(&server).await;
        assert_eq!(outcome.clone().unwrap_err().kind(), kind, "{outcome:?}");
        assert_eq!(said(&server, outcome), format!("http://SERVER/omadm {told}"));
    }
}

#[tokio::test]
async fn answers_that_are_not_http() {
    for bytes in [
        &b"220 mail.contoso.com ESMTP\r\n\r\n"[..],
        b"HTTP/1.1 abc\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16\r\n",
    ] {
        let server = Server::start([Reply::SaysAndCloses(bytes.to_vec())]).await;
        let error = ask(&server).await.unwrap_err();
        assert!(matches!(error, TransportError::NotHttp { .. }), "{error}");
    }
    let many = "A: b\r\n".repeat(100_000);
    let server = Server::start([Reply::SaysAndCloses(xml(&many))]).await;
    assert_eq!(ask(&server).await.unwrap_err().kind(), "not-http");
}

#[tokio::test]
async fn servers_that_are_too_slow() {
    let timeouts = Timeouts::default();
    let cases = [
        (
            Timeouts { answer: SHORT, ..timeouts },
            Reply::SaysAndHangs(Vec::new()),
            "has not answered within 50ms",
        ),
        (
            Timeouts { body: SHORT, ..timeouts },
            Reply::SaysAndHangs([&xml("Content-Length: 10")[..], b"abc"].concat()),
            "has sent nothing more of its answer for 50ms",
        ),
    ];
    for (timeouts, reply, told) in cases {
        let server = Server::start([reply]).await;
        let outcome =
            http(Settings { timeouts, ..Settings::default() }).exchange(request(&server.url("/"))).await;
        assert_eq!(said(&server, outcome), format!("http://SERVER/ {told}"));
    }
    let server = Server::start([Reply::SaysAndHangs(Vec::new())]).await;
    let timeouts = Timeouts { exchange: SHORT, ..timeouts };
    let outcome =
        http(Settings { timeouts, ..Settings::default() }).exchange(request(&server.url("/"))).await;
    assert_eq!(said(&server, outcome), "the exchange with http://SERVER/ has taken longer than 50ms");
}

#[tokio::test]
async fn a_listener_that_never_speaks_tls() {
    // The connection is taken by the operating system; nobody answers the handshake.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let timeouts = Timeouts { connect: SHORT, ..Timeouts::default() };
    let address = format!("https://{}/", listener.local_addr().unwrap());
    let error =
        http(Settings { timeouts, ..Settings::default() }).exchange(request(&address)).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot connect to {address}: no connection within 50ms"));
}

#[tokio::test]
async fn nobody_there() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = http(Settings::default()).exchange(request(&format!("http://{free}/"))).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot connect to http://{free}/: refused"));
    // Too long for any resolver to ask anybody.
    let name = format!("http://{}.invalid/", "a".repeat(64));
    let error = http(Settings::default()).exchange(request(&name)).await.unwrap_err();
    assert_eq!(error.kind(), "name-not-resolved");
}

#[tokio::test]
async fn addresses_that_cannot_be_dialled() {
    for (address, told) in [
        (
            "ftp://server/",
            "cannot dial ftp://server/: expected an address that begins with `https://` or `http://`",
        ),
        (
            "http://a:SECRET@server/",
            "cannot dial http://server/: a user name in the address is not sent: expected an address without one",
        ),
    ] {
        let error = http(Settings::default()).exchange(request(address)).await.unwrap_err();
        assert_eq!(error.to_string(), told);
    }
}

#[tokio::test]
async fn a_connection_that_has_ended_is_opened_again() {
    let close = Reply::SaysAndCloses(answer("200 OK", "Connection: close\r\n", ""));
    let server = Server::start([close, Reply::message("second")]).await;
    let mut http = http(Settings::default());
    http.exchange(request(&server.url("/"))).await.unwrap();
    let response = http.exchange(request(&server.url("/"))).await.unwrap();
    assert_eq!(response.body, "second");
    assert_eq!(server.seen(|seen| seen.connections), 2);
}
