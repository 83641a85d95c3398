//! Ids of messages and commands, as they are compared and remembered.

use std::borrow::Cow;

/// An id. Nearly all are small numbers, which cost nothing to keep; whatever else it is, it holds on to no message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Id {
    /// A number as it is written without need: no sign, no zero in front.
    Number(u64),
    /// Any other text.
    Text(Box<str>),
}

impl Id {
    pub(super) fn of(text: &str) -> Self {
        number(text).map_or_else(|| Self::Text(text.into()), Self::Number)
    }

    /// Whether it is written as `text`.
    pub(super) fn is(&self, text: &str) -> bool {
        match self {
            Self::Number(own) => number(text) == Some(*own),
            Self::Text(own) => **own == *text,
        }
    }

    /// How it is written.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Number(number) => number.to_string().into(),
            Self::Text(text) => (&**text).into(),
        }
    }
}

/// The number that only `text` spells.
fn number(text: &str) -> Option<u64> {
    match text.as_bytes() {
        [b'0'] => Some(0),
        // Nineteen digits fit, whatever they are.
        [b'1'..=b'9', rest @ ..] if rest.len() < 19 && rest.iter().all(u8::is_ascii_digit) => {
            text.parse().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_is_written() {
        let texts = [
            "",
            "0",
            "00",
            "1",
            "01",
            "+1",
            "4711",
            "9999999999999999999",
            "99999999999999999999",
            "a",
            "{1}",
        ];
        for text in texts {
            assert_eq!(Id::of(text).text(), text);
            for other in texts {
                assert_eq!(Id::of(text).is(other), text == other, "{text} {other}");
                assert_eq!(Id::of(text) == Id::of(other), text == other, "{text} {other}");
            }
        }
    }
}
