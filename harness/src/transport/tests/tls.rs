//! Certificates: theirs and ours.

use rustls::HandshakeKind;

use super::authority::{Authority, Validity, Version, asks_nobody};
use super::request;
use super::server::{Reply, Server, answer};
use crate::transport::error::{TlsProblem, TransportError};
use crate::transport::http::{Http, Settings};
use crate::transport::tls::{ClientCertificate, Tls, Trust};
use crate::transport::{Response, Transport as _};

const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];

async fn ask(
    server: &Server,
    trust: &Trust,
    certificate: Option<&ClientCertificate>,
) -> Result<Response, TransportError> {
    let tls = Tls::new(trust, certificate).unwrap();
    Http::new(Settings::default(), tls).unwrap().exchange(request(&server.url("/"))).await
}

fn problem(outcome: Result<Response, TransportError>) -> TlsProblem {
    match outcome.unwrap_err() {
        TransportError::Tls { problem, .. } => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_is_trusted() {
    let authority = Authority::new();
    for version in VERSIONS {
        let identity = authority.vouch("127.0.0.1", Validity::Now);
        let server = Server::start_tls(asks_nobody(&identity, version), [Reply::message("x")]).await;
        assert_eq!(ask(&server, &authority.trust(), None).await.unwrap().body, "x", "{version:?}");
    }
}

#[tokio::test]
async fn servers_that_are_not() {
    let (authority, other) = (Authority::new(), Authority::new());
    let cases = [
        (authority.vouch("127.0.0.1", Validity::Past), &authority, TlsProblem::Expired),
        (authority.vouch("127.0.0.1", Validity::Future), &authority, TlsProblem::NotYetValid),
        (authority.vouch("127.0.0.1", Validity::Now), &other, TlsProblem::Untrusted),
        (
            authority.vouch("mdm.contoso.com", Validity::Now),
            &authority,
            TlsProblem::OtherName(vec!["mdm.contoso.com".to_owned()]),
        ),
    ];
    for (identity, trusted, expected) in cases {
        for version in VERSIONS {
            let server = Server::start_tls(asks_nobody(&identity, version), []).await;
            let outcome = ask(&server, &trusted.trust(), None).await;
            assert_eq!(problem(outcome), expected);
            assert!(server.requests().is_empty());
            // None of them matters to who takes any.
            assert!(ask(&server, &Trust::Anyone, None).await.is_ok(), "{expected:?}");
        }
    }
}

#[tokio::test]
async fn the_list_of_the_platform_does_not_have_it() {
    let authority = Authority::new();
    let server =
        Server::start_tls(asks_nobody(&authority.vouch("127.0.0.1", Validity::Now), Version::Tls13), [])
            .await;
    assert_eq!(problem(ask(&server, &Trust::Platform, None).await), TlsProblem::Untrusted);
}

#[tokio::test]
async fn a_server_that_asks_who_the_device_is() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server_is = authority.vouch("127.0.0.1", Validity::Now);
    let known = authority.client_files(&authority.vouch("device", Validity::Now));
    let unknown = other.client_files(&other.vouch("device", Validity::Now));
    for version in VERSIONS {
        let server = Server::start_tls(authority.asks(&server_is, version), []).await;
        assert!(ask(&server, &authority.trust(), Some(&known)).await.is_ok(), "{version:?}");
        let missing = problem(ask(&server, &authority.trust(), None).await);
        match version {
            Version::Tls13 => assert_eq!(missing, TlsProblem::ClientCertificateMissing),
            // TLS 1.2 has no alert of its own for it (RFC 5246 7.4.6).
            Version::Tls12 => assert!(missing.to_string().contains("client certificate"), "{missing}"),
        }
        let refused = problem(ask(&server, &authority.trust(), Some(&unknown)).await);
        assert_eq!(refused, TlsProblem::ClientCertificateRefused("UnknownCA".to_owned()), "{version:?}");
        assert_eq!(server.requests().len(), 1, "{version:?}");
    }
}

#[tokio::test]
async fn an_expired_client_certificate() {
    let authority = Authority::new();
    let expired = authority.client_files(&authority.vouch("device", Validity::Past));
    let server_is = authority.vouch("127.0.0.1", Validity::Now);
    let server = Server::start_tls(authority.asks(&server_is, Version::Tls13), []).await;
    let refused = problem(ask(&server, &authority.trust(), Some(&expired)).await);
    assert_eq!(refused, TlsProblem::ClientCertificateRefused("CertificateExpired".to_owned()));
}

#[tokio::test]
async fn a_server_without_tls() {
    let server = Server::start([]).await;
    let says = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = says.local_addr().unwrap();
    let answers = tokio::spawn(async move {
        let (mut stream, _) = says.accept().await.unwrap();
        tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4_096]).await.unwrap();
        let bytes = answer("400 Bad Request", "", "this is http");
        tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes).await.unwrap();
    });
    let outcome = Http::new(Settings::default(), Tls::new(&Trust::Anyone, None).unwrap())
        .unwrap()
        .exchange(request(&format!("https://{address}/")))
        .await;
    assert_eq!(problem(outcome), TlsProblem::NotTls);
    answers.await.unwrap();
    drop(server);
}

