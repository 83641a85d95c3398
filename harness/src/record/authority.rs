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
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::ServerConfig;

use crate::Failure;

/// An authority of its own.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: PathBuf,
    key: PathBuf,
}

impl Authority {
    /// The authority of a folder, which is made when it is not there. Nothing that is there is written over.
    ///
    /// # Errors
    /// When its files cannot be read or written, one is there without the other, or the key is none.
    pub(crate) fn of(folder: &Path) -> Result<Self, Failure> {
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "cspsim record");
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let params = lasting(params);
        // The certificate says nothing that is not said here, but for its key.
        let issuer = match (key.exists(), certificate.exists()) {
            (true, true) => {
                hide(&key).map_err(|error| {
                    Failure::Output(format!("cannot keep others from reading {}: {error}", key.display()))
                })?;
                let text = fs::read_to_string(&key).map_err(|error| Failure::unreadable(&key, &error))?;
                let secret = KeyPair::from_pem(&text).map_err(|error| {
                    Failure::Input(format!("cannot read the private key in {}: {error}", key.display()))
                })?;
                Issuer::new(params, secret)
            }
            (true, false) => return Err(half(&key, &certificate)),
            (false, true) => return Err(half(&certificate, &key)),
            (false, false) => {
                let secret = KeyPair::generate().map_err(|error| made(&error))?;
                let text = params.self_signed(&secret).map_err(|error| made(&error))?.pem();
                fs::create_dir_all(folder)
                    .and_then(|()| write(&key, Readers::Owner, &secret.serialize_pem()))
                    .and_then(|()| {
                        write(&certificate, Readers::All, &text).inspect_err(|_| {
                            // A key alone would be in the way the next time.
                            let _ = fs::remove_file(&key);
                        })
                    })
                    .map_err(|error| {
                        let folder = folder.display();
                        Failure::Output(format!("cannot keep an authority in {folder}: {error}"))
                    })?;
                Issuer::new(params, secret)
            }
        };
        Ok(Self { issuer, certificate, key })
    }

    /// The file with its certificate: what a device has to trust.
    pub(crate) fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// What a proxy needs that is known by `names`, and by this machine's own.
    ///
    /// # Errors
    /// When one cannot be a name of a certificate, or the certificate of the authority is not that of its key.
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
        self.check(certificate.der())?;
        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::Input(format!("cannot speak TLS: {error}")))?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .map_err(|error| Failure::Input(format!("cannot speak TLS: {error}")))?;
        Ok(Arc::new(config))
    }

    /// Looks at a certificate as a device would that trusts the authority.
    fn check(&self, signed: &CertificateDer<'_>) -> Result<(), Failure> {
        let path = self.certificate.display();
        let wrong = |error: String| Failure::Input(format!("cannot read the certificate in {path}: {error}"));
        let authority =
            CertificateDer::from_pem_file(&self.certificate).map_err(|error| wrong(error.to_string()))?;
        let mut roots = RootCertStore::empty();
        roots.add(authority).map_err(|error| wrong(error.to_string()))?;
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let name = ServerName::try_from("localhost").map_err(|error| wrong(error.to_string()))?;
        verifier.verify_server_cert(signed, &[], &name, &[], UnixTime::now()).map_err(|error| {
            let key = self.key.display();
            Failure::Input(format!(
                "{path} and {key} are no pair of `cspsim record`: {error}; name another folder, or remove both"
            ))
        })?;
        Ok(())
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

fn half(there: &Path, missing: &Path) -> Failure {
    Failure::Input(format!(
        "found {} without {}: expected both, or a folder without either",
        there.display(),
        missing.display()
    ))
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    Owner,
    All,
}

/// Writes a file that is not there yet.
#[cfg_attr(not(unix), expect(unused_variables, reason = "files have no modes there"))]
fn write(path: &Path, readers: Readers, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        match readers {
            Readers::Owner => 0o600,
            Readers::All => 0o644,
        },
    );
    options.open(path)?.write_all(text.as_bytes())
}

/// Lets nobody else read a file, whoever could.
#[cfg(unix)]
fn hide(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mut permissions = fs::metadata(path)?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o600);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn hide(_: &Path) -> io::Result<()> {
    Ok(())
}
