//! Who may use the control API.
//!
//! A page in a browser can send requests to this machine, and by a name that it makes resolve to this machine
//! (DNS rebinding) it can even read the answers. Two headers that no page can forge give it away: `Origin`, and `Host`,
//! which then has a name that is not this machine's. Where others can connect at all, names prove nothing, and
//! only who knows the token is let in.
//!
//! Deliberately absent: the paths that messages are posted to. There a device answers anyone, as devices do.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, Uri, Version, header};
use sha2::{Digest, Sha256};

use super::problem::{Kind, Problem};

/// What a request must show.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    listen: SocketAddr,
    /// The digest of the token: comparing digests tells nothing about how much of a token was right.
    token: Option<[u8; 32]>,
}

impl Guard {
    /// The guard of an endpoint that listens on `listen`.
    pub(super) fn new(listen: SocketAddr, token: Option<&str>) -> Self {
        Self { listen, token: token.map(|token| Sha256::digest(token).into()) }
    }

    /// Lets a request pass.
    ///
    /// # Errors
    /// 403 for what comes from a web page or is meant for another host, 401 without the right token.
    pub(super) fn check(&self, version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        if let Some(origin) = headers.get(header::ORIGIN) {
            let origin = String::from_utf8_lossy(origin.as_bytes());
            return Err(Problem::new(
                Kind::Foreign,
                format!("the request has the Origin `{origin}`: web pages may not use the control API"),
            ));
        }
        self.check_host(version, uri, headers)?;
        self.check_token(headers)
    }

    fn check_host(&self, version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (host, more) = (hosts.next(), hosts.next());
        if more.is_some() || (host.is_none() && version >= Version::HTTP_11) {
            return Err(Problem::new(Kind::Request, "expected one Host header"));
        }
        // Others than this machine can connect: which names they have for it is theirs to know.
        if !self.listen.ip().is_loopback() {
            return Ok(());
        }
        // A request in absolute form is for that authority, whatever Host says.
        let host = uri
            .authority()
            .map(|authority| authority.as_str().as_bytes())
            .or(host.map(|host| host.as_bytes()));
        match host {
            // A client of HTTP/1.0 that names no host is no browser.
            None => Ok(()),
            Some(host) if self.is_here(host) => Ok(()),
            Some(host) => {
                let host = String::from_utf8_lossy(host);
                let listen = self.listen;
                Err(Problem::new(
                    Kind::Foreign,
                    format!(
                        "the request is for the host `{host}`: expected {listen} or localhost:{}",
                        listen.port()
                    ),
                ))
            }
        }
    }

    /// Whether a host, with its port, is this machine and this port.
    fn is_here(&self, host: &[u8]) -> bool {
        let Ok(host) = std::str::from_utf8(host) else { return false };
        let (name, port) = match host.rsplit_once(':') {
            // The last colon may be one of an address in brackets.
            Some((name, port)) if !port.ends_with(']') => (name, port),
            _ => (host, "80"),
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        let address = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            Some(address) => address.parse().ok().map(IpAddr::V6),
            None => name.parse().ok().map(IpAddr::V4),
        };
        let is_local =
            name.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.is_loopback());
        is_local && port.parse() == Ok(self.listen.port())
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(expected) = &self.token else { return Ok(()) };
        let given = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
        let problem = match given {
            Some(token) if <[u8; 32]>::from(Sha256::digest(token)) == *expected => return Ok(()),
            Some(_) => "the token is wrong",
            None => "expected the header `Authorization: Bearer TOKEN`, with the token of --token",
        };
        Err(Problem::new(Kind::Token, problem))
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"bearer ";
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn check(guard: &Guard, lines: &[(HeaderName, &'static str)]) -> u16 {
        let headers = lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        let uri = Uri::from_static("/_cspsim/devices");
        guard.check(Version::HTTP_11, &uri, &map).map_or_else(|problem| problem.status().as_u16(), |()| 200)
    }

    fn listening(on: &str, token: Option<&str>) -> Guard {
        Guard::new(on.parse().expect("an address"), token)
    }

    #[test]
    fn hosts() {
        let guard = listening("127.0.0.1:8080", None);
        let here = [
            "127.0.0.1:8080",
            "localhost:8080",
            "LOCALHOST:8080",
            "localhost.:8080",
            "[::1]:8080",
            "127.8.8.8:8080",
        ];
        for host in here {
            assert_eq!(check(&guard, &[(header::HOST, host)]), 200, "{host}");
        }
        let foreign = [
            "evil.example",
            "evil.example:8080",
            "localhost",
            "localhost:80",
            "localhost:08081",
            "localhost.evil.example:8080",
            "127.0.0.1.evil.example:8080",
            "192.168.0.1:8080",
            "[::2]:8080",
            "::1:8080",
            "[::1]",
            "user@localhost:8080",
            "127.1:8080",
            "0.0.0.0:8080",
            "",
            ":8080",
        ];
        for host in foreign {
            assert_eq!(check(&guard, &[(header::HOST, host)]), 403, "{host}");
        }
        assert_eq!(check(&listening("127.0.0.1:80", None), &[(header::HOST, "localhost")]), 200);
        assert_eq!(check(&listening("[::1]:80", None), &[(header::HOST, "[::1]")]), 200);
    }

    #[test]
    fn a_request_names_one_host() {
        let guard = listening("127.0.0.1:8080", None);
        assert_eq!(check(&guard, &[]), 400);
        let twice = [(header::HOST, "localhost:8080"), (header::HOST, "localhost:8080")];
        assert_eq!(check(&guard, &twice), 400);
        let uri = Uri::from_static("/");
        assert_eq!(guard.check(Version::HTTP_10, &uri, &HeaderMap::new()), Ok(()));
    }

    #[test]
    fn an_absolute_form_is_for_its_authority() {
        let guard = listening("127.0.0.1:8080", None);
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("localhost:8080"))]);
        let uri = Uri::from_static("http://evil.example:8080/_cspsim/devices");
        assert!(guard.check(Version::HTTP_11, &uri, &headers).is_err());
    }

    #[test]
    fn origins() {
        let guard = listening("127.0.0.1:8080", Some("secret"));
        for origin in ["http://evil.example", "http://localhost:8080", "null", ""] {
            let lines = [
                (header::HOST, "localhost:8080"),
                (header::ORIGIN, origin),
                (header::AUTHORIZATION, "Bearer secret"),
            ];
            assert_eq!(check(&guard, &lines), 403, "{origin}");
        }
    }

    #[test]
    fn tokens() {
        let guard = listening("127.0.0.1:8080", Some("secret"));
        let with = |value| check(&guard, &[(header::HOST, "localhost:8080"), (header::AUTHORIZATION, value)]);
        assert_eq!(with("Bearer secret"), 200);
        assert_eq!(with("bearer  secret "), 200);
        for value in
            ["Bearer Secret", "Bearer secre", "Bearer secrets", "Basic secret", "secret", "Bearer", "Bearer "]
        {
            assert_eq!(with(value), 401, "{value}");
        }
        assert_eq!(check(&guard, &[(header::HOST, "localhost:8080")]), 401);
    }

    #[test]
    fn where_others_can_connect_the_token_decides_alone() {
        let guard = listening("0.0.0.0:8080", Some("secret"));
        let with =
            |value| check(&guard, &[(header::HOST, "lab.example:8080"), (header::AUTHORIZATION, value)]);
        assert_eq!(with("Bearer secret"), 200);
        assert_eq!(with("Bearer wrong"), 401);
    }
}
