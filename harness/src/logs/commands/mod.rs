//! What the commands print with which the articles look for a fault, as text in `commands/`.
//!
//! Deliberately absent: commands that ask a server (`Invoke-WebRequest`, `nslookup`): there is none.

mod gpresult;
mod proxy;
mod wmi;

use csp_model::Device;

use super::Language;

/// Each by its name.
pub(super) fn files(device: &Device, language: Language, mut each: impl FnMut(&str, &[u8])) {
    each("commands/netsh-winhttp-show-proxy.txt", proxy::shown(device, language).as_bytes());
    let mut page = Vec::new();
    super::utf16::encode(&gpresult::page(device, language), &mut page);
    each("commands/gpresult.html", &page);
    if device.site().configmgr.is_some() {
        each("commands/CCM_UpdateCIAssignment.txt", wmi::assignments(device).as_bytes());
        each("commands/CCM_UpdateStatus.txt", wmi::status(device).as_bytes());
    }
}
