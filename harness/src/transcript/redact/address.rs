//! Which nodes hold secrets.

use std::borrow::Cow;

/// The ends of the addresses of nodes whose value is a credential or tells which machine it is, and the CSPs that have
/// them. Names are compared without case.
const SECRETS: [&[&str]; 17] = [
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
    // WiFi: a profile, with its key.
    &["WlanXml"],
    // VPNv2: a profile, with its key, and that key alone.
    &["ProfileXML"],
    &["L2tpPsk"],
    // RootCATrustedCertificates, CertificateStore: a certificate, whose names tell whose it is.
    &["EncodedCertificate"],
    // DMClient: whoever knows the channel can wake the device.
    &["Push", "ChannelURI"],
    // DevDetail: the serial number, and what an enrollment service knows the machine by.
    &["SMBIOSSerialNumber"],
    &["DeviceHardwareData"],
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
