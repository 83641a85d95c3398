//! What devices of one file share: the file, the schema it mounts, the updates it knows, and the state a device
//! starts in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::catalog::Catalog;
use super::file::{DeviceFile, InitialState, UpdateEntry};
use super::{Device, Registry, Scalar};
use crate::agent::site::{Site, check_run_time};
use crate::agent::{Agent, Check, Content, Failure, Fault, Record, UpdateClass, UpdateId, UpdateState};
use crate::csp::policy::Policy;
use crate::csp::stored::{Kept, Key, MountId, Stored};
use crate::csp::{
    Csp, devdetail, devinfo, dmacc, dmclient, manageability, nodecache, policy, reboot, update,
};
use crate::schema::{self, NodeId, OsVersion, Schema, Warning, builtin, ddf};
use crate::tree::{Setting, Transaction};
use crate::units::Instant;
use crate::uri::UriScope;
use crate::{LocUri, TreeError};

/// What devices of one file share.
#[derive(Debug)]
pub struct Profile {
    file: DeviceFile,
    schema: Schema,
    /// What else is known of each node, by its number.
    nodes: Vec<NodeFacts>,
    catalog: Catalog,
    site: Site,
    mounts: Vec<Mount>,
    sync_application_version: Option<NodeId>,
    start: Start,
}

/// What a profile knows of a node beside its description.
#[derive(Debug, Clone, Copy)]
struct NodeFacts {
    /// Who acts for it; nobody for the places above the CSPs.
    csp: Csp,
    /// Whether this edition and version of Windows has it.
    applies: bool,
}

/// The parts of a device whose clock has not moved.
#[derive(Debug, Default)]
pub(super) struct Start {
    pub(super) agent: Arc<Agent>,
    pub(super) policy: Arc<Policy>,
    pub(super) registry: Arc<Registry>,
    pub(super) stored: BTreeMap<MountId, Arc<Stored>>,
}

/// A description that the file mounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Mount {
    /// The address of every node that it added.
    pub added: Vec<String>,
    /// What its reader found odd.
    pub warnings: Vec<Warning>,
}

/// A value of a device file that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct ProfileError {
    /// The value, as a path: `update[1].revision`.
    pub path: String,
    /// What is wrong, and what is allowed.
    pub what: String,
}

impl Profile {
    /// Checks a file and makes what its devices share.
    ///
    /// # Errors
    /// The first value that makes no sense.
    ///
    /// # Panics
    /// Never.
    pub fn new(file: DeviceFile) -> Result<Self, ProfileError> {
        let (mut schema, mut csps) = builtin_schema(&file);
        let mut stored = BTreeMap::from([(MountId::BUILTIN, Arc::default())]);
        let mut mounts = Vec::new();
        for (index, text) in file.ddf.iter().enumerate() {
            let fail = |what: String| ProfileError { path: format!("ddf[{index}]"), what };
            let description = ddf::read(text).map_err(|error| fail(error.to_string()))?;
            let number = u16::try_from(index + 1).map_err(|_| fail("too many descriptions".to_owned()))?;
            let mounted = schema.mount(&description.roots).map_err(|error| fail(error.to_string()))?;
            csps.extend(mounted.described.into_iter().map(|id| (id, Csp::Stored(MountId(number)))));
            mounts.push(Mount { added: mounted.added, warnings: description.warnings });
            stored.insert(MountId(number), Arc::default());
        }
        file.account.check()?;
        stored.insert(MountId::BUILTIN, Arc::new(account(&schema, &file)));
        let nodes = node_facts(&schema, &csps, &file);
        let catalog = Catalog::new(&file)?;
        let agent = agent(&file)?;
        let sync_application_version =
            find(&schema, &["Vendor", "MSFT", "DMClient", "Provider", "", "SyncApplicationVersion"]);
        check_faults(&file.fault)?;
        let site = file.site();
        site.check()?;
        let profile = Self {
            schema,
            nodes,
            catalog,
            mounts,
            sync_application_version,
            start: Start {
                agent: Arc::new(agent),
                policy: Arc::default(),
                registry: Arc::new(registry(&file)),
                stored,
            },
            site,
            file,
        };
        profile.with_policies()
    }

