//! How a side of a captured session proves itself.
//!
//! Deliberately absent: what it proves, which nobody compares.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use csp_model::csp::dmacc::AuthType;
use csp_model::device::{AccountEntry, AuthEntry, Nonce};
use syncml::message::Cred;

/// How a device proves itself: the scheme, and a name and secret that stand for its own. What they prove is never compared.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) kind: AuthType,
    pub(super) name: String,
    pub(super) secret: String,
    /// Whether it does so without being asked.
    pub(super) is_unasked: bool,
}

impl Proof {
    pub(super) fn seen(cred: &Cred, name: &str, is_unasked: bool) -> Option<Self> {
        let kind = cred.meta.as_ref()?.media_type.as_deref()?.trim();
        let kind = match kind.rsplit('-').next()? {
            "basic" => AuthType::Basic,
            "md5" => AuthType::Digest,
            "MAC" | "mac" => AuthType::Hmac,
            _ => return None,
        };
        let data = cred.data.as_deref().and_then(|data| BASE64.decode(data.trim()).ok());
        let plain = data.and_then(|data| String::from_utf8(data).ok()).filter(|_| kind == AuthType::Basic);
        let said = plain.as_deref().and_then(|plain| plain.split_once(':'));
        let (name, secret) = said.unwrap_or((name, "secret"));
        Some(Self { kind, name: name.to_owned(), secret: secret.to_owned(), is_unasked })
    }

    /// Has an account prove itself like that, unless it knows how to.
    pub(super) fn of(&self, account: &mut AccountEntry) {
        let Self { kind, name, secret, is_unasked } = self;
        if account.appsrv.is_some() {
            return;
        }
        // Without a nonce a device that prefers MD5 waits until it is asked.
        let (preference, nonce) = match (is_unasked, kind) {
            (true, AuthType::Digest) => (Some(AuthType::Digest), Some(Nonce::from(b"captured".to_vec()))),
            (true, AuthType::Basic) => (Some(AuthType::Basic), None),
            (true, AuthType::Hmac | AuthType::Transport) => (None, None),
            (false, AuthType::Basic | AuthType::Digest | AuthType::Hmac | AuthType::Transport) => {
                (Some(AuthType::Digest), None)
            }
        };
        account.preference = preference;
        account.appsrv = Some(AuthEntry {
            kind: *kind,
            name: Some(name.clone()),
            secret: Some(secret.clone().into()),
            nonce,
        });
    }
}
