//! A name with its secret, and what is made of them for each scheme.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use md5::{Digest as _, Md5};

use crate::message::Text;

/// A name and a secret. The secret is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Who it is.
    pub name: Text,
    secret: Text,
}

impl Credentials {
    /// A name with its secret.
    #[must_use]
    pub fn new(name: impl Into<Text>, secret: impl Into<Text>) -> Self {
        Self { name: name.into(), secret: secret.into() }
    }

    /// For `syncml:auth-basic`: B64(name ":" secret).
    #[must_use]
    pub fn basic(&self) -> String {
        STANDARD.encode(self.pair())
    }

    /// For `syncml:auth-md5`: B64(MD5(B64(MD5(name ":" secret)) ":" nonce)). The nonce is what base64 carried, not its
    /// base64 (OMA DM Security 1.2.1).
    #[must_use]
    pub fn digest(&self, nonce: &[u8]) -> String {
        hash([hash([self.pair().as_bytes()]).as_bytes(), b":", nonce])
    }

    /// For `syncml:auth-MAC`: B64(MD5(B64(MD5(name ":" secret)) ":" nonce ":" B64(MD5(body)))) (OMA DM Security
    /// 1.2.1).
    #[must_use]
    pub fn mac(&self, nonce: &[u8], body: &[u8]) -> String {
        hash([hash([self.pair().as_bytes()]).as_bytes(), b":", nonce, b":", hash([body]).as_bytes()])
    }

    fn pair(&self) -> String {
        format!("{}:{}", self.name, self.secret)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The bytes that base64 carries, whatever blanks stand in it and whether or not it is padded.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    const TOLERANT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    TOLERANT.decode(text).ok()
}

/// Base64.
pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// B64(MD5(all parts, one behind the other)).
fn hash<const N: usize>(parts: [&[u8]; N]) -> String {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    STANDARD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inputs of OMA DM Security 1.2.1.
    #[test]
    fn vectors() {
        let bruce = Credentials::new("Bruce2", "OhBehave");
        assert_eq!(bruce.basic(), "QnJ1Y2UyOk9oQmVoYXZl");
        assert_eq!(bruce.digest(b"Nonce"), "Zz6EivR3yeaaENcRN6lpAQ==");
        // md5("") is 1B2M2Y8AsgTpgAmY7PhCfg== in base64.
        assert_eq!(hash([b""]), "1B2M2Y8AsgTpgAmY7PhCfg==");
        assert_eq!(
            bruce.mac(b"Nonce", b""),
            hash([hash([b"Bruce2:OhBehave"]).as_bytes(), b":Nonce:1B2M2Y8AsgTpgAmY7PhCfg=="])
        );
        assert_ne!(bruce.mac(b"Nonce", b"a"), bruce.mac(b"Nonce", b"b"));
    }

    #[test]
    fn the_secret_is_not_shown() {
        let shown = format!("{:?}", Credentials::new("Bruce2", "OhBehave"));
        assert_eq!(shown, "Credentials { name: \"Bruce2\", .. }");
    }

    #[test]
    fn base64_is_read_as_it_comes() {
        for text in ["Tm9uY2U=", " Tm9u\n Y2U= ", "Tm9uY2U"] {
            assert_eq!(decode(text).as_deref(), Some(&b"Nonce"[..]), "{text:?}");
        }
        assert_eq!(decode("Tm9u_2U="), None);
    }
}