    /// The file.
    #[must_use]
    pub const fn file(&self) -> &DeviceFile {
        &self.file
    }

    /// What stands around a device of the profile.
    #[must_use]
    pub const fn site(&self) -> &Site {
        &self.site
    }

    /// Every node that a device of the profile can have.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The version of Windows that a device starts with: the file's, or a later one that an installed update has
    /// brought.
    #[must_use]
    pub fn os(&self) -> OsVersion {
        os(&self.file)
    }

    /// Who acts for a node.
    pub(crate) fn csp(&self, node: NodeId) -> Csp {
        self.nodes.get(node.index()).map_or(Csp::Interior, |facts| facts.csp)
    }

    /// An update that the services can offer.
    #[must_use]
    pub fn update(&self, id: UpdateId) -> Option<&UpdateEntry> {
        self.catalog.entries().get(self.catalog.index_of(id)?)
    }

    /// Every update that the services can offer, in the file's order; those of its series come after.
    #[must_use]
    pub fn catalog(&self) -> &[UpdateEntry] {
        self.catalog.entries()
    }

    /// Where an update stands in the [`catalog`](Self::catalog).
    pub(crate) fn index_of(&self, id: UpdateId) -> Option<usize> {
        self.catalog.index_of(id)
    }

    /// Where the updates stand that take the place of the one at `index`.
    pub(crate) fn successors(&self, index: usize) -> &[usize] {
        self.catalog.successors(index)
    }

    /// Where the updates stand that need the one at `index`.
    pub(crate) fn dependents(&self, index: usize) -> &[usize] {
        self.catalog.dependents(index)
    }

    /// Whether any update takes the place of another.
    pub(crate) fn supersedes_any(&self) -> bool {
        self.catalog.supersedes_any()
    }

    /// Where every update stands, those before which take the place of others.
    pub(crate) fn newest_first(&self) -> &[usize] {
        self.catalog.newest_first()
    }

    /// The descriptions that the file mounts, in its order.
    #[must_use]
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// Whether this edition and version of Windows has the node.
    #[must_use]
    pub fn applies(&self, node: NodeId) -> bool {
        self.nodes.get(node.index()).is_none_or(|facts| facts.applies)
    }

    pub(crate) const fn sync_application_version(&self) -> Option<NodeId> {
        self.sync_application_version
    }

    pub(super) const fn start(&self) -> &Start {
        &self.start
    }

    /// Writes the file's policies as a server would, so that the same rules hold.
    fn with_policies(self) -> Result<Self, ProfileError> {
        let mut device = Device::new(Arc::new(self));
        let policies = device.profile.file.policy.clone();
        for (area, policies) in &policies {
            for (name, value) in policies {
                set_policy(&mut device, area, name, value)?;
            }
        }
        let Device { profile, policy, stored, .. } = device;
        let profile = Arc::into_inner(profile).expect("the device was the only one of its profile");
        Ok(Self { start: Start { policy, stored, ..profile.start }, ..profile })
    }
}

impl PartialEq for Profile {
    /// Everything else follows from the file. Which device it describes is the device's own.
    fn eq(&self, other: &Self) -> bool {
        self.file.clone().split().0 == other.file.clone().split().0
    }
}

