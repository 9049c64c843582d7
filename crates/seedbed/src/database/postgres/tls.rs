//! Encryption of a connection, by libpq's six values of `sslmode`.
//!
//! `verify-ca` and `verify-full` trust the certificates of a file, or those of the system, and nothing
//! else; `require` does where such a file is there. The modes below encrypt and ask nobody who is at
//! the other end, so they keep nothing from somebody who stands in between.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::db::{rfc4519::CN, rfc5912::ID_CE_SUBJECT_ALT_NAME};

/// How much a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// It is not encrypted.
    Disable,
    /// It is encrypted where the server does not take it otherwise.
    Allow,
    /// It is encrypted where the server can.
    Prefer,
    /// It is encrypted.
    Require,
    /// ... and the server shows a certificate that somebody trusted has signed.
    VerifyCa,
    /// ... for the name that it was called by.
    VerifyFull,
}

impl Mode {
    /// Returns the mode of this name.
    pub(super) fn read(name: &str) -> Option<Self> {
        Some(match name {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

/// Where the certificates are.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    /// Those that are trusted: a file, or `system`.
    pub(super) roots: Option<String>,
    /// Our own, and its key.
    pub(super) own: Option<(PathBuf, PathBuf)>,
}

/// Returns what encrypts a connection, or what is wrong with the files.
pub(super) fn connector(mode: Mode, files: &Files) -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(ring::default_provider());
    let trusted = match &files.roots {
        Some(roots) if mode >= Mode::Require => Some(trusted(roots)?),
        None if mode >= Mode::VerifyCa => {
            return Err(
                "no certificate is trusted: name a file with `sslrootcert=PATH`, or `sslrootcert=system`".into()
            );
        }
        _ => None,
    };
    let verifier = Verifier { provider: Arc::clone(&provider), trusted, name: mode == Mode::VerifyFull };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match &files.own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let unusable =
                |error: &dyn std::fmt::Display| format!("the key in {} cannot be used: {error}", key.display());
            if !is_private(key) {
                return Err(format!("others may read the key in {}; `chmod 600` it", key.display()));
            }
            let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(&error))?;
            builder.with_client_auth_cert(chain, secret).map_err(|error| unusable(&error))?
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

/// Returns the certificates that are trusted.
fn trusted(roots: &str) -> Result<Trusted, String> {
    let certificates = if roots == "system" {
        rustls_native_certs::load_native_certs().certs
    } else {
        certificates(Path::new(roots))?
    };
    let mut store = RootCertStore::empty();
    let (usable, _) = store.add_parsable_certificates(certificates.iter().cloned());
    if usable == 0 {
        return Err(format!("there is no certificate to trust in {roots}"));
    }
    Ok(Trusted { store, certificates })
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    read.map_err(|error| format!("the certificates in {} cannot be read: {error}", file.display()))
}

/// Whether nobody but its owner may read a file; what cannot be asked is answered by reading it.
pub(super) fn is_private(file: &Path) -> bool {
    #[cfg(unix)]
    if let Ok(file) = file.metadata() {
        use std::os::unix::fs::PermissionsExt;
        let anybody_else = 0o077;
        return !file.is_file() || file.permissions().mode() & anybody_else == 0;
    }
    let _ = file;
    true
}

/// Certificates that are trusted.
#[derive(Debug)]
struct Trusted {
    store: RootCertStore,
    certificates: Vec<CertificateDer<'static>>,
}

/// Looks at a server's certificate as libpq does.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// Where there is none, any certificate will do, also one that is too old to be read.
    trusted: Option<Trusted>,
    /// Whether it must be for the name of the server.
    name: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(trusted) = &self.trusted else { return Ok(ServerCertVerified::assertion()) };
        let certificate = ParsedCertificate::try_from(shown)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        match verify_server_cert_signed_by_trust_anchor(&certificate, &trusted.store, between, now, algorithms) {
            // A server that signs for itself shows the very certificate that is trusted.
            Err(error) if signs(&error) && trusted.certificates.iter().any(|known| known == shown) => {}
            answer => answer?,
        }
        if self.name {
            verify_server_name(&certificate, server)
                .or_else(|error| if is_common_name(shown, server) { Ok(()) } else { Err(error) })?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.trusted.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.trusted.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a certificate was refused only because it may sign others. Its dates were looked at before.
fn signs(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// Whether a certificate that lists no names has this one as the common name of its subject, as
/// certificates made by the manual of PostgreSQL have.
fn is_common_name(certificate: &CertificateDer<'_>, server: &ServerName<'_>) -> bool {
    let ServerName::DnsName(server) = server else { return false };
    let server = server.as_ref();
    let Ok(certificate) = x509_cert::Certificate::from_der(certificate) else { return false };
    let content = &certificate.tbs_certificate;
    if content.extensions.iter().flatten().any(|extension| extension.extn_id == ID_CE_SUBJECT_ALT_NAME) {
        return false;
    }
    let mut attributes = content.subject.0.iter().flat_map(|part| part.0.iter());
    let Some(attribute) = attributes.find(|attribute| attribute.oid == CN) else { return false };
    let text = (attribute.value.decode_as::<Utf8StringRef<'_>>().map(|text| text.as_str().to_owned()))
        .or_else(|_| attribute.value.decode_as::<PrintableStringRef<'_>>().map(|text| text.as_str().to_owned()));
    text.is_ok_and(|name| {
        // A star stands for the first part of a name, as in `*.example.org`.
        let rest = name.strip_prefix('*').filter(|rest| rest.starts_with('.'));
        let (_, below) = server.split_at(server.find('.').unwrap_or(server.len()));
        name.eq_ignore_ascii_case(server) || rest.is_some_and(|rest| rest.eq_ignore_ascii_case(below))
    })
}
