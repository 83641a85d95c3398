//! Characters as XML spells them.

/// Appends `text` as the content of an element.
#[inline]
pub(super) fn content(text: &str, out: &mut Vec<u8>) {
    // Without branches, so that the compiler can take sixteen bytes at a time; nearly all texts are plain.
    let special = text.bytes().fold(false, |special, byte| {
        special | (byte < b' ') | (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte == 0xef)
    });
    if special { escape(text, false, out) } else { out.extend_from_slice(text.as_bytes()) }
}

/// Appends `text` as the value of an attribute in double quotation marks.
pub(super) fn attribute(text: &str, out: &mut Vec<u8>) {
    escape(text, true, out);
}

fn escape(text: &str, in_attribute: bool, out: &mut Vec<u8>) {
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        let spelling: &[u8] = match character {
            '&' => b"&amp;",
            '<' => b"&lt;",
            '>' => b"&gt;",
            // A reader would take it for a line feed.
            '\r' => b"&#xD;",
            // A reader would take them for blanks.
            '\t' if in_attribute => b"&#x9;",
            '\n' if in_attribute => b"&#xA;",
            '"' if in_attribute => b"&quot;",
            '\t' | '\n' => continue,
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => "\u{fffd}".as_bytes(),
            _ => continue,
        };
        out.extend_from_slice(text.get(plain..at).unwrap_or_default().as_bytes());
        out.extend_from_slice(spelling);
        plain = at + character.len_utf8();
    }
    out.extend_from_slice(text.get(plain..).unwrap_or_default().as_bytes());
}
