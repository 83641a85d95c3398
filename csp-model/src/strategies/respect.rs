//! Operations that keep to the rules.

use proptest::prelude::*;
use proptest::sample::select;

use super::operation::{Given, Operation};
use super::site::{self, Site};
use super::value::fitting;
use crate::schema::Def;
use crate::tree::{Leaves, Transaction};
use crate::{Access, Device, Format, Value};

/// An operation that `device` as it stands must do: the node is there or may be added, allows it, and takes the
/// value.
///
/// One reservation: an Exec of `Rollback/…` may still be refused, for that is not the tree's to decide.
///
/// ```
/// use csp_model::{Device, TreeError, strategies};
/// use proptest::prelude::*;
///
/// let device = Device::builtin();
/// proptest!(ProptestConfig::with_cases(16), |(operation in strategies::operation(&device))| {
///     let done = operation.apply(&mut device.clone());
///     prop_assert!(matches!(done, Ok(_) | Err(TreeError::RollbackRefused(_))));
/// });
/// ```
pub fn operation(device: &Device) -> BoxedStrategy<Operation> {
    let device = device.clone();
    site::names()
        .prop_flat_map(move |names| {
            let kinds = kinds(&device, &names);
            let device = device.clone();
            select(kinds)
                .prop_flat_map(|(kind, sites)| (Just(kind), select(sites)))
                .prop_flat_map(move |(kind, site)| concrete(kind, site, &device))
        })
        .boxed()
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Get,
    List,
    Add,
    Replace,
    Delete,
    Exec,
}

/// What can be done, and where; nothing that can be done nowhere.
fn kinds(device: &Device, names: &[String]) -> Vec<(Kind, Vec<Site>)> {
    let schema = device.profile().schema();
    let present = site::present(device);
    let addable = site::addable(device, &present, names);
    let with = |wanted: Access| {
        let sites = present.iter().filter(|site| site::access(device, site.id).contains(wanted));
        sites.cloned().collect::<Vec<_>>()
    };
    let has_value = |site: &Site| {
        let def = schema.def(site.id);
        def.is_interior() || fitting(&def.properties).is_some()
    };
    let mut adds = addable;
    adds.extend(site::to_be_given(device, &present));
    adds.retain(has_value);
    let mut replaces = with(Access::REPLACE);
    replaces.extend(adds.iter().filter(|site| site::replace_adds(device, site.id)).cloned());
    replaces.retain(has_value);
    let mut deletes = with(Access::DELETE);
    deletes.retain(|site| !site::is_permanent(schema.def(site.id)));
    let readable = with(Access::GET);
    let mut kinds = vec![
        (Kind::Get, readable.clone()),
        (Kind::List, readable),
        (Kind::Add, adds),
        (Kind::Replace, replaces),
        (Kind::Delete, deletes),
        (Kind::Exec, with(Access::EXEC)),
    ];
    kinds.retain(|(_, sites)| !sites.is_empty());
    kinds
}

fn concrete(kind: Kind, site: Site, device: &Device) -> BoxedStrategy<Operation> {
    let Site { uri, id } = site;
    let def = device.profile().schema().def(id);
    let given = |def| {
        let Some((times, _)) = site::schedules(device, id) else { return given(def) };
        let data = select(times).prop_map(|text| Some(text.to_owned()));
        data.prop_map(|data| Given { data, ..Given::default() }).boxed()
    };
    match kind {
        Kind::Get => Just(Operation::Get(uri)).boxed(),
        Kind::List => select(vec![Leaves::Bare, Leaves::WithData])
            .prop_map(move |leaves| Operation::List(uri.clone(), leaves))
            .boxed(),
        Kind::Add => given(def).prop_map(move |given| Operation::Add(uri.clone(), given)).boxed(),
        Kind::Replace => given(def).prop_map(move |given| Operation::Replace(uri.clone(), given)).boxed(),
        Kind::Delete => Just(Operation::Delete(uri, transaction(def))).boxed(),
        Kind::Exec => Just(Operation::Exec(uri)).boxed(),
    }
}

/// A Format and a Data that the node takes, in one of the ways to write them.
fn given(def: &Def) -> BoxedStrategy<Given> {
    let format = def.properties.format;
    let formats =
        vec![None, Some(format.name().to_owned()), Some(format!(" {}\n", format.name().to_uppercase()))];
    let transaction = transaction(def);
    let data = match fitting(&def.properties).filter(|_| format != Format::Node) {
        None => select(vec![None, Some(String::new()), Some(" \r\n".to_owned())]).boxed(),
        Some(values) => {
            (values, any::<bool>()).prop_map(|(value, indented)| Some(text(&value, indented))).boxed()
        }
    };
    (select(formats), data).prop_map(move |(format, data)| Given { format, data, transaction }).boxed()
}

/// Blanks around a value count only in texts.
fn text(value: &Value, indented: bool) -> String {
    match value {
        Value::Chr(text) | Value::Xml(text) => text.to_string(),
        other if indented => format!("\n  {other} "),
        other => other.to_string(),
    }
}

pub(super) fn transaction(def: &Def) -> Transaction {
    if site::needs_atomic(def) { Transaction::Atomic } else { Transaction::None }
}
