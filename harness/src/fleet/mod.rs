//! The devices of one program, by name.

#[allow(dead_code, reason = "the devices that use it are to come")]
mod profiles;
