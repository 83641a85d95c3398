//! Changing the tree.

use super::resolve::Resolved;
use super::{Effect, TreeError};
use crate::csp::{Address, Csp};
use crate::schema::{Def, Occurrence, Scope};
use crate::{Access, Device, Format, LocUri, Value};

/// What a command says about the value: the Format and the Type of its Meta, and its Data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Setting<'a> {
    /// The Format, as written; where it is absent the node's own is meant.
    pub format: Option<&'a str>,
    /// The Type, as written. It means something to few nodes; the others pass over it.
    pub media_type: Option<&'a str>,
    /// The Data, as text.
    pub data: Option<&'a str>,
}

/// Whether a command stands in an Atomic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transaction {
    /// It stands alone, or in a Sequence.
    #[default]
    None,
    /// It stands in an Atomic.
    Atomic,
}

impl Device {
    /// Adds a node. Nodes on the way to it that are missing, and may be added, come into being.
    ///
    /// # Errors
    /// When no description has such a node, the node is there, may not be added, or cannot have that value. The
    /// device is then unchanged.
    pub fn add(
        &mut self,
        uri: &LocUri,
        setting: Setting<'_>,
        transaction: Transaction,
    ) -> Result<(), TreeError> {
        let found = self.resolve(uri)?;
        self.check_names(&found.address)?;
        let def = self.profile().schema().def(found.address.node);
        self.check_access(found.address.node, Access::ADD)?;
        if found.exists() && !self.can_be_given(&found.address) {
            return Err(TreeError::AlreadyExists);
        }
        let value = self.value(&found.address, setting)?;
        check_transaction(def, transaction)?;
        let parents = self.missing_parents(&found)?;
        for parent in &parents {
            self.check_occurrence(self.profile().schema().def(parent.node), parent)?;
        }
        self.check_occurrence(def, &found.address)?;
        for parent in &parents {
            self.profile().csp(parent.node).write(self, parent, None)?;
        }
        self.profile().csp(found.address.node).write(self, &found.address, value)
    }

    /// Changes the value of a leaf. A policy that is not set comes into being (Microsoft's servers replace what
    /// they never added).
    ///
    /// # Errors
    /// When there is no such node, it may not be replaced, or cannot have that value. The device is then
    /// unchanged.
    pub fn replace(
        &mut self,
        uri: &LocUri,
        setting: Setting<'_>,
        transaction: Transaction,
    ) -> Result<(), TreeError> {
        let found = self.resolve(uri)?;
        let def = self.profile().schema().def(found.address.node);
        let csp = self.profile().csp(found.address.node);
        let creates = matches!(csp, Csp::Policy(_)) && self.access(found.address.node).contains(Access::ADD);
        if !found.exists() && !creates {
            return Err(TreeError::NotFound);
        }
        self.check_access(found.address.node, Access::REPLACE)?;
        let value = self.value(&found.address, setting)?;
        check_transaction(def, transaction)?;
        match value {
            // Nothing changes about an interior node.
            None => Ok(()),
            value => csp.write(self, &found.address, value),
        }
    }

    /// Takes away a node and everything below it.
    ///
    /// # Errors
    /// When there is no such node, or it may not be deleted. The device is then unchanged.
    pub fn delete(&mut self, uri: &LocUri, transaction: Transaction) -> Result<(), TreeError> {
        let address = self.resolve_present(uri)?;
        let def = self.profile().schema().def(address.node);
        self.check_access(address.node, Access::DELETE)?;
        let is_permanent = def.properties.scope == Scope::Permanent && def.comes_with_parent();
        if is_permanent {
            return Err(TreeError::not_allowed(Access::DELETE, self.access(address.node) - Access::DELETE));
        }
        check_transaction(def, transaction)?;
        self.profile().csp(address.node).remove(self, &address);
        Ok(())
    }

    /// Runs a node. What follows from it is given back, not done.
    ///
    /// # Errors
    /// When there is no such node, it cannot be run, or its CSP refuses.
    pub fn exec(&mut self, uri: &LocUri) -> Result<Effect, TreeError> {
        let address = self.resolve_present(uri)?;
        self.check_access(address.node, Access::EXEC)?;
        self.profile().csp(address.node).exec(self, &address)
    }

