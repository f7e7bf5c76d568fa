//! TLS for the main listener: a certificate from PEM files, read again when they
//! change.
//!
//! The files are looked at every few seconds by what `stat` says of them, so that
//! it does not matter how they change: written in place, renamed over, or reached
//! through a symbolic link that is swapped, as Kubernetes does. Certificate and key
//! are two files and may be seen half changed; a pair that does not fit is
//! refused, and the old one stays in use until the next look.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{interval, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::{Tls, file};

mod client;

pub(crate) use client::client_of_self;

/// Turns accepted connections into TLS ones. Clones share the certificate.
#[derive(Clone)]
pub(crate) struct Acceptor {
    files: Tls,
    opened: Seen,
    current: Arc<ArcSwap<ServerConfig>>,
    /// When the first certificate of its chain expires, in seconds since 1970.
    expiry: Arc<AtomicU64>,
    handshake_timeout: Duration,
}

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file cannot be read.
    #[error("{path} {reason}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file holds broken PEM.
    #[error("{path}: broken PEM: {reason}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: pem::Error,
    },
    /// The certificate file holds none.
    #[error("{path} holds no certificate (-----BEGIN CERTIFICATE-----)")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The key file holds none.
    #[error("{path} holds no private key (-----BEGIN PRIVATE KEY-----), or an encrypted one")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// Certificate and key do not fit, or are of a kind rustls does not know.
    #[error("certificate {certificate} with key {key}: {source}")]
    Refused {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// Why a connection did not become a TLS one; the client's doing, mostly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    /// The client took too long.
    #[error("no TLS handshake within {0:?}")]
    Timeout(Duration),
    /// The client went away or does not speak what we speak.
    #[error("TLS handshake: {0}")]
    Failed(#[from] io::Error),
}

impl Acceptor {
    /// Reads certificate and key. A handshake may take as long as
    /// `handshake_timeout`.
    ///
    /// # Errors
    ///
    /// Each says which file is at fault and what should be in it.
    pub(crate) fn open(files: &Tls, handshake_timeout: Duration) -> Result<Self, Error> {
        let opened = see(files);
        let (config, expiry) = read(files)?;
        Ok(Self {
            files: files.clone(),
            opened,
            current: Arc::new(ArcSwap::from(config)),
            expiry: Arc::new(AtomicU64::new(expiry)),
            handshake_timeout,
        })
    }

    /// Makes a TLS connection of `stream` with the certificate of this moment.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`]; the connection is then closed.
    pub(crate) async fn accept<S>(&self, stream: S) -> Result<TlsStream<S>, HandshakeError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = TlsAcceptor::from(self.current.load_full());
        timeout(self.handshake_timeout, acceptor.accept(stream))
            .await
            .map_err(|_| HandshakeError::Timeout(self.handshake_timeout))?
            .map_err(HandshakeError::Failed)
    }

    /// Reads the files again now.
    ///
    /// # Errors
    ///
    /// As [`Self::open`]; the old certificate stays in use.
    pub(crate) fn read_again(&self) -> Result<(), Error> {
        let (config, expiry) = read(&self.files)?;
        self.current.store(config);
        self.expiry.store(expiry, Ordering::Relaxed);
        Ok(())
    }

    /// Reads the files again whenever they change, until dropped. Tells `expiry` at each
    /// look when the first certificate of the served chain expires, in seconds since 1970.
    ///
    /// A pair that cannot be served is tried again at each look, and logged once as
    /// an error if it is still there at the second.
    pub(crate) async fn watch(self, expiry: impl Fn(u64) + Send) {
        let expires = Arc::clone(&self.expiry);
        let mut watcher = Watcher::new(self);
        let mut looks = interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            // A network file system may take its time to answer.
            let look = tokio::task::spawn_blocking(move || {
                watcher.look();
                watcher
            });
            let Ok(back) = look.await else {
                return;
            };
            watcher = back;
            expiry(expires.load(Ordering::Relaxed));
        }
    }
}

const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What `stat` says of both files, links followed; `None` for one that is not there.
type Seen = [Option<(u64, u64, u64, i64, i64)>; 2];

struct Watcher {
    acceptor: Acceptor,
    served: Seen,
    /// Looks in a row that found a pair that cannot be served.
    failures: u32,
}

impl Watcher {
    fn new(acceptor: Acceptor) -> Self {
        Self {
            served: acceptor.opened,
            acceptor,
            failures: 0,
        }
    }

    fn look(&mut self) {
        let files = &self.acceptor.files;
        // Before reading: a change in between is then seen at the next look.
        let now = see(files);
        if now == self.served {
            return;
        }
        match self.acceptor.read_again() {
            Ok(()) => {
                self.served = now;
                self.failures = 0;
                tracing::info!(certificate = %files.certificate.display(), "serving the new TLS certificate");
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                // The first may have come between certificate and key.
                if self.failures == 2 {
                    tracing::error!(%error, "the TLS certificate changed and cannot be served; the old one stays in use");
                }
            }
        }
    }
}

fn see(files: &Tls) -> Seen {
    [&files.certificate, &files.key].map(|path| {
        let it = fs::metadata(path).ok()?;
        Some((it.dev(), it.ino(), it.len(), it.mtime(), it.mtime_nsec()))
    })
}

/// Returns what is served, and when the first certificate of it expires.
fn read(files: &Tls) -> Result<(Arc<ServerConfig>, u64), Error> {
    let path = files.certificate.clone();
    let chain = CertificateDer::pem_slice_iter(&read_file(&path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|reason| Error::Pem {
            path: path.clone(),
            reason,
        })?;
    if chain.is_empty() {
        return Err(Error::NoCertificate { path });
    }
    let expiry = expiry(&chain);
    let path = files.key.clone();
    let key = PrivateKeyDer::from_pem_slice(&read_file(&path)?).map_err(|reason| match reason {
        pem::Error::NoItemsFound => Error::NoKey { path },
        reason => Error::Pem { path, reason },
    })?;
    let refused = |source| Error::Refused {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        source,
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(refused)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Resumption without keeping sessions in memory.
    config.ticketer = ring::Ticketer::new().map_err(refused)?;
    Ok((Arc::new(config), expiry))
}

/// Returns when the first of some certificates expires, in seconds since 1970: with one
/// of them the chain is worth nothing. What cannot be read is passed over; rustls refuses
/// to serve it.
fn expiry(chain: &[CertificateDer<'_>]) -> u64 {
    let times = chain.iter().filter_map(|certificate| {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
        u64::try_from(parsed.validity().not_after.timestamp()).ok()
    });
    times.min().unwrap_or(0)
}

fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    file::read(path).map_err(|reason| Error::Read {
        path: path.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests;
