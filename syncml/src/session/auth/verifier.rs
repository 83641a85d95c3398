//! The side that asks: whether a message is from whom it says, and what it is answered.

use super::{Credentials, MacHeader, MacHeaderError, Nonces, Scheme, credentials, shown};
use crate::message::{Chal, Cred, Header, Meta, MoreMeta, Text};
use crate::session::StatusCode;

/// The side of a session that checks who the other one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    asks: Option<Asks>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Asks {
    expected: Credentials,
    scheme: Scheme,
    nonce: Option<Vec<u8>>,
    nonces: Nonces,
    lasts: Lasts,
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Asking,
    Settled,
}

/// How long good credentials last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// Until the session ends: 212. By HMAC, which every message needs, it is as [`Message`](Self::Message).
    Session,
    /// For the message that they came with: 200, with the next nonce.
    Message,
}

/// What a message is answered as far as its credentials go.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The code of the SyncHdr's Status: 200 or 212, 401 or 407.
    pub code: StatusCode,
    /// The Chal of that Status.
    pub chal: Option<Chal>,
    /// Why it was refused, if it was.
    pub refusal: Option<Refusal>,
}

/// Why credentials were refused. None of it tells a secret or a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// None were given.
    #[error("found no credentials, expected {0}")]
    Missing(Scheme),
    /// They are of another scheme.
    #[error("found credentials of the scheme {found:?}, expected {expected}")]
    Scheme {
        /// What the other side wrote.
        found: String,
        /// What was asked for.
        expected: Scheme,
    },
    /// They cannot be read.
    #[error("found credentials that are no base64")]
    Encoding,
    /// The header of HTTP cannot be read.
    #[error("in {name}: {0}", name = MacHeader::NAME)]
    Header(MacHeaderError),
    /// Another name.
    #[error("found credentials of another name")]
    Name,
    /// The name fits, and nothing else does: another secret or, by a digest, another nonce.
    #[error("found credentials with another secret or a used nonce")]
    Secret,
    /// A digest before there was a nonce.
    #[error("found a digest before a nonce was given")]
    NoNonce,
}

impl Verdict {
    /// Whether the message may be acted on.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        self.refusal.is_none()
    }
}

impl Verifier {
    /// One who asks for nothing: every message is answered 200.
    #[must_use]
    pub const fn asks_nothing() -> Self {
        Self { asks: None }
    }

    /// One who asks for `expected` by `scheme`. `nonce` is the one that the other side was given in the last session or
    /// when it was provisioned; `nonces` gives those that follow.
    #[must_use]
    pub const fn new(
        expected: Credentials,
        scheme: Scheme,
        nonce: Option<Vec<u8>>,
        nonces: Nonces,
        lasts: Lasts,
    ) -> Self {
        Self { asks: Some(Asks { expected, scheme, nonce, nonces, lasts, standing: Standing::Asking }) }
    }

    /// Checks one message: its header, and for HMAC the value of `x-syncml-hmac` with the bytes of the body.
    ///
    /// 407 where nothing was given, 401 where it is wrong, either with a Chal; 212 or 200 where it is right. A nonce
    /// is good once: the Chal brings the next one (OMA DM Security 1.2.1; OMA SyncML Representation Protocol 1.2,
    /// Chal).
    pub fn check(&mut self, header: Option<&Header>, mac: Option<(&str, &[u8])>) -> Verdict {
        let accepted = |code, chal| Verdict { code, chal, refusal: None };
        let Some(asks) = self.asks.as_mut().filter(|asks| asks.standing == Standing::Asking) else {
            return accepted(StatusCode::OK, None);
        };
        let found = match asks.scheme {
            Scheme::Basic | Scheme::Digest => asks.check_cred(header),
            Scheme::Hmac => asks.check_mac(mac),
        };
        if let Err(refusal) = found {
            let code = match &refusal {
                Refusal::Missing(_) => StatusCode::MISSING_CREDENTIALS,
                Refusal::Scheme { .. }
                | Refusal::Encoding
                | Refusal::Header(_)
                | Refusal::Name
                | Refusal::Secret
                | Refusal::NoNonce => StatusCode::INVALID_CREDENTIALS,
            };
            return Verdict { code, chal: Some(asks.chal()), refusal: Some(refusal) };
        }
        match (asks.scheme, asks.lasts) {
            (Scheme::Basic, Lasts::Session) => {
                asks.standing = Standing::Settled;
                accepted(StatusCode::AUTHENTICATED, None)
            }
            (Scheme::Basic, Lasts::Message) => accepted(StatusCode::OK, None),
            (Scheme::Digest, Lasts::Session) => {
                asks.standing = Standing::Settled;
                accepted(StatusCode::AUTHENTICATED, Some(asks.chal()))
            }
            (Scheme::Digest, Lasts::Message) | (Scheme::Hmac, Lasts::Session | Lasts::Message) => {
                accepted(StatusCode::OK, Some(asks.chal()))
            }
        }
    }

