//! Tokens and public identifiers that are no element of SyncML.

use crate::codec::META;
use crate::codec::tag::Tag;
use crate::message::Namespace;

/// Another code page (WAP-192-WBXML, section 7.1).
pub(super) const SWITCH_PAGE: u8 = 0x00;
/// The end of an element, or of its attributes.
pub(super) const END: u8 = 0x01;
/// A character by its number.
pub(super) const ENTITY: u8 = 0x02;
/// A string that stands there.
pub(super) const STR_I: u8 = 0x03;
/// A name from the string table.
pub(super) const LITERAL: u8 = 0x04;
/// A processing instruction.
pub(super) const PI: u8 = 0x43;
/// A string from the string table.
pub(super) const STR_T: u8 = 0x83;
/// Bytes.
pub(super) const OPAQUE: u8 = 0xc3;
/// On a tag: it has content.
pub(super) const CONTENT: u8 = 0x40;
/// On a tag: it has attributes.
pub(super) const ATTRIBUTES: u8 = 0x80;

/// The name of a token that SyncML gives no meaning to, or none.
pub(super) const fn extension(token: u8) -> Option<&'static str> {
    Some(match token {
        0x40 => "EXT_I_0",
        0x41 => "EXT_I_1",
        0x42 => "EXT_I_2",
        0x80 => "EXT_T_0",
        0x81 => "EXT_T_1",
        0x82 => "EXT_T_2",
        0xc0 => "EXT_0",
        0xc1 => "EXT_1",
        0xc2 => "EXT_2",
        _ => return None,
    })
}

/// What the code pages of a document are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vocabulary {
    /// SyncML and meta-information, in a message of that namespace.
    SyncMl(Namespace),
    /// Device information up to 1.1.
    DevInf11,
    /// Device information 1.2.
    DevInf12,
}

/// Public identifiers (OMA Naming Authority, WBXML public document identifiers).
const PUBLIC: [(u32, &str, Vocabulary); 8] = [
    (0x0fd1, "-//SYNCML//DTD SyncML 1.0//EN", Vocabulary::SyncMl(Namespace::SyncMl11)),
    (0x0fd3, "-//SYNCML//DTD SyncML 1.1//EN", Vocabulary::SyncMl(Namespace::SyncMl11)),
    (0x1201, "-//SYNCML//DTD SyncML 1.2//EN", Vocabulary::SyncMl(Namespace::SyncMl12)),
    // A document that does not say what it is, as one in XML that declares no namespace.
    (0x01, "none", Vocabulary::SyncMl(Namespace::None)),
    (0x0fd2, "-//SYNCML//DTD DevInf 1.0//EN", Vocabulary::DevInf11),
    (0x0fd4, "-//SYNCML//DTD DevInf 1.1//EN", Vocabulary::DevInf11),
    (0x1203, "-//SYNCML//DTD DevInf 1.2//EN", Vocabulary::DevInf12),
    (0x1202, "-//SYNCML//DTD MetInf 1.2//EN", Vocabulary::SyncMl(Namespace::SyncMl12)),
];

impl Vocabulary {
    /// The namespace of device information.
    pub(super) const DEVINF: &'static str = "syncml:devinf";

    pub(super) fn of_number(number: u32) -> Option<Self> {
        PUBLIC.iter().find(|(known, ..)| *known == number).map(|(.., vocabulary)| *vocabulary)
    }

    pub(super) fn of_text(text: &str) -> Option<Self> {
        PUBLIC.iter().find(|(_, known, _)| *known == text).map(|(.., vocabulary)| *vocabulary)
    }

    /// The identifier that a number stands for.
    pub(super) fn identifier(number: u32) -> Option<&'static str> {
        PUBLIC.iter().find(|(known, ..)| *known == number).map(|(_, text, _)| *text)
    }

    /// The number that is written.
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::SyncMl(Namespace::None) => 0x01,
            Self::SyncMl(Namespace::SyncMl11) => 0x0fd3,
            Self::SyncMl(Namespace::SyncMl12) => 0x1201,
            Self::DevInf11 => 0x0fd4,
            Self::DevInf12 => 0x1203,
        }
    }

    pub(super) const fn is_devinf(self) -> bool {
        matches!(self, Self::DevInf11 | Self::DevInf12)
    }

    /// The name that a page has for a token, which has six bits.
    pub(super) fn name(self, page: u8, token: u8) -> Option<&'static str> {
        let name = match self {
            Self::SyncMl(_) => Tag::of_token(page, token).name(),
            Self::DevInf11 if (page, token) == (0, 0x1c) => "Size",
            Self::DevInf11 | Self::DevInf12 if page == 0 => {
                DEVINF.get(usize::from(token).wrapping_sub(5)).copied().unwrap_or_default()
            }
            Self::DevInf11 | Self::DevInf12 => "",
        };
        Some(name).filter(|name| !name.is_empty())
    }

    /// The page and the token of a name.
    pub(super) fn token(self, name: &str) -> Option<(u8, u8)> {
        match self {
            Self::SyncMl(_) => match Tag::of(name) {
                Tag::UNKNOWN => None,
                tag => Some((tag.page(), tag.token())),
            },
            Self::DevInf11 | Self::DevInf12 => {
                (5..0x40).find(|token| self.name(0, *token) == Some(name)).map(|token| (0, token))
            }
        }
    }

    /// The namespace of the names of a page; `None` of one without names.
    pub(super) const fn namespace(self, page: u8) -> Option<&'static str> {
        match (self, page) {
            (Self::SyncMl(namespace), 0) => Some(namespace.uri()),
            (Self::SyncMl(_), 1) => Some(META),
            (Self::DevInf11 | Self::DevInf12, 0) => Some(Self::DEVINF),
            (Self::SyncMl(_) | Self::DevInf11 | Self::DevInf12, _) => None,
        }
    }
}

/// What a token without a name is called.
pub(super) fn nameless(page: u8, token: u8) -> String {
    format!("Token-{page}-{token:02X}")
}

/// The page and the token that [`nameless`] called so.
pub(super) fn named(name: &str) -> Option<(u8, u8)> {
    let (page, token) = name.strip_prefix("Token-")?.split_once('-')?;
    Some((page.parse().ok()?, u8::from_str_radix(token, 16).ok()?))
        .filter(|(page, token)| nameless(*page, *token) == name)
}

/// Code page 0 of device information, from token 5 on.
const DEVINF: [&str; 48] = [
    "CTCap",
    "CTType",
    "DataStore",
    "DataType",
    "DevID",
    "DevInf",
    "DevTyp",
    "DisplayName",
    "DSMem",
    "Ext",
    "FwV",
    "HwV",
    "Man",
    "MaxGUIDSize",
    "MaxID",
    "MaxMem",
    "Mod",
    "OEM",
    "ParamName",
    "PropName",
    "Rx",
    "Rx-Pref",
    "SharedMem",
    "MaxSize",
    "SourceRef",
    "SwV",
    "SyncCap",
    "SyncType",
    "Tx",
    "Tx-Pref",
    "ValEnum",
    "VerCT",
    "VerDTD",
    "XNam",
    "XVal",
    "UTC",
    "SupportNumberOfChanges",
    "SupportLargeObjs",
    "Property",
    "PropParam",
    "MaxOccur",
    "NoTruncate",
    "",
    "Filter-Rx",
    "FilterCap",
    "FilterKeyword",
    "FieldLevel",
    "SupportHierarchicalSync",
];
