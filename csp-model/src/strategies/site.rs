//! Where something can be done in a device's tree: the nodes that are there, and those that may be added.
//!
//! Worked out from the schema's rules apart from the gate, so that the two can be held against each other.

use crate::tree::Leaves;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::update::update_id;
use super::uri::name;
use crate::agent::UpdateId;
use crate::csp::{Csp, nodecache, policy, reboot, update};
use crate::device::RevokeApproval;
use crate::schema::builtin::Edition;
use crate::schema::{Def, NodeId, Occurrence, Scope};
use crate::{Access, Device, LocUri, TreeError};

/// A node of a device, or one that it could have.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) uri: LocUri,
    pub(super) id: NodeId,
}

/// Names for free nodes: random ones, and one for every pattern that the strategies of descriptions know.
pub(super) fn names() -> impl Strategy<Value = Vec<String>> {
    let guid = (update_id(), 0_u8..4).prop_map(|(id, form)| match form {
        0 => format!("{{{id}}}"),
        1 => id.to_string().to_uppercase(),
        _ => id.to_string(),
    });
    let fixed = select(vec!["a", "b", "7", "{01234567}", "xyx"]).prop_map(str::to_owned);
    (vec(name(), 3), guid, fixed).prop_map(|(mut names, guid, fixed)| {
        names.extend([guid, fixed]);
        names
    })
}

/// Every node that the device has, both trees.
pub(super) fn present(device: &Device) -> Vec<Site> {
    let schema = device.profile().schema();
    let mut sites = Vec::new();
    for scope in ["./Device", "./User"] {
        let root = LocUri::parse(scope).expect("an address");
        for listed in device.list(&root, Leaves::Bare).expect("the root can be listed") {
            let uri = LocUri::parse(&format!("{scope}{}", listed.below)).expect("listed names are escaped");
            let id = uri.segments().try_fold(schema.root(uri.scope()), |at, name| schema.child(at, name));
            sites.push(Site { id: id.expect("what is listed is described"), uri });
        }
    }
    sites
}

/// Every node that may be added, with names for free nodes from `names`; also two and three levels below what is
/// there, since missing nodes on the way come into being.
pub(super) fn addable(device: &Device, present: &[Site], names: &[String]) -> Vec<Site> {
    let mut found = Vec::new();
    for site in present {
        add_below(device, site, true, names, 3, &mut found);
    }
    found
}

fn add_below(
    device: &Device,
    parent: &Site,
    is_present: bool,
    names: &[String],
    depth: u8,
    found: &mut Vec<Site>,
) {
    let schema = device.profile().schema();
    if depth == 0 {
        return;
    }
    for id in schema.fixed_children(parent.id) {
        let def = schema.def(id);
        let Some(name) = def.name.as_deref().filter(|_| device.profile().applies(id)) else { continue };
        let site = Site { uri: parent.uri.child(name), id };
        let comes_along = def.comes_with_parent();
        if comes_along && !is_present {
            add_below(device, &site, false, names, depth - 1, found);
        }
        if !comes_along && access(device, id).contains(Access::ADD) && !exists(device, &site.uri) {
            add_below(device, &site, false, names, depth - 1, found);
            found.push(site);
        }
    }
    let Some(id) = schema.dynamic_child(parent.id) else { return };
    let def = schema.def(id);
    let has_room = most(def).is_none_or(|most| instances(device, parent, id) < most);
    if !access(device, id).contains(Access::ADD) || !device.profile().applies(id) || !has_room {
        return;
    }
    for name in names {
        let site = Site { uri: parent.uri.child(name), id };
        if is_free(device, parent, id, name) && takes(device, id, name) && !exists(device, &site.uri) {
            add_below(device, &site, false, names, depth - 1, found);
            found.push(site);
        }
    }
}

/// The nodes that are there whenever the one above is, were never given a value, and can be given one by an Add.
pub(super) fn to_be_given(device: &Device, present: &[Site]) -> Vec<Site> {
    let kept = device.state().stored;
    let is_one = |site: &&Site| {
        let def = device.profile().schema().def(site.id);
        let keeps = matches!(
            device.profile().csp(site.id),
            Csp::Stored(_)
                | Csp::DmClient(_)
                | Csp::NodeCache(nodecache::Node::ExpectedValue)
                | Csp::Reboot(_)
        );
        let comes_along = def.comes_with_parent() && def.properties.scope == Scope::Dynamic;
        let may_add = access(device, site.id).contains(Access::ADD);
        keeps && comes_along && may_add && !kept.contains_key(&site.uri.to_string())
    };
    present.iter().filter(is_one).cloned().collect()
}