#[tokio::test]
async fn a_server_that_leaves_during_the_handshake() {
    let server = Server::start([Reply::Resets]).await;
    let address = server.url("/").replace("http:", "https:");
    let outcome = Http::new(Settings::default(), Tls::new(&Trust::Anyone, None).unwrap())
        .unwrap()
        .exchange(request(&address))
        .await;
    assert_eq!(problem(outcome), TlsProblem::Closed);
}

#[tokio::test]
async fn sessions_are_resumed() {
    let authority = Authority::new();
    for version in VERSIONS {
        let config = asks_nobody(&authority.vouch("127.0.0.1", Validity::Now), version);
        let close = Reply::SaysAndCloses(answer("200 OK", "Connection: close\r\n", ""));
        let server = Server::start_tls(config, vec![close; 3]).await;
        let tls = Tls::new(&authority.trust(), None).unwrap();
        // The same device, and another one that shares its TLS.
        let mut http = Http::new(Settings::default(), tls.clone()).unwrap();
        http.exchange(request(&server.url("/"))).await.unwrap();
        http.exchange(request(&server.url("/"))).await.unwrap();
        let mut another = Http::new(Settings::default(), tls).unwrap();
        another.exchange(request(&server.url("/"))).await.unwrap();
        assert_eq!(
            server.seen(|seen| seen.handshakes.clone()),
            [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed],
            "{version:?}"
        );
    }
}

#[tokio::test]
async fn not_from_https_to_http() {
    let authority = Authority::new();
    let there = Server::start([]).await;
    let config = asks_nobody(&authority.vouch("127.0.0.1", Validity::Now), Version::Tls13);
    let location = format!("Location: {}\r\n", there.url("/x?token=SECRET"));
    let server = Server::start_tls(config, [Reply::status("302 Found", &location)]).await;
    let error = ask(&server, &authority.trust(), None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} redirects to {}, from https to http: that is not followed",
            server.url("/"),
            there.url("/x")
        )
    );
    assert!(there.requests().is_empty());
}

#[tokio::test]
async fn what_breaks_off_over_tls() {
    let authority = Authority::new();
    let identity = authority.vouch("127.0.0.1", Validity::Now);
    // Where a body ends with its connection, only a goodbye of TLS says that it is whole.
    let head = b"HTTP/1.1 200 OK\r\n\r\n<SyncML>".to_vec();
    let server =
        Server::start_tls(asks_nobody(&identity, Version::Tls13), [Reply::SaysAndCloses(head)]).await;
    assert_eq!(ask(&server, &authority.trust(), None).await.unwrap().body, "<SyncML>");
    let head = b"HTTP/1.1 200 OK\r\n\r\n<Syn".to_vec();
    let server =
        Server::start_tls(asks_nobody(&identity, Version::Tls13), [Reply::SaysAndVanishes(head)]).await;
    let error = ask(&server, &authority.trust(), None).await.unwrap_err();
    assert_eq!(error, TransportError::Closed { to: server.url("/"), received: Some(4) });
}

