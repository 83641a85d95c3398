//! The CSPs behind the gate: one file each, and the one place that sends a call to the right one.
//!
//! The gate has already checked that a command may be done; what remains is what only the CSP knows: which
//! instances there are, what a node says, and what a write changes.

pub mod devdetail;
pub mod devinfo;
pub mod dmacc;
pub mod dmclient;
pub mod manageability;
pub mod nodecache;
pub mod policy;
pub mod reboot;
pub mod stored;
pub mod update;

use std::cell::OnceCell;

use smallvec::SmallVec;

use crate::agent::UpdateId;
use crate::schema::NodeId;
use crate::tree::{Effect, TreeError};
use crate::{Access, Device, Value};
use stored::MountId;

/// Who acts for a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Csp {
    /// Nobody: a node above the CSPs.
    Interior,
    /// `./DevDetail`
    DevDetail(devdetail::Node),
    /// `./DevInfo`
    DevInfo(devinfo::Node),
    /// `./Vendor/MSFT/DMClient`, the nodes that do more than keep a value.
    DmClient(dmclient::Node),
    /// `./Vendor/MSFT/DeviceManageability`
    Manageability(manageability::Node),
    /// `./Vendor/MSFT/NodeCache`, the nodes that do more than keep a value.
    NodeCache(nodecache::Node),
    /// `./Vendor/MSFT/Policy`, the areas that the device acts on.
    Policy(policy::Node),
    /// `./Vendor/MSFT/Reboot`
    Reboot(reboot::Node),
    /// Any CSP that keeps what it is given.
    Stored(MountId),
    /// `./Vendor/MSFT/Update`
    Update(update::Node),
}

/// A node of one device: which node, and the names of the free ones on the way to it, itself included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address<'a> {
    /// The node.
    pub node: NodeId,
    /// The names, from the root down.
    pub names: Names<'a>,
}

/// The free names on the way to a node.
pub(crate) type Names<'a> = SmallVec<[Name<'a>; 4]>;

/// A name that was chosen. Read as a GUID, it is so read once.
#[derive(Debug, Clone)]
pub struct Name<'a> {
    text: &'a str,
    update: OnceCell<Option<UpdateId>>,
}

impl<'a> Name<'a> {
    /// The name `text`.
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, update: OnceCell::new() }
    }

    /// The characters.
    pub(crate) const fn text(&self) -> &'a str {
        self.text
    }

    /// The update or classification of that name.
    pub(crate) fn update(&self) -> Option<UpdateId> {
        *self.update.get_or_init(|| UpdateId::parse(self.text))
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Name<'_> {}

impl<'a> Address<'a> {
    /// The address of the node below this one; `name` only where it is free.
    #[must_use]
    pub(crate) fn below(&self, node: NodeId, name: Option<&'a str>) -> Self {
        let mut names = self.names.clone();
        names.extend(name.map(Name::new));
        Self { node, names }
    }

    /// The name that was chosen last.
    pub(crate) fn name(&self) -> Option<&Name<'a>> {
        self.names.last()
    }
}

impl Csp {
    /// Whose part of the device keeps what the node is given, where nodes are kept.
    pub(crate) const fn mount(self) -> Option<MountId> {
        match self {
            Self::Stored(mount) => Some(mount),
            Self::DmClient(_) | Self::NodeCache(_) | Self::Reboot(_) => Some(MountId::BUILTIN),
            Self::Interior
            | Self::DevDetail(_)
            | Self::DevInfo(_)
            | Self::Manageability(_)
            | Self::Policy(_)
            | Self::Update(_) => None,
        }
    }

    /// What may be done to the node, where the CSP deviates from its description.
    pub(crate) fn access(self, device: &Device, described: Access) -> Access {
        match self {
            Self::Update(node) => update::access(device, node, described),
            Self::Interior
            | Self::DevDetail(_)
            | Self::DevInfo(_)
            | Self::Manageability(_)
            | Self::DmClient(_)
            | Self::NodeCache(_)
            | Self::Policy(_)
            | Self::Reboot(_)
            | Self::Stored(_) => described,
        }
    }

