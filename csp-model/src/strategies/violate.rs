//! Operations that break one rule.

use proptest::prelude::*;
use proptest::sample::select;

use super::operation::{Given, Operation};
use super::respect::transaction;
use super::site::{self, Site};
use super::value::{disallowed, misspelled};
use crate::csp::{Csp, nodecache};
use crate::schema::{Def, NodeId};
use crate::tree::{Leaves, Transaction};
use crate::{Access, Device, Format, TreeError};

/// The rule that an operation breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// The node is not there.
    Existence,
    /// The node to add is there.
    Absence,
    /// The node does not allow it.
    Access,
    /// This edition or version of Windows does not have the node.
    Applicability,
    /// The Format is another than the node's, or an interior node is given Data.
    Format,
    /// The Data spells no value of the format.
    Spelling,
    /// The value is not among the allowed ones.
    AllowedValues,
    /// No node can have that name.
    Naming,
    /// There are as many nodes as there may be.
    Occurrence,
    /// The write must stand in an Atomic.
    Atomic,
}

impl Broken {
    /// Whether this is the error that breaking the rule must give.
    #[must_use]
    pub const fn gives(self, error: &TreeError) -> bool {
        match self {
            Self::Existence => matches!(error, TreeError::NotFound),
            Self::Absence => matches!(error, TreeError::AlreadyExists),
            Self::Access => matches!(error, TreeError::NotAllowed { .. }),
            Self::Applicability => matches!(error, TreeError::NotApplicable),
            Self::Format => matches!(error, TreeError::WrongFormat { .. }),
            Self::Spelling => matches!(error, TreeError::BadValue { .. }),
            Self::AllowedValues => matches!(error, TreeError::Disallowed { .. }),
            Self::Naming => matches!(error, TreeError::InvalidName),
            Self::Occurrence => matches!(error, TreeError::TooMany(_)),
            Self::Atomic => matches!(error, TreeError::AtomicRequired),
        }
    }
}

/// An operation that `device` as it stands must refuse, and the one rule that it breaks.
///
/// ```
/// use csp_model::{Device, strategies};
/// use proptest::prelude::*;
///
/// let device = Device::builtin();
/// proptest!(ProptestConfig::with_cases(16), |((broken, operation) in strategies::violation(&device))| {
///     let refused = operation.apply(&mut device.clone()).expect_err("a refusal");
///     prop_assert!(broken.gives(&refused));
/// });
/// ```
pub fn violation(device: &Device) -> BoxedStrategy<(Broken, Operation)> {
    let device = device.clone();
    site::names()
        .prop_flat_map(move |names| {
            let mut rules = all(&device, &names);
            rules.retain(|(_, operations)| !operations.is_empty());
            select(rules).prop_flat_map(|(broken, operations)| (Just(broken), select(operations)))
        })
        .boxed()
}

fn all(device: &Device, names: &[String]) -> Vec<(Broken, Vec<Operation>)> {
    let present = site::present(device);
    let addable = site::addable(device, &present, names);
    let allows = |site: &&Site, access| site::access(device, site.id).contains(access);
    let mut adds = Vec::new();
    let mut replaces = Vec::new();
    for site in &addable {
        adds.push(site);
        if site::replace_adds(device, site.id) {
            replaces.push(site);
        }
    }
    replaces.extend(present.iter().filter(|site| allows(site, Access::REPLACE)));
    let unset = site::to_be_given(device, &present);
    adds.extend(&unset);
    let writes = Writes { device, adds, replaces };
    let (absent, unnameable, full, inapplicable) = beside(device, &present, names);
    let mut missing = absent;
    missing.extend(addable.iter().flat_map(|site| {
        let replace = Operation::Replace(site.uri.clone(), Given::default());
        let operations =
            [Operation::Get(site.uri.clone()), Operation::List(site.uri.clone(), Leaves::WithData)];
        let others =
            [Operation::Delete(site.uri.clone(), Transaction::Atomic), Operation::Exec(site.uri.clone())];
        let replace = Some(replace).filter(|_| !site::replace_adds(device, site.id));
        operations.into_iter().chain(others).chain(replace)
    }));
    // This one keeps nothing, so that it can be added again and again.
    let keeps_nothing =
        |site: &Site| device.profile().csp(site.id) == Csp::NodeCache(nodecache::Node::AutoSetExpectedValue);
    let is_unset = |site: &&Site| unset.iter().any(|unset| unset.uri == site.uri) || keeps_nothing(site);
    let there = present.iter().filter(|site| allows(site, Access::ADD) && !is_unset(site));
    vec![
        (Broken::Existence, missing),
        (Broken::Absence, there.map(|site| Operation::Add(site.uri.clone(), Given::default())).collect()),
        (Broken::Access, without_access(device, &present, names)),
        (Broken::Applicability, inapplicable),
        (Broken::Format, writes.each(&|_, def| wrong_formats(device, def))),
        (Broken::Spelling, writes.each(&|_, def| data(misspelled(def.properties.format)))),
        (
            Broken::AllowedValues,
            writes.each(&|id, def| {
                if let Some((_, never)) = site::schedules(device, id) {
                    return data(&never);
                }
                let values =
                    Some(def).filter(|def| !def.is_interior()).map(|def| disallowed(&def.properties));
                let texts: Vec<_> = values.into_iter().flatten().map(|value| value.to_string()).collect();
                data(&texts)
            }),
        ),
        (Broken::Naming, unnameable),
        (Broken::Occurrence, full),
        (Broken::Atomic, outside_atomic(&writes, &present)),
    ]
}

