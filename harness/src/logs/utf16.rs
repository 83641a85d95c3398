//! UTF-16LE with a byte order mark, as Windows writes some of its texts.

/// The bytes of a text, after those that are there.
pub(super) fn encode(text: &str, out: &mut Vec<u8>) {
    out.reserve(2 * text.len() + 2);
    out.extend_from_slice(&[0xff, 0xfe]);
    for part in text.as_bytes().chunk_by(|one, other| one.is_ascii() == other.is_ascii()) {
        if part.is_ascii() {
            out.extend(part.iter().flat_map(|byte| [*byte, 0]));
        } else {
            // A run of bytes that are no ASCII is whole characters.
            let units = str::from_utf8(part).unwrap_or_default().encode_utf16();
            out.extend(units.flat_map(u16::to_le_bytes));
        }
    }
}
