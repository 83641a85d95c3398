//! Comments, processing instructions, the XML declaration and the DOCTYPE: read, checked, and left out.

use super::attributes::qualified_name;
use super::chars::{name_length, space_length};
use super::reader::Doctype;
use super::{XmlError, XmlErrorKind};

/// The end of the comment at `start` (production 15).
pub(super) fn comment(text: &str, start: usize) -> Result<usize, XmlError> {
    let inner = text.get(start + "<!--".len()..).unwrap_or_default();
    let length = inner.find("--").ok_or_else(|| unclosed("a comment", "-->", start))?;
    let at = start + "<!--".len() + length;
    if text.as_bytes().get(at + 2) == Some(&b'>') {
        return Ok(at + "-->".len());
    }
    let kind = XmlErrorKind::Syntax { found: "`--` in a comment".to_owned(), expected: "`-->`" };
    Err(XmlError::new(at..at + 2, kind))
}

/// The end of the processing instruction at `start` (production 16).
pub(super) fn instruction(text: &str, start: usize) -> Result<usize, XmlError> {
    let target = start + "<?".len();
    let length = name_length(text, target);
    if length == 0 {
        return Err(XmlError::syntax(text, target, "the name of a processing instruction"));
    }
    let after = target + length;
    if text.get(target..after).is_some_and(|name| name.eq_ignore_ascii_case("xml")) {
        let found = "an XML declaration".to_owned();
        let kind =
            XmlErrorKind::Syntax { found, expected: "it at the very start of the text, or not at all" };
        return Err(XmlError::new(start..after, kind));
    }
    let rest = text.get(after..).unwrap_or_default();
    if !rest.starts_with("?>") && space_length(rest) == 0 {
        return Err(XmlError::syntax(
            text,
            after,
            "white space or `?>` after the name of a processing instruction",
        ));
    }
    let length = rest.find("?>").ok_or_else(|| unclosed("a processing instruction", "?>", start))?;
    Ok(after + length + "?>".len())
}

/// Whether an XML declaration starts `rest`, and not an instruction with a longer name.
pub(super) fn is_declaration(rest: &str) -> bool {
    rest.strip_prefix("<?xml").is_some_and(|after| after.starts_with("?>") || space_length(after) > 0)
}

/// The end of the XML declaration at `start` (production 23).
pub(super) fn declaration(text: &str, start: usize) -> Result<usize, XmlError> {
    let mut cursor = Cursor { text, at: start + "<?xml".len() };
    if !cursor.parameter("version", "a version such as `1.0`", |value| {
        value
            .strip_prefix("1.")
            .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
    })? {
        cursor.space();
        return Err(XmlError::syntax(text, cursor.at, "`version=` after `<?xml`"));
    }
    cursor.parameter("encoding", "the name of an encoding", |value| {
        value.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    })?;
    cursor.parameter("standalone", "`yes` or `no`", |value| matches!(value, "yes" | "no"))?;
    cursor.space();
    cursor.expect("?>", "`encoding=`, then `standalone=`, then `?>` in an XML declaration")?;
    Ok(cursor.at)
}

/// The end of the DOCTYPE at `start` (production 28).
pub(super) fn doctype(text: &str, start: usize, kind: Doctype) -> Result<usize, XmlError> {
    let mut cursor = Cursor { text, at: start };
    cursor.expect("<!DOCTYPE", "`<!DOCTYPE`")?;
    cursor.expect_space()?;
    cursor.at += qualified_name(text, cursor.at, "the name of the root element")?.0;
    let space = cursor.space();
    if cursor.rest().starts_with("SYSTEM") || cursor.rest().starts_with("PUBLIC") {
        if !space {
            return Err(XmlError::syntax(text, cursor.at, "white space"));
        }
        if cursor.rest().starts_with("PUBLIC") {
            cursor.expect("PUBLIC", "`PUBLIC`")?;
            cursor.expect_space()?;
            let at = cursor.at + 1;
            let public = cursor.literal("a public identifier in quotation marks")?;
            if let Some(wrong) = public.bytes().position(|byte| !is_public(byte)) {
                return Err(XmlError::syntax(
                    text,
                    at + wrong,
                    "a character that public identifiers may hold",
                ));
            }
        } else {
            cursor.expect("SYSTEM", "`SYSTEM`")?;
        }
        cursor.expect_space()?;
        cursor.literal("a system identifier in quotation marks")?;
        cursor.space();
    }
    if cursor.rest().starts_with('[') {
        match kind {
            Doctype::NoSubset => {
                return Err(XmlError::new(cursor.at..cursor.at + 1, XmlErrorKind::Subset));
            }
            Doctype::SubsetOfInstructions => {
                cursor.at += 1;
                subset(&mut cursor)?;
            }
        }
    }
    cursor.expect(">", "`>` at the end of the DOCTYPE")?;
    Ok(cursor.at)
}