/// The nodes that can be written.
struct Writes<'d> {
    device: &'d Device,
    adds: Vec<&'d Site>,
    replaces: Vec<&'d Site>,
}

impl Writes<'_> {
    /// An Add or a Replace of every node with every one of these.
    fn each(&self, given: &dyn Fn(NodeId, &Def) -> Vec<Given>) -> Vec<Operation> {
        let schema = self.device.profile().schema();
        let of = |site: &Site| {
            let def = schema.def(site.id);
            let all = given(site.id, def).into_iter();
            all.map(|given| Given { transaction: transaction(def), ..given }).collect::<Vec<_>>()
        };
        let adds = self
            .adds
            .iter()
            .flat_map(|site| of(site).into_iter().map(|given| Operation::Add(site.uri.clone(), given)));
        let replaces = self
            .replaces
            .iter()
            .flat_map(|site| of(site).into_iter().map(|given| Operation::Replace(site.uri.clone(), given)));
        adds.chain(replaces).collect()
    }
}

fn data<T: AsRef<str>>(texts: &[T]) -> Vec<Given> {
    let text = |text: &T| Given { data: Some(text.as_ref().to_owned()), ..Given::default() };
    texts.iter().map(text).collect()
}

fn wrong_formats(device: &Device, def: &Def) -> Vec<Given> {
    if def.is_interior() && device.profile().file().lenient_add {
        return Vec::new();
    }
    let own = def.properties.format;
    let with = |format: &str| Given { format: Some(format.to_owned()), ..Given::default() };
    // Base64 carries what is binary.
    let is_same = |format| format == own || (own, format) == (Format::Bin, Format::B64);
    let others = Format::ALL.into_iter().filter(|format| !is_same(*format));
    let mut all: Vec<_> =
        others.map(|format| with(format.name())).chain([with("number"), with("")]).collect();
    if def.is_interior() {
        all.extend(data(&["x"]));
        all.push(Given { data: Some("x".to_owned()), ..with("node") });
    }
    all
}

/// What a node that is there does not allow, and the Add of a free node that nobody may add.
fn without_access(device: &Device, present: &[Site], names: &[String]) -> Vec<Operation> {
    let schema = device.profile().schema();
    let mut all = Vec::new();
    for site in present {
        let def = schema.def(site.id);
        let allowed = site::access(device, site.id);
        let uri = || site.uri.clone();
        if !allowed.contains(Access::GET) {
            all.extend([Operation::Get(uri()), Operation::List(uri(), Leaves::Bare)]);
        }
        if !allowed.contains(Access::ADD) {
            all.push(Operation::Add(uri(), Given::default()));
        }
        if !allowed.contains(Access::REPLACE) {
            all.push(Operation::Replace(uri(), Given::default()));
        }
        if !allowed.contains(Access::DELETE) || site::is_permanent(def) {
            all.push(Operation::Delete(uri(), Transaction::Atomic));
        }
        if !allowed.contains(Access::EXEC) {
            all.push(Operation::Exec(uri()));
        }
        let Some(id) = schema.dynamic_child(site.id) else { continue };
        if !device.profile().applies(id) || site::access(device, id).contains(Access::ADD) {
            continue;
        }
        let names = names
            .iter()
            .filter(|name| site::is_free(device, site, id, name) && site::takes(device, id, name));
        all.extend(names.map(|name| Operation::Add(site.uri.child(name), Given::default())));
    }
    all
}

