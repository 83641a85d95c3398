//! What the update services can offer: shared by every device of a profile.
//!
//! The entries themselves are those of the device file ([`UpdateEntry`]); here is what follows from them.

use serde::{Deserialize, Serialize};

use super::{UpdateClass, UpdateId};
use crate::device::UpdateEntry;

impl UpdateEntry {
    /// The class that policies treat the update as.
    #[must_use]
    pub fn class(&self) -> UpdateClass {
        if self.classification == Classification::UPGRADES {
            UpdateClass::Feature
        } else if self.classification == Classification::DRIVERS {
            UpdateClass::Driver
        } else if self.product.eq_ignore_ascii_case("Windows") {
            UpdateClass::Quality
        } else {
            UpdateClass::Other
        }
    }

    /// `InstallableUpdates/{guid}/Type` (Microsoft, Update CSP): 1 security, 2 critical, 0 everything else.
    #[must_use]
    pub fn kind(&self) -> i64 {
        match self.classification {
            Classification::SECURITY_UPDATES => 1,
            Classification::CRITICAL_UPDATES => 2,
            _ => 0,
        }
    }
}

/// UpdateClassification: one of the published ones, or any other GUID.
///
/// Source of the GUIDs: MSDN ff357803, and the deferral tables of "MDM for device updates".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Classification(UpdateId);

/// A text that names no classification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a classification: expected a GUID or one of {known}", known = Classification::names())]
pub struct NoClassification(String);

impl Classification {
    /// `Critical Updates`
    pub const CRITICAL_UPDATES: Self = Self::from_u128(0xe6cf1350_c01b_414d_a61f_263d14d133b4);
    /// `Definition Updates`
    pub const DEFINITION_UPDATES: Self = Self::from_u128(0xe0789628_ce08_4437_be74_2495b842f43b);
    /// `Drivers`
    pub const DRIVERS: Self = Self::from_u128(0xebfc1fc5_71a4_4f7b_9aca_3b9a503104a0);
    /// `Security Updates`
    pub const SECURITY_UPDATES: Self = Self::from_u128(0x0fa1201d_4330_4fa8_8ae9_b877473b6441);
    /// `Upgrades`
    pub const UPGRADES: Self = Self::from_u128(0x3689bdc8_b205_4af4_8d4a_a63924c5e9d5);

    const NAMED: [(Self, &'static str); 14] = [
        (Self::from_u128(0x5c9376ab_8ce6_464a_b136_22113dd69801), "Application"),
        (Self::from_u128(0x434de588_ed14_48f5_8eed_a15e09a991f6), "Connectors"),
        (Self::CRITICAL_UPDATES, "Critical Updates"),
        (Self::DEFINITION_UPDATES, "Definition Updates"),
        (Self::from_u128(0xe140075d_8433_45c3_ad87_e72345b36078), "Developer Kits"),
        (Self::DRIVERS, "Drivers"),
        (Self::from_u128(0xb54e7d24_7add_428f_8b75_90a396fa584f), "Feature Packs"),
        (Self::from_u128(0x9511d615_35b2_47bb_927f_f73d8e9260bb), "Guidance"),
        (Self::SECURITY_UPDATES, "Security Updates"),
        (Self::from_u128(0x68c5b0a3_d1a6_4553_ae49_01d3a7827828), "Service Packs"),
        (Self::from_u128(0xb4832bd8_e735_4761_8daf_37f882276dab), "Tools"),
        (Self::from_u128(0x28bc880e_0592_4cbf_8f95_c79b17911d5f), "Update Rollups"),
        (Self::from_u128(0xcd5ffd1e_e932_4e3a_bf74_18bf0b1bbd83), "Updates"),
        (Self::UPGRADES, "Upgrades"),
    ];

    /// The GUID.
    #[must_use]
    pub const fn id(self) -> UpdateId {
        self.0
    }

    /// Whether `id` is the GUID of a classification that has been published.
    #[must_use]
    pub fn is_published(id: UpdateId) -> bool {
        Self(id).name().is_some()
    }

    /// The published name, if it has one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::NAMED.into_iter().find(|(known, _)| *known == self).map(|(_, name)| name)
    }

    const fn from_u128(bits: u128) -> Self {
        Self(UpdateId::from_u128(bits))
    }

    fn names() -> String {
        Self::NAMED.map(|(_, name)| name).join(", ")
    }
}

impl std::fmt::Display for Classification {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => self.0.fmt(f),
        }
    }
}

impl TryFrom<String> for Classification {
    type Error = NoClassification;

    fn try_from(text: String) -> Result<Self, NoClassification> {
        let named = Self::NAMED.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(&text));
        match named.map(|(known, _)| known).or_else(|| UpdateId::parse(&text).map(Self)) {
            Some(known) => Ok(known),
            None => Err(NoClassification(text)),
        }
    }
}

impl From<Classification> for String {
    fn from(classification: Classification) -> Self {
        classification.to_string()
    }
}
