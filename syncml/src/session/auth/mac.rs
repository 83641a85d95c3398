//! `x-syncml-hmac`: the header of HTTP that carries a digest of the body.
//!
//! Deliberately absent: what HTTP allows in a header. A name with a line break in it is written as it is, and
//! refused by whoever makes the request.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use super::shown;
use crate::message::Text;

/// The value of `x-syncml-hmac`: `algorithm=MD5, username="…", mac=…` (OMA DM Security 1.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacHeader {
    /// `algorithm`; MD5 when it is left out.
    pub algorithm: MacAlgorithm,
    /// `username`
    pub username: Text,
    /// `mac`: base64.
    pub mac: Text,
}

/// The algorithm of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MacAlgorithm {
    /// `MD5`, the one that OMA DM 1.2 has.
    #[default]
    Md5,
}

impl MacHeader {
    /// The header's name.
    pub const NAME: &str = "x-syncml-hmac";
}

impl fmt::Display for MacHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = match self.algorithm {
            MacAlgorithm::Md5 => "MD5",
        };
        write!(f, "algorithm={algorithm}, username=\"")?;
        for character in self.username.chars() {
            if matches!(character, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(character)?;
        }
        write!(f, "\", mac={}", self.mac)
    }
}

/// What is wrong with the value of a header, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {problem}")]
pub struct MacHeaderError {
    /// The byte at which it was seen, counted from 0.
    pub offset: usize,
    /// What it is.
    pub problem: MacHeaderProblem,
}

/// What can be wrong with the value of a header. None of it tells a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MacHeaderProblem {
    /// Something else than a parameter.
    #[error("expected a parameter, as in mac=…")]
    NoParameter,
    /// A quoted text without its end.
    #[error("found a quoted text that does not end, expected \"")]
    Unclosed,
    /// Something behind a value.
    #[error("found text behind a value, expected a comma or the end")]
    NoComma,
    /// A parameter that stands twice.
    #[error("found {0} a second time, expected it once")]
    Twice(&'static str),
    /// A parameter that is not there.
    #[error("found no {0}, expected algorithm=MD5, username=\"…\", mac=…")]
    Missing(&'static str),
    /// An algorithm that OMA DM does not have.
    #[error("found the algorithm {0:?}, expected MD5")]
    Algorithm(String),
}

impl FromStr for MacHeader {
    type Err = MacHeaderError;

    /// Reads parameters in any order, each a word or a quoted text; names in any case. Parameters that OMA DM does not
    /// have are passed over.
    fn from_str(text: &str) -> Result<Self, MacHeaderError> {
        let mut reader = Reader { text, offset: 0 };
        let (mut algorithm, mut username, mut mac) = (None, None, None);
        while let Some((offset, name, value)) = reader.parameter()? {
            let (slot, name) = match name.to_ascii_lowercase().as_str() {
                "algorithm" if value.eq_ignore_ascii_case("MD5") => (&mut algorithm, "algorithm"),
                "algorithm" => {
                    return Err(MacHeaderError {
                        offset,
                        problem: MacHeaderProblem::Algorithm(shown(&value)),
                    });
                }
                "username" => (&mut username, "username"),
                "mac" => (&mut mac, "mac"),
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(MacHeaderError { offset, problem: MacHeaderProblem::Twice(name) });
            }
        }
        let missing = |name| MacHeaderError { offset: text.len(), problem: MacHeaderProblem::Missing(name) };
        Ok(Self {
            algorithm: MacAlgorithm::Md5,
            username: username.ok_or_else(|| missing("username"))?.into(),
            mac: mac.ok_or_else(|| missing("mac"))?.into(),
        })
    }
}

struct Reader<'t> {
    text: &'t str,
    offset: usize,
}