    /// Whether an instance of the node can have that name.
    pub(crate) fn takes_name(self, device: &Device, node: NodeId, name: &Name<'_>) -> bool {
        match self {
            Self::Stored(_) => stored::takes_name(device, node, name.text()),
            Self::Update(_) => name.update().is_some(),
            Self::Interior
            | Self::DevDetail(_)
            | Self::DevInfo(_)
            | Self::DmClient(_)
            | Self::Manageability(_)
            | Self::NodeCache(_)
            | Self::Policy(_)
            | Self::Reboot(_) => true,
        }
    }

    /// Whether it acts for `ApprovedUpdates/{guid}`.
    pub(crate) fn is_approval(self) -> bool {
        self == Self::Update(update::Node::Approval)
    }

    /// The name that an instance is listed by, however it was written.
    pub(crate) fn listed_name(self, name: &Name<'_>) -> String {
        match self {
            Self::Update(_) => name.update().map_or_else(|| name.text().to_owned(), |id| id.to_string()),
            Self::Interior
            | Self::DevDetail(_)
            | Self::DevInfo(_)
            | Self::Manageability(_)
            | Self::DmClient(_)
            | Self::NodeCache(_)
            | Self::Policy(_)
            | Self::Reboot(_)
            | Self::Stored(_) => name.text().to_owned(),
        }
    }

    /// Whether a node that need not be there is.
    pub(crate) fn exists(self, device: &Device, address: &Address<'_>) -> bool {
        match self {
            Self::Policy(node) => policy::read(device, node, address.node).is_some(),
            Self::Stored(mount) => stored::exists(device, mount, address),
            Self::Update(node) => update::exists(device, node, address),
            Self::DmClient(node) => dmclient::exists(device, node, address),
            Self::Interior
            | Self::DevDetail(_)
            | Self::DevInfo(_)
            | Self::Manageability(_)
            | Self::NodeCache(_)
            | Self::Reboot(_) => true,
        }
    }

    /// Whether a node that is there whenever the one above is was ever given a value; only of one that keeps its value
    /// can it be said.
    pub(crate) fn is_given(self, device: &Device, address: &Address<'_>) -> bool {
        self.mount().is_none_or(|mount| stored::exists(device, mount, address))
    }

    /// Whether the CSP takes a value that its description allows.
    ///
    /// # Errors
    /// What it expects instead.
    pub(crate) fn check(
        self,
        device: &Device,
        address: &Address<'_>,
        value: &Value,
    ) -> Result<(), TreeError> {
        match self {
            Self::DmClient(node) => dmclient::check(device, node, address, value),
            Self::Reboot(node) => reboot::check(device, node, value),
            Self::Interior
            | Self::DevDetail(_)
            | Self::DevInfo(_)
            | Self::Manageability(_)
            | Self::NodeCache(_)
            | Self::Policy(_)
            | Self::Stored(_)
            | Self::Update(_) => Ok(()),
        }
    }

    /// What a value means that came with that media type.
    pub(crate) fn meant(self, value: Value, media_type: Option<&str>) -> Value {
        match self {
            Self::NodeCache(node) => nodecache::meant(node, value, media_type),
            Self::Interior
            | Self::DevDetail(_)
            | Self::DevInfo(_)
            | Self::DmClient(_)
            | Self::Manageability(_)
            | Self::Policy(_)
            | Self::Reboot(_)
            | Self::Stored(_)
            | Self::Update(_) => value,
        }
    }

