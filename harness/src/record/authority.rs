//! Who the proxy says it is where it speaks TLS: an authority of its own, which devices are told to trust, and a
//! certificate of it for each run.
//!
//! The authority stays in a folder, so that a device has to be told once. Deliberately absent: telling it, and
//! certificates of somebody else's.

use std::fs;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ServerConfig;

use crate::Failure;

/// An authority of its own.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: PathBuf,
}

impl Authority {
    /// The authority of a folder, which is made when it is not there.
    ///
    /// # Errors
    /// When its files cannot be read or written, or the key is none.
    pub(crate) fn of(folder: &Path) -> Result<Self, Failure> {
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "cspsim record");
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let params = lasting(params);
        // The certificate says nothing that is not said here, but for its key.
        let issuer = if key.exists() && certificate.exists() {
            let text = fs::read_to_string(&key).map_err(|error| Failure::unreadable(&key, &error))?;
            let secret = KeyPair::from_pem(&text).map_err(|error| {
                Failure::Input(format!("cannot read the private key in {}: {error}", key.display()))
            })?;
            Issuer::new(params, secret)
        } else {
            let secret = KeyPair::generate().map_err(|error| made(&error))?;
            let text = params.self_signed(&secret).map_err(|error| made(&error))?.pem();
            fs::create_dir_all(folder)
                .and_then(|()| write_secret(&key, &secret.serialize_pem()))
                .and_then(|()| fs::write(&certificate, text))
                .map_err(|error| {
                    Failure::Output(format!("cannot keep an authority in {}: {error}", folder.display()))
                })?;
            Issuer::new(params, secret)
        };
        Ok(Self { issuer, certificate })
    }

    /// The file with its certificate: what a device has to trust.
    pub(crate) fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// What a proxy needs that is known by `names`, and by this machine's own.
    ///
    /// # Errors
    /// When one cannot be a name of a certificate.
    pub(crate) fn vouch(&self, listen: IpAddr, names: &[String]) -> Result<Arc<ServerConfig>, Failure> {
        let own = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST), listen];
        let own = own.iter().filter(|address| !address.is_unspecified()).map(ToString::to_string);
        let mut all: Vec<_> = own.chain(["localhost".to_owned()]).chain(names.iter().cloned()).collect();
        all.sort();
        all.dedup();
        let mut params = CertificateParams::new(all)
            .map_err(|error| Failure::Usage(format!("--tls-name is no name of a certificate: {error}")))?;
        params.distinguished_name.push(DnType::CommonName, names.first().map_or("localhost", String::as_str));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let params = lasting(params);
        let key = KeyPair::generate().map_err(|error| made(&error))?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(|error| made(&error))?;
        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::Input(format!("cannot speak TLS: {error}")))?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .map_err(|error| Failure::Input(format!("cannot speak TLS: {error}")))?;
        Ok(Arc::new(config))
    }
}

/// The clocks of devices under test can be anywhere.
fn lasting(mut params: CertificateParams) -> CertificateParams {
    (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2049, 12, 31));
    params
}

fn made(error: &rcgen::Error) -> Failure {
    Failure::Output(format!("cannot make a certificate: {error}"))
}

/// Writes a file that others may not read.
fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
