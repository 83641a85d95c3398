//! One command onto the device. The only file that calls the tree.

use csp_model::tree::{Effect, Leaves, Listed, Reading, Setting, Transaction};
use csp_model::uri::{List, Query};
use csp_model::{Device, Format, LocUri, TreeError, Value};

use super::chunk::{Incoming, Interrupted, Piece};
use super::status::{Outcome, StatusCode};
use crate::codec::xml;
use crate::conformance as rules;
use crate::message::{Alert, Data, Item, Items, Location, Meta, Request, Text, Verb};

/// What became of the Items of one command.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// One outcome an Item, in order; one alone for a command that was refused as a whole.
    pub(super) outcomes: smallvec::SmallVec<[Outcome; 1]>,
    /// What a Get found, in the order of its Items.
    pub(super) results: Items,
    /// What an Exec has set in motion.
    pub(super) effects: Vec<Effect>,
    /// Large objects whose rest has not come.
    pub(super) interrupted: Vec<Interrupted>,
}

/// How a command is done.
pub(super) enum Way<'a> {
    /// By itself. Its data may come in several messages.
    Alone(&'a mut Incoming),
    /// In an Atomic, which may end at the first Item that fails.
    InAtomic {
        /// Whether it ends there.
        stops: bool,
    },
}

impl Way<'_> {
    const fn transaction(&self) -> Transaction {
        match self {
            Self::Alone(_) => Transaction::None,
            Self::InAtomic { .. } => Transaction::Atomic,
        }
    }

    const fn stops(&self) -> bool {
        match self {
            Self::Alone(_) => false,
            Self::InAtomic { stops } => *stops,
        }
    }

    fn piece(&mut self, request: &Request, item: &Item, applied: &mut Applied) -> Piece {
        match self {
            Self::Alone(incoming) => {
                let (piece, interrupted) = incoming.take(request, item);
                applied.interrupted.extend(interrupted);
                piece
            }
            Self::InAtomic { .. } if item.more_data => {
                Piece::Refused(Outcome::new(StatusCode::COMMAND_FAILED, &rules::CHUNK_IN_ATOMIC))
            }
            Self::InAtomic { .. } => Piece::Whole,
        }
    }
}

impl Applied {
    pub(super) fn refused(outcome: Outcome) -> Self {
        Self { outcomes: smallvec::smallvec![outcome], ..Self::default() }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.code.is_failure())
    }
}

/// Does what `request` asks, Item by Item. `uri` is where each address is read.
pub(super) fn apply(device: &mut Device, request: &Request, mut way: Way<'_>, uri: &mut LocUri) -> Applied {
    let mut applied = Applied::default();
    if request.verb == Verb::Copy {
        return Applied::refused(Outcome::new(StatusCode::NOT_SUPPORTED, &rules::COPY).because(0x8600_0011));
    }
    if request.items.is_empty() {
        return Applied::refused(Outcome::new(StatusCode::BAD_REQUEST, &rules::NO_ITEM));
    }
    for item in &request.items {
        let outcome = match way.piece(request, item, &mut applied) {
            Piece::Whole => apply_item(device, request, item, way.transaction(), uri, &mut applied),
            Piece::Complete(item) => apply_item(device, request, &item, way.transaction(), uri, &mut applied),
            Piece::Buffered => Outcome::new(StatusCode::CHUNK_ACCEPTED, &rules::CHUNK_ACCEPTED),
            Piece::Refused(outcome) => outcome,
        };
        let failed = outcome.code.is_failure();
        applied.outcomes.push(outcome);
        if failed && way.stops() {
            break;
        }
    }
    applied
}

/// What an Alert is answered.
pub(super) fn alert(alert: &Alert) -> Outcome {
    match alert.code.as_deref().map(str::trim) {
        None | Some("") => Outcome::new(StatusCode::INCOMPLETE, &rules::ALERT_INCOMPLETE),
        Some(code) if Alert::KNOWN.contains(&code) => Outcome::new(StatusCode::OK, &rules::ALERT),
        Some(_) => Outcome::new(StatusCode::NOT_SUPPORTED, &rules::ALERT_UNSUPPORTED),
    }
}

/// The text of an Item's address, as it was written.
pub(super) fn address(item: &Item) -> Option<&Text> {
    item.target.as_ref()?.loc_uri.as_ref()
}

