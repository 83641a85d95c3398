//! `MSFT:List`: nodes whose value is a list.

/// What stands between the elements of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delimiter {
    written: Box<str>,
    actual: Box<str>,
}

impl Delimiter {
    /// The delimiter that a description writes as `written`: itself, or one character by its number in the forms
    /// `\xF000` and `0xF000` (the delimiter of multi-string registry values).
    #[must_use]
    pub fn new(written: &str) -> Self {
        let actual =
            numbered(written).map_or_else(|| written.into(), |character| character.to_string().into());
        Self { written: written.into(), actual }
    }

    /// As the description writes it.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The elements of a list. An empty text is a list without any, and a delimiter may end the last one.
    pub fn split<'a>(&'a self, list: &'a str) -> impl Iterator<Item = &'a str> {
        let whole = self.actual.is_empty();
        let list = if whole { list } else { list.strip_suffix(&*self.actual).unwrap_or(list) };
        let mut parts = list.split(&*self.actual);
        let mut rest = Some(list).filter(|list| !list.is_empty());
        // `split` by an empty text would give single characters.
        std::iter::from_fn(move || if whole { rest.take() } else { rest.and_then(|_| parts.next()) })
    }
}

fn numbered(written: &str) -> Option<char> {
    let digits = written.strip_prefix("\\x").or_else(|| written.strip_prefix("0x"))?;
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(delimiter: &str, list: &str, expected: &[&str]) {
        assert_eq!(Delimiter::new(delimiter).split(list).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn splits() {
        check(";", "a;b", &["a", "b"]);
        check(";", "a;b;", &["a", "b"]);
        check(";", "a;;b", &["a", "", "b"]);
        check(";", "", &[]);
        check(r"\xF000", "a\u{F000}b", &["a", "b"]);
        check("0xF000", "a\u{F000}b", &["a", "b"]);
        check("", "ab", &["ab"]);
        check("", "", &[]);
    }
}
