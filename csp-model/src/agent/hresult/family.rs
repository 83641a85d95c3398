//! What the number of an error code tells by itself: whether it is a failure, and whose.
//!
//! Sources: \[MS-ERREF\] 2.1 (the parts of the number); `winerror.h` (facilities); `winhttp.h`, `winsock2.h` (the ranges
//! within Win32). Deliberately absent: the parts of the Windows Update agent, whose ranges overlap.

use super::{Category, HResult};

/// Whose a code is, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// No failure: the first bit is clear.
    Success,
    /// The Windows Update agent, `0x8024`.
    WindowsUpdate,
    /// `WinHTTP` or `WinINet`, from 12000 on, as an HRESULT.
    WinHttp {
        /// The error.
        error: u16,
    },
    /// Windows Sockets, from 10000 on, as an HRESULT.
    Winsock {
        /// The error.
        error: u16,
    },
    /// Any other Win32 error as an HRESULT, `0x8007`.
    Win32 {
        /// The error.
        error: u16,
    },
    /// An HTTP status as an HRESULT, `0x8019`.
    Http {
        /// The status.
        status: u16,
    },
    /// BITS, `0x8020`.
    Bits,
    /// Delivery Optimization, `0x80D0`.
    DeliveryOptimization,
    /// Setup and servicing (CBS), `0x800F`.
    Servicing,
    /// Cryptography and certificates, `0x8009` and `0x800B`.
    Trust,
    /// COM, `0x8000`, `0x8004`, `0x8008` and `0x800A`.
    Com,
    /// ConfigMgr, `0x87D0`.
    ConfigMgr,
    /// Upgrades of Windows, `0xC190`.
    WindowsSetup,
    /// None of these.
    Other,
}

impl HResult {
    /// Whether it says that something failed.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        self.0 < 0
    }

    /// Who defines the code, as a number of 11 bits.
    #[must_use]
    pub const fn facility(self) -> u16 {
        self.high() & 0x7ff
    }

    /// What the facility means by it: the lower half of the number.
    #[must_use]
    pub const fn code(self) -> u16 {
        let [.., high, low] = self.bits().to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// Whose it is, by its number.
    #[must_use]
    pub const fn family(self) -> Family {
        let code = self.code();
        match self.high() {
            _ if !self.is_failure() => Family::Success,
            0x8024 => Family::WindowsUpdate,
            0x8007 => match code {
                12_000..=12_287 => Family::WinHttp { error: code },
                10_000..=11_999 => Family::Winsock { error: code },
                _ => Family::Win32 { error: code },
            },
            0x8019 => Family::Http { status: code },
            0x8020 => Family::Bits,
            0x80d0 => Family::DeliveryOptimization,
            0x800f => Family::Servicing,
            0x8009 | 0x800b => Family::Trust,
            0x8000 | 0x8004 | 0x8008 | 0x800a => Family::Com,
            0x87d0 => Family::ConfigMgr,
            0xc190 => Family::WindowsSetup,
            _ => Family::Other,
        }
    }

    const fn high(self) -> u16 {
        let [high, low, ..] = self.bits().to_be_bytes();
        u16::from_be_bytes([high, low])
    }
}

impl Family {
    /// What a code of the family is about as long as nothing else is known of it.
    #[must_use]
    pub const fn category(self) -> Category {
        match self {
            Self::Success => Category::Success,
            Self::WindowsUpdate => Category::Agent,
            Self::WinHttp { .. } | Self::Winsock { .. } => Category::Network,
            Self::Http { status: 407 } => Category::Proxy,
            Self::Http { status: 500..=599 } => Category::Server,
            Self::Http { .. } => Category::Network,
            Self::Bits | Self::DeliveryOptimization => Category::Download,
            Self::Servicing => Category::Servicing,
            Self::Trust => Category::Trust,
            Self::ConfigMgr => Category::ConfigMgr,
            Self::WindowsSetup => Category::Install,
            Self::Win32 { .. } | Self::Com | Self::Other => Category::Generic,
        }
    }
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Success => f.write_str("no failure"),
            Self::WindowsUpdate => f.write_str("Windows Update agent"),
            Self::WinHttp { error } => write!(f, "WinHTTP error {error}"),
            Self::Winsock { error } => write!(f, "Windows Sockets error {error}"),
            Self::Win32 { error } => write!(f, "Win32 error {error}"),
            Self::Http { status } => write!(f, "HTTP status {status}"),
            Self::Bits => f.write_str("BITS"),
            Self::DeliveryOptimization => f.write_str("Delivery Optimization"),
            Self::Servicing => f.write_str("setup and servicing (CBS)"),
            Self::Trust => f.write_str("cryptography and certificates"),
            Self::Com => f.write_str("COM"),
            Self::ConfigMgr => f.write_str("ConfigMgr"),
            Self::WindowsSetup => f.write_str("upgrade of Windows"),
            Self::Other => f.write_str("unknown family"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_tells_whose_it_is() {
        let families = [
            (0x0024_0999, "no failure", Category::Success),
            (0x8024_4ffe, "Windows Update agent", Category::Agent),
            (0x8007_2fff, "WinHTTP error 12287", Category::Network),
            (0x8007_2edf, "Windows Sockets error 11999", Category::Network),
            (0x8007_0001, "Win32 error 1", Category::Generic),
            (0x8019_01ad, "HTTP status 429", Category::Network),
            (0x8019_0197, "HTTP status 407", Category::Proxy),
            (0x800f_0838, "setup and servicing (CBS)", Category::Servicing),
            (0x87d0_ffff, "ConfigMgr", Category::ConfigMgr),
            (0xc190_0299, "upgrade of Windows", Category::Install),
            (0xdead_beef, "unknown family", Category::Generic),
        ];
        for (bits, text, category) in families {
            let family = HResult::from_bits(bits).family();
            assert_eq!((family.to_string().as_str(), family.category()), (text, category), "{bits:08X}");
        }
    }

    #[test]
    fn the_number_has_parts() {
        let code = HResult::from_bits(0x87d0_0692);
        assert_eq!((code.is_failure(), code.facility(), code.code()), (true, 0x7d0, 0x692));
        assert_eq!(HResult::from_bits(0xc190_0208).facility(), 0x190);
        assert_eq!(HResult::from_bits(0x0024_0005).facility(), 36);
    }
}
