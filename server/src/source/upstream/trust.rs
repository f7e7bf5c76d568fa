//! Which certificates of servers are trusted.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};

use super::Error;
use super::error::chain;
use crate::config::file;

/// Returns a client's side of TLS: the system's authorities are trusted, and the
/// certificates of a PEM file beside them, as authorities or as a server's very own.
///
/// # Errors
/// [`Error::CaFile`] and [`Error::Client`].
pub(super) fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, Error> {
    // For whatever else of the process speaks TLS. A second installation fails, and the
    // first one serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let extra = extra(ca_file)?;
    let verifier = Pinned {
        inner: verifier(&extra, &provider)?,
        pinned: extra,
    };
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Client(chain(&error)))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

/// Returns the certificates of a PEM file; none without one. Those of the system, whose
/// reading takes some ten milliseconds, are not read.
///
/// # Errors
/// [`Error::CaFile`] when it cannot be read, holds none, or one that is malformed.
pub(super) fn extra(ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Error> {
    let Some(path) = ca_file else {
        return Ok(Vec::new());
    };
    let extra = certificates(path)?;
    // Said of the file, not of TLS as a whole.
    let mut roots = rustls::RootCertStore::empty();
    for certificate in &extra {
        let added = roots.add(certificate.clone());
        added.map_err(|error| Error::CaFile {
            path: path.to_owned(),
            reason: chain(&error),
        })?;
    }
    Ok(extra)
}

/// Verifies by the system's authorities and those given.
fn verifier(
    extra: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, Error> {
    let provider = Arc::clone(provider);
    let verifier =
        rustls_platform_verifier::Verifier::new_with_extra_roots(extra.iter().cloned(), provider);
    match verifier {
        Ok(verifier) => Ok(Some(Arc::new(verifier))),
        // A container may hold no system roots at all. Plain http and file trees still
        // work there; everything else will say which certificate it could not trust.
        Err(error) if extra.is_empty() => {
            let error = chain(&error);
            tracing::warn!(error, "no certificates of the system to trust");
            Ok(None)
        }
        Err(error) => Err(Error::Client(chain(&error))),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let fail = |reason: String| Error::CaFile {
        path: path.to_owned(),
        reason,
    };
    let text = file::read(path).map_err(fail)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| fail(chain(&error)))?;
    if found.is_empty() {
        return Err(fail("no certificate in it".to_owned()));
    }
    Ok(found)
}

/// Trusts a server's certificate that is byte for byte one of the file's too, as curl
/// and the go command do: `openssl req -x509` makes an authority's certificate, which
/// no chain of the rules may end in. It must be valid today and bear the server's name
/// all the same.
#[derive(Debug)]
struct Pinned {
    /// `None` where nobody is trusted.
    inner: Option<Arc<dyn ServerCertVerifier>>,
    pinned: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(inner) = &self.inner else {
            return Err(CertificateError::UnknownIssuer.into());
        };
        let verified =
            inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(error) if is_about_kind(&error) && self.pinned.iter().any(|p| p == end_entity) => {
                let certificate = ParsedCertificate::try_from(end_entity)?;
                rustls::client::verify_server_name(&certificate, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// Says whether a certificate was refused for what kind it is, and not for its time, a
/// signature or a name. webpki looks at the time first.
fn is_about_kind(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(error) = error else {
        return false;
    };
    matches!(
        error,
        CertificateError::Other(_) | CertificateError::UnknownIssuer
    )
}
