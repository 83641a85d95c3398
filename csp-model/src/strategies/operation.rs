//! What a server may ask of a device, as a value.

use crate::tree::{Effect, Leaves, Listed, Reading, Setting, Transaction};
use crate::{Device, LocUri, TreeError};

/// A command on the tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Reads a node.
    Get(LocUri),
    /// Lists a node and everything below it, with the values of the leaves if so said.
    List(LocUri, Leaves),
    /// Adds a node.
    Add(LocUri, Given),
    /// Changes a node.
    Replace(LocUri, Given),
    /// Takes away a node.
    Delete(LocUri, Transaction),
    /// Runs a node.
    Exec(LocUri),
}

/// What an Add or a Replace says besides the address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Given {
    /// The Format.
    pub format: Option<String>,
    /// The Data.
    pub data: Option<String>,
    /// Whether the command stands in an Atomic.
    pub transaction: Transaction,
}

/// What an operation has given.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// What was read.
    Read(Reading),
    /// What was listed.
    Listed(Vec<Listed>),
    /// The tree is changed.
    Changed,
    /// What running a node has set in motion.
    Ran(Effect),
}

impl Operation {
    /// Does it.
    ///
    /// ```
    /// use csp_model::strategies::{Operation, Outcome};
    /// use csp_model::{Device, LocUri};
    ///
    /// let operation = Operation::Get(LocUri::parse("./DevInfo/Man").expect("an address"));
    /// assert!(matches!(operation.apply(&mut Device::builtin()), Ok(Outcome::Read(_))));
    /// ```
    ///
    /// # Errors
    /// What the device refuses.
    pub fn apply(&self, device: &mut Device) -> Result<Outcome, TreeError> {
        match self {
            Self::Get(uri) => device.get(uri).map(Outcome::Read),
            Self::List(uri, leaves) => device.list(uri, *leaves).map(Outcome::Listed),
            Self::Add(uri, given) => {
                device.add(uri, given.setting(), given.transaction).map(|()| Outcome::Changed)
            }
            Self::Replace(uri, given) => {
                device.replace(uri, given.setting(), given.transaction).map(|()| Outcome::Changed)
            }
            Self::Delete(uri, transaction) => device.delete(uri, *transaction).map(|()| Outcome::Changed),
            Self::Exec(uri) => device.exec(uri).map(Outcome::Ran),
        }
    }

    /// The address of the node that it is about.
    #[must_use]
    pub const fn uri(&self) -> &LocUri {
        match self {
            Self::Get(uri)
            | Self::List(uri, _)
            | Self::Add(uri, _)
            | Self::Replace(uri, _)
            | Self::Delete(uri, _)
            | Self::Exec(uri) => uri,
        }
    }

    /// Whether it only reads.
    #[must_use]
    pub const fn only_reads(&self) -> bool {
        match self {
            Self::Get(_) | Self::List(..) => true,
            Self::Add(..) | Self::Replace(..) | Self::Delete(..) | Self::Exec(_) => false,
        }
    }
}

impl Given {
    /// The same as the gate takes it.
    #[must_use]
    pub fn setting(&self) -> Setting<'_> {
        Setting { format: self.format.as_deref(), media_type: None, data: self.data.as_deref() }
    }
}
