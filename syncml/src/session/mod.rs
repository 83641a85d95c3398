//! The conversation: what a device answers, and why.
//!
//! A management conversation strictly alternates, so a session is a value and a call: a message goes in with the
//! device, and a [`Turn`] comes out. Deliberately absent: sending, waiting, and every byte of an encoding.

mod answer;
mod answering;
mod apply;
mod atomic;
pub mod auth;
mod chunk;
pub mod device;
mod responder;
mod review;
pub mod server;
mod size;
mod status;
mod turn;

pub use device::DeviceSession;
pub use responder::Responder;
pub use review::{Review, side_of};
pub use status::StatusCode;
pub use turn::{Incoming, Reason, Turn};
