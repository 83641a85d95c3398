//! Nodes of which differences do not count.

use std::str::FromStr;

use csp_model::LocUri;
use csp_model::uri::UriScope;

/// Nodes of which differences do not count, and everything below them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignore(Vec<Vec<String>>);

/// What stands for any name while a pattern is read.
const ANY: &str = "any-name-at-all";

/// A text that is no LocURI, nor a pattern of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no LocURI: expected one such as `./DevDetail/Ext` or `./Vendor/MSFT/Update/*/State`")]
pub struct NotALocUri(String);

impl Ignore {
    /// Adds a LocURI; `*` stands for one name, whatever it is.
    ///
    /// # Errors
    /// When it is none.
    pub fn add(&mut self, pattern: &str) -> Result<(), NotALocUri> {
        // A name that is no name cannot stand in an address.
        let names: Vec<_> = pattern.split('/').map(|name| if name == "*" { ANY } else { name }).collect();
        let segments = segments(&names.join("/")).ok_or_else(|| NotALocUri(pattern.to_owned()))?;
        self.0.push(segments);
        Ok(())
    }

    /// The same, of several.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether differences at that address do not count.
    pub(super) fn covers(&self, uri: Option<&str>) -> bool {
        let Some(segments) = uri.filter(|_| !self.0.is_empty()).and_then(segments) else { return false };
        let matches = |pattern: &Vec<String>| {
            pattern.len() <= segments.len()
                && pattern.iter().zip(&segments).all(|(pattern, name)| pattern == ANY || pattern == name)
        };
        self.0.iter().any(matches)
    }
}

impl FromStr for Ignore {
    type Err = NotALocUri;

    fn from_str(text: &str) -> Result<Self, NotALocUri> {
        let mut ignore = Self::default();
        ignore.add(text)?;
        Ok(ignore)
    }
}

/// The names of an address, those of the device's scope without `Device`, in small letters.
pub(super) fn segments(uri: &str) -> Option<Vec<String>> {
    let uri = LocUri::parse(uri.trim()).ok()?;
    let mut segments: Vec<_> = uri.segments().map(str::to_ascii_lowercase).collect();
    match uri.scope() {
        UriScope::Device => {}
        UriScope::User => segments.insert(0, "user".to_owned()),
    }
    Some(segments)
}