    /// What the next session is to expect.
    #[must_use]
    pub fn next_nonce(&self) -> Option<&[u8]> {
        self.asks.as_ref()?.nonce.as_deref()
    }
}

impl Asks {
    fn check_cred(&self, header: Option<&Header>) -> Result<(), Refusal> {
        let cred = header.and_then(|header| header.cred.as_deref()).ok_or(Refusal::Missing(self.scheme))?;
        let named = scheme_of(cred).unwrap_or_default();
        if named.parse() != Ok(self.scheme) {
            return Err(Refusal::Scheme { found: shown(&named), expected: self.scheme });
        }
        let proof = cred.data.as_ref().and_then(|text| credentials::decode(text)).ok_or(Refusal::Encoding)?;
        let expected = match self.scheme {
            Scheme::Basic => self.expected.basic(),
            Scheme::Digest | Scheme::Hmac => {
                let source = header.and_then(|header| header.source.as_ref());
                if source.and_then(|source| source.loc_name.as_ref()).is_some_and(|name| !self.is_name(name))
                {
                    return Err(Refusal::Name);
                }
                self.expected.digest(self.nonce.as_deref().ok_or(Refusal::NoNonce)?)
            }
        };
        if credentials::encode(&proof) == expected { Ok(()) } else { Err(Refusal::Secret) }
    }

    fn check_mac(&self, mac: Option<(&str, &[u8])>) -> Result<(), Refusal> {
        let (value, body) = mac.ok_or(Refusal::Missing(self.scheme))?;
        let header: MacHeader = value.parse().map_err(Refusal::Header)?;
        if !self.is_name(&header.username) {
            return Err(Refusal::Name);
        }
        let proof = credentials::decode(&header.mac).ok_or(Refusal::Encoding)?;
        let nonce = self.nonce.as_deref().ok_or(Refusal::NoNonce)?;
        if credentials::encode(&proof) == self.expected.mac(nonce, body) {
            Ok(())
        } else {
            Err(Refusal::Secret)
        }
    }

    fn is_name(&self, name: &str) -> bool {
        name.trim() == self.expected.name.trim()
    }

    /// A challenge; by a digest with a new nonce, which is the one to expect from now on.
    fn chal(&mut self) -> Chal {
        let next_nonce = match self.scheme {
            Scheme::Basic => None,
            Scheme::Digest | Scheme::Hmac => {
                let nonce = self.nonces.draw();
                Some(Text::from(credentials::encode(self.nonce.insert(nonce))))
            }
        };
        let more = next_nonce.map(|nonce| MoreMeta { next_nonce: Some(nonce), ..MoreMeta::default() });
        Chal {
            meta: Meta {
                format: Some(Text::from_static("b64")),
                media_type: Some(Text::from_static(self.scheme.name())),
                more: more.map(Box::new),
            },
        }
    }
}

fn scheme_of(cred: &Cred) -> Option<Text> {
    cred.meta.as_ref()?.media_type.clone()
}
