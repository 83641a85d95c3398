//! Characters as XML spells them.

/// Appends `text` as the content of an element.
#[inline]
pub(super) fn content(text: &str, out: &mut Vec<u8>) {
    // Nearly all texts are plain.
    if is_plain(text) { out.extend_from_slice(text.as_bytes()) } else { escape(text, false, out) }
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

/// Whether `text` surely needs no escaping. A byte of U+FFFE and U+FFFF is taken for them.
#[inline]
fn is_plain(text: &str) -> bool {
    // Blocks without branches, which the compiler turns into a few instructions each; a table for the rest.
    let (blocks, rest) = text.as_bytes().as_chunks::<16>();
    !blocks.iter().any(|block| block.iter().fold(false, |special, byte| special | is_special(*byte)))
        && !rest.iter().any(|byte| SPECIAL[usize::from(*byte)])
}

const fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte == 0xef)
}

static SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0_u8;
    while byte < 255 {
        special[byte as usize] = is_special(byte);
        byte += 1;
    }
    special
};
