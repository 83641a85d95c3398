//! The static shape of configuration service providers: what nodes there are, and what each takes.

mod allowed;
mod applicability;
pub mod builtin;
pub mod ddf;
mod dependency;
mod element;
mod interval;
mod list;
mod naming;
mod node;
mod os_version;
mod pattern;
pub mod registry;
#[cfg(feature = "proptest")]
pub mod strategies;
mod warning;

pub use allowed::{AdmxPolicy, AllowedValues, Disallowed, EnumValue, Rule};
pub use applicability::Applicability;
pub use dependency::{Dependency, DependencyGroup, DependencyKind};
pub use interval::Interval;
pub use list::Delimiter;
pub use naming::Naming;
pub use node::{
    CaseSense, Deprecated, GpMapping, Kind, Msft, Node, Occurrence, Properties, RebootBehavior,
    ReplaceBehavior, Scope,
};
pub use os_version::{OsVersion, OsVersionError};
pub use pattern::Pattern;
pub use warning::Warning;
