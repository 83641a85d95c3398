//! Large objects: data that come in several messages, and data that leave in several.
//!
//! Source: OMA DM Protocol 1.2.1, "Large Object Handling"; OMA SyncML Representation Protocol 1.2, MoreData, Size.
//! Deliberately absent: which message is full (`size.rs`).

use super::apply;
use super::status::{Outcome, StatusCode};
use crate::conformance::{self as rules, Rule};
use crate::message::{Data, Item, Items, Meta, MoreMeta, Request, Text, Verb};

/// The bytes of the largest object that the device takes.
const LARGEST: usize = 16 << 20;

/// An object that comes in several messages, while it is not whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Incoming {
    open: Option<Object>,
    /// Whether the message that is being read had a piece of it.
    has_grown: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Object {
    verb: Verb,
    /// The address, as it was written first.
    target: Text,
    meta: Option<Meta>,
    size: usize,
    data: String,
}

/// An object that something else came instead of: the address it was for.
#[derive(Debug, PartialEq)]
pub(super) struct Interrupted(pub(super) Text);

/// What an Item is to an object.
pub(super) enum Piece {
    /// Nothing: it has all its data.
    Whole,
    /// It is kept until the rest has come.
    Buffered,
    /// It was the last piece: the Item with the data of all.
    Complete(Item),
    /// It is no piece of any object that can be.
    Refused(Outcome),
}

/// What is wrong with a piece that was answered by `rule`.
pub(super) fn mistake(rule: &Rule) -> Option<&'static str> {
    let mistakes = [
        (
            &rules::CHUNK_SIZE_REQUIRED,
            "found a first piece without Meta/Size, expected the size of the whole",
        ),
        (&rules::CHUNK_SIZE_MISMATCH, "found pieces that are together not as large as Meta/Size says"),
        (&rules::CHUNK_IN_ATOMIC, "found MoreData in an Atomic, expected the whole value"),
        (&rules::CHUNK_TOO_LARGE, "found an object of more than 16 MiB, expected a smaller one"),
    ];
    mistakes.iter().find(|(own, _)| own.id == rule.id).map(|(_, text)| *text)
}

impl Incoming {
    /// Takes an Item of a command. The Size stands with the first piece; pieces after it name the same node by the same
    /// verb.
    pub(super) fn take(&mut self, request: &Request, item: &Item) -> (Piece, Option<Interrupted>) {
        if self.open.is_none() && !item.more_data {
            return (Piece::Whole, None);
        }
        let target = apply::address(item).map(|text| text.trim()).unwrap_or_default();
        let continues = self
            .open
            .as_ref()
            .is_some_and(|object| object.verb == request.verb && object.target.trim() == target);
        if continues {
            return (self.grow(item), None);
        }
        let interrupted = self.interrupt();
        if !item.more_data {
            return (Piece::Whole, interrupted);
        }
        (self.begin(request, item), interrupted)
    }

    /// The message has been read. An object of which it had no piece is given up.
    pub(super) fn end_of_message(&mut self) -> Option<Interrupted> {
        if std::mem::take(&mut self.has_grown) { None } else { self.interrupt() }
    }

    /// Whether the rest of an object is waited for.
    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    fn interrupt(&mut self) -> Option<Interrupted> {
        self.open.take().map(|object| Interrupted(object.target))
    }

    fn begin(&mut self, request: &Request, item: &Item) -> Piece {
        let refused = |code, rule| Piece::Refused(Outcome::new(code, rule));
        let size = [item.meta.as_ref(), request.meta.as_deref()].into_iter().flatten().find_map(size_of);
        let Some(size) = size else {
            return refused(StatusCode::SIZE_REQUIRED, &rules::CHUNK_SIZE_REQUIRED);
        };
        if size > LARGEST {
            return refused(StatusCode::TOO_LARGE, &rules::CHUNK_TOO_LARGE);
        }
        self.open = Some(Object {
            verb: request.verb,
            target: apply::address(item).cloned().unwrap_or_default(),
            meta: item.meta.clone(),
            size,
            data: String::new(),
        });
        self.grow(item)
    }

    fn grow(&mut self, item: &Item) -> Piece {
        let Some(object) = &mut self.open else { return Piece::Whole };
        object.data.push_str(&item.data.as_ref().map(apply::data_text).unwrap_or_default());
        let is_too_much = object.data.len() > object.size;
        if item.more_data && !is_too_much {
            self.has_grown = true;
            return Piece::Buffered;
        }
        let Some(object) = self.open.take() else { return Piece::Whole };
        if !object.has_its_size() {
            return Piece::Refused(Outcome::new(StatusCode::SIZE_MISMATCH, &rules::CHUNK_SIZE_MISMATCH));
        }
        let meta = object.meta.map(without_size);
        let data = Some(Data::Text(object.data.into()));
        Piece::Complete(Item { meta, data, more_data: false, ..item.clone() })
    }
}

impl Object {
    /// Whether it is as large as was said. Base64 may be counted before or after it is decoded: servers do both.
    fn has_its_size(&self) -> bool {
        let length = self.data.len();
        let is_base64 = self
            .meta
            .as_ref()
            .and_then(|meta| meta.format.as_deref())
            .is_some_and(|format| format.trim() == "b64");
        let padding = self.data.bytes().rev().take_while(|byte| *byte == b'=').count();
        length == self.size || (is_base64 && (length / 4 * 3).saturating_sub(padding) == self.size)
    }
}

fn size_of(meta: &Meta) -> Option<usize> {
    meta.more.as_ref()?.size.as_ref()?.trim().parse().ok()
}

fn without_size(meta: Meta) -> Meta {
    let more = meta.more.map(|more| MoreMeta { size: None, ..*more });
    Meta { more: more.filter(|more| *more != MoreMeta::default()).map(Box::new), ..meta }
}

