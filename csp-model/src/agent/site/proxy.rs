//! The proxy that services go through, and addresses as far as it looks at them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Answer, wrong};
use crate::device::ProfileError;

/// The proxy of `WinHTTP`: what `netsh winhttp show proxy` shows, and what the proxy does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    /// Its address: `proxy.contoso.com:8080`.
    pub server: String,
    /// The hosts that are asked directly: names, with `*` for any text; `<local>` for every name without a dot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bypass: Vec<String>,
    /// What it does with a request from a service, which has no user's credentials: 407 when absent, 200 for one that
    /// lets everything through.
    #[serde(default = "wants_credentials")]
    pub answers: Answer,
}

/// The host and the port of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Url<'u> {
    /// The host.
    pub host: &'u str,
    /// The port, written or meant.
    pub port: u16,
}

impl Proxy {
    /// Whether `url` is asked directly.
    #[must_use]
    pub fn bypasses(&self, url: &Url<'_>) -> bool {
        self.bypass.iter().any(|entry| match entry.trim() {
            "<local>" => !url.host.contains('.'),
            entry => matches(&entry.to_ascii_lowercase(), &url.host.to_ascii_lowercase()),
        })
    }

    pub(super) fn check(&self) -> Result<(), ProfileError> {
        const MOST: usize = 256;
        if self.server.trim().is_empty() {
            return Err(wrong("proxy.server", "expected an address like `proxy.contoso.com:8080`"));
        }
        if self.bypass.len() > MOST {
            return Err(wrong("proxy.bypass", format!("expected {MOST} entries at most")));
        }
        match self.answers {
            Answer::PoolStopped | Answer::TooManyRoundTrips | Answer::NoClientCertificate => {
                Err(wrong("proxy.answers", format!("a proxy does not answer `{}`", self.answers)))
            }
            Answer::Status(_) | Answer::Timeout | Answer::NameNotResolved | Answer::CannotConnect => Ok(()),
        }
    }
}

impl<'u> Url<'u> {
    /// Reads what it can: a text without a scheme is a host, a port that is none is the scheme's.
    #[must_use]
    pub fn of(text: &'u str) -> Self {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let usual = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => Self { host, port: port.parse().unwrap_or(usual) },
            Some(_) | None => Self { host: authority, port: usual },
        }
    }

    /// Whether both are one server, the port apart.
    #[must_use]
    pub const fn is_host_of(&self, other: &Url<'_>) -> bool {
        self.host.eq_ignore_ascii_case(other.host)
    }
}

/// Whether `text` is what `pattern` says, where `*` is any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

const fn wants_credentials() -> Answer {
    Answer::Status(407)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_bypassed_by_name_and_pattern() {
        let proxy = |bypass: &[&str]| Proxy {
            server: "proxy:8080".to_owned(),
            bypass: bypass.iter().map(|entry| (*entry).to_owned()).collect(),
            answers: Answer::OK,
        };
        let asked = |bypass: &[&str], url| proxy(bypass).bypasses(&Url::of(url));
        assert!(asked(&["wsus.contoso.com"], "http://WSUS.contoso.com:8530"));
        assert!(asked(&["*.contoso.com"], "http://wsus.contoso.com:8530/a?b"));
        assert!(asked(&["wsus*com"], "https://wsus.contoso.com"));
        assert!(asked(&["<local>"], "http://wsus:8530"));
        assert!(!asked(&["<local>"], "http://wsus.contoso.com"));
        assert!(!asked(&["*.fabrikam.com", "contoso.com"], "http://wsus.contoso.com"));
        assert!(!asked(&[], "http://wsus"));
    }

    #[test]
    fn a_url_has_a_host_and_a_port() {
        let parts = |text| {
            let Url { host, port } = Url::of(text);
            (host, port)
        };
        assert_eq!(parts("http://sup:8530/ClientWebService"), ("sup", 8530));
        assert_eq!(parts("https://sup"), ("sup", 443));
        assert_eq!(parts("sup:99999"), ("sup", 80));
        assert_eq!(parts("http://[::1]:81"), ("[::1]", 81));
        assert_eq!(parts("http://[::1]"), ("[::1]", 80));
        assert_eq!(parts(""), ("", 80));
    }
}
