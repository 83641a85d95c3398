//! What logs have that the model does not know: identifiers, threads, fractions of a second. A pure function of the device
//! and of what it is for, so that the same life is written down the same.

use std::fmt::{self, Write as _};

use csp_model::Device;
use csp_model::agent::{self, UpdateId};

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Fractions of a second.
    Tick = 101,
    /// Event instances of ReportingEvents.log.
    Event = 102,
    /// Correlation vectors.
    Vector = 103,
    /// Processes and threads.
    Thread = 104,
    /// What a ConfigMgr client names by GUIDs: jobs, messages, requests.
    Job = 105,
    /// What a site names by GUIDs: itself, the source of its updates.
    Site = 106,
}

/// A draw of a device.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw(agent::Draw);

impl Draw {
    pub(super) fn of(device: &Device, purpose: Purpose) -> Self {
        let instance = device.instance();
        Self(agent::Draw::of(instance.seed, purpose as u64)).text(&instance.id)
    }

    /// A draw that is the same on every device.
    pub(super) const fn common(purpose: Purpose) -> Self {
        Self(agent::Draw::of(0, purpose as u64))
    }

    pub(super) const fn number(self, number: u64) -> Self {
        Self(self.0.number(number))
    }

    pub(super) fn text(self, text: &str) -> Self {
        text.bytes().fold(self, |draw, byte| draw.number(byte.into()))
    }

    /// A number below `most`.
    pub(super) fn below(self, most: u32) -> u32 {
        // What is left of a division by 32 bits has 32.
        u32::try_from(self.bits() % u64::from(most.max(1))).unwrap_or_default()
    }

    pub(super) const fn bits(self) -> u64 {
        self.0.bits()
    }

    pub(super) const fn guid(self) -> Guid {
        Guid(self.bits(), self.number(1).bits())
    }
}

/// A GUID as logs write it: in braces and capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Guid(u64, u64);

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        // Version 4, variant 1: a GUID of random bits.
        let high = self.0 & !0xf000 | 0x4000;
        let low = self.1 & !(3 << 62) | 2 << 62;
        let bits = u128::from(high) << 64 | u128::from(low);
        let mut text = *b"{00000000-0000-0000-0000-000000000000}";
        let mut left = 128;
        for place in text.iter_mut().filter(|place| **place == b'0') {
            left -= 4;
            *place = HEX[(bits >> left & 0xf) as usize];
        }
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

/// The id of an update in braces and capitals; of none, zeros.
#[derive(Debug, Clone, Copy)]
pub(super) struct Braced(pub(super) Option<UpdateId>);

impl fmt::Display for Braced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("{00000000-0000-0000-0000-000000000000}"),
            Some(id) => {
                f.write_char('{')?;
                write!(Capitals(f), "{id}")?;
                f.write_char('}')
            }
        }
    }
}

struct Capitals<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for Capitals<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|symbol| self.0.write_char(symbol.to_ascii_uppercase()))
    }
}

/// A text that people gave, without what would end a line or a message of a log before its time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain<'a>(pub(super) &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.contains(|symbol: char| symbol.is_control()) && !self.0.contains("]LOG") {
            return f.write_str(self.0);
        }
        for symbol in self.0.replace("]LOG", "] LOG").chars() {
            f.write_char(if symbol.is_control() { ' ' } else { symbol })?;
        }
        Ok(())
    }
}
