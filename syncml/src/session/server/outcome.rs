//! What became of the commands that were queued.

use std::borrow::Cow;

use crate::codec::xml;
use crate::message::{Data, Item, Status};

/// What became of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The device has answered it.
    Answered(Answer),
    /// It was sent, and the device has said nothing about it.
    Unanswered,
    /// It was not sent: a command must fit into one message, and this one does not.
    TooLarge {
        /// The bytes that the message would have.
        bytes: usize,
        /// The bytes that the device takes.
        limit: usize,
    },
    /// It was not sent: the session ended before.
    Unsent,
}

/// What the device has said about a command.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// The Statuses: one, or one for each Item.
    pub statuses: Vec<Status>,
    /// The Items of the Results. Large ones are whole.
    pub results: Vec<Item>,
    /// Why a large one is missing, if one is.
    pub broken: Option<Broken>,
    /// The same for each member of an Atomic or a Sequence.
    pub members: Vec<Self>,
}

/// Why a large object is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It was not as long as had been said.
    #[error("it has {found} bytes, expected {expected}")]
    Size {
        /// The bytes that came.
        found: usize,
        /// What Size said.
        expected: usize,
    },
    /// Something else came before its end.
    #[error("something else came before its end")]
    NoEnd,
    /// It is longer than the server takes.
    #[error("it is longer than the server takes")]
    TooLarge,
}

impl Outcome {
    /// What the device has said, if it has.
    #[must_use]
    pub const fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answered(answer) => Some(answer),
            Self::Unanswered | Self::TooLarge { .. } | Self::Unsent => None,
        }
    }
}

impl Answer {
    /// The code of the first Status.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        self.statuses.first()?.number()
    }

    /// Whether every Status says that it was done, those of the members too.
    #[must_use]
    pub fn is_success(&self) -> bool {
        let is_done =
            |status: &Status| status.number().is_some_and(|code| code < 300 && !matches!(code, 215 | 216));
        !self.statuses.is_empty()
            && self.statuses.iter().all(is_done)
            && self.members.iter().all(Self::is_success)
    }

    /// The Data of the first Item of the Results.
    #[must_use]
    pub fn data(&self) -> Option<Cow<'_, str>> {
        self.results.first()?.data.as_ref().map(data_text)
    }

    /// The answer for the member at `path`.
    pub(super) fn member(&mut self, path: &[usize]) -> Option<&mut Self> {
        match path {
            [] => Some(self),
            [first, rest @ ..] => self.members.get_mut(*first)?.member(rest),
        }
    }

    /// Whether the device has said anything.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self { members: self.members.clone(), ..Self::default() }
            && self.members.iter().all(Self::is_empty)
    }
}

/// Markup that was not escaped is meant as text.
pub(super) fn data_text(data: &Data) -> Cow<'_, str> {
    match data {
        Data::Text(text) => text.as_str().into(),
        Data::Markup(nodes) => xml::markup_text(nodes).into(),
    }
}
