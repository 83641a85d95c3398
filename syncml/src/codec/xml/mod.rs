//! SyncML as XML (OMA SyncML Representation Protocol 1.2).

mod read;
mod tag;
mod write;

pub use read::read;
pub(crate) use write::markup_text;
pub use write::write;

/// The namespace of Windows' additions to SyncML (\[MS-MDM\] 2.2.1).
const MSFT: &str = "http://schemas.microsoft.com/MobileDevice/MDM";

/// The namespace of what stands in `Meta` (OMA SyncML Meta-Information 1.2).
const META: &str = "syncml:metinf";

/// Whether names of `namespace` are the protocol's.
///
/// Peers mix them: an element of meta-information in the message's namespace, or in none, means the same.
/// `syncml:metinfo` stands on a page of Microsoft's that people copy from.
#[inline]
fn is_vocabulary(namespace: &str) -> bool {
    namespace == "SYNCML:SYNCML1.2" || is_other_vocabulary(namespace)
}

fn is_other_vocabulary(namespace: &str) -> bool {
    matches!(namespace, "" | META | "SYNCML:SYNCML1.1" | "syncml:devinf" | "syncml:metinfo")
}
