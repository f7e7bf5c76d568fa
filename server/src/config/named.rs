//! The files that settings name: looked into before anything is set up by them.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use proto::webhook::Secret;
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::environment::Environment;
use super::{Config, file};

const CERTIFICATE: &str = "tls.certificate";
const KEY: &str = "tls.key";
const CA_FILE: &str = "upstream.ca_file";
const NETRC: &str = "upstream.netrc";
const EVENTS_SECRET: &str = "events.secret";
const OWN_KEY: &str = "own.key";
const OWN_SECOND_KEY: &str = "own.second_key";

impl Config {
    /// Opens the files that the settings name, as the server does when it starts. Returns
    /// pairs of a key and a message: each file that cannot be read, has not in it what it
    /// should, or a certificate that no client takes any more. Whether certificate and key
    /// fit each other is not looked at.
    pub fn check_files(&self) -> Vec<(String, String)> {
        let tls = self.tls.as_ref();
        let named = [
            (CERTIFICATE, tls.map(|tls| &tls.certificate)),
            (KEY, tls.map(|tls| &tls.key)),
            (CA_FILE, self.upstream.ca_file.as_ref()),
            (NETRC, self.upstream.netrc.as_ref()),
            (EVENTS_SECRET, self.events.secret.as_ref()),
        ];
        named
            .into_iter()
            .filter_map(|(key, path)| {
                let path = path?;
                let message = check_file(key, path).err()?;
                Some((key.to_owned(), format!("{} {message}", path.display())))
            })
            .collect()
    }

    /// Returns what is worth a warning of the files that the settings name: a certificate
    /// that does not hold yet, or not for long. [`Self::check_files`] has found nothing.
    pub fn warn_of_files(&self) -> Vec<String> {
        let path = self.tls.as_ref().map(|tls| &tls.certificate);
        let of = |path: &PathBuf| {
            let times = Times::of(&file::read(path).ok()?)?;
            times.warning(now(), &path.display().to_string())
        };
        path.and_then(of).into_iter().collect()
    }

    /// Puts credentials of systemd in the place of bare names. Returns pairs of a key and a
    /// message: names of files that are neither.
    pub(super) fn take_credentials(&mut self, environment: &Environment) -> Vec<(String, String)> {
        let Some(folder) = environment.path("CREDENTIALS_DIRECTORY") else {
            return Vec::new();
        };
        let (certificate, key) = match &mut self.tls {
            Some(tls) => (Some(&mut tls.certificate), Some(&mut tls.key)),
            None => (None, None),
        };
        let named = [
            (CERTIFICATE, certificate),
            (KEY, key),
            (CA_FILE, self.upstream.ca_file.as_mut()),
            (NETRC, self.upstream.netrc.as_mut()),
            (OWN_KEY, self.own.key.as_mut()),
            (OWN_SECOND_KEY, self.own.second_key.as_mut()),
            (EVENTS_SECRET, self.events.secret.as_mut()),
        ];
        let mut missing = Vec::new();
        for (key, path) in named {
            let Some(path) = path.filter(|path| path.components().count() == 1) else {
                continue;
            };
            let credential = folder.join(&*path);
            if credential.exists() {
                *path = credential;
            } else if !path.exists() {
                let (name, folder) = (path.display(), folder.display());
                let message = format!(
                    "there is no credential `{name}` in {folder}, and no file of that name; add LoadCredential={name}:/PATH to the unit, or write the whole path"
                );
                missing.push((key.to_owned(), message));
            }
        }
        missing
    }
}

fn check_file(key: &str, path: &Path) -> Result<(), String> {
    let bytes = file::read(path)?;
    match key {
        CA_FILE => {
            certificates(&bytes)?;
            Ok(())
        }
        CERTIFICATE => {
            certificates(&bytes)?;
            Times::of(&bytes).map_or(Ok(()), |times| times.check(now()))
        }
        KEY => check_key(&bytes),
        EVENTS_SECRET => {
            let text = String::from_utf8_lossy(&bytes);
            let parsed = Secret::parse(text.trim_end());
            parsed.map(drop).map_err(|error| error.to_string())
        }
        _ => Ok(()),
    }
}

/// Reads the certificates of a PEM text, at least one.
fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    match all {
        Ok(all) if all.is_empty() => {
            Err("has no certificate in it (PEM: -----BEGIN CERTIFICATE-----)".to_owned())
        }
        Ok(all) => Ok(all),
        Err(error) => Err(format!("has a certificate that is broken: {error}")),
    }
}

fn check_key(bytes: &[u8]) -> Result<(), String> {
    match PrivateKeyDer::from_pem_slice(bytes) {
        Ok(_) => Ok(()),
        Err(pem::Error::NoItemsFound) => Err(
            "has no private key in it (PEM: -----BEGIN PRIVATE KEY-----), or an encrypted one, which cannot be used"
                .to_owned(),
        ),
        Err(error) => Err(format!("has a private key that is broken: {error}")),
    }
}

/// Between which times a certificate holds, in seconds since 1970.
struct Times {
    from: i64,
    until: i64,
}

impl Times {
    /// Reads those of the first certificate of a PEM text, which is the server's own. `None`
    /// for one that is not X.509, which is said by who serves it.
    fn of(bytes: &[u8]) -> Option<Self> {
        let first = CertificateDer::pem_slice_iter(bytes).next()?.ok()?;
        let (_, certificate) = X509Certificate::from_der(&first).ok()?;
        let validity = certificate.validity();
        Some(Self {
            from: validity.not_before.timestamp(),
            until: validity.not_after.timestamp(),
        })
    }

    fn check(&self, now: i64) -> Result<(), String> {
        if now <= self.until {
            return Ok(());
        }
        Err(format!(
            "has expired: it held until {}; renew it, or set the clock where it is wrong",
            shown(self.until)
        ))
    }

    /// The clock of a machine that has just started may be behind: no mistake.
    fn warning(&self, now: i64, path: &str) -> Option<String> {
        if now < self.from {
            let from = shown(self.from);
            return Some(format!(
                "{path} holds from {from} on: clients refuse it, or the clock is wrong"
            ));
        }
        let days = (self.until - now) / 86400;
        (days < END_IS_NEAR_DAYS).then(|| {
            let until = shown(self.until);
            format!("{path} expires in {days} days, on {until}: renew it")
        })
    }
}

/// Certificates that are renewed by a program are renewed at two thirds of 90 days, or in
/// the last of 7.
const END_IS_NEAR_DAYS: i64 = 7;

fn shown(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |it| it.to_string())
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}
