//! `MSFT:Applicability`: which devices have a node.

use super::OsVersion;

/// `MSFT:Applicability`: which devices have the node (the `MSFT` schema of DDF v2). An empty one means every device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applicability {
    /// `MSFT:OsBuildVersion`: the first release that has the node, and the revisions that brought it to older ones.
    pub os_builds: Vec<OsVersion>,
    /// `MSFT:CspVersion`: the first version of the provider that has the node.
    pub csp_version: Option<Box<str>>,
    /// `MSFT:EditionAllowList`: the numbers of the editions that have the node; empty means every edition.
    pub editions: Vec<u32>,
    /// `0x88*` in the list of editions: Windows Holographic for Business has the node.
    pub holographic_for_business: bool,
    /// `MSFT:RequiresAzureAd`: only devices joined to Entra ID have the node. Kept, and not tested by [`applies`].
    ///
    /// [`applies`]: Self::applies
    pub requires_azure_ad: bool,
}

impl Applicability {
    /// Whether a device with this version of Windows has the node. An unknown edition (`None`) counts as allowed.
    ///
    /// A build that is listed needs the listed revision. A build later than every listed one has the node. A build
    /// that is not listed, and shares its revisions with an earlier one that is (see [`OsVersion::family`]), is
    /// treated as that one. `99.9.99999`, Microsoft's mark for builds that are not yet released, is only a large
    /// number here: no released build reaches it.
    #[must_use]
    pub fn applies(&self, build: OsVersion, edition_sku: Option<u32>) -> bool {
        self.has_edition(edition_sku) && self.has_build(build)
    }

    /// Whether nothing is said at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn has_edition(&self, sku: Option<u32>) -> bool {
        let listed =
            |sku| self.editions.contains(&sku) || (sku == HOLOGRAPHIC && self.holographic_for_business);
        let any = self.editions.is_empty() && !self.holographic_for_business;
        any || sku.is_none_or(listed)
    }

    fn has_build(&self, build: OsVersion) -> bool {
        let Some(last) = self.os_builds.iter().max() else { return true };
        if build.release() > last.release() {
            return true;
        }
        let related = self
            .os_builds
            .iter()
            .filter(|listed| listed.release() <= build.release() && listed.family() == build.family());
        related.max().is_some_and(|listed| listed.revision <= build.revision)
    }
}

/// `PRODUCT_HOLOGRAPHIC`
const HOLOGRAPHIC: u32 = 0x88;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(listed: &str, build: &str, expected: bool) {
        let os_builds = listed.split(", ").map(|text| text.parse().expect("a version")).collect();
        let applicability = Applicability { os_builds, ..Applicability::default() };
        let build = build.parse().expect("a version");
        assert_eq!(applicability.applies(build, None), expected, "{listed} on {build}");
    }

    #[test]
    fn one_release_and_later() {
        check("10.0.15063", "10.0.14393.9999", false);
        check("10.0.15063", "10.0.15063.0", true);
        check("10.0.15063", "10.0.22631.2506", true);
        check("10.0.19044.3757", "10.0.19044.3756", false);
        check("10.0.19044.3757", "10.0.19044.3757", true);
        check("10.0.19044.3757", "10.0.22000.1", true);
    }

    #[test]
    fn brought_to_older_releases() {
        let scan_source = "10.0.19041.1202, 10.0.19042.1202, 10.0.19043.1202, 10.0.19044.1288, 10.0.19045.2130, 10.0.20348.371, 10.0.22000";
        check(scan_source, "10.0.18363.9999", false);
        check(scan_source, "10.0.19041.1201", false);
        check(scan_source, "10.0.19041.1202", true);
        check(scan_source, "10.0.19044.1287", false);
        check(scan_source, "10.0.22000.0", true);
        check(scan_source, "10.0.22631.2506", true);
    }

    #[test]
    fn shared_revisions() {
        let product_version = "10.0.22000, 10.0.19043.1202, 10.0.19042.1202, 10.0.19041.1202";
        check(product_version, "10.0.19045.3570", true);
        check(product_version, "10.0.19044.1000", false);
        check(product_version, "10.0.20348.9999", false);
    }

    #[test]
    fn not_yet_released() {
        check("99.9.99999", "10.0.26100.1", false);
        check("10.0.22621.1194, 99.9.99999", "10.0.22621.1194", true);
        check("10.0.22621.1194, 99.9.99999", "10.0.22621.1193", false);
    }

    #[test]
    fn editions() {
        let build = OsVersion::new(10, 0, 22631, 0);
        let enterprise = Applicability { editions: vec![4, 0x1B], ..Applicability::default() };
        assert!(enterprise.applies(build, Some(4)));
        assert!(!enterprise.applies(build, Some(0x65)));
        assert!(enterprise.applies(build, None));
        let holographic = Applicability { holographic_for_business: true, ..Applicability::default() };
        assert!(holographic.applies(build, Some(0x88)));
        assert!(!holographic.applies(build, Some(4)));
        assert!(Applicability::default().applies(build, Some(0x65)));
    }
}
