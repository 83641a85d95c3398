//! Two messages, compared as messages: what they say, not how it is spelled.
//!
//! What is another in every run is masked or mapped (`maps.rs`), what may stand in any order is put side by side
//! (`align.rs`), and every difference has a weight. Deliberately absent: where the messages come from.

mod align;
mod data;
mod fields;
mod ignore;
mod maps;
mod pieces;
mod unit;

#[cfg(test)]
mod tests;

use std::fmt;

use syncml::message::Message;

use self::fields::{Field, Kind};
use self::unit::Unit;
pub(crate) use data::markup;
pub use ignore::{Ignore, NotALocUri};
pub use maps::Maps;
pub use unit::Asked;

/// How much a difference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The same, in another order, which the protocol leaves free.
    OrderOnly,
    /// The same, said in another way.
    DifferentShape,
    /// Something else.
    DifferentMeaning,
    /// What the protocol does not allow.
    BreaksProtocol,
}

/// In what two messages differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// How much it means.
    pub weight: Weight,
    /// The command: `Status of Get 5`, `Results of Get 5`, `Replace`; `SyncHdr` and `SyncBody` for these.
    pub command: String,
    /// What the command is about, where it is about a node.
    pub loc_uri: Option<String>,
    /// The field; empty when the whole command is there in one alone.
    pub field: &'static str,
    /// What was expected; `None` when nothing.
    pub expected: Option<String>,
    /// What was got; `None` when nothing.
    pub got: Option<String>,
}

/// How much of the messages there is to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// The expected one breaks off: what more there is in the other says nothing.
    pub expected_is_cut: bool,
    /// What both answer breaks off: what more is expected was asked for beyond.
    pub question_is_cut: bool,
}

impl Extent {
    /// All of both.
    pub const WHOLE: Self = Self { expected_is_cut: false, question_is_cut: false };
}

impl Weight {
    /// Every weight, the least first.
    pub const ALL: [Self; 4] =
        [Self::OrderOnly, Self::DifferentShape, Self::DifferentMeaning, Self::BreaksProtocol];

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderOnly => "order only",
            Self::DifferentShape => "different shape",
            Self::DifferentMeaning => "different meaning",
            Self::BreaksProtocol => "breaks the protocol",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { weight, command, loc_uri, field, expected, got } = self;
        write!(f, "{}: {command}", weight.name())?;
        if let Some(uri) = loc_uri {
            write!(f, " \"{uri}\"")?;
        }
        if !field.is_empty() {
            write!(f, ": {field}")?;
        }
        let shown = |value: &Option<String>| {
            value.as_ref().map_or_else(|| "nothing".to_owned(), |value| shown(value))
        };
        write!(f, ": expected {}, got {}", shown(expected), shown(got))
    }
}

/// A value as it stands in a line: short, and without line ends.
pub(crate) fn shown(value: &str) -> String {
    const MOST: usize = 200;
    let escaped = value.escape_debug().to_string();
    match escaped.char_indices().nth(MOST) {
        Some((end, _)) => {
            format!("`{}…` ({} characters)", escaped.get(..end).unwrap_or_default(), value.chars().count())
        }
        None => format!("`{escaped}`"),
    }
}

/// All differences of two messages that answer the same.
pub fn compare(
    expected: &Message,
    got: &Message,
    asked: &Asked,
    maps: &mut Maps,
    ignore: &Ignore,
    extent: Extent,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut header = |expected: Vec<Field>, got: Vec<Field>, command: &str, maps: &mut Maps| {
        fields::compare(&expected, &got, maps, &mut |field| {
            differences.push(Difference { command: command.to_owned(), loc_uri: None, ..field });
        });
    };
    // The local API answers with a body alone, and says nothing of what a header would hold.
    let is_bare = expected.header.is_none() || got.header.is_none();
    if !is_bare {
        header(fields::of_header(expected), fields::of_header(got), "SyncHdr", maps);
    }
    if extent == Extent::WHOLE && !is_bare {
        header(fields::of_body(expected), fields::of_body(got), "SyncBody", maps);
    }
    differences.extend(pieces::repeated_ids(expected, got));
    let counts = |unit: &Unit| !(is_bare && unit.is_of_sync_hdr() || ignore.covers(unit.about()));
    let wanted = |units: Vec<Unit>| units.into_iter().filter(counts).collect();
    let (expected, got): (Vec<_>, Vec<_>) =
        (wanted(pieces::units(expected, asked)), wanted(pieces::units(got, asked)));
    let aligned = align::align(&expected, &got, maps);
    for (one, other) in &aligned.pairs {
        let (Some(one), Some(other)) = (expected.get(*one), got.get(*other)) else { continue };
        fields::compare(&one.fields, &other.fields, maps, &mut |field| {
            differences.push(Difference { command: one.name(), loc_uri: one.uri(), ..field });
        });
    }
    for index in &aligned.missing {
        let was_asked = |unit: &&Unit| !extent.question_is_cut || unit.answers_one_of(asked);
        if let Some(unit) = expected.get(*index).filter(was_asked) {
            differences.push(unit.alone(unit.weight_missing(), Alone::Expected));
        }
    }
    for index in &aligned.added {
        if let Some(unit) = got.get(*index).filter(|_| !extent.expected_is_cut) {
            differences.push(unit.alone(unit.weight_added(asked), Alone::Got));
        }
    }
    differences.extend(align::order(&aligned.pairs, &expected, &got));
    differences
}

/// That a message is said to the side whose messages are compared: identities in it are known to that side, and stand for
/// themselves.
pub(crate) fn say(message: &Message, maps: &mut Maps) {
    pieces::say(&message.body.commands, maps);
}

/// On which side a command stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    Expected,
    Got,
}

/// A difference in the field of that kind, whose command is still to be said.
fn of_field(weight: Weight, field: &'static str, expected: Option<&str>, got: Option<&str>) -> Difference {
    let text = |value: Option<&str>| value.map(str::to_owned);
    Difference {
        weight,
        command: String::new(),
        loc_uri: None,
        field,
        expected: text(expected),
        got: text(got),
    }
}

/// How much it means when a field of that kind is there in one alone.
const fn weight_of_presence(kind: Kind) -> Weight {
    match kind {
        Kind::Shape | Kind::Masked | Kind::Number => Weight::DifferentShape,
        Kind::Meaning
        | Kind::Code
        | Kind::Identity
        | Kind::Data
        | Kind::Setting
        | Kind::Names
        | Kind::Updates => Weight::DifferentMeaning,
        Kind::Protocol | Kind::Session => Weight::BreaksProtocol,
    }
}

/// The CmdIDs of commands that are in both messages: as they stand in the one, and in the other.
pub(crate) fn same_commands(expected: &Message, got: &Message, asked: &Asked) -> Vec<(String, String)> {
    let (expected, got) = (pieces::units(expected, asked), pieces::units(got, asked));
    let aligned = align::align(&expected, &got, &mut Maps::default());
    let ids = aligned.pairs.into_iter().filter_map(|(one, other)| {
        Some((expected.get(one)?.cmd_id.clone()?, got.get(other)?.cmd_id.clone()?))
    });
    ids.collect()
}
