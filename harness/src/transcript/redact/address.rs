//! Which nodes hold secrets.

use std::borrow::Cow;

/// The ends of the addresses of nodes whose value is a credential or tells which machine it is, and the CSPs that have
/// them. Names are compared without case.
const SECRETS: [&[&str]; 38] = [
    // DMAcc, w7 APPLICATION: the secret, and the nonce that goes into the next digest.
    &["AAuthSecret"],
    &["AAuthData"],
    // ClientCertificateInstall: the certificate with its private key, and its password.
    &["PFXCertBlob"],
    &["PFXCertPassword"],
    // ClientCertificateInstall, CertificateStore: what a SCEP server is shown.
    &["Install", "Challenge"],
    // EMAIL2.
    &["AuthSecret"],
    &["SMTPAltPassword"],
    // Accounts, ActiveSync.
    &["Password"],
    // WiFi, WiredNetwork: a profile, with its key.
    &["WlanXml"],
    &["LanXML"],
    // VPNv2: a profile, with its key, that key alone, and what a plugin or EAP is told.
    &["ProfileXML"],
    &["L2tpPsk"],
    &["Eap", "Configuration"],
    &["CustomConfiguration"],
    // RootCATrustedCertificates, CertificateStore, HealthAttestation, DMClient: a certificate, whose names tell whose it is.
    &["EncodedCertificate"],
    &["HealthAttestation", "Certificate"],
    &["EnhancedAppLayerSecurity", "Cert0"],
    &["EnhancedAppLayerSecurity", "Cert1"],
    // RemoteLock.
    &["NewPINValue"],
    // WindowsAdvancedThreatProtection: what a machine is let into a tenant with.
    &["WindowsAdvancedThreatProtection", "Onboarding"],
    // DiagnosticLog: where logs go, with the right to write there.
    &["DiagnosticArchive", "ArchiveDefinition"],
    // SurfaceHub.
    &["WorkspaceKey"],
    // eUICCs: what a profile is fetched with, and whose it is.
    &["MatchingID"],
    // DMClient: whoever knows the channel can wake the device.
    &["Push", "ChannelURI"],
    // DMClient: what the machine is known by to its vendor, and to Exchange.
    &["HWDevID"],
    &["ExchangeID"],
    // DMClient: what whoever has it can show as the device's identity.
    &["SignedEntDMID"],
    &["PublisherDeviceID"],
    // DevDetail: the serial number, and what an enrollment service knows the machine by.
    &["SMBIOSSerialNumber"],
    &["DeviceHardwareData"],
    // DevDetail, DeviceInstanceService: what networks know the machine and its user by.
    &["MobileID"],
    &["WLANMACAddress"],
    &["IMEI"],
    &["IMSI"],
    &["ICCID"],
    &["PhoneNumber"],
    // WindowsLicensing.
    &["UpgradeEditionWithProductKey"],
    &["ChangeProductKey"],
];

/// Whether the node at this address holds a secret.
pub(super) fn is_secret(uri: &str) -> bool {
    let path = uri.split('?').next().unwrap_or_default().trim().trim_end_matches('/');
    SECRETS.iter().any(|end| {
        let mut segments = path.rsplit('/').map(decoded);
        end.iter().rev().all(|name| segments.next().is_some_and(|segment| segment.eq_ignore_ascii_case(name)))
    })
}

/// The segment with its percent-encoded characters as they are.
fn decoded(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return segment.into();
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use csp_model::schema::{Node, builtin};

    use super::is_secret;

    /// Parts of names that look like a secret's.
    const PARTS: [&str; 21] = [
        "secret",
        "password",
        "key",
        "cert",
        "token",
        "serial",
        "hwdevid",
        "mobileid",
        "imei",
        "imsi",
        "iccid",
        "auth",
        "mac",
        "phone",
        "nonce",
        "pin",
        "credential",
        "hardware",
        "channel",
        "exchangeid",
        "devid",
    ];

    /// Nodes of such names that hold none.
    const PLAIN: [(&str, &str); 17] = [
        ("AADSendDeviceToken", "whether one is sent"),
        ("AAuthLevel", "which side proves itself"),
        ("AAuthName", "a name"),
        ("AAuthPref", "a scheme"),
        ("AAuthType", "a scheme"),
        ("CertRenewTimeStamp", "when"),
        ("DevId", "the name by which messages belong together"),
        ("DoNotEnforceEnterpriseTLSCertPinningForUpdateDetection", "whether"),
        ("ExpectedPFXCerts", "addresses of nodes"),
        ("ExpectedSCEPCerts", "addresses of nodes"),
        ("ForceAadToken", "whether one is sent"),
        ("HelpPhoneNumber", "shown to every user"),
        ("PhoneUpdateRestrictions", "a policy"),
        ("SSLCLIENTCERTSEARCHCRITERIA", "which certificate, not the certificate"),
        ("UseCertIfRevocationCheckOffline", "whether"),
        ("UseHwDevID", "whether"),
        ("UseNonceResync", "whether"),
    ];

    fn leaves(node: &Node, path: &str, found: &mut Vec<String>) {
        let path = format!("{path}/{}", node.name.as_deref().unwrap_or("x"));
        if node.children.is_empty() {
            found.push(path);
        } else {
            node.children.iter().for_each(|child| leaves(child, &path, found));
        }
    }

    #[test]
    fn every_node_of_the_built_in_descriptions_is_decided() {
        let mut found = Vec::new();
        for edition in builtin::Edition::ALL {
            for (_, nodes) in builtin::all(edition) {
                nodes.iter().for_each(|node| leaves(node, "", &mut found));
            }
        }
        found.sort();
        found.dedup();
        let mut undecided = Vec::new();
        for path in found {
            let name = path.rsplit('/').next().unwrap().to_ascii_lowercase();
            let looks_secret = PARTS.iter().any(|part| name.contains(part));
            let plain = PLAIN.iter().any(|(plain, _)| plain.eq_ignore_ascii_case(&name));
            assert!(!(plain && is_secret(&path)), "{path} is both");
            if looks_secret && !plain && !is_secret(&path) {
                undecided.push(path);
            }
        }
        assert!(undecided.is_empty(), "secret or not? {undecided:#?}");
    }
}