    /// The value that a setting means for a node; `None` for an interior one.
    fn value(&self, address: &Address<'_>, setting: Setting<'_>) -> Result<Option<Value>, TreeError> {
        let def = self.profile().schema().def(address.node);
        let csp = self.profile().csp(address.node);
        let expected = def.properties.format;
        let said = setting.format.map(Format::from_name);
        // Base64 is how a message that is text carries binary data.
        let is_encoded = (expected, said) == (Format::Bin, Some(Some(Format::B64)));
        let says_other = said.is_some_and(|said| said != Some(expected)) && !is_encoded;
        if def.is_interior() {
            let carries_data = setting.data.is_some_and(|data| !data.trim().is_empty());
            let is_lenient = || self.profile().file().lenient_add && csp.is_approval();
            let fits = !(says_other || carries_data) || is_lenient();
            return if fits { Ok(None) } else { Err(TreeError::WrongFormat { expected }) };
        }
        if says_other {
            return Err(TreeError::WrongFormat { expected });
        }
        let data = setting.data.unwrap_or_default();
        if is_encoded && Value::parse(Format::B64, data).is_none() {
            return Err(TreeError::BadValue { expected: Format::B64 });
        }
        let value = Value::parse(expected, data).ok_or(TreeError::BadValue { expected })?;
        if let Some(allowed) = def.properties.msft.as_ref().and_then(|msft| msft.allowed.as_ref()) {
            allowed
                .check(&value)
                .map_err(|disallowed| TreeError::Disallowed { expected: disallowed.allowed })?;
        }
        csp.check(self, address, &value)?;
        Ok(Some(csp.meant(value, setting.media_type)))
    }

    /// Whether a node that is there is still to be given its value by an Add. Descriptions say of some nodes both that
    /// there is always one and that it may be added: it is there to be read and replaced, and can be added once.
    fn can_be_given(&self, address: &Address<'_>) -> bool {
        let def = self.profile().schema().def(address.node);
        let comes_of_itself = def.comes_with_parent() && def.properties.scope == Scope::Dynamic;
        comes_of_itself && !self.profile().csp(address.node).is_given(self, address)
    }

    /// Whether every name that was chosen on the way is one that its CSP takes.
    fn check_names(&self, address: &Address<'_>) -> Result<(), TreeError> {
        let schema = self.profile().schema();
        let free = schema.ancestry(address.node).filter(|id| schema.def(*id).name.is_none());
        let mut named = free.zip(address.names.iter().rev());
        let takes = named.all(|(id, name)| self.profile().csp(id).takes_name(self, id, name));
        if takes { Ok(()) } else { Err(TreeError::InvalidName) }
    }

    /// The missing nodes on the way, topmost first, all of which may be added.
    fn missing_parents<'u>(&self, found: &Resolved<'u>) -> Result<Vec<Address<'u>>, TreeError> {
        if found.depth_present + 1 >= found.depth {
            return Ok(Vec::new());
        }
        let schema = self.profile().schema();
        let path = schema.path(found.address.node);
        let mut names = 0;
        let mut missing = Vec::new();
        // The first of the path is the root, which is always there.
        for (depth, id) in path.iter().enumerate().take(found.depth) {
            let def = schema.def(*id);
            names += usize::from(def.name.is_none());
            if depth > found.depth_present && !def.comes_with_parent() {
                self.check_access(*id, Access::ADD).map_err(|_| TreeError::NotFound)?;
                let names = found.address.names.iter().take(names).cloned().collect();
                missing.push(Address { node: *id, names });
            }
        }
        Ok(missing)
    }

    fn check_occurrence(&self, def: &Def, address: &Address<'_>) -> Result<(), TreeError> {
        let most = match def.properties.occurrence {
            Occurrence::ZeroOrN(most) | Occurrence::OneOrN(most) => most,
            Occurrence::One | Occurrence::ZeroOrOne | Occurrence::ZeroOrMore | Occurrence::OneOrMore => {
                return Ok(());
            }
        };
        let mut parent = Address { node: def.parent.unwrap_or(address.node), names: address.names.clone() };
        if def.name.is_none() {
            parent.names.pop();
        }
        let mut count = 0_u32;
        self.profile().csp(address.node).each_instance(self, &parent, address.node, &mut |_| count += 1);
        if count < most { Ok(()) } else { Err(TreeError::TooMany(most)) }
    }
}

fn check_transaction(def: &Def, transaction: Transaction) -> Result<(), TreeError> {
    let required = def.properties.msft.as_ref().is_some_and(|msft| msft.atomic_required);
    match transaction {
        Transaction::None if required => Err(TreeError::AtomicRequired),
        Transaction::None | Transaction::Atomic => Ok(()),
    }
}
