//! `CBS.log`: what servicing says of an installation that fails because of it.
//!
//! Deliberately absent: everything that goes well, which is most of a real one.

use std::fmt::Write as _;

use csp_model::agent::{Event, EventKind, HResult};
use csp_model::device::UpdateEntry;

use super::draw::Plain;
use super::stamp::Clock;

/// The log.
#[derive(Debug, Default)]
pub(super) struct Servicing {
    text: String,
}

/// `CBS_E_STORE_CORRUPTION`
const STORE_CORRUPTION: HResult = HResult::from_bits(0x800f_0831);

impl Servicing {
    /// Writes of an installation that failed with a code of servicing.
    pub(super) fn event(&mut self, clock: &mut Clock, event: &Event, update: Option<&UpdateEntry>) {
        let failed = matches!(event.kind, EventKind::InstallFailed | EventKind::CommitFailed);
        let code = event.hresult.filter(|code| failed && code.bits() & 0xffff_f000 == 0x800f_0000);
        let (Some(code), Some(entry)) = (code, update) else { return };
        let package = Package(entry);
        if code == STORE_CORRUPTION {
            let what = format_args!("Store corruption, manifest missing for package: {package}");
            self.line(clock, "Info", what);
        }
        let (bits, symbol) = (code.bits(), code.symbol().unwrap_or("unknown"));
        let what = format_args!("Failed to resolve package '{package}' [HRESULT = 0x{bits:08x} - {symbol}]");
        self.line(clock, "Error", what);
        if code == STORE_CORRUPTION {
            let what = format_args!(
                "Mark store corruption flag because of package: {package}. [HRESULT = 0x{bits:08x} - {symbol}]"
            );
            self.line(clock, "Info", what);
        }
    }

    pub(super) const fn has_lines(&self) -> bool {
        !self.text.is_empty()
    }

    pub(super) fn file(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.text.as_bytes());
    }

    fn line(&mut self, clock: &mut Clock, level: &str, message: std::fmt::Arguments<'_>) {
        clock.tick().servicing(&mut self.text);
        // A String takes whatever is written.
        let _ = write!(self.text, ", {level:<22}CBS    {message}\r\n");
    }
}

/// The name of an update's package.
struct Package<'e>(&'e UpdateEntry);

impl std::fmt::Display for Package<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Package_for_")?;
        match &self.0.kb {
            Some(kb) => write!(f, "{}", Plain(kb))?,
            None => write!(f, "{}", self.0.id)?,
        }
        f.write_str("~31bf3856ad364e35~amd64~~10.0.1.0")
    }
}
