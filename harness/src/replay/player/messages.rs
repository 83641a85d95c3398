//! Comparing one message of a capture with the one that is said now.

use bytes::Bytes;
use syncml::codec::{self, Encoding, Limits};
use syncml::message::Message;

use super::super::capture::{self, Completeness, Place, Side};
use super::super::compare::{Asked, Difference, Extent, Ignore, Maps, Weight, compare};
use super::super::outcome::{Different, Played};

/// What a message answers.
#[derive(Debug, Clone, Default)]
pub(super) struct Question {
    /// Its commands.
    pub(super) asked: Asked,
    /// Whether it broke off.
    pub(super) is_cut: bool,
}

impl Question {
    pub(super) fn of(message: &Message, completeness: Completeness) -> Self {
        Self { asked: Asked::of(message), is_cut: completeness != Completeness::Whole }
    }
}

/// Whose messages are compared, and with what.
pub(super) struct Comparison<'a> {
    pub(super) played: &'a mut Played,
    pub(super) maps: &'a mut Maps,
    pub(super) ignore: &'a Ignore,
}

/// A message of a capture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) number: usize,
    pub(super) from: Side,
    pub(super) body: &'a Bytes,
    pub(super) place: &'a Place,
    pub(super) completeness: Completeness,
}

impl<'a> Expected<'a> {
    pub(super) fn of(number: usize, from: Side, message: &'a capture::Message) -> Self {
        let capture::Message { body, place, completeness, .. } = message;
        Self { number, from, body, place, completeness: *completeness }
    }

    pub(super) fn different(&self, got: Option<Bytes>, differences: Vec<Difference>) -> Different {
        let Self { number, from, body, place, .. } = *self;
        Different {
            number,
            from,
            place: place.clone(),
            expected: Some(body.clone()),
            got,
            events: None,
            is_cut: self.completeness != Completeness::Whole,
            differences,
        }
    }
}

impl Comparison<'_> {
    /// Compares a message with what is said now.
    pub(super) fn message(&mut self, expected: Expected<'_>, got: &Bytes, question: &Question) {
        self.played.compared += 1;
        // Elsewhere both have ids that have to be the same throughout.
        if self.maps.are_strict() && expected.body == got {
            return;
        }
        let limits = Limits::default();
        let differences = match (codec::decode(expected.body, &limits), codec::decode(got, &limits)) {
            (Ok(one), Ok(other)) => {
                let extent = Extent {
                    expected_is_cut: expected.completeness != Completeness::Whole,
                    question_is_cut: question.is_cut,
                };
                let mut differences = compare(&one, &other, &question.asked, self.maps, self.ignore, extent);
                differences.extend(encoding(expected.body, got));
                differences
            }
            (Ok(_), Err(error)) => {
                vec![whole(
                    Weight::BreaksProtocol,
                    Some("a message"),
                    Some(&format!("what is none: {error}")),
                )]
            }
            (Err(error), _) => {
                self.played.note(Some(expected.place), format!("not compared: the message is none: {error}"));
                Vec::new()
            }
        };
        let different = expected.different(Some(got.clone()), differences);
        self.played.differ(Different { is_cut: different.is_cut || question.is_cut, ..different });
    }

    /// Nothing is said now.
    pub(super) fn silence(&mut self, expected: Expected<'_>, why: &str) {
        self.played.compared += 1;
        let difference = whole(Weight::BreaksProtocol, Some("a message"), Some(why));
        self.played.differ(expected.different(None, vec![difference]));
    }

    /// Something is said now, and nothing was then.
    pub(super) fn unexpected(&mut self, number: usize, from: Side, place: &Place, got: &Bytes) {
        self.played.compared += 1;
        let difference = whole(Weight::DifferentMeaning, None, Some("a message more"));
        self.played.differ(Different {
            number,
            from,
            place: place.clone(),
            expected: None,
            got: Some(got.clone()),
            events: None,
            is_cut: false,
            differences: vec![difference],
        });
    }
}

/// A difference that is about a whole message.
pub(super) fn whole(weight: Weight, expected: Option<&str>, got: Option<&str>) -> Difference {
    let text = |text: Option<&str>| text.map(str::to_owned);
    Difference {
        weight,
        command: "message".to_owned(),
        loc_uri: None,
        field: "",
        expected: text(expected),
        got: text(got),
    }
}

fn encoding(expected: &[u8], got: &[u8]) -> Option<Difference> {
    let name = |bytes: &[u8]| match Encoding::of(bytes) {
        Encoding::Xml => "XML",
        Encoding::Wbxml => "WBXML",
    };
    let (one, other) = (name(expected), name(got));
    (one != other)
        .then(|| Difference { field: "encoding", ..whole(Weight::DifferentShape, Some(one), Some(other)) })
}