/// What nobody has, beside what is there: no description, a name that cannot be, no room, another Windows.
fn beside(
    device: &Device,
    present: &[Site],
    names: &[String],
) -> (Vec<Operation>, Vec<Operation>, Vec<Operation>, Vec<Operation>) {
    let schema = device.profile().schema();
    let (mut absent, mut unnameable, mut full, mut inapplicable) = (vec![], vec![], vec![], vec![]);
    for site in present {
        for id in schema.fixed_children(site.id).filter(|id| !device.profile().applies(*id)) {
            let name = schema.def(id).name.as_deref().unwrap_or_default();
            inapplicable.extend(every_kind(&site.uri.child(name)));
        }
        let free = schema.dynamic_child(site.id);
        if free.is_some_and(|id| !device.profile().applies(id)) {
            continue;
        }
        for name in names {
            let uri = site.uri.child(name);
            match schema.child(site.id, name) {
                None => absent.extend(every_kind(&uri)),
                Some(id) if Some(id) == free && !site::takes(device, id, name) => {
                    absent.extend(
                        every_kind(&uri).into_iter().filter(|kind| !matches!(kind, Operation::Add(..))),
                    );
                    unnameable.push(Operation::Add(uri, Given::default()));
                }
                Some(id) if Some(id) == free => {
                    let def = schema.def(id);
                    let is_full =
                        site::most(def).is_some_and(|most| site::instances(device, site, id) >= most);
                    let may_add = site::access(device, id).contains(Access::ADD);
                    if is_full && may_add && def.is_interior() && !site::exists(device, &uri) {
                        let given = Given { transaction: transaction(def), ..Given::default() };
                        full.push(Operation::Add(uri, given));
                    }
                }
                Some(_) => {}
            }
        }
    }
    (absent, unnameable, full, inapplicable)
}

fn every_kind(uri: &crate::LocUri) -> [Operation; 6] {
    [
        Operation::Get(uri.clone()),
        Operation::List(uri.clone(), Leaves::Bare),
        Operation::Add(uri.clone(), Given::default()),
        Operation::Replace(uri.clone(), Given::default()),
        Operation::Delete(uri.clone(), Transaction::Atomic),
        Operation::Exec(uri.clone()),
    ]
}

fn outside_atomic(writes: &Writes<'_>, present: &[Site]) -> Vec<Operation> {
    let schema = writes.device.profile().schema();
    let alone = |operation: Operation| match operation {
        Operation::Add(uri, given) => Operation::Add(uri, Given { transaction: Transaction::None, ..given }),
        Operation::Replace(uri, given) => {
            Operation::Replace(uri, Given { transaction: Transaction::None, ..given })
        }
        other @ (Operation::Get(_) | Operation::List(..) | Operation::Delete(..) | Operation::Exec(_)) => {
            other
        }
    };
    // A text is a value of these formats, and so is nothing.
    let fits = |def: &Def| match def.properties.format {
        Format::Node | Format::Null | Format::Bin | Format::Chr | Format::Xml => {
            disallowed(&def.properties).is_empty()
        }
        Format::B64 | Format::Bool | Format::Date | Format::Float | Format::Int | Format::Time => false,
    };
    let written = writes.each(&|_, def| {
        if site::needs_atomic(def) && fits(def) { vec![Given::default()] } else { Vec::new() }
    });
    let deleted = present.iter().filter(|site| {
        let def = schema.def(site.id);
        let may = site::access(writes.device, site.id).contains(Access::DELETE) && !site::is_permanent(def);
        may && site::needs_atomic(def)
    });
    let deletes = deleted.map(|site| Operation::Delete(site.uri.clone(), Transaction::None));
    written.into_iter().map(alone).chain(deletes).collect()
}
