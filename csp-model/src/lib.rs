//! A Windows device as its management sees it.
//!
//! A [`Device`] is a plain value: the CSP tree that an MDM server reads and writes, the policies, and the
//! update agent behind `./Vendor/MSFT/Update`. Commands pass the [gate](tree), which knows the rules of every
//! CSP, and come back as values, [`TreeError`]s or [`Effect`]s.
//!
//! Deliberately absent: SyncML and its status codes, HTTP, files, threads, the clock and randomness. Time is an
//! argument, and a seed belongs to the device.

pub mod access;
pub mod agent;
pub mod csp;
pub mod device;
pub mod schema;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod tree;
pub mod units;
pub mod uri;
pub mod value;
pub mod xml;

pub use access::Access;
pub use device::{Device, DeviceFile};
pub use schema::Schema;
pub use tree::{Effect, TreeError};
pub use uri::LocUri;
pub use value::{Format, Value};
