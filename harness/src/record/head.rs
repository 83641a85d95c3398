//! The head of what passes: where it goes, and which headers belong to one connection alone.

use std::str::FromStr;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request;
use hyper::{Method, Uri, Version};
use url::Url;

use crate::listening::media;

/// The headers that are about one connection (RFC 9110 7.6.1), beside those that `Connection` names. What a client
/// expects before it sends its body it has from the proxy already.
const OF_CONNECTION: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
];

/// Who is on the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upstream(Url);

/// Which host a request is for, as the server sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum HostHeader {
    /// The server's own: it may have several names, and TLS holds it to one.
    #[default]
    Upstream,
    /// As the client wrote it.
    Kept,
}

/// What the server may do to its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codings {
    /// What the client takes.
    Accepted,
    /// Nothing: whoever looks on could not read it.
    None,
}

/// What a body may be, by what is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// A message.
    Message,
    /// Anything: a message too.
    Anything,
    /// Something else.
    Other,
}

impl Upstream {
    /// Its address.
    pub(crate) const fn url(&self) -> &Url {
        &self.0
    }

    /// Where a request for `asked` goes: below the server's own path, unless it is there already.
    pub(super) fn at(&self, asked: &Uri) -> Url {
        let mut url = self.0.clone();
        url.set_path(&self.path(asked));
        url.set_query(asked.query());
        url
    }

    /// The same as a request names it. What the client wrote stays as it is: an address that is read and written again
    /// may be another one.
    fn target(&self, asked: &Uri) -> Option<Uri> {
        let query = asked.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}", self.path(asked)).parse().ok()
    }

    fn path(&self, asked: &Uri) -> String {
        let (own, path) = (self.0.path().trim_end_matches('/'), asked.path());
        let is_below = path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match path {
            "/" => self.0.path().to_owned(),
            path if is_below => path.to_owned(),
            path => format!("{own}{path}"),
        }
    }

    fn host(&self) -> Option<HeaderValue> {
        let host = self.0.host_str()?;
        let host = self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        HeaderValue::from_str(&host).ok()
    }
}

impl FromStr for Upstream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url =
            Url::parse(text).map_err(|error| format!("{error}; expected `https://mdm.example.test/`"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err("expected an address that begins with `https://` or `http://`".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("expected an address without a user name: what the client says of itself is sent on"
                .to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("expected an address without a query: that of each request is sent on".to_owned());
        }
        Ok(Self(url))
    }
}

/// The head of a request on its way to the server; `None` when its address is none.
pub(super) fn request(
    mut head: request::Parts,
    to: &Upstream,
    host: HostHeader,
    codings: Codings,
) -> Option<request::Parts> {
    // An empty target is that of `OPTIONS *`.
    if head.uri.path() != "*" {
        head.uri = to.target(&head.uri)?;
    }
    head.version = Version::HTTP_11;
    let own = to.host()?;
    let mut headers = passing(&head.headers);
    match host {
        HostHeader::Kept if headers.contains_key(header::HOST) => {}
        HostHeader::Kept | HostHeader::Upstream => {
            headers.insert(header::HOST, own);
        }
    }
    match codings {
        Codings::Accepted => {}
        Codings::None => {
            headers.remove(header::ACCEPT_ENCODING);
        }
    }
    head.headers = headers;
    Some(head)
}

/// The headers that go on, in their order.
pub(super) fn passing(headers: &HeaderMap) -> HeaderMap {
    let named = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<_> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
    let is_of_connection = |name: &HeaderName| {
        OF_CONNECTION.contains(name) || named.iter().any(|named| named.eq_ignore_ascii_case(name.as_str()))
    };
    let mut passing = HeaderMap::with_capacity(headers.keys_len());
    for (name, value) in headers.iter().filter(|(name, _)| !is_of_connection(name)) {
        passing.append(name.clone(), value.clone());
    }
    passing
}

/// Whether a request can hold a message.
pub(super) fn of_request(head: &request::Parts) -> Claim {
    if head.method == Method::POST { claim(&head.headers) } else { Claim::Other }
}

/// What the headers say that the body is.
pub(super) fn claim(headers: &HeaderMap) -> Claim {
    let media_type = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let essence = media::essence(media_type).to_ascii_lowercase();
    if essence.starts_with(b"application/vnd.syncml") {
        return Claim::Message;
    }
    let is_usual = media::MESSAGES.iter().any(|usual| essence == usual.as_bytes());
    if essence.is_empty() || is_usual { Claim::Anything } else { Claim::Other }
}

/// The media type as it was given, if it was.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_requests_go() {
        for (upstream, asked, expected) in [
            ("http://a:1", "/mdm?mode=Machine", "http://a:1/mdm?mode=Machine"),
            ("http://a:1", "/", "http://a:1/"),
            ("http://a:1/mdm", "/", "http://a:1/mdm"),
            ("http://a:1/mdm", "/?x=%41", "http://a:1/mdm?x=%41"),
            ("http://a:1/mdm", "/mdm", "http://a:1/mdm"),
            ("http://a:1/mdm", "/mdm/x", "http://a:1/mdm/x"),
            ("http://a:1/mdm", "/mdmx", "http://a:1/mdm/mdmx"),
            ("http://a:1/mdm/", "/x", "http://a:1/mdm/x"),
            ("http://a:1", "http://proxy:2/x", "http://a:1/x"),
        ] {
            let upstream: Upstream = upstream.parse().unwrap();
            let asked = asked.parse().unwrap();
            assert_eq!(upstream.at(&asked).as_str(), expected);
            let target = upstream.target(&asked).unwrap().to_string();
            assert!(expected.ends_with(&target), "{target} {expected}");
        }
        for wrong in ["mdm.example.test", "ftp://a", "http://user@a", "http://a/?x", "http:///"] {
            assert!(wrong.parse::<Upstream>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn headers_of_a_connection_stay() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-b", "2"),
            ("connection", "close, X-Own"),
            ("x-own", "3"),
            ("te", "x"),
            ("x-a", "1"),
            ("x-b", "4"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let passing = passing(&headers);
        let passing: Vec<_> = passing.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(passing, [("x-b", &b"2"[..]), ("x-b", b"4"), ("x-a", b"1")]);
    }

    #[test]
    fn what_may_be_a_message() {
        for (media_type, expected) in [
            ("application/vnd.syncml.dm+xml; charset=utf-8", Claim::Message),
            ("Application/vnd.syncml.dm+WBXML", Claim::Message),
            ("text/xml", Claim::Anything),
            ("", Claim::Anything),
            ("application/soap+xml", Claim::Other),
        ] {
            let headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))]);
            assert_eq!(claim(&headers), expected, "{media_type}");
        }
        assert_eq!(claim(&HeaderMap::new()), Claim::Anything);
    }
}