/// The built-in CSPs, mounted, and who acts for their nodes.
fn builtin_schema(file: &DeviceFile) -> (Schema, BTreeMap<NodeId, Csp>) {
    let mut schema = Schema::new();
    let mut csps = BTreeMap::new();
    let mut mount = |roots: &[schema::Node], csp: &dyn Fn(&[&str]) -> Option<Csp>| {
        let mounted = schema.mount(roots).expect("a built-in description has its place");
        for id in mounted.described {
            let names: Vec<_> = schema
                .path(id)
                .iter()
                .map(|id| schema.def(*id).name.as_deref().unwrap_or_default())
                .collect();
            // What a CSP knows are the names below its place.
            let names = names
                .strip_prefix(&[".", "Vendor", "MSFT"])
                .or(names.strip_prefix(&["User", "Vendor", "MSFT"]))
                .or(names.strip_prefix(&["."]))
                .unwrap_or_default();
            csps.extend(csp(names).map(|csp| (id, csp)));
        }
    };
    mount(builtin::dev_info(), &|names| devinfo::Node::at(names).map(Csp::DevInfo));
    mount(builtin::dev_detail(), &|names| devdetail::Node::at(names).map(Csp::DevDetail));
    mount(builtin::update(file.schema), &|names| update::Node::at(names).map(Csp::Update));
    mount(builtin::policy(), &|names| policy::Node::at(names).map(Csp::Policy));
    mount(builtin::device_manageability(), &|names| manageability::Node::at(names).map(Csp::Manageability));
    mount(builtin::dm_acc(), &|_| Some(Csp::Stored(MountId::BUILTIN)));
    mount(builtin::dm_client(), &|names| {
        Some(dmclient::Node::at(names).map_or(Csp::Stored(MountId::BUILTIN), Csp::DmClient))
    });
    mount(builtin::node_cache(), &|names| {
        Some(nodecache::Node::at(names).map_or(Csp::Stored(MountId::BUILTIN), Csp::NodeCache))
    });
    mount(builtin::reboot(), &|names| reboot::Node::at(names).map(Csp::Reboot));
    (schema, csps)
}

/// What the account of the file is in the tree.
fn account(schema: &Schema, file: &DeviceFile) -> Stored {
    let mut stored = Stored::default();
    for Kept { path, value } in dmacc::nodes(&file.account).into_iter().chain(dmclient::nodes(&file.account))
    {
        if let Some(key) = Key::at(schema, UriScope::Device, path.iter().map(String::as_str)) {
            stored.insert(key, value);
        }
    }
    stored
}

/// The registry that a device starts with. A Group Policy of the domain is applied before anything else happens.
fn registry(file: &DeviceFile) -> Registry {
    let mut registry: Registry = file.registry.clone().into_iter().collect();
    let domain = file.configmgr.as_ref().and_then(|configmgr| configmgr.domain_policy.as_deref());
    if let Some(server) = domain {
        registry.name_wsus(server, None);
    }
    registry
}

/// The version of Windows that a device of the file starts with.
fn os(file: &DeviceFile) -> OsVersion {
    let installed = file.update.iter().filter(|entry| entry.state == InitialState::Installed);
    running(file.device.os, installed)
}

/// The version of Windows that runs when these updates are in: the latest of the feature updates, and of the others those
/// for the same build.
pub(crate) fn running<'e>(
    base: OsVersion,
    installed: impl Iterator<Item = &'e UpdateEntry> + Clone,
) -> OsVersion {
    let brought = |is_feature: bool| {
        let entries =
            installed.clone().filter(move |entry| (entry.class() == UpdateClass::Feature) == is_feature);
        entries.filter_map(|entry| entry.os)
    };
    let base = brought(true).fold(base, Ord::max);
    brought(false).filter(|brings| brings.build == base.build).fold(base, Ord::max)
}

fn node_facts(schema: &Schema, csps: &BTreeMap<NodeId, Csp>, file: &DeviceFile) -> Vec<NodeFacts> {
    let (os, sku) = (os(file), Some(file.device.edition.sku()));
    let mut facts: Vec<NodeFacts> = Vec::new();
    // A node's number is higher than that of the node above: what is not there above is not there below.
    for id in schema.ids() {
        let def = schema.def(id);
        let msft = def.properties.msft.as_deref();
        let own = msft.and_then(|msft| msft.applicability.as_ref()).is_none_or(|rule| rule.applies(os, sku));
        let above = def.parent.and_then(|parent| facts.get(parent.index())).is_none_or(|facts| facts.applies);
        facts.push(NodeFacts { csp: csps.get(&id).copied().unwrap_or(Csp::Interior), applies: own && above });
    }
    facts
}