/// The construct `what`, which starts at `start`, has no `end`.
pub(super) fn unclosed(what: &'static str, end: &'static str, start: usize) -> XmlError {
    XmlError::new(start..start + 1, XmlErrorKind::Unclosed { what, end })
}

/// What may stand in an internal subset here: comments, processing instructions, white space.
fn subset(cursor: &mut Cursor<'_>) -> Result<(), XmlError> {
    loop {
        cursor.space();
        let start = cursor.at;
        if cursor.rest().starts_with(']') {
            cursor.at += 1;
            cursor.space();
            return Ok(());
        } else if cursor.rest().starts_with("<!--") {
            cursor.at = comment(cursor.text, start)?;
        } else if cursor.rest().starts_with("<?") {
            cursor.at = instruction(cursor.text, start)?;
        } else {
            return Err(XmlError::syntax(
                cursor.text,
                start,
                "a comment, a processing instruction or `]`: declarations are not read",
            ));
        }
    }
}

/// Production 13, `PubidChar`.
const fn is_public(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b' ' | b'\r' | b'\n' | b'-' | b'\'' | b'(' | b')' | b'+' | b',' | b'.' | b'/' | b':'
        )
        || matches!(byte, b'=' | b'?' | b';' | b'!' | b'*' | b'#' | b'@' | b'$' | b'_' | b'%')
}

/// A place in the text.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) -> bool {
        let length = space_length(self.rest());
        self.at += length;
        length > 0
    }

    fn expect_space(&mut self) -> Result<(), XmlError> {
        if self.space() { Ok(()) } else { Err(XmlError::syntax(self.text, self.at, "white space")) }
    }

    fn expect(&mut self, literal: &str, expected: &'static str) -> Result<(), XmlError> {
        if !self.rest().starts_with(literal) {
            return Err(XmlError::syntax(self.text, self.at, expected));
        }
        self.at += literal.len();
        Ok(())
    }

    /// A text in quotation marks of either kind.
    fn literal(&mut self, expected: &'static str) -> Result<&'a str, XmlError> {
        let rest = self.rest();
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
        let Some(quote) = quote else {
            return Err(XmlError::syntax(self.text, self.at, expected));
        };
        let inner = rest.get(1..).unwrap_or_default();
        let Some(length) = inner.find(quote) else {
            let kind =
                XmlErrorKind::Unclosed { what: "a quotation", end: if quote == '"' { "\"" } else { "'" } };
            return Err(XmlError::new(self.at..self.at + 1, kind));
        };
        self.at += length + 2;
        Ok(inner.get(..length).unwrap_or_default())
    }

    /// `name = "value"` after white space, if it is there and its value is right.
    fn parameter(
        &mut self,
        name: &str,
        expected: &'static str,
        right: impl Fn(&str) -> bool,
    ) -> Result<bool, XmlError> {
        let start = self.at;
        if !self.space() || !self.rest().starts_with(name) {
            self.at = start;
            return Ok(false);
        }
        self.at += name.len();
        self.space();
        self.expect("=", "`=`")?;
        self.space();
        let at = self.at;
        let value = self.literal("a value in quotation marks")?;
        if right(value) {
            return Ok(true);
        }
        let kind = XmlErrorKind::Syntax { found: format!("`{value}`"), expected };
        Err(XmlError::new(at..self.at, kind))
    }
}