fn apply_item(
    device: &mut Device,
    request: &Request,
    item: &Item,
    transaction: Transaction,
    uri: &mut LocUri,
    applied: &mut Applied,
) -> Outcome {
    let Some(text) = address(item) else { return Outcome::new(StatusCode::BAD_REQUEST, &rules::NO_ADDRESS) };
    if let Err(error) = uri.read(text.trim()) {
        return TreeError::from(error).into();
    }
    let metas = || [item.meta.as_ref(), request.meta.as_deref()].into_iter().flatten();
    let data = item.data.as_ref().map(data_text);
    let setting = Setting {
        format: metas().find_map(|meta| meta.format.as_deref()),
        media_type: metas().find_map(|meta| meta.media_type.as_deref()),
        data: data.as_deref(),
    };
    let done = match request.verb {
        Verb::Get => get(device, uri, text, &mut applied.results),
        _ if uri.query().is_some() => Err(TreeError::QueryNotSupported),
        Verb::Add => device.add(uri, setting, transaction),
        Verb::Replace => device.replace(uri, setting, transaction),
        Verb::Delete => device.delete(uri, transaction),
        Verb::Exec => device.exec(uri).map(|effect| applied.effects.push(effect)),
        // Refused before any Item is looked at.
        Verb::Copy => Err(TreeError::QueryNotSupported),
    };
    match done {
        Ok(()) => Outcome::done(),
        Err(error) => error.into(),
    }
}

fn get(device: &Device, uri: &LocUri, text: &Text, results: &mut Items) -> Result<(), TreeError> {
    let leaves = match uri.query() {
        None => {
            let (meta, data) = match device.get(uri)? {
                Reading::Interior(names) => (meta(Format::Node, None), names.into()),
                Reading::Leaf(value, media_type) => {
                    (meta(value.format(), media_type.as_deref()), value_text(value))
                }
            };
            results.push(result(text.clone(), meta, Some(data)));
            return Ok(());
        }
        Some(Query::Property(property)) => {
            let data = device.property(uri, *property)?;
            results.push(result(text.clone(), None, Some(data.into())));
            return Ok(());
        }
        Some(Query::List(List::Struct)) => Leaves::Bare,
        Some(Query::List(List::StructData)) => Leaves::WithData,
        Some(Query::List(List::Tnds) | Query::Unknown(_)) => {
            // A node that is not there is that first, whatever is asked of it.
            device.get(uri)?;
            return Err(TreeError::QueryNotSupported);
        }
    };
    let base = text.trim().split('?').next().unwrap_or_default();
    results.extend(device.list(uri, leaves)?.into_iter().map(|listed| listed_item(base, listed)));
    Ok(())
}

fn listed_item(base: &str, listed: Listed) -> Item {
    let meta = meta(listed.format, listed.media_type.as_deref());
    result(format!("{base}{}", listed.below).into(), meta, listed.value.map(value_text))
}

fn result(source: Text, meta: Option<Meta>, data: Option<Text>) -> Item {
    Item { source: Some(Location::new(source)), meta, data: data.map(Data::Text), ..Item::default() }
}

/// Windows writes Format only where it is not `chr`, and Type only where it is not `text/plain`.
fn meta(format: Format, media_type: Option<&str>) -> Option<Meta> {
    let format = (format != Format::Chr).then(|| Text::from_static(format.name()));
    let media_type = media_type.map(Text::from);
    (format.is_some() || media_type.is_some()).then_some(Meta { format, media_type, more: None })
}

fn value_text(value: Value) -> Text {
    match value {
        Value::B64(text)
        | Value::Bin(text)
        | Value::Chr(text)
        | Value::Date(text)
        | Value::Float(text)
        | Value::Time(text)
        | Value::Xml(text) => text.into(),
        Value::Bool(true) => Text::from_static("true"),
        Value::Bool(false) => Text::from_static("false"),
        Value::Int(number) => Text::number(number),
        Value::Null => Text::EMPTY,
    }
}

/// Markup that was not escaped is meant as text.
pub(super) fn data_text(data: &Data) -> std::borrow::Cow<'_, str> {
    match data {
        Data::Text(text) => text.as_str().into(),
        Data::Markup(nodes) => xml::markup_text(nodes).into(),
    }
}
