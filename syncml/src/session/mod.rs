//! The conversation: what a device answers, and why.
//!
//! A management conversation strictly alternates, so a session is a value and a call: a message goes in with the
//! device, and a [`Turn`] comes out. Deliberately absent: sending, waiting, and every byte of an encoding.

mod apply;
mod atomic;
pub mod auth;
mod responder;
mod size;
mod status;

pub use responder::{Reason, Responder, Turn};
pub use status::StatusCode;