/// Divides an Item so that its first part has at most `most` bytes of data, and at least one character. `None` when it
/// has no data that can be divided there.
pub(super) fn divide(item: &Item, is_first: bool, most: usize) -> Option<(Item, Item)> {
    let Some(Data::Text(text)) = &item.data else { return None };
    let at = text.floor_char_boundary(most).max(text.chars().next()?.len_utf8());
    let (begin, rest) = text.split_at_checked(at).filter(|(_, rest)| !rest.is_empty())?;
    let mut first = Item { data: Some(Data::Text(begin.into())), more_data: true, ..item.clone() };
    if is_first {
        let meta = first.meta.get_or_insert_default();
        meta.more.get_or_insert_default().size = Some(Text::number(text.len()));
    }
    // What describes the object stands with its first piece.
    let rest = Item { data: Some(Data::Text(rest.into())), meta: None, ..item.clone() };
    Some((first, rest))
}

/// Whether an Item's data have more than `most` bytes.
pub(super) fn is_larger(items: &Items, most: usize) -> bool {
    items.iter().any(|item| matches!(&item.data, Some(Data::Text(text)) if text.len() > most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Location;

    fn piece(target: &str, data: &str, size: Option<usize>, more_data: bool) -> (Request, Item) {
        let more =
            size.map(|size| Box::new(MoreMeta { size: Some(Text::number(size)), ..MoreMeta::default() }));
        let meta = more.map(|more| Meta { more: Some(more), ..Meta::default() });
        let data = Some(Data::Text(data.into()));
        let item = Item { target: Some(Location::new(target)), meta, data, more_data, ..Item::default() };
        let request = Request {
            verb: Verb::Add,
            meta: None,
            items: smallvec::smallvec![item.clone()],
            correlator: None,
        };
        (request, item)
    }

    fn told(incoming: &mut Incoming, (request, item): &(Request, Item)) -> (String, Option<Text>) {
        let (piece, interrupted) = incoming.take(request, item);
        let text = match piece {
            Piece::Whole => "whole".to_owned(),
            Piece::Buffered => "213".to_owned(),
            Piece::Complete(item) => {
                format!("{:?} {:?}", item.data, item.meta.is_some_and(|meta| meta.more.is_some()))
            }
            Piece::Refused(outcome) => outcome.code.to_string(),
        };
        (text, interrupted.map(|Interrupted(target)| target))
    }

    #[test]
    fn pieces_become_an_object() {
        let mut incoming = Incoming::default();
        assert_eq!(told(&mut incoming, &piece("./a", "x", None, false)), ("whole".to_owned(), None));
        assert_eq!(told(&mut incoming, &piece(" ./a", "ab", Some(5), true)), ("213".to_owned(), None));
        assert_eq!(incoming.end_of_message(), None);
        assert_eq!(told(&mut incoming, &piece("./a ", "cd", None, true)), ("213".to_owned(), None));
        assert_eq!(incoming.end_of_message(), None);
        let whole = "Some(Text(\"abcde\")) false".to_owned();
        assert_eq!(told(&mut incoming, &piece("./a", "e", None, false)), (whole, None));
        assert!(!incoming.is_open());
    }

    #[test]
    fn an_object_that_is_none_is_refused() {
        for (pieces, code) in [
            (vec![piece("./a", "ab", None, true)], "411"),
            (vec![piece("./a", "ab", Some(LARGEST + 1), true)], "413"),
            (
                vec![piece("./a", "ab", Some(3), true), piece("./a", "c", None, false)],
                "Some(Text(\"abc\")) false",
            ),
            (vec![piece("./a", "ab", Some(4), true), piece("./a", "c", None, false)], "424"),
            (vec![piece("./a", "ab", Some(3), true), piece("./a", "cd", None, true)], "424"),
            (vec![piece("./a", "ab", Some(1), true)], "424"),
        ] {
            let mut incoming = Incoming::default();
            let last = pieces.iter().map(|piece| told(&mut incoming, piece)).last();
            assert_eq!(last, Some((code.to_owned(), None)), "{pieces:?}");
            assert!(!incoming.is_open());
        }
    }

    #[test]
    fn what_comes_between_ends_an_object() {
        let mut incoming = Incoming::default();
        told(&mut incoming, &piece("./a", "ab", Some(9), true));
        assert_eq!(
            told(&mut incoming, &piece("./b", "c", None, false)),
            ("whole".to_owned(), Some("./a".into()))
        );
        told(&mut incoming, &piece("./a", "ab", Some(9), true));
        assert_eq!(incoming.end_of_message(), None);
        assert_eq!(incoming.end_of_message(), Some(Interrupted("./a".into())));
        assert_eq!(incoming.end_of_message(), None);
    }

    #[test]
    fn an_item_is_divided_between_characters() {
        let item = |data: &str| piece("./a", data, None, false).1;
        let texts = |data: &str, most| {
            divide(&item(data), true, most).map(|(first, rest)| {
                let size = first.meta.and_then(|meta| meta.more?.size).expect("its size");
                let text = |data: Option<Data>| apply::data_text(&data.expect("data")).into_owned();
                assert!(first.more_data && !rest.more_data);
                (text(first.data), text(rest.data), size.to_string())
            })
        };
        assert_eq!(texts("abc", 2), Some(("ab".to_owned(), "c".to_owned(), "3".to_owned())));
        assert_eq!(texts("\u{e4}bc", 1), Some(("\u{e4}".to_owned(), "bc".to_owned(), "4".to_owned())));
        assert_eq!(texts("abc", 0), Some(("a".to_owned(), "bc".to_owned(), "3".to_owned())));
        assert_eq!(texts("abc", 3), None);
        assert_eq!(texts("", 3), None);
    }
}
