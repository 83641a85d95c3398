//! Text that was escaped to stand in JSON or in XML: what it says, and where each piece of it stood.

use memchr::memmem;

/// What an escaped text says.
pub(super) struct Unescaped {
    /// The text itself.
    pub(super) bytes: Vec<u8>,
    /// Offsets of the text and of the bytes that it was escaped in, wherever they part.
    steps: Vec<(usize, usize)>,
}

/// How something is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    Json,
    Xml,
}

impl Unescaped {
    /// The text of bytes whose messages are escaped; `None` where they stand as they are.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let has = |mark: &str| memmem::find(bytes, mark.as_bytes()).is_some();
        let escape = if has("\\\"SYNCML:SYNCML1") || has("\\u003cSync") || has("\\u003CSync") {
            Escape::Json
        } else if !has("<SyncML") && !has("<SyncBody") && (has("&lt;SyncML") || has("&lt;SyncBody")) {
            Escape::Xml
        } else {
            return None;
        };
        Some(unescape(bytes, escape))
    }

    /// Where the byte `offset` of the text stood.
    pub(super) fn origin(&self, offset: usize) -> usize {
        let step = self.steps.partition_point(|(to, _)| *to <= offset);
        let (to, from) = step.checked_sub(1).and_then(|step| self.steps.get(step)).copied().unwrap_or((0, 0));
        from + (offset - to)
    }
}

fn unescape(bytes: &[u8], escape: Escape) -> Unescaped {
    let mark = match escape {
        Escape::Json => b'\\',
        Escape::Xml => b'&',
    };
    let mut unescaped = Unescaped { bytes: Vec::with_capacity(bytes.len()), steps: Vec::new() };
    let mut at = 0;
    while let Some(found) = memchr::memchr(mark, bytes.get(at..).unwrap_or_default()) {
        let escaped = bytes.get(at + found..).unwrap_or_default();
        unescaped.bytes.extend_from_slice(bytes.get(at..at + found).unwrap_or_default());
        let (said, length) = match escape {
            Escape::Json => json(escaped),
            Escape::Xml => xml(escaped),
        }
        // What is no escape stands for itself.
        .unwrap_or((char::from(mark), 1));
        unescaped.bytes.extend_from_slice(said.encode_utf8(&mut [0; 4]).as_bytes());
        at += found + length;
        unescaped.steps.push((unescaped.bytes.len(), at));
    }
    unescaped.bytes.extend_from_slice(bytes.get(at..).unwrap_or_default());
    unescaped
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