/// Values of a schedule of restarts: ones that it takes, and ones that it does not. `None` for every other node.
pub(super) fn schedules(device: &Device, id: NodeId) -> Option<(Vec<&'static str>, Vec<&'static str>)> {
    let Csp::Reboot(node) = device.profile().csp(id) else { return None };
    let other = match node {
        reboot::Node::DailyRecurrent => Some("./Vendor/MSFT/Reboot/Schedule/WeeklyRecurrent"),
        reboot::Node::WeeklyRecurrent => Some("./Vendor/MSFT/Reboot/Schedule/DailyRecurrent"),
        reboot::Node::Single => None,
        reboot::Node::RebootNow => return None,
    };
    let times = ["2024-05-01T03:00:00Z", "2024-05-01T03:00:00", "20240501T030000Z"];
    let none = ["", "  "];
    let never = ["0", "x", "2024-05-01"];
    if other.is_some_and(|other| device.state().stored.contains_key(other)) {
        return Some((none.to_vec(), [&times[..], &never].concat()));
    }
    Some(([&times[..], &none].concat(), never.to_vec()))
}

/// What may be done to a node: its own access, Add and Delete of the permanent node above a free one, and the device
/// file's word on approvals.
pub(super) fn access(device: &Device, id: NodeId) -> Access {
    let schema = device.profile().schema();
    let def = schema.def(id);
    let above = match def.parent.map(|parent| schema.def(parent)) {
        Some(parent) if def.name.is_none() && parent.comes_with_parent() => parent.properties.access,
        Some(_) | None => Access::empty(),
    };
    let all = def.properties.access | (above & (Access::ADD | Access::DELETE));
    let file = device.profile().file();
    let keeps = match (file.revoke_approval, file.schema) {
        (Some(RevokeApproval::Refused), _) | (None, Edition::V2023) => true,
        (Some(RevokeApproval::Allowed), _) | (None, Edition::V1803) => false,
    };
    if device.profile().csp(id) == Csp::Update(update::Node::Approval) && keeps {
        all - Access::DELETE
    } else {
        all
    }
}

/// Whether a node of that description can go.
pub(super) fn is_permanent(def: &Def) -> bool {
    def.properties.scope == Scope::Permanent && def.comes_with_parent()
}

/// Whether a Replace makes the node when it is not there.
pub(super) fn replace_adds(device: &Device, id: NodeId) -> bool {
    device.profile().csp(id) == Csp::Policy(policy::Node::Config)
}

/// Whether a write must stand in an Atomic.
pub(super) fn needs_atomic(def: &Def) -> bool {
    def.properties.msft.as_ref().is_some_and(|msft| msft.atomic_required)
}

/// Whether `name` below `parent` means the free node `id`.
pub(super) fn is_free(device: &Device, parent: &Site, id: NodeId, name: &str) -> bool {
    device.profile().schema().child(parent.id, name) == Some(id)
}

/// Whether a free node may have that name.
pub(super) fn takes(device: &Device, id: NodeId, name: &str) -> bool {
    let def = device.profile().schema().def(id);
    let msft = def.properties.msft.as_deref();
    match device.profile().csp(id) {
        Csp::Update(_) => UpdateId::parse(name).is_some(),
        Csp::Stored(_) if def.is_interior() => msft.is_none_or(|msft| msft.check_name(name).is_ok()),
        Csp::Stored(_) => {
            msft.and_then(|msft| msft.naming.as_ref()).is_none_or(|naming| naming.accepts(name))
        }
        Csp::Interior
        | Csp::DevDetail(_)
        | Csp::DevInfo(_)
        | Csp::DmClient(_)
        | Csp::Manageability(_)
        | Csp::NodeCache(_)
        | Csp::Policy(_)
        | Csp::Reboot(_) => false,
    }
}

/// How many nodes of that description there may be below one.
pub(super) const fn most(def: &Def) -> Option<usize> {
    match def.properties.occurrence {
        Occurrence::ZeroOrN(most) | Occurrence::OneOrN(most) => Some(most as usize),
        Occurrence::One | Occurrence::ZeroOrOne | Occurrence::ZeroOrMore | Occurrence::OneOrMore => None,
    }
}

/// How many nodes of the free node `id` there are below `parent`.
pub(super) fn instances(device: &Device, parent: &Site, id: NodeId) -> usize {
    let schema = device.profile().schema();
    let depth = parent.uri.segments().len() + 1;
    let listed = present(device).into_iter();
    listed
        .filter(|site| site.id == id && site.uri.segments().len() == depth)
        .filter(|site| schema.def(site.id).parent == Some(parent.id))
        .filter(|site| site.uri.segments().zip(parent.uri.segments()).all(|(one, other)| one == other))
        .count()
}

pub(super) fn exists(device: &Device, uri: &LocUri) -> bool {
    !matches!(device.list(uri, Leaves::Bare), Err(TreeError::NotFound))
}
