//! Strategies that make addresses, values, updates, device files, devices and operations for property tests.
//!
//! For users' tests as well as ours: whatever talks to a [`Device`](crate::Device) can be tried on all of them.
//! Node descriptions are made by [`crate::schema::strategies`].
//!
//! Deliberately absent: sequences of operations. What an operation may do depends on what the ones before it did,
//! so a test makes the next one from the device as it stands ([`operation`], [`violation`]).

mod device;
mod operation;
mod respect;
mod site;
mod stack;
mod update;
mod uri;
mod value;
mod violate;

pub use device::{clock, device, device_file, used_device};
pub use operation::{Given, Operation, Outcome};
pub use respect::operation;
pub use stack::site;
pub use update::{update_entry, update_id, update_set};
pub use uri::{illegal_loc_uri, loc_uri, loc_uri_text, name};
pub use value::{any_value, value};
pub use violate::{Broken, violation};
