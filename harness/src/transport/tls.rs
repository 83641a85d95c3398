//! Whom the device trusts, and who it says it is: certificates and keys from PEM files, made into what TLS needs.
//!
//! ring does the cryptography. Revocation is checked only where the platform does it by itself (Windows, macOS).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use super::error::TlsProblem;
use crate::Failure;

/// Whose certificates the device takes from servers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Trust {
    /// Those that this machine trusts. Where it has no certificates at all, Mozilla's list stands for them.
    #[default]
    Platform,
    /// Only those of the authorities in these PEM files.
    Only(Vec<PathBuf>),
    /// Any, for any name: nothing that is sent is safe from anybody.
    Anyone,
}

/// The certificate by which the device says who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    /// A PEM file with the certificate, and with those between it and its authority.
    pub(crate) certificate: PathBuf,
    /// A PEM file with its private key; the same file when absent.
    pub(crate) key: Option<PathBuf>,
}

/// How the device speaks TLS. Connections of one `Tls`, and of its clones, resume each other's sessions.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(super) config: Arc<ClientConfig>,
    /// Whether a client certificate is given to servers that ask for one.
    has_certificate: bool,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When a file cannot be read or does not hold what it should.
    pub(crate) fn new(trust: &Trust, certificate: Option<&ClientCertificate>) -> Result<Self, Failure> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::Input(format!("cannot speak TLS: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(verifier(trust)?);
        let config = match certificate {
            None => config.with_no_client_auth(),
            Some(certificate) => {
                let key = certificate.key.as_deref().unwrap_or(&certificate.certificate);
                let (chain, secret) = (certificates(&certificate.certificate)?, private_key(key)?);
                config.with_client_auth_cert(chain, secret).map_err(|error| match error {
                    rustls::Error::InconsistentKeys(_) => Failure::Input(format!(
                        "the private key in {} is not that of the certificate in {}: expected the key that belongs \
                         to its first certificate",
                        key.display(),
                        certificate.certificate.display()
                    )),
                    error => Failure::Input(format!(
                        "cannot use the client certificate in {} with the private key in {}: {error}",
                        certificate.certificate.display(),
                        key.display()
                    )),
                })?
            }
        };
        Ok(Self { config: Arc::new(config), has_certificate: certificate.is_some() })
    }

    /// What went wrong between the device and a server, when TLS is it.
    pub(super) fn problem(&self, error: &io::Error) -> Option<TlsProblem> {
        let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        Some(match error {
            rustls::Error::InvalidCertificate(error) => of_certificate(error),
            rustls::Error::AlertReceived(alert) => self.alerted(*alert),
            rustls::Error::InvalidMessage(_) => TlsProblem::NotTls,
            other => TlsProblem::Other(other.to_string()),
        })
    }

    /// What an alert of the server means. Which one tells of client certificates is not the same everywhere: those
    /// of RFC 8446 6.2, and the general one that older servers send.
    fn alerted(&self, alert: AlertDescription) -> TlsProblem {
        match alert {
            AlertDescription::CertificateRequired => self.certificate_problem(alert),
            AlertDescription::HandshakeFailure if !self.has_certificate => TlsProblem::Other(
                "it has broken off the handshake (HandshakeFailure): it may ask for a client certificate, or have \
                 no version or cipher of TLS in common with the device"
                    .to_owned(),
            ),
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied => self.certificate_problem(alert),
            other => TlsProblem::Other(format!("it has broken it off: {other:?}")),
        }
    }

    fn certificate_problem(&self, alert: AlertDescription) -> TlsProblem {
        match self.has_certificate {
            true => TlsProblem::ClientCertificateRefused(format!("{alert:?}")),
            false => TlsProblem::ClientCertificateMissing,
        }
    }
}

