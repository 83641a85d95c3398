//! SyncML as XML (OMA SyncML Representation Protocol 1.2).

mod escape;
mod markup;
mod read;
mod write;

pub use read::read;
pub(crate) use write::markup_text;
pub use write::write;
