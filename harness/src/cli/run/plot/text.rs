//! Texts in a picture: what fits, and what XML can hold.
//!
//! Whoever looks at a picture brings the fonts along, so widths are guesses, for a wide one.

use std::collections::BTreeMap;

use csp_model::xml::is_char;
use svg::node::element::{Text, Title};

use super::round;

/// A text that begins at that point.
pub(super) fn label(x: f64, y: f64, text: &str) -> Text {
    Text::new(clean(text)).set("x", round(x)).set("y", round(y))
}

/// What is shown where the pointer rests.
pub(super) fn title(text: &str) -> Title {
    Title::new(clean(text))
}

/// About how much room a text takes.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|symbol| advance(symbol) * size).sum()
}

/// Each text as far as it fits into `room`. Of those that would look alike, what tells them apart is kept as well.
pub(super) fn fitted(texts: &[&str], room: f64, size: f64) -> Vec<String> {
    let heads: Vec<_> = texts.iter().map(|text| head(text, room, size)).collect();
    // How many letters those have in common that begin alike.
    let mut common: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for (text, head) in texts.iter().zip(&heads).filter(|(text, head)| **text != head.as_str()) {
        let (first, same) = common.entry(head).or_insert((text, usize::MAX));
        let begin_alike = first.chars().zip(text.chars()).take_while(|(one, other)| one == other).count();
        *same = begin_alike.min(*same);
    }
    let shown = |(text, head): (&&str, &String)| match common.get(head.as_str()) {
        Some((_, same)) if *same < text.chars().count() => apart(text, *same, room, size),
        Some(_) | None => head.clone(),
    };
    texts.iter().zip(&heads).map(shown).collect()
}

/// The text as far as it fits into `room`.
pub(super) fn head(text: &str, room: f64, size: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let kept = taken(text.chars(), room - width("…", size), size);
    format!("{}…", kept.trim_end())
}

/// The beginning of the text, and what it has around that letter.
fn apart(text: &str, letter: usize, room: f64, size: f64) -> String {
    /// How far before the letter its word may begin.
    const FAR: usize = 12;
    let before: Vec<char> = text.chars().take(letter).collect();
    let word = before.iter().rposition(|symbol| symbol.is_whitespace()).map_or(0, |space| space + 1);
    let from = word.max(letter.saturating_sub(FAR));
    let rest: String = text.chars().skip(from).collect();
    let room = room - width("…", size);
    let rest = head(&rest, room * 0.55, size);
    let begin = taken(text.chars(), room - width(&rest, size), size);
    format!("{}…{rest}", begin.trim_end())
}

fn taken(symbols: impl Iterator<Item = char>, room: f64, size: f64) -> String {
    let mut taken = 0.0;
    let fits = |symbol: &char| {
        taken += advance(*symbol) * size;
        taken <= room
    };
    symbols.take_while(fits).collect()
}

/// How far a letter takes the next one, of the size of the font.
const fn advance(symbol: char) -> f64 {
    match symbol {
        'f' | 'i' | 'j' | 'l' | 'r' | 't' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '-' | ' ' | '('
        | ')' => 0.33,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 0.95,
        'A'..='Z' => 0.72,
        '\0'..='\u{2e7f}' => 0.59,
        // Chinese, Japanese, Korean, and pictures.
        '\u{2e80}'..=char::MAX => 1.0,
    }
}

/// The text on one line, without what XML does not have.
fn clean(text: &str) -> String {
    let shown = |symbol: char| !symbol.is_control() && is_char(symbol);
    text.chars().map(|symbol| if shown(symbol) { symbol } else { '\u{fffd}' }).collect()
}