    /// The media type of a leaf's value, where it is not the one of its description.
    pub(crate) fn media_type(self, device: &Device, address: &Address<'_>) -> Option<&'static str> {
        match self {
            Self::NodeCache(node) => nodecache::media_type(device, node, address),
            Self::Interior
            | Self::DevDetail(_)
            | Self::DevInfo(_)
            | Self::DmClient(_)
            | Self::Manageability(_)
            | Self::Policy(_)
            | Self::Reboot(_)
            | Self::Stored(_)
            | Self::Update(_) => None,
        }
    }

    /// Shows every instance of the free node `node` below `parent` by its name, in order.
    pub(crate) fn each_instance(
        self,
        device: &Device,
        parent: &Address<'_>,
        node: NodeId,
        visit: &mut dyn FnMut(&str),
    ) {
        match self {
            Self::Stored(mount) => stored::each_instance(device, mount, parent, node, visit),
            Self::Update(node) => update::each_instance(device, node, visit),
            Self::Interior
            | Self::DevDetail(_)
            | Self::DevInfo(_)
            | Self::DmClient(_)
            | Self::Manageability(_)
            | Self::NodeCache(_)
            | Self::Policy(_)
            | Self::Reboot(_) => {}
        }
    }

    /// The value of a leaf that exists.
    pub(crate) fn read(self, device: &Device, address: &Address<'_>) -> Option<Value> {
        match self {
            Self::Interior => None,
            Self::DevDetail(node) => Some(devdetail::read(device, node)),
            Self::DevInfo(node) => Some(devinfo::read(device, node)),
            Self::DmClient(node) => dmclient::read(device, node, address),
            Self::Manageability(node) => Some(manageability::read(device, node)),
            Self::NodeCache(node) => nodecache::read(device, node, address),
            Self::Reboot(node) => reboot::read(device, node, address),
            Self::Policy(node) => policy::read(device, node, address.node),
            Self::Stored(mount) => stored::read(device, mount, address),
            Self::Update(node) => update::read(device, node, address),
        }
    }

    /// Creates or changes a node. `None` makes an interior one.
    pub(crate) fn write(
        self,
        device: &mut Device,
        address: &Address<'_>,
        value: Option<Value>,
    ) -> Result<(), TreeError> {
        match self {
            Self::DevDetail(node) => devdetail::write(device, node, value),
            Self::DmClient(node) => dmclient::write(device, node, address, value),
            Self::NodeCache(node) => nodecache::write(device, node, address, value),
            Self::Policy(_) => policy::write(device, address.node, value),
            Self::Reboot(_) => reboot::write(device, address, value),
            Self::Stored(mount) => stored::write(device, mount, address, value),
            Self::Update(node) => update::write(device, node, address),
            Self::Interior | Self::DevInfo(_) | Self::Manageability(_) => {
                return Err(TreeError::not_allowed(Access::REPLACE, Access::GET));
            }
        }
        Ok(())
    }

    /// Takes away a node and everything below it, what other CSPs keep there included.
    pub(crate) fn remove(self, device: &mut Device, address: &Address<'_>) {
        match self {
            Self::Policy(_) => policy::remove(device, address.node),
            Self::Update(_) => update::remove(device, address),
            // Kept below, or permanent: the gate refuses those before.
            Self::Stored(_)
            | Self::Interior
            | Self::DevDetail(_)
            | Self::DevInfo(_)
            | Self::DmClient(_)
            | Self::Manageability(_)
            | Self::NodeCache(_)
            | Self::Reboot(_) => {}
        }
        stored::remove(device, address);
    }

    /// Runs a node.
    pub(crate) fn exec(self, device: &mut Device, address: &Address<'_>) -> Result<Effect, TreeError> {
        match self {
            Self::DmClient(node) => dmclient::exec(device, node, address),
            Self::Reboot(node) => reboot::exec(node),
            Self::Update(node) => update::exec(device, node),
            Self::Stored(_) => Ok(Effect::Executed),
            Self::Interior
            | Self::DevDetail(_)
            | Self::DevInfo(_)
            | Self::Manageability(_)
            | Self::NodeCache(_)
            | Self::Policy(_) => Err(TreeError::not_allowed(Access::EXEC, Access::GET)),
        }
    }
}
