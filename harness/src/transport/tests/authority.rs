//! Certificates for tests: an authority, whom it vouches for, and the files that people would write them into.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};

use crate::transport::tls::{ClientCertificate, Trust};

/// An authority, and the folder that its files are in. The folder goes with it.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    folder: PathBuf,
}

/// A certificate and its key.
pub(super) struct Identity {
    pub(super) certificate: rcgen::Certificate,
    pub(super) key: KeyPair,
}

impl Identity {
    fn secret(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }
}

/// From when until when a certificate is valid.
#[derive(Debug, Clone, Copy)]
pub(super) enum Validity {
    Now,
    Past,
    Future,
}

impl Authority {
    pub(super) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("cspsim-tls-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, format!("Authority {number}"));
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.join("ca.pem"), certificate.pem()).unwrap();
        Self { certificate: certificate.der().clone(), issuer: Issuer::new(params, key), folder }
    }

    /// A certificate for a name.
    pub(super) fn vouch(&self, name: &str, validity: Validity) -> Identity {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = match validity {
            Validity::Now => (date_time_ymd(2000, 1, 1), date_time_ymd(4000, 1, 1)),
            Validity::Past => (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1)),
            Validity::Future => (date_time_ymd(3000, 1, 1), date_time_ymd(4000, 1, 1)),
        };
        let key = KeyPair::generate().unwrap();
        Identity { certificate: params.signed_by(&key, &self.issuer).unwrap(), key }
    }

    /// Only this authority.
    pub(super) fn trust(&self) -> Trust {
        Trust::Only(vec![self.folder.join("ca.pem")])
    }

    /// A file with this text.
    pub(super) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The files of a device that is who it is.
    pub(super) fn client_files(&self, identity: &Identity) -> ClientCertificate {
        ClientCertificate {
            certificate: self.file("client.pem", identity.certificate.pem()),
            key: Some(self.file("client.key", identity.key.serialize_pem())),
        }
    }

    /// A server that takes only devices that this authority vouches for.
    pub(super) fn asks(&self, server: &Identity, version: Version) -> ServerConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()));
        let config = builder(version).with_client_cert_verifier(verifier.build().unwrap());
        config.with_single_cert(vec![server.certificate.der().clone()], server.secret()).unwrap()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A version of TLS.
#[derive(Debug, Clone, Copy)]
pub(super) enum Version {
    Tls12,
    Tls13,
}

/// A server that takes every device.
pub(super) fn asks_nobody(server: &Identity, version: Version) -> ServerConfig {
    let config = builder(version).with_no_client_auth();
    config.with_single_cert(vec![server.certificate.der().clone()], server.secret()).unwrap()
}

fn builder(version: Version) -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let version = match version {
        Version::Tls12 => &TLS12,
        Version::Tls13 => &TLS13,
    };
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
}