#[test]
fn files_that_do_not_hold_what_they_should() {
    let authority = Authority::new();
    let (one, another) = (authority.vouch("a", Validity::Now), authority.vouch("b", Validity::Now));
    let certificate = authority.file("certificate.pem", one.certificate.pem());
    let key = authority.file("key.pem", one.key.serialize_pem());
    let other_key = authority.file("other.key", another.key.serialize_pem());
    let der = authority.file("certificate.der", one.certificate.der());
    let empty = authority.file("empty", "");
    let damaged =
        authority.file("damaged.pem", "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n");
    let cut = authority.file("cut.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    let no_certificate =
        authority.file("nothing.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let encrypted = authority.file(
        "encrypted.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let no_key = authority.file("no.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let folder = certificate.parent().unwrap().display().to_string();
    let said = |outcome: Result<Tls, crate::Failure>| {
        outcome.unwrap_err().to_string().replace(&folder, "FOLDER").replace('\\', "/")
    };
    let trust = |path: &std::path::PathBuf| said(Tls::new(&Trust::Only(vec![path.clone()]), None));
    let client = |certificate: &std::path::PathBuf, key: Option<&std::path::PathBuf>| {
        let certificate = ClientCertificate { certificate: certificate.clone(), key: key.cloned() };
        Tls::new(&Trust::Anyone, Some(&certificate))
    };
    let absent = std::path::PathBuf::from(format!("{folder}/absent"));
    assert!(trust(&absent).starts_with("error: cannot read FOLDER/absent: "));
    let expected = "expected PEM, `-----BEGIN CERTIFICATE-----`";
    assert_eq!(trust(&empty), format!("error: no certificate in FOLDER/empty: {expected}"));
    assert_eq!(
        trust(&der),
        format!(
            "error: no certificate in FOLDER/certificate.der: {expected}; DER and PFX files must be converted first"
        )
    );
    assert_eq!(trust(&key), format!("error: no certificate in FOLDER/key.pem: {expected}"));
    for damaged in [&damaged, &cut] {
        let said = trust(damaged);
        assert!(said.starts_with("error: cannot read the certificates in FOLDER/"), "{said}");
    }
    let said_of = trust(&no_certificate);
    assert!(
        said_of.starts_with("error: certificate 1 in FOLDER/nothing.pem is not one of an authority: "),
        "{said_of}"
    );
    assert_eq!(
        said(client(&certificate, Some(&other_key))),
        "error: the private key in FOLDER/other.key is not that of the certificate in FOLDER/certificate.pem: expected \
         the key that belongs to its first certificate"
    );
    assert_eq!(
        said(client(&certificate, None)),
        "error: no private key in FOLDER/certificate.pem: expected PEM, `-----BEGIN PRIVATE KEY-----`"
    );
    assert_eq!(
        said(client(&certificate, Some(&encrypted))),
        "error: the private key in FOLDER/encrypted.pem is encrypted: expected one without a passphrase"
    );
    let said_of = said(client(&certificate, Some(&no_key)));
    assert!(
        said_of.starts_with(
            "error: cannot use the client certificate in FOLDER/certificate.pem with the private key in FOLDER/no.key: "
        ),
        "{said_of}"
    );
    // Both may stand in one file, in any order.
    let both = authority.file("both.pem", one.key.serialize_pem() + &one.certificate.pem());
    assert!(client(&both, None).is_ok());
    assert!(client(&certificate, Some(&key)).is_ok());
}
