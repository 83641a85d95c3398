//! Text that was escaped to stand in JSON or in XML: what it says, and where each piece of it stood.

use memchr::memmem;

/// How something is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    Json,
    Xml,
}

/// Says where bytes of an unescaped text stood, from its beginning to its end.
pub(super) struct Origins<'a> {
    escaped: &'a [u8],
    escape: Escape,
    /// How far both were looked through.
    to: usize,
    from: usize,
}

impl Escape {
    /// Every way, the one in which the other could be a part first.
    pub(super) const ALL: [Self; 2] = [Self::Json, Self::Xml];

    /// What bytes say in which messages may be escaped like that; `None` where nothing looks so.
    pub(super) fn unescaped(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let has = |mark: &str| memmem::find(bytes, mark.as_bytes()).is_some();
        let looks_so = match self {
            Self::Json => has("\\u003cSync") || has("\\u003CSync") || has("<Sync") && has("\\"),
            Self::Xml => has("&lt;Sync") || has("&lt;") && has(":SyncML"),
        };
        if !looks_so {
            return None;
        }
        let mut text = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(next) = self.next(bytes, at) {
            text.extend_from_slice(bytes.get(at..next.at).unwrap_or_default());
            text.extend_from_slice(next.said.encode_utf8(&mut [0; 4]).as_bytes());
            at = next.at + next.length;
        }
        text.extend_from_slice(bytes.get(at..).unwrap_or_default());
        Some(text)
    }

    /// Says where bytes of the text stood in what it was escaped in.
    pub(super) const fn origins(self, escaped: &[u8]) -> Origins<'_> {
        Origins { escaped, escape: self, to: 0, from: 0 }
    }
}

impl Origins<'_> {
    /// Where the byte `offset` of the text stood. Offsets are asked for in their order.
    pub(super) fn of(&mut self, offset: usize) -> usize {
        while let Some(next) = self.escape.next(self.escaped, self.from) {
            let to = self.to + (next.at - self.from) + next.said.len_utf8();
            if to > offset {
                break;
            }
            (self.to, self.from) = (to, next.at + next.length);
        }
        self.from + offset.saturating_sub(self.to)
    }
}

/// Something that is escaped.
struct Escaped {
    at: usize,
    length: usize,
    said: char,
}

impl Escape {
    /// The next escape at `at` or behind it.
    fn next(self, bytes: &[u8], at: usize) -> Option<Escaped> {
        let mark = match self {
            Self::Json => b'\\',
            Self::Xml => b'&',
        };
        let at = at + memchr::memchr(mark, bytes.get(at..)?)?;
        let escaped = bytes.get(at..)?;
        let said = match self {
            Self::Json => json(escaped),
            Self::Xml => xml(escaped),
        };
        // What is no escape stands for itself.
        let (said, length) = said.unwrap_or((char::from(mark), 1));
        Some(Escaped { at, length, said })
    }
}

/// The character of an escape of JSON, and the length of the escape.
fn json(escaped: &[u8]) -> Option<(char, usize)> {
    Some(match escaped.get(1)? {
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'"' => ('"', 2),
        b'\\' => ('\\', 2),
        b'/' => ('/', 2),
        b'u' => {
            let unit = unit(escaped.get(2..6)?)?;
            match char::from_u32(unit) {
                Some(said) => (said, 6),
                // Two of them are one character.
                None => {
                    let low = unit_of_escape(escaped.get(6..12)?)?;
                    let pair = [u16::try_from(unit).ok()?, u16::try_from(low).ok()?];
                    (char::decode_utf16(pair).next()?.ok()?, 12)
                }
            }
        }
        _ => return None,
    })
}

fn unit_of_escape(escaped: &[u8]) -> Option<u32> {
    unit(escaped.strip_prefix(b"\\u")?)
}

fn unit(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The character of a reference of XML, and the length of the reference. One level is taken away: `&amp;lt;` is `&lt;`.
fn xml(escaped: &[u8]) -> Option<(char, usize)> {
    const ENTITIES: [(&[u8], char); 6] = [
        (b"&lt;", '<'),
        (b"&gt;", '>'),
        (b"&amp;", '&'),
        (b"&quot;", '"'),
        (b"&apos;", '\''),
        (b"&#39;", '\''),
    ];
    ENTITIES.iter().find(|(name, _)| escaped.starts_with(name)).map(|(name, said)| (*said, name.len()))
}
