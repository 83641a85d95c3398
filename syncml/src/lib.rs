//! SyncML as Windows speaks it in OMA Device Management.
//!
//! Bytes become a [`message::Message`] in [`codec`], a [`session`] applies the message to a
//! [`csp_model::Device`] and gives the answer, and [`codec`] turns that into bytes again.
//!
//! Deliberately absent: files, sockets, the clock, threads. Whoever calls decides where bytes come from
//! and when.

pub mod codec;
pub mod conformance;
pub mod judge;
pub mod message;
pub mod session;
