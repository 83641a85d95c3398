//! What a text says below its escapes, and where that stands in it: messages in CDATA sections, in comments, in
//! strings of JSON, in the text of other documents.
//!
//! What stands for a secret needs no escape, so nothing is escaped again: it is put where the escaped secret was.

use std::ops::Range;

use memchr::memmem;

use super::markup::{self, SECTIONS};

/// How many times a text is taken for a string of JSON, and then for text of XML.
const JSON: usize = 3;
const XML: usize = 3;

/// A text with one layer of escapes taken away.
#[derive(Debug, Default)]
struct Bare {
    text: Vec<u8>,
    steps: Vec<Step>,
    /// Whether markup can stand in it that did not before.
    is_new: bool,
}

/// Where the text and what it was escaped in part: the offsets after an escape, or after what was left out.
#[derive(Debug, Clone, Copy)]
struct Step {
    to: usize,
    from: usize,
    kind: StepKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepKind {
    /// A character that was escaped.
    Escape,
    /// The beginning or the end of a section, of which nothing is left.
    LeftOut,
}

/// Gives the text itself, and what it says below its escapes, each with the way back to the places of the text.
pub(super) fn each(text: &[u8], mut give: impl FnMut(&[u8], &dyn Fn(Range<usize>) -> Range<usize>)) {
    let mut layers: Vec<Vec<Step>> = Vec::new();
    let mut current = None;
    for _ in 0..=JSON {
        let depth = layers.len();
        let outer = current.take();
        let mut inner: Option<Vec<u8>> = None;
        for _ in 0..=XML {
            let shown = inner.as_deref().or(outer.as_deref()).unwrap_or(text);
            give(shown, &|range| layers.iter().rev().fold(range, |range, layer| origin(layer, range)));
            let bare = xml(shown);
            if !bare.is_new {
                break;
            }
            layers.push(bare.steps);
            inner = Some(bare.text);
        }
        layers.truncate(depth);
        let bare = json(outer.as_deref().unwrap_or(text));
        if !bare.is_new {
            break;
        }
        layers.push(bare.steps);
        current = Some(bare.text);
    }
}

/// Where a part of the text stood. It ends before what was left out after it.
fn origin(steps: &[Step], range: Range<usize>) -> Range<usize> {
    let step = |offset: usize, is_end: bool| {
        let after = steps.partition_point(|step| step.to <= offset);
        let is_before = |step: &&Step| !(is_end && step.kind == StepKind::LeftOut && step.to == offset);
        let step = steps.get(..after).unwrap_or_default().iter().rev().find(is_before);
        step.map_or(offset, |step| step.from + (offset - step.to))
    };
    let start = step(range.start, false);
    start..step(range.end, true).max(start)
}

impl Bare {
    fn keep(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    fn step(&mut self, from: usize, kind: StepKind) {
        self.steps.push(Step { to: self.text.len(), from, kind });
    }

    fn escape(&mut self, character: char, from: usize) {
        self.keep(character.encode_utf8(&mut [0; 4]).as_bytes());
        self.step(from, StepKind::Escape);
    }
}

/// References as their characters, and sections and comments as what they hold.
fn xml(text: &[u8]) -> Bare {
    let mut bare = Bare::default();
    let mut endless = [false; SECTIONS.len()];
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'<', b'&', text.get(at..).unwrap_or_default()) {
        bare.keep(text.get(at..at + found).unwrap_or_default());
        at += found;
        let rest = text.get(at..).unwrap_or_default();
        if let Some((character, length)) = rest.starts_with(b"&").then(|| markup::reference(rest)).flatten() {
            // What is escaped twice has no `<` after the first time.
            bare.is_new |= matches!(character, '<' | '&');
            bare.escape(character, at + length);
            at += length;
            continue;
        }
        let section = SECTIONS.iter().zip(&mut endless).find(|((begin, _), _)| rest.starts_with(begin));
        if let Some(((begin, end), endless)) =
            section.filter(|((begin, _), endless)| !**endless && *begin != b"<?")
        {
            let inner = rest.get(begin.len()..).unwrap_or_default();
            if let Some(length) = memmem::find(inner, end) {
                bare.is_new = true;
                bare.step(at + begin.len(), StepKind::LeftOut);
                bare.keep(inner.get(..length).unwrap_or_default());
                at += begin.len() + length + end.len();
                bare.step(at, StepKind::LeftOut);
                continue;
            }
            *endless = true;
        }
        bare.keep(rest.get(..1).unwrap_or_default());
        at += 1;
    }
    bare.keep(text.get(at..).unwrap_or_default());
    bare
}

/// Escapes of JSON as their characters.
fn json(text: &[u8]) -> Bare {
    let mut bare = Bare::default();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', text.get(at..).unwrap_or_default()) {
        bare.keep(text.get(at..at + found).unwrap_or_default());
        at += found;
        match character(text.get(at..).unwrap_or_default()) {
            Some((character, length)) => {
                bare.is_new |= matches!(character, '<' | '/' | '&' | '\\');
                bare.escape(character, at + length);
                at += length;
            }
            // What is no escape stands for itself.
            None => {
                bare.keep(b"\\");
                at += 1;
            }
        }
    }
    bare.keep(text.get(at..).unwrap_or_default());
    bare
}

/// The character of an escape of JSON, and the length of the escape.
fn character(escaped: &[u8]) -> Option<(char, usize)> {
    Some(match escaped.get(1)? {
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        literal @ (b'"' | b'\\' | b'/') => (char::from(*literal), 2),
        b'u' => {
            let high = unit(escaped)?;
            match char::from_u32(u32::from(high)) {
                Some(character) => (character, 6),
                // Two of them are one character.
                None => {
                    let pair = [high, unit(escaped.get(6..)?)?];
                    (char::decode_utf16(pair).next()?.ok()?, 12)
                }
            }
        }
        _ => return None,
    })
}

fn unit(escaped: &[u8]) -> Option<u16> {
    let digits = escaped.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands where `secret` is said, in every layer that has it.
    fn places(text: &str) -> Vec<&str> {
        let mut places = Vec::new();
        each(text.as_bytes(), |layer, origin| {
            for at in memmem::find_iter(layer, "<s>a<b</s>") {
                places.push(origin(at + 3..at + 6));
            }
        });
        places.into_iter().map(|place| text.get(place).unwrap()).collect()
    }

    #[test]
    fn the_way_back() {
        for (text, expected) in [
            ("<s>a<b</s>", "a<b"),
            ("x&lt;s>a&#x3C;b&lt;/s>", "a&#x3C;b"),
            ("&amp;lt;s>a&amp;lt;b&amp;lt;/s>", "a&amp;lt;b"),
            ("y<![CDATA[<s>a<b</s>]]>", "a<b"),
            ("<!--<s>a<b</s>-->", "a<b"),
            ("<s><![CDATA[a<b]]></s>", "a<b"),
            ("<s><![CDATA[a]]>&lt;b</s>", "a]]>&lt;b"),
            (r"\u003cs>a\u003cb\u003c\/s>", r"a\u003cb"),
            (r"\\u003cs>a\\u003cb\\u003c\\/s>", r"a\\u003cb"),
            (r"\u0026lt;s>a\u0026lt;b\u0026lt;\/s>", r"a\u0026lt;b"),
            (r"\ud83d\ude00\u003cs>a<b<\/s>", "a<b"),
        ] {
            assert_eq!(places(text).first(), Some(&expected), "{text}");
        }
        assert!(places("<![CDATA[&lt;s>").is_empty());
    }
}