impl<'t> Reader<'t> {
    /// The next parameter with the offset of its name, and the comma behind it. `None` at the end.
    fn parameter(&mut self) -> Result<Option<(usize, &'t str, String)>, MacHeaderError> {
        // An empty element of a list is none (RFC 9110, 5.6.1).
        while self.skip(',') {}
        let start = self.offset;
        if self.rest().is_empty() {
            return Ok(None);
        }
        let name = self.take(|character| !matches!(character, '=' | ',' | '"') && !is_blank(character));
        if name.is_empty() || !self.skip('=') {
            return Err(MacHeaderError { offset: start, problem: MacHeaderProblem::NoParameter });
        }
        let value = if self.skip_bare('"') {
            self.quoted()?
        } else {
            self.take(|character| !matches!(character, ',' | '"') && !is_blank(character)).to_owned()
        };
        let end = self.offset;
        if self.skip(',') || self.rest().is_empty() {
            return Ok(Some((start, name, value)));
        }
        Err(MacHeaderError { offset: end, problem: MacHeaderProblem::NoComma })
    }

    /// What stands up to the closing quotation mark.
    fn quoted(&mut self) -> Result<String, MacHeaderError> {
        let start = self.offset;
        let mut value = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.offset += at + 1;
                    return Ok(value);
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => value.push(character),
            }
        }
        Err(MacHeaderError { offset: start, problem: MacHeaderProblem::Unclosed })
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn take(&mut self, is_part: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
        self.offset += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Goes over `character` with the blanks around it. Where it does not stand, the blanks are gone over alone.
    fn skip(&mut self, character: char) -> bool {
        self.take(is_blank);
        let is_there = self.skip_bare(character);
        self.take(is_blank);
        is_there
    }

    fn skip_bare(&mut self, character: char) -> bool {
        let is_there = self.rest().starts_with(character);
        self.offset += if is_there { character.len_utf8() } else { 0 };
        is_there
    }
}

const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(username: &str, mac: &str) -> MacHeader {
        MacHeader { algorithm: MacAlgorithm::Md5, username: username.into(), mac: mac.into() }
    }

    #[test]
    fn read() {
        let cases = [
            (
                r#"algorithm=MD5, username="Robert Jordan", mac=NTI2OTJhMDAwNjYxODkwYmQ3NWUxN2RhN2ZmYmJlMzk="#,
                header("Robert Jordan", "NTI2OTJhMDAwNjYxODkwYmQ3NWUxN2RhN2ZmYmJlMzk="),
            ),
            (r#"username="a\"b\\c",mac="x+/=""#, header(r#"a"b\c"#, "x+/=")),
            (" MAC = x== , , Algorithm=md5,opaque=1\t,userName=bruce ,", header("bruce", "x==")),
            (r#"username="", mac="#, header("", "")),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refused() {
        let cases = [
            ("", "at byte 0: found no username, expected algorithm=MD5, username=\"…\", mac=…"),
            ("username=a", "at byte 10: found no mac, expected algorithm=MD5, username=\"…\", mac=…"),
            ("algorithm=SHA-256, mac=x", "at byte 0: found the algorithm \"SHA-256\", expected MD5"),
            ("mac=a, mac=b", "at byte 7: found mac a second time, expected it once"),
            ("mac=a username=b", "at byte 5: found text behind a value, expected a comma or the end"),
            ("mac=a, username=\"b", "at byte 17: found a quoted text that does not end, expected \""),
            ("mac", "at byte 0: expected a parameter, as in mac=…"),
            ("mac=a, =b", "at byte 7: expected a parameter, as in mac=…"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<MacHeader>().expect_err(text);
            assert_eq!(error.to_string(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(username in ".*", mac in "[A-Za-z0-9+/]{0,30}={0,2}") {
            let header = header(&username, &mac);
            prop_assert_eq!(header.to_string().parse(), Ok(header));
        }

        #[test]
        fn any_text_is_read_or_refused(text in r#"([a-z]{1,9}|mac|username|algorithm|[=," \\\t\u{e9}]){0,12}"#) {
            if let Err(error) = text.parse::<MacHeader>() {
                prop_assert!(error.offset <= text.len());
            }
        }
    }
}