fn find(schema: &Schema, names: &[&str]) -> Option<NodeId> {
    names.iter().try_fold(schema.root(UriScope::Device), |at, name| schema.child(at, name))
}

fn set_policy(device: &mut Device, area: &str, name: &str, value: &Scalar) -> Result<(), ProfileError> {
    let fail = |what: String| ProfileError { path: format!("policy.{area}.{name}"), what };
    let base = LocUri::root().child("Vendor").child("MSFT").child("Policy").child("Config");
    let text = value.text();
    let setting = Setting { data: Some(&text), ..Setting::default() };
    let uri = base.child(area).child(name);
    let set = match device.add(&uri, setting, Transaction::Atomic) {
        Err(TreeError::AlreadyExists) => device.replace(&uri, setting, Transaction::Atomic),
        other => other,
    };
    set.map_err(|error| {
        fail(match error {
            TreeError::NotFound => "there is no such policy; more areas can be mounted with `ddf`".to_owned(),
            TreeError::BadValue { expected } => format!("`{text}` is no value of format {expected}"),
            TreeError::Disallowed { expected } => format!("`{text}` is not allowed: expected {expected}"),
            TreeError::NotApplicable => {
                "the `edition` and `os` of the device do not have this policy".to_owned()
            }
            other => other.to_string(),
        })
    })
}

fn agent(file: &DeviceFile) -> Result<Agent, ProfileError> {
    let is_later = |at: Option<Instant>| at.is_some_and(|at| at > file.clock);
    let later = |path: String| ProfileError {
        path,
        what: "is later than `clock`, where the device starts".to_owned(),
    };
    if is_later(file.last_scan) {
        return Err(later("last_scan".to_owned()));
    }
    if let Some(index) = file.approval.iter().position(|approval| is_later(approval.at)) {
        return Err(later(format!("approval[{index}].at")));
    }
    let records =
        file.update.iter().enumerate().map(|(index, entry)| Ok((entry.id, record(file, index, entry)?)));
    let records: Vec<_> = records.collect::<Result<_, ProfileError>>()?;
    let mut approvals = BTreeMap::new();
    for (index, approval) in file.approval.iter().enumerate() {
        let at = approval.at.unwrap_or(file.clock).0;
        if approvals.insert(approval.id, at).is_some() {
            let what = format!("{} is approved already", approval.id);
            return Err(ProfileError { path: format!("approval[{index}].id"), what });
        }
    }
    let mut records: Vec<_> = records.into_iter().filter_map(|(id, record)| Some((id, record?))).collect();
    // From sorted entries the map is built without gaps: that is most of a device's memory.
    records.sort_by_key(|(id, _)| *id);
    Ok(Agent {
        records: records.into_iter().collect(),
        approvals,
        last_scan: file.last_scan.map(|scan| scan.0),
        last_check: file.last_scan.map(|scan| Check { at: scan.0, succeeded: true }),
        ..Agent::default()
    })
}

