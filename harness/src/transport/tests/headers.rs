//! What the device says of itself, byte by byte.

use super::server::{Reply, Server, answer};
use super::{http, request};
use crate::transport::http::{Header, Mode, Settings};
use crate::transport::{SYNCML_WBXML, Transport as _, shown};

/// The lines of a request's head, sorted; the request line first.
fn head(request: &str) -> Vec<String> {
    let (head, _) = request.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().map(str::to_owned).collect();
    lines[1..].sort();
    lines
}

/// The request line that an address leads to.
async fn request_line(settings: Settings, path: &str) -> String {
    let server = Server::start([]).await;
    http(settings).exchange(request(&server.url(path))).await.unwrap();
    server.requests()[0].lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn as_windows_by_default() {
    let server = Server::start([Reply::message("<SyncML>answer</SyncML>")]).await;
    let response = http(Settings::default()).exchange(request(&server.url("/omadm"))).await.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.media_type.as_deref(), Some("application/vnd.syncml.dm+xml"));
    assert_eq!(response.body, "<SyncML>answer</SyncML>");
    assert_eq!(response.redirects, []);
    let request = &server.requests()[0];
    assert_eq!(
        head(request),
        [
            "POST /omadm?mode=Machine&Platform=WoA HTTP/1.1",
            "accept: application/vnd.syncml.dm+xml, application/vnd.syncml.dm+wbxml",
            "content-length: 9",
            "content-type: application/vnd.syncml.dm+xml",
            &format!("host: {}", server.address),
            "user-agent: MSFT OMA DM Client/1.2.0.1",
        ]
    );
    assert!(request.ends_with("\r\n\r\n<SyncML/>"));
}

#[tokio::test]
async fn everything_that_can_be_said() {
    let server = Server::start([
        Reply::Says(answer("200 OK", "x-syncml-hmac: algorithm=MD5, mac=answered\r\n", "")),
        Reply::message(""),
    ])
    .await;
    let settings = Settings {
        user_agent: "Contoso/1".to_owned(),
        mode: Some(Mode::Maintenance),
        client_request_id: Some("7A1B".to_owned()),
        correlation_vector: Some("Kd9X0a8xQEOO4wwZ".to_owned()),
        bearer: Some("TOKEN".to_owned()),
        headers: vec!["MDM-GenericAlert: a:b".parse().unwrap(), "DeviceToken:x".parse().unwrap()],
        ..Settings::default()
    };
    let mut http = http(settings);
    let mut message = request(&server.url("/"));
    message.media_type = SYNCML_WBXML;
    message.mac = Some("algorithm=MD5, username=\"a\", mac=b".to_owned());
    let response = http.exchange(message.clone()).await.unwrap();
    assert_eq!(response.mac.as_deref(), Some("algorithm=MD5, mac=answered"));
    http.exchange(message).await.unwrap();
    let requests = server.requests();
    let mut expected = [
        "POST /?mode=Maintenance&Platform=WoA HTTP/1.1",
        "accept: application/vnd.syncml.dm+xml, application/vnd.syncml.dm+wbxml",
        "authorization: Bearer TOKEN",
        "client-request-id: 7A1B",
        "content-length: 9",
        "content-type: application/vnd.syncml.dm+wbxml",
        "devicetoken: x",
        &format!("host: {}", server.address),
        "mdm-genericalert: a:b",
        "ms-cv: Kd9X0a8xQEOO4wwZ.0",
        "user-agent: Contoso/1",
        "x-syncml-hmac: algorithm=MD5, username=\"a\", mac=b",
    ];
    assert_eq!(head(&requests[0]), expected);
    expected[9] = "ms-cv: Kd9X0a8xQEOO4wwZ.1";
    assert_eq!(head(&requests[1]), expected);
    // The second message went over the first one's connection.
    assert_eq!(server.seen(|seen| seen.connections), 1);
}

#[tokio::test]
async fn a_header_takes_the_place_of_the_device_s_own() {
    let headers = ["User-Agent: mine", "Content-Type: text/xml", "Authorization: Basic eDp5", "A: 1", "A: 2"];
    let settings = Settings {
        bearer: Some("TOKEN".to_owned()),
        headers: headers.into_iter().map(|header| header.parse().unwrap()).collect(),
        ..Settings::default()
    };
    let server = Server::start([]).await;
    http(settings).exchange(request(&server.url("/"))).await.unwrap();
    let head = head(&server.requests()[0]);
    let of = |name: &str| head.iter().filter(|line| line.starts_with(name)).cloned().collect::<Vec<_>>();
    assert_eq!(of("user-agent"), ["user-agent: mine"]);
    assert_eq!(of("content-type"), ["content-type: text/xml"]);
    assert_eq!(of("authorization"), ["authorization: Basic eDp5"]);
    assert_eq!(of("a:"), ["a: 1", "a: 2"]);
}

#[tokio::test]
async fn queries() {
    let line = async |path: &str| request_line(Settings::default(), path).await;
    assert_eq!(line("").await, "POST /?mode=Machine&Platform=WoA HTTP/1.1");
    assert_eq!(line("/a?").await, "POST /a?mode=Machine&Platform=WoA HTTP/1.1");
    assert_eq!(line("/a?b=%2F+c&d").await, "POST /a?b=%2F+c&d&mode=Machine&Platform=WoA HTTP/1.1");
    assert_eq!(line("/a?Mode=x").await, "POST /a?Mode=x&Platform=WoA HTTP/1.1");
    assert_eq!(line("/a?platform=y&mode=x").await, "POST /a?platform=y&mode=x HTTP/1.1");
    assert_eq!(line("/a b#c").await, "POST /a%20b?mode=Machine&Platform=WoA HTTP/1.1");
    let plain = Settings { mode: None, ..Settings::default() };
    assert_eq!(request_line(plain, "/a?b=c").await, "POST /a?b=c HTTP/1.1");
}

#[test]
fn headers_that_can_be_asked_for() {
    let refused = |text: &str| text.parse::<Header>().unwrap_err().to_string();
    assert_eq!(refused("nothing"), "not a header: expected `Name: value`");
    assert_eq!(refused("two words: x"), "not a header: expected `Name: value`");
    assert_eq!(refused("a: b\r\nc: d"), "not a header: expected `Name: value`");
    assert_eq!(refused("Content-Length: 0"), "`content-length` is decided by the connection and the message");
    assert!("X: ä".parse::<Header>().is_ok());
}

#[test]
fn settings_that_cannot_be_sent() {
    let tls = || crate::transport::tls::Tls::new(&Default::default(), None).unwrap();
    let settings = Settings { bearer: Some("a\nb".to_owned()), ..Settings::default() };
    let failure = crate::transport::http::Http::new(settings, tls()).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "error: what is given for `Authorization` cannot stand in a header: expected one line of text"
    );
}

#[test]
fn secrets_are_not_shown() {
    let settings = Settings {
        bearer: Some("SECRET".to_owned()),
        headers: vec!["Cookie: SECRET".parse().unwrap()],
        ..Settings::default()
    };
    let mut request = request("https://SECRET:SECRET@server/a?token=SECRET#SECRET");
    request.mac = Some("SECRET".to_owned());
    assert_eq!(shown(&request.to), "https://server/a");
    let shown = format!("{settings:?} {request:?} {:?}", http(settings.clone()));
    assert!(!shown.contains("SECRET"), "{shown}");
}
