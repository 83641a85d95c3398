//! Captures, played: the server's messages to a device, or the device's to a server.
//!
//! `device.rs` lets a device answer, `transcript.rs` lets it live through an own transcript, `peer.rs` asks a server,
//! `seed.rs` makes a device that has what the captured one had. Deliberately absent: what counts as a difference.

mod device;
mod messages;
mod peer;
mod seed;
mod transcript;

pub(crate) use device::Devices;
pub(crate) use peer::Peer;
pub(crate) use transcript::transcript;
