//! One file a table: how its rows are read, and how what has changed is written.

pub(super) mod approval;
pub(super) mod device;
pub(super) mod node;
pub(super) mod policy;
pub(super) mod profile;
pub(super) mod registry;
pub(super) mod update_record;