fn of_certificate(error: &CertificateError) -> TlsProblem {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsProblem::NotYetValid
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsProblem::Untrusted,
        CertificateError::NotValidForName => TlsProblem::OtherName(Vec::new()),
        CertificateError::NotValidForNameContext { presented, .. } => {
            TlsProblem::OtherName(presented.iter().map(|name| plain(name).to_owned()).collect())
        }
        CertificateError::Revoked => TlsProblem::Revoked,
        // rustls hands this one on as it comes from webpki, whose errors have no type here.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            TlsProblem::Authority
        }
        other => TlsProblem::Certificate(other.to_string()),
    }
}

/// The name in `DnsName("name")`, which is how rustls hands it on.
fn plain(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, inner)| inner.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"')
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(ring::default_provider()));
    Arc::clone(&PROVIDER)
}

fn verifier(trust: &Trust) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
    Ok(match trust {
        Trust::Platform => platform(rustls_platform_verifier::Verifier::new(provider()))?,
        Trust::Only(files) => {
            let mut roots = RootCertStore::empty();
            for file in files {
                for (certificate, number) in certificates(file)?.into_iter().zip(1..) {
                    roots.add(certificate).map_err(|error| {
                        Failure::Input(format!(
                            "certificate {number} in {} is not one of an authority: {error}",
                            file.display()
                        ))
                    })?;
                }
            }
            of_roots(roots)?
        }
        Trust::Anyone => Arc::new(Anyone),
    })
}

/// The platform's verifier; where the platform trusts nobody, as in a container without certificates, Mozilla's list.
fn platform<V: ServerCertVerifier + 'static>(
    verifier: Result<V, rustls::Error>,
) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
    match verifier {
        Ok(verifier) => Ok(Arc::new(verifier)),
        Err(_) => of_roots(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()),
    }
}

fn of_roots(roots: RootCertStore) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    Ok(verifier.map_err(|error| Failure::Input(format!("cannot check certificates: {error}")))?)
}

/// The certificates of a PEM file: at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let bytes = read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let certificates = certificates.map_err(|error| {
        Failure::Input(format!("cannot read the certificates in {}: {}", path.display(), of_pem(&error)))
    })?;
    if certificates.is_empty() {
        return Err(Failure::Input(format!(
            "no certificate in {}: expected PEM, `-----BEGIN CERTIFICATE-----`{}",
            path.display(),
            if is_text(&bytes) { "" } else { "; DER and PFX files must be converted first" }
        )));
    }
    Ok(certificates)
}

/// The first private key of a PEM file.
fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Failure> {
    let bytes = read(path)?;
    let contains = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    match PrivateKeyDer::from_pem_slice(&bytes) {
        Ok(_) if contains(b"Proc-Type: 4,ENCRYPTED") => Err(encrypted(path)),
        Ok(key) => Ok(key),
        Err(_) if contains(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") => Err(encrypted(path)),
        Err(pem::Error::NoItemsFound) => Err(Failure::Input(format!(
            "no private key in {}: expected PEM, `-----BEGIN PRIVATE KEY-----`",
            path.display()
        ))),
        Err(error) => Err(Failure::Input(format!(
            "cannot read the private key in {}: {}",
            path.display(),
            of_pem(&error)
        ))),
    }
}

/// What is wrong with a PEM file. The lines that it quotes are bytes to the library.
fn of_pem(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!("the file is cut off: expected `-----END {}-----`", String::from_utf8_lossy(end_marker))
        }
        pem::Error::IllegalSectionStart { line } => {
            format!("found `{}`, expected `-----BEGIN …-----`", String::from_utf8_lossy(line).trim_end())
        }
        other => other.to_string(),
    }
}

fn encrypted(path: &Path) -> Failure {
    Failure::Input(format!(
        "the private key in {} is encrypted: expected one without a passphrase",
        path.display()
    ))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::unreadable(path, &error))
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}

/// Takes every certificate, for every name.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    // Certificates of old devices cannot even be parsed for this; and who takes any can be deceived anyway.
    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_certificates_has_a_list() {
        let nothing = Err::<Anyone, _>(rustls::Error::General("no certificates".to_owned()));
        let verifier = platform(nothing).unwrap();
        // Not the one that takes any: that one would say so.
        assert_ne!(format!("{verifier:?}"), "Anyone");
        assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 50);
    }
}