/// The record that an update's entry asks for; `None` for one that no scan has found.
fn record(file: &DeviceFile, index: usize, entry: &UpdateEntry) -> Result<Option<Record>, ProfileError> {
    let fail = |key: &str, what: &str| ProfileError {
        path: format!("update[{index}].{key}"),
        what: what.to_owned(),
    };
    let has_failed = entry.state == InitialState::Failed;
    let is_in = matches!(entry.state, InitialState::PendingRestart | InitialState::Installed);
    if !has_failed && (entry.hresult.is_some() || entry.status.is_some()) {
        let key = if entry.hresult.is_some() { "hresult" } else { "status" };
        return Err(fail(key, "only an update whose `state` is `failed` has one"));
    }
    let at = match (is_in, entry.at) {
        (false, Some(_)) => {
            return Err(fail(
                "at",
                "only an update whose `state` is `pending-restart` or `installed` has one",
            ));
        }
        (true, None) => return Err(fail("at", "missing: since when the update is installed")),
        (_, at) => at.unwrap_or(file.clock).0,
    };
    if let Some(Err(what)) = entry.max_run_time.map(check_run_time) {
        return Err(fail("max_run_time", what));
    }
    if at > file.clock.0 {
        return Err(fail("at", "is later than `clock`, where the device starts"));
    }
    if is_in && entry.released.is_some_and(|released| released.0 > at) {
        return Err(fail("at", "is earlier than `released`: it cannot have been installed before"));
    }
    let is_known = entry.state != InitialState::NotOffered;
    if is_known && entry.released.is_some_and(|released| released > file.clock) {
        return Err(fail(
            "released",
            "is later than `clock`, where the device starts: only an update whose `state` is `not-offered` can be",
        ));
    }
    let record = |state| Record {
        revision: entry.revision,
        state,
        since: at,
        discovered: file.last_scan.map_or(at, |scan| scan.0.min(at)),
        content: Content::None,
        failure: None,
    };
    Ok(match entry.state {
        InitialState::NotOffered => None,
        InitialState::Installable => Some(record(UpdateState::NEW_UPDATE)),
        InitialState::PendingRestart => Some(record(UpdateState::REBOOT_REQUIRED)),
        InitialState::Installed => Some(record(UpdateState::UPDATE_COMPLETED)),
        InitialState::Failed => {
            let hresult =
                entry.hresult.ok_or_else(|| fail("hresult", "missing: the error of the failed update"))?;
            let expected =
                "expected a documented state (`DownloadFailed`, `InstallFailed`, `CommitFailed`, …) or 0";
            let state = match &entry.status {
                None => return Err(fail("status", &format!("missing: {expected}"))),
                Some(Scalar::Int(0)) => UpdateState::empty(),
                Some(Scalar::Text(name)) if name == "0" => UpdateState::empty(),
                Some(Scalar::Text(name)) => UpdateState::from_documented_name(name)
                    .ok_or_else(|| fail("status", &format!("`{name}` is not one: {expected}")))?,
                Some(other) => {
                    return Err(fail("status", &format!("`{}` is not one: {expected}", other.text())));
                }
            };
            // Where it stands now: the flag that failed, or ready to be tried again where that says nothing.
            let now = match state {
                UpdateState::DOWNLOAD_FAILED
                | UpdateState::DOWNLOAD_BLOCKED
                | UpdateState::INSTALL_FAILED
                | UpdateState::INSTALL_BLOCKED
                | UpdateState::COMMIT_FAILED => state,
                _ => UpdateState::NEW_UPDATE,
            };
            Some(Record { failure: Some(Failure { state, hresult }), ..record(now) })
        }
    })
}

/// # Errors
/// The first fault that makes no sense.
pub(crate) fn check_faults(faults: &[Fault]) -> Result<(), ProfileError> {
    const MOST: usize = 1_000;
    if faults.len() > MOST {
        let what = format!("more than {MOST} faults");
        return Err(ProfileError { path: format!("fault[{MOST}]"), what });
    }
    for (index, fault) in faults.iter().enumerate() {
        let fail = |key: &str, what: &str| ProfileError {
            path: format!("fault[{index}].{key}"),
            what: what.to_owned(),
        };
        if fault.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err(fail("probability", "expected a number from 0 to 1"));
        }
        if fault.until.is_some_and(|until| until <= fault.from.unwrap_or_default()) {
            return Err(fail("until", "is not later than `from`"));
        }
    }
    Ok(())
}
