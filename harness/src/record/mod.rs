//! What a device and a server say to each other, written down by somebody who stands between them.
//!
//! [`proxy`] lets people in, [`passing`] is one exchange, [`upstream`] the way on, [`head`] and [`body`] are what passes;
//! [`book`] knows the sessions, [`console`] tells people of them, and `authority.rs` knows who the proxy says it is where
//! it speaks TLS. What passes is not changed: the bodies byte for byte, the headers but for those that belong to a
//! connection, and for what would hide a message.
//!
//! Deliberately absent: what a device would have answered, HTTP/2, and anything that is done to what passes.

mod authority;
mod body;
mod book;
mod console;
mod head;
mod passing;
mod proxy;
mod snapshot;
mod told;
mod upstream;

pub(crate) use authority::Authority;
pub(crate) use book::Book;
pub(crate) use console::Console;
pub(crate) use head::{HostHeader, Upstream};
pub(crate) use proxy::{Limits, Options, Proxy};
