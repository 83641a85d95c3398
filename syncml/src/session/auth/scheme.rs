//! The schemes by which a side of a session proves itself, and their names.

use std::fmt;
use std::str::FromStr;

use super::shown;

/// A scheme, as `Meta`/`Type` of a `Cred` or a `Chal` names it.
///
/// Source: OMA Device Management Security 1.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `syncml:auth-basic`: name and secret in base64.
    Basic,
    /// `syncml:auth-md5`: a digest of name, secret and a nonce.
    Digest,
    /// `syncml:auth-MAC`: a digest of those and of the body, in a header of HTTP.
    Hmac,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Digest, Self::Hmac];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "syncml:auth-basic",
            Self::Digest => "syncml:auth-md5",
            Self::Hmac => "syncml:auth-MAC",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    /// Reads a name, whatever its case and the blanks around it.
    fn from_str(text: &str) -> Result<Self, UnknownScheme> {
        let name = text.trim();
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownScheme(shown(name)))
    }
}

/// A name that is no scheme's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found the scheme {0:?}, expected syncml:auth-basic, syncml:auth-md5 or syncml:auth-MAC")]
pub struct UnknownScheme(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.to_string().parse(), Ok(scheme));
            assert_eq!(format!("\n {} ", scheme.name().to_uppercase()).parse(), Ok(scheme));
        }
        let error = "x".repeat(1_000_000).parse::<Scheme>().expect_err("no scheme of ours");
        assert!(error.to_string().len() < 200);
        let error = "syncml:auth-x509".parse::<Scheme>().expect_err("no scheme of ours");
        assert_eq!(
            error.to_string(),
            "found the scheme \"syncml:auth-x509\", expected syncml:auth-basic, syncml:auth-md5 or syncml:auth-MAC"
        );
    }
}
