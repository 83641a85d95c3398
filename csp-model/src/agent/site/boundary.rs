//! Boundaries: which part of the network a device is in, and what is near it there.
//!
//! Deliberately absent: Active Directory sites and VPN boundaries, and the fallback to neighbour groups and the site's default
//! group.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::Address;
use super::address::masked;

/// A boundary group: a part of the network with the servers that devices in it use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundaryGroup {
    /// Its name.
    pub name: String,
    /// Where it is: `192.168.10.0/24` a subnet, `10.0.0.1-10.0.3.255` a range, `2001:db8::/32` an IPv6 prefix.
    #[serde(default)]
    pub boundaries: Vec<Boundary>,
    /// The software update point of devices in it, as a URL; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_update_point: Option<String>,
    /// The distribution points of devices in it, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distribution_points: Vec<String>,
}

/// A part of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Boundary {
    /// A subnet. Only its id is kept; the length of the mask is what it was typed with.
    Subnet(Address),
    /// An IPv6 prefix.
    Prefix(Address),
    /// All addresses from one to another.
    Range(IpAddr, IpAddr),
}

/// A text that is no boundary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no boundary: expected a subnet `192.168.10.0/24`, a range `10.0.0.1-10.0.3.255` or an IPv6 prefix `2001:db8::/32`"
)]
pub struct NotABoundary(String);

impl Boundary {
    /// Whether a device with that address is in it.
    ///
    /// Source: Japanese ConfigMgr support blog, "IP subnet boundaries" (2022-04-14): a device is in a subnet when its own
    /// address under its own mask is the subnet's id, and so in one of the same size as a rule.
    #[must_use]
    pub fn holds(self, address: Address) -> bool {
        match self {
            Self::Subnet(subnet) => address.network() == subnet.network(),
            Self::Prefix(prefix) => {
                address.ip.is_ipv6() && masked(address.ip, prefix.prefix) == prefix.network()
            }
            Self::Range(first, last) => {
                first.is_ipv4() == address.ip.is_ipv4() && (first..=last).contains(&address.ip)
            }
        }
    }
}

impl BoundaryGroup {
    /// Whether a device with that address is in it.
    #[must_use]
    pub fn holds(&self, address: Address) -> bool {
        self.boundaries.iter().any(|boundary| boundary.holds(address))
    }
}

impl FromStr for Boundary {
    type Err = NotABoundary;

    fn from_str(text: &str) -> Result<Self, NotABoundary> {
        let wrong = || NotABoundary(text.to_owned());
        if let Some((first, last)) = text.split_once('-') {
            let ip = |text: &str| text.trim().parse::<IpAddr>().map_err(|_| wrong());
            let (first, last) = (ip(first)?, ip(last)?);
            return if first.is_ipv4() == last.is_ipv4() && first <= last {
                Ok(Self::Range(first, last))
            } else {
                Err(wrong())
            };
        }
        let address: Address = text.parse().map_err(|_| wrong())?;
        Ok(if address.ip.is_ipv4() { Self::Subnet(address) } else { Self::Prefix(address) })
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subnet(address) | Self::Prefix(address) => address.fmt(f),
            Self::Range(first, last) => write!(f, "{first}-{last}"),
        }
    }
}

impl TryFrom<String> for Boundary {
    type Error = NotABoundary;

    fn try_from(text: String) -> Result<Self, NotABoundary> {
        text.parse()
    }
}

impl From<Boundary> for String {
    fn from(boundary: Boundary) -> Self {
        boundary.to_string()
    }
}

impl JsonSchema for Boundary {
    fn schema_name() -> Cow<'static, str> {
        "Boundary".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the article's five examples.
    #[test]
    fn a_device_is_in_the_subnet_that_its_own_mask_gives() {
        let holds = |boundary: &str, address: &str| {
            boundary.parse::<Boundary>().unwrap().holds(address.parse().unwrap())
        };
        assert!(holds("192.168.10.0/24", "192.168.10.1/24"));
        assert!(!holds("192.168.10.0/24", "192.168.10.10/29"));
        assert!(!holds("10.0.0.0/16", "10.0.1.1/24"));
        assert!(!holds("10.0.0.0/16", "10.0.2.1/24"));
        assert!(holds("10.0.0.0/16", "10.0.1.10/16"));
    }

    #[test]
    fn ranges_and_prefixes_hold_what_is_in_them() {
        let holds = |boundary: &str, address: &str| {
            boundary.parse::<Boundary>().unwrap().holds(address.parse().unwrap())
        };
        assert!(holds("10.0.0.1-10.0.3.255", "10.0.2.7/29"));
        assert!(!holds("10.0.0.1-10.0.3.255", "10.0.4.0/24"));
        assert!(!holds("10.0.0.1-10.0.3.255", "::1/128"));
        assert!(holds("2001:db8::/32", "2001:db8:7::1/64"));
        assert!(!holds("2001:db8::/32", "2001:db9::1/64"));
        assert!(!holds("2001:db8::/32", "10.0.0.1/8"));
        for wrong in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "a-b", "::/129"] {
            assert!(wrong.parse::<Boundary>().is_err(), "{wrong}");
        }
    }
}
