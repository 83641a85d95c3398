//! The side that proves itself: what its next message carries, and what the answer to it means.

use super::{Credentials, MacAlgorithm, MacHeader, Scheme, credentials};
use crate::message::{Chal, Cred, Meta, Status, Text};

/// The side of a session that proves itself.
///
/// [`cred`](Self::cred), [`name`](Self::name) and [`mac`](Self::mac) say what the next message carries;
/// [`answered`](Self::answered) takes the Status of its SyncHdr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prover {
    credentials: Option<Credentials>,
    /// What is preferred, or what the other side asked for last.
    scheme: Option<Scheme>,
    nonce: Option<Vec<u8>>,
    standing: Standing,
}

/// How the other side sees the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Nothing was refused.
    Unchallenged,
    /// The last message was refused: the next answers a challenge.
    Challenged,
    /// A 212 holds until the session ends.
    Settled,
}

/// What the answer to a message means for the one who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It was taken.
    Accepted,
    /// It was refused, and there is something else to try: the same package again, with new credentials.
    Again,
    /// It was refused for good.
    Refused,
}

/// What a message proves itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Means {
    Basic,
    Digest(Vec<u8>),
    Mac(Vec<u8>),
}

impl Prover {
    /// One who has `credentials`, or none, and prefers a scheme, or leaves it open. `nonce` is what the last session
    /// left, or what was provisioned.
    ///
    /// Where the scheme is open, it is MD5 with a nonce and basic without. The account object says: the scheme of the
    /// last session, else MD5 if there are credentials for it, else basic (Microsoft, `DMAcc` CSP, `AAuthPref`); one
    /// pair of credentials serves every scheme here, so a nonce stands for what MD5 has.
    #[must_use]
    pub const fn new(
        credentials: Option<Credentials>,
        preference: Option<Scheme>,
        nonce: Option<Vec<u8>>,
    ) -> Self {
        Self { credentials, scheme: preference, nonce, standing: Standing::Unchallenged }
    }

    /// One who proves nothing.
    #[must_use]
    pub const fn without_credentials() -> Self {
        Self::new(None, None, None)
    }

    /// `Cred` of the next SyncHdr. There is none without credentials, by HMAC, after a 212, and by MD5 while no nonce is
    /// known: Windows then begins without (observed).
    #[must_use]
    pub fn cred(&self) -> Option<Cred> {
        let credentials = self.credentials.as_ref()?;
        let (scheme, proof) = match self.means()? {
            Means::Basic => (Scheme::Basic, credentials.basic()),
            Means::Digest(nonce) => (Scheme::Digest, credentials.digest(&nonce)),
            Means::Mac(_) => return None,
        };
        let meta = Meta {
            format: Some(Text::from_static("b64")),
            media_type: Some(Text::from_static(scheme.name())),
            more: None,
        };
        Some(Cred { meta: Some(meta), data: Some(proof.into()) })
    }

    /// `Source`/`LocName` of the next SyncHdr: the name, beside a `Cred` (observed).
    #[must_use]
    pub fn name(&self) -> Option<&Text> {
        match self.means()? {
            Means::Basic | Means::Digest(_) => Some(&self.credentials.as_ref()?.name),
            Means::Mac(_) => None,
        }
    }

    /// The header `x-syncml-hmac` of the next message, whose bytes are `body`. There is one by HMAC alone.
    #[must_use]
    pub fn mac(&self, body: &[u8]) -> Option<MacHeader> {
        let credentials = self.credentials.as_ref()?;
        match self.means()? {
            Means::Basic | Means::Digest(_) => None,
            Means::Mac(nonce) => Some(MacHeader {
                algorithm: MacAlgorithm::Md5,
                username: credentials.name.clone(),
                mac: credentials.mac(&nonce, body).into(),
            }),
        }
    }

    /// Takes the Status of the SyncHdr of the last message.
    ///
    /// 200 accepts one message, 212 all until the session ends; either can bring the next nonce. 401 and 407 are tried
    /// again with what their Chal asks for, once: a second refusal in a row is final, as is one that leaves nothing else
    /// to try. HMAC goes on only with 200 and a new nonce (OMA DM Security 1.2.1). Other failures, and a code that is
    /// no number, are refusals.
    pub fn answered(&mut self, status_of_sync_hdr: &Status) -> Proof {
        let chal = status_of_sync_hdr.chal.as_deref();
        let before = self.means();
        match status_of_sync_hdr.number() {
            Some(401 | 407) => self.challenged(chal, before.as_ref()),
            Some(212) => self.accepted(chal, before.as_ref(), Standing::Settled),
            Some(code) if code < 400 => {
                let standing = match self.standing {
                    Standing::Settled => Standing::Settled,
                    Standing::Unchallenged | Standing::Challenged => Standing::Unchallenged,
                };
                self.accepted(chal, before.as_ref(), standing)
            }
            Some(_) | None => Proof::Refused,
        }
    }

    /// What the next session begins with.
    #[must_use]
    pub fn next_nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    fn accepted(&mut self, chal: Option<&Chal>, before: Option<&Means>, standing: Standing) -> Proof {
        let asked = chal.and_then(Asked::read);
        let is_new = asked.as_ref().is_some_and(|asked| asked.nonce.is_some() && asked.nonce != self.nonce);
        match before {
            Some(Means::Mac(_)) if standing == Standing::Settled || !is_new => return Proof::Refused,
            Some(Means::Mac(_) | Means::Basic | Means::Digest(_)) | None => {}
        }
        self.standing = standing;
        if let Some(asked) = asked {
            self.take(asked);
        }
        Proof::Accepted
    }

    fn challenged(&mut self, chal: Option<&Chal>, before: Option<&Means>) -> Proof {
        let Some(asked) = chal.and_then(Asked::read) else { return Proof::Refused };
        self.take(asked);
        let was_challenged = self.standing == Standing::Challenged;
        self.standing = Standing::Challenged;
        let means = self.means();
        if was_challenged || means.is_none() || means.as_ref() == before {
            return Proof::Refused;
        }
        Proof::Again
    }

    fn take(&mut self, asked: Asked) {
        self.scheme = Some(asked.scheme);
        if asked.nonce.is_some() {
            self.nonce = asked.nonce;
        }
    }

    fn means(&self) -> Option<Means> {
        if self.credentials.is_none() || self.standing == Standing::Settled {
            return None;
        }
        match (self.scheme, &self.nonce) {
            (Some(Scheme::Basic), _) | (None, None) => Some(Means::Basic),
            (Some(Scheme::Digest) | None, Some(nonce)) => Some(Means::Digest(nonce.clone())),
            (Some(Scheme::Hmac), Some(nonce)) => Some(Means::Mac(nonce.clone())),
            (Some(Scheme::Digest | Scheme::Hmac), None) => None,
        }
    }
}

/// What a challenge asks for.
struct Asked {
    scheme: Scheme,
    nonce: Option<Vec<u8>>,
}

impl Asked {
    /// `None` for a scheme that is unknown, and for a nonce that is no base64.
    fn read(chal: &Chal) -> Option<Self> {
        let scheme = chal.meta.media_type.as_ref()?.parse().ok()?;
        let nonce = chal.meta.more.as_ref().and_then(|more| more.next_nonce.as_ref());
        let nonce = match nonce {
            Some(text) => Some(credentials::decode(text)?),
            None => None,
        };
        Some(Self { scheme, nonce })
    }
}
